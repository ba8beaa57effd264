//! A book valued at other spots and vols: price only, in short words, with everything that scenarios share worked out once.
//!
//! A scenario moves spot by a factor m at once and scales the vol of an expiry by a factor f; vol by strike is unchanged (sticky strike). With
//! kappa = K D / S and sd at the spot of now, a call in units of that spot is
//!
//! ```text
//! m N(d1) - kappa N(d2) = m [d1 >= 0] - kappa [d2 >= 0] + m n(d1) (s(d2) R(|d2|) - s(d1) R(|d1|)),   d = (ln m - ln kappa) / (f sd) +- f sd / 2
//! ```
//!
//! with s the sign and R Mills' ratio. ln kappa and the variance at the strike are the same in every scenario, and the sd in every spot.
//!
//! The error of an option is below 3e-9 of spot, of the scenario's where that is higher. That is why losses are differences of values from here, never
//! of one from here and one from [`crate::Market`].

use core::num::Wrapping;

use maths::{Word, cut, ln, min, mul, normal, reciprocal, shl, short_density, short_mills};

use crate::black::{Deviation, Moneyness, Scaled};
use crate::market::Market;
use crate::series::StrikeGrid;

/// Spots of a grid of scenarios.
pub const SPOTS: usize = 9;
/// Vols of a grid of scenarios.
pub const VOLS: usize = 3;

/// One in millionths.
const MILLION: i64 = 1_000_000;
/// ln of that in Q57.
const LN_MILLION: Word = Wrapping(1_991_024_902_424_993_860);
/// Least and greatest factor of spot [1e-6].
const FACTORS: core::ops::RangeInclusive<i64> = 50_000..=4_000_000;
/// Least and greatest factor of vol [1e-6].
const SCALES: core::ops::RangeInclusive<i64> = 250_000..=4_000_000;
/// |d| beyond which a tail is nothing: 6.5 in Q29, where it is 4e-11.
const CUT: Word = Wrapping(13 << 28);
/// Lots in all from which a sum could leave its word.
const MOST_LOTS: u64 = 1 << 30;

/// Why there are no scenarios, or no values in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StressError {
    /// A factor is out of its range.
    Factor {
        /// It [1e-6]
        factor: i64,
        /// The least that it may be [1e-6]
        least: i64,
        /// The most that it may be [1e-6]
        most: i64,
    },
    /// More lots than the sums have room for, long and short together.
    Lots {
        /// How many
        lots: u64,
        /// The number that is too many
        limit: u64,
    },
}

fn within(factor: i64, range: &core::ops::RangeInclusive<i64>) -> Result<i64, StressError> {
    if range.contains(&factor) {
        return Ok(factor);
    }
    Err(StressError::Factor { factor, least: *range.start(), most: *range.end() })
}

/// The spots of a grid.
#[derive(Clone, Copy, Debug)]
pub struct Moves {
    /// m [Q30]
    factors: [i64; SPOTS],
    /// ln m [Q52]
    logs: [Word; SPOTS],
}

impl Moves {
    /// Of relative moves of spot [1e-6], each of which leaves between a twentieth of spot and four times it.
    ///
    /// # Errors
    /// The first factor out of that range.
    #[inline(never)]
    pub fn new(moves: &[i32; SPOTS]) -> Result<Self, StressError> {
        let (mut factors, mut logs) = ([0; SPOTS], [Wrapping(0); SPOTS]);
        for ((by, factor), log) in moves.iter().zip(&mut factors).zip(&mut logs) {
            let millionths = within(MILLION.saturating_add((*by).into()), &FACTORS)?;
            *factor = nearest(millionths << 30, MILLION);
            *log = (ln(millionths.unsigned_abs()) - LN_MILLION + Wrapping(1 << 4)) >> 5;
        }
        Ok(Self { factors, logs })
    }
}

/// A factor that an expiry's vols are scaled by.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// f [Q60]
    factor: Word,
    /// 1 / f; the mantissa is in (1/2, 1].
    inverse: Scaled,
}

impl Scale {
    /// By a relative change of vol [1e-6] that leaves between a quarter of it and four times it.
    ///
    /// # Errors
    /// A factor out of that range.
    #[inline(never)]
    pub fn new(change: i32) -> Result<Self, StressError> {
        let millionths = within(MILLION.saturating_add(change.into()), &SCALES)?;
        // 4e6 in Q40 is below 2^62.
        let factor = nearest(millionths << 40, MILLION);
        let (mantissa, exponent) = normal(factor.unsigned_abs());
        let inverse = Scaled { mantissa: reciprocal(mantissa), exponent: Wrapping(40) - exponent };
        Ok(Self { factor: Wrapping(factor) << 20, inverse })
    }
}

/// `x` / `y` to the nearest, for x, y > 0 and far inside i64.
fn nearest(x: i64, y: i64) -> i64 {
    x.saturating_add(y >> 1).checked_div(y).unwrap_or_default()
}

/// Values of a book in each scenario of a grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stress {
    /// Of the calls [lots x Q30 of spot]
    calls: [[i64; SPOTS]; VOLS],
    /// Lots long and short.
    lots: u64,
    /// Present value of the strikes of the lots that are puts [lots x Q30 of spot]
    strikes: i128,
    /// Net lots that are puts.
    puts: i64,
}

