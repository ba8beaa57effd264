//! Settlement: one price for an expiry, fixed once, the same however late, and claims that are paid in any state.

use alloc::vec::Vec;

use ::book::Stored;
use alloy_primitives::{aliases::U80, Address, U256, U64};
use interfaces::vault::IVault::{AlreadySettled, Claimed, ExpiryNotListed, NotExpired, NotSettled, Settled};
use options::{Kind, Series};
use stylus_sdk::prelude::*;

use crate::amounts::{to_u128, uint, WAD, WAD_PER_PRICE};
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::liquidity::positive;
use crate::lock;
use crate::positions::parse;
use crate::state::{decrease, increase, word64, Vault};

/// Strikes are in 1e-6 USD, prices in 1e-8.
const PRICE_PER_STRIKE: i128 = 100;

impl Vault {
    /// Settlement price of an expiry, zero while there is none [1e-8 USD].
    pub(crate) fn settled_price(&self, expiry: u64) -> u64 {
        word64(self.settlements.get(U64::from_limbs([expiry])))
    }

    fn fix_price(&mut self, expiry: u64, round_id: U80) -> Result<u64> {
        let now = self.now();
        ensure(now >= expiry, || NotExpired { expiry, timestamp: uint(now.into()) })?;
        ensure(self.settled_price(expiry) == 0, || AlreadySettled { expiry })?;
        let index = self.find_expiry(expiry).ok_or(ExpiryNotListed { expiry })?;
        let profile = self.settings().profile;
        let price = self.feeds_of(&profile).settlement(self.vm(), round_id, expiry)?;
        let owed = payoff_owed(&self.book.stored(index), price, profile.lot)?;

        self.settlements.setter(U64::from_limbs([expiry])).set(U64::from_limbs([price]));
        increase(&mut self.claims_owed, owed)?;
        self.clear(index)?;

        let wad = u128::from(price).checked_mul(WAD_PER_PRICE).or_overflow()?;
        emit(self.vm(), &Settled { expiry, price: uint(wad), roundId: round_id, owed: uint(owed) });
        Ok(price)
    }

    /// Burns the caller's position in a series that is settled, or was live when a shortfall was recorded, and returns what it is paid,
    /// rounded down [USDC], [token units of the underlying].
    fn claim_series(&mut self, id: U256, receiver: Address) -> Result<(u128, u128)> {
        let series = parse(id)?;
        let vm = self.vm().clone();
        let account = vm.msg_sender();
        let size = self.positions.balance(account, id);
        let amount = to_u128(size).or_overflow()?;
        let (payoff, hedge) = match self.settled_price(series.expiry.into()) {
            0 => self.claim_frozen(&series, amount)?.ok_or(NotSettled { series: id })?,
            price => (payoff_of(&series, amount, price)?, 0),
        };

        self.positions.burn(&vm, account, id, size)?;
        emit(&vm, &Claimed { account, receiver, series: id, size, payoff: uint(payoff) });
        Ok((payoff, hedge))
    }

    fn claim_all(&mut self, series: &[U256], receiver: Address) -> Result<u128> {
        let (mut payoff, mut hedge) = (0_u128, 0_u128);
        for id in series {
            let (cash, units) = self.claim_series(*id, receiver)?;
            payoff = payoff.checked_add(cash).or_overflow()?;
            hedge = hedge.checked_add(units).or_overflow()?;
        }
        decrease(&mut self.claims_owed, payoff)?;
        self.raise_cash(payoff)?;
        self.debit_cash(payoff)?;
        let vm = self.vm().clone();
        self.asset_token().push(&vm, receiver, payoff)?;
        self.underlying_token().push(&vm, receiver, hedge)?;
        Ok(payoff)
    }
}

/// What `size` options of a settled series pay, rounded down [micro-USD].
fn payoff_of(series: &Series, size: u128, price: u64) -> Result<u128> {
    let strike = u128::from(series.strike).checked_mul(100).or_overflow()?;
    let price = u128::from(price);
    let each = match series.kind {
        Kind::Call => price.saturating_sub(strike),
        Kind::Put => strike.saturating_sub(price),
    };
    let per_micro = WAD.checked_mul(100).or_overflow()?;
    maths::mul_div_down(size, each, per_micro).or_overflow()
}

/// What the vault owes for an expired book at `price`, rounded up [micro-USD]. By parity: calls on every net lot, less the forwards
/// that turn some of them into puts.
fn payoff_owed(stored: &Stored, price: u64, lot: u64) -> Result<u128> {
    let header = &stored.header;
    let price = i128::from(price);
    let strike_price = |strike: u64| i128::from(strike).checked_mul(PRICE_PER_STRIKE).or_overflow();
    let mut sum = 0_i128;
    for (strike, lots) in (0_u8..).zip(stored.each_lots()) {
        let strike = strike_price(header.grid.strike(strike).or_overflow()?)?;
        let payoff = price.checked_sub(strike).or_overflow()?.max(0);
        sum = sum.checked_add(payoff.checked_mul(lots.into()).or_overflow()?).or_overflow()?;
    }
    let puts = i128::from(header.put_lots);
    let steps = strike_price(header.grid.step)?.checked_mul(header.put_index_sum.into()).or_overflow()?;
    let strikes = strike_price(header.grid.base)?.checked_mul(puts).or_overflow()?.checked_add(steps);
    let forwards =
        price.checked_mul(puts).or_overflow()?.checked_sub(strikes.or_overflow()?).or_overflow()?;
    let owed = forwards.checked_sub(sum).or_overflow()?;
    let per_micro = WAD.checked_mul(100).or_overflow()?;
    maths::mul_div_up(positive(&owed), lot.into(), per_micro).or_overflow()
}

/// Settlement. `abi/IVault.sol` is the manual.
#[public]
pub trait Settlement {
    /// Fixes the settlement price of an expiry.
    fn settle(&mut self, expiry: u64, round_id: U80) -> Result<U256>;
    /// Pays the caller's positions in settled series, and in all that were live when a shortfall was recorded.
    fn claim(&mut self, series: Vec<U256>, receiver: Address) -> Result<U256>;
    /// Records that liabilities exceed assets.
    fn record_shortfall(&mut self) -> Result<()>;
    /// Settlement price, zero before settlement.
    fn settlement_price(&self, expiry: u64) -> Result<U256>;
}

#[public]
impl Settlement for Vault {
    fn settle(&mut self, expiry: u64, round_id: U80) -> Result<U256> {
        lock::take()?;
        let price = self.fix_price(expiry, round_id)?;
        lock::release();
        Ok(uint(u128::from(price).checked_mul(WAD_PER_PRICE).or_overflow()?))
    }

    fn claim(&mut self, series: Vec<U256>, receiver: Address) -> Result<U256> {
        lock::take()?;
        let payoff = self.claim_all(&series, receiver)?;
        lock::release();
        Ok(uint(payoff))
    }

    fn record_shortfall(&mut self) -> Result<()> {
        lock::take()?;
        self.record()?;
        lock::release();
        Ok(())
    }

    fn settlement_price(&self, expiry: u64) -> Result<U256> {
        Ok(uint(u128::from(self.settled_price(expiry)).checked_mul(WAD_PER_PRICE).or_overflow()?))
    }
}
