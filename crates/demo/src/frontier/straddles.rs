//! A book whose daily P&L is hedging and nothing else: short straddles, rolled.
//!
//! Thirty are open at any hour and one expires each day, so that no one hour near an expiry decides the variance. It is
//! followed by one of thirty days, at the money; the first thirty are all written at the start. The vol of a straddle is
//! what the fortnight before it realised, and stays: moves of a surface would add to the variance of every policy alike, and
//! so make each look closer to hourly hedging than it is.

use std::ops::RangeInclusive;

use super::{DAY, Step};
use crate::black_scholes::{Terms, Value, YEAR};
use crate::market::Kind;
use crate::prices::{HOUR, Window};

/// Days that a straddle lives, and straddles that are open.
const DAYS: u64 = 30;
/// Hours of returns that the vol of a straddle is taken from.
const LOOK_BACK: u64 = 14 * 24;
/// Calls and puts of one straddle, each on this much [USD]: thirty have about the gamma of the replay's book.
pub const NOTIONAL: f64 = 12_000.0;

struct Straddle {
    strike: f64,
    vol: f64,
    expiry: u64,
    units: f64,
}

impl Straddle {
    /// Written at the last of these prices.
    fn new(notional: f64, prices: &[(u64, f64)], expiry: u64) -> Self {
        let (now, strike) = prices.last().copied().unwrap_or((0, 1.0));
        let recent = prices.partition_point(|(time, _)| time + LOOK_BACK * HOUR < now);
        let variance = prices[recent..].windows(2).map(|pair| (pair[1].1 / pair[0].1).ln().powi(2));
        let years = (now - prices[recent].0).max(HOUR) as f64 / YEAR;
        let vol = (variance.fold(0.0, |sum, one| sum + one) / years).sqrt();
        Self { strike, vol, expiry, units: notional / strike }
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

/// The steps of thirty straddles, each on calls and puts of this `notional`, through the hours of a window that have a price.
#[must_use]
pub fn straddles(window: &Window, notional: f64) -> Vec<Step> {
    steps(window, notional, 1..=DAYS)
}

/// The steps of one straddle that is written at a window's start and followed by another when it expires.
#[must_use]
pub fn straddle(window: &Window, notional: f64) -> Vec<Step> {
    steps(window, notional, DAYS..=DAYS)
}

/// Straddles with these `lives` [days] at first.
fn steps(window: &Window, notional: f64, lives: RangeInclusive<u64>) -> Vec<Step> {
    let priced = window.past.iter().chain(&window.hours);
    let prices: Vec<(u64, f64)> = priced.filter_map(|hour| Some((hour.time, hour.price?))).collect();
    let start = window.hours.first().map_or(0, |hour| hour.time);
    let first = prices.partition_point(|(time, _)| *time < start);
    let mut open: Vec<Straddle> = Vec::new();
    let mut steps = Vec::new();
    for index in first..prices.len().saturating_sub(1) {
        let ((time, spot), (later, next)) = (prices[index], prices[index + 1]);
        let write = |life: u64| Straddle::new(notional, &prices[..=index], time + life * DAY);
        if open.is_empty() {
            open.extend(lives.clone().map(write));
        }
        for straddle in open.iter_mut().filter(|straddle| straddle.expiry <= time) {
            *straddle = write(DAYS);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::Hour;

    fn window(prices: impl Iterator<Item = f64>, past: usize) -> Window {
        let hours =
            prices.enumerate().map(|(hour, price)| Hour { time: hour as u64 * HOUR, price: Some(price) });
        let mut hours: Vec<Hour> = hours.collect();
        let past: Vec<Hour> = hours.drain(..past).collect();
        Window { past, hours, outages: Vec::new() }
    }

    #[test]
    fn a_straddle_whose_vol_comes_true_earns_nothing_hedged_and_its_premium_where_spot_stays() {
        // Up and down by 1 % for a fortnight and longer: the vol is 1 % an hour.
        let swing = |hour: usize| if hour.is_multiple_of(2) { 100.0 } else { 101.0 };
        let still = window((0..336 + 721).map(|hour| if hour > 336 { 100.0 } else { swing(hour) }), 336);
        let steps = straddle(&still, 1_000.0);
        assert_eq!(steps.len(), 720);
        let premium = steps.iter().fold(0.0, |sum, step| sum + step.pnl);
        // 2 x 0.4 x sd over the 720 hours of sqrt(720) %
        assert!((premium - 1_000.0 * 0.8 * 0.01 * 720_f64.sqrt()).abs() < 4.0, "{premium}");

        let swung = window((0..336 + 721).map(swing), 336);
        let steps = straddle(&swung, 1_000.0);
        let hedged =
            steps.iter().take(240).fold(0.0, |sum, step| sum + step.pnl - step.delta * step.spot_return);
        assert!(hedged.abs() < 0.02 * premium, "{hedged} of {premium}");
    }

    #[test]
    fn thirty_are_open_and_one_expires_each_day() {
        let wave = |hour: usize| 100.0 * (1.0 + 0.02 * (hour as f64 / 9.0).sin());
        let window = window((0..336 + 31 * 24 + 1).map(wave), 336);
        let (all, one) = (straddles(&window, 1_000.0), straddle(&window, 1_000.0));
        assert_eq!(all.len(), 31 * 24);
        assert!(all.iter().all(|step| step.gamma < 0.0 && step.delta.abs() < 30_000.0));
        // At the start all are at the money: gamma falls with the root of the days left, from one to thirty.
        let roots = (1..=30).map(|days| (30.0 / f64::from(days)).sqrt()).fold(0.0, |sum, root| sum + root);
        assert!((all[0].gamma / one[0].gamma / roots - 1.0).abs() < 1e-3, "{}", all[0].gamma / one[0].gamma);
    }
}
