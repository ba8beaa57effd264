//! The people who trade: pure decisions from a view of the market and a source of randomness.
//!
//! Each arrival wants to open or to close a position, values it for itself, and trades only if the vault's quote beats that value.
//! Nobody sees the vault's book. Three styles:
//!
//! - *noise*: a vol of one's own, round the published one;
//! - *trend*: the same, with calls after rises and puts after falls;
//! - *informed*: the price six hours ahead, and the published vol.

use publisher::Curve;
use rand::Rng;
use rand_distr::{Distribution, LogNormal, Normal, Poisson};

use crate::black_scholes::{Terms, YEAR};
use crate::market::{Grid, Kind, Series};

/// How an account trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Style {
    /// Own vol.
    Noise,
    /// Own vol, follows the trend.
    Trend,
    /// Knows the next six hours.
    Informed,
}

impl Style {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Noise, Self::Trend, Self::Informed];

    /// The style of an account: accounts take turns.
    #[must_use]
    pub fn of(account: usize) -> Self {
        Self::ALL[account % Self::ALL.len()]
    }

    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Trend => "trend",
            Self::Informed => "informed",
        }
    }
}

/// What shapes the flow.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// Arrivals an hour.
    pub arrivals: f64,
    /// Share of arrivals by style, in the order of [`Style::ALL`].
    pub styles: [f64; 3],
    /// Median notional of an order [USD].
    pub notional: f64,
    /// Spread of the log of the notional.
    pub notional_spread: f64,
    /// Spread of the log of a trader's own vol.
    pub vol_noise: f64,
    /// How much dearer openers, and cheaper closers, think vol is.
    pub urgency: f64,
    /// Notional that an account likes to hold, calls and puts [USD].
    pub appetite: [f64; 2],
    /// Share of call orders without a trend.
    pub calls: f64,
    /// Shift of that share by a strong trend.
    pub trend_shift: f64,
    /// Edge that the informed ask for, a share of spot.
    pub edge: f64,
    /// Range of deltas of calls bought, and of puts (without their sign).
    pub call_deltas: (f64, f64),
    /// See `call_deltas`.
    pub put_deltas: (f64, f64),
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            arrivals: 3.0,
            styles: [0.28, 0.25, 0.47],
            notional: 12_000.0,
            notional_spread: 0.5,
            vol_noise: 0.12,
            urgency: 0.12,
            appetite: [90_000.0, 60_000.0],
            calls: 0.44,
            trend_shift: 0.2,
            edge: 0.0005,
            call_deltas: (0.5, 0.85),
            put_deltas: (0.08, 0.3),
        }
    }
}

/// A live expiry as traders see it.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Unix seconds.
    pub expiry: u64,
    /// Strikes.
    pub grid: Grid,
    /// Published slice.
    pub slice: Curve,
}

/// An open position of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// What.
    pub series: Series,
    /// How much, positive.
    pub lots: i64,
}

/// What an arrival sees.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Unix seconds.
    pub now: u64,
    /// USD.
    pub spot: f64,
    /// Return of the last day over its usual size, in [-1, 1].
    pub trend: f64,
    /// Price in six hours: only the informed look.
    pub later: f64,
    /// Live expiries.
    pub listed: &'a [Listed],
    /// Options in a lot.
    pub lot: f64,
    /// Largest order in lots.
    pub max_lots: i64,
}

/// An order: trade if the premium is at most `limit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// What.
    pub series: Series,
    /// Positive to buy, negative to sell back.
    pub lots: i64,
    /// Own value of the lots [USD], negative for a sale.
    pub limit: f64,
}

/// Seconds that the informed see ahead.
pub const FORESIGHT: u64 = 6 * 3_600;
/// Nobody opens a position with less than this to go [s].
const LAST_OPENING: u64 = 12 * 3_600;

/// Arrivals of an hour: seconds into it, ascending, with the style of each.
pub fn arrivals(rng: &mut impl Rng, flow: &Flow, scale: f64) -> Vec<(u64, Style)> {
    let count = Poisson::new(flow.arrivals * scale).map_or(0.0, |poisson| poisson.sample(rng)) as usize;
    let mut arrivals: Vec<_> = (0..count)
        .map(|_| {
            let moment = rng.random_range(120..3_480);
            let style = rng.random_range(0.0..flow.styles.iter().fold(0.0, |sum, share| sum + share));
            let edges = [flow.styles[0], flow.styles[0] + flow.styles[1]];
            (moment, Style::ALL[usize::from(style >= edges[0]) + usize::from(style >= edges[1])])
        })
        .collect();
    arrivals.sort_unstable();
    arrivals
}

/// What an arrival of a style wants to do, given what its account holds; nothing if it sees no use in trading.
pub fn decide(
    rng: &mut impl Rng,
    flow: &Flow,
    style: Style,
    view: &View<'_>,
    held: &[Holding],
) -> Option<Order> {
    let kind = kind(rng, flow, style, view);
    let own: Vec<_> = held.iter().filter(|holding| holding.series.kind == kind).copied().collect();
    let notional = own.iter().fold(0.0, |sum, one| sum + one.lots as f64 * view.lot * view.spot);
    let appetite = flow.appetite[usize::from(kind == Kind::Put)];
    let closes = rng.random_range(0.0..1.0) < notional / (notional + appetite);
    if style == Style::Informed {
        return informed(rng, flow, view, &own, kind);
    }
    let (series, lots) = if closes { closing(rng, view, &own)? } else { opening(rng, flow, view, kind)? };
    let bias = if closes { -flow.urgency } else { flow.urgency };
    let noise = Normal::new(bias, flow.vol_noise).ok()?.sample(rng);
    let vol = published_vol(view, series)? * noise.exp();
    let value = terms(view.now, series).value(view.spot, vol).price;
    Some(Order { series, lots, limit: value * lots as f64 * view.lot })
}

