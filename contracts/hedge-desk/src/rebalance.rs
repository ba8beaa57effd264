//! Plans: routes over the vault's venues, and what they are paid.

use alloy_primitives::{Address, I256, U256};
use interfaces::desk::IHedgeDesk::{
    DeadlinePassed, HedgeNotDue, HedgeWrongWay, Leg, NoLegs, Plan, PlanStale, Rebalanced, TooManyLegs,
};
use interfaces::words::{int, to_i128, to_u128, uint};
use inventory::hedge::{Reward, Work};
use stylus_sdk::prelude::*;

use crate::error::{emit, ensure, OrOverflow, Result};
use crate::market::{Done, Market};
use crate::HedgeDesk;

/// Most legs of a plan.
const MAX_LEGS: usize = 4;
/// Gas of a transaction that the desk does not see: its base, its calldata, and what comes after the measurement.
const UNSEEN_GAS: u64 = 90_000;
/// Wei of an ether, in micro-USD of a USD.
const WEI_PER_MICRO: u128 = 1_000_000_000_000;

impl HedgeDesk {
    /// Hedges along a plan: what was hedged, in units of the underlying, and the reward.
    pub(crate) fn hedge_along(&mut self, plan: &Plan) -> Result<(I256, U256)> {
        let gas = self.vm().evm_gas_left();
        let market = self.planned(plan)?;
        let (done, units) = self.trade_legs(&market, &plan.legs)?;
        self.conclude(&market, &done, units, gas, plan.payee)
    }

    /// The market that a plan was made for, in time.
    pub(crate) fn planned(&self, plan: &Plan) -> Result<Market> {
        let timestamp = U256::from_limbs([self.vm().block_timestamp(), 0, 0, 0]);
        ensure(timestamp <= plan.deadline, || DeadlinePassed { deadline: plan.deadline, timestamp })?;
        let market = self.market()?;
        ensure(plan.spot == market.price(), || PlanStale { spot: market.price(), planned: plan.spot })?;
        check_legs(&market, &plan.legs)?;
        Ok(market)
    }

    /// Checks and pays a hedge that was done since there was `gas`: what was hedged, and the reward.
    pub(crate) fn conclude(
        &mut self,
        market: &Market,
        done: &Done,
        units: i128,
        gas: u64,
        payee: Address,
    ) -> Result<(I256, U256)> {
        let gas = gas.saturating_sub(self.vm().evm_gas_left()).saturating_add(UNSEEN_GAS);
        let work = market.work(done, self.worth_of_gas(gas)?);
        let reward =
            work.reward(&market.rules, &market.profile, &market.trigger, market.funds).or_overflow()?;
        let payee = if payee.is_zero() { self.vm().msg_sender() } else { payee };
        self.settle(market, done, &reward, payee)?;

        let (caller, size, cost) = (self.vm().msg_sender(), int(units), int(done.cost));
        let (benefit, paid) = (uint(reward.benefit), uint(reward.total()));
        emit(self.vm(), &Rebalanced { caller, payee, size, cost, benefit, reward: paid });
        Ok((size, paid))
    }

    /// Trades the legs, each by what the vault measured.
    fn trade_legs(&mut self, market: &Market, legs: &[Leg]) -> Result<(Done, i128)> {
        let (mut done, mut units) = (Done { size: 0, cost: 0 }, 0_i128);
        for leg in legs {
            let size = to_i128(leg.size).or_overflow()?;
            let cash = i128::try_from(self.trade(leg)?).or_overflow()?;
            let value = market.counted(size)?;
            // What was bought cost the cash, what was sold brought it.
            let paid = if size > 0 { cash } else { cash.saturating_neg() };
            done.size = done.size.checked_add(value).or_overflow()?;
            done.cost = done.cost.checked_add(paid.checked_sub(value).or_overflow()?).or_overflow()?;
            units = units.checked_add(size).or_overflow()?;
        }
        Ok((done, units))
    }

    /// What gas is paid for [micro-USD].
    fn worth_of_gas(&self, gas: u64) -> Result<u128> {
        let price = to_u128(self.vm().block_basefee()).or_overflow()?;
        let [ether] = *self.ether.get().as_limbs();
        let wei = price.checked_mul(gas.into()).or_overflow()?;
        Ok(wei.checked_mul(ether.into()).or_overflow()? / WEI_PER_MICRO)
    }

    /// Checks the post-conditions, pays the reward and stores what there is to store.
    fn settle(&mut self, market: &Market, done: &Done, reward: &Reward, payee: Address) -> Result<()> {
        let paid = reward.total();
        market.verify(done, reward.gas, paid)?;
        self.note(market, market.trigger.deviation.saturating_sub(done.size));
        if paid > 0 {
            let left = Work::paid(&market.rules, reward, &market.budget, market.now).or_overflow()?;
            self.store_budget(&left);
            self.pay(payee, paid)?;
        }
        Ok(())
    }
}

/// Refuses a plan without legs, with too many, or with one that goes the wrong way. The rest is for the post-conditions.
fn check_legs(market: &Market, legs: &[Leg]) -> Result<()> {
    ensure(!legs.is_empty(), || NoLegs {})?;
    ensure(legs.len() <= MAX_LEGS, || TooManyLegs {
        legs: uint(u128::try_from(legs.len()).unwrap_or(u128::MAX)),
        limit: uint(4),
    })?;
    let due = market.trigger.due;
    for leg in legs {
        let right = !leg.size.is_zero() && leg.size.is_positive() == (due > 0);
        ensure(due == 0 || right, || HedgeWrongWay { size: leg.size, due: int(due) })?;
    }
    ensure(due != 0, || HedgeNotDue {
        deviation: int(market.trigger.deviation),
        edge: uint(market.trigger.edge),
    })
}
