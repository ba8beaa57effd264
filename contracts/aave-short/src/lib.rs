//! A hedge venue that is short: it lends USDC to Aave V3, borrows the underlying and sells it on Uniswap V3, for one desk.
//!
//! # POSITION
//! The position is the variable debt that Aave counts under this address, and collateral the USDC that it counts there. Nothing is
//! remembered, so interest, liquidations and gifts are in the next answer (`aave`).
//!
//! # TRADES
//! Selling borrows what the collateral carries, sells it, lends the proceeds, and goes on with what they carry; buying back draws the
//! collateral that is free, buys, repays, and goes on with what that frees (`trade`). A position at the floor can so be closed out of
//! itself. Rounds are bounded; a trade is done as a whole or refused.
//!
//! # HEALTH
//! After a sale or a withdrawal, Aave's health factor is at least the floor. After a sale it is so at the desk's price too. A purchase needs no floor:
//! it can only raise it.
//!
//! # Rounding
//! Debts and what purchases cost are rounded up; collateral, equity and what is withdrawable down.
//!
//! # What this contract does not do
//! It decides no price: limits are the desk's. It has no owner and no settings. It claims no incentives and enters no efficiency mode.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![allow(missing_docs, reason = "the entry point that the SDK makes has none; all else here has")]

#[macro_use]
extern crate alloc;

mod aave;
mod position;
mod trade;

use alloc::vec::Vec;

use alloy_primitives::aliases::{U24, U32};
use alloy_primitives::{Address, B256, I256, U256, U64};
use interfaces::contract::adapter::{grain_of, only_desk};
use interfaces::contract::token::Token;
pub use interfaces::contract::Revert;
use interfaces::contract::{emit, ensure, fail, lock, malformed, Answer as _, Args, Result};
use interfaces::position::IPositionVenue::{
    self, Adjusted, EtherWrong, HealthTooLow, State, UnknownOrder, WithdrawTooLarge, Withdrawn,
};
use interfaces::routes;
use interfaces::words::{to_u128, uint};
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageU32, StorageU64, StorageUint};
use stylus_sdk::{stylus_core::storage::TopLevelStorage, ArbResult};

use crate::position::WAD;

/// Storage: all of it fixed at construction.
#[storage]
pub struct AaveShort {
    desk: StorageAddress,
    /// The Uniswap pool's fee in millionths.
    pool_fee: StorageUint<24, 1>,
    /// What closing is reckoned to cost beyond the price // [millionths]
    haircut: StorageU32,
    receiver: StorageAddress,
    /// Least health factor after a sale or a withdrawal // [18 decimals]
    floor: StorageU64,
    asset: StorageAddress,
    /// 18-decimal units in a token unit of the underlying.
    grain: StorageU64,
    underlying: StorageAddress,
    router: StorageAddress,
    pool: StorageAddress,
    addresses: StorageAddress,
    /// USDC lent to Aave.
    lent: StorageAddress,
    /// The underlying owed to Aave.
    owed: StorageAddress,
}

// SAFETY: this is the program's only storage and begins at slot 0.
unsafe impl TopLevelStorage for AaveShort {}

/// Runs a call: the constructor, which runs once, or a method. Nothing takes ether.
#[entrypoint]
pub fn main(input: Vec<u8>, vm: VM) -> ArbResult {
    let refusal = || Vec::from(Revert::empty());
    let (selector, data) = input.split_first_chunk().ok_or_else(refusal)?;
    // SAFETY: one instance for the call, on the slots that are the venue's.
    let mut venue = unsafe { AaveShort::new(U256::ZERO, 0, vm) };
    let value = venue.vm().msg_value();
    ensure(value.is_zero(), || EtherWrong { value })?;
    let mut out = Vec::new();
    route(&mut venue, u32::from_be_bytes(*selector), Args::new(data), &mut out)?;
    Ok(out)
}

fn route(venue: &mut AaveShort, selector: u32, mut args: Args<'_>, out: &mut Vec<u8>) -> Result<()> {
    routes! { venue, selector, args, out;
        constructor(desk, receiver, asset, underlying, router, pool_fee, pool, floor, haircut);
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
    }
    malformed()
}

