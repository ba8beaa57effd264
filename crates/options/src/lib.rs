//! European options on a forward: series, strike grids, the vol surface, Black-76 prices with greeks, and sums over a book.
//!
//! Beside them: a book's value in scenarios of spot and vol, its payoff at settlement, and the arbitrage and the steps that a new surface must not have.
//!
//! What everything costs, how far it is off and where: `README.md`.
//!
//! Prices and greeks are in units of spot, as words of `maths`; time, prices and the surface are arguments.
//!
//! ```
//! use options::{Market, Slice};
//! // a flat surface: total variance 0.04 at 90 days, spot 2,000 USD, strike 2,100 USD
//! let slice = Slice { a: 2_748_779_069, b: 0, rho: 0, m: 0, s: 1, forward: 2_000_000_000, updated_at: 0 };
//! let market = Market::new(200_000_000_000, 7_776_000, 0, &slice, 7_776_000).unwrap();
//! let call = market.call(2_100_000_000);
//! assert!((call.price as f64 / 2f64.powi(62) * 2_000.0 - 118.11).abs() < 0.01);
//! ```
//!
//! # What this crate does not do
//! It reads no storage and no clock, keeps no state, and fits no surface.
#![no_std]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod arbitrage;
mod black;
mod forward;
mod history;
mod implied;
mod market;
mod option;
mod published;
mod series;
mod slice;
mod step;
mod stress;
mod surface;
mod svi;
mod terminal;
mod totals;

pub use arbitrage::Arbitrage;
pub use black::COARSE;
pub use forward::ForwardError;
pub use history::{History, ROWS};
pub use implied::ImpliedError;
pub use market::{Error, Greeks, Market, Quoted};
pub use option::{Terms, TermsError, Value};
pub use published::{Published, wad};
pub use series::{GridError, Kind, MAX_STRIKES, STRIKES_PER_SLOT, Series, StrikeGrid, is_expiry};
pub use slice::{Slice, SliceError};
pub use step::{Step, check_rate};
pub use stress::{Moves, SPOTS, Scale, Stress, StressError, VOLS};
pub use surface::{Entry, SurfaceError, check_surface};
pub use terminal::Terminal;
pub use totals::{Totals, lots};
