//! A slice in the formats of the kernel: total variance at a log-moneyness.

use core::num::Wrapping;

use maths::{ONE, Root, Word, abs, cut, max, mul, mul_near, root, shl, shr};

use crate::slice::Slice;

/// Log-moneyness beyond which a slice is flat: 7 in Q57.
pub(crate) const WING: Word = Wrapping(7 << 57);
/// Total variance below which an option is worth its intrinsic value, 2^-46 in Q58: an sd of 1.2e-7.
const NO_VARIANCE: Word = Wrapping(1 << 12);
/// Leading zeros of a variance below 32 in Q36, where a slice has no room to be scaled.
const ROOM: u32 = 23;

/// A slice in the formats of the kernel, run off to the time that is left.
///
/// Variance is scaled by 4^`scale`, so that a short expiry's has as many digits as a long one's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Svi {
    scale: Word,
    /// Variance below which there is none, an sd of 1.2e-7 [Q58, scaled]
    pub(crate) least: Word,
    /// [Q58]
    a: Word,
    /// [Q62]
    b: Word,
    /// [Q62]
    rho: Word,
    /// [Q57]
    m: Word,
    /// [Q58]
    s: Word,
}

impl Svi {
    /// With `left` of the slice's time [Q62].
    ///
    /// Variance is at most |a| + 15.1 b, and [`Slice::check`] keeps it below 21. Scaled, |a| + 32 b is below 32, so that b is below 1; without
    /// room to scale, b is at most 2, a unit less than which is the largest word.
    pub(crate) fn new(slice: &Slice, left: Word) -> Self {
        let most = slice.b.unsigned_abs().wrapping_shl(5).wrapping_add(slice.a.unsigned_abs());
        let scale = Wrapping(i64::from(most.leading_zeros().saturating_sub(ROOM) >> 1));
        let run_off = |word, bits| mul_near(shl(Wrapping(word), (scale << 1) + Wrapping(bits)), left);
        Self {
            scale,
            least: shl(NO_VARIANCE, scale << 1),
            a: run_off(slice.a, 22),
            b: run_off(slice.b, 25).min(ONE - Wrapping(1)) << 1,
            rho: Wrapping(i64::from(slice.rho)) << 40,
            m: Wrapping(i64::from(slice.m)) << 29,
            s: Wrapping(slice.s) << 22,
        }
    }

    /// w [Q58, scaled] at k [Q57], never negative.
    ///
    /// |k - m| < 52 is cut at 7, to one unit of the 2^-57 that it is in. With x and s moved up until the larger has 61 bits, their squares are
    /// below 2^60, the hyperbola below 2^61.5 and the slope below (1 + |rho|) times that: its product with b is below 2^62.5.
    #[inline(always)]
    pub(crate) fn variance(&self, k: Word) -> Word {
        let x = cut(k - self.m, WING) << 1;
        let zeros = (abs(x) | self.s).0.leading_zeros();
        let up = Wrapping(i64::from(zeros)) - Wrapping(3);
        let (x, s) = (shl(x, up), shl(self.s, up));
        let square = mul(x, x) + mul(s, s);
        let slope = mul(x, self.rho) + root(square.0.unsigned_abs()).root();
        max(self.a + shr(mul(self.b, slope), up), Wrapping(0))
    }

    /// The roots of a variance, its scale taken out.
    #[inline(always)]
    pub(crate) fn root(&self, variance: Word) -> Root {
        let root = root(variance.0.unsigned_abs());
        Root { pairs: root.pairs + self.scale, ..root }
    }
}
