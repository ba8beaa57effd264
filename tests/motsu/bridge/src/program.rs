//! A 0.10 contract in the clothes of a 0.9 one.

use std::borrow::BorrowMut;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};

use alloy_primitives::U256;
use stylus_sdk::ArbResult;
use stylus_sdk::abi::{CONSTRUCTOR_SELECTOR, Router, router_entrypoint};
use stylus_sdk::host::{VM, WasmVM};
use stylus_sdk::prelude::*;
use stylus_sdk::stylus_core::ValueDenier;
use stylus_sdk_09 as old;

use crate::host::Native;
use crate::world;

/// Any contract of SDK 0.10: what `#[entrypoint]` and `#[public]` make of a struct.
pub trait Contract:
    StorageType + TopLevelStorage + ValueDenier + Router<Self> + BorrowMut<<Self as Router<Self>>::Storage> + 'static
{
}

impl<C> Contract for C where
    C: StorageType + TopLevelStorage + ValueDenier + Router<C> + BorrowMut<<C as Router<C>>::Storage> + 'static
{
}

/// Contract `C` as motsu wants it. With `motsu::prelude::Contract<Bridge<C>>` its methods can also be called straight from Rust:
/// `vault.sender(alice).deposit(..)`.
pub struct Bridge<C>(C);

impl<C: Contract> Bridge<C> {
    /// Runs the contract's router as a frame: a panic reverts with no data, like the trap that it is on chain.
    pub(crate) fn enter(input: Vec<u8>) -> ArbResult {
        let contract = WasmVM {}.contract_address();
        let (outer, refused) = world::with(|world| (world.open(), world.sdk_guard && world.is_open(contract)));
        let run = || router_entrypoint::<C, C>(input, vm());
        let result = if refused { Err(Vec::new()) } else { catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(Vec::new())) };
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

fn vm() -> VM {
    VM { host: Box::new(Native) }
}

impl<C> Deref for Bridge<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C> DerefMut for Bridge<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.0
    }
}

impl<C: Contract> old::storage::StorageType for Bridge<C> {
    type Wraps<'a> = old::storage::StorageGuard<'a, Self>;
    type WrapsMut<'a> = old::storage::StorageGuardMut<'a, Self>;

    /// motsu makes a contract anew at the start of each of its calls.
    unsafe fn new(slot: alloy_primitives_08::U256, offset: u8, _host: old::host::VM) -> Self {
        world::with(world::World::begin);
        // SAFETY: as for the 0.9 trait: this is the only accessor of the contract's storage while it lives.
        Self(unsafe { C::new(U256::from_limbs(*slot.as_limbs()), offset, vm()) })
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
