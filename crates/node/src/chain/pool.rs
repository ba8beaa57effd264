//! Transactions that wait to be mined.

use std::collections::BTreeMap;

use alloy_consensus::Transaction as _;
use alloy_consensus::TxEnvelope;
use alloy_consensus::transaction::{Recovered, TxHashRef};
use alloy_primitives::{Address, TxHash};

use crate::rpc::RpcError;

/// Most transactions that wait, and of one sender.
const LIMIT: usize = 5_120;
const SENDER_LIMIT: usize = 1_024;
/// What a replacement must pay more, in all and as a tip, as geth asks [percent].
const BUMP: u128 = 10;

struct Waiting {
    tx: Recovered<TxEnvelope>,
    arrival: u64,
}

/// Transactions that wait to be mined, by sender and nonce.
#[derive(Default)]
pub(crate) struct Pool {
    waiting: BTreeMap<(Address, u64), Waiting>,
    arrivals: u64,
}

impl Pool {
    /// Takes a transaction that was found valid.
    ///
    /// # Errors
    /// When it is known, pays too little to replace another, or the pool is full.
    pub(crate) fn add(&mut self, tx: Recovered<TxEnvelope>) -> Result<(), RpcError> {
        let key = (tx.signer(), tx.nonce());
        if let Some(old) = self.waiting.get(&key) {
            if old.tx.tx_hash() == tx.tx_hash() {
                return Err(RpcError::refused("already known"));
            }
            if !outbids(&tx, &old.tx) {
                return Err(RpcError::refused("replacement transaction underpriced"));
            }
        } else if self.waiting.len() >= LIMIT {
            return Err(RpcError::refused("txpool is full"));
        } else if self.waiting.range((key.0, 0)..=(key.0, u64::MAX)).count() >= SENDER_LIMIT {
            return Err(RpcError::refused(format!(
                "account limit exceeded: {SENDER_LIMIT} transactions wait"
            )));
        }
        let arrival = self.arrivals;
        self.arrivals += 1;
        self.waiting.insert(key, Waiting { tx, arrival });
        Ok(())
    }

    /// The one that came first of those whose nonce is their sender's next.
    pub(crate) fn next(&self, mut nonce_of: impl FnMut(Address) -> u64) -> Option<&Recovered<TxEnvelope>> {
        let ready = self.waiting.iter().filter(|((sender, nonce), _)| nonce_of(*sender) == *nonce);
        ready.map(|(_, waiting)| waiting).min_by_key(|waiting| waiting.arrival).map(|waiting| &waiting.tx)
    }

    pub(crate) fn remove(&mut self, sender: Address, nonce: u64) {
        self.waiting.remove(&(sender, nonce));
    }

    /// Drops what can never be mined any more.
    pub(crate) fn prune(&mut self, mut nonce_of: impl FnMut(Address) -> u64) {
        self.waiting.retain(|(sender, nonce), _| *nonce >= nonce_of(*sender));
    }

    /// The nonce after the last that a sender has in a row.
    pub(crate) fn next_nonce(&self, sender: Address, mut nonce: u64) -> u64 {
        while self.waiting.contains_key(&(sender, nonce)) {
            nonce += 1;
        }
        nonce
    }

    pub(crate) fn find(&self, hash: TxHash) -> Option<&Recovered<TxEnvelope>> {
        self.all().find(|tx| *tx.tx_hash() == hash)
    }

    /// In the order of arrival within each sender.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Recovered<TxEnvelope>> {
        self.waiting.values().map(|waiting| &waiting.tx)
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Drops one transaction.
    pub(crate) fn drop_transaction(&mut self, hash: TxHash) -> bool {
        let before = self.len();
        self.waiting.retain(|_, waiting| *waiting.tx.tx_hash() != hash);
        self.len() < before
    }
}

/// Whether a transaction pays enough to take the place of another. No tip need not become one: none is taken here.
fn outbids(new: &TxEnvelope, old: &TxEnvelope) -> bool {
    // The tip of a transaction without one is its price.
    let tip = |tx: &TxEnvelope| tx.max_priority_fee_per_gas().unwrap_or_else(|| tx.max_fee_per_gas());
    let enough = |new: u128, old: u128| new >= old.saturating_add(old.saturating_mul(BUMP) / 100);
    enough(new.max_fee_per_gas(), old.max_fee_per_gas()) && enough(tip(new), tip(old))
}
