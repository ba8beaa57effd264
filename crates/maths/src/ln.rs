//! The natural logarithm.

use core::num::Wrapping;

use crate::reciprocal::quotient;
use crate::word::{ONE, Word, horner, mul, mul_near, shr, tail};

/// ln 2 in Q57 and Q62.
const LN2_Q57: Word = Wrapping(99_893_036_290_645_747);
const LN2_REST: Word = Wrapping(11);
/// Half a unit of Q57 in Q62.
const HALF: Word = Wrapping(16);
/// sqrt 2 in Q62.
const SQRT2: Word = Wrapping(6_521_908_912_666_391_106);

/// ln x = `twos` ln 2 + `rest`.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// Whole powers of two.
    pub twos: Word,
    /// In (-0.347, 0.347], Q62; absolute error below 2e-18.
    pub rest: Word,
}

/// ln m for m in Q62, 1 <= m < 2.
///
/// With m or m / 2 in (0.707, 1.415]: ln m = 2 atanh s = 2s (1 + s^2 / 3 + ...), s = (m - 1) / (m + 1), |s| <= 0.1716, by a polynomial in s^2.
/// From its fifth power on, which is below 2^-25, one product of words a step loses nothing: coefficients in Q36, s^2 in Q32.
#[inline(always)]
#[must_use]
pub fn log(m: Word) -> Log {
    let above = Wrapping(i64::from(m > SQRT2));
    let m = shr(m, above);
    let double = mul_near((m - ONE) << 1, reciprocal((m >> 1) + (ONE >> 1)));
    let square = mul(double, double) >> 2;
    let small = tail(square >> 30, [6_247_850_134, 5_261_298_578, 5_089_024_636]);
    let ratio = horner!(
        square;
        4_611_686_018_427_387_899,
        1_537_228_672_809_152_108,
        922_337_203_669_263_984,
        658_812_292_735_549_308,
        512_408_974_818_601_309;
        small << 26
    );
    Log { twos: above, rest: mul_near(double, ratio) }
}

/// ln x in Q57 (0 is taken as 1); absolute error below 2e-17: two units.
#[inline(always)]
#[must_use]
pub fn ln(x: u64) -> Word {
    let (m, exponent) = normal(x);
    let log = log(m);
    let twos = exponent + log.twos;
    twos * LN2_Q57 + ((twos * LN2_REST + log.rest + HALF) >> 5)
}

/// x = m 2^exponent with m in [1, 2), Q62 (0 is taken as 1). The lowest bit of x is lost when it has 64.
#[inline(always)]
#[must_use]
pub fn normal(x: u64) -> (Word, Word) {
    let x = x | u64::from(x == 0);
    let zeros = x.leading_zeros();
    let m = Wrapping((x.wrapping_shl(zeros) >> 1).cast_signed());
    (m, Wrapping(63) - Wrapping(i64::from(zeros)))
}

/// 1 / x in Q62 for x in Q61, 1.7 <= x < 2.5: 31 bits by division, the rest by one Newton step r + r (1 - x r).
#[inline(always)]
fn reciprocal(x: Word) -> Word {
    let rough = Wrapping(quotient(1 << 62, (x >> 30).0.cast_unsigned()).cast_signed()) << 31;
    let miss = Wrapping(1 << 61) - mul(x, rough);
    rough + mul(rough, miss << 1)
}
