//! Snapshots in memory and states on file.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use host::{DumpedAccount, Mark};
use serde::{Deserialize, Serialize};

use super::{At, Chain, Clock};
use crate::rpc::RpcError;

/// A point to go back to.
pub(super) struct Snapshot {
    mark: Mark,
    head: u64,
    clock: Clock,
}

/// A state on file: accounts, and where the chain stood. Blocks and receipts are not kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct Saved {
    /// Time of the last block [unix seconds].
    timestamp: u64,
    accounts: BTreeMap<Address, DumpedAccount>,
}

impl Chain {
    /// Remembers the present; ids count from 1.
    pub(crate) fn take_snapshot(&mut self) -> u64 {
        let mark = self.world.mark();
        self.snapshots.push(Some(Snapshot { mark, head: self.head(), clock: self.clock }));
        self.snapshots.len() as u64
    }

    /// Goes back to a snapshot, which is used up with all later ones. Waiting transactions are dropped.
    ///
    /// # Errors
    /// When the state of then is no longer kept.
    pub(crate) fn revert_to(&mut self, id: u64) -> Result<bool, RpcError> {
        let Some(index) = usize::try_from(id).ok().and_then(|id| id.checked_sub(1)) else { return Ok(false) };
        let Some(snapshot) = self.snapshots.get_mut(index).and_then(Option::take) else { return Ok(false) };
        if !self.world.reaches(snapshot.mark) {
            return Err(RpcError::refused("the state of this snapshot is gone"));
        }
        for later in self.snapshots.iter_mut().skip(index) {
            *later = None;
        }
        self.world.rewind(snapshot.mark);
        self.cut(snapshot.head);
        self.clock = snapshot.clock;
        self.pool.clear();
        self.enter(At::Block(snapshot.head));
        Ok(true)
    }

    /// Drops the blocks after one.
    pub(super) fn cut(&mut self, head: u64) {
        for block in self.blocks.split_off((head as usize + 1).min(self.blocks.len())) {
            self.by_hash.remove(&block.hash);
            for mined in block.transactions {
                self.by_transaction.remove(&mined.receipt.transaction_hash);
            }
        }
        self.filters.rewound(head);
    }

    pub(crate) fn saved(&mut self) -> Saved {
        let timestamp = self.blocks.last().map_or(0, |block| block.header.timestamp);
        Saved { timestamp, accounts: self.world.dump() }
    }

    /// Puts saved accounts over the present ones; the clock is never behind the saved state's.
    ///
    /// # Errors
    /// When the block that holds them could not be made.
    pub(crate) fn load_saved(&mut self, saved: &Saved) -> Result<(), RpcError> {
        if self.next_timestamp() < saved.timestamp {
            self.clock.next = Some(saved.timestamp);
        }
        self.world.load(&saved.accounts);
        self.mine().map(|_| ())
    }
}
