//! What the vault asks of its risk engine: the book at one instant, and the price of a trade.

use alloc::vec::Vec;

use ::book::{Hedge, Order, Request, Stored};
use alloy_primitives::{B256, I256};
use alloy_sol_types::SolCall;
use interfaces::contract::array_calldata;
use interfaces::engine::IRiskEngine::{markCall, offerCall, worstLossCall};
use interfaces::vault::IVault::EngineFailed;
use inventory::hedge::{Young, SEASONING};
use inventory::Quote;
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;

use crate::amounts::to_i128;
use crate::broker::Positions;
use crate::error::{fail, raise, OrOverflow, Result};
use crate::liquidity::positive;
use crate::state::{Session, Vault};
use crate::surface::Live;
use crate::token::word;

/// Words of the longest answer: an array of eight numbers and two for each of eight legs.
const ANSWER: usize = 26;

/// The book at one instant, as the engine marks it [micro-USD].
pub(crate) struct Position {
    /// Model value, negative when the vault is short.
    pub(crate) value: i128,
    /// J with the hedges.
    pub(crate) risk: u128,
    /// Cash that hedging asks for at the worst reserve move.
    pub(crate) needed: u128,
    /// The earliest expiry that is not settled, of all time where there is none [unix seconds]
    pub(crate) expiry: u64,
    /// Largest move of a listed vol by the last update of the surface [1e-6]
    pub(crate) moved: u32,
}

/// A trade that the engine admits [micro-USD].
pub(crate) struct Offer {
    pub(crate) quote: Quote,
    /// Change of the book's cash delta, the largest within the reserve move, and of its vega.
    pub(crate) net: [i128; 2],
    /// The same by each order alone.
    pub(crate) legs: Vec<[i128; 2]>,
    /// The recent trades with this one, as they are stored.
    pub(crate) young: B256,
}

impl Vault {
    /// Marks the whole book.
    pub(crate) fn mark(&self, session: &Session) -> Result<Position> {
        Ok(self.mark_asked(session)?.0)
    }

    /// Marks the whole book, with what was asked of the engine, to be asked about again.
    pub(crate) fn mark_asked(&self, session: &Session) -> Result<(Position, Request)> {
        self.mark_of(session, self.live(session)?)
    }

    /// As [`Vault::mark`], none when the surface feed fails, or lacks a slice that the mark needs.
    pub(crate) fn mark_if_any(&self, session: &Session) -> Result<Option<Position>> {
        match self.live_if_any(session)? {
            Some(live) if live.stored.iter().all(|one| one.slice.is_some() || !one.is_open()) => {
                Ok(Some(self.mark_of(session, live)?.0))
            }
            _ => Ok(None),
        }
    }

    fn mark_of(&self, session: &Session, Live { stored, moved }: Live) -> Result<(Position, Request)> {
        let request = self.question(session, stored)?;
        let expiries = request.stored.iter().map(|stored| u64::from(stored.header.expiry));
        let expiry = expiries.min().unwrap_or(u64::MAX);
        let numbers = self.ask(markCall::SELECTOR, &request)?;
        let [value, _, risk, needed, ..] = numbers[..] else { return self.garbled() };
        let (risk, needed) = (positive(&risk), positive(&needed));
        Ok((Position { value, risk, needed, expiry, moved }, request))
    }

    /// Model value of positions that are not the book's, at another time and price [micro-USD].
    pub(crate) fn value(&self, session: &Session, stored: Vec<Stored>, spot: u64, now: u32) -> Result<i128> {
        let request = Request::of_book(session.packed, spot, now, stored);
        self.ask(markCall::SELECTOR, &request)?.first().copied().or_overflow()
    }

    /// The most that the book of a mark can lose with its hedges [micro-USD].
    pub(crate) fn worst_loss(&self, marked: &Request) -> Result<u128> {
        self.ask(worstLossCall::SELECTOR, marked)?.first().map(positive).or_overflow()
    }

