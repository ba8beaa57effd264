//! How a method fails: with one of the errors of `abi/`, at the place where it arises.

use interfaces::vault::IVault::ArithmeticOverflow;

pub use interfaces::contract::Revert;
pub(crate) use interfaces::contract::{calldata, emit, emit_struct, ensure, fail, raise, Result};

/// Checked arithmetic ends in `ArithmeticOverflow`, never in a wrapped number.
pub(crate) trait OrOverflow<T> {
    /// The value, or the error when there is none.
    fn or_overflow(self) -> Result<T>;
}

impl<T> OrOverflow<T> for Option<T> {
    #[inline]
    fn or_overflow(self) -> Result<T> {
        self.ok_or_else(|| ArithmeticOverflow {}.into())
    }
}

impl<T> OrOverflow<T> for core::result::Result<T, core::num::TryFromIntError> {
    #[inline]
    fn or_overflow(self) -> Result<T> {
        self.map_err(|_| ArithmeticOverflow {}.into())
    }
}

impl<T> OrOverflow<T> for ::book::Result<T> {
    #[inline]
    fn or_overflow(self) -> Result<T> {
        self.map_err(|_| ArithmeticOverflow {}.into())
    }
}
