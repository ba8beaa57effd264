//! Sizes of the underlying, 18 decimals, and what they are worth at a spot.

use maths::{mul_div_down, mul_div_up};

/// One unit of the underlying, times the units of a spot in a micro-USD.
const UNIT: u128 = 100_000_000_000_000_000_000;

/// Value of a size at `spot` [1e-8 USD], rounded up or down [micro-USD]; none beyond 128 bits.
#[must_use]
pub fn value_at(spot: u64, size: u128, up: bool) -> Option<u128> {
    if up { mul_div_up(size, spot.into(), UNIT) } else { mul_div_down(size, spot.into(), UNIT) }
}

/// The same of a size with a sign, its magnitude rounded up or down.
#[must_use]
pub fn signed_value_at(spot: u64, size: i128, up: bool) -> Option<i128> {
    signed(value_at(spot, size.unsigned_abs(), up)?, size)
}

/// Size that `value` buys at `spot` [1e-8 USD], towards zero; none without a spot, or beyond 127 bits.
#[must_use]
pub fn size_at(spot: u64, value: i128) -> Option<i128> {
    signed(mul_div_down(value.unsigned_abs(), UNIT, spot.into())?, value)
}

/// The same, away from zero.
#[must_use]
pub(crate) fn size_beyond(spot: u64, value: i128) -> Option<i128> {
    signed(mul_div_up(value.unsigned_abs(), UNIT, spot.into())?, value)
}

fn signed(number: u128, sign: i128) -> Option<i128> {
    i128::try_from(number).ok()?.checked_mul(sign.signum())
}
