//! The part of a surface feed that the vault asks: slices as they were set, unsigned and unchecked. The real one needs `ecrecover`.

use alloc::vec::Vec;

use alloy_primitives::{B256, U64};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageB256, StorageMap};

alloy_sol_types::sol! {
    /// What the mock has beyond the feed's interface.
    interface IMockSurface {
        /// Sets the packed slice of an expiry, at a rate of zero.
        function set(uint64 expiry, bytes32 slice) external;
    }
}

/// Packed slices by expiry.
#[storage]
#[entrypoint]
pub struct MockSurface {
    slices: StorageMap<U64, StorageB256>,
}

#[public]
impl MockSurface {
    /// See `IMockSurface`.
    pub fn set(&mut self, expiry: u64, slice: B256) {
        self.slices.setter(U64::from(expiry)).set(slice);
    }

    /// For each expiry its packed slice and its rate, then how far the last update moved: not at all.
    pub fn slices(&self, expiries: Vec<u64>) -> Vec<B256> {
        let pair = |expiry: u64| [self.slices.get(U64::from(expiry)), B256::ZERO];
        expiries.into_iter().flat_map(pair).chain([B256::ZERO]).collect()
    }
}
