//! The market: expiries and their grids, and the views of price, greeks, NAV and book.

use alloc::vec::Vec;

use ::book::{Header, Mark, Place, Spots, MAX_EXPIRIES, WORD};
use alloy_primitives::{B256, I256, U256};
use interfaces::vault::IVault::{
    self, ExpiryAlreadyListed, ExpiryBook, ExpiryListed, ExpiryNotOnGrid, ExpiryOutOfRange, Greeks,
    GridInvalid, Nav, TooManyExpiries, UnknownSeries,
};
use options::{Kind, Series, StrikeGrid, Totals, COARSE};
use stylus_sdk::prelude::*;

use crate::amounts::{int, to_u128, uint, WAD, WAD_PER_MICRO, WAD_PER_PRICE};
use crate::book::live_indices;
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::lock;
use crate::positions::parse;
use crate::state::{Session, Vault};

/// An expiry is listed at least an hour and at most two years ahead [s].
const MIN_TENOR: u64 = 3_600;
const MAX_TENOR: u64 = 2 * 365 * 86_400;

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

        let header = Header { expiry: time, grid, put_lots: 0, put_index_sum: 0 };
        self.book.set_header(index, &header)?;
        self.set_live(index, true)
    }

    fn marked(&self, session: &Session) -> Result<Mark> {
        let spots = Spots::here(session.profile.lot, session.price.spot).or_overflow()?;
        Mark::new(self.stored(session)?.into_iter(), spots, session.now32()?).or_overflow()
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
            let header = stored.header;
            let sizes: Result<Vec<I256>> = stored.each_lots().map(|lots| size(lots.into())).collect();
            Ok(ExpiryBook {
                expiry: header.expiry.into(),
                base: micro(header.grid.base)?,
                step: micro(header.grid.step)?,
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

/// A strike or grid step with 18 decimals.
fn micro(number: u64) -> Result<U256> {
    u128::from(number).checked_mul(WAD_PER_MICRO).or_overflow().map(uint)
}

/// Micro-USD of a number with 18 decimals; none unless it is whole.
fn whole_micro(number: U256) -> Option<u64> {
    let number = to_u128(number)?;
    let whole = number.checked_rem(WAD_PER_MICRO)? == 0;
    u64::try_from(number.checked_div(WAD_PER_MICRO)?).ok().filter(|_| whole)
}

/// The market. `abi/IVault.sol` is the manual.
#[public]
pub trait Market {
    /// Lists an expiry.
    fn list_expiry(&mut self, expiry: u64, base: U256, step: U256, count: u8) -> Result<()>;
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
    /// The stored word of each live expiry.
    fn headers(&self) -> Result<Vec<B256>>;
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
        ensure(Header { expiry: 0, grid, put_lots: 0, put_index_sum: 0 }.fits(), invalid)?;
        let grid = StrikeGrid { base: low, step: width, count };

        self.list(expiry, grid)?;
        emit(self.vm(), &ExpiryListed { expiry, base, step, count });
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

    fn headers(&self) -> Result<Vec<B256>> {
        lock::check()?;
        Ok(live_indices(self.live_bits()).map(|index| self.book.word(index)).collect())
    }

    fn spot(&self) -> Result<(U256, U256)> {
        lock::check()?;
        let price = self.session()?.price;
        let wad = u128::from(price.spot).checked_mul(WAD_PER_PRICE).or_overflow()?;
        Ok((uint(wad), uint(price.updated_at.into())))
    }
}
