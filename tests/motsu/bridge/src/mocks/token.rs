//! An ERC-20 that anyone may mint.

use alloy_primitives::aliases::U8;
use alloy_primitives::{Address, Bytes, U256};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageMap, StorageU8, StorageU256};

use super::hook::Hook;
use super::refuse;

alloy_sol_types::sol! {
    /// What the mock has beyond ERC-20.
    interface IMockToken {
        /// Creates `value` for `to`.
        function mint(address to, uint256 value) external;
    }

    /// ERC-20.
    #[derive(Debug, PartialEq)]
    event Transfer(address indexed from, address indexed to, uint256 value);
}

/// Balances, allowances, and a hook that is called before each movement.
#[storage]
#[entrypoint]
pub struct MockToken {
    decimals: StorageU8,
    supply: StorageU256,
    balances: StorageMap<Address, StorageU256>,
    allowances: StorageMap<Address, StorageMap<Address, StorageU256>>,
    hook: Hook,
}

#[public]
impl MockToken {
    /// Fixes the decimals.
    #[constructor]
    pub fn constructor(&mut self, decimals: u8) {
        self.decimals.set(U8::from(decimals));
    }

    /// Creates `value` for `to`.
    pub fn mint(&mut self, to: Address, value: U256) {
        let supply = self.supply.get() + value;
        self.supply.set(supply);
        let balance = self.balances.get(to) + value;
        self.balances.setter(to).set(balance);
        self.vm().log(Transfer { from: Address::ZERO, to, value });
    }

    /// Decimals.
    pub fn decimals(&self) -> u8 {
        self.decimals.get().to::<u8>()
    }

    /// All there is.
    pub fn total_supply(&self) -> U256 {
        self.supply.get()
    }

    /// What `account` has.
    pub fn balance_of(&self, account: Address) -> U256 {
        self.balances.get(account)
    }

    /// What `spender` may take from `owner`.
    pub fn allowance(&self, owner: Address, spender: Address) -> U256 {
        self.allowances.get(owner).get(spender)
    }

    /// Lets `spender` take `value`.
    pub fn approve(&mut self, spender: Address, value: U256) -> bool {
        let owner = self.vm().msg_sender();
        self.allowances.setter(owner).setter(spender).set(value);
        true
    }

    /// Moves `value` of the caller.
    pub fn transfer(&mut self, to: Address, value: U256) -> Result<bool, Vec<u8>> {
        let from = self.vm().msg_sender();
        self.shift(from, to, value)
    }

    /// Moves `value` of `from` within the caller's allowance.
    pub fn transfer_from(&mut self, from: Address, to: Address, value: U256) -> Result<bool, Vec<u8>> {
        let spender = self.vm().msg_sender();
        let allowance = self.allowances.get(from).get(spender);
        let Some(left) = allowance.checked_sub(value) else {
            return refuse("insufficient allowance");
        };
        if allowance != U256::MAX {
            self.allowances.setter(from).setter(spender).set(left);
        }
        self.shift(from, to, value)
    }

    /// See `IHook`.
    pub fn set_hook(&mut self, target: Address, data: Bytes) {
        self.hook.set(target, &data);
    }

    /// See `IHook`.
    pub fn hook_answer(&self) -> (U256, Bytes) {
        self.hook.answer()
    }
}

impl MockToken {
    fn shift(&mut self, from: Address, to: Address, value: U256) -> Result<bool, Vec<u8>> {
        let vm = self.vm().clone();
        self.hook.fire(&vm);
        let Some(left) = self.balances.get(from).checked_sub(value) else {
            return refuse("insufficient balance");
        };
        self.balances.setter(from).set(left);
        let balance = self.balances.get(to) + value;
        self.balances.setter(to).set(balance);
        vm.log(Transfer { from, to, value });
        Ok(true)
    }
}
