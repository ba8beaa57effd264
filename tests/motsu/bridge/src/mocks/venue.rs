//! A hedge venue that trades out of its own stock at the feed's price and a slip, honestly or not.

use alloy_primitives::aliases::U8;
use alloy_primitives::{Address, Bytes, I256, U256};
use alloy_sol_types::SolCall;
use interfaces::external::{IAggregator, IToken};
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageI256, StorageU8};

use super::hook::Hook;
use super::refuse;

const MILLION: u64 = 1_000_000;

alloy_sol_types::sol! {
    /// What the mock has beyond `IHedgeVenue`.
    interface IMockVenue {
        /// How the venue behaves.
        function setMode(uint8 mode) external;
        /// Millionths of the feed's price that the vault pays more or receives less; negative is in its favour.
        function setSlip(int256 slip) external;
    }
}

/// How the venue behaves. The hook, when set, is called in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// Trades what it is asked for and returns what is left.
    Honest,
    /// Trades and charges half of it.
    Underfill,
    /// Keeps what it was sent.
    Steal,
    /// Reverts with a reason.
    Revert,
    /// Panics.
    Panic,
}

/// See the module.
#[storage]
#[entrypoint]
pub struct MockVenue {
    vault: StorageAddress,
    asset: StorageAddress,
    underlying: StorageAddress,
    feed: StorageAddress,
    mode: StorageU8,
    slip: StorageI256,
    hook: Hook,
}

#[public]
impl MockVenue {
    /// Fixes the vault, the tokens and the feed.
    #[constructor]
    pub fn constructor(&mut self, vault: Address, asset: Address, underlying: Address, feed: Address) {
        self.vault.set(vault);
        self.asset.set(asset);
        self.underlying.set(underlying);
        self.feed.set(feed);
    }

    /// See `IMockVenue`.
    pub fn set_mode(&mut self, mode: u8) {
        self.mode.set(U8::from(mode));
    }

    /// See `IMockVenue`.
    pub fn set_slip(&mut self, slip: I256) {
        self.slip.set(slip);
    }

    /// See `IHook`.
    pub fn set_hook(&mut self, target: Address, data: Bytes) {
        self.hook.set(target, &data);
    }

    /// See `IHook`.
    pub fn hook_answer(&self) -> (U256, Bytes) {
        self.hook.answer()
    }

    /// The vault that it serves.
    pub fn vault(&self) -> Address {
        self.vault.get()
    }

    /// See `IHedgeVenue`.
    pub fn hedge(&mut self, size: I256, cash_limit: U256) -> Result<U256, Vec<u8>> {
        let vm = self.vm().clone();
        self.hook.fire(&vm);
        let mode = self.mode.get().to::<u8>();
        let whole = size.unsigned_abs();
        let units = if mode == Mode::Underfill as u8 { whole / U256::from(2) } else { whole };
        if mode == Mode::Revert as u8 {
            return refuse("no liquidity");
        }
        assert!(mode != Mode::Panic as u8, "the venue panics, as it was told to");
        if mode == Mode::Steal as u8 {
            return Ok(cash_limit);
        }
        let buying = size.is_positive();
        let cash = self.cash(units, buying)?;
        if buying {
            let Some(left) = cash_limit.checked_sub(cash) else {
                return refuse("too little received");
            };
            self.pay(self.underlying.get(), units)?;
            self.pay(self.asset.get(), left)?;
        } else {
            if cash < cash_limit && units == whole {
                return refuse("too little received");
            }
            self.pay(self.asset.get(), cash)?;
            self.pay(self.underlying.get(), whole - units)?;
        }
        Ok(cash)
    }
}

impl MockVenue {
    /// What `units` cost or bring, rounded against the vault.
    fn cash(&self, units: U256, buying: bool) -> Result<U256, Vec<u8>> {
        let round = self.ask(self.feed.get(), &IAggregator::latestRoundDataCall {})?;
        let decimals = self.ask(self.underlying.get(), &IToken::decimalsCall {})?;
        let slip = if buying { self.slip.get() } else { -self.slip.get() };
        let factor = (I256::try_from(MILLION).unwrap_or_default() + slip).into_raw();
        // 8 decimals of price and 6 of the factor against the 6 of USDC.
        let scale = U256::from(10).pow(U256::from(decimals + 8));
        let product = units * round.answer.into_raw() * factor;
        Ok(if buying { product.div_ceil(scale) } else { product / scale })
    }

    fn ask<T: SolCall>(&self, to: Address, call: &T) -> Result<T::Return, Vec<u8>> {
        // SAFETY: a static call cannot change storage.
        let data = unsafe { RawCall::new_static(self.vm()).call(to, &call.abi_encode()) }?;
        T::abi_decode_returns(&data).or_else(|_| refuse("bad answer"))
    }

    fn pay(&self, token: Address, value: U256) -> Result<(), Vec<u8>> {
        let data = IToken::transferCall { to: self.vault.get(), value }.abi_encode();
        // SAFETY: nothing of this contract's storage is held across the call.
        unsafe { RawCall::new(self.vm()).flush_storage_cache().call(token, &data) }.map(|_| ())
    }
}
