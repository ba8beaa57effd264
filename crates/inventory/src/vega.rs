//! The vega form: sum over expiries e, f of V_e V_f nu_e nu_f rho_ef, as a sum of squares.
//!
//! With nu_e = sqrt(30 d / t_e) and rho_ef = min(t_e, t_f) / max(t_e, t_f), for t_1 < t_2 < ... and t_0 = 0,
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

/// Seconds in a day, the floor of the time to expiry.
const DAY: u32 = 86_400;

/// Binary places of the weights t^{-3/2}: at a day, the largest has 54 bits.
const WEIGHT_PLACES: i32 = 78;

/// Net vega of one expiry. An empty place has `seconds` 0 and `vega` 0.
#[derive(Clone, Copy, Default)]
struct Expiry {
    seconds: u32,
    vega: i128,
}

/// Calls `add` with each square (t_f^2 - t_{f-1}^2) C_f^2, t in seconds.
///
/// `None` when there are more than 12 buckets, when the vega of an expiry leaves i64, or when `add` is.
pub(crate) fn for_each_square(buckets: &[Bucket], mut add: impl FnMut(Real) -> Option<()>) -> Option<()> {
    let places = furthest_first(buckets)?;
    let mut expiries = places.iter().take_while(|expiry| expiry.seconds != 0).peekable();
    let mut sum = 0_i128;
    while let Some(expiry) = expiries.next() {
        // 63 bits of vega times 54 of weight, twelve times: below 2^121.
        let vega = i128::from(i64::try_from(expiry.vega).ok()?);
        sum = sum.wrapping_add(vega.wrapping_mul(weight(expiry.seconds)?.into()));
        let nearer = expiries.peek().map_or(0, |nearer| nearer.seconds);
        let step = squared(expiry.seconds).wrapping_sub(squared(nearer));
        let c = Real::wide(sum.unsigned_abs(), WEIGHT_PLACES.wrapping_neg());
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
        let mut carried = Expiry { seconds: floored(bucket.seconds), vega: bucket.vega };
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

/// The time to expiry that counts.
pub(crate) fn floored(seconds: u32) -> u32 {
    seconds.max(DAY)
}

/// Two 32-bit factors stay in 64 bits.
fn squared(seconds: u32) -> u64 {
    u64::from(seconds).wrapping_mul(seconds.into())
}

/// t^{-3/2} 2^78 for t of a day or more, within 2^-46 of it at a day, 2^-33 at ten years, 2^-30 at 136.
///
/// With t = M 2^(64 - 2 pairs) and h = 2^62 / (2 sqrt M), t^{-1/2} is 2 h 2^(pairs - 94). 2 h is at most 2^63; a 32-bit
/// time has 16 pairs of leading zeros or more, and a day's quotient of 46 bits moves up by the 7 pairs it has beyond them.
fn weight(seconds: u32) -> Option<u64> {
    let root = maths::root(seconds.into());
    let double_inverse = root.half_inverse.0.unsigned_abs() << 1;
    double_inverse
        .checked_div(seconds.into())?
        .checked_shl(u32::try_from(root.pairs.0).ok()?.checked_sub(16)?)
}
