//! A hedge venue that holds a position on a perpetuals exchange of GMX V2's form, long or short, for one desk.
//!
//! # POSITION
//! Size, collateral and fees are read from the exchange's store when they are asked for (`position`). What is remembered is the key of one
//! order and when it was placed; whether that order is still open, the store says too (`order`).
//!
//! # ORDERS
//! One at a time. The exchange executes, cuts, cancels or freezes it when it likes, or never. Callbacks are hints: they come late, twice, in
//! any order, from any controller, with any claims, or not at all, and do no more than forget a key that the store no longer holds. The desk
//! may cancel whenever the exchange lets it, and anyone after the time-out.
//!
//! # ETHER
//! Orders cost ether. The ether that lies here is the purse: each order is given all of it, at most the greatest fee. What a keeper does not use
//! comes back; while an order is being cancelled from here it comes back wrapped, because a program is not entered twice.
//!
//! # Rounding
//! What the position owes is rounded up, what it is owed down. An order's dollars are rounded down: never more size than was asked for at the
//! desk's price.
//!
//! # What this contract does not do
//! It decides no price: limits are the desk's. It has no owner; the desk may follow the exchange to another of its routers. It does not count
//! funding or rebates that have not been claimed, nor fees that the exchange's market has not yet accrued: the haircut stands for those.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![allow(missing_docs, reason = "the entry point that the SDK makes has none; all else here has")]

#[macro_use]
extern crate alloc;

mod exchange;
mod order;
mod position;
mod trade;

use alloc::vec::Vec;

use alloy_primitives::aliases::U32;
use alloy_primitives::{Address, B256, I256, U256, U64};
use alloy_sol_types::SolCall as _;
use interfaces::contract::adapter::{grain_of, only_desk};
use interfaces::contract::token::Token;
pub use interfaces::contract::Revert;
use interfaces::contract::{emit, ensure, fail, lock, malformed, Answer as _, Args, Result};
use interfaces::perp::IPerpVenue::{self, OnlyController, RouterSet};
use interfaces::position::IPositionVenue::{
    self, EtherWrong, NotYetCancellable, State, TokenFailed, WithdrawTooLarge, Withdrawn,
};
use interfaces::routes;
use interfaces::words::{to_u128, uint};
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageB256, StorageU256, StorageU32, StorageU64};
use stylus_sdk::{stylus_core::storage::TopLevelStorage, ArbResult};

/// Storage: fixed at construction, but for the router and the order.
#[storage]
pub struct PerpVenue {
    desk: StorageAddress,
    /// Seconds after which anyone may cancel an order.
    timeout: StorageU32,
    /// What closing is reckoned to cost besides known fees // [millionths of the position]
    haircut: StorageU32,
    receiver: StorageAddress,
    /// When the order in flight was placed.
    since: StorageU64,
    asset: StorageAddress,
    /// 18-decimal units in a token unit of the underlying.
    grain: StorageU64,
    underlying: StorageAddress,
    market: StorageAddress,
    router: StorageAddress,
    /// The exchange's contract that takes tokens.
    spender: StorageAddress,
    /// Where orders' tokens go.
    vault: StorageAddress,
    store: StorageAddress,
    roles: StorageAddress,
    /// The most that an order is given // [wei]
    max_fee: StorageU256,
    /// The order in flight; zero when there is none.
    order: StorageB256,
}

// SAFETY: this is the program's only storage and begins at slot 0.
unsafe impl TopLevelStorage for PerpVenue {}

/// Runs a call: the constructor, which runs once, or a method. `adjust` takes ether, and so does a call that says nothing.
#[entrypoint]
pub fn main(input: Vec<u8>, vm: VM) -> ArbResult {
    let refusal = || Vec::from(Revert::empty());
    if input.is_empty() {
        return Ok(input);
    }
    let (selector, data) = input.split_first_chunk().ok_or_else(refusal)?;
    // SAFETY: one instance for the call, on the slots that are the venue's.
    let mut venue = unsafe { PerpVenue::new(U256::ZERO, 0, vm) };
    let value = venue.vm().msg_value();
    ensure(value.is_zero() || *selector == IPositionVenue::adjustCall::SELECTOR, || EtherWrong { value })?;
    let mut out = Vec::new();
    route(&mut venue, u32::from_be_bytes(*selector), Args::new(data), &mut out)?;
    Ok(out)
}

