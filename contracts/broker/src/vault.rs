//! What the broker asks its vault, and what it has it do.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use interfaces::broker::IBroker::{OnlyDesk, OnlyGuardian, OnlyOwner};
use interfaces::contract::adapter::price_of;
use interfaces::contract::callee::Callee;
use interfaces::contract::token::Token;
use interfaces::contract::{calldata, ensure, Result, Words};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault::{self, Role};
use interfaces::words::{int, uint};
use stylus_sdk::prelude::*;

use crate::Broker;

impl Broker {
    /// USDC.
    pub(crate) fn vault_asset(&self) -> Result<Address> {
        self.ask_address(&IERC4626::assetCall {})
    }

    /// The vault's price, after all its checks [18 decimals].
    pub(crate) fn spot(&self) -> Result<u128> {
        price_of(self.ask(&IVault::spotCall {})?)
    }

    /// Whether the vault has shares: from then on what is named waits.
    pub(crate) fn is_open(&self) -> Result<bool> {
        Ok(!self.ask(&IERC20::totalSupplyCall {})?.is_zero())
    }

    pub(crate) fn require_desk(&self) -> Result<()> {
        let desk = self.ask_address(&IVault::satelliteCall { which: IVault::Satellite::Desk })?;
        let caller = self.vm().msg_sender();
        ensure(caller == desk, || OnlyDesk { caller, desk })
    }

    pub(crate) fn require_owner(&self) -> Result<()> {
        let (caller, owner) = (self.vm().msg_sender(), self.role(Role::Owner)?);
        ensure(caller == owner, || OnlyOwner { caller, owner })
    }

    pub(crate) fn require_guardian(&self) -> Result<()> {
        let caller = self.vm().msg_sender();
        let allowed = caller == self.role(Role::Guardian)? || caller == self.role(Role::Owner)?;
        ensure(allowed, || OnlyGuardian { caller })
    }

    /// Has the vault send margin, or take it back (negative), for a hedge of `value` [USDC]; tells it whether anything is held, and what may be
    /// short.
    pub(crate) fn move_margin(&mut self, amount: i128, value: u128, open: bool) -> Result<()> {
        self.open.set(open);
        let (short_, margin) = self.short_terms();
        let (vm, vault, asset) = (self.vm(), self.vault.get(), Token(self.asset.get()));
        let amount = int(amount);
        if amount.is_negative() {
            asset.approve(vm, vault, amount.unsigned_abs())?;
        }
        let data = calldata(&IVault::moveMarginCall { amount, value: uint(value), open, short_, margin });
        Callee(vault).call(vm, U256::ZERO, &data).map(|_| ())
    }

    fn role(&self, which: Role) -> Result<Address> {
        self.ask_address(&IVault::roleCall { which })
    }

    /// The first word that the vault answers.
    fn ask<C: SolCall>(&self, call: &C) -> Result<U256>
    where
        for<'a> C::Token<'a>: Words,
    {
        Callee(self.vault.get()).read(self.vm(), &calldata(call), 0)
    }

    /// The address that it answers.
    fn ask_address<C: SolCall>(&self, call: &C) -> Result<Address>
    where
        for<'a> C::Token<'a>: Words,
    {
        Callee(self.vault.get()).read_address(self.vm(), &calldata(call), 0)
    }
}
