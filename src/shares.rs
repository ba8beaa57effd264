//! Shares: ERC-20, and the arithmetic between shares and assets.
//!
//! A million virtual shares stand against one virtual unit of USDC: the first depositor's rounding can gain nothing, and a share has 12
//! decimals. Every conversion rounds against whoever asks for it.

use alloc::vec::Vec;

use alloc::string::String;

use alloy_primitives::{Address, U256};
use interfaces::erc20::IERC20::{
    Approval, ERC20InsufficientAllowance, ERC20InsufficientBalance, ERC20InvalidReceiver,
    ERC20InvalidSpender, Transfer,
};
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageMap, StorageU128, StorageU256};

use crate::amounts::{uint, WAD};
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::permit::Permit;
use crate::state::{decrease, increase, small, Vault};

/// Virtual shares, 1.0 of a share's 12 decimals for 1e-6 USDC.
const VIRTUAL_SHARES: u128 = 1_000_000;
/// Virtual assets [micro-USD].
const VIRTUAL_ASSETS: u128 = 1;
const DECIMALS: u8 = 12;

/// Balances, allowances and the supply of shares.
#[storage]
pub struct Shares {
    supply: StorageU128,
    balances: StorageMap<Address, StorageU256>,
    allowances: StorageMap<Address, StorageMap<Address, StorageU256>>,
    /// Permits used up.
    nonces: StorageMap<Address, StorageU256>,
}

/// The rounding of a conversion.
#[derive(Clone, Copy)]
pub(crate) enum Rounding {
    Down,
    Up,
}

/// shares = assets x (supply + virtual shares) / (NAV + virtual assets).
pub(crate) fn to_shares(assets: u128, supply: u128, nav: u128, rounding: Rounding) -> Result<u128> {
    let supply = supply.checked_add(VIRTUAL_SHARES).or_overflow()?;
    let nav = nav.checked_add(VIRTUAL_ASSETS).or_overflow()?;
    ratio(assets, supply, nav, rounding)
}

/// assets = shares x (NAV + virtual assets) / (supply + virtual shares).
pub(crate) fn to_assets(shares: u128, supply: u128, nav: u128, rounding: Rounding) -> Result<u128> {
    let supply = supply.checked_add(VIRTUAL_SHARES).or_overflow()?;
    let nav = nav.checked_add(VIRTUAL_ASSETS).or_overflow()?;
    ratio(shares, nav, supply, rounding)
}

/// Price of a share [1e-18 micro-USD for a unit of a share].
pub(crate) fn price(supply: u128, nav: u128, rounding: Rounding) -> Result<u128> {
    to_assets(WAD, supply, nav, rounding)
}

fn ratio(amount: u128, of: u128, to: u128, rounding: Rounding) -> Result<u128> {
    match rounding {
        Rounding::Down => maths::mul_div_down(amount, of, to),
        Rounding::Up => maths::mul_div_up(amount, of, to),
    }
    .or_overflow()
}

impl Shares {
    /// Shares in existence, escrowed ones included.
    pub(crate) fn supply(&self) -> u128 {
        small(self.supply.get())
    }

    /// Shares of `account`.
    pub(crate) fn balance(&self, account: Address) -> U256 {
        self.balances.get(account)
    }

    /// Permits of `owner` that were used.
    pub(crate) fn nonce(&self, owner: Address) -> U256 {
        self.nonces.get(owner)
    }

    /// Makes `nonce` the next of `owner`.
    pub(crate) fn use_nonce(&mut self, owner: Address, nonce: U256) {
        self.nonces.setter(owner).set(nonce);
    }

    /// Creates shares.
    pub(crate) fn mint(&mut self, vm: &VM, to: Address, value: u128) -> Result<()> {
        increase(&mut self.supply, value)?;
        self.credit(vm, Address::ZERO, to, uint(value))
    }

    /// Destroys shares of `from`.
    pub(crate) fn burn(&mut self, vm: &VM, from: Address, value: u128) -> Result<()> {
        self.debit(from, uint(value))?;
        decrease(&mut self.supply, value)?;
        emit(vm, &Transfer { from, to: Address::ZERO, value: uint(value) });
        Ok(())
    }

    /// Moves shares.
    pub(crate) fn move_(&mut self, vm: &VM, from: Address, to: Address, value: U256) -> Result<()> {
        self.debit(from, value)?;
        self.credit(vm, from, to, value)
    }

    /// Uses up `value` of what `owner` allowed `spender`; the greatest allowance is never used up.
    pub(crate) fn spend_allowance(&mut self, owner: Address, spender: Address, value: U256) -> Result<()> {
        let mut of_owner = self.allowances.setter(owner);
        let mut slot = of_owner.setter(spender);
        let allowance = slot.get();
        if allowance == U256::MAX {
            return Ok(());
        }
        let left = allowance.checked_sub(value);
        let left = left.ok_or(ERC20InsufficientAllowance { spender, allowance, needed: value })?;
        slot.set(left);
        Ok(())
    }

