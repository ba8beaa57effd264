//! A simulated Arbitrum host: Stylus programs and EVM bytecode on one state, metered in ink.
//!
//! A [`World`] is a chain on the desk: it deploys the bytes that a chain would take, runs WASM under the chain's own prices, runs EVM
//! bytecode in revm, and lets the two call each other inside one transaction.
//!
//! # What this crate does not do
//! No consensus, no L1 fee, no JSON-RPC: that is the `node` crate. Figures follow `README.md`, which says what is exact and what is not.
#![warn(missing_docs)]

mod activate;
mod code;
mod engine;
mod error;
mod evm;
mod frame;
mod hostio;
mod lifecycle;
mod meter;
mod mock;
mod native;
mod normalise;
mod precompiles;
mod price;
mod program;
mod session;
mod shared;
mod storage;
mod trace;
pub mod vectors;
mod world;

pub use activate::{Activation, Rule};
pub use error::{CallError, DeployError};
pub use mock::{Answer, Mock};
pub use native::{FindNative, Native, NativeFrame, run_natively_everywhere};
pub use program::{ProgramInfo, module_hash};
pub use session::{Environment, Session, SessionCall, SessionResult};
pub use trace::{FrameKind, HostioUse, Outcome, ProgramRun, Trace};
pub use world::{
    BASE_FEE, Block, DumpedAccount, Executed, Log, Mark, Packed, Receipt, Root, SEQUENCER, Snapshot, TX_GAS,
    Terms, Tx, World,
};

pub use alloy_primitives;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
