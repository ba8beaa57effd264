//! What a hedge is paid.
//!
//! ```text
//! gas    = min(measured gas, gas_cap), nothing for less than min_hedge
//! saving = max(0, B - cost - gas)
//! share  = min(r(t) reward_share saving, reward_cap of the notional, spread floor of the notional - cost)
//! reward = min(gas + share, budget)
//! ```
//!
//! B and the notional count seasoned excess alone, as if the book were as far out as that; the cost is its part of what was
//! paid beyond the oracle's price. Because J's increments add up, hedges in parts have the savings of the whole, and each
//! bears gas of its own. Discount and share together never exceed the spread floor: whoever makes an excess by trading has
//! paid at least that for it. A hedge that does not pay for itself is paid its gas, so it is done.

use super::budget::Budget;
use super::rules::floor_rate;
use super::slip::ramped;
use super::{Rules, Trigger, at_rate, benefit, usd};
use crate::Profile;

/// What a hedge did [micro-USD].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// How much was hedged, at the oracle's price.
    pub size: u128,
    /// What it paid beyond the oracle's price: venue's price and fee, or discount. Below zero it was better.
    pub cost: i128,
    /// Excess that counts.
    pub seasoned: u128,
    /// How long it has been due.
    pub waited: u32,
    /// Gas that was measured, in money.
    pub gas: u128,
}

/// A reward and its parts [micro-USD].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reward {
    /// B of the seasoned excess that was hedged.
    pub benefit: u128,
    /// For gas.
    pub gas: u128,
    /// Of what the hedge saves.
    pub share: u128,
}

impl Reward {
    /// What is paid.
    #[must_use]
    pub const fn total(&self) -> u128 {
        self.gas.saturating_add(self.share)
    }
}

impl Work {
    /// The reward of this hedge of what `trigger` found due, with `budget` left to pay it from. Rounded down.
    ///
    /// `None` beyond the domain of [`benefit`].
    #[must_use]
    pub fn reward(
        &self,
        rules: &Rules,
        profile: &Profile,
        trigger: &Trigger,
        budget: u128,
    ) -> Option<Reward> {
        let gas = if self.size < usd(rules.min_hedge) { 0 } else { self.gas };
        let gas = gas.min(rules.gas_cap.into()).min(budget);
        let counted = self.size.min(self.seasoned).min(trigger.excess());
        if counted == 0 {
            return Some(Reward { benefit: 0, gas, share: 0 });
        }
        // The gap as it would be without the excess that is young.
        let young = trigger.excess().saturating_sub(self.seasoned);
        let before = trigger.gap.unsigned_abs().saturating_sub(young);
        let after = before.saturating_sub(counted);
        let benefit = benefit(profile, self.waited, signed(before)?, signed(after)?)?;

        let cost = u128::try_from(self.cost).unwrap_or(0);
        let cost = maths::mul_div_up(cost, counted, self.size)?;
        let saving = benefit.saturating_sub(cost).saturating_sub(gas);
        let rate = ramped(rules.reward_share, self.waited, rules.reward_span);
        let share = at_rate(saving, rate)?
            .min(at_rate(counted, rules.reward_cap)?)
            .min(at_rate(counted, floor_rate(profile))?.saturating_sub(cost))
            .min(budget.saturating_sub(gas));
        Some(Reward { benefit, gas, share })
    }

    /// The budget after `reward`; `None` when there is less in it.
    #[must_use]
    pub fn paid(rules: &Rules, reward: &Reward, budget: &Budget, now: u32) -> Option<Budget> {
        budget.pay(rules, reward.total(), now)
    }
}

fn signed(size: u128) -> Option<i128> {
    i128::try_from(size).ok()
}