impl Stress {
    /// Adds `lots` of a call. A put is a call and an entry in [`Stress::add_puts`].
    ///
    /// A call is below 4 in Q30, and lots are below 2^30 in all, or [`Stress::value`] has none: sums stay below 2^62.
    #[inline(never)]
    pub fn add(&mut self, market: &Market, moves: &Moves, scales: &[Scale; VOLS], strike: u64, lots: i32) {
        let (money, deviation) = market.standing(strike);
        let strike = Strike::new(&money);
        self.lots = self.lots.saturating_add(lots.unsigned_abs().into());
        let lots = Wrapping(i64::from(lots));
        for (sums, scale) in self.calls.iter_mut().zip(scales) {
            let vol = Vol::new(&deviation, scale);
            for ((sum, log), factor) in sums.iter_mut().zip(&moves.logs).zip(&moves.factors) {
                *sum = (Wrapping(*sum) + strike.call(&vol, *log, Wrapping(*factor)) * lots).0;
            }
        }
    }

    /// Adds calls by the lots in a stored slot: those of the grid's strikes from 8 `slot` on. A strike that is not on the grid has none.
    pub fn add_slot(
        &mut self,
        market: &Market,
        moves: &Moves,
        scales: &[Scale; VOLS],
        grid: &StrikeGrid,
        slot: u8,
        word: &[u8; 32],
    ) {
        grid.each_lots(slot, word, |strike, lots| self.add(market, moves, scales, strike, lots));
    }

    /// Turns `lots` of calls that were added, `index_sum` the sum of lots times grid index, into puts: each is worth K D / S - m more.
    pub fn add_puts(&mut self, market: &Market, grid: &StrikeGrid, lots: i64, index_sum: i64) {
        let strikes = market.strikes_value(grid, lots, index_sum);
        self.strikes = self.strikes.saturating_add(strikes >> 32);
        self.puts = self.puts.saturating_add(lots);
    }

    /// The book's value in each scenario, in units of the spot of now [lots x Q30].
    ///
    /// # Errors
    /// A book of 2^30 lots or more, long and short together.
    pub fn values(&self, moves: &Moves) -> Result<[[i128; SPOTS]; VOLS], StressError> {
        if self.lots >= MOST_LOTS {
            return Err(StressError::Lots { lots: self.lots, limit: MOST_LOTS });
        }
        let mut values = [[0; SPOTS]; VOLS];
        for (row, calls) in values.iter_mut().zip(&self.calls) {
            for ((value, call), factor) in row.iter_mut().zip(calls).zip(&moves.factors) {
                // 2^63 lots times 2^32; the strikes of an expiry are at most 2^96.
                let forwards = i128::from(self.puts).wrapping_mul((*factor).into());
                *value = self.strikes.wrapping_sub(forwards).wrapping_add((*call).into());
            }
        }
        Ok(values)
    }
}

/// What the scenarios of a strike share.
struct Strike {
    /// ln kappa [Q52]
    log: Word,
    /// kappa [Q30], cut at 2^24
    kappa: Word,
}

/// What the spots of a strike share at one vol.
struct Vol {
    /// sd / 2 [Q57], which is 16 sd in Q52
    half: Word,
    /// sd / 2 [Q52]
    near_half: Word,
    /// 1 / sd, a mantissa of at most 1 [Q57]
    inverse: Word,
    /// The exponent of 1 / sd, and 5.
    up: Word,
}

impl Strike {
    #[inline(always)]
    fn new(money: &Moneyness) -> Self {
        let kappa = money.kappa().wide.saturating_add(1 << 31) >> 32;
        Self { log: money.log57 >> 5, kappa: Wrapping(i64::try_from(kappa).unwrap_or(i64::MAX)) }
    }

    /// The call in units of the spot of now [Q30].
    ///
    /// The distance x = ln m - ln kappa is cut to 16 sd in Q52, so x / sd stays in it, and where it is cut both |d| are beyond 6.5, as sd / 2 is
    /// below 9.2. x / sd is rounded for both d at once, which is no more than a change of x by 2^-47. The density below 0.4 in Q31 times Mills' ratios below 1.26 each is below 2^62, and m
    /// below 4 in Q30 times what comes of it, at most 1 in Q30, is below 2^62.
    #[inline(always)]
    fn call(&self, vol: &Vol, log: Word, factor: Word) -> Word {
        let far = cut(log - self.log, vol.half);
        let centre = shl(mul(far, vol.inverse), vol.up);
        let (d1, d2) = (centre + vol.near_half, centre - vol.near_half);
        let (out1, out2) = (d1 >> 63, d2 >> 63);
        let (x1, x2) = (short(d1, out1), short(d2, out2));
        // -s R: R itself for a negative d.
        let (tail1, tail2) = ((short_mills(x1) ^ !out1) - !out1, (short_mills(x2) ^ !out2) - !out2);
        let time = (short_density(x1) * (tail1 - tail2) + Wrapping(1 << 31)) >> 32;
        (factor & !out1) - (self.kappa & !out2) + ((factor * time + Wrapping(1 << 29)) >> 30)
    }
}

impl Vol {
    /// sd is below 19, so 1 / sd is above 2^-5: the sum of exponent and 5 is not negative.
    #[inline(always)]
    fn new(deviation: &Deviation, scale: &Scale) -> Self {
        let half = mul(deviation.half, scale.factor) << 2;
        let exponent = deviation.inverse.exponent + scale.inverse.exponent;
        Self {
            half,
            near_half: half >> 5,
            inverse: mul(deviation.inverse.mantissa, scale.inverse.mantissa) >> 5,
            up: exponent + Wrapping(5),
        }
    }
}

/// |d| in Q29 to the nearest, cut, from d in Q52 and its sign. The two are rounded apart, so a unit is a change of sd.
#[inline(always)]
fn short(d: Word, sign: Word) -> Word {
    min(((d ^ sign) - sign + Wrapping(1 << 22)) >> 23, CUT)
}
