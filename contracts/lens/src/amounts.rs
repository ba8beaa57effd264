//! Numbers at the ABI's edge and the scales inside.

use alloy_primitives::{I256, U256};
use interfaces::words::{int, uint};
pub(crate) use interfaces::words::{whole_micro, WAD_PER_MICRO, WAD_PER_PRICE};

use crate::error::{OrOverflow, Result};

/// 1.0 with 18 decimals.
pub(crate) const WAD: u64 = 1_000_000_000_000_000_000;

/// A strike, forward or grid step with 18 decimals.
pub(crate) fn micro(number: u64) -> Result<U256> {
    u128::from(number).checked_mul(WAD_PER_MICRO).or_overflow().map(uint)
}

/// `sum` / 2^`bits` times `scale`, rounded down.
pub(crate) fn scaled(sum: i128, scale: u128, bits: u32) -> Result<I256> {
    maths::mul_shift_floor(sum, scale, bits).or_overflow().map(int)
}
