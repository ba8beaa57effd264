//! The premium of a trade: one function for the quote and the trade.

use crate::{Coefficients, Exposure, Profile, spread_floor};

/// The least spread of any trade [micro-USD]. J is rounded down to whole units, so its convexity may miss two of them in the
/// sum of a bid and an ask; a unit on each side gives them back, and bid <= ask holds without exception.
const TICK: u128 = 1;

/// What a trade does to the vault, and what it is worth to the trader.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trade<'a> {
    /// The vault's book with its hedges, as it stands.
    pub before: Exposure<'a>,
    /// The same after the trade.
    pub after: Exposure<'a>,
    /// The change of the book, all legs together, in the expiries that the trade touches.
    pub net: Exposure<'a>,
    /// Model value of what the trader receives, at the feed's price, rounded up [micro-USD]
    pub value: i128,
    /// The same with spot a deviation threshold lower and higher, rounded up [micro-USD]
    pub ends: [i128; 2],
    /// Spot times the sum of the legs' |sizes| [micro-USD]
    pub notional: u128,
    /// Least premium whatever the model says: options bought at intrinsic value plus a tick, options sold at their upper bound,
    /// rounded up [micro-USD]. It must be linear in size.
    pub bound: i128,
}

/// A premium and its parts, from the trader's side: positive is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// `value` + `charge` + `spread` [micro-USD]
    pub premium: i128,
    /// Model value at the feed's price [micro-USD]
    pub value: i128,
    /// J(after) - J(before) [micro-USD]
    pub charge: i128,
    /// What is left, at least one [micro-USD]
    pub spread: u128,
}

/// Why there is no quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteError {
    /// The surface of an expiry that the trade touches is too old.
    StaleSurface {
        /// Place of the expiry in the trade's net exposure
        bucket: usize,
        /// Its age [s]
        age: u32,
        /// The age from which it may not be quoted [s]
        limit: u32,
    },
    /// A book, a trade or an amount beyond the domain of [`Coefficients::risk`] and [`spread_floor`].
    Domain,
}

/// The premium of a trade:
///
/// ```text
/// premium = max( value + J(after) - J(before) + spread, bound )
/// spread  = max( floor of the spread, worse end of the deviation band - value + the floor's parts for vega and size )
/// ```
///
/// J integrates what each next unit of size costs, over all legs at once. The floor holds the deviation of spot to second order
/// by the trade's greeks; the ends hold it exactly, and whichever is dearer counts.
///
/// At one market state: the premiums of any cycle of trades sum to its spreads and what the bounds add, none of it negative;
/// the parts of a split trade never cost less than the whole; a bid never exceeds an ask; the premium is convex in size.
///
/// # Errors
/// A surface that is too old, or numbers beyond the domain.
pub fn quote(profile: &Profile, coefficients: &Coefficients, trade: &Trade<'_>) -> Result<Quote, QuoteError> {
    for (bucket, expiry) in trade.net.vega.iter().enumerate() {
        let (age, limit) = (expiry.surface_age, profile.max_surface_age);
        if age >= limit {
            return Err(QuoteError::StaleSurface { bucket, age, limit });
        }
    }
    priced(profile, coefficients, trade).ok_or(QuoteError::Domain)
}

fn priced(profile: &Profile, coefficients: &Coefficients, trade: &Trade<'_>) -> Option<Quote> {
    let before = i128::try_from(coefficients.risk(&trade.before)?).ok()?;
    let after = i128::try_from(coefficients.risk(&trade.after)?).ok()?;
    let charge = after.checked_sub(before)?;

    let floor = spread_floor(profile, &trade.net, trade.notional)?.max(TICK);
    let still = Exposure { delta: 0, gamma: 0, ..trade.net };
    let rest = spread_floor(profile, &still, trade.notional)?;
    let [low, high] = trade.ends;
    let stale = low.max(high).checked_add_unsigned(rest)?;

    let fair = trade.value.checked_add(charge)?;
    let quoted = trade.value.checked_add_unsigned(floor)?.max(stale).checked_add(charge)?;
    let premium = quoted.max(trade.bound);
    // The floor is in the maximum, so the difference is positive.
    let spread = u128::try_from(premium.checked_sub(fair)?).ok()?;
    Some(Quote { premium, value: trade.value, charge, spread })
}

/// The static bound of one option, in the unit of its arguments; times the signed size it bounds the premium.
///
/// Spot is taken at the worse of the `ends` of the deviation band, `strike` is the strike's present value. Bought: intrinsic
/// value plus `tick`, at least. Sold: a call brings at most spot, a put at most its strike.
#[must_use]
pub fn static_bound(put: bool, bought: bool, [low, high]: [i128; 2], strike: i128, tick: i128) -> i128 {
    match (put, bought) {
        (false, true) => high.saturating_sub(strike).max(0).saturating_add(tick),
        (true, true) => strike.saturating_sub(low).max(0).saturating_add(tick),
        (false, false) => low,
        (true, false) => strike,
    }
}
