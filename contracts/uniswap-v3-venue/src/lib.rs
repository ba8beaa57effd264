//! A hedge venue: spot swaps on one Uniswap V3 pool, through the router, for one vault.
//!
//! The vault sends the input first and measures its own balances after; the venue swaps exactly the size it is asked for, inside the cash
//! limit it is given, and returns everything it holds. It keeps nothing between calls and approves the router for no more than one swap.
//!
//! # What this contract does not do
//! It reads no oracle and decides no price: the limit is the vault's. It has no owner and no settings.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![allow(missing_docs, reason = "the entry point that the SDK makes has none; all else here has")]

#[macro_use]
extern crate alloc;

mod swap;

use alloc::vec::Vec;

use alloy_primitives::{aliases::U24, Address, I256, U256};
pub use interfaces::contract::Revert;
use interfaces::contract::{ensure, malformed, Answer as _, Args, Result};
use interfaces::routes;
use interfaces::venue::IHedgeVenue::{self, OnlyVault, ZeroHedge};
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageUint};
use stylus_sdk::{stylus_core::storage::TopLevelStorage, ArbResult};

/// Storage: all of it fixed at construction.
#[storage]
pub struct UniswapV3Venue {
    vault: StorageAddress,
    /// The pool's fee in millionths.
    pool_fee: StorageUint<24, 1>,
    asset: StorageAddress,
    underlying: StorageAddress,
    router: StorageAddress,
}

// SAFETY: this is the program's only storage and begins at slot 0.
unsafe impl TopLevelStorage for UniswapV3Venue {}

/// Runs a call: the constructor, which runs once, or a method. Nothing takes ether.
#[entrypoint]
pub fn main(input: Vec<u8>, vm: VM) -> ArbResult {
    let refusal = || Vec::from(Revert::empty());
    let (selector, data) = input.split_first_chunk().ok_or_else(refusal)?;
    // SAFETY: one instance for the call, on the slots that are the venue's.
    let mut venue = unsafe { UniswapV3Venue::new(U256::ZERO, 0, vm) };
    if !venue.vm().msg_value().is_zero() {
        return Err(refusal());
    }
    let mut out = Vec::new();
    route(&mut venue, u32::from_be_bytes(*selector), Args::new(data), &mut out)?;
    Ok(out)
}

fn route(venue: &mut UniswapV3Venue, selector: u32, mut args: Args<'_>, out: &mut Vec<u8>) -> Result<()> {
    routes! { venue, selector, args, out;
        constructor(vault, asset, underlying, router, pool_fee);
        IHedgeVenue {
            hedgeCall => hedge(size, cash_limit);
            vaultCall => vault();
            routerCall => router();
            poolFeeCall => pool_fee();
        }
    }
    malformed()
}

#[public]
impl UniswapV3Venue {
    /// Fixes the vault, the two tokens, the router and the fee of the pool.
    #[constructor]
    pub fn constructor(
        &mut self,
        vault: Address,
        asset: Address,
        underlying: Address,
        router: Address,
        pool_fee: U24,
    ) {
        self.vault.set(vault);
        self.asset.set(asset);
        self.underlying.set(underlying);
        self.router.set(router);
        self.pool_fee.set(pool_fee);
    }

    /// Trades `size` token units of the underlying within `cash_limit` USDC, and returns all it holds to the vault. Only the vault.
    ///
    /// # Errors
    /// `OnlyVault`, `ZeroHedge`, `InputMissing`, `SwapFailed` with the router's selector, `TransferFailed`.
    pub fn hedge(&mut self, size: I256, cash_limit: U256) -> Result<U256> {
        let caller = self.vm().msg_sender();
        ensure(caller == self.vault.get(), || OnlyVault { caller })?;
        ensure(!size.is_zero(), || ZeroHedge {})?;
        let amount = size.unsigned_abs();

        let cash =
            if size.is_positive() { self.buy(amount, cash_limit)? } else { self.sell(amount, cash_limit)? };
        self.return_cash()?;
        Ok(cash)
    }

    /// The vault that this venue serves.
    pub fn vault(&self) -> Address {
        self.vault.get()
    }

    /// The router that it swaps through.
    pub fn router(&self) -> Address {
        self.router.get()
    }

    /// Fee of the pool, in millionths.
    pub fn pool_fee(&self) -> U24 {
        self.pool_fee.get()
    }
}
