//! Hedges with a position: the vault's broker trades at one of its venues, or orders there.
//!
//! What is done at once is a hedge as any other; its cost is taken to be what its limit allows. An order counts as done from the moment it is
//! placed until it is overdue (`inventory::hedge::Stand`), and is paid nothing: what it will do is not known yet.

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::SolCall;
use book::Request;
use interfaces::broker::IBroker::{adjustCall, heldCall};
use interfaces::contract::calldata;
use interfaces::desk::IHedgeDesk::{
    rebalancePositionCall, HedgeOrdered, Leg, OrderLimitTooTight, Plan, TooManyLegs, VaultFailed,
};
use interfaces::vault::IVault;
use interfaces::words::{to_i128, to_u128, uint, WAD_PER_PRICE};
use inventory::hedge::{slip, worst_price, Order};
use stylus_sdk::prelude::*;

use crate::error::{emit, ensure, fail, Fault, OrOverflow, Result};
use crate::market::{Done, Market};
use crate::HedgeDesk;

/// The method that takes ether.
pub(crate) const PAYABLE: u32 = u32::from_be_bytes(rebalancePositionCall::SELECTOR);
const WORD: usize = 32;
/// Words of what the broker holds.
const HELD: usize = 4;

impl HedgeDesk {
    /// Hedges along a plan of one leg at a venue of the broker's.
    pub(crate) fn hedge_by_position(&mut self, plan: &Plan) -> Result<((B256, I256), U256)> {
        let gas = self.vm().evm_gas_left();
        let market = self.planned(plan)?;
        let [leg] = &plan.legs[..] else {
            let legs = uint(u128::try_from(plan.legs.len()).unwrap_or(u128::MAX));
            return fail(TooManyLegs { legs, limit: uint(1) });
        };
        let limit = self.limit_of(&market, leg)?;
        let (key, filled) = self.adjust(leg, limit)?;
        if key.is_zero() {
            let done = done(&market, filled, limit)?;
            let (size, reward) = self.conclude(&market, &done, filled, gas, plan.payee)?;
            return Ok(((key, size), reward));
        }
        // One at a better price than need be might never be filled, and counts as done all the same.
        let widest = self.worst_of(&market, leg)?;
        ensure(limit == widest, || OrderLimitTooTight { limitPrice: uint(limit), widest: uint(widest) })?;
        let done = done(&market, to_i128(leg.size).or_overflow()?, limit)?;
        market.verify(&done, 0, 0)?;
        self.note(&market, market.trigger.deviation.saturating_sub(done.size));
        let (caller, venue, size) = (self.vm().msg_sender(), leg.venue, leg.size);
        emit(self.vm(), &HedgeOrdered { caller, venue, key, size });
        Ok(((key, I256::ZERO), U256::ZERO))
    }

    /// The order in flight at the broker's venues, all of them as one, as old as the oldest.
    pub(crate) fn ordered(&self, request: &Request) -> core::result::Result<Option<Order>, Fault> {
        if request.brokered.is_none() {
            return Ok(None);
        }
        let broker = self.broker()?;
        let price = uint(u128::from(request.spot).saturating_mul(WAD_PER_PRICE));
        let answer = self.look(broker, &calldata(&heldCall { price }), HELD).unwrap_or_default();
        let words = answer.as_chunks::<WORD>().0;
        let [_, _, pending, since] = words else { return Err(Fault::Vault(broker)) };
        let pending = to_i128(I256::from_be_bytes(*pending)).or_overflow()?;
        let since = to_u128(U256::from_be_bytes(*since)).and_then(|since| u32::try_from(since).ok());
        let placed = since.or_overflow()?;
        if placed == 0 {
            return Ok(None);
        }
        request.ordered(pending, placed).or_overflow().map(Some)
    }

    fn broker(&self) -> core::result::Result<Address, Fault> {
        let word = self.ask_word(&IVault::satelliteCall { which: IVault::Satellite::Broker })?;
        Ok(Address::from_word(B256::from(word)))
    }

    /// The widest limit that slip(t) allows a leg now [18 decimals].
    fn worst_of(&self, market: &Market, leg: &Leg) -> Result<u128> {
        let spot = to_u128(market.price()).or_overflow()?;
        Ok(worst_price(spot, leg.size.is_positive(), slip(&market.rules, market.waited)).or_overflow()?)
    }

    /// The limit of a leg, no wider than that.
    fn limit_of(&self, market: &Market, leg: &Leg) -> Result<u128> {
        let (worst, given) = (self.worst_of(market, leg)?, to_u128(leg.limitPrice).or_overflow()?);
        Ok(match (given, leg.size.is_positive()) {
            (0, _) => worst,
            (_, true) => worst.min(given),
            (_, false) => worst.max(given),
        })
    }

    /// Has the broker trade a leg: the key of the order, and what was done at once.
    fn adjust(&mut self, leg: &Leg, limit: u128) -> Result<(B256, i128)> {
        let broker = self.broker()?;
        let call = adjustCall { venue: leg.venue, size: leg.size, limitPrice: uint(limit) };
        let answer = self.act(broker, self.vm().msg_value(), &calldata(&call))?;
        match answer.as_chunks::<WORD>().0 {
            [key, filled] => Ok((B256::from(*key), to_i128(I256::from_be_bytes(*filled)).or_overflow()?)),
            _ => fail(VaultFailed { vault: broker }),
        }
    }
}

/// What a trade of `units` at `limit` did, at the worst [micro-USD]; the limit is rounded against whoever trades already.
fn done(market: &Market, units: i128, limit: u128) -> Result<Done> {
    let buying = units > 0;
    let spot = to_u128(market.price()).or_overflow()?;
    let size = market.counted(units)?;
    let apart = maths::mul_div_down(size.unsigned_abs(), limit.abs_diff(spot), spot).or_overflow()?;
    let apart = i128::try_from(apart).or_overflow()?;
    let worse = (limit > spot) == buying;
    Ok(Done { size, cost: if worse { apart } else { apart.saturating_neg() } })
}
