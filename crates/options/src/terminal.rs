//! What a book is worth at settlement: exact, because payoffs are straight lines between strikes.
//!
//! A grid of scenarios looks at a few spots; a loss can hide between two of them, as a short butterfly's does. At expiry the payoff with its
//! hedge is linear between neighbouring strikes, so its least value lies at spot 0, at a strike, or beyond the last strike, where only the slope
//! is left to look at.

use crate::series::StrikeGrid;

/// Bits below a lot in which a hedge is counted.
const HEDGE: u32 = 32;

/// The least value of one expiry's payoff with a hedge, over a range of spots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// [lots x micro-USD, Q32]
    pub least: i128,
    /// The lowest spot where that is [micro-USD]
    pub at: u64,
    /// Change of the value with spot beyond the last strike [lots, Q32]; where it is negative a loss has no bound.
    pub slope: i128,
}

/// Where a walk along the payoff has come to.
struct Walk {
    from: u64,
    to: u64,
    at: u64,
    value: i128,
    slope: i128,
    least: Option<(i128, u64)>,
}

impl Terminal {
    /// Of net lots at each strike of `grid`, calls and puts together, of which `puts` net lots are puts, with sum `put_index_sum` of lots times grid
    /// index, and of a `hedge` in the underlying [lots, Q32], at spots from `from` to `to` [micro-USD].
    ///
    /// A put is a call less the underlying plus its strike, so the value at spot 0 is the strikes of the puts, the slope there is the hedge less the
    /// puts, and each strike adds its lots to the slope.
    ///
    /// `None` where `from` exceeds `to`, or a number leaves 128 bits, for which the hedge has to be beyond 2^32 lots.
    #[must_use]
    pub fn new(
        grid: &StrikeGrid,
        lots: impl Iterator<Item = i32>,
        (puts, put_index_sum): (i64, i64),
        hedge: i128,
        [from, to]: [u64; 2],
    ) -> Option<Self> {
        let strikes = i128::from(puts)
            .checked_mul(grid.base.into())?
            .checked_add(i128::from(put_index_sum).checked_mul(grid.step.into())?)?;
        let (value, slope) =
            (strikes.checked_mul(1 << HEDGE)?, hedge.checked_sub(i128::from(puts) << HEDGE)?);
        let mut walk = Walk { from, to, at: 0, value, slope, least: None };
        walk.note(0, value);

        let mut strike = grid.base;
        for lots in lots.take(grid.count.into()) {
            walk.go(strike)?;
            walk.slope = walk.slope.checked_add(i128::from(lots) << HEDGE)?;
            strike = strike.checked_add(grid.step)?;
        }
        walk.go(to.max(walk.at))?;
        let (least, at) = walk.least?;
        Some(Self { least, at, slope: walk.slope })
    }
}

impl Walk {
    /// Follows a straight piece to spot `next`: its least value within the range lies at an end of what of it is within.
    fn go(&mut self, next: u64) -> Option<()> {
        for end in [self.from, self.to] {
            if self.at < end && end < next {
                self.note(end, self.on(end)?);
            }
        }
        self.value = self.on(next)?;
        self.at = next;
        self.note(next, self.value);
        Some(())
    }

    /// Keeps the least value within the range.
    fn note(&mut self, spot: u64, value: i128) {
        let lower = self.least.is_none_or(|(least, _)| value < least);
        if lower && self.from <= spot && spot <= self.to {
            self.least = Some((value, spot));
        }
    }

    /// The value at a spot of the piece.
    fn on(&self, spot: u64) -> Option<i128> {
        self.value.checked_add(self.slope.checked_mul(spot.checked_sub(self.at)?.into())?)
    }
}