fn route(venue: &mut PerpVenue, selector: u32, mut args: Args<'_>, out: &mut Vec<u8>) -> Result<()> {
    routes! { venue, selector, args, out;
        constructor(desk, receiver, asset, underlying, market, router, spender, vault, store, roles, timeout, haircut, max_fee);
        IPositionVenue {
            stateCall => state(price);
            worthCall => worth(price);
            adjustCall => adjust(size, price, limit_price, margin);
            cancelCall => cancel(key);
            clearCall => clear(key);
            withdrawCall => withdraw(amount);
            deskCall => desk();
            receiverCall => receiver();
            timeoutCall => timeout();
        }
        IPerpVenue {
            afterOrderExecutionCall => hint(key);
            afterOrderCancellationCall => hint(key);
            afterOrderFrozenCall => hint(key);
            claimCall => claim();
            claimRebateCall => claim_rebate(time_key);
            sweepCall => sweep(token);
            setRouterCall => set_router(router);
            routerCall => router();
            orderKeyCall => order_key();
            maxFeeCall => max_fee();
        }
    }
    malformed()
}

/// `abi/IPositionVenue.sol` and `abi/IPerpVenue.sol` are the manual.
#[public]
impl PerpVenue {
    /// Fixes whom it serves, and the exchange.
    ///
    /// # Errors
    /// `TokenFailed`, `ArithmeticOverflow` for a token of more than 18 decimals.
    #[constructor]
    #[allow(clippy::too_many_arguments, reason = "all that the venue is fixed to")]
    pub fn constructor(
        &mut self,
        desk: Address,
        receiver: Address,
        asset: Address,
        underlying: Address,
        market: Address,
        router: Address,
        spender: Address,
        vault: Address,
        store: Address,
        roles: Address,
        timeout: u32,
        haircut: u32,
        max_fee: U256,
    ) -> Result<()> {
        self.desk.set(desk);
        self.receiver.set(receiver);
        self.asset.set(asset);
        self.underlying.set(underlying);
        self.market.set(market);
        self.router.set(router);
        self.spender.set(spender);
        self.vault.set(vault);
        self.store.set(store);
        self.roles.set(roles);
        self.timeout.set(U32::from_limbs([timeout.into()]));
        self.haircut.set(U32::from_limbs([haircut.into()]));
        self.max_fee.set(max_fee);
        let grain = grain_of(self.vm(), underlying)?;
        self.grain.set(U64::from_limbs([grain]));
        Ok(())
    }

    /// What it holds, valued at `price`.
    ///
    /// # Errors
    /// `PriceOutOfRange`, `BadAnswer`, `TokenFailed`, `ArithmeticOverflow`.
    pub fn state(&self, price: U256) -> Result<State> {
        lock::check()?;
        self.read_state(price)
    }

    /// The same without what could be withdrawn.
    ///
    /// # Errors
    /// As [`PerpVenue::state`].
    pub fn worth(&self, price: U256) -> Result<State> {
        Ok(State { withdrawable: U256::ZERO, ..self.state(price)? })
    }

    /// Places an order. Only the desk.
    ///
    /// # Errors
    /// As the interface says; `ZeroFee` for an empty purse.
    #[payable]
    pub fn adjust(&mut self, size: I256, price: U256, limit_price: U256, margin: I256) -> Result<B256> {
        only_desk(self.vm(), self.desk.get())?;
        lock::take()?;
        let key = self.place(size, price, limit_price, margin)?;
        lock::release();
        Ok(key)
    }

    /// Cancels the order in flight. The desk; anyone after the time-out.
    ///
    /// # Errors
    /// `UnknownOrder`, `NotYetCancellable`, `CallFailed` while the exchange refuses, `OrderOpen`, `BadAnswer`.
    pub fn cancel(&mut self, key: B256) -> Result<()> {
        self.only_known(key)?;
        let from = self.placed_at().saturating_add(self.wait());
        let allowed = self.vm().msg_sender() == self.desk.get() || self.vm().block_timestamp() >= from;
        ensure(allowed, || NotYetCancellable { key, from: uint(from.into()) })?;
        lock::take()?;
        if self.is_open(key)? {
            self.cancel_order(key)?;
        }
        self.forget(key)?;
        lock::release();
        Ok(())
    }

