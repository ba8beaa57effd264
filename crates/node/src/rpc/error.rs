//! Errors as JSON-RPC tells them.

use alloy_primitives::{Bytes, hex};
use alloy_sol_types::decode_revert_reason;
use host::CallError;
use serde::Serialize;

/// An error of a request. Codes are those of JSON-RPC 2.0 and, for what the chain refuses, geth's.
#[derive(Clone, Debug, Serialize, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct RpcError {
    /// Its code.
    pub code: i32,
    /// What was wrong.
    pub message: String,
    /// Revert data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

impl RpcError {
    fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// Not JSON.
    pub(crate) fn parse(message: impl Into<String>) -> Self {
        Self::new(-32_700, message)
    }

    /// JSON, but not a request.
    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(-32_600, message)
    }

    pub(crate) fn unknown_method(method: &str) -> Self {
        Self::new(-32_601, format!("the method {method} does not exist/is not available"))
    }

    pub(crate) fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(-32_602, message)
    }

    /// The node's own fault.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(-32_603, message)
    }

    /// The chain refuses.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(-32_000, message)
    }

    /// A limit of the node's.
    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(-32_005, message)
    }

    pub(crate) fn reverted(data: &Bytes) -> Self {
        let message = match decode_revert_reason(data) {
            Some(reason) => format!("execution reverted: {}", reason.trim_start_matches("revert: ")),
            None => "execution reverted".into(),
        };
        Self { code: 3, message, data: Some(hex::encode_prefixed(data)) }
    }
}

impl From<CallError> for RpcError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Revert { data, .. } => Self::reverted(&data),
            CallError::Halt { reason, .. } => Self::refused(halted(&reason)),
            CallError::Invalid(reason) => Self::refused(reason),
        }
    }
}

/// A halt in geth's words, where it has some.
pub(crate) fn halted(reason: &str) -> String {
    match reason {
        _ if reason.starts_with("OutOfGas") => "out of gas".into(),
        _ if reason.starts_with("InvalidFEOpcode") => "invalid opcode: INVALID".into(),
        "OpcodeNotFound" => "invalid opcode".into(),
        "InvalidJump" => "invalid jump destination".into(),
        "StackUnderflow" => "stack underflow".into(),
        "StackOverflow" => "stack limit reached 1024 (1023)".into(),
        "CallTooDeep" => "max call depth exceeded".into(),
        "CreateCollision" => "contract address collision".into(),
        "CreateContractSizeLimit" => "max code size exceeded".into(),
        "CreateContractStartingWithEF" => "invalid code: must not begin with 0xef".into(),
        _ => reason.into(),
    }
}
