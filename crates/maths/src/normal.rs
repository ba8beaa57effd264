//! The standard normal distribution, through its density and Mills' ratio: the upper tail is Q(x) = n(x) R(x), and one exponential serves
//! every tail that belongs to one option.

use core::num::Wrapping;

use crate::exp::exp_neg;
use crate::word::{Word, mul, polynomial};

/// 1 / sqrt(2 pi) in Q62.
const PEAK: Word = Wrapping(1_839_796_536_686_825_613);
/// 3.0 in Q59 and Q60.
const THREE: Word = Wrapping(3 << 59);

/// n(x) in Q62 for x in Q59, |x| <= 8.5; absolute error below 1.5e-17. The square of x in Q56 is half of it in Q57.
#[inline(always)]
#[must_use]
pub fn density(x: Word) -> Word {
    mul(PEAK, exp_neg(mul(x, x)))
}

/// R(x) = Q(x) / n(x) in Q62 for x in Q59, 0 <= x <= 8.5; absolute error below 7e-18.
///
/// A polynomial of degree 22 in t = (x - 3) / (x + 3), which maps the range to [-1, 0.478].
#[inline(always)]
#[must_use]
pub fn mills(x: Word) -> Word {
    let t = mul((x - THREE) << 1, reciprocal(x + THREE)) << 2;
    polynomial(
        t,
        [
            1_404_674_821_910_005_013,
            -2_385_969_316_184_237_164,
            1_424_453_632_537_719_023,
            -534_217_520_619_440_472,
            70_900_304_385_833_514,
            33_591_742_215_491_609,
            -11_453_873_736_960_001,
            -3_994_715_772_928_795,
            1_520_599_452_005_087,
            791_787_002_288_941,
            -145_618_654_590_550,
            -177_362_867_545_856,
            -14_337_920_098_599,
            33_078_834_322_514,
            13_779_658_295_059,
            -2_647_988_256_865,
            -4_284_752_789_051,
            -1_173_706_641_631,
            497_416_566_274,
            529_451_895_814,
            195_840_352_101,
            33_990_328_825,
            1_974_214_914,
        ],
    )
}

/// 1 / x in Q62 for x in Q59, 3 <= x <= 11.5: 29 bits by division, the rest by one Newton step r + r (1 - x r).
#[inline(always)]
fn reciprocal(x: Word) -> Word {
    let rough = Wrapping((1_i64 << 62).checked_div((x >> 30).0).unwrap_or_default()) << 29;
    let miss = Wrapping(1 << 59) - mul(x, rough);
    rough + mul(rough, miss << 3)
}
