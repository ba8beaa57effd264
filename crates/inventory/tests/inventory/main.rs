//! Laws of the inventory crate, one file per function.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test arithmetic stays far inside its types; a panic is a failed test"
)]

mod avellaneda_stoikov;
mod band;
mod depth;
mod hedge;
mod hidden_loss;
mod limits;
mod margin;
mod market;
mod profile;
mod quote;
mod risk;
mod shares;
mod spread;
mod stress;
mod totality;
mod vega;
