//! Exact comparison of fixed-point words with decimals of any length.

/// The decimal as a Q110 number, rounded down in magnitude.
pub fn q110(decimal: &str) -> i128 {
    let (sign, digits) = decimal.strip_prefix('-').map_or((1, decimal), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap();
    let mut fraction: Vec<u8> = fraction.bytes().map(|digit| digit - b'0').collect();
    let mut bits = whole.parse::<i128>().unwrap();
    assert!(bits < 1 << 17, "does not fit");
    for _ in 0..110 {
        let mut carry = 0;
        for digit in fraction.iter_mut().rev() {
            let doubled = 2 * *digit + carry;
            (*digit, carry) = (doubled % 10, doubled / 10);
        }
        bits = bits << 1 | i128::from(carry);
    }
    sign * bits
}

/// word / 2^bits - decimal.
pub fn error(word: i128, bits: u32, decimal: &str) -> f64 {
    ((word << (110 - bits)) - q110(decimal)) as f64 / 2_f64.powi(110)
}
