//! The market: expiries and their grids, and the views of price, NAV and the stored book.

use alloc::vec::Vec;

use ::book::{Header, MAX_EXPIRIES};
use alloy_primitives::{FixedBytes, B256, U256};
use interfaces::vault::IVault::{
    self, ExpiryAlreadyListed, ExpiryListed, ExpiryNotOnGrid, ExpiryOutOfRange, GridInvalid, Nav,
    TooManyExpiries,
};
use options::StrikeGrid;
use stylus_sdk::prelude::*;

use crate::amounts::{uint, whole_micro, WAD_PER_PRICE};
use crate::book::live_indices;
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::lock;
use crate::state::Vault;

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

    /// Clears an expiry that is settled: lots, weights, and its place for another.
    #[inline(never)]
    pub(crate) fn clear(&mut self, index: usize) -> Result<()> {
        self.book.clear(index)?;
        self.store_ramp(index, None)?;
        self.set_live(index, false)
    }
}

/// The market. `abi/IVault.sol` is the manual.
#[public]
pub trait Market {
    /// Lists an expiry.
    fn list_expiry(&mut self, expiry: u64, base: U256, step: U256, count: u8) -> Result<()>;
    /// Changes the weights of depth by strike of an expiry.
    fn set_depth(&mut self, expiry: u64, weights: FixedBytes<8>) -> Result<()>;
    /// NAV and its parts.
    fn nav(&self) -> Result<Nav>;
    /// What the risk engine is told.
    fn words(&self) -> Result<Vec<B256>>;
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

    fn set_depth(&mut self, expiry: u64, weights: FixedBytes<8>) -> Result<()> {
        lock::take()?;
        self.require_role(IVault::Role::Curator)?;
        self.change_depth(expiry, weights.0)?;
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

    fn headers(&self) -> Result<Vec<B256>> {
        lock::check()?;
        Ok(live_indices(self.live_bits()).map(|index| self.book.word(index)).collect())
    }

    fn spot(&self) -> Result<(U256, U256)> {
        lock::check()?;
        let price = self.priced()?.price;
        let wad = u128::from(price.spot).checked_mul(WAD_PER_PRICE).or_overflow()?;
        Ok((uint(wad), uint(price.updated_at.into())))
    }
}
