//! Throttles against sniping: caps on the net delta and vega traded in one round of the price feed, in all and in each series.
//!
//! Who trades first on a jump gains the jump times the delta that the vault sells before the next round; this bounds it. Delta grows as spot moves,
//! so it counts at its largest within the reserve move.

use alloc::vec::Vec;

use ::book::{Reader, Writer};
use alloy_primitives::{B256, U256};
use interfaces::vault::IVault::{RoundDeltaExceeded, RoundMoved, RoundVegaExceeded};
use inventory::{Round, RoundCaps, RoundError};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageB256, StorageMap};

use crate::amounts::{int, uint, MILLION};
use crate::error::{ensure, Result, Revert};
use crate::risk::Offer;
use crate::state::{Session, Vault};

/// What was traded in the last round of the feed in which anything was: in all, and by series.
#[storage]
pub struct Throttle {
    all: StorageB256,
    series: StorageMap<U256, StorageB256>,
}

/// What is traded in this round once a trade is done.
pub(crate) struct Admitted {
    all: Round,
    series: Vec<(U256, Round)>,
}

impl Throttle {
    /// Writes what was traded, and when.
    pub(crate) fn store(&mut self, admitted: &Admitted, now: u32) {
        self.all.set(pack(&admitted.all, now));
        for (series, round) in &admitted.series {
            self.series.setter(*series).set(pack(round, now));
        }
    }

    /// When the last trade was [unix seconds]
    pub(crate) fn last(&self) -> u32 {
        self.all.get().last_chunk().copied().map(u32::from_be_bytes).unwrap_or_default()
    }
}

impl Vault {
    /// Admits a trade to the feed's round: `legs` are its series, in the order of the offer's.
    pub(crate) fn admit(
        &self,
        session: &Session,
        offer: &Offer,
        legs: impl Iterator<Item = U256>,
    ) -> Result<Admitted> {
        let (id, limits) = (session.price.round, &session.limits);
        let admit = |series, word, net: [i128; 2], caps| {
            unpack(word).admit(id, net.into(), &caps).map_err(|error| refusal(series, error))
        };
        let caps = RoundCaps { delta: usd(limits.roundDelta), vega: usd(limits.roundVega) };
        let all = admit(U256::ZERO, self.throttle.all.get(), offer.net, caps)?;
        let caps = RoundCaps { delta: usd(limits.seriesDelta), vega: usd(limits.seriesVega) };
        let series = legs.zip(&offer.legs).map(|(leg, net)| {
            let round = admit(leg, self.throttle.series.get(leg), *net, caps)?;
            Ok((leg, round))
        });
        Ok(Admitted { all, series: series.collect::<Result<_>>()? })
    }
}

/// Refuses another round of the feed than the one that the caller expects.
pub(crate) fn check_round(session: &Session, expected: u128) -> Result<()> {
    let id = session.price.round;
    ensure(id == expected, || RoundMoved { roundId: uint(id), expected: uint(expected) })
}

/// Micro-USD of whole USD.
fn usd(number: u32) -> u128 {
    u128::from(number).saturating_mul(MILLION)
}

fn refusal(series: U256, error: RoundError) -> Revert {
    match error {
        RoundError::Delta { delta, cap } => {
            RoundDeltaExceeded { series, delta: int(delta), cap: uint(cap) }.into()
        }
        RoundError::Vega { vega, cap } => {
            RoundVegaExceeded { series, vega: int(vega), cap: uint(cap) }.into()
        }
    }
}

/// Id in ten bytes, delta and vega in nine each, which is more than caps of 32-bit dollars admit, and the time in four.
fn pack(round: &Round, now: u32) -> B256 {
    let mut word = B256::ZERO;
    let mut fields = Writer(word.as_mut_slice());
    for (width, bytes) in
        [(10, round.id.to_be_bytes()), (9, round.delta.to_be_bytes()), (9, round.vega.to_be_bytes())]
    {
        fields.put(bytes.get(16_usize.saturating_sub(width)..).unwrap_or_default());
    }
    fields.put(&now.to_be_bytes());
    word
}

fn unpack(word: B256) -> Round {
    let mut fields = Reader(word.as_slice());
    let mut take = |width: usize| {
        let high = u128::from(fields.take(width.saturating_sub(8)));
        high << 64 | u128::from(fields.take(8))
    };
    let (id, delta, vega) = (take(10), take(9), take(9));
    // 72 bits to 128, with their sign.
    let signed = |bits: u128| i128::from_be_bytes((bits << 56).to_be_bytes()) >> 56;
    Round { id, delta: signed(delta), vega: signed(vega) }
}
