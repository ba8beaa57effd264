//! The exact re-mark: value and greeks of the whole book, recomputed from the stored quantities in every trade.
//!
//! Each live expiry is evaluated where the feed is, which gives value and greeks. Where a method must know what it could still hedge, its
//! delta is evaluated a reserve move below and above as well.

use alloc::vec::Vec;

use interfaces::vault::IVault::{Profile, SurfaceMissing, SurfaceStale};
use inventory::{Bucket, Coefficients, Exposure};
use maths::Word;
use options::{Kind, Market, Quoted, Slice, Totals, COARSE};

use crate::amounts::{mul_shift_ceil, mul_shift_floor, uint, MILLION};
use crate::book::{self, live_indices, Book, Header};
use crate::error::{ensure, OrOverflow, Result};

/// Bits of the kernel's words for price, delta and vega.
pub(crate) const WORD: u32 = 62;
/// Bits of a [`Scale`].
const SCALE: u32 = 32;
/// 1e-18 lots times 1e-8 USD in a micro-USD, with the lot counted in its grain of 1e-9.
const MICRO: u128 = 100_000_000_000;

/// Micro-USD of one lot of the underlying at one spot, as a Q32 number rounded down.
#[derive(Clone, Copy)]
pub(crate) struct Scale(u128);

impl Scale {
    fn new(lot: u64, spot: u64) -> Result<Self> {
        let product = u128::from(lot / 1_000_000_000).checked_mul(spot.into()).or_overflow()?;
        let shifted = product.checked_mul(1 << SCALE).or_overflow()?;
        shifted.checked_div(MICRO).map(Self).or_overflow()
    }

    /// Micro-USD of `lots` times a kernel word of `bits`, rounded towards minus infinity.
    pub(crate) fn floor(self, lots_words: i128, bits: u32) -> Result<i128> {
        mul_shift_floor(lots_words, self.0, bits.saturating_add(SCALE)).or_overflow()
    }

    /// As [`Scale::floor`], rounded towards plus infinity.
    pub(crate) fn ceil(self, lots_words: i128, bits: u32) -> Result<i128> {
        mul_shift_ceil(lots_words, self.0, bits.saturating_add(SCALE)).or_overflow()
    }
}

/// A spot of the underlying.
#[derive(Clone, Copy)]
pub(crate) struct Spot {
    /// [1e-8 USD]
    pub(crate) at: u64,
    pub(crate) scale: Scale,
}

impl Spot {
    fn new(profile: &Profile, at: u64) -> Result<Self> {
        Ok(Self { at, scale: Scale::new(profile.lot, at)? })
    }
}

/// The spots a reserve move below and above the feed's.
#[derive(Clone, Copy)]
pub(crate) struct Reserve {
    scales: [Scale; 2],
    /// ln of either over the feed's [Q57]
    moves: [Word; 2],
}

impl Reserve {
    fn new(profile: &Profile, spot: u64) -> Result<Self> {
        let width = u128::from(spot).checked_mul(profile.hedgeReserve.into()).or_overflow()?;
        let width = u64::try_from(width / MILLION).or_overflow()?;
        let (low, high) = (spot.checked_sub(width).or_overflow()?, spot.checked_add(width).or_overflow()?);
        let here = maths::ln(spot);
        let log = |there| maths::ln(there) - here;
        Ok(Self {
            scales: [Scale::new(profile.lot, low)?, Scale::new(profile.lot, high)?],
            moves: [log(low), log(high)],
        })
    }
}

/// Where the book is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Spots {
    pub(crate) mid: Spot,
    reserve: Option<Reserve>,
}

impl Spots {
    /// The feed's price alone.
    pub(crate) fn here(profile: &Profile, spot: u64) -> Result<Self> {
        Ok(Self { mid: Spot::new(profile, spot)?, reserve: None })
    }

    /// The feed's price and the reserve move on either side of it.
    pub(crate) fn with_reserve(profile: &Profile, spot: u64) -> Result<Self> {
        Ok(Self { reserve: Some(Reserve::new(profile, spot)?), ..Self::here(profile, spot)? })
    }
}

/// A live expiry, marked.
pub(crate) struct ExpiryMark {
    pub(crate) index: usize,
    pub(crate) header: Header,
    pub(crate) slice: Option<Slice>,
    /// Time to expiry, zero from the expiry on [s]
    pub(crate) seconds: u32,
    pub(crate) surface_age: u32,
    market: Option<Market>,
    moves: Option<[Word; 2]>,
    /// Of what is stored; an expired book keeps its value only.
    pub(crate) sums: Totals,
}

impl ExpiryMark {
    fn new(book: &Book, index: usize, spots: &Spots, now: u32) -> Result<Self> {
        let header = book.header(index);
        let slice = book.slice(index);
        let seconds = header.expiry.saturating_sub(now);
        let surface_age = slice.as_ref().map_or(u32::MAX, |slice| now.saturating_sub(slice.updated_at));
        let market = match &slice {
            Some(slice) => {
                let published = header.expiry.saturating_sub(slice.updated_at);
                let market = Market::new(spots.mid.at, seconds, header.rate, slice, published);
                Some(market.ok().or_overflow()?)
            }
            None => None,
        };
        let moves = spots.reserve.map(|reserve| reserve.moves);
        let sums = Totals::default();
        let mut mark = Self { index, header, slice, seconds, surface_age, market, moves, sums };
        if let Some(market) = &market {
            mark.add_stored(book, market);
        }
        Ok(mark)
    }

