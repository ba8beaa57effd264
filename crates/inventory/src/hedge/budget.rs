//! What may be paid for hedges: a bucket that refills.

use super::{Rules, usd};

/// A budget as it stood at its last use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// What was left [micro-USD].
    pub level: u128,
    /// When.
    pub since: u32,
}

impl Budget {
    /// A full budget.
    #[must_use]
    pub fn full(rules: &Rules, now: u32) -> Self {
        Self { level: usd(rules.budget), since: now }
    }

    /// What may be paid at `now` [micro-USD]: never more than the whole, and of the refill only what is complete, rounded down.
    #[must_use]
    pub fn available(&self, rules: &Rules, now: u32) -> u128 {
        let whole = usd(rules.budget);
        // 2^52 times 2^32.
        let refill = whole.saturating_mul(now.saturating_sub(self.since).into());
        let refill = refill.checked_div(rules.budget_span.into()).unwrap_or(0);
        self.level.saturating_add(refill).min(whole)
    }

    /// The budget after a payment; `None` when there is less.
    #[must_use]
    pub fn pay(&self, rules: &Rules, amount: u128, now: u32) -> Option<Self> {
        let level = self.available(rules, now).checked_sub(amount)?;
        Some(Self { level, since: now.max(self.since) })
    }

    /// One word: the level above the time. A level beyond 96 bits is stored as the greatest.
    #[must_use]
    pub fn pack(&self) -> u128 {
        self.level.min((1 << 96) - 1) << 32 | u128::from(self.since)
    }

    /// The inverse of [`Budget::pack`].
    #[must_use]
    pub fn unpack(word: u128) -> Self {
        let [.., a, b, c, d] = word.to_be_bytes();
        Self { level: word >> 32, since: u32::from_be_bytes([a, b, c, d]) }
    }
}
