//! The hedging frontier: what policies of hedging one book cost, and what daily variance of P&L they leave.
//!
//! A book is a list of [`Step`]s, an hour each. [`straddles`] makes one whose P&L is hedging alone, [`own`] one of the hours
//! that the vault lived through. Hedges move no price, so all policies meet the same book. A hedge is made at the start of a
//! step and costs what the market's profile says that hedges cost: a share of its notional, and gas.
//!
//! Amounts are in USD, deltas are cash (delta times spot), and gamma is the change of cash delta for a move of 100 %.
//!
//! # What this module does not do
//! It leaves out the venue's reach: a policy may sell short, and hedge where free cash would not suffice.

mod own;
mod policies;
mod straddles;

use std::fmt;

use inventory::{Band, HEDGE_AVERSION, Profile, band, hedge_due};

use crate::prices::HOUR;
use crate::regression::variance;

pub use own::own;
pub use policies::{Frontier, Row};
pub use straddles::{NOTIONAL, straddle, straddles};

const MICRO: f64 = 1e6;
const DAY: u64 = 24 * HOUR;

/// An hour of a book of options, hedges aside.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// Its start [unix seconds].
    pub time: u64,
    /// Cash delta at its start.
    pub delta: f64,
    /// Cash gamma at its start.
    pub gamma: f64,
    /// What the options earn in it.
    pub pnl: f64,
    /// Simple return of spot in it.
    pub spot_return: f64,
}

/// When to hedge, and how far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    /// By a band this many times as narrow as that of the profile's g: exactly, that of g times the cube of this. The vault's is an eighth.
    Band(u32),
    /// To the target, once net delta exceeds this [USD].
    Delta(f64),
    /// To the target, every so many hours: the mean over all hours to begin at, because one day decides much of a month's
    /// variance and so what luck an hour brings.
    Interval(u64),
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Band(part) => write!(f, "band x 1/{part}, g x {}", u64::from(*part).pow(3)),
            Self::Delta(edge) => write!(f, "beyond {}", crate::summary::usd(*edge)),
            Self::Interval(hours) => write!(f, "every {hours} h"),
        }
    }
}

/// What a policy came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Of all hedges.
    pub cost: f64,
    /// How many.
    pub hedges: f64,
    /// Of daily P&L, with hedges and their cost in it [USD^2].
    pub variance: f64,
}

/// Hedges a book by a policy, from no hedge at all. An hour of an interval that the book has no step for goes without its hedge.
#[must_use]
pub fn run(book: &[Step], policy: Policy, profile: &Profile) -> Outcome {
    match policy {
        Policy::Interval(hours) => {
            let start = book.first().map_or(0, |step| step.time);
            let paths = (0..hours).map(|phase| {
                hedged(book, profile, |step, deviation| {
                    let hour = (step.time - start) / HOUR;
                    if (hour + phase).is_multiple_of(hours) { deviation } else { 0.0 }
                })
            });
            mean(paths.collect())
        }
        Policy::Delta(edge) => {
            let band = Band { inner: 0, outer: (edge * MICRO) as u128 };
            hedged(book, profile, |_, deviation| hedge_in(deviation, &band))
        }
        Policy::Band(part) => {
            let risk_aversion = profile.risk_aversion.saturating_mul(u64::from(part).pow(3)) / HEDGE_AVERSION;
            let told = Profile { risk_aversion, ..*profile };
            hedged(book, profile, |step, deviation| {
                // Only g = 0 leaves a band without a bound, where nothing is ever due.
                band(&told, (step.gamma * MICRO) as i128).map_or(0.0, |band| hedge_in(deviation, &band))
            })
        }
    }
}

/// The hedge due by a band [USD].
fn hedge_in(deviation: f64, band: &Band) -> f64 {
    hedge_due((deviation * MICRO) as i128, band) as f64 / MICRO
}

