//! For how long a hedge has been due.
//!
//! Nobody is called when the price moves, so the clock learns of a state when something else happens: a trade, a hedge, or a
//! call that does nothing but look, which anyone may make. What it has not seen it counts in the vault's favour: it starts
//! at the first look at an excess, not at its beginning.

use super::trigger::rest_edge;
use super::{Rules, Trigger};
use crate::Band;

/// Time since a line was crossed, through returns that were shorter than the seasoning.
///
/// So the price or a small hedge that brings the deviation inside for a moment does not start the wait again, and a hedge
/// that leaves part of the excess does not touch it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timer {
    /// When the line was crossed; 0 while it is not.
    pub since: u32,
    /// When it was crossed back, for less than the seasoning so far; 0 while beyond it.
    pub back: u32,
}

impl Timer {
    /// The timer after a look at `now`: `away` is beyond the line.
    #[must_use]
    pub fn observe(self, now: u32, away: bool, seasoning: u32) -> Self {
        let now = now.max(1);
        let running = self.runs(now, seasoning);
        match (running, away) {
            (false, false) => Self::default(),
            (false, true) => Self { since: now, back: 0 },
            (true, true) => Self { back: 0, ..self },
            (true, false) => Self { back: if self.back == 0 { now } else { self.back }, ..self },
        }
    }

    /// Seconds since the line was crossed; 0 while it is not, or once a return has lasted for the seasoning.
    #[must_use]
    pub fn elapsed(self, now: u32, seasoning: u32) -> u32 {
        if self.runs(now, seasoning) { now.saturating_sub(self.since) } else { 0 }
    }

    fn runs(self, now: u32, seasoning: u32) -> bool {
        self.since != 0 && (self.back == 0 || now.saturating_sub(self.back) < seasoning)
    }
}

/// Two timers: outside the band, and away from rest, which is at the inner edge or less than the least hedge beyond it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Since the outer edge was left.
    pub band: Timer,
    /// Since rest was left.
    pub rest: Timer,
}

impl Clock {
    /// The clock after a look at `deviation` at `now`.
    #[must_use]
    pub fn observe(&self, now: u32, deviation: i128, band: &Band, rules: &Rules) -> Self {
        let size = deviation.unsigned_abs();
        let rest = rest_edge(band, rules).min(band.outer);
        Self {
            band: self.band.observe(now, size > band.outer, rules.seasoning),
            rest: self.rest.observe(now, size > rest, rules.seasoning),
        }
    }

    /// Whether the greatest wait is over.
    #[must_use]
    pub fn overdue(&self, rules: &Rules, now: u32) -> bool {
        let elapsed = self.rest.elapsed(now, rules.seasoning);
        elapsed != 0 && elapsed >= rules.max_wait
    }

    /// For how long a hedge has been due, on account of the band or of the greatest wait.
    #[must_use]
    pub fn waited(&self, rules: &Rules, now: u32) -> u32 {
        let rest = self.rest.elapsed(now, rules.seasoning);
        self.band.elapsed(now, rules.seasoning).max(rest.saturating_sub(rules.max_wait))
    }

    /// How long a hedge that is due has waited: 0 when none is due.
    #[must_use]
    pub fn waited_for(&self, trigger: &Trigger, rules: &Rules, now: u32) -> u32 {
        if trigger.due == 0 { 0 } else { self.waited(rules, now) }
    }

    /// Four times in one word, the band's first and lowest.
    #[must_use]
    pub fn pack(&self) -> u128 {
        [self.rest.back, self.rest.since, self.band.back, self.band.since]
            .into_iter()
            .fold(0, |word, time| word << 32 | u128::from(time))
    }

    /// The inverse of [`Clock::pack`].
    #[must_use]
    pub fn unpack(word: u128) -> Self {
        let time = |place: u32| {
            let [.., a, b, c, d] = word.unbounded_shr(place).to_be_bytes();
            u32::from_be_bytes([a, b, c, d])
        };
        Self {
            band: Timer { since: time(0), back: time(32) },
            rest: Timer { since: time(64), back: time(96) },
        }
    }
}
