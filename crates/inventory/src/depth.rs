//! Depth by strike: an expiry's vega is charged more where its weight is low.
//!
//! The vega form charges an expiry nu^2 V^2 for its net vega V, wherever it lies. With weights w_b over strips of strikes,
//! w_b > 0 and w_0 = 1 - sum_b w_b >= 0 left over, it is charged nu^2 sum_b V_b^2 / w_b instead: the depth of strip b is the
//! part w_b of the expiry's. What that adds,
//!
//! ```text
//! A(w) = sum_b V_b^2 / w_b - V^2 = w_0 V^2 + sum_b (V_b - w_b V)^2 / w_b,     V = sum_b V_b
//! ```
//!
//! is a sum of squares of linear forms, so J stays convex and a function of the state alone: no weights open a round trip at
//! one state. Because the weights have a budget of one, J is never below what it is without them, and equal to it for vega
//! that is spread as they are.
//!
//! # Changes
//!
//! No weights are no weight vector: they are A = 0. So what ramps is not the weights but what they add, (1 - p) A(from) +
//! p A(to) with p running from 0 to 1: one rule for weights that come, change and go. It is convex at every instant, linear in
//! time, and at every instant some weights' charge: those that are the harmonic means, whose sum is no larger.
//!
//! Who knows of a change could trade before it and back after it. [`Pace`] makes the ramp so slow that the spread of such a
//! round trip is more than it gains within [`RAMP`] seconds of it.

use maths::mul_div_up;

use crate::real::Real;
use crate::vega;

/// Strips of an expiry: eight strikes each on a grid of 64, which share a word of storage.
pub const STRIPS: usize = 8;

/// Least time that a change of weights takes [s]
pub const RAMP: u32 = 21_600;

/// One in the fixed point of weights.
const WHOLE: u8 = 200;

/// One in the fixed point of a blend's part.
const PART: u64 = 1 << 32;

/// Weights of an expiry's strips [1/200]: a half percent, so that halves to eighths are exact. All zero: no weights.
pub type Weights = [u8; STRIPS];

/// Weights on their way to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blend {
    /// What was.
    pub from: Weights,
    /// What comes.
    pub to: Weights,
    /// How much of what comes is in force [2^-32, at most one]
    pub part: u64,
}

impl Blend {
    /// Weights that do not change.
    #[must_use]
    pub fn still(weights: Weights) -> Self {
        Self { from: weights, to: weights, part: PART }
    }

    /// The blend `elapsed` seconds into a change that takes `span`.
    #[must_use]
    pub fn ramp(from: Weights, to: Weights, elapsed: u32, span: u32) -> Self {
        let scaled = u64::from(elapsed).wrapping_shl(32).checked_div(span.into());
        Self { from, to, part: scaled.unwrap_or(PART).min(PART) }
    }
}

/// Net vega of one expiry's strips, and the weight of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Place of the expiry's bucket in the exposure.
    pub bucket: usize,
    /// Vega of each strip [micro-USD per 1.00 of vol].
    pub vega: [i64; STRIPS],
    /// Weights of the strips.
    pub weights: Blend,
}

/// Why weights are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightsError {
    /// They sum to more than one.
    OverBudget {
        /// Their sum [1/200]
        sum: u32,
        /// The most that they may sum to [1/200]
        budget: u32,
    },
    /// A strip that has strikes has no weight.
    Missing {
        /// Which strip
        strip: usize,
    },
}

/// Checks weights for an expiry whose strikes lie in its first `strips` strips: all of them, or none.
///
/// # Errors
/// What is wrong with them, as [`WeightsError`] says.
pub fn check_weights(weights: &Weights, strips: usize) -> Result<(), WeightsError> {
    let (sum, budget) = (total(weights), WHOLE.into());
    if sum > budget {
        return Err(WeightsError::OverBudget { sum, budget });
    }
    match weights.iter().take(strips).position(|weight| *weight == 0) {
        Some(strip) if sum > 0 => Err(WeightsError::Missing { strip }),
        _ => Ok(()),
    }
}

/// Eight bytes stay in 32 bits.
fn total(weights: &Weights) -> u32 {
    weights.iter().fold(0, |sum, weight| sum.wrapping_add((*weight).into()))
}

/// How fast weights may change.
///
/// With k = (g/2) nu^2 h_V, J's slope in a strip's vega holds 2 k V_b / w_b, and without weights 2 k V. A change of weights moves
/// that slope by at most 2 k M c, where M is the cap on |vega|, of expiries and strips, and c = max_b |1/w_b - 1/w'_b|, or
/// max_b 1/w_b + 1 where weights come or go. A trade of vega v and its reverse pay 2 |v| x `vol_step` in spread at least, strip by
/// strip, so a ramp of 6 h x k M c / `vol_step` or more gives nothing back within 6 h that the spread does not take. Where weights
/// come or go one of the two may pay for the expiry's net vega alone, so c counts twice.
///
/// k grows towards the expiry: it counts at half of the time that is left, and a ramp may not take more than that half.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Risk aversion g [1e-18 per USD].
    pub risk_aversion: u64,
    /// Vol of vol of an expiry 30 days away [1e-6 of vol per sqrt(day)].
    pub vol_of_vol: u32,
    /// Horizon of the vega term [s].
    pub vega_horizon: u32,
    /// The spread of a trade for its vega [1e-6 of vol].
    pub vol_step: u32,
    /// Most |vega| of an expiry, and of each strip of it [USD].
    pub most_vega: u32,
}

