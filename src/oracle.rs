//! The feed's price, after every check, and the rounds that settle an expiry.
//!
//! FEED REQUIREMENTS: a Chainlink-shaped aggregator with 8 decimals and a sequencer-uptime feed (0 is up). Every doubt fails closed: a
//! price that is stale, from the future, not positive or out of range, and a sequencer that is down or back for less than the grace period.

use alloc::vec::Vec;

use alloy_primitives::{Address, I256, U256, aliases::U80};
use alloy_sol_types::SolCall;
use interfaces::external::IAggregator;
use interfaces::vault::IVault::{
    FeedFailed, PriceAboveRange, PriceFromFuture, PriceNotPositive, PriceStale, RoundNotStraddling, SequencerDown,
    SequencerGracePeriod,
};
use stylus_sdk::host::VM;

use crate::amounts::{to_u64, uint};
use crate::error::{OrOverflow, Result, ensure};
use crate::token::static_call;

/// Largest price the kernels take: 2^50 / 1e8 is 11 million dollars.
const MAX_PRICE: u64 = 1 << 50;

/// A round of an aggregator.
pub(crate) struct Round {
    answer: I256,
    started_at: U256,
    updated_at: U256,
}

/// A price that passed every check.
#[derive(Clone, Copy)]
pub(crate) struct Price {
    /// [1e-8 USD]
    pub(crate) spot: u64,
    /// [s]
    pub(crate) updated_at: u64,
}

/// The feeds of the market, and how old their answers may be.
pub(crate) struct Feeds {
    pub(crate) price: Address,
    pub(crate) sequencer: Address,
    pub(crate) max_age: u64,
    pub(crate) grace: u64,
}

impl Feeds {
    /// The current price.
    pub(crate) fn current(&self, vm: &VM, now: u64) -> Result<Price> {
        self.check_sequencer(vm, now)?;
        let round = latest(vm, self.price)?;
        let updated_at = round.updated_at;
        ensure(updated_at <= uint(now.into()), || PriceFromFuture {
            updatedAt: updated_at,
            timestamp: uint(now.into()),
        })?;
        let updated = to_u64(updated_at)?;
        ensure(now.saturating_sub(updated) <= self.max_age, || PriceStale {
            updatedAt: updated_at,
            timestamp: uint(now.into()),
            maxAge: uint(self.max_age.into()),
        })?;
        Ok(Price { spot: spot(round.answer)?, updated_at: updated })
    }

    /// The last price whatever its age, none when the feed answers nothing usable: for views that must not revert.
    pub(crate) fn indicative(&self, vm: &VM) -> Option<u64> {
        latest(vm, self.price).ok().and_then(|round| spot(round.answer).ok())
    }

    fn check_sequencer(&self, vm: &VM, now: u64) -> Result<()> {
        let round = latest(vm, self.sequencer)?;
        let since = round.started_at;
        ensure(round.answer == I256::ZERO && !since.is_zero(), || SequencerDown { since })?;
        let open_from = since.checked_add(uint(self.grace.into())).or_overflow()?;
        ensure(uint(now.into()) > open_from, || SequencerGracePeriod { upSince: since, openFrom: open_from })
    }

    /// The price of round `id`, proven to be the last one at or before `expiry` by the round after it.
    pub(crate) fn settlement(&self, vm: &VM, id: U80, expiry: u64) -> Result<u64> {
        let round = by_id(vm, self.price, id)?;
        let next = by_id(vm, self.price, id.checked_add(U80::ONE).or_overflow()?)?;
        let moment = uint(expiry.into());
        let straddles = !round.updated_at.is_zero() && round.updated_at <= moment && moment < next.updated_at;
        ensure(straddles, || RoundNotStraddling {
            roundId: id,
            updatedAt: round.updated_at,
            nextUpdatedAt: next.updated_at,
            expiry,
        })?;
        spot(round.answer)
    }
}

fn spot(answer: I256) -> Result<u64> {
    ensure(answer.is_positive(), || PriceNotPositive { answer })?;
    let price = answer.into_raw();
    ensure(price <= uint(MAX_PRICE.into()), || PriceAboveRange { answer, limit: uint(MAX_PRICE.into()) })?;
    to_u64(price)
}

fn latest(vm: &VM, feed: Address) -> Result<Round> {
    round(vm, feed, &IAggregator::latestRoundDataCall {}.abi_encode())
}

fn by_id(vm: &VM, feed: Address, id: U80) -> Result<Round> {
    round(vm, feed, &IAggregator::getRoundDataCall { roundId: id }.abi_encode())
}

/// Reads answer, startedAt and updatedAt: words 1 to 3 of five. A short answer, as from an account without code, is a failed feed.
fn round(vm: &VM, feed: Address, data: &[u8]) -> Result<Round> {
    let words: Vec<U256> = static_call(vm, feed, data, 160)
        .unwrap_or_default()
        .chunks_exact(32)
        .filter_map(crate::token::word)
        .collect();
    match words.as_slice() {
        [_, answer, started_at, updated_at, _] => {
            Ok(Round { answer: signed(*answer), started_at: *started_at, updated_at: *updated_at })
        }
        _ => Err(FeedFailed { feed }.into()),
    }
}

#[expect(clippy::disallowed_methods, reason = "an ABI word of an int256 is its two's complement")]
fn signed(word: U256) -> I256 {
    I256::from_raw(word)
}
