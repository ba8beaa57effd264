//! How a view fails: with one of the errors of `abi/ILens.sol`.

pub(crate) use interfaces::contract::{fail, Result};
use interfaces::lens::ILens::{ArithmeticOverflow, BookTooLarge, SurfaceMissing};

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

impl<T> OrOverflow<T> for book::Result<T> {
    fn or_overflow(self) -> Result<T> {
        self.map_err(|error| match error {
            book::Error::Overflow => ArithmeticOverflow {}.into(),
            book::Error::SurfaceMissing { expiry } => SurfaceMissing { expiry: expiry.into() }.into(),
            book::Error::Lots { lots, limit } => BookTooLarge { lots, limit }.into(),
        })
    }
}
