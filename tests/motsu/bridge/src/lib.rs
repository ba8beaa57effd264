//! Runs contracts written for stylus-sdk 0.10 in motsu 0.10, which knows only SDK 0.9, and holds the mocks that they talk to.
//!
//! `Bridge` wears the 0.9 traits for a 0.10 contract, so that motsu can store it, route calls to it and roll it back. The contract's own
//! host is ours: it forwards to motsu's shims what they do well and does itself what they do not (`host`). [`Chain`] is the face that tests
//! use: every call goes through the contract's real router, from calldata to return or revert data.
//!
//! # What this crate does not do
//! It runs no EVM and no WASM, meters nothing and models no storage cache: the simulated host does. See `README.md` for the list.

#[macro_use]
extern crate alloc;

mod chain;
mod host;
pub mod mocks;
mod program;
mod shims;
mod transient;
mod world;

pub use chain::{Chain, State, account, revert};
pub use program::Contract;
