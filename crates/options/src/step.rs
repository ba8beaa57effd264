//! How far a new slice moves the vol of a strike, and a new rate the forward.

use core::num::Wrapping;

use maths::{ONE, Word, ln, mul, root};

use crate::series::StrikeGrid;
use crate::slice::Slice;
use crate::svi::Svi;

/// A year in seconds in Q34.
const YEAR: u64 = 31_536_000 << 34;

/// Seconds of a year.
const SECONDS: u128 = 31_536_000;
/// Bits from a rate to a vol.
const RATE_TO_VOL: u32 = 17;

/// A strike whose vol moves too far, or a forward that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// [micro-USD]; none for the forward
    pub strike: u64,
    /// Vol by the last slice, nothing for the forward [Q47]
    pub from: i64,
    /// Vol by the new one, or how far the rate moves the forward's logarithm [Q47]
    pub to: i64,
}

/// Checks that a new rate, published `seconds` before expiry, moves the logarithm of the forward, and with it that of the discount, by no more than
/// `most` [Q47] from where the rate before has it: the move, |r' - r| T, rounded up [Q47].
///
/// # Errors
/// It moves further.
pub fn check_rate(before: i32, rate: i32, seconds: u32, most: u64) -> Result<u64, Step> {
    // 2^32 in Q30 times seconds below 2^32, and 2^17, are below 2^81.
    let change = u128::from(rate.abs_diff(before)).saturating_mul(seconds.into());
    let moved = change.unbounded_shl(RATE_TO_VOL).div_ceil(SECONDS);
    let moved = u64::try_from(moved).unwrap_or(u64::MAX);
    if moved > most {
        return Err(Step { strike: 0, from: 0, to: i64::try_from(moved).unwrap_or(i64::MAX) });
    }
    Ok(moved)
}

/// A slice's vols.
struct Vols {
    svi: Svi,
    /// ln of the forward [Q57]
    forward: Word,
    /// 1 / sqrt T [Q49]
    per_root_time: Word,
}

impl Vols {
    /// 1 / sqrt T of a second is below 2^13, and of ten years 2^-31 of itself off.
    fn new(slice: &Slice, seconds: u32) -> Self {
        let per_time = YEAR.checked_div(seconds.max(1).into()).unwrap_or_default();
        Self {
            svi: Svi::new(slice, ONE),
            forward: ln(slice.forward),
            per_root_time: root(per_time).root() << 1,
        }
    }

    /// sqrt(w / T) [Q47]
    fn at(&self, strike: Word) -> i64 {
        let variance = self.svi.variance(strike - self.forward);
        let deviation = if variance.0 > 0 { self.svi.root(variance).root() } else { Wrapping(0) };
        mul(deviation, self.per_root_time).0
    }
}

impl Slice {
    /// Vol at a strike by this slice, published `seconds` before its expiry [Q47]; relative error below 1e-9.
    ///
    /// Variance runs off in proportion to time at each strike, so until the next slice this is the vol.
    #[must_use]
    pub fn vol(&self, strike: u64, seconds: u32) -> i64 {
        Vols::new(self, seconds).at(ln(strike))
    }

    /// Checks that this slice, published `seconds` before expiry, moves no strike of a grid by more than `most` [Q47] from the vol by the `last`
    /// one, published `last_seconds` before expiry: the largest move [Q47]. Both pass [`Slice::check`].
    ///
    /// # Errors
    /// The lowest strike that moves further.
    pub fn check_step(
        &self,
        seconds: u32,
        (last, last_seconds): (&Self, u32),
        grid: &StrikeGrid,
        most: u64,
    ) -> Result<u64, Step> {
        let (new, old) = (Vols::new(self, seconds), Vols::new(last, last_seconds));
        let mut moved = 0;
        for strike in grid.strikes() {
            let log = ln(strike);
            let (from, to) = (old.at(log), new.at(log));
            if to.abs_diff(from) > most {
                return Err(Step { strike, from, to });
            }
            moved = to.abs_diff(from).max(moved);
        }
        Ok(moved)
    }
}
