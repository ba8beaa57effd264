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

use inventory::{Band, Profile, band, hedge_due};

use crate::prices::HOUR;
use crate::regression::variance;

pub use own::own;
pub use policies::{Frontier, Row};
pub use straddles::straddles;

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
    /// By the vault's band, this many times as wide: exactly, that of the profile's risk aversion over the cube of this.
    Band(f64),
    /// To the target, once net delta exceeds this [USD].
    Delta(f64),
    /// To the target, every so many hours: the mean over all hours to begin at, because one day decides much of a month's
    /// variance and so what luck an hour brings.
    Interval(u64),
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Band(multiple) => write!(f, "band x {multiple:.3}, g x {:.0}", multiple.powi(-3)),
            Self::Delta(edge) => write!(f, "beyond {}", crate::summary::usd(*edge)),
            Self::Interval(hours) => write!(f, "every {hours} h"),
        }
    }
}

impl Policy {
    /// Of the vault's band.
    #[must_use]
    pub const fn multiple(&self) -> Option<f64> {
        match self {
            Self::Band(multiple) => Some(*multiple),
            Self::Delta(_) | Self::Interval(_) => None,
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
        Policy::Band(multiple) => {
            let risk_aversion = (profile.risk_aversion as f64 / multiple.powi(3)).round().max(1.0) as u64;
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
