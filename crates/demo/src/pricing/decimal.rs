//! Decimals and the kernel's words, without floats between them.

use alloy_primitives::U256;

/// Most digits before the point and after it.
const WHOLE: usize = 15;
pub(super) const FRACTION: usize = 30;
/// Decimals of what is printed.
const PRINTED: usize = 20;

/// A number as written: digits / 10^scale, and its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    digits: U256,
    scale: usize,
}

impl Decimal {
    /// Digits with at most one point among or before them, and a minus before them or not; or why it is no such number.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (negative, number) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err("is no decimal number".into());
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        if whole.len() > WHOLE {
            return Err(format!("has {} digits before the point, at most {WHOLE}", whole.len()));
        }
        if fraction.len() > FRACTION {
            return Err(format!("has {} decimals, at most {FRACTION}", fraction.len()));
        }
        let digits = format!("0{whole}{fraction}").parse().map_err(|_| "is no decimal number")?;
        Ok(Self { negative, digits, scale: fraction.len() })
    }

    /// The magnitude in units of 10^-`decimals`; or how many decimals it has beyond.
    pub(super) fn units(&self, decimals: usize) -> Result<U256, String> {
        if self.scale > decimals {
            return Err(format!("has {} decimals, at most {decimals}", self.scale));
        }
        Ok(self.digits * ten_to(decimals - self.scale))
    }

    /// The magnitude in units of 2^-`bits`, to the nearest, half a unit up.
    pub(super) fn binary(&self, bits: usize) -> U256 {
        nearest(self.digits << bits, ten_to(self.scale))
    }
}

fn ten_to(power: usize) -> U256 {
    (0..power).fold(U256::ONE, |product, _| product * U256::from(10))
}

fn nearest(numerator: U256, denominator: U256) -> U256 {
    (numerator + (denominator >> 1)) / denominator
}

/// word times `numerator` / `denominator` with 20 decimals, to the nearest. A word has at most 87 bits, the numerator 54 and the denominator 120:
/// with 10^20, all products stay below 2^210.
pub(super) fn text(word: i128, numerator: u128, denominator: U256) -> String {
    let magnitude = U256::from(word.unsigned_abs()) * U256::from(numerator) * ten_to(PRINTED);
    let (whole, fraction) = nearest(magnitude, denominator).div_rem(ten_to(PRINTED));
    let sign = if word < 0 { "-" } else { "" };
    format!("{sign}{whole}.{fraction:0>PRINTED$}", fraction = fraction.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Decimal {
        Decimal::parse(text).expect("a decimal")
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in
            ["", "-", ".", "-.", "1e3", "+1", "1_000", "0x10", "1.2.3", "--1", " 1", "NaN", "inf", "１"]
        {
            assert_eq!(Decimal::parse(text), Err("is no decimal number".into()), "{text:?}");
        }
        let long = format!("1{}", "0".repeat(15));
        assert_eq!(Decimal::parse(&long), Err("has 16 digits before the point, at most 15".into()));
        let fine = format!("0.{}1", "0".repeat(30));
        assert_eq!(Decimal::parse(&fine), Err("has 31 decimals, at most 30".into()));
    }

    #[test]
    fn decimals_become_units_exactly_or_not_at_all() {
        assert_eq!(parsed("2800").units(8), Ok(U256::from(280_000_000_000_u64)));
        assert_eq!(parsed("0002800.50000000000").units(8), Ok(U256::from(280_050_000_000_u64)));
        assert_eq!(parsed(".00000001").units(8), Ok(U256::ONE));
        assert_eq!(parsed("1.").units(0), Ok(U256::ONE));
        assert_eq!(parsed("0.123456789").units(8), Err("has 9 decimals, at most 8".into()));
    }

    #[test]
    fn decimals_become_the_nearest_word() {
        assert_eq!(parsed("0.5").binary(60), U256::ONE << 59);
        assert_eq!(parsed("-0.25").binary(60), U256::ONE << 58);
        // 0.1 2^60 = 115292150460684697.6
        assert_eq!(parsed("0.1").binary(60), U256::from(115_292_150_460_684_698_u64));
        assert_eq!(parsed("0.5").binary(0), U256::ONE, "a half goes up");
        assert_eq!(parsed("0.499999999999999999999999999999").binary(0), U256::ZERO);
    }

    #[test]
    fn words_are_printed_to_the_nearest_of_twenty_decimals() {
        let unit = U256::ONE << 62;
        assert_eq!(text(1 << 62, 1, unit), "1.00000000000000000000");
        assert_eq!(text(-(3 << 61), 1, unit), "-1.50000000000000000000");
        // 2^-62 = 2.168404344971008868e-19
        assert_eq!(text(1, 1, unit), "0.00000000000000000022");
        assert_eq!(text(0, 1, unit), "0.00000000000000000000");
        let most = text(1 << 87, 1 << 54, unit);
        assert_eq!(most, "604462909807314587353088.00000000000000000000");
    }
}
