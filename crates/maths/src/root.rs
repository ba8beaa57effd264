//! Square roots.

use core::num::Wrapping;

use crate::word::{Word, mul};

/// sqrt v and 1 / sqrt v of one number v, the second as mantissa and exponent.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    /// sqrt(v) 2^31; error below one unit and 1e-17 of itself.
    pub root: Word,
    /// 1 / (2 sqrt M) in Q62, where v = M 2^(64 - 2 pairs), 1/4 <= M < 1.
    pub half_inverse: Word,
    /// Pairs of leading zero bits of v.
    pub pairs: u32,
}

/// Both roots of `v`, 1 <= v < 2^63 (of 1 for 0).
///
/// h = 1 / (2 sqrt M) starts from a polynomial of degree 5 with an error of 1.2e-3 relative and takes three Newton steps
/// h (3/2 - 2 M h^2): 2e-6, 7e-12, 7e-23. All factors stay below 2.
#[inline(always)]
#[must_use]
pub fn root(v: u64) -> Root {
    let pairs = (v | 1).leading_zeros() >> 1;
    let mantissa = Wrapping((v.unbounded_shl(pairs << 1) >> 2).cast_signed());
    let mut h = guess(mantissa >> 32) << 34;
    for _ in 0..3 {
        let quarter = mul(mul(mantissa, h), h);
        h = mul(h, Wrapping(3 << 61) - (quarter << 1));
    }
    // sqrt(M) = 2 M h; sqrt(v) 2^31 = sqrt(M) 2^(63 - pairs).
    let root = mul(mantissa, h) << 2 >> usize::try_from(pairs).unwrap_or(63);
    Root { root, half_inverse: h, pairs }
}

/// 1 / (2 sqrt x) in Q28 for x in Q30, 1/4 <= x < 1: coefficients below 17 in Q28 times x below 2^30 stay in a word.
#[inline(always)]
fn guess(x: Word) -> Word {
    let mut sum = Wrapping(-747_107_270);
    for coefficient in [2_845_395_033, -4_394_246_567, 3_545_176_763, -1_626_635_018, 511_573_042] {
        sum = ((sum * x) >> 30) + Wrapping(coefficient);
    }
    sum
}
