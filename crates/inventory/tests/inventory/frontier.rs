//! The hedging frontier on real prices: what a policy costs, and what daily variance of P&L it leaves, for short straddles of
//! 30 days, hedged at the hour.
//!
//! The file of prices is `data/btc-usd-1h.csv`; `PRICES` names another, whose last column but `CLOSE` (from 0) is read. The table:
//! `cargo test -p inventory --test inventory frontier -- --nocapture`.

use std::fmt::Write as _;
use std::path::PathBuf;

use inventory::{Band, Profile, band, hedge_due};

use crate::market::ETH;

const MICRO: f64 = 1e6;
/// Calls and puts, each on this much [USD].
const NOTIONAL: f64 = 500_000.0;
const LIFE: usize = 30 * 24;
const YEAR: f64 = 8_760.0;
/// Hours of returns that the vol of a straddle is taken from.
const LOOK_BACK: usize = 14 * 24;

fn prices() -> Vec<f64> {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data/btc-usd-1h.csv");
    let path = std::env::var_os("PRICES").map_or(data, PathBuf::from);
    let column = std::env::var("CLOSE").map_or(1, |column| column.parse().unwrap());
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split(',').nth(column).unwrap().parse().unwrap()).collect()
}

fn density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

/// Abramowitz and Stegun 26.2.17, within 1e-7.
fn cdf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let poly =
        0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429)));
    let tail = density(x) * t * poly;
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// Value, delta and gamma of a straddle on one unit; an hour from expiry at least, for the greeks.
fn straddle(spot: f64, strike: f64, vol: f64, hours: usize) -> (f64, f64, f64) {
    if hours == 0 {
        return ((spot - strike).abs(), 0.0, 0.0);
    }
    let deviation = vol * (hours as f64 / YEAR).sqrt();
    let d1 = (spot / strike).ln() / deviation + deviation / 2.0;
    let call = spot * cdf(d1) - strike * cdf(d1 - deviation);
    (2.0 * call + strike - spot, 2.0 * cdf(d1) - 1.0, 2.0 * density(d1) / (spot * deviation))
}

/// When to hedge and how far.
#[derive(Clone, Copy)]
enum Policy {
    /// To the target, every so many hours.
    Interval(usize),
    /// To the target, once the deviation exceeds this part of the notional.
    Delta(f64),
    /// By the band of this risk aversion [1e-18 per USD].
    Band(u64),
}

impl Policy {
    /// The hedge that is due, in micro-USD.
    fn due(self, deviation: i128, gamma: f64, hour: usize) -> i128 {
        match self {
            Self::Interval(hours) => {
                if hour.is_multiple_of(hours) {
                    deviation
                } else {
                    0
                }
            }
            Self::Delta(part) => {
                let outer = (part * 2.0 * NOTIONAL * MICRO) as u128;
                hedge_due(deviation, &Band { inner: 0, outer })
            }
            Self::Band(risk_aversion) => {
                let profile = Profile { risk_aversion, ..costs() };
                hedge_due(deviation, &band(&profile, (gamma * MICRO) as i128).unwrap())
            }
        }
    }
}

/// What a hedge costs here, and as the band is told: 8 basis points and half a USD.
const fn costs() -> Profile {
    Profile { hedge_fixed_cost: 500_000, min_band: 500, max_band: u32::MAX, ..ETH }
}

/// Cost of all hedges, their number, and the daily variance of P&L.
#[derive(Clone, Copy, Default)]
struct Outcome {
    cost: f64,
    hedges: u32,
    variance: f64,
}

