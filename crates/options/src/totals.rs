//! Sums over a book: signed lots times kernel words, at full width.

use crate::market::{Greeks, Market};
use crate::series::StrikeGrid;

/// Lots times price, delta, gamma, vega and theta, each in the unit of [`Greeks`].
///
/// A term is below 2^31 lots times 2^72, so 2^24 of them cannot overflow; sums saturate rather than wrap beyond that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// [lots x Q62 of spot]
    pub value: i128,
    /// [lots x Q62]
    pub delta: i128,
    /// [lots x Q48]
    pub gamma: i128,
    /// [lots x Q62 of spot]
    pub vega: i128,
    /// [lots x Q48 of spot]
    pub theta: i128,
}

impl Totals {
    /// Adds `lots` of an option.
    pub fn add(&mut self, lots: i32, greeks: &Greeks) {
        let wide = i128::from(lots).saturating_mul(greeks.price);
        self.value = self.value.saturating_add(wide);
        self.delta = self.delta.saturating_add(product(lots, greeks.delta));
        self.gamma = self.gamma.saturating_add(product(lots, greeks.gamma));
        self.vega = self.vega.saturating_add(product(lots, greeks.vega));
        self.theta = self.theta.saturating_add(product(lots, greeks.theta));
    }

    /// Turns `lots` of calls that were added, `index_sum` the sum of lots times grid index, into puts: each is worth K D / S - 1 more, and its
    /// delta is 1 less.
    pub fn add_puts(&mut self, lots: i64, index_sum: i64, grid: &StrikeGrid, market: &Market) {
        let of = |strike: u64, count: i64| market.strike_value(strike).saturating_mul(count.into());
        let strikes = of(grid.base, lots).saturating_add(of(grid.step, index_sum));
        let one = i128::from(lots) << 62;
        self.value = self.value.saturating_add(strikes).saturating_sub(one);
        self.delta = self.delta.saturating_sub(one);
        self.theta = self.theta.saturating_add(market.carry(strikes));
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.value = self.value.saturating_add(other.value);
        self.delta = self.delta.saturating_add(other.delta);
        self.gamma = self.gamma.saturating_add(other.gamma);
        self.vega = self.vega.saturating_add(other.vega);
        self.theta = self.theta.saturating_add(other.theta);
    }
}

/// lots x word without a 128-bit multiplication: the word in halves, each product below 2^63 in magnitude.
#[inline(always)]
fn product(lots: i32, word: i64) -> i128 {
    let lots = i64::from(lots);
    let (high, low) = (word >> 32, word & 0xffff_ffff);
    let (high, low) = (lots.wrapping_mul(high), lots.wrapping_mul(low));
    (i128::from(high) << 32).wrapping_add(low.into())
}
