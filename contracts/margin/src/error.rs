//! How a method fails: with one of the errors of `abi/IMargin.sol`, or as the vault or its risk engine refused.

use alloc::vec::Vec;

use alloy_primitives::Address;
pub use interfaces::contract::Revert;
pub(crate) use interfaces::contract::{emit, ensure, fail, raise, OrOverflow, Result};
use interfaces::margin::IMargin::{SettlementDue, SurfaceStale, VaultFailed};

/// Why an account cannot be marked.
pub(crate) enum Unmarked {
    /// The vault or its engine refused, with this data.
    Refused(Vec<u8>),
    /// The vault or its engine did not answer, or badly.
    Failed(VaultFailed),
    /// An expiry of the account has passed.
    Due(SettlementDue),
    /// A slice is missing or too old.
    Stale(SurfaceStale),
}

impl Unmarked {
    /// No answer, or a bad one.
    pub(crate) fn failed(vault: Address) -> Self {
        Self::Failed(VaultFailed { vault })
    }

    /// Refuses the call for this reason.
    pub(crate) fn refuse<T>(self) -> Result<T> {
        match self {
            Self::Refused(data) => raise(&data),
            Self::Failed(error) => fail(error),
            Self::Due(error) => fail(error),
            Self::Stale(error) => fail(error),
        }
    }
}
