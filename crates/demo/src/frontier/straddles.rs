//! A book whose daily P&L is hedging and nothing else: short straddles, rolled.
//!
//! Thirty are open at any hour and one expires each day, so that no one hour near an expiry decides the variance. It is
//! followed by one of thirty days, at the money; the first thirty are all written at the start. The vol of a straddle is
//! what the fortnight before it realised, and stays: moves of a surface would add to the variance of every policy alike, and
//! so make each look closer to hourly hedging than it is.

use super::{DAY, Step};
use crate::black_scholes::{Terms, Value, YEAR};
use crate::market::Kind;
use crate::prices::{HOUR, Window};

/// Days that a straddle lives, and straddles that are open.
const DAYS: u64 = 30;
/// Hours of returns that the vol of a straddle is taken from.
const LOOK_BACK: u64 = 14 * 24;
/// Calls and puts of one straddle, each on this much [USD]: together they have about the gamma of the replay's book.
const NOTIONAL: f64 = 12_000.0;

struct Straddle {
    strike: f64,
    vol: f64,
    expiry: u64,
    units: f64,
}

impl Straddle {
    /// Written at the last of these prices.
    fn new(prices: &[(u64, f64)], expiry: u64) -> Self {
        let (now, strike) = prices.last().copied().unwrap_or((0, 1.0));
        let recent = prices.partition_point(|(time, _)| time + LOOK_BACK * HOUR < now);
        let variance = prices[recent..].windows(2).map(|pair| (pair[1].1 / pair[0].1).ln().powi(2));
        let years = (now - prices[recent].0).max(HOUR) as f64 / YEAR;
        let vol = (variance.fold(0.0, |sum, one| sum + one) / years).sqrt();
        Self { strike, vol, expiry, units: NOTIONAL / strike }
    }

    /// What its writer has of it.
    fn value(&self, time: u64, spot: f64) -> Value {
        let years = self.expiry.saturating_sub(time) as f64 / YEAR;
        let of = |kind| Terms { kind, strike: self.strike, years }.value(spot, self.vol);
        let (call, put) = (of(Kind::Call), of(Kind::Put));
        Value {
            price: -self.units * (call.price + put.price),
            delta: -self.units * (call.delta + put.delta),
            gamma: -self.units * (call.gamma + put.gamma),
            ..Value::default()
        }
    }
}

/// The straddles' steps through the hours of a window that have a price.
#[must_use]
pub fn straddles(window: &Window) -> Vec<Step> {
    let priced = window.past.iter().chain(&window.hours);
    let prices: Vec<(u64, f64)> = priced.filter_map(|hour| Some((hour.time, hour.price?))).collect();
    let start = window.hours.first().map_or(0, |hour| hour.time);
    let first = prices.partition_point(|(time, _)| *time < start);
    let mut open: Vec<Straddle> = Vec::new();
    let mut steps = Vec::new();
    for index in first..prices.len().saturating_sub(1) {
        let ((time, spot), (later, next)) = (prices[index], prices[index + 1]);
        if open.is_empty() {
            let expiries = (1..=DAYS).map(|days| time + days * DAY);
            open.extend(expiries.map(|expiry| Straddle::new(&prices[..=index], expiry)));
        }
        for straddle in open.iter_mut().filter(|straddle| straddle.expiry <= time) {
            *straddle = Straddle::new(&prices[..=index], time + DAYS * DAY);
        }
        let mut step = Step { time, spot_return: next / spot - 1.0, ..Step::default() };
        for straddle in &open {
            let value = straddle.value(time, spot);
            step.delta += value.delta * spot;
            step.gamma += value.gamma * spot * spot;
            step.pnl += straddle.value(later, next).price - value.price;
        }
        steps.push(step);
    }
    steps
}
