//! The standard normal distribution, through its density and Mills' ratio: the upper tail is Q(x) = n(x) R(x), and one exponential serves
//! every tail that belongs to one option.

use core::num::Wrapping;

use crate::exp::exp_neg;
use crate::reciprocal::quotient;
use crate::word::{ONE, Word, abs, horner, mul, mul_near, pick, tail};

/// 1 / sqrt(2 pi) in Q62.
const PEAK: Word = Wrapping(1_839_796_536_686_825_613);
/// 1 and 9/2 in Q59.
const CENTRE: Word = Wrapping(1 << 59);
const SCALE: Word = Wrapping(9 << 58);

/// n(x) in Q62 for x in Q59, |x| <= 8.5; absolute error below 1.5e-17. The square of x in Q56 is half of it in Q57.
#[inline(always)]
#[must_use]
pub fn density(x: Word) -> Word {
    mul_near(PEAK, exp_neg(mul_near(x, x)))
}

/// N(x) in Q62 for x in Q59, |x| <= 8.5; absolute error below 5e-18.
#[inline(always)]
#[must_use]
pub fn cdf(x: Word) -> Word {
    let tail = mul_near(density(x), mills(abs(x)));
    pick(x >> 1, tail, ONE - tail)
}

/// R(x) = Q(x) / n(x) in Q62 for x in Q59, 0 <= x <= 8.5; its error times n(x), which it is multiplied by, is below 2e-18.
///
/// A polynomial of degree 15 in t = 2 (x - 1) / (x + 9/2), which maps the range to [-0.444, 1.154]; fitted with the density as the weight, it
/// spends nothing on digits that the density throws away. Its terms from the tenth power on are below 2^-27 where the density is not small:
/// in Q46, with t in Q32, one product of words a step loses 2^-46 of what t^10 damps.
#[inline(always)]
#[must_use]
pub fn mills(x: Word) -> Word {
    let t = mul_near((x - CENTRE) << 1, reciprocal(x + SCALE)) << 3;
    let small = tail(t >> 30, [562_821_120, 240_403_136, -21_275_127, -18_023_663, -430_689, 1_321_443]);
    horner!(
        t;
        3_023_788_178_341_640_313,
        -4_366_719_060_235_806_060,
        3_246_100_811_412_193_031,
        -1_692_985_074_803_994_044,
        599_028_969_658_882_874,
        -122_620_008_936_250_693,
        2_946_724_362_640_377,
        5_036_032_081_846_062,
        -617_185_503_460_558,
        -241_351_817_972_070;
        small << 16
    )
}

/// 1 / x in Q62 for x in Q59, 4 <= x <= 13: 30 bits by division, the rest by one Newton step r + r (1 - x r).
#[inline(always)]
fn reciprocal(x: Word) -> Word {
    let rough = Wrapping(quotient(1 << 63, (x >> 29).0.cast_unsigned()).cast_signed()) << 29;
    let miss = Wrapping(1 << 59) - mul(x, rough);
    rough + mul(rough, miss << 3)
}
