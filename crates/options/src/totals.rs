//! Sums over a book: signed lots times kernel words, at full width.

use maths::Word;

use crate::market::{Greeks, Market, Quoted};
use crate::series::StrikeGrid;

/// Lots times price and greeks, each in the unit of [`crate::Greeks`].
///
/// A term is below 2^31 lots times 2^64, or 2^87 for the price of a put: 2^9 of them cannot overflow, and of calls 2^32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// [lots x Q62 of spot]
    pub value: i128,
    /// [lots x Q62]
    pub delta: i128,
    /// [lots x Q50]
    pub gamma: i128,
    /// [lots x Q62 of spot]
    pub vega: i128,
    /// [lots x Q50 of spot]
    pub theta: i128,
    /// [lots x Q50]
    pub vanna: i128,
    /// [lots x Q50 of spot]
    pub volga: i128,
    /// Delta at two moved spots [lots x Q62]
    pub moved: [i128; 2],
}

impl Totals {
    /// Adds `lots` of an option.
    #[inline(always)]
    pub fn add(&mut self, lots: i32, option: &Quoted) {
        self.value = self.value.wrapping_add(wide(lots, option.greeks.price));
        self.add_greeks(lots, &option.greeks);
        self.add_moved(lots, option.moved);
    }

    #[inline(always)]
    fn add_greeks(&mut self, lots: i32, greeks: &Greeks) {
        self.delta = self.delta.wrapping_add(product(lots, greeks.delta));
        self.gamma = self.gamma.wrapping_add(product(lots, greeks.gamma));
        self.vega = self.vega.wrapping_add(product(lots, greeks.vega));
        self.theta = self.theta.wrapping_add(product(lots, greeks.theta));
        self.vanna = self.vanna.wrapping_add(product(lots, greeks.vanna));
        self.volga = self.volga.wrapping_add(product(lots, greeks.volga));
    }

    #[inline(always)]
    fn add_moved(&mut self, lots: i32, [below, above]: [i64; 2]) {
        let [below_sum, above_sum] = self.moved;
        self.moved =
            [below_sum.wrapping_add(product(lots, below)), above_sum.wrapping_add(product(lots, above))];
    }

    /// Adds calls by the lots in a stored slot: those of the grid's strikes from 8 `slot` on. A strike that is not on the grid has none.
    pub fn add_slot(
        &mut self,
        market: &Market,
        moves: Option<[Word; 2]>,
        grid: &StrikeGrid,
        slot: u8,
        word: &[u8; 32],
    ) {
        let mut sums = *self;
        grid.each_lots(slot, word, |strike, lots| {
            let (call, moved) = market.summand(strike, moves);
            sums.value = sums.value.wrapping_add(wide(lots, call.price));
            sums.add_greeks(lots, &call);
            if let Some(moved) = moved {
                sums.add_moved(lots, moved);
            }
        });
        *self = sums;
    }

    /// Turns `lots` of calls that were added, `index_sum` the sum of lots times grid index, into puts: each is worth K D / S - 1 more, and its
    /// delta is 1 less.
    pub fn add_puts(&mut self, lots: i64, index_sum: i64, grid: &StrikeGrid, market: &Market) {
        let strikes = market.strikes_value(grid, lots, index_sum);
        let one = i128::from(lots) << 62;
        self.value = self.value.saturating_add(strikes).saturating_sub(one);
        self.delta = self.delta.saturating_sub(one);
        self.theta = self.theta.saturating_add(market.carry(strikes));
        self.moved = self.moved.map(|delta| delta.saturating_sub(one));
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        let [below, above] = other.moved;
        let [below_sum, above_sum] = self.moved;
        *self = Self {
            value: self.value.saturating_add(other.value),
            delta: self.delta.saturating_add(other.delta),
            gamma: self.gamma.saturating_add(other.gamma),
            vega: self.vega.saturating_add(other.vega),
            theta: self.theta.saturating_add(other.theta),
            vanna: self.vanna.saturating_add(other.vanna),
            volga: self.volga.saturating_add(other.volga),
            moved: [below_sum.saturating_add(below), above_sum.saturating_add(above)],
        };
    }
}

/// The signed lots in a stored slot.
pub fn lots(word: &[u8; 32]) -> impl Iterator<Item = i32> + use<> {
    let (numbers, _) = word.as_chunks::<4>();
    let mut all = [0_i32; 8];
    for (lots, bytes) in all.iter_mut().zip(numbers) {
        *lots = i32::from_be_bytes(*bytes);
    }
    all.into_iter()
}

/// lots x word without a 128-bit multiplication: the word in halves, each product below 2^63 in magnitude.
#[inline(always)]
fn product(lots: i32, word: i64) -> i128 {
    let lots = i64::from(lots);
    let (high, low) = (word >> 32, word & 0xffff_ffff);
    let (high, low) = (lots.wrapping_mul(high), lots.wrapping_mul(low));
    (i128::from(high) << 32).wrapping_add(low.into())
}

/// As [`product`], for a price that may exceed a word: below 2^87.
#[inline(always)]
fn wide(lots: i32, price: i128) -> i128 {
    match i64::try_from(price) {
        Ok(word) => product(lots, word),
        Err(_) => i128::from(lots).wrapping_mul(price),
    }
}
