//! Long option positions: ERC-6909, one id for each series, and ERC-165.
//!
//! Operators are shared with ERC-7540: `setOperator` and `isOperator` have the same selectors in both standards, and an operator acts for
//! its owner in both.

use alloc::vec::Vec;

use alloy_primitives::{Address, FixedBytes, U256};
use interfaces::erc6909::IERC6909::{
    Approval, ERC6909InsufficientAllowance, ERC6909InsufficientBalance, ERC6909InvalidReceiver, OperatorSet,
    Transfer,
};
use interfaces::vault::IVault::UnknownSeries;
use options::Series;
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageBool, StorageMap, StorageU256};

use crate::amounts::to_u128;
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::state::Vault;

/// Interface ids: ERC-165, ERC-6909, ERC-7575, ERC-7540 operators, ERC-7540 asynchronous redemption.
const SUPPORTED: [u32; 5] = [0x01ff_c9a7, 0x0f63_2fb3, 0x2f0a_18c5, 0xe3bc_4e65, 0x620e_e8e4];

/// Balances, approvals and open amounts by series.
#[storage]
pub struct Positions {
    balances: StorageMap<Address, StorageMap<U256, StorageU256>>,
    allowances: StorageMap<Address, StorageMap<Address, StorageMap<U256, StorageU256>>>,
    operators: StorageMap<Address, StorageMap<Address, StorageBool>>,
    supply: StorageMap<U256, StorageU256>,
}

/// The series with this id; `UnknownSeries` when the number is no id.
pub(crate) fn parse(id: U256) -> Result<Series> {
    let series = to_u128(id).and_then(Series::from_id);
    Ok(series.ok_or(UnknownSeries { series: id })?)
}

impl Positions {
    /// What `owner` holds of series `id`.
    pub(crate) fn balance(&self, owner: Address, id: U256) -> U256 {
        self.balances.get(owner).get(id)
    }

    /// Whether `spender` acts for `owner`.
    pub(crate) fn is_operator(&self, owner: Address, spender: Address) -> bool {
        self.operators.get(owner).get(spender)
    }

    /// Creates a position.
    pub(crate) fn mint(&mut self, vm: &VM, to: Address, id: U256, amount: U256) -> Result<()> {
        ensure(!to.is_zero(), || ERC6909InvalidReceiver { receiver: to })?;
        let mut supply = self.supply.setter(id);
        let total = supply.get().checked_add(amount).or_overflow()?;
        supply.set(total);
        self.credit(to, id, amount)?;
        emit(vm, &Transfer { caller: vm.msg_sender(), sender: Address::ZERO, receiver: to, id, amount });
        Ok(())
    }

    /// Destroys a position of `from`.
    pub(crate) fn burn(&mut self, vm: &VM, from: Address, id: U256, amount: U256) -> Result<()> {
        self.debit(from, id, amount)?;
        let mut supply = self.supply.setter(id);
        let total = supply.get().checked_sub(amount).or_overflow()?;
        supply.set(total);
        emit(vm, &Transfer { caller: vm.msg_sender(), sender: from, receiver: Address::ZERO, id, amount });
        Ok(())
    }

    fn move_(&mut self, vm: &VM, from: Address, to: Address, id: U256, amount: U256) -> Result<()> {
        ensure(!to.is_zero(), || ERC6909InvalidReceiver { receiver: to })?;
        self.debit(from, id, amount)?;
        self.credit(to, id, amount)?;
        emit(vm, &Transfer { caller: vm.msg_sender(), sender: from, receiver: to, id, amount });
        Ok(())
    }

    fn spend_allowance(&mut self, owner: Address, spender: Address, id: U256, amount: U256) -> Result<()> {
        if owner == spender || self.is_operator(owner, spender) {
            return Ok(());
        }
        let mut of_owner = self.allowances.setter(owner);
        let mut of_spender = of_owner.setter(spender);
        let mut slot = of_spender.setter(id);
        let allowance = slot.get();
        if allowance == U256::MAX {
            return Ok(());
        }
        let left = allowance.checked_sub(amount);
        let left = left.ok_or(ERC6909InsufficientAllowance { spender, allowance, needed: amount, id })?;
        slot.set(left);
        Ok(())
    }

    fn debit(&mut self, owner: Address, id: U256, amount: U256) -> Result<()> {
        let mut of_owner = self.balances.setter(owner);
        let mut slot = of_owner.setter(id);
        let balance = slot.get();
        let left = balance.checked_sub(amount);
        let left = left.ok_or(ERC6909InsufficientBalance { owner, balance, needed: amount, id })?;
        slot.set(left);
        Ok(())
    }

