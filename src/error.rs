//! How a method fails: with one of the errors of `abi/`, encoded where it arises.

use alloc::vec::Vec;

use alloy_sol_types::SolError;
use interfaces::vault::IVault::ArithmeticOverflow;

/// Revert data: a Solidity error that names what is wrong and carries its numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct Revert(pub Vec<u8>);

/// The result of everything that can refuse.
pub(crate) type Result<T, E = Revert> = core::result::Result<T, E>;

impl<E: SolError> From<E> for Revert {
    fn from(error: E) -> Self {
        Self(error.abi_encode())
    }
}

impl From<Revert> for Vec<u8> {
    fn from(revert: Revert) -> Self {
        revert.0
    }
}

/// Fails with `error`.
pub(crate) fn fail<T>(error: impl SolError) -> Result<T> {
    Err(error.into())
}

/// Fails with `error` unless `condition` holds.
pub(crate) fn ensure<E: SolError>(condition: bool, error: impl FnOnce() -> E) -> Result<()> {
    if condition { Ok(()) } else { fail(error()) }
}

/// Checked arithmetic ends in `ArithmeticOverflow`, never in a wrapped number.
pub(crate) trait OrOverflow<T> {
    /// The value, or the error when there is none.
    fn or_overflow(self) -> Result<T>;
}

impl<T> OrOverflow<T> for Option<T> {
    fn or_overflow(self) -> Result<T> {
        self.ok_or_else(|| ArithmeticOverflow {}.into())
    }
}

impl<T, E> OrOverflow<T> for core::result::Result<T, E> {
    fn or_overflow(self) -> Result<T> {
        self.map_err(|_| ArithmeticOverflow {}.into())
    }
}
