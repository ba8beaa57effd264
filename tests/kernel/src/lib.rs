//! The option kernel as a program of its own: for measuring its ink, and for pricing tables through the very WASM.
//!
//! Calldata is a byte that names a function, then records; the answer is one record for each. Records are little-endian 64-bit words, in the
//! units of `options` and `maths`; the first word of the first two answers says whether the rest counts. The ink of a record is that of its
//! function with what reading it and writing its answer takes.
//!
//! | byte | record | answer |
//! |---|---|---|
//! | 0 | spot, strike, seconds, rate, carry, vol | call, put (2 words), deltas, gamma, vega, thetas, vanna, volga |
//! | 1, 2 | one header: spot, seconds, rate, slice seconds, base, step, the slice (4 words); then a slot of lots (4 words) each | the sums at the end, 2 words each |
//! | 3, 4, 5, 6 | x | e^-x, ln x, sqrt x, normal cdf of x |
//! | 7 | a header as above and two slots, for each expiry | the book's value in 27 scenarios, one word each |
//! | 8 | spot, strike, seconds, rate, carry, 0 for a call, price (2 words) | whether there is a vol, the vol |
//! | 9 | six words | the same twice: what a record of byte 0 takes for itself |
//!
//! Byte 2 is byte 1 with the deltas of two moved spots.
#![cfg_attr(target_arch = "wasm32", no_std)]

mod functions;
#[cfg(target_arch = "wasm32")]
mod program;

pub use functions::run;
