//! Square roots.

use core::num::Wrapping;

use crate::word::{Word, mul, shr};

/// sqrt v and 1 / sqrt v of one number v = M 2^(64 - 2 pairs), 1/4 <= M < 1, as mantissas.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    /// sqrt M in Q62, in [1/2, 1); relative error below 2e-18.
    pub mantissa: Word,
    /// 1 / (2 sqrt M) in Q62, in (1/2, 1]; relative error below 2e-18.
    pub half_inverse: Word,
    /// Pairs of leading zero bits of v.
    pub pairs: Word,
}

impl Root {
    /// sqrt(v) 2^31, rounded down.
    #[inline(always)]
    #[must_use]
    pub fn root(&self) -> Word {
        // sqrt(v) 2^31 = sqrt(M) 2^(63 - pairs).
        shr(self.mantissa << 1, self.pairs)
    }
}

/// Both roots of `v`, 1 <= v < 2^63 (of 1 for 0).
///
/// h = 1 / (2 sqrt M) starts from a polynomial of degree 4 with an error of 2.2e-3 relative. A Newton step is h (3/2 - 2 M h^2); two in Q31,
/// where one product of words does, bring 8e-6 and 1e-9, the latter by rounding, and one in Q62 brings 1.5e-18. All factors stay below 2.
#[inline(always)]
#[must_use]
pub fn root(v: u64) -> Root {
    let pairs = (v | 1).leading_zeros() >> 1;
    let mantissa = Wrapping((v.wrapping_shl(pairs << 1) >> 2).cast_signed());
    let short = mantissa >> 31;
    let mut h = guess(mantissa >> 32) << 3;
    for _ in 0..2 {
        let quarter = (short * ((h * h) >> 31)) >> 31;
        h = (h * (Wrapping(3 << 30) - (quarter << 1))) >> 31;
    }
    let h = h << 31;
    let quarter = mul(mul(mantissa, h), h);
    let half_inverse = mul(h, Wrapping(3 << 61) - (quarter << 1));
    Root { mantissa: mul(mantissa, half_inverse) << 1, half_inverse, pairs: Wrapping(i64::from(pairs)) }
}

/// 1 / (2 sqrt x) in Q28 for x in Q30, 1/4 <= x < 1: coefficients below 8 in Q28 times x below 2^30 stay in a word.
#[inline(always)]
fn guess(x: Word) -> Word {
    let mut sum = Wrapping(510_618_543);
    for coefficient in [-1_607_038_209, 1_967_312_500, -1_205_888_297, 469_497_416] {
        sum = ((sum * x) >> 30) + Wrapping(coefficient);
    }
    sum
}
