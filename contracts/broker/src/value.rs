//! What the positions are, and what they count for.
//!
//! ```text
//! counts = min(what the venues say, checkpoint + size x (price - checkpoint's price) + a fifth a year of both, for a day at most)
//! ```
//!
//! The size is the one of the checkpoint or the one of now, whichever brings more, because orders are executed in between.
//!
//! Before the first checkpoint nothing was held, so nothing has gained.
//!
//! Whoever makes what the venues say jump, with what nobody has claimed for a month, say, brings into the price of shares no more than a day of that
//! growth at once. Anyone may make a checkpoint; keepers do every day.
//!
//! # Rounding
//! What counts is rounded down, margins and caps up.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall as _;
use book::{Reader, Writer};
use interfaces::broker::IBroker::Venue;
use interfaces::contract::callee::{nth, Callee};
use interfaces::contract::{calldata, OrOverflow as _, Result};
use interfaces::position::IPositionVenue::{stateCall, worthCall};
use interfaces::words::{to_i128, to_u128, uint};
use maths::{mul_div_down, mul_div_up};
use stylus_sdk::prelude::*;

use crate::Broker;

/// 18-decimal size times 18-decimal price in a micro-USD.
const PER_MICRO: u128 = 1_000_000_000_000_000_000_000_000_000_000;
pub(crate) const MILLION: u128 = 1_000_000;
/// Most growth of what counts, beside what the price makes [1e-6 a year].
const MAX_GROWTH: u128 = 200_000;
const YEAR: u128 = 31_536_000;
/// A position, or an order, is worth no more than its bound times this: of what is opened at the cap the price may make so much.
const MOST: u128 = 4;
/// A checkpoint grows no longer than this [s].
const DAY: u64 = 86_400;
/// A position, and what lies at a venue, is nothing below this: not worth the gas of every mark [micro-USD].
const DUST: u128 = 25_000_000;
/// Words of a venue's state.
const STATE: usize = 5;

/// A venue's state.
#[derive(Clone, Copy)]
pub(crate) struct State {
    pub(crate) size: i128,
    pub(crate) equity: i128,
    pub(crate) withdrawable: u128,
    pub(crate) pending: i128,
    pub(crate) since: u64,
}

/// All venues that count.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) size: i128,
    pub(crate) equity: i128,
    pub(crate) pending: i128,
    pub(crate) since: u64,
    /// Anything is held, or under way.
    pub(crate) open: bool,
}

/// What counted, when, and at what price.
struct Checkpoint {
    equity: i128,
    size: i128,
    price: u128,
    time: u64,
}

impl Broker {
    /// A venue's state at `price`.
    pub(crate) fn state(&self, venue: Address, price: u128) -> Result<State> {
        self.read(venue, &calldata(&stateCall { price: uint(price) }))
    }

    /// The same without what could be withdrawn.
    pub(crate) fn worth(&self, venue: Address, price: u128) -> Result<State> {
        self.read(venue, &calldata(&worthCall { price: uint(price) }))
    }

    fn read(&self, venue: Address, data: &[u8]) -> Result<State> {
        let answer = Callee(venue).read_all(self.vm(), data, STATE);
        match read(&answer) {
            Some(state) => Ok(state),
            None => Callee(venue).answered_badly(data),
        }
    }

    /// Whether what is held at a venue counts.
    pub(crate) fn counts(&self, entry: &Venue) -> bool {
        (1..=self.vm().block_timestamp()).contains(&entry.countsFrom)
    }

    /// What bounds a venue that says anything: the largest cap that it has had since it counts, but not one that waits for its notice [micro-USD].
    pub(crate) fn bound(&self, entry: &Venue) -> u128 {
        let waits = entry.allowedFrom > self.vm().block_timestamp();
        let usd = if waits { entry.bound } else { entry.bound.max(entry.cap) };
        u128::from(usd).saturating_mul(MILLION)
    }

