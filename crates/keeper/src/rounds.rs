//! The round that settles an expiry: the last one at or before it, found by id.
//!
//! A round's id is its phase in the upper 16 of 80 bits and a count from 1 below; a phase ends when the aggregator behind a feed is replaced.
//! Within a phase rounds grow with time, so the phase is searched by halves, and the phases are walked back until one begins before the expiry.

use alloy_primitives::Address;
use alloy_primitives::aliases::U80;
use interfaces::external::IAggregator;
use interfaces::words::to_u64;

use crate::ask::ask;
use crate::chain::{Chain, Fault, Head};

/// Where a phase ends, at the latest: a count is searched by doubling up to it.
const MOST: u64 = 1 << 40;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Straddling {
    /// The round to settle by.
    Round(U80),
    /// The feed has no round after the expiry yet; its last is of this time [unix seconds].
    NotYet(u64),
    /// The feed has no round at or before the expiry.
    None,
}

/// A feed, read in one block.
struct Feed<'a> {
    chain: &'a dyn Chain,
    at: &'a Head,
    address: Address,
}

impl Feed<'_> {
    /// When a round was answered, none where there is no such round.
    async fn updated(&self, phase: u64, count: u64) -> Result<Option<u64>, Fault> {
        let call = IAggregator::getRoundDataCall { roundId: id(phase, count) };
        match ask(self.chain, self.at, self.address, &call).await {
            Ok(round) => Ok(to_u64(round.updatedAt).filter(|time| *time > 0)),
            // Aggregators differ: some revert for a round that is not there.
            Err(Fault::Reverted(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Whether a round is there and at or before `expiry`.
    async fn is_before(&self, phase: u64, count: u64, expiry: u64) -> Result<bool, Fault> {
        Ok(self.updated(phase, count).await?.is_some_and(|time| time <= expiry))
    }

    /// The last round of a phase at or before `expiry`, given that the first is.
    async fn last_before(&self, phase: u64, expiry: u64) -> Result<u64, Fault> {
        let (mut before, mut after) = (1_u64, 2_u64);
        while after < MOST && self.is_before(phase, after, expiry).await? {
            (before, after) = (after, after.saturating_mul(2));
        }
        while after.saturating_sub(before) > 1 {
            let middle = before.midpoint(after);
            if self.is_before(phase, middle, expiry).await? {
                before = middle;
            } else {
                after = middle;
            }
        }
        Ok(before)
    }
}

/// The round that settles `expiry` [unix seconds] by a feed, as of a block.
///
/// # Errors
/// A feed or a chain that does not answer.
pub async fn straddling(
    chain: &dyn Chain,
    at: &Head,
    address: Address,
    expiry: u64,
) -> Result<Straddling, Fault> {
    let feed = Feed { chain, at, address };
    let latest = ask(chain, at, address, &IAggregator::latestRoundDataCall {}).await?;
    let last = to_u64(latest.updatedAt).unwrap_or(u64::MAX);
    if last <= expiry {
        return Ok(Straddling::NotYet(last));
    }
    let [_, top] = latest.roundId.into_limbs();
    for phase in (1..=top).rev() {
        if feed.is_before(phase, 1, expiry).await? {
            let count = feed.last_before(phase, expiry).await?;
            return Ok(Straddling::Round(id(phase, count)));
        }
    }
    Ok(Straddling::None)
}

fn id(phase: u64, count: u64) -> U80 {
    U80::from_limbs([count, phase & 0xffff])
}
