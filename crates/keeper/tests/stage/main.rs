//! The keeper against the release WASM behind the node's JSON-RPC.

mod chaos;
mod hedges;
mod market;
mod proxy;
mod restart;
mod rivals;
mod skips;
mod tables;

#[path = "../../../node/tests/common/mod.rs"]
#[allow(dead_code, reason = "only some of the client is needed here")]
mod common;
