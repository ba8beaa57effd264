//! The release WASM on the simulated host, beside real Solidity: one file for each user action.

mod deposit;
mod market;
mod refusals;
