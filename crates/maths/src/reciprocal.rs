//! Reciprocals.

use core::num::Wrapping;

use crate::word::{ONE, Word, mul, mul_near};

/// 1 / x in Q62, in (1/2, 1], for x in Q62, 1 <= x < 2; relative error below 2e-18.
///
/// 31 bits by division, the rest by one Newton step r + r (1 - x r).
#[inline(always)]
#[must_use]
pub fn reciprocal(x: Word) -> Word {
    let rough = Wrapping(quotient(1 << 62, (x >> 31).0.cast_unsigned()).cast_signed()) << 31;
    let miss = ONE - mul_near(x, rough);
    rough + mul(rough, miss)
}

/// x / y for y > 0. Its lowest bit is set first: what callers divide by has bits to spare, and the machine's check for zero falls away.
#[inline(always)]
pub(crate) fn quotient(x: u64, y: u64) -> u64 {
    x.checked_div(y | 1).unwrap_or_default()
}
