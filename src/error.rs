//! How a method fails: with one of the errors of `abi/`, at the place where it arises.

pub use interfaces::contract::Revert;
pub(crate) use interfaces::contract::{calldata, emit, emit_struct, ensure, fail, raise, OrOverflow, Result};
