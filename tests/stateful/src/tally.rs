//! Counts: of calls and reverts by handler, of looks by invariant, of errors by name.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::invariants::ALL;
use crate::step::Sent;

/// Calls of a handler.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// All of them.
    pub calls: u64,
    /// Those that were refused.
    pub reverts: u64,
    /// Why, by the error's name.
    pub errors: BTreeMap<String, u64>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By handler.
    pub handlers: BTreeMap<&'static str, Calls>,
    /// Looks by invariant.
    pub looks: BTreeMap<u8, u64>,
    /// Transactions of all kinds.
    pub transactions: u64,
    /// Calls during which something failed.
    pub faults: u64,
    /// Sequences that ran.
    pub sequences: u64,
    /// Sequences that were replayed natively, and their transactions.
    pub replayed: [u64; 2],
    /// The dearest transaction [gas].
    pub gas: u64,
}

impl Tally {
    /// Counts a handler's call.
    pub fn count(&mut self, handler: &'static str, sent: &Sent) {
        let calls = self.handlers.entry(handler).or_default();
        calls.calls += 1;
        if !sent.ok {
            calls.reverts += 1;
            *calls.errors.entry(sent.name()).or_default() += 1;
        }
        self.gas = self.gas.max(sent.gas);
    }

    /// Counts a look.
    pub fn look(&mut self, invariant: u8) {
        *self.looks.entry(invariant).or_default() += 1;
    }

    /// Takes in what another market counted.
    pub fn merge(&mut self, other: Self) {
        for (handler, theirs) in other.handlers {
            let ours = self.handlers.entry(handler).or_default();
            ours.calls += theirs.calls;
            ours.reverts += theirs.reverts;
            for (error, count) in theirs.errors {
                *ours.errors.entry(error).or_default() += count;
            }
        }
        for (invariant, looks) in other.looks {
            *self.looks.entry(invariant).or_default() += looks;
        }
        self.transactions += other.transactions;
        self.faults += other.faults;
        self.sequences += other.sequences;
        for (ours, theirs) in self.replayed.iter_mut().zip(other.replayed) {
            *ours += theirs;
        }
        self.gas = self.gas.max(other.gas);
    }

    /// Handler calls.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.handlers.values().fold(0, |sum, one| sum + one.calls)
    }

    /// The handlers of which more than `percent` of the calls were refused.
    #[must_use]
    pub fn refused_above(&self, percent: u64) -> Vec<&'static str> {
        let above = self.handlers.iter().filter(|(_, one)| one.reverts * 100 > one.calls * percent);
        above.map(|(handler, _)| *handler).collect()
    }

    /// The invariants that nothing looked at.
    #[must_use]
    pub fn blind(&self) -> Vec<&'static str> {
        let seen = |number: &u8| self.looks.get(number).copied().unwrap_or_default() > 0;
        ALL.iter().filter(|one| !seen(&one.number)).map(|one| one.name).collect()
    }

    /// Everything, as a table.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!("{:<22} {:>9} {:>9}  most frequent refusals\n", "handler", "calls", "refused");
        for (handler, one) in &self.handlers {
            let part = 100.0 * one.reverts as f64 / one.calls.max(1) as f64;
            let mut errors: Vec<(&String, &u64)> = one.errors.iter().collect();
            errors.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            let errors: Vec<String> =
                errors.iter().take(3).map(|(name, count)| format!("{name} {count}")).collect();
            let _ = writeln!(text, "{handler:<22} {:>9} {part:>8.1}%  {}", one.calls, errors.join(", "));
        }
        let _ = writeln!(text, "{:<22} {:>9}", "all", self.calls());
        let _ = writeln!(text, "\n{:<32} {:>9}", "invariant", "looks");
        for one in ALL {
            let looks = self.looks.get(&one.number).copied().unwrap_or_default();
            let _ = writeln!(text, "I-{:02} {:<27} {looks:>9}", one.number, one.name);
        }
        let [sequences, calls] = self.replayed;
        let _ = writeln!(
            text,
            "\n{} sequences, {} transactions, {} with a fault, at most {} gas; {sequences} sequences with {calls} transactions natively as well",
            self.sequences, self.transactions, self.faults, self.gas
        );
        text
    }
}
