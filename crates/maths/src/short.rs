//! Short words: the normal density and Mills' ratio to nine digits, for sums over so many options that a product of halves is too dear.
//!
//! Everything is one product of two numbers of about 32 bits in a word, rounded down; the constant of each polynomial is a unit or two above its
//! fit, for what the steps lose on average.

use core::num::Wrapping;

use crate::word::{Word, shr};

/// 1 / ln 2 in Q30.
const PER_LN2: Word = Wrapping(1_549_082_005);
/// ln 2 in Q58.
const LN2: Word = Wrapping(199_786_072_581_291_495);
/// 9/2 in Q29.
const SCALE: u64 = 9 << 28;
/// The bits of a number below 8 in Q29. What is cut to them cannot be the negative of a constant, which spares a division its check for zero.
const POSITIVE: u64 = (8 << 29) - 1;
/// 11 in Q60.
const ELEVEN: u64 = 11 << 60;
/// 2 in Q31.
const TWO: Word = Wrapping(2 << 31);

/// A polynomial by Horner's rule, the constant first, at x in Q`bits`; coefficients and sums are of a unit in which their products with x
/// stay in a word. A macro for the reason that `horner` is one.
macro_rules! short_horner {
    ($x:ident, $bits:literal; $c:expr) => { Wrapping($c) };
    ($x:ident, $bits:literal; $c:expr, $($rest:expr),+) => {
        ((short_horner!($x, $bits; $($rest),+) * $x) >> $bits) + Wrapping($c)
    };
}

/// n(x) in Q31 for x in Q29, |x| <= 6.5; absolute error below 1e-9.
///
/// x^2 in Q58 is below 2^63.5: unsigned. Its half is n ln 2 + r with |r| <= 0.347, and n(0) e^-r is a polynomial of degree 7 in -r, in Q32.
#[inline(always)]
#[must_use]
pub fn short_density(x: Word) -> Word {
    let half = Wrapping(((x * x).0.cast_unsigned() >> 1).cast_signed());
    let n = ((half >> 32) * PER_LN2 + Wrapping(1 << 55)) >> 56;
    let minus_r = (n * LN2 - half) >> 26;
    let sum = short_horner!(
        minus_r, 32;
        1_713_444_049,
        1_713_444_047,
        856_722_042,
        285_574_014,
        71_392_734,
        14_278_555,
        2_390_011,
        341_389
    );
    shr(sum, n + Wrapping(1))
}

/// R(x) = Q(x) / n(x) in Q31 for x in Q29, 0 <= x <= 6.5; its error times n(x), which it is multiplied by, is below 1e-9.
///
/// A polynomial of degree 8 in t = 2 (x - 1) / (x + 9/2) = 2 - 11 / (x + 9/2), as for `mills`. 11 in Q60 is below 2^64: unsigned.
#[inline(always)]
#[must_use]
pub fn short_mills(x: Word) -> Word {
    let divisor = (x.0.cast_unsigned() & POSITIVE).wrapping_add(SCALE);
    let t = TWO - Wrapping(ELEVEN.checked_div(divisor).unwrap_or_default().cast_signed());
    short_horner!(
        t, 31;
        1_408_061_097,
        -2_033_412_012,
        1_511_583_446,
        -788_358_144,
        278_945_216,
        -57_089_801,
        1_370_054,
        2_287_103,
        -285_386
    )
}
