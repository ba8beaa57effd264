//! The market: expiries and their grids, the surface, and the views of price, NAV and the stored book.

use alloc::vec::Vec;

use ::book::{Header, MAX_EXPIRIES};
use alloy_primitives::{B256, I256, U256};
use interfaces::vault::IVault::{
    self, ExpiryAlreadyListed, ExpiryListed, ExpiryNotListed, ExpiryNotOnGrid, ExpiryOutOfRange, GridInvalid,
    Nav, SliceFault, SliceInvalid, SurfaceSet, SurfaceSlice, TooManyExpiries,
};
use options::{Slice, SliceError, StrikeGrid};
use stylus_sdk::prelude::*;

use crate::amounts::{to_i128, to_u128, uint, WAD, WAD_PER_MICRO, WAD_PER_PRICE};
use crate::book::live_indices;
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::lock;
use crate::state::Vault;

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

/// The market. `abi/IVault.sol` is the manual.
#[public]
pub trait Market {
    /// Lists an expiry.
    fn list_expiry(&mut self, expiry: u64, base: U256, step: U256, count: u8) -> Result<()>;
    /// Publishes slices of the surface.
    fn set_surface(&mut self, slices: Vec<SurfaceSlice>) -> Result<()>;
    /// NAV and its parts.
    fn nav(&self) -> Result<Nav>;
    /// What the risk engine is told.
    fn words(&self) -> Result<Vec<B256>>;
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

    fn nav(&self) -> Result<Nav> {
        lock::check()?;
        self.nav_view()
    }

    fn words(&self) -> Result<Vec<B256>> {
        lock::check()?;
        self.told_words()
    }

    fn spot(&self) -> Result<(U256, U256)> {
        lock::check()?;
        let price = self.session()?.price;
        let wad = u128::from(price.spot).checked_mul(WAD_PER_PRICE).or_overflow()?;
        Ok((uint(wad), uint(price.updated_at.into())))
    }
}
