//! A chain, as the keeper needs it: reads of one block, transactions, receipts.

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, Log, U256};
use alloy_sol_types::SolEvent;
use async_trait::async_trait;
use interfaces::desk::IHedgeDesk::Rebalanced;

use crate::refusal::refusal;

/// A block that decisions are made on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// [unix seconds]
    pub timestamp: u64,
    /// [wei]
    pub base_fee: u128,
}

/// An account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Its next nonce in the block that was asked for.
    pub nonce: u64,
    /// Its next nonce counting what waits.
    pub pending: u64,
    /// [wei]
    pub balance: U256,
}

/// A call without a transaction.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Who calls.
    pub from: Address,
    /// What is called.
    pub to: Address,
    /// With what.
    pub data: Bytes,
    /// With how much ether [wei]
    pub value: U256,
    /// Code that runs in the callee's place, its balances the callee's.
    pub code: Option<Bytes>,
    /// As a transaction with so much gas at the block's price; without it gas costs nothing, for the callee as well.
    pub gas: Option<u64>,
}

/// What became of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Whether it did what it was for.
    pub success: bool,
    /// The block that holds it.
    pub block: u64,
    /// Gas that it took.
    pub gas: u64,
    /// What a unit of it cost [wei]
    pub price: u128,
    /// What contracts logged.
    pub logs: Vec<Log>,
}

impl Receipt {
    /// The reward that a desk said it paid [USDC]; none if it hedged nothing.
    #[must_use]
    pub fn rewarded(&self) -> Option<U256> {
        let event = |log: &Log| Rebalanced::decode_log(log).ok().map(|event| event.data.reward);
        self.logs.iter().find_map(event)
    }
}

/// Why a chain did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The callee refused; its data.
    #[error("{}", refusal(.0))]
    Reverted(Bytes),
    /// The node refused.
    #[error("the node refuses ({code}): {message}")]
    Refused {
        /// JSON-RPC's
        code: i64,
        /// The node's words
        message: String,
    },
    /// No answer in time.
    #[error("no answer in {} ms", .after.as_millis())]
    Timeout {
        /// The time
        after: Duration,
    },
    /// No connection.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// An answer that is none.
    #[error("answered badly: {0}")]
    Garbage(String),
    /// A node of another chain.
    #[error("on chain {have}, not {want}")]
    WrongChain {
        /// Its chain
        have: u64,
        /// Ours
        want: u64,
    },
    /// A node that is behind.
    #[error("{behind} blocks behind at block {number}")]
    Lagging {
        /// Its head
        number: u64,
        /// Behind the best that was seen
        behind: u64,
    },
    /// Too few nodes answered.
    #[error("{have} of {of} endpoints answer for the {what}, {want} needed: {first}")]
    Quorum {
        /// What was asked
        what: &'static str,
        /// How many answered alike
        have: usize,
        /// How many must
        want: usize,
        /// How many were asked
        of: usize,
        /// Why one of the others did not
        first: String,
    },
    /// Nodes answered differently.
    #[error("endpoints disagree on the {what}: {one} and {other}")]
    Disagreement {
        /// What was asked
        what: &'static str,
        /// An answer
        one: String,
        /// Another
        other: String,
    },
    /// The chain stands still.
    #[error("the head is {age} s old, {limit} allowed")]
    StaleHead {
        /// [s]
        age: u64,
        /// [s]
        limit: u64,
    },
}

impl Fault {
    /// A short name, for metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Reverted(_) => "reverted",
            Self::Refused { .. } => "node_refused",
            Self::Timeout { .. } => "timeout",
            Self::Unreachable(_) => "unreachable",
            Self::Garbage(_) => "garbage",
            Self::WrongChain { .. } => "wrong_chain",
            Self::Lagging { .. } => "lagging",
            Self::Quorum { .. } => "no_quorum",
            Self::Disagreement { .. } => "disagreement",
            Self::StaleHead { .. } => "stale_head",
        }
    }

    /// Whether the chain has answered, if only with a refusal.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Reverted(_))
    }

    /// Whether the node has failed: it answered nothing in time, or nothing that can be read.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Timeout { .. } | Self::Unreachable(_) | Self::Garbage(_))
    }
}

/// See the module.
#[async_trait]
pub trait Chain: Send + Sync {
    /// The newest block to decide on, `unix` being the machine's time [unix seconds].
    async fn head(&self, unix: u64) -> Result<Head, Fault>;
    /// What a call returns in a block.
    async fn call(&self, at: &Head, call: &Call) -> Result<Bytes, Fault>;
    /// An account in a block, and what of it waits.
    async fn account(&self, at: &Head, who: Address) -> Result<Account, Fault>;
    /// The gas that a call would take as a transaction.
    async fn gas(&self, at: &Head, call: &Call) -> Result<u64, Fault>;
    /// Hands over a signed transaction. `Ok` says that a node has it.
    async fn send(&self, raw: &Bytes) -> Result<(), Fault>;
    /// What became of a transaction, none as long as it is not mined.
    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Fault>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reward_is_read_once_wherever_and_however_often_it_was_logged() {
        let event = Rebalanced { reward: U256::from(7), ..Rebalanced::default() };
        let told = Log { address: Address::repeat_byte(1), data: event.encode_log_data() };
        let other = Log { address: Address::repeat_byte(2), data: alloy_primitives::LogData::default() };
        for logs in [
            vec![told.clone(), other.clone(), other.clone()],
            vec![other.clone(), other.clone(), told.clone()],
            vec![told.clone(), other.clone(), told.clone(), told],
        ] {
            assert_eq!(Receipt { logs, ..Receipt::default() }.rewarded(), Some(U256::from(7)));
        }
        assert_eq!(Receipt { logs: vec![other], ..Receipt::default() }.rewarded(), None);
        assert_eq!(Receipt::default().rewarded(), None);
    }
}
