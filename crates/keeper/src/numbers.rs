//! Numbers between the ABI's words, the kernel's scales and the reader.

use alloy_primitives::I256;

/// 1.0 with 18 decimals.
pub(crate) const WAD: u128 = 1_000_000_000_000_000_000;
/// 18-decimal units in a micro-USD.
pub(crate) const WAD_PER_MICRO: u128 = 1_000_000_000_000;
/// 18-decimal units in 1e-8 USD.
pub(crate) const WAD_PER_PRICE: u128 = 10_000_000_000;

/// A word of the ABI, none beyond 128 bits.
pub(crate) fn int(word: I256) -> Option<i128> {
    interfaces::words::to_i128(word)
}

/// A number with 18 decimals, to be read.
#[must_use]
pub(crate) fn float(wad: i128) -> f64 {
    wad as f64 / 1e18
}

/// `amount` with the sign of `like`.
pub(crate) fn signed(amount: u128, like: i128) -> i128 {
    let amount = i128::try_from(amount).unwrap_or(i128::MAX);
    if like < 0 { amount.saturating_neg() } else { amount }
}

/// Micro-USD of a size at a price, both with 18 decimals, rounded down.
pub(crate) fn money(size: u128, price: u128) -> Option<u128> {
    maths::mul_div_down(size, price, WAD * WAD_PER_MICRO)
}

/// Micro-USD as dollars: `-1,234.56`.
#[must_use]
pub(crate) fn usd(micro: i128) -> String {
    decimal(micro as f64 / 1e6, 2)
}

/// Micro-USD as dollars, small ones to be read as well: `0.0134`.
#[must_use]
pub(crate) fn small_usd(micro: i128) -> String {
    decimal(micro as f64 / 1e6, if micro.unsigned_abs() < 1_000_000 { 4 } else { 2 })
}

/// A number with thousands apart.
#[must_use]
pub(crate) fn decimal(number: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", number.abs());
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let count = whole.len();
    let mut out = String::new();
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if number < 0.0 && !zero {
        out.push('-');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (count - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(usd(-1_234_567_890_000), "-1,234,567.89");
        assert_eq!(decimal(999.5, 2), "999.50");
        assert_eq!(decimal(-0.001, 2), "0.00");
        assert_eq!(decimal(1_000.0, 0), "1,000");
    }

    #[test]
    fn money_is_rounded_down() {
        assert_eq!(money(WAD / 2, 3_000 * WAD), Some(1_500_000_000));
        assert_eq!(money(1, WAD), Some(0));
    }
}
