//! All policies on one book, beside hedging to the target every hour.

use inventory::Profile;

use super::{Outcome, Policy, Step, run};
use crate::summary::{Section, usd};

/// Parts of the vault's band.
const BANDS: [u32; 10] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
/// Fixed edges of net delta, as the move of spot that takes a book of mean gamma there from its target.
const MOVES: [f64; 7] = [0.00125, 0.0025, 0.005, 0.0075, 0.01, 0.02, 0.04];
/// Hours between hedges.
const INTERVALS: [u64; 5] = [1, 2, 4, 8, 24];

/// A policy on a book.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which.
    pub policy: Policy,
    /// What it came to.
    pub outcome: Outcome,
    /// Its cost over that of hedging every hour.
    pub cost: f64,
    /// Its variance over that of hedging every hour, less one.
    pub excess: f64,
}

impl Row {
    /// The most that a policy on the aim costs, of hedging every hour.
    pub const MOST_COST: f64 = 0.7;
    /// The most variance that it adds: "equal variance".
    pub const MOST_EXCESS: f64 = 0.1;

    /// Whether it costs as little as it should, at equal variance.
    #[must_use]
    pub fn on_aim(&self) -> bool {
        self.cost <= Self::MOST_COST && self.excess <= Self::MOST_EXCESS
    }
}

/// All policies on one book.
#[derive(Clone, Debug)]
pub struct Frontier {
    /// Which book.
    pub title: &'static str,
    /// The vault's bands from wide to narrow.
    pub bands: Vec<Row>,
    /// Fixed edges of net delta from narrow to wide.
    pub deltas: Vec<Row>,
    /// Fixed intervals from short to long.
    pub intervals: Vec<Row>,
}

impl Frontier {
    /// Runs them all. There are no rows where every hour's hedges leave no variance to compare with, as in a single day.
    #[must_use]
    pub fn new(title: &'static str, book: &[Step], profile: &Profile) -> Self {
        let full = run(book, Policy::Interval(1), profile);
        let compared = full.cost > 0.0 && full.variance > 0.0;
        let gamma = book.iter().fold(0.0, |sum, step| sum + step.gamma.abs()) / book.len().max(1) as f64;
        let rows = |policies: Vec<Policy>| {
            let policies = policies.into_iter().filter(|_| compared);
            let rows = policies.map(|policy| {
                let outcome = run(book, policy, profile);
                let (cost, excess) = (outcome.cost / full.cost, outcome.variance / full.variance - 1.0);
                Row { policy, outcome, cost, excess }
            });
            rows.collect()
        };
        Self {
            title,
            bands: rows(BANDS.map(Policy::Band).into()),
            deltas: rows(MOVES.map(|part| Policy::Delta(part * gamma)).into()),
            intervals: rows(INTERVALS.map(Policy::Interval).into()),
        }
    }

    /// Every row, bands first.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.bands.iter().chain(&self.deltas).chain(&self.intervals)
    }

    /// As rows of text, for the terminal and the report.
    #[must_use]
    pub fn section(&self) -> Section {
        let rows = self.rows().map(|row| {
            let Row { policy, outcome, cost, excess } = row;
            let value = format!(
                "{:>5.0} hedges {:>10} = {:>5.1} %, variance {:>+6.1} %{}",
                outcome.hedges,
                usd(outcome.cost),
                100.0 * cost,
                100.0 * excess,
                if row.on_aim() { "  on the aim" } else { "" }
            );
            (policy.to_string(), value)
        });
        Section { title: self.title, rows: rows.collect() }
    }
}
