//! Deploys a market from one file (`deploy.example.toml`), reads every parameter of it back from the chain, and keeps its programs alive.
//!
//! What is sent is what is missing: a program that the record has no address of, a parameter that the chain answers otherwise. So a run that
//! was cut off goes on where it stopped, and one after everything is done sends nothing. A transaction that creates is in the record before it is
//! sent, so that one whose receipt nobody saw is looked for, not sent again.
//!
//! # What this crate does not do
//! It reads no key from a config, encrypts none, and hands the vault over only as far as the vault lets it: the new owner must accept.

mod check;
mod config;
mod contracts;
mod creation;
mod positions;
mod programs;
mod record;
mod rpc;
mod settings;
mod table;

pub use check::{Row, check, report};
pub use config::Config;
pub use contracts::contracts;
pub use programs::{Program, activate, cache, keepalive, programs, show};
pub use record::{Pending, Record};
pub use rpc::Rpc;