/// Hedges a book by what is `due` for a step and a deviation from the target.
fn hedged(book: &[Step], profile: &Profile, due: impl Fn(&Step, f64) -> f64) -> Outcome {
    let mut outcome = Outcome::default();
    let start = book.first().map_or(0, |step| step.time);
    let (rate, gas) = (f64::from(profile.hedge_cost) / 1e6, f64::from(profile.hedge_fixed_cost) / MICRO);
    let mut days: Vec<f64> = Vec::new();
    let mut held = 0.0;
    for step in book {
        let day = ((step.time - start) / DAY) as usize;
        days.resize(days.len().max(day + 1), 0.0);
        let hedge = due(step, -step.delta - held);
        if hedge != 0.0 {
            let cost = hedge.abs() * rate + gas;
            (outcome.cost, outcome.hedges) = (outcome.cost + cost, outcome.hedges + 1.0);
            days[day] -= cost;
            held += hedge;
        }
        days[day] += step.pnl + held * step.spot_return;
        held *= 1.0 + step.spot_return;
    }
    outcome.variance = variance(&days);
    outcome
}

fn mean(outcomes: Vec<Outcome>) -> Outcome {
    let count = outcomes.len().max(1) as f64;
    outcomes.into_iter().fold(Outcome::default(), |sum, one| Outcome {
        cost: sum.cost + one.cost / count,
        hedges: sum.hedges + one.hedges / count,
        variance: sum.variance + one.variance / count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two days of a book with this cash delta and a cash gamma of a million, spot rising by this much in every hour.
    fn book(delta: f64, spot_return: f64) -> Vec<Step> {
        let step = Step { delta, gamma: 1e6, pnl: delta * spot_return, spot_return, ..Step::default() };
        (0..48).map(|hour| Step { time: 7 * HOUR + hour * HOUR, ..step }).collect()
    }

    fn profile() -> Profile {
        crate::stage::default_profile().risk()
    }

    #[test]
    fn a_hedge_costs_its_share_and_gas_on_the_day_it_is_made() {
        for policy in [Policy::Interval(1), Policy::Delta(99_999.0)] {
            let outcome = run(&book(-100_000.0, 0.0), policy, &profile());
            assert_eq!((outcome.cost, outcome.hedges), (80.5, 1.0), "{policy}");
            // 80.5 on one of two days.
            assert!((outcome.variance - 40.25 * 40.25).abs() < 1e-9, "{outcome:?}");
        }
        assert_eq!(run(&book(-100_000.0, 0.0), Policy::Delta(100_001.0), &profile()), Outcome::default());
    }

    #[test]
    fn an_interval_is_the_mean_over_the_hours_to_begin_at() {
        // Begun in the first hour or in the second: 24 hedges of 48 hours either way.
        let book = book(-1_000.0, 0.01);
        let [one, two] = [1, 2].map(|hours| run(&book, Policy::Interval(hours), &profile()));
        assert_eq!((one.hedges, two.hedges), (48.0, 24.0));
        // A rise of 1 % in an hour takes 10 off the hedge of 1,000, and of 2.01 % in two 20.1.
        let (first, later, double) = (1.3, 47.0 * 0.508, 23.0 * 0.516_08);
        assert!((one.cost - first - later).abs() < 1e-9, "{one:?}");
        assert!((two.cost - first - double).abs() < 1e-9, "{two:?}");
    }

    #[test]
    fn the_band_is_the_vaults_and_narrower_ones_cost_more() {
        let profile = Profile { max_band: u32::MAX, ..profile() };
        let edges = band(&profile, 1_000_000_000_000).expect("a band");
        let (inner, outer) = (edges.inner as f64 / MICRO, edges.outer as f64 / MICRO);
        let outcome = run(&book(outer + 1.0, 0.0), Policy::Band(8), &profile);
        assert!((outcome.cost - (outer + 1.0 - inner) * 8e-4 - 0.5).abs() < 1e-6, "{outcome:?}");
        assert_eq!(run(&book(outer - 1.0, 0.0), Policy::Band(8), &profile).hedges, 0.0);

        let swing = |hour: u64| 60_000.0 * (hour as f64 / 5.0).sin();
        let step = |hour| Step { time: hour * HOUR, delta: swing(hour), gamma: 1e6, ..Step::default() };
        let book: Vec<Step> = (0..720).map(step).collect();
        let costs = [2, 4, 8, 16].map(|part| run(&book, Policy::Band(part), &profile).cost);
        assert!(costs.windows(2).all(|pair| pair[0] < pair[1]), "{costs:?}");
    }
}
