//! Every parameter of hedging, with its bounds.

use crate::Profile;

const MINUTE: u32 = 60;
const HOUR: u32 = 3_600;
const DAY: u32 = 86_400;

/// The parameters of hedging. Rates are millionths, durations seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Age from which a trade's delta counts for a discount or a reward, and length from which a dip into the band stops the clock.
    pub seasoning: u32,
    /// Time away from rest after which a hedge is due though the band's outer edge was never left.
    pub max_wait: u32,
    /// Age from which a pending order no longer counts as done: it is to be cancelled before another is placed.
    pub order_patience: u32,
    /// Least hedge that is not the whole of what is due, and least that is paid for its gas [whole USD].
    pub min_hedge: u32,
    /// Price cap at once [1e-6 from the oracle's price].
    pub slip_base: u32,
    /// Price cap after `slip_span` [1e-6].
    pub slip_max: u32,
    /// Time in which the price cap widens.
    pub slip_span: u32,
    /// What the auction asks over the oracle's price at its start [1e-6].
    pub auction_premium: u32,
    /// Time in which the auction's price goes to its end.
    pub auction_span: u32,
    /// Excess that doubles the auction's speed [whole USD].
    pub auction_scale: u32,
    /// Part of what a hedge saves that is paid for it [1e-6].
    pub reward_share: u32,
    /// Time in which that part ramps up from nothing.
    pub reward_span: u32,
    /// Most that is paid per notional, gas aside [1e-6].
    pub reward_cap: u32,
    /// Most that is paid for gas [micro-USD].
    pub gas_cap: u32,
    /// Most that is paid at once from a full budget [whole USD].
    pub budget: u32,
    /// Time in which an empty budget refills.
    pub budget_span: u32,
}

impl Default for Rules {
    /// Starting values for a market whose spread floor is 53 basis points of delta and whose hedges cost 8.
    fn default() -> Self {
        Self {
            seasoning: 10 * MINUTE,
            max_wait: DAY,
            order_patience: 15 * MINUTE,
            min_hedge: 250,
            slip_base: 2_000,
            slip_max: 6_000,
            slip_span: HOUR,
            auction_premium: 500,
            auction_span: 30 * MINUTE,
            auction_scale: 50_000,
            reward_share: 200_000,
            reward_span: 15 * MINUTE,
            reward_cap: 500,
            gas_cap: 500_000,
            budget: 500,
            budget_span: DAY,
        }
    }
}

/// A field of [`Rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub enum Rule {
    Seasoning,
    MaxWait,
    OrderPatience,
    MinHedge,
    SlipBase,
    SlipMax,
    SlipSpan,
    AuctionPremium,
    AuctionSpan,
    AuctionScale,
    RewardShare,
    RewardSpan,
    RewardCap,
    GasCap,
    Budget,
    BudgetSpan,
}

impl Rule {
    /// Its place among the fields.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "a variant without fields is its number")]
    pub const fn index(self) -> u8 {
        self as u8
    }
}

/// A field out of its bounds, in the field's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RulesError {
    /// Which.
    pub rule: Rule,
    /// What it is.
    pub value: u32,
    /// The least that it may be.
    pub least: u32,
    /// The most that it may be.
    pub most: u32,
}

impl Rules {
    /// Checks every bound, two of them against the market's profile:
    ///
    /// - `slip_max` is at most deviation + fee + hedging cost: what a trade pays for a unit of delta that it adds beyond the
    ///   edge, once as spread floor and once as J's slope. Whoever makes an excess, waits, and takes all that the price cap
    ///   gives when it is hedged has paid for it before.
    /// - `min_hedge` is at most half of `min_band`: from the outer edge to the inner one is that far, so the hedge that is due
    ///   is always large enough.
    ///
    /// # Errors
    /// The first field out of its bounds.
    pub fn check(&self, profile: &Profile) -> Result<(), RulesError> {
        let floor = floor_rate(profile);
        let slip_max = floor.saturating_add(profile.hedge_cost).min(100_000);
        let half_band = profile.min_band.min(profile.max_band) >> 1;
        let bounds = [
            (Rule::Seasoning, self.seasoning, 1, DAY),
            (Rule::MaxWait, self.max_wait, self.seasoning, DAY.saturating_mul(30)),
            (Rule::OrderPatience, self.order_patience, 1, DAY),
            (Rule::MinHedge, self.min_hedge, 1, half_band),
            (Rule::SlipMax, self.slip_max, 1, slip_max),
            (Rule::SlipBase, self.slip_base, 0, self.slip_max),
            (Rule::SlipSpan, self.slip_span, 1, DAY),
            (Rule::AuctionPremium, self.auction_premium, 0, 100_000),
            (Rule::AuctionSpan, self.auction_span, 1, DAY),
            (Rule::AuctionScale, self.auction_scale, 1, u32::MAX),
            (Rule::RewardShare, self.reward_share, 0, 500_000),
            (Rule::RewardSpan, self.reward_span, 1, DAY),
            (Rule::RewardCap, self.reward_cap, 0, floor),
            (Rule::GasCap, self.gas_cap, 0, 10_000_000),
            (Rule::Budget, self.budget, 0, 1_000_000),
            (Rule::BudgetSpan, self.budget_span, HOUR, DAY.saturating_mul(30)),
        ];
        for (rule, value, least, most) in bounds {
            if value < least || value > most {
                return Err(RulesError { rule, value, least, most });
            }
        }
        Ok(())
    }
}

/// What the spread floor takes at least for a unit of delta [1e-6]: the feed's deviation threshold, and the fee, because the
/// notional of a trade is at least its delta.
pub(crate) fn floor_rate(profile: &Profile) -> u32 {
    profile.deviation.saturating_add(profile.fee)
}
