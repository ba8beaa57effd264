//! The natural logarithm.

use core::num::Wrapping;

use crate::word::{ONE, Word, mul, polynomial};

/// ln 2 in Q57, and what Q62 has beyond it.
const LN2: Word = Wrapping(99_893_036_290_645_747);
const LN2_REST: Word = Wrapping(11);
/// Half a unit of Q57 in Q62.
const HALF: Word = Wrapping(16);
/// sqrt 2 in Q62.
const SQRT2: Word = Wrapping(6_521_908_912_666_391_106);

/// ln x in Q57 (0 is taken as 1); absolute error below 2e-17: two units.
///
/// x = m 2^e with m in (0.707, 1.415]; ln m = 2 atanh s, s = (m - 1) / (m + 1), |s| <= 0.1716, by a polynomial in s^2.
#[inline(always)]
#[must_use]
pub fn ln(x: u64) -> Word {
    let x = x | u64::from(x == 0);
    let zeros = x.leading_zeros();
    // The mantissa in [1, 2) as Q62: its lowest bit is lost only for x >= 2^63.
    let mantissa = Wrapping((x.unbounded_shl(zeros) >> 1).cast_signed());
    let above = mantissa > SQRT2;
    let m = if above { mantissa >> 1 } else { mantissa };
    let exponent = Wrapping(i64::from(63_u32.wrapping_sub(zeros))) + Wrapping(i64::from(above));

    let s = mul(m - ONE, reciprocal((m >> 1) + (ONE >> 1)));
    let ratio = polynomial(
        mul(s, s),
        [
            4_611_686_018_427_387_904,
            1_537_228_672_809_129_303,
            922_337_203_685_475_797,
            658_812_288_347_544_499,
            512_409_557_432_309_024,
            419_244_205_080_246_214,
            354_743_419_391_768_813,
            307_524_430_313_818_193,
            269_031_448_639_891_402,
            277_695_403_381_994_082,
        ],
    );
    exponent * LN2 + ((exponent * LN2_REST + (mul(s, ratio) << 1) + HALF) >> 5)
}

/// 1 / x in Q62 for x in Q61, 1.7 <= x < 2.5: 31 bits by division, the rest by one Newton step r + r (1 - x r).
#[inline(always)]
fn reciprocal(x: Word) -> Word {
    let rough = Wrapping((1_i64 << 62).checked_div((x >> 30).0).unwrap_or_default()) << 31;
    let miss = Wrapping(1 << 61) - mul(x, rough);
    rough + mul(rough, miss << 1)
}