    /// All venues that count.
    pub(crate) fn look(&self, price: u128) -> Result<Seen> {
        let mut seen = Seen::default();
        for entry in self.entries() {
            if !self.counts(&entry) {
                continue;
            }
            let state = self.worth(entry.venue, price)?;
            let (size, pending) = (value(state.size, price)?, value(state.pending, price)?);
            if size.max(pending) > self.bound(&entry).saturating_mul(MOST).max(DUST) {
                return Callee(entry.venue).answered_badly(&worthCall::SELECTOR);
            }
            seen.size = seen.size.checked_add(state.size).or_overflow()?;
            seen.equity = seen.equity.checked_add(state.equity).or_overflow()?;
            seen.pending = seen.pending.checked_add(state.pending).or_overflow()?;
            if state.pending != 0 && (seen.since == 0 || state.since < seen.since) {
                seen.since = state.since;
            }
            seen.open |= state.since != 0 || state.equity.unsigned_abs().max(size) >= DUST;
        }
        Ok(seen)
    }

    /// What of it counts at `price` [micro-USD].
    pub(crate) fn counted(&self, seen: &Seen, price: u128) -> Result<i128> {
        let checkpoint = self.last();
        let from = if checkpoint.price == 0 { price } else { checkpoint.price };
        let made = |size| gain(size, from, price);
        let gain = made(checkpoint.size).or_overflow()?.max(made(seen.size).or_overflow()?);
        let value =
            mul_div_down(checkpoint.size.unsigned_abs(), checkpoint.price, PER_MICRO).or_overflow()?;
        let base = value.checked_add(checkpoint.equity.unsigned_abs()).or_overflow()?;
        let age = self.vm().block_timestamp().saturating_sub(checkpoint.time).min(DAY);
        let growth =
            mul_div_down(base, u128::from(age).saturating_mul(MAX_GROWTH), YEAR.saturating_mul(MILLION));
        let most = checkpoint.equity.checked_add(gain).or_overflow()?;
        Ok(seen.equity.min(most.checked_add_unsigned(growth.or_overflow()?).or_overflow()?))
    }

    /// Makes a checkpoint: the positions as seen, which count for `equity`.
    pub(crate) fn note(&mut self, seen: &Seen, price: u128, equity: i128) -> Result<()> {
        let mut words = [B256::ZERO; 2];
        let [first, second] = &mut words;
        let mut fields = Writer(first.as_mut_slice());
        fields.put(&equity.to_be_bytes());
        fields.put(&seen.size.to_be_bytes());
        let mut fields = Writer(second.as_mut_slice());
        fields.put(&price.to_be_bytes());
        fields.put(&self.vm().block_timestamp().to_be_bytes());
        for (place, word) in words.into_iter().enumerate() {
            self.checkpoint.setter(place).or_overflow()?.set(word);
        }
        Ok(())
    }

    fn last(&self) -> Checkpoint {
        let [first, second] = [0, 1].map(|place| self.checkpoint.get(place).unwrap_or_default());
        let (mut first, mut second) = (Reader(first.as_slice()), Reader(second.as_slice()));
        let (equity, size) = (first.i128(), first.i128());
        Checkpoint { equity, size, price: second.i128().unsigned_abs(), time: second.u64() }
    }
}

/// What a change of price makes of a position, rounded down [micro-USD].
fn gain(size: i128, from: u128, to: u128) -> Option<i128> {
    let up = (size > 0) == (to > from);
    let made = if up { mul_div_down } else { mul_div_up };
    let made = i128::try_from(made(size.unsigned_abs(), from.abs_diff(to), PER_MICRO)?).ok()?;
    if up {
        Some(made)
    } else {
        made.checked_neg()
    }
}

/// Value of a size at `price`, rounded up [micro-USD].
pub(crate) fn value(size: i128, price: u128) -> Result<u128> {
    mul_div_up(size.unsigned_abs(), price, PER_MICRO).or_overflow()
}

fn read(answer: &[u8]) -> Option<State> {
    let word = |place| nth(answer, place);
    let signed = |place| {
        let word = B256::from(word(place)?);
        to_i128(alloy_primitives::I256::from_be_bytes(word.0))
    };
    Some(State {
        size: signed(0)?,
        equity: signed(1)?,
        withdrawable: to_u128(word(2)?)?,
        pending: signed(3)?,
        since: u64::try_from(to_u128(word(4)?)?).ok()?,
    })
}
