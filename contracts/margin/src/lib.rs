//! Margin accounts of one vault: who writes options sells them to the vault and stands behind them with USDC.
//!
//! # ACCOUNTS
//! One for each address, run by its holder and by operators of the holder's. It holds USDC and what it has written, at most 16 series
//! (`account`). Equity is its cash and the model value of its book.
//!
//! # MARGIN
//! An account is margined as a portfolio (`health`): its own book before the vault's risk engine, in the vault's scenarios and at
//! settlement. To write or to take out it must have its initial margin after it. Prices and surface must be fresh, or nothing is marked.
//!
//! # UNCOVERED LOSSES
//! Deep scenarios weigh less in the margin than in the world. The most that an account could fail to pay at full weight is kept, summed,
//! and told to the vault, which subtracts it from what NAV bears (`cover`). Both have limits that are fixed at construction.
//!
//! # LIQUIDATION
//! Below maintenance margin, a Dutch auction of cash and book (`auction`). It ends when the account has its maintenance margin, or in time.
//!
//! # SETTLEMENT
//! Once the vault has settled an expiry anyone may make an account pay what its options there cost. An account that has less pays what it
//! has, and the rest is the vault's loss.
//!
//! # What this contract does not do
//! It prices nothing, and pays nobody but its accounts and the vault. It knows no owner, and nothing of it can be changed.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![allow(missing_docs, reason = "the entry point that the SDK makes has none; all else here has")]

#[macro_use]
extern crate alloc;

mod account;
mod auction;
mod cover;
mod error;
mod health;
mod upkeep;
mod vault;
mod writing;

use alloc::vec::Vec;

use alloy_primitives::{Address, I256, U256, U64};
use interfaces::contract::token::Token;
use interfaces::contract::{calldata, lock, malformed, Answer as _, Args};
use interfaces::erc4626::IERC4626;
use interfaces::margin::IMargin::{self, Account as AccountView, Health as HealthView, OperatorSet, Written};
use interfaces::routes;
use interfaces::vault::IVault;
use interfaces::words::{int, uint};
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageBool, StorageMap, StorageU64};
use stylus_sdk::{stylus_core::storage::TopLevelStorage, ArbResult};

use crate::account::number;
pub use crate::error::Revert;
use crate::error::{emit, ensure, Result, Unmarked};
use crate::health::Health;

/// Storage of the margin accounts.
#[storage]
pub struct Margin {
    vault: StorageAddress,
    /// What all accounts leave uncovered // [USDC]
    uncovered: StorageU64,
    engine: StorageAddress,
    /// The most that one account may leave uncovered // [USDC]
    account_limit: StorageU64,
    asset: StorageAddress,
    /// The most that all may // [USDC]
    total_limit: StorageU64,
    accounts: StorageMap<Address, account::Stored>,
    operators: StorageMap<Address, StorageMap<Address, StorageBool>>,
}

// SAFETY: this is the program's only storage and begins at slot 0.
unsafe impl TopLevelStorage for Margin {}

/// Runs a call: the constructor, which runs once, or a method. Nothing takes ether.
#[entrypoint]
pub fn main(input: Vec<u8>, vm: VM) -> ArbResult {
    let refusal = || Vec::from(Revert::empty());
    let (selector, data) = input.split_first_chunk().ok_or_else(refusal)?;
    // SAFETY: one instance for the call, on the slots that are the contract's.
    let mut margin = unsafe { Margin::new(U256::ZERO, 0, vm) };
    if !margin.vm().msg_value().is_zero() {
        return Err(refusal());
    }
    let mut out = Vec::new();
    route(&mut margin, u32::from_be_bytes(*selector), Args::new(data), &mut out)?;
    Ok(out)
}

fn route(margin: &mut Margin, selector: u32, mut args: Args<'_>, out: &mut Vec<u8>) -> Result<()> {
    routes! { margin, selector, args, out;
        constructor(vault, account_limit, total_limit);
        IMargin {
            depositCall => deposit(amount, account);
            withdrawCall => withdraw(amount, account, receiver);
            writeCall => write(account, legs, min_premium, deadline);
            setOperatorCall => set_operator(operator, approved);
            isOperatorCall => is_operator(owner, operator);
            refreshCall => refresh(account);
            settleAccountCall => settle_account(account, expiry);
            liquidateCall => liquidate(account);
            bidCall => bid(account, part, max_price);
            accountOfCall => account_of(account);
            bookOfCall => book_of(account);
            healthCall => health(account);
            auctionOfCall => auction_of(account);
            limitsCall => limits();
            vaultCall => vault();
        }
    }
    malformed()
}

impl Margin {
    fn asset_token(&self) -> Token {
        Token(self.asset.get())
    }

    /// An address that the vault answers with.
    fn address_of(&self, data: &[u8]) -> Result<Address> {
        let vault = self.vault.get();
        let answer = self.read(vault, data, 1).or_else(Unmarked::refuse)?;
        match answer.first_chunk::<32>() {
            Some(word) => Ok(Address::from_word((*word).into())),
            None => Unmarked::failed(vault).refuse(),
        }
    }
}