    /// Forgets an order that the exchange no longer knows. Anyone.
    ///
    /// # Errors
    /// `UnknownOrder`, `OrderOpen`, `BadAnswer`.
    pub fn clear(&mut self, key: B256) -> Result<()> {
        self.only_known(key)?;
        lock::take()?;
        self.forget(key)?;
        lock::release();
        Ok(())
    }

    /// As `clear`, for controllers of the exchange: its callbacks. What they claim is not read.
    ///
    /// # Errors
    /// `OnlyController`, and those of `clear`.
    pub fn hint(&mut self, key: B256) -> Result<()> {
        self.only_controller(self.vm().msg_sender())?;
        self.clear(key)
    }

    /// Pays the receiver from idle USDC. Only the desk.
    ///
    /// # Errors
    /// `OnlyDesk`, `WithdrawTooLarge`, `TokenFailed`.
    pub fn withdraw(&mut self, amount: U256) -> Result<U256> {
        only_desk(self.vm(), self.desk.get())?;
        lock::take()?;
        let idle = self.idle()?;
        match to_u128(amount).filter(|wanted| *wanted <= idle) {
            Some(wanted) => Token(self.asset.get()).push(self.vm(), self.receiver.get(), wanted)?,
            None => return fail(WithdrawTooLarge { amount, withdrawable: uint(idle) }),
        }
        emit(self.vm(), &Withdrawn { amount });
        lock::release();
        Ok(amount)
    }

    /// Collects funding that is owed. Anyone.
    ///
    /// # Errors
    /// `CallFailed`, `BadAnswer`.
    pub fn claim(&mut self) -> Result<()> {
        lock::take()?;
        self.claim_both(None)?;
        lock::release();
        Ok(())
    }

    /// Collects what was kept for price impact at a time and is owed back. Anyone.
    ///
    /// # Errors
    /// `CallFailed`, `BadAnswer`.
    pub fn claim_rebate(&mut self, time_key: U256) -> Result<()> {
        lock::take()?;
        self.claim_both(Some(time_key))?;
        lock::release();
        Ok(())
    }

    /// Sends all of a token but USDC to the receiver. Only the desk.
    ///
    /// # Errors
    /// `OnlyDesk`, `TokenFailed`, also for USDC.
    pub fn sweep(&mut self, token: Address) -> Result<U256> {
        only_desk(self.vm(), self.desk.get())?;
        ensure(token != self.asset.get(), || TokenFailed { token })?;
        lock::take()?;
        let amount = Token(token).balance(self.vm(), self.vm().contract_address())?;
        Token(token).push(self.vm(), self.receiver.get(), amount)?;
        lock::release();
        Ok(uint(amount))
    }

    /// Follows the exchange to another router. Only the desk.
    ///
    /// # Errors
    /// `OnlyDesk`, `OnlyController`, `BadAnswer`.
    pub fn set_router(&mut self, router: Address) -> Result<()> {
        only_desk(self.vm(), self.desk.get())?;
        self.only_controller(router)?;
        self.router.set(router);
        emit(self.vm(), &RouterSet { router });
        Ok(())
    }

    /// The desk that it serves.
    pub fn desk(&self) -> Address {
        self.desk.get()
    }

    /// Whom it pays.
    pub fn receiver(&self) -> Address {
        self.receiver.get()
    }

    /// Seconds after which anyone may cancel.
    pub fn timeout(&self) -> U256 {
        uint(self.wait().into())
    }

    /// The router that it calls.
    pub fn router(&self) -> Address {
        self.router.get()
    }

    /// The order in flight.
    pub fn order_key(&self) -> B256 {
        self.order.get()
    }

    /// The most that an order is given.
    pub fn max_fee(&self) -> U256 {
        self.max_fee.get()
    }
}

impl PerpVenue {
    fn only_controller(&self, account: Address) -> Result<()> {
        ensure(self.is_controller(account)?, || OnlyController { account })
    }
}