    /// The premium of a trade, and that no limit of the book forbids it.
    pub(crate) fn offer(&self, session: &Session, orders: Vec<Order>, stored: Vec<Stored>) -> Result<Offer> {
        let young = self.young.get(young_place(session)?).unwrap_or_default().0;
        let request = Request { orders, young, ..self.question(session, stored)? };
        let numbers = self.ask(offerCall::SELECTOR, &request)?;
        let [_, _, premium, value, charge, spread, swing, vega, high, low, ref legs @ ..] = numbers[..]
        else {
            return self.garbled();
        };
        let quote = Quote { premium, value, charge, spread: positive(&spread) };
        let (net, legs) = ([swing, vega], legs.as_chunks().0.to_vec());
        let mut young = B256::ZERO;
        for (bytes, half) in young.as_chunks_mut().0.iter_mut().zip([high, low]) {
            *bytes = half.to_be_bytes();
        }
        Ok(Offer { quote, net, legs, young })
    }

    /// What the engine is told, in words; without a price that passes every check, the price is zero.
    pub(crate) fn told_words(&self) -> Result<Vec<B256>> {
        let mut session = self.unpriced();
        session.price = self.feeds_of(&session.profile).current(self.vm(), session.now).unwrap_or_default();
        self.require_places(&mut session)?;
        let stored = self.stored(&session)?;
        let words = self.question(&session, stored)?.encode();
        Ok(words.into_iter().map(B256::from).collect())
    }

    fn question(&self, session: &Session, stored: Vec<Stored>) -> Result<Request> {
        Ok(Request {
            hedge: self.hedge_position(session)?,
            free: self.liquid(&session.pool)?,
            brokered: session.positions.brokered,
            receivable: self.receivable(),
            uncovered: self.uncovered(),
            ..Request::of_book(session.packed, session.price.spot, session.now32()?, stored)
        })
    }

    /// The hedge against the book at all venues, in lots and in money.
    fn hedge_position(&self, session: &Session) -> Result<Hedge> {
        let Positions { size, brokered } = session.positions;
        let size = self.hedge_size()?.checked_add(size).or_overflow()?;
        let lots =
            maths::mul_div_down(size.unsigned_abs(), 1 << 32, session.profile.lot.into()).or_overflow()?;
        let lots = i128::try_from(lots).or_overflow()?.checked_mul(size.signum()).or_overflow()?;
        let spot = i128::try_from(self.hedge_value(session.price.spot)?).or_overflow()?;
        let value = spot.checked_add(brokered.unwrap_or_default().value).or_overflow()?;
        Ok(Hedge { lots, value })
    }

    /// The numbers that the engine answers; its refusal is the vault's.
    fn ask(&self, selector: [u8; 4], request: &Request) -> Result<Vec<i128>> {
        let data = array_calldata(selector, &request.encode());
        let engine = self.engine_address();
        let limit = ANSWER.saturating_mul(32);
        // SAFETY: a static call cannot change storage, so no cached value goes stale.
        let answer =
            unsafe { RawCall::new_static(self.vm()).limit_return_data(0, limit).call(engine, &data) };
        match answer {
            Ok(answer) => numbers(&answer).or_overflow(),
            Err(refusal) if refusal.is_empty() => self.garbled(),
            Err(refusal) => raise(&refusal),
        }
    }

    fn garbled<T>(&self) -> Result<T> {
        fail(EngineFailed { engine: self.engine_address() })
    }
}

/// The signed numbers of an answer; none beyond 128 bits.
pub(crate) fn numbers(answer: &[u8]) -> Option<Vec<i128>> {
    answer.chunks_exact(32).filter_map(word).map(signed).collect()
}

#[expect(clippy::disallowed_methods, reason = "an ABI word of an int256 is its two's complement")]
fn signed(word: alloy_primitives::U256) -> Option<i128> {
    to_i128(I256::from_raw(word))
}

/// Place of this moment's trades among the recent ones.
pub(crate) fn young_place(session: &Session) -> Result<usize> {
    Ok(Young::place(session.now32()?, SEASONING))
}
