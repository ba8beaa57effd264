//! The market: expiries and their grids, the surface, and the views of price, greeks, NAV and book.

use alloc::vec::Vec;

use ::book::{Header, Mark, Place, Spots, Stored, MAX_EXPIRIES, WORD};
use alloy_primitives::{I256, U256};
use interfaces::vault::IVault::{
    self, ExpiryAlreadyListed, ExpiryBook, ExpiryListed, ExpiryNotListed, ExpiryNotOnGrid, ExpiryOutOfRange,
    Greeks, GridInvalid, Nav, SliceFault, SliceInvalid, SurfaceSet, SurfaceSlice, TooManyExpiries,
    UnknownSeries,
};
use options::{Kind, Series, Slice, SliceError, StrikeGrid, Totals, COARSE};
use stylus_sdk::prelude::*;

use crate::amounts::{int, to_i128, to_u128, uint, WAD, WAD_PER_MICRO, WAD_PER_PRICE};
use crate::book::live_indices;
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::lock;
use crate::positions::parse;
use crate::state::{Session, Vault};

/// An expiry is listed at least an hour and at most two years ahead [s].
const MIN_TENOR: u64 = 3_600;
const MAX_TENOR: u64 = 2 * 365 * 86_400;
/// Bits of the stored grid of a slice.
const VARIANCE: u32 = 36;
const RHO: u32 = 22;
const SHIFT: u32 = 28;
const RATE: u32 = 30;

impl Vault {
    fn list(&mut self, expiry: u64, grid: StrikeGrid) -> Result<()> {
        let now = self.now();
        let (earliest, latest) = (now.saturating_add(MIN_TENOR), now.saturating_add(MAX_TENOR));
        let time = u32::try_from(expiry).or_overflow()?;
        ensure(options::is_expiry(time), || ExpiryNotOnGrid { expiry })?;
        ensure((earliest..=latest).contains(&expiry), || ExpiryOutOfRange {
            expiry,
            earliest: uint(earliest.into()),
            latest: uint(latest.into()),
        })?;
        ensure(self.find_expiry(expiry).is_none(), || ExpiryAlreadyListed { expiry })?;
        let live = self.live_bits();
        let free = (0..MAX_EXPIRIES).find(|index| !live_indices(live).any(|used| used == *index));
        let index = free.ok_or(TooManyExpiries { limit: uint(12) })?;

        let header = Header { expiry: time, grid, rate: 0, put_lots: 0, put_index_sum: 0 };
        self.book.set_header(index, &header)?;
        self.set_live(index, true)
    }

    fn publish(&mut self, slice: &SurfaceSlice) -> Result<()> {
        let now = self.now();
        let expiry = slice.expiry;
        let index = self.find_expiry(expiry).ok_or(ExpiryNotListed { expiry })?;
        ensure(expiry > now, || ExpiryOutOfRange { expiry, earliest: uint(now.into()), latest: U256::MAX })?;
        let stored = stored_slice(slice, now).ok_or(range(expiry))?;
        stored.check().map_err(|error| SliceInvalid { expiry, fault: fault(error) })?;
        let mut header = self.book.header(index);
        header.rate = narrow(grid_units(slice.rate, RATE)).ok_or(range(expiry))?;

        self.book.set_slice(index, &stored)?;
        self.book.set_header(index, &header)?;
        let SurfaceSlice { rate, a, b, rho, m, s, forward, .. } = slice.clone();
        emit(self.vm(), &SurfaceSet { expiry, rate, a, b, rho, m, s, forward });
        Ok(())
    }

    fn marked(&self, session: &Session) -> Result<Mark> {
        let stored = live_indices(self.live_bits()).map(|index| self.book.stored(index));
        let spots = Spots::here(session.profile.lot, session.price.spot).or_overflow()?;
        Mark::new(stored, spots, session.now32()?).or_overflow()
    }

    /// Greeks of sums over a book, in units of the ABI.
    fn greeks_view(&self, session: &Session, totals: &Totals) -> Result<Greeks> {
        let lot = u128::from(session.profile.lot);
        let spot = u128::from(session.price.spot);
        let dollars = (lot / 1_000_000_000).checked_mul(spot).or_overflow()?.checked_mul(10).or_overflow()?;
        let money = |sum: i128, bits| maths::mul_shift_floor(sum, dollars, bits).or_overflow().map(int);
        let gamma = maths::mul_shift_floor(totals.gamma, lot, COARSE).or_overflow()?;
        let per_dollar = i128::try_from(spot).or_overflow()?;
        let gamma = gamma.checked_mul(100_000_000).or_overflow()?.checked_div(per_dollar).or_overflow()?;
        Ok(Greeks {
            value: money(totals.value, WORD)?,
            delta: int(maths::mul_shift_floor(totals.delta, lot, WORD).or_overflow()?),
            gamma: int(gamma),
            vega: money(totals.vega, WORD)?,
            theta: money(totals.theta, COARSE)?,
        })
    }

