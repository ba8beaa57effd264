//! A Chainlink-shaped aggregator: a price feed, or a sequencer-uptime feed.

use alloy_primitives::aliases::U80;
use alloy_primitives::{I256, U256};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageI256, StorageU256, StorageVec};

use super::refuse;

alloy_sol_types::sol! {
    /// What the mock has beyond the aggregator's interface.
    interface IMockFeed {
        /// Adds a round; ids begin at 1.
        function push(int256 answer, uint256 startedAt, uint256 updatedAt) external;
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
        let index = round_id.checked_sub(U80::ONE).map(|index| index.saturating_to::<usize>());
        match index.and_then(|index| self.rounds.get(index)) {
            Some(round) => {
                Ok((round_id, round.answer.get(), round.started_at.get(), round.updated_at.get(), round_id))
            }
            None => refuse("No data present"),
        }
    }
}
