//! Depth by strike: an expiry's vega is charged more where its weight is low.
//!
//! The vega form charges an expiry nu^2 V^2 for its net vega V, wherever it lies. With weights w_b over strips of strikes,
//! w_b > 0 and w_0 = 1 - sum_b w_b >= 0 left over, it is charged nu^2 sum_b V_b^2 / w_b instead: the depth of strip b is the
//! part w_b of the expiry's. What that adds is again a sum of squares of linear forms,
//!
//! ```text
//! sum_b V_b^2 / w_b - V^2 = w_0 V^2 + sum_b (V_b - w_b V)^2 / w_b,     V = sum_b V_b
//! ```
//!
//! so J stays convex and a function of the state alone: no weights open a round trip at one state. Because the weights have a
//! budget of one, J is never below what it is without them, and equal to it for vega that is spread as they are.

use crate::real::Real;

/// Strips of an expiry: eight strikes each on a grid of 64, which share a word of storage.
pub const STRIPS: usize = 8;

/// One in the fixed point of weights.
const WHOLE: u32 = 1_000_000;

/// Net vega of one expiry's strips, and the weight of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Time to expiry, in seconds.
    pub seconds: u32,
    /// Vega of each strip [micro-USD per 1.00 of vol].
    pub vega: [i64; STRIPS],
    /// Weight of each strip [1e-6].
    pub weights: Weights,
}

/// Weights of an expiry's strips [1e-6].
pub type Weights = [u32; STRIPS];

/// Why weights are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightsError {
    /// They sum to more than one.
    OverBudget {
        /// Their sum [1e-6]
        sum: u64,
        /// The most that they may sum to [1e-6]
        budget: u64,
    },
    /// A strip that has strikes has no weight.
    Missing {
        /// Which strip
        strip: usize,
    },
}

/// Checks weights for an expiry whose strikes lie in its first `strips` strips.
///
/// # Errors
/// What is wrong with them, as [`WeightsError`] says.
pub fn check_weights(weights: &Weights, strips: usize) -> Result<(), WeightsError> {
    let sum = total(weights);
    if sum > WHOLE.into() {
        return Err(WeightsError::OverBudget { sum, budget: WHOLE.into() });
    }
    match weights.iter().take(strips).position(|weight| *weight == 0) {
        Some(strip) => Err(WeightsError::Missing { strip }),
        None => Ok(()),
    }
}

/// Eight 32-bit numbers stay in 64 bits.
fn total(weights: &Weights) -> u64 {
    weights.iter().fold(0, |sum, weight| sum.saturating_add((*weight).into()))
}

/// Calls `add` with each term, `scale` being what a vega^2 per second is charged: w_0 V^2 / t, then (V_b - w_b V)^2 / (w_b t).
///
/// 1 / w_b and 1 / t are rounded down to multiples of 2^-64: what is charged is the form with those coefficients, exactly, and
/// convex for them. `None` when the weights sum to more than one, when a strip without weight has vega, or when `add` is.
pub(crate) fn for_each_term(
    depth: &Depth,
    seconds: u32,
    scale: Real,
    mut add: impl FnMut(Real) -> Option<()>,
) -> Option<()> {
    let unused = u64::from(WHOLE).checked_sub(total(&depth.weights))?;
    let sum = depth.vega.iter().fold(0_i128, |sum, vega| sum.wrapping_add((*vega).into()));
    let scale = scale.times(inverse(seconds)?).times(inverse(WHOLE)?);
    add(square(sum).times(scale).times(Real::new(unused, 0)))?;

    for (vega, weight) in depth.vega.iter().zip(depth.weights) {
        let Some(share) = inverse(weight) else {
            if *vega != 0 {
                return None;
            }
            continue;
        };
        // 1e6 (V_b - w_b V): 2^63 times 2^20, and 2^66 times 2^20.
        let own = i128::from(*vega).wrapping_mul(WHOLE.into());
        let apart = own.wrapping_sub(sum.wrapping_mul(weight.into()));
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
