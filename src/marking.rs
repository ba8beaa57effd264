//! The exact re-mark: value and greeks of the whole book, recomputed from the stored quantities in every trade.
//!
//! Each live expiry is evaluated at three spots at once: where the feed is, and a reserve move below and above. The middle one gives
//! value and greeks; the outer two give the delta that would have to be hedged there.

use alloc::vec::Vec;

use interfaces::vault::IVault::{Profile, SurfaceMissing, SurfaceStale};
use inventory::{Bucket, Coefficients, Exposure};
use options::{Greeks, Kind, Market, Slice, Totals};

use crate::amounts::{mul_shift_ceil, mul_shift_floor, uint, MILLION};
use crate::book::{live_indices, Book, Header};
use crate::error::{ensure, OrOverflow, Result};

/// Bits of the kernel's words for price, delta and vega, and for gamma and theta.
pub(crate) const WORD: u32 = 62;
pub(crate) const COARSE: u32 = 48;
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

/// The three spots at which the book is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Spots {
    /// [1e-8 USD]: the feed's, below it and above it.
    pub(crate) at: [u64; 3],
    pub(crate) scales: [Scale; 3],
}

impl Spots {
    /// The feed's price and the reserve move on either side of it.
    pub(crate) fn new(profile: &Profile, spot: u64) -> Result<Self> {
        let reserve = u128::from(spot).checked_mul(profile.hedgeReserve.into()).or_overflow()?;
        let reserve = u64::try_from(reserve / MILLION).or_overflow()?;
        let at = [spot, spot.checked_sub(reserve).or_overflow()?, spot.checked_add(reserve).or_overflow()?];
        let [mid, low, high] = at;
        let scale = |spot| Scale::new(profile.lot, spot);
        Ok(Self { at, scales: [scale(mid)?, scale(low)?, scale(high)?] })
    }
}

/// What one strike is worth at the three spots.
pub(crate) struct StrikeMark {
    pub(crate) greeks: Greeks,
    below: i64,
    above: i64,
}

/// A live expiry, marked.
pub(crate) struct ExpiryMark {
    pub(crate) index: usize,
    pub(crate) header: Header,
    pub(crate) slice: Option<Slice>,
    /// Time to expiry, zero from the expiry on [s]
    pub(crate) seconds: u32,
    pub(crate) surface_age: u32,
    markets: Option<[Market; 3]>,
    pub(crate) sums: Sums,
}

/// Sums of lots times kernel words; an expired book keeps its value only.
#[derive(Default)]
pub(crate) struct Sums {
    pub(crate) totals: Totals,
    /// Delta at the spot a reserve move below.
    below: i128,
    /// Delta at the spot a reserve move above.
    above: i128,
}

impl Sums {
    /// Adds `lots` of a strike.
    pub(crate) fn add(&mut self, lots: i32, mark: &StrikeMark) -> Result<()> {
        self.totals.add(lots, &mark.greeks);
        self.below = add_product(self.below, lots, mark.below)?;
        self.above = add_product(self.above, lots, mark.above)?;
        Ok(())
    }

    /// Turns `lots` of the calls into puts: what put-call parity takes off.
    fn add_puts(&mut self, header: &Header, mid: &Market) -> Result<()> {
        self.totals.add_puts(header.put_lots, header.put_index_sum, &header.grid, mid);
        let puts = i128::from(header.put_lots).checked_mul(ONE).or_overflow()?;
        self.below = self.below.checked_sub(puts).or_overflow()?;
        self.above = self.above.checked_sub(puts).or_overflow()?;
        Ok(())
    }
}

impl ExpiryMark {
    fn new(book: &Book, index: usize, spots: &Spots, now: u32) -> Result<Self> {
        let header = book.header(index);
        let slice = book.slice(index);
        let seconds = header.expiry.saturating_sub(now);
        let surface_age = slice.as_ref().map_or(u32::MAX, |slice| now.saturating_sub(slice.updated_at));
        let markets = match &slice {
            Some(slice) => Some(markets(&header, slice, seconds, spots)?),
            None => None,
        };
        let mut mark = Self { index, header, slice, seconds, surface_age, markets, sums: Sums::default() };
        if mark.markets.is_some() {
            mark.add_stored(book)?;
        }
        Ok(mark)
    }

