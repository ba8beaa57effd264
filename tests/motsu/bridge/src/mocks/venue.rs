//! A hedge venue that trades out of its own stock at the feed's price and a slip, honestly or not.

use alloy_primitives::aliases::U8;
use alloy_primitives::{Address, Bytes, I256, U256};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageU8};

use super::desk::Desk;
use super::hook::Hook;
use super::refuse;

alloy_sol_types::sol! {
    /// What the mock has beyond `IHedgeVenue`.
    interface IMockVenue {
        /// How the venue behaves.
        function setMode(uint8 mode) external;
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
    /// Trades at its price, whatever the limit.
    Deaf,
}

/// See the module.
#[storage]
#[entrypoint]
pub struct MockVenue {
    vault: StorageAddress,
    mode: StorageU8,
    desk: Desk,
    hook: Hook,
}

#[public]
impl MockVenue {
    /// Fixes the vault, the tokens and the feed.
    #[constructor]
    pub fn constructor(&mut self, vault: Address, asset: Address, underlying: Address, feed: Address) {
        self.vault.set(vault);
        self.desk.open(asset, underlying, feed);
    }

    /// See `IMockVenue`.
    pub fn set_mode(&mut self, mode: u8) {
        self.mode.set(U8::from(mode));
    }

    /// See `IDesk`.
    pub fn set_slip(&mut self, slip: I256) {
        self.desk.set_slip(slip);
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
        if mode == Mode::Revert as u8 {
            return refuse("no liquidity");
        }
        assert!(mode != Mode::Panic as u8, "the venue panics, as it was told to");
        if mode == Mode::Steal as u8 {
            return Ok(cash_limit);
        }
        if size.is_positive() {
            self.sell_to_vault(size, cash_limit)
        } else {
            self.buy_from_vault(size, cash_limit)
        }
    }
}

impl MockVenue {
    fn behaves(&self, mode: Mode) -> bool {
        self.mode.get().to::<u8>() == mode as u8
    }

    /// What it trades of what it is asked for.
    fn part(&self, whole: U256) -> U256 {
        if self.behaves(Mode::Underfill) { whole / U256::from(2) } else { whole }
    }

    fn sell_to_vault(&mut self, size: I256, cash_limit: U256) -> Result<U256, Vec<u8>> {
        let units = self.part(size.unsigned_abs());
        let cash = self.desk.cash(units, true)?;
        let Some(left) = cash_limit.checked_sub(cash) else {
            return refuse("too little received");
        };
        let vault = self.vault.get();
        self.desk.pay(self.desk.underlying(), vault, units)?;
        self.desk.pay(self.desk.asset(), vault, left)?;
        Ok(cash)
    }

    fn buy_from_vault(&mut self, size: I256, cash_limit: U256) -> Result<U256, Vec<u8>> {
        let whole = size.unsigned_abs();
        let units = self.part(whole);
        let cash = self.desk.cash(units, false)?;
        if cash < cash_limit && self.behaves(Mode::Honest) {
            return refuse("too little received");
        }
        let vault = self.vault.get();
        self.desk.pay(self.desk.asset(), vault, cash)?;
        self.desk.pay(self.desk.underlying(), vault, whole - units)?;
        Ok(cash)
    }
}
