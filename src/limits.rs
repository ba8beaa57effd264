//! What a trade may do to the book: the solvency test, caps on greeks, and caps on what is traded in one round of the price feed.
//!
//! No limit refuses a trade that brings what is limited nearer to zero.

use alloc::vec::Vec;

use ::book::{Hedge, Mark, Priced, Reader, Writer};
use alloy_primitives::{B256, U256};
use interfaces::vault::IVault::{
    DeltaCapExceeded, GammaCapExceeded, RoundDeltaExceeded, RoundMoved, RoundVegaExceeded, SolvencyTooLow,
    VegaCapExceeded,
};
use inventory::{CapError, Caps, Round, RoundCaps, RoundError};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageB256, StorageMap};

use crate::amounts::{int, uint, MILLION};
use crate::error::{ensure, OrOverflow, Result, Revert};
use crate::liquidity::Resources;
use crate::state::{Session, Vault};

/// What was traded in the last round of the feed in which anything was: in all, and by series.
#[storage]
pub struct Throttle {
    all: StorageB256,
    series: StorageMap<U256, StorageB256>,
}

/// What is traded in this round once a trade is done.
pub(crate) struct Traded {
    all: Round,
    series: Vec<(U256, Round)>,
}

impl Throttle {
    /// Writes what was traded.
    pub(crate) fn store(&mut self, traded: &Traded) {
        self.all.set(pack(&traded.all));
        for (series, round) in &traded.series {
            self.series.setter(*series).set(pack(round));
        }
    }
}

impl Vault {
    /// Admits a trade to the feed's round: `legs` are its series, in the order of the priced legs.
    pub(crate) fn admit(&self, session: &Session, priced: &Priced, legs: &[U256]) -> Result<Traded> {
        let (id, limits) = (session.price.round, &session.limits);
        let caps = RoundCaps { delta: usd(limits.roundDelta), vega: usd(limits.roundVega) };
        let net = (priced.net.delta, priced.net.vega().or_overflow()?);
        let all = unpack(self.throttle.all.get()).admit(id, None, net, &caps);
        let all = all.map_err(|error| refusal(U256::ZERO, error))?;
        let caps = RoundCaps { delta: usd(limits.seriesDelta), vega: usd(limits.seriesVega) };
        let mut series = Vec::with_capacity(legs.len());
        for (leg, [delta, vega]) in legs.iter().zip(&priced.legs) {
            let round = unpack(self.throttle.series.get(*leg)).admit(id, None, (*delta, *vega), &caps);
            series.push((*leg, round.map_err(|error| refusal(*leg, error))?));
        }
        Ok(Traded { all, series })
    }

    /// Checks the book after a trade, `mark`, against the caps and the worst that can happen to it.
    pub(crate) fn check_book(
        &self,
        session: &Session,
        later: &Resources,
        mark: &Mark,
        priced: &Priced,
    ) -> Result<()> {
        let limits = &session.limits;
        let caps =
            Caps { delta: usd(limits.maxDelta), gamma: usd(limits.maxGamma), vega: usd(limits.maxVega) };
        let before = priced.before.exposure(later.hedge).or_overflow()?;
        let after = priced.after.exposure(later.hedge).or_overflow()?;
        caps.check(&before, &after).map_err(|error| cap_refusal(mark, error))?;

        let hedge = self.hedge_position(session, later)?;
        let loss = ::book::worst_case(mark, &hedge).or_overflow()?.worst;
        let nav = later.free.checked_add_unsigned(later.hedge).or_overflow()?;
        let nav = nav.checked_add(priced.after.value).or_overflow()?;
        let Err(missing) = inventory::check_solvency(nav, loss, 0, limits.solvencyBuffer) else {
            return Ok(());
        };
        let stood = ::book::worst_case(&self.mark_with_reserve(session)?, &hedge).or_overflow()?.worst;
        ensure(loss <= stood, || SolvencyTooLow {
            nav: int(nav),
            worstLoss: uint(loss),
            missing: uint(missing),
        })
    }

    /// The hedge against the book, in lots and in money.
    fn hedge_position(&self, session: &Session, resources: &Resources) -> Result<Hedge> {
        let size = self.hedge_size()?.unsigned_abs();
        let lots = maths::mul_div_down(size, 1 << 32, session.profile.lot.into()).or_overflow()?;
        Ok(Hedge {
            lots: i128::try_from(lots).or_overflow()?,
            value: i128::try_from(resources.hedge).or_overflow()?,
        })
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
        RoundError::Moved { id, expected } => {
            RoundMoved { roundId: uint(id), expected: uint(expected) }.into()
        }
        RoundError::Delta { delta, cap } => {
            RoundDeltaExceeded { series, delta: int(delta), cap: uint(cap) }.into()
        }
        RoundError::Vega { vega, cap } => {
            RoundVegaExceeded { series, vega: int(vega), cap: uint(cap) }.into()
        }
    }
}

fn cap_refusal(mark: &Mark, error: CapError) -> Revert {
    match error {
        CapError::Delta { delta, cap } => DeltaCapExceeded { delta: int(delta), cap: uint(cap) }.into(),
        CapError::Gamma { gamma, cap } => GammaCapExceeded { gamma: int(gamma), cap: uint(cap) }.into(),
        CapError::Vega { bucket, vega, cap } => {
            let expiry = mark.expiries.get(bucket).map_or(0, |one| one.stored.header.expiry.into());
            VegaCapExceeded { expiry, vega: int(vega), cap: uint(cap) }.into()
        }
    }
}

/// Id in ten bytes, delta and vega in eleven each: what caps of 32-bit dollars admit fits.
fn pack(round: &Round) -> B256 {
    let mut word = B256::ZERO;
    let mut fields = Writer(word.as_mut_slice());
    for (width, bytes) in
        [(10, round.id.to_be_bytes()), (11, round.delta.to_be_bytes()), (11, round.vega.to_be_bytes())]
    {
        fields.put(bytes.get(16_usize.saturating_sub(width)..).unwrap_or_default());
    }
    word
}

fn unpack(word: B256) -> Round {
    let mut fields = Reader(word.as_slice());
    let mut take = |width: usize| {
        let high = u128::from(fields.take(width.saturating_sub(8)));
        high << 64 | u128::from(fields.take(8))
    };
    let (id, delta, vega) = (take(10), take(11), take(11));
    // 88 bits to 128, with their sign.
    let signed = |bits: u128| i128::from_be_bytes((bits << 40).to_be_bytes()) >> 40;
    Round { id, delta: signed(delta), vega: signed(vega) }
}
