//! The feed's price, after every check, and the rounds that settle an expiry.
//!
//! FEED REQUIREMENTS: a Chainlink-shaped aggregator with 8 decimals and a sequencer-uptime feed (0 is up). Every doubt fails closed: a
//! price that is stale, from the future, not positive or out of range, and a sequencer that is down or back for less than the grace period.

use alloy_primitives::{aliases::U80, Address, I256, U256};
use interfaces::external::IAggregator;
use interfaces::vault::IVault::{
    FeedFailed, PriceAboveRange, PriceFromFuture, PriceNotPositive, PriceStale, RoundNotStraddling,
    SequencerDown, SequencerGracePeriod,
};
use stylus_sdk::host::VM;

use crate::amounts::{to_i128, to_u128, to_u64, uint};
use crate::error::{calldata, ensure, Result, Revert};
use crate::token::{static_call, word};

/// Largest price the kernels take: 2^50 / 1e8 is 11 million dollars.
const MAX_PRICE: u64 = 1 << 50;

/// A round of an aggregator.
pub(crate) struct Round {
    id: U256,
    answer: I256,
    started_at: U256,
    updated_at: U256,
}

/// A price that passed every check.
#[derive(Clone, Copy, Default)]
pub(crate) struct Price {
    /// [1e-8 USD]
    pub(crate) spot: u64,
    /// [s]
    pub(crate) updated_at: u64,
    /// Id of the round.
    pub(crate) round: u128,
}

/// The feeds of the market, and how old their answers may be.
pub(crate) struct Feeds {
    pub(crate) price: Address,
    pub(crate) sequencer: Address,
    pub(crate) max_age: u64,
    pub(crate) grace: u64,
}

/// Why there is no price.
pub(crate) enum Fault {
    Failed(FeedFailed),
    Future(PriceFromFuture),
    Stale(PriceStale),
    NotPositive(PriceNotPositive),
    AboveRange(PriceAboveRange),
    Down(SequencerDown),
    Grace(SequencerGracePeriod),
}

impl From<Fault> for Revert {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Failed(error) => error.into(),
            Fault::Future(error) => error.into(),
            Fault::Stale(error) => error.into(),
            Fault::NotPositive(error) => error.into(),
            Fault::AboveRange(error) => error.into(),
            Fault::Down(error) => error.into(),
            Fault::Grace(error) => error.into(),
        }
    }
}

impl Feeds {
    /// The current price.
    pub(crate) fn current(&self, vm: &VM, now: u64) -> Result<Price, Fault> {
        self.check_sequencer(vm, now)?;
        let round = latest(vm, self.price)?;
        let (updated_at, timestamp) = (round.updated_at, uint(now.into()));
        let Some(updated) = to_u64(updated_at).filter(|updated| *updated <= now) else {
            return Err(Fault::Future(PriceFromFuture { updatedAt: updated_at, timestamp }));
        };
        if now.saturating_sub(updated) > self.max_age {
            let max = uint(self.max_age.into());
            return Err(Fault::Stale(PriceStale { updatedAt: updated_at, timestamp, maxAge: max }));
        }
        let id = to_u128(round.id).ok_or(Fault::Failed(FeedFailed { feed: self.price }))?;
        Ok(Price { spot: spot(round.answer)?, updated_at: updated, round: id })
    }

    /// The last price whatever its age, none when the feed answers nothing usable: for views that must not revert.
    pub(crate) fn indicative(&self, vm: &VM) -> Option<u64> {
        latest(vm, self.price).and_then(|round| spot(round.answer)).ok()
    }

    fn check_sequencer(&self, vm: &VM, now: u64) -> Result<(), Fault> {
        let round = latest(vm, self.sequencer)?;
        let since = round.started_at;
        if round.answer != I256::ZERO || since.is_zero() {
            return Err(Fault::Down(SequencerDown { since }));
        }
        let open_from = since.saturating_add(uint(self.grace.into()));
        if uint(now.into()) <= open_from {
            return Err(Fault::Grace(SequencerGracePeriod { upSince: since, openFrom: open_from }));
        }
        Ok(())
    }

    /// The price of the round before `id`, none where the feed has no such round in that phase.
    pub(crate) fn before(&self, vm: &VM, id: u128) -> Option<u64> {
        by_id(vm, self.price, round_id(id.checked_sub(1)?)).and_then(|round| spot(round.answer)).ok()
    }

    /// The price of round `id`, proven to be the last one at or before `expiry` by the round after it: the next of its phase, or the first
    /// of the next phase where its phase has no further one.
    pub(crate) fn settlement(&self, vm: &VM, id: U80, expiry: u64) -> Result<u64> {
        let round = by_id(vm, self.price, id)?;
        let [low, phase] = id.into_limbs();
        let mut next = self.updated_at(vm, U80::from_limbs([low.wrapping_add(1), phase]));
        if next.is_zero() {
            next = self.updated_at(vm, U80::from_limbs([1, phase.wrapping_add(1) & 0xffff]));
        }
        let moment = uint(expiry.into());
        let straddles = !round.updated_at.is_zero() && round.updated_at <= moment && moment < next;
        ensure(straddles, || RoundNotStraddling {
            roundId: id,
            updatedAt: round.updated_at,
            nextUpdatedAt: next,
            expiry,
        })?;
        Ok(spot(round.answer)?)
    }

    /// When a round was answered, zero where there is none.
    fn updated_at(&self, vm: &VM, id: U80) -> U256 {
        by_id(vm, self.price, id).map_or(U256::ZERO, |round| round.updated_at)
    }
}

fn round_id(id: u128) -> U80 {
    let [low, high, ..] = uint(id).into_limbs();
    U80::from_limbs([low, high & 0xffff])
}

fn spot(answer: I256) -> Result<u64, Fault> {
    let price = to_i128(answer)
        .and_then(|price| u64::try_from(price).ok())
        .filter(|price| (1..=MAX_PRICE).contains(price));
    price.ok_or_else(|| {
        if answer.is_positive() {
            Fault::AboveRange(PriceAboveRange { answer, limit: uint(MAX_PRICE.into()) })
        } else {
            Fault::NotPositive(PriceNotPositive { answer })
        }
    })
}

fn latest(vm: &VM, feed: Address) -> Result<Round, Fault> {
    round(vm, feed, &calldata(&IAggregator::latestRoundDataCall {}))
}

fn by_id(vm: &VM, feed: Address, id: U80) -> Result<Round, Fault> {
    round(vm, feed, &calldata(&IAggregator::getRoundDataCall { roundId: id }))
}

/// Reads id, answer, startedAt and updatedAt: words 0 to 3 of five. A short answer, as from an account without code, is a failed feed.
fn round(vm: &VM, feed: Address, data: &[u8]) -> Result<Round, Fault> {
    let answer = static_call(vm, feed, data, 160).unwrap_or_default();
    let mut words = answer.chunks_exact(32).filter_map(word);
    match (words.next(), words.next(), words.next(), words.next(), words.next()) {
        (Some(id), Some(answer), Some(started_at), Some(updated_at), Some(_)) => {
            Ok(Round { id, answer: signed(answer), started_at, updated_at })
        }
        _ => Err(Fault::Failed(FeedFailed { feed })),
    }
}

#[expect(clippy::disallowed_methods, reason = "an ABI word of an int256 is its two's complement")]
fn signed(word: U256) -> I256 {
    I256::from_raw(word)
}
