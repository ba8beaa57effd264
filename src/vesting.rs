//! Spread income vests: what a trade pays above model value and risk charge becomes the shares' in a straight line until the latest
//! expiry of the trade. NAV at mid counts all of it, so whoever deposits pays for it; conversions and redemptions count what has vested.
//!
//! Each expiry has half a word: since when, until when, and how much was not vested then. A slot that an earlier expiry used holds nothing:
//! its end has passed.

use alloc::vec::Vec;

use alloy_primitives::U128;
use inventory::Vesting;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageArray, StorageU128};

use crate::book::live_indices;
use crate::error::{OrOverflow, Result};
use crate::state::{Session, Vault};

/// What vests, by storage index of the expiry.
#[storage]
pub struct Vestings {
    of: StorageArray<StorageU128, 12>,
}

impl Vestings {
    fn get(&self, index: usize) -> Vesting {
        let [locked, times] = *self.of.get(index).unwrap_or_default().as_limbs();
        let [since, until] = [times >> 32, times & u64::from(u32::MAX)];
        let narrow = |time| u32::try_from(time).unwrap_or_default();
        Vesting { locked: locked.into(), since: narrow(since), until: narrow(until) }
    }

    fn set(&mut self, index: usize, vesting: &Vesting) -> Result<()> {
        let locked = u64::try_from(vesting.locked).or_overflow()?;
        let times = u64::from(vesting.since) << 32 | u64::from(vesting.until);
        self.of.setter(index).or_overflow()?.set(U128::from_limbs([locked, times]));
        Ok(())
    }
}

impl Vault {
    /// Lets the spread of a trade in the expiries at `places` vest.
    pub(crate) fn vest(
        &mut self,
        session: &Session,
        places: impl Iterator<Item = usize>,
        spread: u128,
    ) -> Result<()> {
        let latest = places.map(|index| (self.book.header(index).expiry, index)).max();
        let (until, index) = latest.or_overflow()?;
        let vesting = self.vestings.get(index);
        let vesting = if vesting.until == until { vesting } else { Vesting { until, ..Vesting::default() } };
        let vesting = vesting.with(spread, session.now32()?).or_overflow()?;
        self.vestings.set(index, &vesting)
    }

    /// Spread income that has not vested [micro-USD].
    pub(crate) fn unvested(&self, session: &Session) -> Result<u128> {
        let now = session.now32()?;
        let of = |index| self.vestings.get(index).unvested(now);
        live_indices(self.live_bits())
            .try_fold(0, |sum: u128, index| sum.checked_add(of(index)))
            .or_overflow()
    }
}
