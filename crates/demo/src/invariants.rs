//! What must hold at every hour, by name.

use crate::prices::show;

/// A property of the market that the replay checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// USDC and WETH of all holders are what was minted.
    TokensConserved,
    /// The vault's stored book is the sum of all positions, with the opposite sign.
    BookEqualsPositions,
    /// ERC-6909 supplies are what the trades say.
    SuppliesEqualPositions,
    /// Settled claims and processed redemptions are covered by cash.
    ClaimsPayable,
    /// NAV is the sum of its parts, and the ledger's cash is in the vault.
    NavAddsUp,
    /// A due hedge leaves net delta inside the band of what is reachable.
    HedgeLandsInBand,
    /// Shares are what deposits and redemptions made them, and neither dilutes the others.
    SharesAccounted,
    /// A trade pays what its quote said.
    TradePaysItsQuote,
    /// Nothing reverts but with a typed error that the situation explains.
    NoUnexpectedRevert,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 9] = [
        Self::TokensConserved,
        Self::BookEqualsPositions,
        Self::SuppliesEqualPositions,
        Self::ClaimsPayable,
        Self::NavAddsUp,
        Self::HedgeLandsInBand,
        Self::SharesAccounted,
        Self::TradePaysItsQuote,
        Self::NoUnexpectedRevert,
    ];

    /// The name under which it is reported and tested.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TokensConserved => "tokens_conserved",
            Self::BookEqualsPositions => "book_equals_positions",
            Self::SuppliesEqualPositions => "supplies_equal_positions",
            Self::ClaimsPayable => "claims_payable",
            Self::NavAddsUp => "nav_adds_up",
            Self::HedgeLandsInBand => "hedge_lands_in_band",
            Self::SharesAccounted => "shares_accounted",
            Self::TradePaysItsQuote => "trade_pays_its_quote",
            Self::NoUnexpectedRevert => "no_unexpected_revert",
        }
    }

    /// What it says.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::TokensConserved => "USDC and WETH of all holders sum to what was minted",
            Self::BookEqualsPositions => "the stored net size of every strike is minus the sum of positions",
            Self::SuppliesEqualPositions => "the ERC-6909 supply of every open series is what was traded",
            Self::ClaimsPayable => "cash covers settled claims and processed redemptions",
            Self::NavAddsUp => "NAV is cash - owed + hedge + book, and the cash is in the vault",
            Self::HedgeLandsInBand => {
                "every due hedge leaves net delta inside the band, or at the venue's limit"
            }
            Self::SharesAccounted => "shares are what deposits and redemptions made them; nobody is diluted",
            Self::TradePaysItsQuote => "a trade pays the premium of its quote",
            Self::NoUnexpectedRevert => "every refusal is a typed error that the situation explains",
        }
    }
}

/// How a rule fared.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Times it was checked.
    pub checks: u64,
    /// Times it failed.
    pub failures: u64,
    /// The first failures, with time and numbers.
    pub examples: Vec<String>,
}

/// All rules and how they fared.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    tallies: [Tally; Rule::ALL.len()],
}

/// Failures that are kept in words.
const EXAMPLES: usize = 5;

impl Invariants {
    /// Checks a rule; `detail` is asked only on failure.
    pub fn check(&mut self, rule: Rule, time: u64, holds: bool, detail: impl FnOnce() -> String) {
        let tally = &mut self.tallies[rule as usize];
        tally.checks += 1;
        if !holds {
            tally.failures += 1;
            if tally.examples.len() < EXAMPLES {
                tally.examples.push(format!("{}: {}", show(time), detail()));
            }
        }
    }

    /// Every rule with its tally.
    pub fn tallies(&self) -> impl Iterator<Item = (Rule, &Tally)> {
        Rule::ALL.into_iter().zip(&self.tallies)
    }

    /// Whether nothing failed.
    #[must_use]
    pub fn hold(&self) -> bool {
        self.tallies.iter().all(|tally| tally.failures == 0)
    }

    /// All failures.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.tallies.iter().fold(0, |sum, tally| sum + tally.failures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_and_the_first_are_kept_in_words() {
        let mut invariants = Invariants::default();
        for hour in 0..8 {
            invariants.check(Rule::NavAddsUp, hour * 3_600, hour == 0, || format!("hour {hour}"));
        }
        let (_, tally) = invariants.tallies().find(|(rule, _)| *rule == Rule::NavAddsUp).expect("there");
        assert_eq!((tally.checks, tally.failures, tally.examples.len()), (8, 7, 5));
        assert_eq!(tally.examples[0], "1970-01-01 01:00 UTC: hour 1");
        assert!(!invariants.hold());
    }
}
