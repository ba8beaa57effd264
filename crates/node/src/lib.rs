//! A development node: the simulated Arbitrum behind JSON-RPC, over HTTP and WebSocket on one port.
//!
//! ```
//! let node = node::Node::start(node::Config { port: 0, ..Default::default() })?;
//! println!("ask {}", node.url());
//! # anyhow::Ok(())
//! ```
//!
//! `README.md` lists the methods and how tools connect.
#![warn(missing_docs)]

mod accounts;
mod chain;
mod config;
mod rpc;
mod server;

pub use config::{Config, TEST_MNEMONIC};
pub use rpc::RpcError;
pub use server::Node;
