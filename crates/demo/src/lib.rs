//! The demo: a market on the simulated host that lives through real prices, and the report of it.
//!
//! [`stage`] deploys it, [`replay`] moves it through the hours of a price file, with [`traders`], LPs, a publisher and
//! a keeper, [`ledger`] and [`invariants`] keep the demo's own books, [`summary`] and [`page`] say what came out. [`frontier`]
//! holds the vault's hedging beside other policies.
//!
//! # What this crate does not do
//! It calibrates nothing and predicts nothing: its people are simple and its prices are past.
#![allow(
    clippy::disallowed_methods,
    reason = "floats here are for decisions and pictures, no money is kept in them"
)]

pub mod black_scholes;
pub mod calendar;
pub mod frontier;
pub mod invariants;
pub mod kernel;
pub mod ledger;
pub mod live;
pub mod market;
pub mod page;
pub mod plots;
pub mod prices;
pub mod pricing;
pub mod progress;
pub mod regression;
pub mod replay;
pub mod stage;
pub mod summary;
pub mod traders;
pub mod windows;
