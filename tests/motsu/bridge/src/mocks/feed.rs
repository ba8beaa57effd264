//! A Chainlink-shaped aggregator: a price feed, or a sequencer-uptime feed. It can be made a spy: it knocks at a door before it answers.

use alloy_primitives::aliases::U80;
use alloy_primitives::{Address, Bytes, I256, U256};
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageBytes, StorageI256, StorageU256, StorageVec};

use super::refuse;

alloy_sol_types::sol! {
    /// What the mock has beyond the aggregator's interface.
    interface IMockFeed {
        /// Adds a round; ids begin at 1.
        function push(int256 answer, uint256 startedAt, uint256 updatedAt) external;
        /// Makes the feed a spy: it calls `target` with `data` before each of its answers, and answers only if that call failed with
        /// `expected`. The zero address makes it honest again.
        function spy(address target, bytes calldata data, bytes calldata expected) external;
    }
}

/// One round.
#[storage]
pub struct Round {
    answer: StorageI256,
    started_at: StorageU256,
    updated_at: StorageU256,
}

/// Rounds as they were pushed, 8 decimals.
#[storage]
#[entrypoint]
pub struct MockFeed {
    rounds: StorageVec<Round>,
    target: StorageAddress,
    data: StorageBytes,
    expected: StorageBytes,
}

type RoundData = (U80, I256, U256, U256, U80);

#[public]
impl MockFeed {
    /// Adds a round.
    pub fn push(&mut self, answer: I256, started_at: U256, updated_at: U256) {
        let mut round = self.rounds.grow();
        round.answer.set(answer);
        round.started_at.set(started_at);
        round.updated_at.set(updated_at);
    }

    /// See `IMockFeed`.
    pub fn spy(&mut self, target: Address, data: Bytes, expected: Bytes) {
        self.target.set(target);
        self.data.set_bytes(data);
        self.expected.set_bytes(expected);
    }

    /// Decimals of the answers.
    pub fn decimals(&self) -> u8 {
        8
    }

    /// The last round.
    pub fn latest_round_data(&self) -> Result<RoundData, Vec<u8>> {
        self.get_round_data(U80::from(self.rounds.len()))
    }

    /// A round by id.
    pub fn get_round_data(&self, round_id: U80) -> Result<RoundData, Vec<u8>> {
        self.knock()?;
        let index = round_id.checked_sub(U80::ONE).map(|index| index.saturating_to::<usize>());
        match index.and_then(|index| self.rounds.get(index)) {
            Some(round) => {
                Ok((round_id, round.answer.get(), round.started_at.get(), round.updated_at.get(), round_id))
            }
            None => refuse("No data present"),
        }
    }
}

impl MockFeed {
    fn knock(&self) -> Result<(), Vec<u8>> {
        let target = self.target.get();
        if target.is_zero() {
            return Ok(());
        }
        // SAFETY: nothing of this contract's storage is held across the call. In a static call the callee cannot write either.
        let answer =
            unsafe { RawCall::new(self.vm()).flush_storage_cache().call(target, &self.data.get_bytes()) };
        if answer == Err(self.expected.get_bytes()) { Ok(()) } else { refuse("an open door") }
    }
}
