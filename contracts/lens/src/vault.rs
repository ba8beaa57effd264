//! What the lens asks a vault. Answers are bounded, and read as the vault's ABI says or not at all.

use alloc::vec::Vec;

use alloy_primitives::{Address, FixedBytes, I256, U256};
use alloy_sol_types::SolCall;
use book::{slots, Header, Mark, Spots, Stored, MAX_EXPIRIES};
use interfaces::contract::{calldata, Words};
use interfaces::lens::ILens::{VaultFailed, VaultRefused};
use interfaces::vault::IVault::{self, ReentrantCall};
use inventory::Profile;
use options::{Slice, StrikeGrid};
use stylus_sdk::call::RawCall;
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;

use crate::amounts::{int, to_i128, to_u128, uint, WAD_PER_PRICE};
use crate::error::{fail, OrOverflow, Result};

const WORD: usize = 32;
/// Words of a profile, of a NAV, of a hedge and of a quote.
const PROFILE: usize = 23;
const NAV: usize = 7;
const HEDGE: usize = 7;
const QUOTE: usize = 4;
/// Most words of the book: offset and length, then header, slice and eight words of lots of each expiry.
const BOOK: usize = 2 + MAX_EXPIRIES * 10;

/// A vault, and the access to it.
#[derive(Clone, Copy)]
pub(crate) struct Vault<'a> {
    pub(crate) vm: &'a VM,
    pub(crate) address: Address,
}

/// What the vault's profile says, as far as prices need it.
pub(crate) struct Terms {
    /// Size of a lot [1e-18]
    pub(crate) lot: u64,
    pub(crate) risk: Profile,
}

/// A vault's book, marked now.
pub(crate) struct Marked {
    pub(crate) terms: Terms,
    /// [1e-8 USD]
    pub(crate) spot: u64,
    pub(crate) mark: Mark,
}

/// What the vault has besides its book.
pub(crate) struct Nav {
    /// [micro-USD]
    pub(crate) cash: u128,
    pub(crate) owed: u128,
    pub(crate) hedge: u128,
    pub(crate) book: i128,
    pub(crate) risk_reserve: u128,
    pub(crate) mid: i128,
    pub(crate) low: i128,
}

impl Vault<'_> {
    /// The book, marked at the price that passed the vault's checks.
    pub(crate) fn marked(&self) -> Result<Marked> {
        let (spot, terms) = (self.spot()?, self.terms()?);
        let spots = Spots::here(terms.lot, spot).or_overflow()?;
        let mark = Mark::new(self.stored()?.into_iter(), spots, self.now()?).or_overflow()?;
        Ok(Marked { terms, spot, mark })
    }

    /// The book as stored.
    pub(crate) fn stored(&self) -> Result<Vec<Stored>> {
        let answer = self.ask_up_to(&calldata(&IVault::wordsCall {}), BOOK)?;
        self.good(read_book(&mut Reader(&answer), self.now()?))
    }

    pub(crate) fn terms(&self) -> Result<Terms> {
        let answer = self.ask(&IVault::profileCall {}, PROFILE)?;
        self.good(read_terms(&mut Reader(&answer)))
    }

    pub(crate) fn nav(&self) -> Result<Nav> {
        let answer = self.ask(&IVault::navCall {}, NAV)?;
        self.good(read_nav(&mut Reader(&answer)))
    }

    /// Hedges held [1e-18 of the underlying].
    pub(crate) fn hedge_size(&self) -> Result<u128> {
        let answer = self.ask(&IVault::hedgeNeededCall {}, HEDGE)?;
        let mut words = Reader(&answer);
        let size = words.number(1).and_then(|_| words.int()).and_then(|size| u128::try_from(size).ok());
        self.good(size)
    }

    /// The premium of a trade of one leg, or the selector of the error that the vault refuses it with.
    pub(crate) fn quote(
        &self,
        series: U256,
        size: i128,
    ) -> Result<core::result::Result<i128, FixedBytes<4>>> {
        let mut data = IVault::quoteCall::SELECTOR.to_vec();
        for word in [uint(32), uint(1), series, int(size).into_raw()] {
            data.extend_from_slice(&word.to_be_bytes::<WORD>());
        }
        match self.call(&data, QUOTE) {
            Ok(answer) => self.good(Reader(&answer).int().filter(|_| answer.len() == QUOTE * WORD)).map(Ok),
            Err(data) => match self.reason(&data)? {
                FixedBytes(<ReentrantCall as alloy_sol_types::SolError>::SELECTOR) => self.refused(&data),
                reason => Ok(Err(reason)),
            },
        }
    }

    /// Block time [unix seconds].
    fn now(&self) -> Result<u32> {
        u32::try_from(self.vm.block_timestamp()).or_overflow()
    }

    fn spot(&self) -> Result<u64> {
        let answer = self.ask(&IVault::spotCall {}, 2)?;
        let price = Reader(&answer).uint().filter(|price| price.checked_rem(WAD_PER_PRICE) == Some(0));
        let price = price.and_then(|price| u64::try_from(price.checked_div(WAD_PER_PRICE)?).ok());
        self.good(price.filter(|price| *price > 0))
    }

    /// What was read, or the vault has failed.
    pub(crate) fn good<T>(&self, read: Option<T>) -> Result<T> {
        read.map_or_else(|| fail(VaultFailed { vault: self.address }), Ok)
    }

    /// An answer of `words` words.
    fn ask<C: SolCall>(&self, call: &C, words: usize) -> Result<Vec<u8>>
    where
        for<'a> C::Token<'a>: Words,
    {
        let answer = self.ask_up_to(&calldata(call), words)?;
        let whole = answer.len() == words.saturating_mul(WORD);
        self.good(whole.then_some(answer))
    }

    fn ask_up_to(&self, data: &[u8], words: usize) -> Result<Vec<u8>> {
        self.call(data, words).or_else(|data| self.refused(&data))
    }

    /// At most `words` words of an answer, or of a refusal's data.
    fn call(&self, data: &[u8], words: usize) -> core::result::Result<Vec<u8>, Vec<u8>> {
        let size = words.saturating_mul(WORD);
        // SAFETY: the lens has no storage.
        let answer =
            unsafe { RawCall::new_static(self.vm).limit_return_data(0, size).call(self.address, data) };
        answer.map_err(|error| error.to_vec())
    }

    fn refused<T>(&self, data: &[u8]) -> Result<T> {
        fail(VaultRefused { vault: self.address, reason: self.reason(data)? })
    }

    /// The selector of a refusal; one without is a failure.
    fn reason(&self, data: &[u8]) -> Result<FixedBytes<4>> {
        self.good(data.first_chunk::<4>().copied().map(FixedBytes))
    }
}

