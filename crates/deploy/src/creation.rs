//! Transactions that create, each of which is sent once: the record has its hash before the node has it.

use alloy_primitives::keccak256;
use alloy_rpc_types_eth::TransactionReceipt;
use anyhow::{Context, Result};
use client::Outgoing;

use crate::contracts::Work;
use crate::record::Pending;
use crate::rpc::clock;

impl Work<'_> {
    /// The receipt of a step's transaction, which an earlier run may have sent.
    pub(crate) fn creation(&mut self, step: &str, tx: Outgoing) -> Result<TransactionReceipt> {
        match self.earlier(step, &tx).with_context(|| step.to_owned())? {
            Some(receipt) => Ok(receipt),
            None => self.anew(step, tx).with_context(|| step.to_owned()),
        }
    }

    /// What an earlier run sent for a step, if it was this and came through.
    fn earlier(&mut self, step: &str, tx: &Outgoing) -> Result<Option<TransactionReceipt>> {
        let Some(pending) = self.record.pending.get(step).copied() else { return Ok(None) };
        if pending.data == keccak256(&tx.data)
            && let Some(receipt) = self.rpc.resolve(&pending)?
        {
            (self.tell)(&format!("{step}: {} of an earlier run is mined", pending.hash));
            return Ok(Some(receipt));
        }
        self.record.forget(step)?;
        Ok(None)
    }

    fn anew(&mut self, step: &str, tx: Outgoing) -> Result<TransactionReceipt> {
        let (sender, data) = (self.rpc.sender()?, keccak256(&tx.data));
        let signed = self.rpc.sign(tx)?;
        let (hash, nonce) = (signed.hash, signed.nonce);
        self.record.begin(step, Pending { hash, sender, nonce, data, since: clock() })?;
        if let Err(refusal) = self.rpc.send(&signed) {
            self.record.forget(step)?;
            return Err(refusal.into());
        }
        (self.tell)(&format!("{step}: sent {hash}"));
        self.rpc.wait(hash)
    }
}
