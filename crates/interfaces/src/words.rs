//! 128-bit numbers as words of the ABI, and back.
#![expect(
    clippy::as_conversions,
    reason = "limbs of a 256-bit number are cut and joined here, exactly, and nowhere else"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "as above"
)]

use alloy_primitives::{I256, U256};

/// `value` as a 256-bit word.
#[must_use]
pub const fn uint(value: u128) -> U256 {
    U256::from_limbs([value as u64, (value >> 64) as u64, 0, 0])
}

/// `value` as a signed 256-bit word.
#[expect(
    clippy::disallowed_methods,
    reason = "the sign is extended by hand, which is what from_raw leaves to its caller"
)]
#[must_use]
pub const fn int(value: i128) -> I256 {
    let sign = (value >> 127) as u64;
    I256::from_raw(U256::from_limbs([value as u64, (value >> 64) as u64, sign, sign]))
}

/// `value` if it fits 128 bits.
#[must_use]
pub fn to_u128(value: U256) -> Option<u128> {
    let [low, high, a, b] = *value.as_limbs();
    (a == 0 && b == 0).then_some(u128::from(high) << 64 | u128::from(low))
}

/// `value` if it fits 127 bits and a sign.
#[must_use]
pub fn to_i128(value: I256) -> Option<i128> {
    let [low, high, a, b] = *value.into_raw().as_limbs();
    let number = (u128::from(high) << 64 | u128::from(low)) as i128;
    let sign = (number >> 127) as u64;
    (a == sign && b == sign).then_some(number)
}

/// `value` if it fits 64 bits.
#[must_use]
pub fn to_u64(value: U256) -> Option<u64> {
    u64::try_from(to_u128(value)?).ok()
}

/// 18-decimal units in one unit of the feed (1e-8 USD).
pub const WAD_PER_PRICE: u128 = 10_000_000_000;
/// 18-decimal units in a micro-USD.
pub const WAD_PER_MICRO: u128 = 1_000_000_000_000;

/// Micro-USD of a number with 18 decimals; none unless it is whole.
#[must_use]
pub fn whole_micro(number: U256) -> Option<u64> {
    let number = to_u128(number)?;
    let whole = number.checked_rem(WAD_PER_MICRO)? == 0;
    u64::try_from(number.checked_div(WAD_PER_MICRO)?).ok().filter(|_| whole)
}
