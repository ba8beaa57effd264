//! What a book is worth at settlement: exact, because payoffs are straight lines between strikes.
//!
//! A grid of scenarios looks at a few spots; a loss can hide between two of them, as a short butterfly's does. At expiry the payoff with its
//! hedge is linear between neighbouring strikes, so its least value lies at spot 0, at a strike, or beyond the last strike, where only the slope
//! is left to look at.

use crate::series::StrikeGrid;

/// Bits below a lot in which a hedge is counted.
const HEDGE: u32 = 32;

/// The least value of one expiry's payoff with a hedge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// [lots x micro-USD, Q32]
    pub least: i128,
    /// The spot where that is [micro-USD]
    pub at: u64,
    /// Change of the value with spot beyond the last strike [lots, Q32]; where it is negative a loss has no bound.
    pub slope: i128,
}

impl Terminal {
    /// Of net lots at each strike of `grid`, calls and puts together, of which `puts` net lots are puts, with sum `put_index_sum` of lots times grid
    /// index, and of a `hedge` in the underlying [lots, Q32]. Beyond the last strike the value is followed up to spot `top` [micro-USD].
    ///
    /// A put is a call less the underlying plus its strike, so the value at spot 0 is the strikes of the puts, the slope there is the hedge less the
    /// puts, and each strike adds its lots to the slope.
    ///
    /// `None` where a number leaves 128 bits, for which the hedge has to be beyond 2^32 lots.
    #[must_use]
    pub fn new(
        grid: &StrikeGrid,
        lots: impl Iterator<Item = i32>,
        puts: i64,
        put_index_sum: i64,
        hedge: i128,
        top: u64,
    ) -> Option<Self> {
        let strikes = i128::from(puts)
            .checked_mul(grid.base.into())?
            .checked_add(i128::from(put_index_sum).checked_mul(grid.step.into())?)?;
        let mut value = strikes.checked_mul(1 << HEDGE)?;
        let mut line = Self { least: value, at: 0, slope: hedge.checked_sub(i128::from(puts) << HEDGE)? };

        let (mut at, mut strike) = (0, grid.base);
        for lots in lots.take(grid.count.into()) {
            value = line.follow(value, at, strike)?;
            line.slope = line.slope.checked_add(i128::from(lots) << HEDGE)?;
            (at, strike) = (strike, strike.checked_add(grid.step)?);
        }
        line.follow(value, at, top.max(at))?;
        Some(line)
    }

    /// The value at `to`, from that at `from`; keeps the least.
    fn follow(&mut self, value: i128, from: u64, to: u64) -> Option<i128> {
        let value = value.checked_add(self.slope.checked_mul(to.checked_sub(from)?.into())?)?;
        if value < self.least {
            (self.least, self.at) = (value, to);
        }
        Some(value)
    }
}
