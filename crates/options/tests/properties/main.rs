//! Laws that hold for every option: what theory says of prices and greeks, to the rounding that the crate states.
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

mod cases;
mod double;
mod errors;
mod greeks;
mod implied;
mod laws;
mod reference;
mod scale;
mod surface;