/// `abi/IPositionVenue.sol` is the manual.
#[public]
impl AaveShort {
    /// Fixes whom it serves and what it trades; asks Aave for the tokens that count its loan and its debt.
    ///
    /// # Errors
    /// `HealthTooLow` for a floor under one, `BadAnswer`, `TokenFailed`, `ArithmeticOverflow` for a token of more than 18 decimals.
    #[constructor]
    #[allow(clippy::too_many_arguments, reason = "all that the venue is fixed to")]
    pub fn constructor(
        &mut self,
        desk: Address,
        receiver: Address,
        asset: Address,
        underlying: Address,
        router: Address,
        pool_fee: U24,
        pool: Address,
        floor: u64,
        haircut: u32,
    ) -> Result<()> {
        ensure(u128::from(floor) >= WAD, || HealthTooLow { health: uint(floor.into()), floor: uint(WAD) })?;
        self.desk.set(desk);
        self.receiver.set(receiver);
        self.asset.set(asset);
        self.underlying.set(underlying);
        self.router.set(router);
        self.pool_fee.set(pool_fee);
        self.pool.set(pool);
        self.floor.set(U64::from_limbs([floor]));
        self.haircut.set(U32::from_limbs([haircut.into()]));
        let grain = grain_of(self.vm(), underlying)?;
        self.grain.set(U64::from_limbs([grain]));
        self.find_tokens()
    }

    /// What it holds, valued at `price`.
    ///
    /// # Errors
    /// `PriceOutOfRange`, `BadAnswer`, `TokenFailed`, `ArithmeticOverflow`.
    pub fn state(&self, price: U256) -> Result<State> {
        lock::check()?;
        let withdrawable = uint(self.idle()?.saturating_add(self.free(self.floor())?));
        Ok(State { withdrawable, ..self.read_state(price)? })
    }

    /// The same without what could be withdrawn.
    ///
    /// # Errors
    /// As [`AaveShort::state`].
    pub fn worth(&self, price: U256) -> Result<State> {
        lock::check()?;
        self.read_state(price)
    }

    /// Trades at once. Only the desk.
    ///
    /// # Errors
    /// As the interface says; `SizeOutOfRange` for a purchase of more than is owed.
    pub fn adjust(&mut self, size: I256, price: U256, limit_price: U256, margin: I256) -> Result<B256> {
        only_desk(self.vm(), self.desk.get())?;
        lock::take()?;
        let cash = self.trade(size, price, limit_price, margin)?;
        emit(self.vm(), &Adjusted { size, cash: uint(cash) });
        lock::release();
        Ok(B256::ZERO)
    }

    /// There are no orders.
    ///
    /// # Errors
    /// `UnknownOrder`.
    pub fn cancel(&mut self, key: B256) -> Result<()> {
        fail(UnknownOrder { key, pending: B256::ZERO })
    }

    /// There are no orders.
    ///
    /// # Errors
    /// `UnknownOrder`.
    pub fn clear(&mut self, key: B256) -> Result<()> {
        fail(UnknownOrder { key, pending: B256::ZERO })
    }

    /// Pays the receiver, from idle USDC and then from the collateral. Only the desk.
    ///
    /// # Errors
    /// `OnlyDesk`, `WithdrawTooLarge`, `HealthTooLow`, `CallFailed`, `BadAnswer`, `TokenFailed`.
    pub fn withdraw(&mut self, amount: U256) -> Result<U256> {
        only_desk(self.vm(), self.desk.get())?;
        lock::take()?;
        let (idle, free) = (self.idle()?, self.free(self.floor())?);
        let most = idle.saturating_add(free);
        let wanted = to_u128(amount).filter(|wanted| *wanted <= most);
        let wanted = match wanted {
            Some(wanted) => wanted,
            None => return fail(WithdrawTooLarge { amount, withdrawable: uint(most) }),
        };
        if wanted > idle {
            self.draw(wanted.saturating_sub(idle))?;
            self.check_health(None)?;
        }
        Token(self.asset.get()).push(self.vm(), self.receiver.get(), wanted)?;
        emit(self.vm(), &Withdrawn { amount });
        lock::release();
        Ok(amount)
    }

    /// The desk that it serves.
    pub fn desk(&self) -> Address {
        self.desk.get()
    }

    /// Whom it pays.
    pub fn receiver(&self) -> Address {
        self.receiver.get()
    }

    /// There are no orders.
    pub fn timeout(&self) -> U256 {
        U256::ZERO
    }
}
