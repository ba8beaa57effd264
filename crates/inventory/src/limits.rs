//! Caps: on the greeks of the book by expiry, and on what may be traded in one round of the price feed.
//!
//! No cap refuses a trade that brings what is capped nearer to zero.

use crate::{Exposure, STRIPS};

/// Caps on the book's greeks [micro-USD].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// |cash delta|, hedges included.
    pub delta: u128,
    /// |cash gamma|.
    pub gamma: u128,
    /// |vega| of each expiry, and of each of its strips where depth has weights.
    pub vega: u128,
}

/// A cap that a trade would exceed, or exceed by more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapError {
    /// On cash delta.
    Delta {
        /// What it would be [micro-USD]
        delta: i128,
        /// What it may be [micro-USD]
        cap: u128,
    },
    /// On cash gamma.
    Gamma {
        /// What it would be [micro-USD]
        gamma: i128,
        /// What it may be [micro-USD]
        cap: u128,
    },
    /// On the vega of an expiry or of one of its strips.
    Vega {
        /// Place of the expiry in the exposure
        bucket: usize,
        /// What it would be [micro-USD]
        vega: i128,
        /// What it may be [micro-USD]
        cap: u128,
    },
}

/// Whether a change is within a cap, or towards it.
fn within(before: i128, after: i128, cap: u128) -> bool {
    let size = after.unsigned_abs();
    size <= cap || (size <= before.unsigned_abs() && (before < 0) == (after < 0))
}

impl Caps {
    /// Checks a change of state. Both exposures hold the same expiries in the same order; one that `before` lacks had no vega.
    ///
    /// # Errors
    /// The first cap exceeded.
    pub fn check(&self, before: &Exposure, after: &Exposure) -> Result<(), CapError> {
        if !within(before.delta, after.delta, self.delta) {
            return Err(CapError::Delta { delta: after.delta, cap: self.delta });
        }
        if !within(before.gamma, after.gamma, self.gamma) {
            return Err(CapError::Gamma { gamma: after.gamma, cap: self.gamma });
        }
        for (bucket, expiry) in after.vega.iter().enumerate() {
            let had = before.vega.get(bucket).map_or(0, |expiry| expiry.vega);
            if !within(had, expiry.vega, self.vega) {
                return Err(CapError::Vega { bucket, vega: expiry.vega, cap: self.vega });
            }
        }
        after.depth.iter().enumerate().try_for_each(|(place, depth)| {
            let had = before.depth.get(place).map_or([0; STRIPS], |depth| depth.vega);
            let strips = had.into_iter().zip(depth.vega).map(|(had, vega)| (had.into(), vega.into()));
            let mut over = strips.filter(|(had, vega)| !within(*had, *vega, self.vega));
            let error = |(_, vega)| CapError::Vega { bucket: depth.bucket, vega, cap: self.vega };
            over.next().map_or(Ok(()), |over| Err(error(over)))
        })
    }
}

/// Net delta and vega traded in one round of the price feed: of the vault, or of one series.
///
/// Who trades first on a jump gains the jump times what the vault sells before the next round; this bounds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Id of the round.
    pub id: u128,
    /// Net cash delta traded in it [micro-USD]
    pub delta: i128,
    /// Net vega traded in it, all expiries [micro-USD]
    pub vega: i128,
}

/// Caps on a round [micro-USD].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundCaps {
    /// |net cash delta traded|.
    pub delta: u128,
    /// |net vega traded|.
    pub vega: u128,
}

/// A cap of a round that a trade would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundError {
    /// On net delta.
    Delta {
        /// What it would be [micro-USD]
        delta: i128,
        /// What it may be [micro-USD]
        cap: u128,
    },
    /// On net vega.
    Vega {
        /// What it would be [micro-USD]
        vega: i128,
        /// What it may be [micro-USD]
        cap: u128,
    },
}

impl Round {
    /// The round after a trade of `delta` and `vega` in round `id`: sums start anew with each round.
    ///
    /// # Errors
    /// A cap exceeded. A sum beyond 128 bits counts as exceeding its cap.
    pub fn admit(&self, id: u128, (delta, vega): (i128, i128), caps: &RoundCaps) -> Result<Self, RoundError> {
        let before = if self.id == id { *self } else { Self::default() };
        let (delta, vega) = (before.delta.saturating_add(delta), before.vega.saturating_add(vega));
        if !within(before.delta, delta, caps.delta) {
            return Err(RoundError::Delta { delta, cap: caps.delta });
        }
        if !within(before.vega, vega, caps.vega) {
            return Err(RoundError::Vega { vega, cap: caps.vega });
        }
        Ok(Self { id, delta, vega })
    }
}