    fn debit(&mut self, from: Address, value: U256) -> Result<()> {
        let mut slot = self.balances.setter(from);
        let balance = slot.get();
        let left = balance.checked_sub(value);
        let left = left.ok_or(ERC20InsufficientBalance { sender: from, balance, needed: value })?;
        slot.set(left);
        Ok(())
    }

    fn credit(&mut self, vm: &VM, from: Address, to: Address, value: U256) -> Result<()> {
        ensure(!to.is_zero(), || ERC20InvalidReceiver { receiver: to })?;
        let mut slot = self.balances.setter(to);
        let balance = slot.get().checked_add(value).or_overflow()?;
        slot.set(balance);
        emit(vm, &Transfer { from, to, value });
        Ok(())
    }
}

impl Vault {
    /// Sets an allowance.
    pub(crate) fn allow(&mut self, owner: Address, spender: Address, value: U256) -> Result<()> {
        ensure(!spender.is_zero(), || ERC20InvalidSpender { spender })?;
        self.shares.allowances.setter(owner).setter(spender).set(value);
        emit(self.vm(), &Approval { owner, spender, value });
        Ok(())
    }
}

/// ERC-20 with metadata and ERC-2612. `abi/IERC20.sol` is the manual.
#[public]
pub trait Erc20 {
    /// Name of the share.
    fn name(&self) -> String;
    /// Symbol of the share.
    fn symbol(&self) -> String;
    /// Decimals of the share: 12.
    fn decimals(&self) -> u8;
    /// Shares in existence.
    fn total_supply(&self) -> U256;
    /// Shares of `account`.
    fn balance_of(&self, account: Address) -> U256;
    /// What `spender` may still take from `owner`.
    fn allowance(&self, owner: Address, spender: Address) -> U256;
    /// Moves the caller's shares.
    fn transfer(&mut self, to: Address, value: U256) -> Result<bool>;
    /// Allows `spender` to take the caller's shares.
    fn approve(&mut self, spender: Address, value: U256) -> Result<bool>;
    /// Moves shares of `from` within the caller's allowance.
    fn transfer_from(&mut self, from: Address, to: Address, value: U256) -> Result<bool>;
    /// Sets an allowance by signature.
    #[expect(clippy::too_many_arguments, reason = "as ERC-2612 has it")]
    fn permit(
        &mut self,
        owner: Address,
        spender: Address,
        value: U256,
        deadline: U256,
        v: u8,
        r: U256,
        s: U256,
    ) -> Result<()>;
    /// Permits of `owner` that were used.
    fn nonces(&self, owner: Address) -> U256;
    /// EIP-712 domain of the permits.
    #[selector(name = "DOMAIN_SEPARATOR")]
    fn domain_separator(&self) -> U256;
}

#[public]
impl Erc20 for Vault {
    fn name(&self) -> String {
        String::from("Equipoise vault share")
    }

    fn symbol(&self) -> String {
        String::from("EQP")
    }

    fn decimals(&self) -> u8 {
        DECIMALS
    }

    fn total_supply(&self) -> U256 {
        uint(self.shares.supply())
    }

    fn balance_of(&self, account: Address) -> U256 {
        self.shares.balance(account)
    }

    fn allowance(&self, owner: Address, spender: Address) -> U256 {
        self.shares.allowances.get(owner).get(spender)
    }

    fn transfer(&mut self, to: Address, value: U256) -> Result<bool> {
        let vm = self.vm().clone();
        self.shares.move_(&vm, vm.msg_sender(), to, value)?;
        Ok(true)
    }

    fn approve(&mut self, spender: Address, value: U256) -> Result<bool> {
        let owner = self.vm().msg_sender();
        self.allow(owner, spender, value)?;
        Ok(true)
    }

    fn transfer_from(&mut self, from: Address, to: Address, value: U256) -> Result<bool> {
        let vm = self.vm().clone();
        self.shares.spend_allowance(from, vm.msg_sender(), value)?;
        self.shares.move_(&vm, from, to, value)?;
        Ok(true)
    }

    fn permit(
        &mut self,
        owner: Address,
        spender: Address,
        value: U256,
        deadline: U256,
        v: u8,
        r: U256,
        s: U256,
    ) -> Result<()> {
        self.accept_permit(&Permit { owner, spender, value, deadline }, v, r, s)
    }

    fn nonces(&self, owner: Address) -> U256 {
        self.shares.nonce(owner)
    }

    #[selector(name = "DOMAIN_SEPARATOR")]
    fn domain_separator(&self) -> U256 {
        self.domain().into()
    }
}
