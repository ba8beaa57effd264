//! Exponentials.

use core::num::Wrapping;

use crate::word::{ONE, Word, horner, mul, shr, tail};

/// 1 / ln 2 in Q62: 6653256548922161246 / 2, halved to fit.
const HALF_PER_LN2: Word = Wrapping(3_326_628_274_461_080_623);
/// ln 2 in Q62.
const LN2: Word = Wrapping(3_196_577_161_300_663_915);

/// e^-x as `mantissa` / 2^`halvings`.
#[derive(Clone, Copy, Debug)]
pub struct Exp {
    /// In (0.70, 1.42), Q62; relative error below 2e-18 and half a unit of x.
    pub mantissa: Word,
    /// Any sign.
    pub halvings: Word,
}

/// e^-x in Q62 for x in Q57, 0 <= x < 43.6; absolute error below 6e-18.
#[inline(always)]
#[must_use]
pub fn exp_neg(x: Word) -> Word {
    let exp = reduce::<57>(x);
    shr(exp.mantissa, exp.halvings)
}

/// e^-x for x in Q60, |x| < 5.1: x / ln 2 and a half stay below 8.
#[inline(always)]
#[must_use]
pub fn exp(x: Word) -> Exp {
    reduce::<60>(x)
}

/// The argument of the polynomial is x - n ln 2, at most 0.347 in magnitude and exact in Q62: x and n ln 2 are subtracted in the unit of x,
/// and what ln 2 has beyond that unit is brought in after.
///
/// The terms from the eighth power on are below 2^-27 of the sum: in Q50, with the argument in Q32, one product of words a step loses less
/// than 2^-62 of it.
#[inline(always)]
fn reduce<const Q: usize>(x: Word) -> Exp {
    let up = 62_usize.wrapping_sub(Q);
    let ln2 = LN2 >> up;
    let rest = LN2 - (ln2 << up);
    let half = ONE >> up >> 1;
    let n = ((mul(x, HALF_PER_LN2) << 1) + half) >> Q;
    let minus_r = n * rest - ((x - n * ln2) << up);
    let small = tail(minus_r >> 30, [27_924_104_925, 3_102_667_702, 310_266_793, 28_276_828, 2_356_338]);
    let mantissa = horner!(
        minus_r;
        4_611_686_018_427_387_904,
        4_611_686_018_427_387_897,
        2_305_843_009_213_693_949,
        768_614_336_404_566_299,
        192_153_584_101_141_552,
        38_430_716_820_118_457,
        6_405_119_470_020_533,
        915_017_070_281_567;
        small << 12
    );
    Exp { mantissa, halvings: n }
}
