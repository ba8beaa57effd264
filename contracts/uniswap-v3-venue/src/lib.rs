//! A hedge venue: spot swaps on one Uniswap V3 pool, through the router, for one vault.
//!
//! The vault sends the input first and measures its own balances after; the venue swaps exactly the size it is asked for, inside the cash
//! limit it is given, and returns everything it holds. It keeps nothing between calls and approves the router for no more than one swap.
//!
//! # What this contract does not do
//! It reads no oracle and decides no price: the limit is the vault's. It has no owner and no settings.
#![cfg_attr(not(any(test, feature = "export-abi")), no_std)]
#![allow(missing_docs, reason = "the entry point that the SDK makes has none; all else here has")]

#[macro_use]
extern crate alloc;

mod swap;

use alloc::vec::Vec;

use alloy_primitives::{aliases::U24, Address, I256, U256};
pub use interfaces::contract::Revert;
use interfaces::contract::{ensure, Result};
use interfaces::venue::IHedgeVenue::{OnlyVault, ZeroHedge};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageUint};

/// Storage: all of it fixed at construction.
#[storage]
#[entrypoint]
pub struct UniswapV3Venue {
    vault: StorageAddress,
    /// The pool's fee in millionths.
    pool_fee: StorageUint<24, 1>,
    asset: StorageAddress,
    underlying: StorageAddress,
    router: StorageAddress,
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
        self.return_all(self.asset.get())?;
        self.return_all(self.underlying.get())?;
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
