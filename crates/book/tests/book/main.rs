//! Laws of the book crate.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test arithmetic stays far inside its types; a panic is a failed test"
)]

mod depth;
#[path = "../../../options/tests/golden/mod.rs"]
mod golden;
mod header;
mod limits;
mod mark;
#[path = "../../../maths/tests/normal/mod.rs"]
mod normal;
mod offer;
mod price;
mod request;
mod stage;
mod stress;
mod value;
mod vectors;
