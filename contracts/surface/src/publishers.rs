//! Who may sign, and how that changes: what tightens is instant, what loosens waits two days.

use alloc::vec::Vec;

use alloy_primitives::{Address, U64, U8};
use interfaces::contract::{emit, ensure, Result};
use interfaces::surface::ISurface::{
    PublishersNotAscending, PublishersNotDue, PublishersProposed, PublishersSet, ThresholdInvalid,
    TooManyPublishers,
};
use interfaces::words::uint;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageArray, StorageU8};

use crate::signatures::size;
use crate::SurfaceFeed;

/// Most publishers.
const MAX_PUBLISHERS: usize = 16;
/// Time from proposing publishers to their first update, once the vault has shares [s].
const DELAY: u64 = 2 * 86_400;

/// Addresses, ascending.
#[storage]
pub struct Publishers {
    count: StorageU8,
    accounts: StorageArray<StorageAddress, MAX_PUBLISHERS>,
}

impl Publishers {
    /// One after the other.
    pub(crate) fn each(&self) -> impl Iterator<Item = Address> + use<'_> {
        (0..byte(&self.count)).filter_map(|index| self.accounts.get(index))
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Address> {
        self.each().collect()
    }

    fn store(&mut self, accounts: &[Address]) {
        for (index, account) in accounts.iter().enumerate() {
            if let Some(mut slot) = self.accounts.setter(index) {
                slot.set(*account);
            }
        }
        self.count.set(small(u8::try_from(accounts.len()).unwrap_or_default()));
    }
}

impl SurfaceFeed {
    /// Puts publishers in force if that only tightens or the vault has no shares, else proposes them.
    pub(crate) fn name_publishers(&mut self, accounts: &[Address], threshold: u8) -> Result<()> {
        self.require_owner()?;
        check(accounts, threshold)?;

        if self.tightens(accounts, threshold) || !self.has_shares()? {
            self.put_in_force(accounts, threshold);
            return Ok(());
        }
        let accept_from = self.vm().block_timestamp().saturating_add(DELAY);
        self.proposed.store(accounts);
        self.proposed_threshold.set(small(threshold));
        self.accept_from.set(U64::from_limbs([accept_from]));
        emit(
            self.vm(),
            &PublishersProposed { publishers: accounts.to_vec(), threshold, acceptFrom: accept_from },
        );
        Ok(())
    }

    /// Puts the proposed publishers in force when their time has come.
    pub(crate) fn accept(&mut self) -> Result<()> {
        let (accept_from, now) = (self.accept_from(), self.vm().block_timestamp());
        ensure(accept_from != 0 && now >= accept_from, || PublishersNotDue {
            acceptFrom: uint(accept_from.into()),
            timestamp: uint(now.into()),
        })?;
        let (accounts, threshold) = (self.proposed.all(), byte(&self.proposed_threshold));
        self.put_in_force(&accounts, threshold);
        Ok(())
    }

    /// When the proposed publishers may be accepted, zero when there are none [s].
    pub(crate) fn accept_from(&self) -> u64 {
        let [time] = *self.accept_from.get().as_limbs();
        time
    }

    /// Whether none of `accounts` is new and no fewer of them must sign.
    fn tightens(&self, accounts: &[Address], threshold: u8) -> bool {
        let mut publishers = self.publishers.each();
        let subset = accounts.iter().all(|account| publishers.any(|publisher| publisher == *account));
        subset && threshold >= self.threshold()
    }

    /// Stores publishers and drops what was proposed: it was measured against those before.
    fn put_in_force(&mut self, accounts: &[Address], threshold: u8) {
        self.publishers.store(accounts);
        self.threshold.set(small(threshold));
        self.proposed.store(&[]);
        self.proposed_threshold.set(U8::ZERO);
        self.accept_from.set(U64::ZERO);
        emit(self.vm(), &PublishersSet { publishers: accounts.to_vec(), threshold });
    }
}

/// Refuses too many publishers, any that is not above the one before, and a threshold that they cannot or need not meet.
fn check(accounts: &[Address], threshold: u8) -> Result<()> {
    let count = accounts.len();
    ensure(count <= MAX_PUBLISHERS, || TooManyPublishers {
        publishers: size(count),
        limit: size(MAX_PUBLISHERS),
    })?;
    let mut previous = Address::ZERO;
    for account in accounts {
        let publisher = *account;
        ensure(publisher > previous, || PublishersNotAscending { previous, publisher })?;
        previous = publisher;
    }
    let fits = threshold > 0 && usize::from(threshold) <= count;
    ensure(fits, || ThresholdInvalid { threshold, publishers: size(count) })
}

/// A stored byte.
pub(crate) fn byte(stored: &StorageU8) -> u8 {
    let [number] = *stored.get().as_limbs();
    u8::try_from(number).unwrap_or_default()
}

/// A byte to store.
pub(crate) fn small(number: u8) -> U8 {
    U8::from_limbs([number.into()])
}
