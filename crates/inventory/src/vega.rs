//! The vega form: sum over expiries e, f of V_e V_f nu_e nu_f rho_ef, as a sum of squares.
//!
//! With nu_e = sqrt(30 d / t_e) and rho_ef = min(t_e, t_f) / max(t_e, t_f), for t_1 < t_2 < ... in days and t_0 = 0,
//!
//! ```text
//! sum_ef V_e V_f nu_e nu_f rho_ef = 30 d sum_f (t_f^2 - t_{f-1}^2) C_f^2,     C_f = sum_{e >= f} V_e t_e^{-3/2}
//! ```
//!
//! because nu_e nu_f rho_ef = 30 d (t_e t_f)^{-3/2} min(t_e, t_f)^2, and min(t_e, t_f)^2 is the sum of
//! t_k^2 - t_{k-1}^2 over k <= min(e, f). The right side costs one pass, and is non-negative and convex whatever the
//! rounding of the weights t^{-3/2}, as every C_f is an exact sum of integers.

use crate::real::Real;
use crate::{Bucket, MAX_BUCKETS};

/// Seconds in a day: the floor of the time to expiry, and the unit in which weights are 1 or less.
const DAY: u32 = 86_400;

/// Binary places of the weights (day / t)^{3/2}.
const WEIGHT_PLACES: i32 = 63;

/// Net vega of one expiry. An empty place has `seconds` 0 and `vega` 0.
#[derive(Clone, Copy, Default)]
struct Expiry {
    seconds: u32,
    vega: i128,
}

/// Calls `add` with each square (t_f^2 - t_{f-1}^2) C_f^2, t in seconds and the weights of C in (day / t)^{3/2}.
///
/// `None` when there are more than 12 buckets, when a sum leaves i128 (which needs |vega| beyond 1e18), or when `add` does.
pub(crate) fn for_each_square(buckets: &[Bucket], mut add: impl FnMut(Real) -> Option<()>) -> Option<()> {
    let places = furthest_first(buckets)?;
    let mut expiries = places.iter().take_while(|expiry| expiry.seconds != 0).peekable();
    let mut sum = 0_i128;
    while let Some(expiry) = expiries.next() {
        sum = sum.checked_add(expiry.vega.checked_mul(weight(expiry.seconds)?.into())?)?;
        let nearer = expiries.peek().map_or(0, |nearer| nearer.seconds);
        let step = squared(expiry.seconds)?.checked_sub(squared(nearer)?)?;
        let c = Real::new(sum.unsigned_abs(), WEIGHT_PLACES.saturating_neg());
        add(Real::new(step, 0).times(c.times(c)))?;
    }
    Some(())
}

/// The expiries in falling order of time, each once, at least a day away: the same for every order of the buckets.
fn furthest_first(buckets: &[Bucket]) -> Option<[Expiry; MAX_BUCKETS]> {
    let mut places = [Expiry::default(); MAX_BUCKETS];
    if buckets.len() > MAX_BUCKETS {
        return None;
    }
    for bucket in buckets {
        let mut carried = Expiry { seconds: bucket.seconds.max(DAY), vega: bucket.vega };
        for place in &mut places {
            if place.seconds == carried.seconds {
                place.vega = place.vega.checked_add(carried.vega)?;
                break;
            }
            if place.seconds < carried.seconds {
                core::mem::swap(place, &mut carried);
            }
        }
    }
    Some(places)
}

fn squared(seconds: u32) -> Option<u128> {
    u128::from(seconds).checked_mul(seconds.into())
}

/// (day / t)^{3/2} x 2^63 for t of a day or more, within 2^-31 of it.
///
/// x = day / t in 42 places is below 2^42 + 1, its cube in 126 places below 2^127; the root of the cube's top 64 bits has
/// 32 bits, found by Newton's method in words (a table would be paid for on every call of the contract).
fn weight(seconds: u32) -> Option<u64> {
    let x = u128::from((u64::from(DAY) << 42).checked_div(seconds.into())?);
    let cube = x.checked_mul(x)?.checked_mul(x)?;
    // An even shift: the root moves by half of it.
    let shift = cube.leading_zeros() & !1;
    let top = u64::try_from(cube.wrapping_shl(shift) >> 64).ok()?;
    let root = root(top)?;
    // The root of cube x 2^(shift - 64) has (126 + shift - 64) / 2 = 31 + shift/2 places.
    Some((root << 32).wrapping_shr(shift >> 1))
}

/// The root of a word of 2^62 or more, within 1.
///
/// From 2^32, above every root and at most twice it, five steps square the relative error from 1 to below 2^-49.
fn root(word: u64) -> Option<u64> {
    let mut root = 1_u64 << 32;
    for _ in 0..5 {
        root = root.checked_add(word.checked_div(root)?)? >> 1;
    }
    // The step may end one above the root's floor, which at the top of the range is 2^32.
    Some(root.min(u32::MAX.into()))
}
