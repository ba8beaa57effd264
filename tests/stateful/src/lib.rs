//! Random sequences of calls to the deployed programs, and what must hold after every one.
//!
//! A sequence begins in a market of some kind ([`opening`]), with people, writers of options, keepers, fillers, a curator, a guardian, an owner and
//! contracts that are nobody's friends. Before each call time passes and prices move ([`handlers`]); in some calls something outside fails
//! ([`fault`]). The ghost ledger ([`ghost`]) keeps what the calls must have done, and 45 named invariants ([`invariants`]) are looked at after
//! every call or at the end. The calls run on the release WASM; two of five sequences run a second time natively ([`equality`]).
//!
//! # What this crate does not do
//! It searches without coverage, and it shrinks nothing: a failure prints its seed and its calls.
#![allow(
    clippy::disallowed_methods,
    reason = "floats and checked numbers of tests: what overflows here has failed, which is what it is for"
)]

pub mod campaign;
pub mod dice;
pub mod equality;
pub mod fault;
mod first;
pub mod fuzz;
pub mod ghost;
pub mod handlers;
pub mod invariants;
pub mod market;
pub mod native;
pub mod numbers;
pub mod opening;
pub mod positions;
pub mod round_trips;
pub mod run;
pub mod slots;
pub mod snapshot;
pub mod step;
pub mod tally;
