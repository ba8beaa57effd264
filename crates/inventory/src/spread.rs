//! The floor of the spread: what a stale price or surface could take from a trade, and the fee.

use maths::mul_div_up;

use crate::{Depth, Exposure, Profile};

/// One in the fixed point of fractions and vols.
const MILLION: u32 = 1_000_000;

/// Millionths of millionths, twice: the common denominator of the floor's terms.
const DENOMINATOR: u128 = 2_000_000_000_000;

/// Widening of the vega part for the age of an expiry's surface, in millionths, rounded up: 1 up to the heartbeat, then
/// age / heartbeat, one more for each heartbeat missed.
///
/// `None` from the maximum age on: the expiry may not be quoted.
#[must_use]
pub fn age_factor(profile: &Profile, surface_age: u32) -> Option<u64> {
    if surface_age >= profile.max_surface_age {
        return None;
    }
    if surface_age <= profile.surface_heartbeat {
        return Some(MILLION.into());
    }
    let heartbeat = u64::from(profile.surface_heartbeat);
    let scaled = u64::from(surface_age).checked_mul(MILLION.into())?;
    scaled.checked_add(heartbeat.checked_sub(1)?)?.checked_div(heartbeat)
}

/// Floor of the spread of a trade with these net increments [micro-USD, rounded up]:
///
/// ```text
/// |delta| deviation + |gamma| deviation^2 / 2 + sum_e |vega_e| vol_step age_factor_e + fee x gross notional
/// ```
///
/// Where an expiry's depth has weights, |vega_e| is the sum over its strips: J tells them apart, so what moves vega from one to
/// another pays for both.
///
/// `gross_notional` is spot times the sum of the legs' |sizes|. The floor is rounded once, so the floors of a trade's parts
/// never sum to less than the floor of the whole: a split cannot pay. Buckets are not netted here: give each expiry once.
///
/// `None` when the surface of any bucket, whatever its vega, has reached the maximum age ([`age_factor`]): give only the
/// expiries that the trade touches. `None` also on overflow, which needs greeks beyond 1e16 micro-USD, a notional beyond
/// 1e24 or fractions beyond 1.
#[must_use]
pub fn spread_floor(profile: &Profile, trade: &Exposure, gross_notional: u128) -> Option<u128> {
    let deviation = u128::from(profile.deviation);
    let of_delta = trade.delta.unsigned_abs().checked_mul(deviation.checked_mul(2_000_000)?)?;
    let of_gamma = trade.gamma.unsigned_abs().checked_mul(deviation.checked_mul(deviation)?)?;
    let of_size = gross_notional.checked_mul(u128::from(profile.fee).checked_mul(2_000_000)?)?;

    let mut sum = of_delta.checked_add(of_gamma)?.checked_add(of_size)?;
    for (place, bucket) in trade.vega.iter().enumerate() {
        let step =
            u128::from(profile.vol_step).checked_mul(age_factor(profile, bucket.surface_age)?.into())?;
        let vega = bucket.vega.unsigned_abs().max(gross(trade.depth, place));
        sum = sum.checked_add(vega.checked_mul(step.checked_mul(2)?)?)?;
    }
    mul_div_up(sum, 1, DENOMINATOR)
}

/// Vega of the strips of the expiry at `place`, none netted against another; zero where depth has no weights.
fn gross(depth: &[Depth], place: usize) -> u128 {
    let strips = depth.iter().filter(|depth| depth.bucket == place).flat_map(|depth| depth.vega);
    strips.fold(0, |sum, vega| sum.saturating_add(vega.unsigned_abs().into()))
}
