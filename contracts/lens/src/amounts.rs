//! Numbers at the ABI's edge and the scales inside.

use alloy_primitives::{I256, U256};
use interfaces::words::{int, to_u128, uint};

use crate::error::{OrOverflow, Result};

/// 1.0 with 18 decimals.
pub(crate) const WAD: u64 = 1_000_000_000_000_000_000;
/// 18-decimal units in one unit of the feed (1e-8 USD).
pub(crate) const WAD_PER_PRICE: u128 = 10_000_000_000;
/// 18-decimal units in a micro-USD.
pub(crate) const WAD_PER_MICRO: u128 = 1_000_000_000_000;

/// A strike, forward or grid step with 18 decimals.
pub(crate) fn micro(number: u64) -> Result<U256> {
    u128::from(number).checked_mul(WAD_PER_MICRO).or_overflow().map(uint)
}

/// Micro-USD of a number with 18 decimals; none unless it is whole.
pub(crate) fn whole_micro(number: U256) -> Option<u64> {
    let number = to_u128(number)?;
    let whole = number.checked_rem(WAD_PER_MICRO)? == 0;
    u64::try_from(number.checked_div(WAD_PER_MICRO)?).ok().filter(|_| whole)
}

/// `sum` / 2^`bits` times `scale`, rounded down.
pub(crate) fn scaled(sum: i128, scale: u128, bits: u32) -> Result<I256> {
    maths::mul_shift_floor(sum, scale, bits).or_overflow().map(int)
}
