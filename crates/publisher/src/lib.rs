//! The publisher: fits a surface without arbitrage and brings it to the vault's feed as fast as the feed's step lets it.
//!
//! [`fit`] makes an update from quotes ([`quotes`]) or past prices ([`Realised`]), as near to them as the feed's step lets it come ([`approach`]);
//! [`Update::sign`] signs it, [`explain`] says what the feed would refuse, with the contract's own checks, and [`Rpc`] submits it. `README.md` shows
//! the program.
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
    clippy::indexing_slicing,
    reason = "fits are floating point; what is published is checked in the contract's own arithmetic"
)]

mod approach;
mod curve;
mod explain;
mod feed;
mod fit;
mod message;
pub mod quotes;
mod realised;
mod rpc;

pub use approach::{Wanted, approach};
pub use curve::Curve;
pub use explain::{Fault, explain, table};
pub use feed::{Live, Reader, State};
pub use fit::{Source, fit, prices};
pub use message::{Signed, SliceNumbers, Update};
pub use realised::{Follower, Realised};
pub use rpc::{Rpc, submission};