fn kind(rng: &mut impl Rng, flow: &Flow, style: Style, view: &View<'_>) -> Kind {
    let shift = if style == Style::Trend { flow.trend_shift * view.trend } else { 0.0 };
    if rng.random_range(0.0..1.0) < flow.calls + shift { Kind::Call } else { Kind::Put }
}

/// Buys what the next hours lift, or sells what they sink: the better of a new position and the one held.
fn informed(rng: &mut impl Rng, flow: &Flow, view: &View<'_>, own: &[Holding], kind: Kind) -> Option<Order> {
    let rises = view.later > view.spot;
    let gains = (kind == Kind::Call) == rises;
    let (series, lots) = if gains { opening(rng, flow, view, kind)? } else { closing(rng, view, own)? };
    let vol = published_vol(view, series)?;
    let value = terms(view.now + FORESIGHT, series).value(view.later, vol).price;
    let edge = flow.edge * view.spot;
    let limit = if lots > 0 { value - edge } else { value + edge };
    (limit > 0.0).then_some(Order { series, lots, limit: limit * lots as f64 * view.lot })
}

/// A new position: an expiry, longer ones more often, a strike by delta, a size by notional.
fn opening(rng: &mut impl Rng, flow: &Flow, view: &View<'_>, kind: Kind) -> Option<(Series, i64)> {
    let open: Vec<_> = view.listed.iter().filter(|one| one.expiry > view.now + LAST_OPENING).collect();
    let weight = |one: &Listed| ((one.expiry - view.now) as f64).sqrt();
    let total = open.iter().fold(0.0, |sum, one| sum + weight(one));
    let mut ticket = rng.random_range(0.0..1.0) * total;
    let chosen = open.iter().find(|one| {
        ticket -= weight(one);
        ticket <= 0.0
    })?;
    let (low, high) = if kind == Kind::Call { flow.call_deltas } else { flow.put_deltas };
    let delta = rng.random_range(low..high);
    let strike = chosen.grid.nearest(strike_of(view, chosen, kind, delta));
    let lots = order_lots(rng, flow, view)?;
    Some((Series { expiry: chosen.expiry, strike, kind }, lots))
}

/// A position to sell back, by its size: whole, or as much as an order may hold.
fn closing(rng: &mut impl Rng, view: &View<'_>, own: &[Holding]) -> Option<(Series, i64)> {
    let live: Vec<_> = own.iter().filter(|one| one.series.expiry > view.now + 600).collect();
    let total = live.iter().fold(0, |sum, one| sum + one.lots);
    let mut ticket = rng.random_range(0..total.max(1));
    let chosen = live.iter().find(|one| {
        ticket -= one.lots;
        ticket < 0
    })?;
    let lots = chosen.lots.min(view.max_lots);
    Some((chosen.series, -lots))
}

fn order_lots(rng: &mut impl Rng, flow: &Flow, view: &View<'_>) -> Option<i64> {
    let notional = LogNormal::new(flow.notional.ln(), flow.notional_spread).ok()?.sample(rng);
    let lots = (notional / view.spot / view.lot).round() as i64;
    Some(lots.clamp(1, view.max_lots))
}

/// The strike at which an option has a delta (without its sign), by bisection.
fn strike_of(view: &View<'_>, listed: &Listed, kind: Kind, delta: f64) -> f64 {
    let years = (listed.expiry - view.now) as f64 / YEAR;
    let (mut low, mut high) = (view.spot * 0.2, view.spot * 5.0);
    for _ in 0..40 {
        let strike = (low * high).sqrt();
        let vol = (listed.slice.variance(strike) / years).max(1e-6).sqrt();
        let own = Terms { kind, strike, years }.value(view.spot, vol).delta.abs();
        // Calls lose delta with the strike, puts gain it.
        if (own > delta) == (kind == Kind::Call) { low = strike } else { high = strike }
    }
    (low * high).sqrt()
}

fn terms(now: u64, series: Series) -> Terms {
    let years = series.expiry.saturating_sub(now) as f64 / YEAR;
    Terms { kind: series.kind, strike: series.strike_usd(), years }
}

/// Vol of the surface at a series; none if its expiry is not listed.
#[must_use]
pub fn published_vol(view: &View<'_>, series: Series) -> Option<f64> {
    let listed = view.listed.iter().find(|one| one.expiry == series.expiry)?;
    let years = (series.expiry.saturating_sub(view.now)).max(60) as f64 / YEAR;
    Some((listed.slice.variance(series.strike_usd()) / years).max(1e-6).sqrt())
}

/// Vega of one option at the surface [USD per 1.00 of vol]: the measure of volume.
#[must_use]
pub fn vega(view: &View<'_>, series: Series) -> f64 {
    let vol = published_vol(view, series).unwrap_or_default();
    terms(view.now, series).value(view.spot, vol).vega
}

#[cfg(test)]
#[path = "traders_tests.rs"]
mod tests;
