//! How deployments and calls fail.

use alloy_primitives::{Bytes, hex};

use crate::activate::Rule;

/// A program that a chain would not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeployError {
    /// Not a WebAssembly module.
    #[error("not a WebAssembly module: {0}")]
    Malformed(String),
    /// An activation rule is broken.
    #[error("activation refused ({rule:?}): {detail}")]
    Rejected {
        /// The rule.
        rule: Rule,
        /// What was found.
        detail: String,
    },
    /// Compressed code needs more fragments than are allowed.
    #[error("{compressed} compressed bytes need more than 4 fragments")]
    TooLarge {
        /// Compressed size.
        compressed: usize,
    },
    /// The constructor failed.
    #[error("constructor: {0}")]
    Constructor(CallError),
}

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The callee refused, with its reason.
    #[error("reverted with {} after {gas_used} gas", describe(.data))]
    Revert {
        /// Revert data.
        data: Bytes,
        /// Gas of the transaction.
        gas_used: u64,
    },
    /// The callee ran out of gas, ink or stack, or broke a rule of the EVM.
    #[error("halted ({reason}) after {gas_used} gas")]
    Halt {
        /// The rule.
        reason: String,
        /// Gas of the transaction.
        gas_used: u64,
    },
    /// The transaction itself is not valid.
    #[error("invalid transaction: {0}")]
    Invalid(String),
}

impl CallError {
    /// Revert data, none for other failures.
    #[must_use]
    pub fn revert_data(&self) -> Option<&Bytes> {
        match self {
            Self::Revert { data, .. } => Some(data),
            _ => None,
        }
    }
}

fn describe(data: &Bytes) -> String {
    if data.is_empty() { "no data".into() } else { format!("0x{}", hex::encode(data)) }
}
