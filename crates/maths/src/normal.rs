//! The standard normal distribution, through its density and Mills' ratio: the upper tail is Q(x) = n(x) R(x), and one exponential serves
//! every tail that belongs to one option.

use core::num::Wrapping;

use crate::exp::exp_neg;
use crate::reciprocal::quotient;
use crate::word::{ONE, Word, abs, horner, mul, mul_near, pick, tail};

/// 1 / sqrt(2 pi) in Q62.
const PEAK: Word = Wrapping(1_839_796_536_686_825_613);
/// 33/16 and 4 in Q59.
const CENTRE: Word = Wrapping(33 << 55);
const FOUR: Word = Wrapping(4 << 59);

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

/// R(x) = Q(x) / n(x) in Q62 for x in Q59, 0 <= x <= 8.5; absolute error below 5e-18.
///
/// A polynomial of degree 20 in t = (x - 33/16) / (x + 4), which maps the range to [-0.516, 0.516]. Its terms from the fifteenth
/// power on are below 2^-15: in Q46, with t in Q32, one product of words a step loses 2^-46 of what t^15 < 2^-14 damps.
#[inline(always)]
#[must_use]
pub fn mills(x: Word) -> Word {
    let t = mul_near((x - CENTRE) << 1, reciprocal(x + FOUR)) << 2;
    let small =
        tail(t >> 30, [947_125_604, 1_147_128_638, 98_993_823, -270_079_266, -80_958_837, 31_989_320]);
    horner!(
        t;
        1_898_838_836_280_242_162,
        -4_215_443_694_008_792_538,
        4_324_672_216_222_953_382,
        -3_184_949_748_905_836_439,
        1_555_240_860_156_863_022,
        -362_332_600_985_028_502,
        -78_118_433_092_444_812,
        69_495_646_086_296_701,
        3_559_049_644_610_127,
        -12_547_838_710_237_481,
        -832_930_263_124_541,
        2_506_943_253_742_182,
        494_476_241_670_179,
        -483_301_648_458_125,
        -222_764_930_566_202;
        small << 16
    )
}

/// 1 / x in Q62 for x in Q59, 4 <= x <= 12.5: 30 bits by division, the rest by one Newton step r + r (1 - x r).
#[inline(always)]
fn reciprocal(x: Word) -> Word {
    let rough = Wrapping(quotient(1 << 63, (x >> 29).0.cast_unsigned()).cast_signed()) << 29;
    let miss = Wrapping(1 << 59) - mul(x, rough);
    rough + mul(rough, miss << 3)
}