fn run(prices: &[f64], policy: Policy) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut sum, mut squares, mut days) = (0.0, 0.0, 0.0);
    for start in starts(prices.len()) {
        let returns =
            prices[start - LOOK_BACK..=start].windows(2).map(|pair| (pair[1] / pair[0]).ln().powi(2));
        let vol = (returns.sum::<f64>() / LOOK_BACK as f64 * YEAR).sqrt();
        let strike = prices[start];
        let size = NOTIONAL / strike;
        let (mut held, mut pnl, mut marked) = (0.0, 0.0, straddle(strike, strike, vol, LIFE).0);
        for hour in 0..LIFE {
            let spot = prices[start + hour];
            let (_, delta, gamma) = straddle(spot, strike, vol, LIFE - hour);
            let deviation = ((size * delta - held) * spot * MICRO) as i128;
            let due = policy.due(deviation, size * gamma * spot * spot, hour) as f64 / MICRO;
            if due != 0.0 {
                let cost = due.abs() * 8e-4 + 0.5;
                (outcome.cost, outcome.hedges) = (outcome.cost + cost, outcome.hedges + 1);
                pnl -= cost;
                held += due / spot;
            }
            let next = prices[start + hour + 1];
            let value = straddle(next, strike, vol, LIFE - hour - 1).0;
            pnl += held * (next - spot) - size * (value - marked);
            marked = value;
            if (hour + 1).is_multiple_of(24) {
                (sum, squares, days) = (sum + pnl, squares + pnl * pnl, days + 1.0);
                pnl = 0.0;
            }
        }
    }
    outcome.variance = squares / days - (sum / days).powi(2);
    outcome
}

/// Straddles start every six days, so that no one hour near an expiry decides the variance: five are open at any time.
fn starts(hours: usize) -> impl Iterator<Item = usize> {
    (LOOK_BACK..hours - LIFE).step_by(LIFE / 5)
}

/// Of a run, beside hedging to the target every hour.
struct Row {
    name: String,
    cost: f64,
    variance: f64,
}

fn table(prices: &[f64]) -> Vec<Row> {
    let full = run(prices, Policy::Interval(1));
    let mut policies = Vec::new();
    policies.extend([1, 2, 4, 8, 24].map(|hours| (format!("every {hours} h"), Policy::Interval(hours))));
    policies
        .extend([0.005, 0.01, 0.02, 0.05, 0.1].map(|part| (format!("delta {part}"), Policy::Delta(part))));
    let aversions = [100_000_u64, 60_000, 25_000, 8_000, 4_000, 1_600, 400, 100, 16];
    policies.extend(
        aversions.map(|g| (format!("band g {:.1e}", g as f64 * 1e-7), Policy::Band(g * 100_000_000_000))),
    );
    let mut text = String::from("policy          hedges      cost   of full  variance to full\n");
    let rows = policies.into_iter().map(|(name, policy)| {
        let Outcome { cost, hedges, variance } = run(prices, policy);
        let row = Row { name, cost: cost / full.cost, variance: variance / full.variance - 1.0 };
        writeln!(
            text,
            "{:<14}{hedges:>8}{cost:>10.0}{:>9.1}%{:>+17.1}%",
            row.name,
            100.0 * row.cost,
            100.0 * row.variance
        )
        .unwrap();
        row
    });
    let rows = rows.collect();
    println!("{text}");
    rows
}

#[test]
fn the_band_is_on_the_frontier_of_real_prices() {
    let rows = table(&prices());
    let of = |kind: &str| rows.iter().filter(|row| row.name.starts_with(kind)).collect::<Vec<_>>();
    // The aim: 70 % of the cost of full hedging every hour, with at most a tenth more variance.
    let reached = of("band").iter().filter(|row| row.cost <= 0.7 && row.variance <= 0.1).count();
    assert!(reached >= 2, "{reached} risk aversions reach the aim");
    // No fixed delta of the table is cheaper than the band that leaves the same variance, on a line between two of the table.
    let bands = of("band");
    let mut compared = 0;
    for fixed in of("delta") {
        let between = |pair: &&[&Row]| (pair[0].variance..pair[1].variance).contains(&fixed.variance);
        let Some(&[calm, wild]) = bands.windows(2).find(between) else { continue };
        let part = (fixed.variance - calm.variance) / (wild.variance - calm.variance);
        let band = calm.cost + part * (wild.cost - calm.cost);
        assert!(band < 0.97 * fixed.cost, "{} costs {}, a band {band}", fixed.name, fixed.cost);
        compared += 1;
    }
    assert!(compared >= 3, "only {compared} fixed deltas have a band to compare");
}
