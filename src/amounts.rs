//! Numbers at the ABI's edge and the scales inside.
//!
//! | quantity | inside | ABI |
//! |---|---|---|
//! | USDC, cash greeks | micro-USD, i128/u128 | 6 decimals |
//! | spot | 1e-8 USD, u64 | 18 decimals |
//! | strike, forward | micro-USD, u64 | 18 decimals |
//! | option size | whole lots, i32 | 18 decimals |
//! | greeks of a book | lots x kernel word, i128 | 18 decimals |

pub(crate) use interfaces::words::{
    int, to_i128, to_u128, to_u64, uint, whole_micro, WAD_PER_MICRO, WAD_PER_PRICE,
};

/// 1.0 with 18 decimals.
pub(crate) const WAD: u128 = 1_000_000_000_000_000_000;
/// Fractions are in millionths.
pub(crate) const MILLION: u128 = 1_000_000;
