//! The word and its product.

use core::num::Wrapping;

/// A 64-bit fixed-point number. Its arithmetic wraps; the functions of this crate name the domain in which it does not.
pub type Word = Wrapping<i64>;

/// 1.0 in Q62.
pub const ONE: Word = Wrapping(1 << 62);

/// x y / 2^62, less than 6 units too small, never too large.
///
/// With x = a 2^32 + b, y = c 2^32 + d, b and d unsigned halves, the product over 2^62 is ac 2^2 + (ad + bc) / 2^30 + bd / 2^62. The last
/// term is below 4 and dropped; the two cross terms are rounded down separately, since their sum can exceed a word. Nothing wraps while the
/// result fits a word: |ad|, |bc| < 2^63.
#[inline(always)]
#[must_use]
pub fn mul(x: Word, y: Word) -> Word {
    const LOW: Word = Wrapping(0xffff_ffff);
    let (a, b) = (x >> 32, x & LOW);
    let (c, d) = (y >> 32, y & LOW);
    ((a * c) << 2) + ((a * d) >> 30) + ((b * c) >> 30)
}

/// The value at `x` of the polynomial with these Q62 coefficients, the constant first.
#[inline(always)]
pub(crate) fn polynomial<const N: usize>(x: Word, coefficients: [i64; N]) -> Word {
    let mut sum = Wrapping(0);
    for coefficient in coefficients.into_iter().rev() {
        sum = mul(sum, x) + Wrapping(coefficient);
    }
    sum
}
