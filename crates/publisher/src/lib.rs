//! The publisher: fits a surface without arbitrage and brings it to the vault's feed as fast as the feed's step lets it.
//!
//! [`Curve`] is a slice in floating point, [`approach`] the nearest surface to a wanted one that the contract takes, found with the
//! contract's own checks.
//!
//! # What this crate does not do
//! It forecasts nothing beyond what past prices say, and sees none that is later than the time it is given.
#![allow(
    clippy::disallowed_methods,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::arithmetic_side_effects,
    reason = "fits are floating point; what is published is checked in the contract's own arithmetic"
)]

mod approach;
mod curve;
mod realised;

pub use approach::{Wanted, approach};
pub use curve::Curve;
pub use realised::{Follower, Realised};
