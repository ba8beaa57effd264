//! The risk that a hedge removes.

use crate::{Coefficients, Exposure, Profile};

/// A day: delta that has waited for longer is charged as if it waited for this long.
const DAY: u32 = 86_400;

/// B: what J falls by when the vault's net delta goes from `before` to `after` [micro-USD], the variance of delta taken over the
/// time that a hedge has been due, at least `delta_horizon` and at most a day, if that is more. 0 when it does not fall.
///
/// Gamma and vega are the same before and after, so they are not in it. Rounded down. `None` beyond the domain of
/// [`Coefficients::risk`].
#[must_use]
pub fn benefit(profile: &Profile, waited: u32, before: i128, after: i128) -> Option<u128> {
    let delta_horizon = profile.delta_horizon.max(waited.min(DAY));
    let coefficients = Coefficients::new(&Profile { delta_horizon, ..*profile });
    let risk = |delta| coefficients.risk(&Exposure { delta, ..Exposure::default() });
    // Each is short of the exact value by less than a unit and 2^-58 of it.
    let (before, after) = (risk(before)?, risk(after)?);
    Some(before.saturating_sub(after).saturating_sub(1).saturating_sub(after >> 57))
}
