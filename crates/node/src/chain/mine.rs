//! Blocks are made here, whole or not at all.

use alloy_consensus::Transaction as _;
use alloy_consensus::transaction::TxHashRef;

use super::block::{Block, Ran};
use super::{At, Chain, Event, call_of};
use crate::rpc::RpcError;

/// Gas of one block, as on Arbitrum.
const BLOCK_GAS: u64 = 32_000_000;

/// Where a request began.
pub(crate) struct Start {
    mark: host::Mark,
    head: u64,
}

impl Chain {
    /// Mines one block with what is ready, as far as it fits.
    ///
    /// # Errors
    /// When the block could not be made; the chain is then as before.
    pub(crate) fn mine(&mut self) -> Result<u64, RpcError> {
        let timestamp = self.next_timestamp();
        self.enter(At::Pending);
        let before = self.world.mark();
        let ran = self.run_ready();
        self.clock_ticked(timestamp);
        let base_fee = self.world.base_fee();
        let block = Block::seal(self.blocks.last(), timestamp, base_fee, before, ran);
        let number = block.header.number;
        self.push(block);
        let world = &mut self.world;
        self.pool.prune(|sender| world.nonce(sender));
        self.note_for_filters(number);
        self.publish(Event::Mined(number));
        Ok(number)
    }

    fn run_ready(&mut self) -> Vec<Ran> {
        let mut ran = Vec::new();
        let mut gas = 0_u64;
        loop {
            let world = &mut self.world;
            let Some(tx) = self.pool.next(|sender| world.nonce(sender)).cloned() else { return ran };
            if !ran.is_empty() && gas.saturating_add(tx.gas_limit().min(host::TX_GAS)) > BLOCK_GAS {
                return ran;
            }
            self.running = Some(*tx.tx_hash());
            self.pool.remove(tx.signer(), tx.nonce());
            // The state has moved on since the transaction was accepted: what it can no longer pay is dropped.
            if self.check(&tx).is_err() {
                continue;
            }
            let (call, terms) = call_of(&tx);
            if let Ok(outcome) = self.world.execute(call, terms) {
                gas = gas.saturating_add(outcome.receipt.gas_used);
                ran.push(Ran { tx, outcome });
            }
            self.running = None;
        }
    }

    fn clock_ticked(&mut self, timestamp: u64) {
        if self.clock.next.take().is_some() {
            // The clock goes on from the time that was set.
            self.clock.offset = timestamp as i64 - super::machine_time() as i64;
        }
    }

    /// Where a request begins.
    pub(crate) fn start(&mut self) -> Start {
        Start { mark: self.world.mark(), head: self.head() }
    }

    /// Makes whole what a failure of the host left half done: all is again as at the start of the request.
    pub(crate) fn recover(&mut self, start: Start) {
        self.world.abandon();
        self.world.rewind(start.mark);
        self.cut(start.head);
        if let Some(hash) = self.running.take() {
            self.pool.drop_transaction(hash);
        }
        self.enter(At::Block(self.head()));
    }
}
