//! The no-trade band and the hedge that returns to it.

use crate::Profile;
use crate::real::Real;

/// Micro-USD in a USD.
const USD: u64 = 1_000_000;

/// Half-widths of the no-trade band round the target [micro-USD of cash delta], `inner` <= `outer`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Band {
    /// Where a hedge returns to.
    pub inner: u128,
    /// Beyond which a hedge is due.
    pub outer: u128,
}

/// The band of a book with this cash gamma [micro-USD].
///
/// ```text
/// inner = (3/2 c G^2 / g)^{1/3}        Whalley-Wilmott, c the proportional cost
/// outer = inner + (12 k G^2 / g)^{1/4}  k the fixed cost of a hedge
/// ```
///
/// then outer is held within `min_band` and `max_band` (the latter wins), and inner between half of `min_band` and outer.
/// Half, so that at the floor a hedge still covers a distance worth its fixed cost.
///
/// Rounded down, within 2^-40 of the formula. `None` when g is zero, where the band has no bound.
#[must_use]
pub fn band(profile: &Profile, cash_gamma: i128) -> Option<Band> {
    let gamma = Real::wide(cash_gamma.unsigned_abs(), 0);
    // G^2 / g in micro-USD cubed: g is risk_aversion x 1e-24 per micro-USD.
    let scale = gamma
        .times(gamma)
        .times(Real::wide(1_000_000_000_000_000_000_000_000, 0))
        .over(Real::new(profile.risk_aversion, 0))?;
    // 3/2 x 1e-6 = 3 / 2e6.
    let cost = Real::new(u64::from(profile.hedge_cost).checked_mul(3)?, 0).over(Real::new(2_000_000, 0))?;
    let fixed = Real::new(u64::from(profile.hedge_fixed_cost).checked_mul(12)?, 0);

    let max = usd(profile.max_band);
    let width = |root: Real| root.floor(0).unwrap_or(max);
    let inner = width(cost.times(scale).cbrt());
    let outer = inner.saturating_add(width(fixed.times(scale).sqrt().sqrt()));

    let outer = outer.max(usd(profile.min_band)).min(max);
    Some(Band { inner: inner.max(least_inner(profile)).min(outer), outer })
}

/// The least inner half-width that [`band`] gives: half of `min_band`, or `max_band` if that is less [micro-USD].
pub(crate) fn least_inner(profile: &Profile) -> u128 {
    (usd(profile.min_band) >> 1).min(usd(profile.max_band))
}

/// Signed cash hedge for a deviation = target - position: 0 within the outer band, else what returns to the inner edge.
///
/// The hedge never exceeds the deviation and never crosses the target.
#[must_use]
pub fn hedge_due(deviation: i128, band: &Band) -> i128 {
    let inner = band.inner.min(band.outer);
    if deviation.unsigned_abs() <= band.outer {
        0
    } else if deviation > 0 {
        deviation.saturating_sub_unsigned(inner)
    } else {
        deviation.saturating_add_unsigned(inner)
    }
}

/// Whole USD in micro-USD: 2^32 x 10^6 is below 2^64.
fn usd(amount: u32) -> u128 {
    u64::from(amount).saturating_mul(USD).into()
}
