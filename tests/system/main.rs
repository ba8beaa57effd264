//! The release WASM on the simulated host, beside real Solidity: one file for each user action.

mod calldata;
mod deposit;
mod market;
mod hedge;
mod hostile;
mod integrator;
mod refusals;
mod settle;
mod trade;
