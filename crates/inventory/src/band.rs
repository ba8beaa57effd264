//! The no-trade band and the hedge that returns to it.

use crate::Profile;
use crate::real::Real;

/// Micro-USD in a USD.
const USD: u64 = 1_000_000;

/// How many times averser to risk the band is than J: an eighth of the band that J's own g would give.
///
/// J's g is what a trader pays for inventory. At that g the band is bounded by `max_band` nearly always and leaves a quarter more daily
/// variance than hedging each hour in a volatile month; an eighth of it leaves less than a tenth more at under half of the cost (the
/// frontier of the demo's report).
pub const HEDGE_AVERSION: u64 = 512;

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
/// A hedge goes from the outer edge H to the inner edge t, which at the least cost of hedging and variance together are
/// exactly
///
/// ```text
/// t H (t + H) = 3 c G^2 / g             c the proportional cost
/// (H - t)^3 (H + t) = 12 k G^2 / g      k the fixed cost of a hedge
/// ```
///
/// where g is [`HEDGE_AVERSION`] times the profile's.
///
/// Whalley and Wilmott's band is the case k = 0, where t = H; with c = 0 a hedge goes to the target, t = 0.
///
/// Then outer is held within `min_band` and `max_band` (the latter wins), and inner between half of `min_band` and outer.
/// Half, so that at the floor a hedge still covers a distance worth its fixed cost; and half of `min_band` is the edge of
/// J's hedging term ([`Coefficients`](crate::Coefficients)), so a hedge that costs no more than c never ends where J would
/// not pay for it.
///
/// H and t are within a micro-USD and 2^-36 of H of the formula. `None` when g is zero, where the band has no bound.
#[must_use]
pub fn band(profile: &Profile, cash_gamma: i128) -> Option<Band> {
    let gamma = Real::wide(cash_gamma.unsigned_abs(), 0);
    // G^2 / g in micro-USD cubed: g is risk_aversion x 1e-24 per micro-USD.
    let scale = gamma
        .times(gamma)
        .times(Real::wide(1_000_000_000_000_000_000_000_000, 0))
        .over(Real::new(profile.risk_aversion.saturating_mul(HEDGE_AVERSION), 0))?;
    // Four times 3 x 1e-6: 12 / 1e6.
    let cost = Real::new(u64::from(profile.hedge_cost).checked_mul(12)?, 0).over(Real::new(1_000_000, 0))?;
    let fixed = Real::new(u64::from(profile.hedge_fixed_cost).checked_mul(12)?, 0);
    let (sum, difference) = edges(cost.times(scale), fixed.times(scale));

    let max = usd(profile.max_band);
    let width = |edge: Real| edge.floor(-1).unwrap_or(max);
    let outer = width(sum.plus(difference)).max(usd(profile.min_band)).min(max);
    let inner = width(sum.minus(difference)).max(least_inner(profile)).min(outer);
    Some(Band { inner, outer })
}

/// Steps of Newton's method in [`edges`]: from 16 % off at worst, 1e-20 after six.
const STEPS: u32 = 6;

/// s = H + t and d = H - t, where s^3 - s d^2 = 4 t H (t + H) is `cost` and d^3 s is `fixed`.
///
/// With s = y^3 and d = cbrt(fixed) / y that is y^9 - fixed^{2/3} y = cost. Beyond its minimum the left side is convex, and
/// (cbrt(cost) + fixed^{1/4})^{1/3} lies above the root, so Newton's method falls to it.
fn edges(cost: Real, fixed: Real) -> (Real, Real) {
    let root = fixed.cbrt();
    let slope = root.times(root);
    let mut y = cost.cbrt().plus(fixed.sqrt().sqrt()).cbrt();
    for _ in 0..STEPS {
        let square = y.times(y);
        let fourth = square.times(square);
        let eighth = fourth.times(fourth);
        // y' = (8 y^9 + cost) / (9 y^8 - slope)
        let top = eighth.times(y).times(Real::new(1, 3)).plus(cost);
        let bottom = eighth.times(Real::new(9, 0)).minus(slope);
        y = top.over(bottom).unwrap_or(Real::ZERO);
    }
    (y.times(y).times(y), root.over(y).unwrap_or(Real::ZERO))
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