    fn add_stored(&mut self, book: &Book) -> Result<()> {
        let lots = book.lots(self.index, &self.header);
        for (strike, lots) in (0_u8..).zip(lots) {
            if lots != 0 {
                let mark = self.strike(strike, Kind::Call)?;
                self.sums.add(lots, &mark)?;
            }
        }
        let [mid, ..] = self.markets.as_ref().or_overflow()?;
        self.sums.add_puts(&self.header, mid)?;
        if self.seconds == 0 {
            let totals = Totals { value: self.sums.totals.value, ..Totals::default() };
            self.sums = Sums { totals, ..Sums::default() };
        }
        Ok(())
    }

    /// One option at grid index `strike`.
    pub(crate) fn strike(&self, strike: u8, kind: Kind) -> Result<StrikeMark> {
        let expiry = u64::from(self.header.expiry);
        let [mid, low, high] = self.markets.as_ref().ok_or(SurfaceMissing { expiry })?;
        let strike = self.header.grid.strike(strike).or_overflow()?;
        let price = |market: &Market| match kind {
            Kind::Call => market.call(strike),
            Kind::Put => market.put(strike),
        };
        Ok(StrikeMark { greeks: price(mid), below: price(low).delta, above: price(high).delta })
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
        let [mid, ..] = self.markets.as_ref().or_overflow()?;
        Ok(mid.strike_value(self.header.grid.strike(strike).or_overflow()?))
    }
}

/// 1.0 as a kernel word.
pub(crate) const ONE: i128 = 1 << WORD;

fn add_product(sum: i128, lots: i32, word: i64) -> Result<i128> {
    let product = i128::from(lots).checked_mul(word.into()).or_overflow()?;
    sum.checked_add(product).or_overflow()
}

fn markets(header: &Header, slice: &Slice, seconds: u32, spots: &Spots) -> Result<[Market; 3]> {
    let published = header.expiry.saturating_sub(slice.updated_at);
    let market = |spot| Market::new(spot, seconds, header.rate, slice, published).ok().or_overflow();
    let [mid, low, high] = spots.at;
    Ok([market(mid)?, market(low)?, market(high)?])
}

/// The whole book, marked at one instant.
pub(crate) struct Mark {
    pub(crate) spots: Spots,
    pub(crate) expiries: Vec<ExpiryMark>,
}

/// The book's exposure in money. Delta excludes hedges.
pub(crate) struct Position {
    /// Model value of the book, negative when the vault is short [micro-USD]
    pub(crate) value: i128,
    /// Cash delta of the book at the three spots [micro-USD]
    pub(crate) delta: [i128; 3],
    /// Cash gamma [micro-USD]
    pub(crate) gamma: i128,
    pub(crate) vega: Vec<Bucket>,
}

impl Position {
    /// The exposure that prices risk: net of hedges worth `hedge`.
    pub(crate) fn exposure(&self, hedge: u128) -> Result<Exposure<'_>> {
        let [delta, ..] = self.delta;
        let delta = delta.checked_add_unsigned(hedge).or_overflow()?;
        Ok(Exposure { delta, gamma: self.gamma, vega: &self.vega })
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

    /// An expired book that waits for its settlement price.
    pub(crate) fn expired(&self) -> Option<u64> {
        let waiting = self.expiries.iter().find(|expiry| expiry.seconds == 0);
        waiting.map(|expiry| expiry.header.expiry.into())
    }

    /// Sums over the book.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for expiry in &self.expiries {
            totals.merge(&expiry.sums.totals);
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
        parts: impl Iterator<Item = (&'a ExpiryMark, &'a Sums)>,
    ) -> Result<Self> {
        let [mid, low, high] = spots.scales;
        let mut totals = Totals::default();
        let (mut below, mut above) = (0_i128, 0_i128);
        let mut vega = Vec::new();
        for (expiry, sums) in parts {
            totals.merge(&sums.totals);
            below = below.checked_add(sums.below).or_overflow()?;
            above = above.checked_add(sums.above).or_overflow()?;
            vega.push(Bucket {
                seconds: expiry.seconds,
                vega: mid.floor(sums.totals.vega, WORD)?,
                surface_age: expiry.surface_age,
            });
        }
        Ok(Self {
            value: mid.floor(totals.value, WORD)?,
            delta: [mid.floor(totals.delta, WORD)?, low.floor(below, WORD)?, high.floor(above, WORD)?],
            gamma: mid.floor(totals.gamma, COARSE)?,
            vega,
        })
    }
}
