//! The keeper: hedges a vault when its desk says that a hedge is due, looks after its positions, settles expiries, processes redemptions.
//!
//! [`collect`] reads one block of the chain into a [`View`], strategies decide on it alone ([`strategy`]), and the [`Executor`] sends. Nothing is
//! kept between two runs: a keeper that starts knows all there is to know.
//!
//! # Why it never hedges twice
//! A transaction carries the account's nonce *in the block that it was decided on*. So it can be mined only as the account's next after that
//! state, whatever was lost, came late or was sent before a crash: of all the transactions that the account ever signed for a state, one is
//! mined. What the desk itself checks comes on top: it refuses a hedge that is not due or goes too far.
//!
//! # Units
//! Money is whole micro-USD, sizes and prices have 18 decimals, gas prices are wei. Costs round against the plan.
//!
//! # What this crate does not do
//! It publishes no surface, holds no funds of the vault, and trusts no single node more than its quorum says.
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod action;
mod agree;
mod ask;
pub mod brokerage;
pub mod chain;
pub mod collect;
pub mod config;
mod duties;
mod endpoint;
mod endpoints;
mod executor;
mod keeper;
mod mark;
pub mod metrics;
mod numbers;
mod probe;
mod ranges;
mod refusal;
mod rounds;
pub mod route;
mod seats;
pub mod server;
pub mod show;
mod skip;
mod stance;
pub mod strategy;
mod venue;

pub use action::{Action, Fill, Leg, Order, Plan, Position, Proposal, Target};
pub use brokerage::{Brokerage, Holding, Seat};
pub use chain::{Account, Call, Chain, Fault, Head, Receipt};
pub use collect::{Collector, View};
pub use config::{Config, environment};
pub use endpoints::Endpoints;
pub use executor::{Executor, Followed};
pub use keeper::{Keeper, Now, Report, Sent};
pub use mark::{State, Worth};
pub use probe::Probed;
pub use refusal::refusal;
pub use rounds::straddling;
pub use skip::{Differing, Skip};
pub use stance::{Stance, Told};
pub use venue::{Ask, Quote, Venue};