    fn credit(&mut self, owner: Address, id: U256, amount: U256) -> Result<()> {
        let mut of_owner = self.balances.setter(owner);
        let mut slot = of_owner.setter(id);
        let balance = slot.get().checked_add(amount).or_overflow()?;
        slot.set(balance);
        Ok(())
    }
}

/// ERC-6909. `abi/IERC6909.sol` is the manual.
#[public]
pub trait Erc6909 {
    /// What `owner` holds of series `id`.
    #[selector(name = "balanceOf")]
    fn position_of(&self, owner: Address, id: U256) -> U256;
    /// What `spender` may still take of series `id` from `owner`.
    #[selector(name = "allowance")]
    fn position_allowance(&self, owner: Address, spender: Address, id: U256) -> U256;
    /// Whether `spender` acts for `owner`.
    fn is_operator(&self, owner: Address, spender: Address) -> bool;
    /// Moves the caller's position.
    #[selector(name = "transfer")]
    fn transfer_position(&mut self, receiver: Address, id: U256, amount: U256) -> Result<bool>;
    /// Moves a position of `sender` by allowance or as its operator.
    #[selector(name = "transferFrom")]
    fn transfer_position_from(
        &mut self,
        sender: Address,
        receiver: Address,
        id: U256,
        amount: U256,
    ) -> Result<bool>;
    /// Allows `spender` to take of series `id`.
    #[selector(name = "approve")]
    fn approve_position(&mut self, spender: Address, id: U256, amount: U256) -> Result<bool>;
    /// Makes `spender` an operator of the caller, or no longer one.
    fn set_operator(&mut self, spender: Address, approved: bool) -> Result<bool>;
    /// Open amount of series `id`.
    #[selector(name = "totalSupply")]
    fn open_amount(&self, id: U256) -> U256;
}

#[public]
impl Erc6909 for Vault {
    #[selector(name = "balanceOf")]
    fn position_of(&self, owner: Address, id: U256) -> U256 {
        self.positions.balance(owner, id)
    }

    #[selector(name = "allowance")]
    fn position_allowance(&self, owner: Address, spender: Address, id: U256) -> U256 {
        self.positions.allowances.get(owner).get(spender).get(id)
    }

    fn is_operator(&self, owner: Address, spender: Address) -> bool {
        self.positions.is_operator(owner, spender)
    }

    #[selector(name = "transfer")]
    fn transfer_position(&mut self, receiver: Address, id: U256, amount: U256) -> Result<bool> {
        let vm = self.vm().clone();
        self.positions.move_(&vm, vm.msg_sender(), receiver, id, amount)?;
        Ok(true)
    }

    #[selector(name = "transferFrom")]
    fn transfer_position_from(
        &mut self,
        sender: Address,
        receiver: Address,
        id: U256,
        amount: U256,
    ) -> Result<bool> {
        let vm = self.vm().clone();
        self.positions.spend_allowance(sender, vm.msg_sender(), id, amount)?;
        self.positions.move_(&vm, sender, receiver, id, amount)?;
        Ok(true)
    }

    #[selector(name = "approve")]
    fn approve_position(&mut self, spender: Address, id: U256, amount: U256) -> Result<bool> {
        let owner = self.vm().msg_sender();
        self.positions.allowances.setter(owner).setter(spender).setter(id).set(amount);
        emit(self.vm(), &Approval { owner, spender, id, amount });
        Ok(true)
    }

    fn set_operator(&mut self, spender: Address, approved: bool) -> Result<bool> {
        let owner = self.vm().msg_sender();
        self.positions.operators.setter(owner).setter(spender).set(approved);
        emit(self.vm(), &OperatorSet { owner, spender, approved });
        Ok(true)
    }

    #[selector(name = "totalSupply")]
    fn open_amount(&self, id: U256) -> U256 {
        self.positions.supply.get(id)
    }
}

/// ERC-165.
#[public]
pub trait Erc165 {
    /// Whether the vault implements the interface with this id.
    fn supports_interface(&self, interface_id: FixedBytes<4>) -> bool;
}

#[public]
impl Erc165 for Vault {
    fn supports_interface(&self, interface_id: FixedBytes<4>) -> bool {
        SUPPORTED.contains(&u32::from_be_bytes(interface_id.0))
    }
}
