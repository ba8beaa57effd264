//! Exponentials.

use core::num::Wrapping;

use crate::word::{Word, mul, polynomial};

/// 1 / ln 2 in Q62: 6653256548922161246 / 2, halved to fit.
const HALF_PER_LN2: Word = Wrapping(3_326_628_274_461_080_623);
/// ln 2 in Q57, and what Q62 has beyond it.
const LN2: Word = Wrapping(99_893_036_290_645_747);
const LN2_REST: Word = Wrapping(11);

/// e^-x in Q62 for x in Q57, 0 <= x < 44; absolute error below 3e-18.
#[inline(always)]
#[must_use]
pub fn exp_neg(x: Word) -> Word {
    let (mantissa, halvings) = reduce(x);
    mantissa >> shift(halvings)
}

/// e^-x in Q62 for x in Q57, -0.69 < x < 44: the result is below 2; relative error below 1e-17.
#[must_use]
pub fn exp_signed(x: Word) -> Word {
    let (mantissa, halvings) = reduce(x);
    if halvings.0 < 0 { mantissa << 1 } else { mantissa >> shift(halvings) }
}

/// e^-x = mantissa / 2^halvings with the mantissa in (0.70, 1.42). The argument is r = x - n ln 2, |r| <= 0.347, formed exactly: x - n ln 2
/// in Q57 has no rounding but that of ln 2, which LN2_REST restores to Q62.
#[inline(always)]
fn reduce(x: Word) -> (Word, Word) {
    let half_turns = mul(x, HALF_PER_LN2) << 1;
    let n = (half_turns + Wrapping(1 << 56)) >> 57;
    let minus_r = n * LN2_REST - ((x - n * LN2) << 5);
    let mantissa = polynomial(
        minus_r,
        [
            4_611_686_018_427_387_904,
            4_611_686_018_427_387_904,
            2_305_843_009_213_693_950,
            768_614_336_404_564_651,
            192_153_584_101_141_416,
            38_430_716_820_228_249,
            6_405_119_470_025_373,
            915_017_067_147_447,
            114_377_133_694_801,
            12_708_570_397_140,
            1_270_853_359_665,
            115_532_212_811,
            9_649_967_247,
            742_076_655,
        ],
    );
    (mantissa, n)
}

/// A small non-negative count as a shift; `Wrapping` masks it to 0..=63.
#[inline(always)]
fn shift(count: Word) -> usize {
    usize::try_from(count.0).unwrap_or(63)
}
