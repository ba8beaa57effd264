//! How a view fails: with one of the errors of `abi/ILens.sol`. Those of a book that cannot be marked are the vault's own.

pub(crate) use interfaces::contract::{fail, OrOverflow, Result};
