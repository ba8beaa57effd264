//! The keeper against the release WASM behind the node's JSON-RPC.
#![allow(clippy::disallowed_methods, reason = "a test that panics has failed, which is what it is for")]

mod chaos;
mod drills;
mod drills_machine;
mod fills;
mod hedges;
mod market;
mod orders;
mod positions;
mod positions_faults;
mod proxy;
mod restart;
mod rivals;
mod seats;
mod set;
mod skips;
mod tables;

#[path = "../../../node/tests/common/mod.rs"]
#[allow(dead_code, reason = "only some of the client is needed here")]
mod common;