/// `abi/IMargin.sol` is the manual.
#[public]
impl Margin {
    /// Fixes the vault and the limits. The vault may take the accounts' USDC.
    #[constructor]
    pub fn constructor(&mut self, vault: Address, account_limit: u64, total_limit: u64) -> Result<()> {
        self.vault.set(vault);
        self.account_limit.set(U64::from_limbs([account_limit]));
        self.total_limit.set(U64::from_limbs([total_limit]));
        let engine = self.address_of(&calldata(&IVault::riskEngineCall {}))?;
        self.engine.set(engine);
        let asset = self.address_of(&calldata(&IERC4626::assetCall {}))?;
        self.asset.set(asset);
        self.asset_token().approve(self.vm(), vault, U256::MAX)
    }

    /// Puts the caller's USDC into an account.
    pub fn deposit(&mut self, amount: U256, account: Address) -> Result<()> {
        lock::take()?;
        self.put_in(amount, account)?;
        lock::release();
        Ok(())
    }

    /// Takes USDC out of an account.
    pub fn withdraw(&mut self, amount: U256, account: Address, receiver: Address) -> Result<()> {
        lock::take()?;
        self.take_out(amount, account, receiver)?;
        lock::release();
        Ok(())
    }

    /// Writes options, or buys them back.
    pub fn write(
        &mut self,
        account: Address,
        legs: Vec<Written>,
        min_premium: I256,
        deadline: U256,
    ) -> Result<I256> {
        lock::take()?;
        let premium = self.write_legs(account, &legs, min_premium, deadline)?;
        lock::release();
        Ok(premium)
    }

    /// Lets an operator act for the caller's account, or no longer.
    pub fn set_operator(&mut self, operator: Address, approved: bool) -> Result<()> {
        lock::take()?;
        let owner = self.vm().msg_sender();
        self.operators.setter(owner).setter(operator).set(approved);
        emit(self.vm(), &OperatorSet { owner, operator, approved });
        lock::release();
        Ok(())
    }

    /// Whether an operator acts for an account.
    pub fn is_operator(&self, owner: Address, operator: Address) -> bool {
        self.operators.get(owner).get(operator)
    }

    /// Marks an account.
    pub fn refresh(&mut self, account: Address) -> Result<()> {
        lock::take()?;
        self.mark_again(account)?;
        lock::release();
        Ok(())
    }

    /// Pays the vault for options in a settled expiry.
    pub fn settle_account(&mut self, account: Address, expiry: u64) -> Result<(U256, U256)> {
        lock::take()?;
        let (due, paid) = self.settle(account, expiry)?;
        lock::release();
        Ok((uint(due), uint(paid)))
    }

    /// Starts the auction of an account.
    pub fn liquidate(&mut self, account: Address) -> Result<()> {
        lock::take()?;
        self.start(account)?;
        lock::release();
        Ok(())
    }

    /// Takes a part of an account in auction.
    pub fn bid(&mut self, account: Address, part: U256, max_price: I256) -> Result<I256> {
        lock::take()?;
        let price = self.take(account, part, max_price)?;
        lock::release();
        Ok(int(price))
    }

    /// An account as stored.
    pub fn account_of(&self, account: Address) -> Result<AccountView> {
        lock::check()?;
        let account = self.account(account);
        Ok(AccountView {
            cash: uint(account.cash.into()),
            uncovered: uint(account.uncovered.into()),
            auctionSince: uint(account.since.into()),
            series: uint(u128::try_from(account.legs.len()).unwrap_or_default()),
        })
    }

    /// What an account has written.
    pub fn book_of(&self, account: Address) -> Result<Vec<Written>> {
        lock::check()?;
        Ok(self.account(account).written())
    }

    /// An account, marked now.
    pub fn health(&self, account: Address) -> Result<HealthView> {
        lock::check()?;
        let Health { equity, initial, maintenance, uncovered } =
            self.mark(account, &self.account(account)).or_else(Unmarked::refuse)?;
        Ok(HealthView {
            equity: int(equity),
            initial: uint(initial),
            maintenance: uint(maintenance),
            uncovered: uint(uncovered),
        })
    }

    /// What an account in auction goes for now.
    pub fn auction_of(&self, owner: Address) -> Result<(I256, U256)> {
        lock::check()?;
        let account = self.account(owner);
        let none = || IMargin::NoAuction { account: owner };
        ensure(account.since != 0, none)?;
        let health = self.mark(owner, &account).or_else(Unmarked::refuse)?;
        ensure(self.in_auction(&account, &health), none)?;
        let lot = self.lot(&account, &health)?;
        Ok((int(lot.price), uint(lot.part.into())))
    }

    /// What all leave uncovered, and the limits.
    pub fn limits(&self) -> (U256, U256, U256) {
        let [total, account, all] =
            [&self.uncovered, &self.account_limit, &self.total_limit].map(|slot| uint(number(slot).into()));
        (total, account, all)
    }

    /// The vault that these accounts write for.
    pub fn vault(&self) -> Address {
        self.vault.get()
    }
}