fn read_book(words: &mut Reader<'_>, now: u32) -> Option<Vec<Stored>> {
    words.number(32).filter(|offset| *offset == 32)?;
    let count = words.number(32)?;
    let left = u64::try_from(words.0.len().checked_div(WORD)?).ok()?;
    if left != count || !words.0.len().is_multiple_of(WORD) {
        return None;
    }
    let mut stored = Vec::new();
    while let Some(word) = words.word() {
        stored.push(read_expiry(stored.len(), word, words, now)?);
    }
    (stored.len() <= MAX_EXPIRIES).then_some(stored)
}

fn read_expiry(index: usize, word: &[u8; WORD], words: &mut Reader<'_>, now: u32) -> Option<Stored> {
    let header = Header::unpack(word);
    let StrikeGrid { base, step, count } = header.grid;
    StrikeGrid::new(base, step, count).ok()?;
    let slice = words.word()?;
    let slice = if *slice == [0; WORD] { None } else { Some(read_slice(slice, now)?) };
    let lots = (0..slots(&header)).map(|_| words.word().copied()).collect::<Option<_>>()?;
    Some(Stored { index, header, slice, lots, weights: None })
}

/// A slice within the bounds of the kernels.
fn read_slice(word: &[u8; WORD], now: u32) -> Option<Slice> {
    let slice = Slice::unpack(word);
    (slice.check().is_ok() && slice.updated_at <= now).then_some(slice)
}

fn read_terms(words: &mut Reader<'_>) -> Option<Terms> {
    let mut p = IVault::Profile::default();
    let (longs, shorts) = p.fields();
    for field in longs {
        *field = words.number(64)?;
    }
    for field in shorts {
        *field = u32::try_from(words.number(32)?).ok()?;
    }
    let risk = Profile {
        risk_aversion: p.riskAversion,
        vol: p.vol,
        delta_horizon: p.deltaHorizon,
        gamma_horizon: p.gammaHorizon,
        carry_horizon: p.carryHorizon,
        vega_horizon: p.vegaHorizon,
        vol_of_vol: p.volOfVol,
        hedge_cost: p.hedgeCost,
        deviation: p.deviation,
        vol_step: p.volStep,
        fee: p.fee,
        surface_heartbeat: p.surfaceHeartbeat,
        max_surface_age: p.maxSurfaceAge,
        hedge_fixed_cost: p.hedgeFixedCost,
        min_band: p.minBand,
        max_band: p.maxBand,
    };
    (p.lot > 0).then_some(Terms { lot: p.lot, risk })
}

fn read_nav(words: &mut Reader<'_>) -> Option<Nav> {
    Some(Nav {
        cash: words.uint()?,
        owed: words.uint()?,
        hedge: words.uint()?,
        book: words.int()?,
        risk_reserve: words.uint()?,
        mid: words.int()?,
        low: words.int()?,
    })
}

/// An answer, read word by word from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn word(&mut self) -> Option<&'a [u8; WORD]> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(word)
    }

    fn uint(&mut self) -> Option<u128> {
        to_u128(U256::from_be_bytes(*self.word()?))
    }

    fn int(&mut self) -> Option<i128> {
        to_i128(I256::from_be_bytes(*self.word()?))
    }

    /// A number of at most `bits` bits, 64 of them at most.
    fn number(&mut self, bits: u32) -> Option<u64> {
        let number = u64::try_from(self.uint()?).ok()?;
        (number.checked_shr(bits).unwrap_or_default() == 0).then_some(number)
    }
}
