//! Contracts that the owner names: at once while there are no shares, after two days otherwise.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256, U64};
use interfaces::vault::IVault::ZeroAddress;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageU64};

use crate::amounts::uint;
use crate::error::{ensure, Result};
use crate::governance::OWNER;
use crate::state::{word64, Vault};

/// A contract in force, and the one that waits to take its place.
#[storage]
pub struct Satellite {
    current: StorageAddress,
    proposed: StorageAddress,
    /// When the proposed one may be accepted, zero when there is none // [s]
    accept_from: StorageU64,
}

impl Satellite {
    /// The one in force.
    pub(crate) fn current(&self) -> Address {
        self.current.get()
    }

    /// The one in force, the proposed one, and from when that may be accepted.
    pub(crate) fn told(&self) -> ((Address, Address), U256) {
        ((self.current(), self.proposed.get()), self.accept_from())
    }

    fn accept_from(&self) -> U256 {
        uint(word64(self.accept_from.get()).into())
    }

    /// Names `next`, to be in force from `due` on: whether that is now.
    pub(crate) fn propose(&mut self, next: Address, due: u64, now: u64) -> bool {
        if due <= now {
            self.put_in_force(next);
            return true;
        }
        self.proposed.set(next);
        self.accept_from.set(U64::from_limbs([due]));
        false
    }

    /// Puts the proposed one in force if it is due; when it is, if not.
    pub(crate) fn accept(&mut self, now: u64) -> core::result::Result<Address, U256> {
        let due = word64(self.accept_from.get());
        if due == 0 || due > now {
            return Err(self.accept_from());
        }
        let next = self.proposed.get();
        self.put_in_force(next);
        Ok(next)
    }

    fn put_in_force(&mut self, next: Address) {
        self.current.set(next);
        self.proposed.set(Address::ZERO);
        self.accept_from.set(U64::ZERO);
    }
}

impl Vault {
    /// From when a contract that the owner names now may be used; only the owner, and not the zero address.
    pub(crate) fn due_if_owner(&self, next: Address) -> Result<u64> {
        self.require_role(OWNER)?;
        ensure(!next.is_zero(), || ZeroAddress {})?;
        self.due()
    }
}