    fn series_view(&self, id: U256) -> Result<Greeks> {
        let session = self.session()?;
        let unknown = || UnknownSeries { series: id };
        let series = parse(id)?;
        let mark = self.marked(&session)?;
        let place = place(&mark, &series).ok_or_else(unknown)?;
        let quoted = mark.expiry(place).and_then(|expiry| expiry.strike(place.strike, series.kind));
        let one = quoted.or_overflow()?.greeks;
        let spot = u128::from(session.price.spot).checked_mul(WAD_PER_PRICE).or_overflow()?;
        let money = |word: i128, bits| maths::mul_shift_floor(word, spot, bits).or_overflow().map(int);
        let gamma = maths::mul_shift_floor(one.gamma.into(), WAD, COARSE).or_overflow()?;
        let gamma = maths::mul_div_down(gamma.unsigned_abs(), WAD, spot).or_overflow()?;
        Ok(Greeks {
            value: money(one.price, WORD)?,
            delta: int(maths::mul_shift_floor(one.delta.into(), WAD, WORD).or_overflow()?),
            gamma: int(i128::try_from(gamma).or_overflow()?),
            vega: money(one.vega.into(), WORD)?,
            theta: money(one.theta.into(), COARSE)?,
        })
    }

    fn book_view(&self) -> Result<Vec<ExpiryBook>> {
        let lot = self.settings().profile.lot;
        let size = |lots: i128| lots.checked_mul(lot.into()).or_overflow().map(int);
        let one = |index: usize| {
            let stored = self.book.stored(index);
            let Stored { header, slice, .. } = stored;
            let sizes: Result<Vec<I256>> = stored.each_lots().map(|lots| size(lots.into())).collect();
            Ok(ExpiryBook {
                expiry: header.expiry.into(),
                base: micro(header.grid.base)?,
                step: micro(header.grid.step)?,
                surfaceUpdatedAt: slice.as_ref().map_or(0, |slice| slice.updated_at.into()),
                slice: slice_view(&header, slice.as_ref())?,
                netSizes: sizes?,
                putSize: size(header.put_lots.into())?,
                putIndexSum: size(header.put_index_sum.into())?,
            })
        };
        live_indices(self.live_bits()).map(one).collect()
    }
}

/// Where a series is listed.
pub(crate) fn place(mark: &Mark, series: &Series) -> Option<Place> {
    let mut live = mark.expiries.iter().map(|expiry| &expiry.stored);
    let stored = live.find(|stored| stored.header.expiry == series.expiry)?;
    Some(Place { index: stored.index, strike: stored.header.grid.index_of(series.strike)? })
}

/// A strike, forward or grid step with 18 decimals.
fn micro(number: u64) -> Result<U256> {
    u128::from(number).checked_mul(WAD_PER_MICRO).or_overflow().map(uint)
}

/// Micro-USD of a number with 18 decimals; none unless it is whole.
fn whole_micro(number: U256) -> Option<u64> {
    let number = to_u128(number)?;
    let whole = number.checked_rem(WAD_PER_MICRO)? == 0;
    u64::try_from(number.checked_div(WAD_PER_MICRO)?).ok().filter(|_| whole)
}

/// `number` (18 decimals) on a grid of 2^-bits, to the nearest.
fn grid_units(number: I256, bits: u32) -> Option<i64> {
    let scaled = to_i128(number)?.checked_mul(1_i128.checked_shl(bits)?)?;
    let one = i128::try_from(WAD).ok()?;
    let half = one.checked_div(2)?;
    i64::try_from(scaled.checked_add(half)?.checked_div_euclid(one)?).ok()
}

/// A stored number with 18 decimals, rounded down.
fn wad_of(number: i64, bits: u32) -> Result<I256> {
    maths::mul_shift_floor(number.into(), WAD, bits).or_overflow().map(int)
}

fn range(expiry: u64) -> SliceInvalid {
    SliceInvalid { expiry, fault: SliceFault::Range }
}

fn fault(error: SliceError) -> SliceFault {
    match error {
        SliceError::Range => SliceFault::Range,
        SliceError::Rho => SliceFault::Rho,
        SliceError::Sigma => SliceFault::Sigma,
        SliceError::NegativeVariance => SliceFault::NegativeVariance,
        SliceError::Wing => SliceFault::Wing,
    }
}

/// The slice on its stored grid, none when a field does not fit.
fn stored_slice(slice: &SurfaceSlice, now: u64) -> Option<Slice> {
    let forward = to_u128(slice.forward)?.checked_div(WAD_PER_MICRO)?;
    Some(Slice {
        a: grid_units(slice.a, VARIANCE)?,
        b: grid_units(slice.b, VARIANCE)?,
        rho: narrow(grid_units(slice.rho, RHO))?,
        m: narrow(grid_units(slice.m, SHIFT))?,
        s: grid_units(slice.s, VARIANCE)?,
        forward: u64::try_from(forward).ok()?,
        updated_at: u32::try_from(now).ok()?,
    })
}