    fn add_stored(&mut self, book: &Book, market: &Market) {
        for slot in 0..book::slots(&self.header) {
            let word = book.slot(self.index, slot);
            self.sums.add_slot(market, self.moves, &self.header.grid, slot, &word.0);
        }
        self.sums.add_puts(self.header.put_lots, self.header.put_index_sum, &self.header.grid, market);
        if self.seconds == 0 {
            self.sums = Totals { value: self.sums.value, ..Totals::default() };
        }
    }

    /// One option at grid index `strike`.
    pub(crate) fn strike(&self, strike: u8, kind: Kind) -> Result<Quoted> {
        let expiry = u64::from(self.header.expiry);
        let market = self.market.as_ref().ok_or(SurfaceMissing { expiry })?;
        let strike = self.header.grid.strike(strike).or_overflow()?;
        Ok(match kind {
            Kind::Call => market.call_and_moved(strike, self.moves),
            Kind::Put => market.put_and_moved(strike, self.moves),
        })
    }

    /// Refuses to quote on a slice that is too old.
    pub(crate) fn check_fresh(&self, profile: &Profile) -> Result<()> {
        let max = profile.maxSurfaceAge;
        ensure(self.surface_age < max, || SurfaceStale {
            expiry: self.header.expiry.into(),
            updatedAt: uint(self.slice.as_ref().map_or(0, |slice| slice.updated_at).into()),
            maxAge: uint(max.into()),
        })
    }

    /// K D / S of a strike: the present value of the strike in units of spot.
    pub(crate) fn strike_value(&self, strike: u8) -> Result<i128> {
        let market = self.market.as_ref().or_overflow()?;
        Ok(market.strike_value(self.header.grid.strike(strike).or_overflow()?))
    }
}

/// 1.0 as a kernel word.
pub(crate) const ONE: i128 = 1 << WORD;

/// The whole book, marked at one instant.
pub(crate) struct Mark {
    pub(crate) spots: Spots,
    pub(crate) expiries: Vec<ExpiryMark>,
}

/// The book's exposure in money. Delta excludes hedges.
pub(crate) struct Position {
    /// Model value of the book, negative when the vault is short [micro-USD]
    pub(crate) value: i128,
    /// Cash delta of the book [micro-USD]
    pub(crate) delta: i128,
    /// Cash delta a reserve move below and above, if the mark looked there [micro-USD]
    pub(crate) reserve: Option<[i128; 2]>,
    /// Cash gamma [micro-USD]
    pub(crate) gamma: i128,
    pub(crate) vega: Vec<Bucket>,
}

impl Position {
    /// The exposure that prices risk: net of hedges worth `hedge`.
    pub(crate) fn exposure(&self, hedge: u128) -> Result<Exposure<'_>> {
        let delta = self.delta.checked_add_unsigned(hedge).or_overflow()?;
        Ok(Exposure { delta, gamma: self.gamma, vega: &self.vega, depth: &[] })
    }

    /// J of the state [micro-USD].
    pub(crate) fn risk(&self, coefficients: &Coefficients, hedge: u128) -> Result<u128> {
        coefficients.risk(&self.exposure(hedge)?).or_overflow()
    }
}

impl Mark {
    /// Marks every live expiry.
    pub(crate) fn new(book: &Book, live: u16, spots: Spots, now: u32) -> Result<Self> {
        let expiries = live_indices(live).map(|index| ExpiryMark::new(book, index, &spots, now));
        Ok(Self { spots, expiries: expiries.collect::<Result<_>>()? })
    }

    /// The expiry stored at `index`.
    pub(crate) fn expiry(&mut self, index: usize) -> Result<&mut ExpiryMark> {
        self.expiries.iter_mut().find(|expiry| expiry.index == index).or_overflow()
    }

    /// Sums over the book.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for expiry in &self.expiries {
            totals.merge(&expiry.sums);
        }
        totals
    }

    /// The exposure in money.
    pub(crate) fn position(&self) -> Result<Position> {
        Position::new(&self.spots, self.expiries.iter().map(|expiry| (expiry, &expiry.sums)))
    }
}

impl Position {
    /// The exposure of `parts`: expiries, each with the sums that count.
    pub(crate) fn new<'a>(
        spots: &Spots,
        parts: impl Iterator<Item = (&'a ExpiryMark, &'a Totals)>,
    ) -> Result<Self> {
        let mid = spots.mid.scale;
        let mut totals = Totals::default();
        let mut vega = Vec::new();
        for (expiry, sums) in parts {
            totals.merge(sums);
            vega.push(Bucket {
                seconds: expiry.seconds,
                vega: mid.floor(sums.vega, WORD)?,
                surface_age: expiry.surface_age,
            });
        }
        let [below, above] = totals.moved;
        let reserve = match spots.reserve {
            Some(Reserve { scales: [low, high], .. }) => {
                Some([low.floor(below, WORD)?, high.floor(above, WORD)?])
            }
            None => None,
        };
        Ok(Self {
            value: mid.floor(totals.value, WORD)?,
            delta: mid.floor(totals.delta, WORD)?,
            reserve,
            gamma: mid.floor(totals.gamma, COARSE)?,
            vega,
        })
    }
}
