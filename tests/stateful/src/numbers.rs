//! Numbers of the ABI, and back.

use alloy_primitives::{I256, U256};

/// A lot of every market here, 18 decimals: a hundredth.
pub const LOT: u128 = 10_000_000_000_000_000;
/// One with 18 decimals.
pub const WAD: u128 = 1_000_000_000_000_000_000;

/// 18 decimals.
#[must_use]
pub fn wad(number: f64) -> U256 {
    U256::from((number * 1e9).round() as u128) * U256::from(1_000_000_000_u64)
}

/// 6 decimals.
#[must_use]
pub fn usdc(number: f64) -> U256 {
    U256::from((number * 1e6).round() as u128)
}

/// A number that fits 128 bits, the greatest where it does not.
#[must_use]
pub fn small(number: U256) -> u128 {
    number.saturating_to()
}

/// A signed number that fits 128 bits, an end of them where it does not.
#[must_use]
pub fn signed(number: I256) -> i128 {
    i128::try_from(number).unwrap_or(if number.is_negative() { i128::MIN } else { i128::MAX })
}

/// As the ABI has it.
#[must_use]
pub fn int(number: i128) -> I256 {
    I256::try_from(number).unwrap_or_default()
}

/// A signed number with 18 decimals as a float.
#[must_use]
pub fn real(number: I256) -> f64 {
    signed(number) as f64 / 1e18
}

/// A product over a number, rounded down.
#[must_use]
pub fn mul_div(a: u128, b: u128, c: u128) -> u128 {
    small(U256::from(a) * U256::from(b) / U256::from(c.max(1)))
}

/// A product over a number, rounded up.
#[must_use]
pub fn mul_div_up(a: u128, b: u128, c: u128) -> u128 {
    let c = U256::from(c.max(1));
    small((U256::from(a) * U256::from(b) + c - U256::ONE) / c)
}
