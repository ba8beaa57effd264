//! A 0.10 contract in the clothes of a 0.9 one.

use std::borrow::BorrowMut;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use stylus_sdk::ArbResult;
use stylus_sdk::abi::{CONSTRUCTOR_SELECTOR, Router, router_entrypoint};
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::stylus_core::ValueDenier;
use stylus_sdk_09 as old;

use crate::host::Native;
use crate::{shims, world};

/// A contract of SDK 0.10 behind its entry point. A contract with an entry point of its own has this trait on a type of the tests.
pub trait Contract: 'static {
    /// What the program does with calldata: return data, or revert data.
    ///
    /// # Errors
    /// The revert data.
    fn enter(input: Vec<u8>, vm: VM) -> ArbResult;
}

/// What `#[entrypoint]` makes of a struct.
impl<C> Contract for C
where
    C: StorageType
        + TopLevelStorage
        + ValueDenier
        + Router<C>
        + BorrowMut<<C as Router<C>>::Storage>
        + 'static,
{
    fn enter(input: Vec<u8>, vm: VM) -> ArbResult {
        router_entrypoint::<C, C>(input, vm)
    }
}

/// Contract `C` as motsu wants it.
pub(crate) struct Bridge<C>(PhantomData<C>);

impl<C: Contract> Bridge<C> {
    /// Runs the contract's router as a frame: a panic reverts with no data, like the trap that it is on chain.
    pub(crate) fn enter(input: Vec<u8>) -> ArbResult {
        let contract = shims::contract_address();
        let (outer, refused) =
            world::with(|world| (world.open(), world.sdk_guard && world.is_open(contract)));
        let run = || C::enter(input, VM { host: Box::new(Native) });
        let result = if refused {
            Err(Vec::new())
        } else {
            catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(Vec::new()))
        };
        world::with(|world| world.close(outer, result))
    }

    /// [`Bridge::enter`] for motsu, which must not see empty revert data: it would replace it, or panic.
    fn enter_nested(input: Vec<u8>) -> ArbResult {
        let result = Self::enter(input);
        let status = result.as_ref().map(|_| Vec::new()).map_err(|_| vec![0]);
        world::with(|world| world.answer(result));
        status
    }
}

impl<C: Contract> old::storage::StorageType for Bridge<C> {
    type Wraps<'a> = old::storage::StorageGuard<'a, Self>;
    type WrapsMut<'a> = old::storage::StorageGuardMut<'a, Self>;

    /// motsu makes a contract anew at the start of each of its calls. The storage is the program's own to open.
    unsafe fn new(_slot: alloy_primitives_08::U256, _offset: u8, _host: old::host::VM) -> Self {
        world::with(world::World::begin);
        Self(PhantomData)
    }

    fn load<'s>(self) -> Self::Wraps<'s> {
        old::storage::StorageGuard::new(self)
    }

    fn load_mut<'s>(self) -> Self::WrapsMut<'s> {
        old::storage::StorageGuardMut::new(self)
    }
}

// SAFETY: `C` is top level storage itself.
unsafe impl<C: Contract> old::stylus_core::storage::TopLevelStorage for Bridge<C> {}

impl<C: Contract> old::stylus_core::ValueDenier for Bridge<C> {
    /// The 0.10 router decides.
    fn deny_value(&self, _method: &str) -> Result<(), Vec<u8>> {
        Ok(())
    }
}

/// The 0.9 router takes the calldata apart; this one puts it together again and hands it to the 0.10 router.
impl<C: Contract> old::abi::Router<Self> for Bridge<C> {
    type Storage = Self;

    fn route(_storage: &mut Self, selector: u32, input: &[u8]) -> Option<ArbResult> {
        Some(Self::enter_nested([&selector.to_be_bytes(), input].concat()))
    }

    fn receive(_storage: &mut Self) -> Option<Result<(), Vec<u8>>> {
        None
    }

    fn fallback(_storage: &mut Self, calldata: &[u8]) -> Option<ArbResult> {
        Some(Self::enter_nested(calldata.to_vec()))
    }

    fn constructor(_storage: &mut Self, input: &[u8]) -> Option<ArbResult> {
        Some(Self::enter_nested([&CONSTRUCTOR_SELECTOR.to_be_bytes(), input].concat()))
    }
}