impl Pace {
    /// Time that a change takes for an expiry `left` seconds away, and the most that it may take [s], rounded up and down; it is
    /// beyond all bounds where no spread stands against it.
    #[must_use]
    pub fn span(&self, left: u32, from: &Weights, to: &Weights) -> (u128, u32) {
        let most = left / 2;
        let span = self.least(vega::floored(most), step(from, to)).unwrap_or(u128::MAX);
        (span.max(RAMP.into()), most)
    }

    /// 6 h x (g/2) nu^2 (30 d / t) h_V M c / `vol_step`, c in millionths. The powers of ten of the units are 1e30 in all, of which 1e18 is
    /// divided by on the way. 64 bits and twice 32 stay in 128, as do 64 and 40; twice 32, and 32 with 31 or 19, stay in 64.
    fn least(&self, seconds: u32, step: u32) -> Option<u128> {
        let product = |a: u32, b: u32| u128::from(u64::from(a).wrapping_mul(b.into()));
        let variance = u128::from(self.risk_aversion).wrapping_mul(product(self.vol_of_vol, self.vol_of_vol));
        let time = product(self.vega_horizon, HALF_MONTH_RAMP);
        let rate = mul_div_up(variance, time, 1_000_000_000_000_000_000)?;
        let spread = product(seconds, self.vol_step).wrapping_mul(1_000_000_000_000);
        mul_div_up(rate, product(self.most_vega, step), spread)
    }
}

/// Half of 30, days, times the least ramp, seconds.
const HALF_MONTH_RAMP: u32 = 15 * RAMP;

/// c of [`Pace`], rounded up [1e-6].
fn step(from: &Weights, to: &Weights) -> u32 {
    let steps = from.iter().zip(to).map(|(from, to)| match (inverse_weight(*from), inverse_weight(*to)) {
        (Some(from), Some(to)) => from.abs_diff(to),
        (Some(only), None) | (None, Some(only)) => only.saturating_add(1_000_000).saturating_mul(2),
        (None, None) => 0,
    });
    steps.max().unwrap_or_default().saturating_add(2)
}

/// 1 / w, rounded down [1e-6].
fn inverse_weight(weight: u8) -> Option<u32> {
    200_000_000_u32.checked_div(weight.into())
}

/// Calls `add` with each term of what the weights add, `scale` being what a vega^2 per second is charged.
///
/// `None` when weights sum to more than one, when a strip without weight has vega beside strips that have weights, or when `add` is.
pub(crate) fn for_each_term(
    depth: &Depth,
    seconds: u32,
    scale: Real,
    mut add: impl FnMut(Real) -> Option<()>,
) -> Option<()> {
    let Blend { from, to, part } = &depth.weights;
    for (weights, part) in [(from, PART.checked_sub(*part)?), (to, *part)] {
        if part != 0 && total(weights) != 0 {
            let scale = scale.times(inverse(seconds)?).times(Real::new(part, -32));
            for_each_square(&depth.vega, weights, scale, &mut add)?;
        }
    }
    Some(())
}

/// w_0 V^2, then (V_b - w_b V)^2 / w_b, each times `scale`.
///
/// 1 / w_b and 1 / t are rounded down to multiples of 2^-64: what is charged is the form with those coefficients, exactly, and
/// convex for them.
fn for_each_square(
    vega: &[i64; STRIPS],
    weights: &Weights,
    scale: Real,
    mut add: impl FnMut(Real) -> Option<()>,
) -> Option<()> {
    let unused = u32::from(WHOLE).checked_sub(total(weights))?;
    let sum = vega.iter().fold(0_i128, |sum, vega| sum.wrapping_add((*vega).into()));
    let scale = scale.times(inverse(WHOLE.into())?);
    add(square(sum).times(scale).times(Real::new(unused.into(), 0)))?;

    for (vega, weight) in vega.iter().zip(weights) {
        let Some(share) = inverse((*weight).into()) else {
            if *vega != 0 {
                return None;
            }
            continue;
        };
        // 200 (V_b - w_b V): 2^63 times 2^8, and 2^66 times 2^8.
        let own = i128::from(*vega).wrapping_mul(WHOLE.into());
        let apart = own.wrapping_sub(sum.wrapping_mul((*weight).into()));
        add(square(apart).times(scale).times(share))?;
    }
    Some(())
}

/// 1 / x, rounded down to a multiple of 2^-64; a division of words costs a hundredth of one of wide numbers.
fn inverse(x: u32) -> Option<Real> {
    u64::MAX.checked_div(x.into()).map(|inverse| Real::new(inverse, -64))
}

fn square(x: i128) -> Real {
    let x = Real::wide(x.unsigned_abs(), 0);
    x.times(x)
}