fn narrow(number: Option<i64>) -> Option<i32> {
    i32::try_from(number?).ok()
}

fn slice_view(header: &Header, slice: Option<&Slice>) -> Result<SurfaceSlice> {
    let expiry = u64::from(header.expiry);
    let Some(slice) = slice else {
        return Ok(SurfaceSlice {
            expiry,
            rate: I256::ZERO,
            a: I256::ZERO,
            b: I256::ZERO,
            rho: I256::ZERO,
            m: I256::ZERO,
            s: I256::ZERO,
            forward: U256::ZERO,
        });
    };
    Ok(SurfaceSlice {
        expiry,
        rate: wad_of(header.rate.into(), RATE)?,
        a: wad_of(slice.a, VARIANCE)?,
        b: wad_of(slice.b, VARIANCE)?,
        rho: wad_of(slice.rho.into(), RHO)?,
        m: wad_of(slice.m.into(), SHIFT)?,
        s: wad_of(slice.s, VARIANCE)?,
        forward: micro(slice.forward)?,
    })
}

/// The market. `abi/IVault.sol` is the manual.
#[public]
pub trait Market {
    /// Lists an expiry.
    fn list_expiry(&mut self, expiry: u64, base: U256, step: U256, count: u8) -> Result<()>;
    /// Publishes slices of the surface.
    fn set_surface(&mut self, slices: Vec<SurfaceSlice>) -> Result<()>;
    /// Id of a series.
    fn series_id(&self, expiry: u64, strike: U256, is_put: bool) -> Result<U256>;
    /// Price and greeks of one option.
    fn series_greeks(&self, series: U256) -> Result<Greeks>;
    /// Greeks of the book as the vault holds it.
    fn greeks(&self) -> Result<Greeks>;
    /// NAV and its parts.
    fn nav(&self) -> Result<Nav>;
    /// The book as stored.
    #[selector(name = "book")]
    fn book_of(&self) -> Result<Vec<ExpiryBook>>;
    /// The feed's price after all checks.
    fn spot(&self) -> Result<(U256, U256)>;
}

#[public]
impl Market for Vault {
    fn list_expiry(&mut self, expiry: u64, base: U256, step: U256, count: u8) -> Result<()> {
        lock::take()?;
        self.require_role(IVault::Role::Curator)?;
        self.require_unpaused()?;
        let invalid = || GridInvalid { base, step, count };
        let (low, width) = (whole_micro(base).ok_or_else(invalid)?, whole_micro(step).ok_or_else(invalid)?);
        let grid = StrikeGrid::new(low, width, count).map_err(|_| invalid())?;
        ensure(Header { expiry: 0, grid, rate: 0, put_lots: 0, put_index_sum: 0 }.fits(), invalid)?;
        let grid = StrikeGrid { base: low, step: width, count };

        self.list(expiry, grid)?;
        emit(self.vm(), &ExpiryListed { expiry, base, step, count });
        lock::release();
        Ok(())
    }

    fn set_surface(&mut self, slices: Vec<SurfaceSlice>) -> Result<()> {
        lock::take()?;
        self.require_role(IVault::Role::Publisher)?;
        for slice in &slices {
            self.publish(slice)?;
        }
        lock::release();
        Ok(())
    }

    fn series_id(&self, expiry: u64, strike: U256, is_put: bool) -> Result<U256> {
        let expiry = u32::try_from(expiry).or_overflow()?;
        let strike = whole_micro(strike).or_overflow()?;
        let kind = if is_put { Kind::Put } else { Kind::Call };
        Ok(uint(Series { expiry, strike, kind }.id()))
    }

    fn series_greeks(&self, series: U256) -> Result<Greeks> {
        lock::check()?;
        self.series_view(series)
    }

    fn greeks(&self) -> Result<Greeks> {
        lock::check()?;
        let session = self.session()?;
        let mark = self.marked(&session)?;
        self.greeks_view(&session, &mark.totals())
    }

    fn nav(&self) -> Result<Nav> {
        lock::check()?;
        self.nav_view()
    }

    #[selector(name = "book")]
    fn book_of(&self) -> Result<Vec<ExpiryBook>> {
        lock::check()?;
        self.book_view()
    }

    fn spot(&self) -> Result<(U256, U256)> {
        lock::check()?;
        let price = self.session()?.price;
        let wad = u128::from(price.spot).checked_mul(WAD_PER_PRICE).or_overflow()?;
        Ok((uint(wad), uint(price.updated_at.into())))
    }
}
