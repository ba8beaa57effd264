//! Fixed-point mathematics for WebAssembly priced by the instruction: 64-bit words, no tables, no loops that depend on data.
//!
//! A [`Word`] is a wrapping 64-bit integer that stands for a real number times 2^62 unless its place in the text says otherwise ("Q57" is
//! times 2^57). Wrapping is a choice, not a hope: every function states the domain in which nothing wraps. Polynomials come from
//! `scripts/coefficients`, which prints the error of each fit.
//!
//! ```
//! // e^-1, from Q57 to Q62
//! let e = maths::exp_neg(core::num::Wrapping(1 << 57));
//! assert!((e.0 as f64 / 2f64.powi(62) - (-1f64).exp()).abs() < 1e-16);
//! ```
//!
//! # What this crate does not do
//! No prices, no units, no clocks, no allocation. It does not check domains: its callers prove them.
#![no_std]

mod exp;
mod ln;
mod money;
mod normal;
mod reciprocal;
mod root;
mod short;
mod word;

pub use exp::{Exp, exp, exp_neg};
pub use ln::{Log, ln, log, normal};
pub use money::{cbrt_u128, mul_div_down, mul_div_up, mul_shift_ceil, mul_shift_floor, sqrt_u128};
pub use normal::{cdf, density, mills};
pub use reciprocal::reciprocal;
pub use root::{Root, root};
pub use short::{short_density, short_mills};
pub use word::{ONE, Word, abs, cut, mask, max, min, mul, mul_near, pick, shift, shl, shr, shr_near};
