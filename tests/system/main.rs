//! The release WASM on the simulated host, beside real Solidity: one file for each user action.

mod abi;
mod calldata;
mod costs;
mod deposit;
mod greeks;
mod hedge;
mod hostile;
mod integrator;
mod market;
mod refusals;
mod replay;
mod round_trip;
mod settle;
mod trade;
mod worked_trade;
