//! What is due: from the book, the hedges held, the orders under way, what the venues reach, and the band.
//!
//! ```text
//! target = -(book's delta)          position = hedges held + orders under way
//! gap = target - position           deviation = the part of the gap that venues can close
//! ```
//!
//! An order counts as done from the moment it is placed, so nothing is hedged twice, and a venue that holds nothing yet but
//! has an order is seen. From `order_patience` on it no longer counts, so an order that never fills blocks nothing: it is to
//! be cancelled first ([`Trigger::overdue`]), because if it filled as well the hedge would be done twice.
//!
//! Amounts are exact while their sums stay in 128 bits, and held at the ends of that range beyond it.

use super::{Clock, Rules, usd};
use crate::{Band, hedge_due};

/// An order that was sent to a venue and has neither filled nor been cancelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// What it would add to the hedges [micro-USD].
    pub size: i128,
    /// When it was placed.
    pub placed: u32,
}

/// Hedges that the venues together can come to hold [micro-USD]; none when `low` exceeds `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The least, 0 where nothing can be sold short.
    pub low: i128,
    /// The most.
    pub high: i128,
}

/// Where the vault stands.
#[derive(Clone, Copy, Debug)]
pub struct Stand<'a> {
    /// Delta of the book alone [micro-USD].
    pub book: i128,
    /// Hedges held at all venues [micro-USD].
    pub held: i128,
    /// Orders under way.
    pub orders: &'a [Order],
    /// What venues reach.
    pub reach: Reach,
}

/// What is due, and from what it follows [micro-USD].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trigger {
    /// Hedges that would leave no delta.
    pub target: i128,
    /// Hedges held, and orders under way that still count.
    pub position: i128,
    /// Target less position: the vault's net delta, the other way round.
    pub gap: i128,
    /// What of the gap the venues can close: of its sign, and no greater.
    pub deviation: i128,
    /// Orders that have had their time: to be cancelled before a hedge.
    pub overdue: u32,
    /// |deviation| beyond which a hedge is due.
    pub edge: u128,
    /// |deviation| that a hedge returns to.
    pub inner: u128,
    /// The hedge that is due, 0 for none: never beyond the inner edge, so never past the target.
    pub due: i128,
}

impl Stand<'_> {
    /// What is due at `now`.
    #[must_use]
    pub fn trigger(&self, band: &Band, clock: &Clock, rules: &Rules, now: u32) -> Trigger {
        let (mut position, mut overdue) = (self.held, 0_u32);
        for order in self.orders {
            if now.saturating_sub(order.placed) < rules.order_patience {
                position = position.saturating_add(order.size);
            } else {
                overdue = overdue.saturating_add(1);
            }
        }
        let target = self.book.saturating_neg();
        let gap = target.saturating_sub(position);
        let deviation = self.reach.part(target, position, gap);
        let inner = band.inner.min(band.outer);
        // Past the greatest wait, what is worth a hedge is due inside the band as well.
        let edge =
            if clock.overdue(rules, now) { band.outer.min(rest_edge(band, rules)) } else { band.outer };
        let due = hedge_due(deviation, &Band { inner, outer: edge });
        Trigger { target, position, gap, deviation, overdue, edge, inner, due }
    }
}

/// |deviation| up to which the vault is at rest: a hedge from less far out would be smaller than the least.
pub(crate) fn rest_edge(band: &Band, rules: &Rules) -> u128 {
    band.inner.min(band.outer).saturating_add(usd(rules.min_hedge))
}

impl Reach {
    /// The part of the gap from `position` to `target` that lies within reach.
    fn part(self, target: i128, position: i128, gap: i128) -> i128 {
        if self.low > self.high {
            return 0;
        }
        let reachable = target.clamp(self.low, self.high).saturating_sub(position);
        match (reachable.signum(), gap.signum()) {
            (1, 1) => reachable.min(gap),
            (-1, -1) => reachable.max(gap),
            _ => 0,
        }
    }
}

impl Trigger {
    /// What of the deviation is excess: how far it lies beyond the inner edge, 0 when no hedge is due.
    #[must_use]
    pub const fn excess(&self) -> u128 {
        self.due.unsigned_abs()
    }

    /// The least size of a hedge: `min_hedge`, or all that is due if that is less.
    #[must_use]
    pub fn least(&self, rules: &Rules) -> u128 {
        usd(rules.min_hedge).min(self.excess())
    }
}
