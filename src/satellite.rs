//! A contract that the owner names, and the one that waits to take its place.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256, U64};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageU64};

use crate::amounts::uint;
use crate::state::word64;

/// The contract in force, and the one that is proposed.
#[storage]
pub struct Satellite {
    current: StorageAddress,
    proposed: StorageAddress,
    /// When the proposed one may be accepted, zero when there is none // [s]
    accept_from: StorageU64,
}

impl Satellite {
    /// The contract in force.
    pub(crate) fn current(&self) -> Address {
        self.current.get()
    }

    /// When the proposed one may be accepted, zero when there is none [s].
    pub(crate) fn due(&self) -> u64 {
        word64(self.accept_from.get())
    }

    /// The contract in force, the one that is proposed, and from when that may be accepted.
    pub(crate) fn view(&self) -> ((Address, Address), U256) {
        ((self.current(), self.proposed.get()), uint(self.due().into()))
    }

    /// Proposes `contract` from `due` on.
    pub(crate) fn propose(&mut self, contract: Address, due: u64) {
        self.proposed.set(contract);
        self.accept_from.set(U64::from_limbs([due]));
    }

    /// Puts the proposed one in force.
    pub(crate) fn accept(&mut self) -> Address {
        let contract = self.proposed.get();
        self.put_in_force(contract);
        contract
    }

    /// Puts `contract` in force; nothing is proposed any more.
    pub(crate) fn put_in_force(&mut self, contract: Address) {
        self.current.set(contract);
        self.propose(Address::ZERO, 0);
    }
}
