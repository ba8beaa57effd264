//! The word and its products.

use core::num::Wrapping;

/// A 64-bit fixed-point number. Its arithmetic wraps; the functions of this crate name the domain in which it does not.
pub type Word = Wrapping<i64>;

/// 1.0 in Q62.
pub const ONE: Word = Wrapping(1 << 62);

const LOW: Word = Wrapping(0xffff_ffff);

/// x y / 2^62, less than 6 units too small, never too large.
///
/// With x = a 2^32 + b, y = c 2^32 + d, b and d unsigned halves, the product over 2^62 is ac 2^2 + (ad + bc) / 2^30 + bd / 2^62. The last
/// term is below 4 and dropped; the two cross terms are rounded down separately, since their sum can exceed a word. Nothing wraps while the
/// result fits a word: |ad|, |bc| < 2^63.
#[inline(always)]
#[must_use]
pub fn mul(x: Word, y: Word) -> Word {
    let (a, b) = (x >> 32, x & LOW);
    let (c, d) = (y >> 32, y & LOW);
    ((a * c) << 2) + ((a * d) >> 30) + ((b * c) >> 30)
}

/// x y / 2^62 to the nearest, ties and one part in 2^27 aside.
///
/// As [`mul`], but the lower terms are summed in units of 2^-28 before they are rounded: each is below 2^61 in magnitude then, so the sum
/// cannot wrap, and the three bits that each loses are 2^-27 of a unit. For the steps whose errors nothing damps.
#[inline(always)]
#[must_use]
pub fn mul_near(x: Word, y: Word) -> Word {
    let (a, b) = (x >> 32, x & LOW);
    let (c, d) = (y >> 32, y & LOW);
    let low = Wrapping((b * d).0.cast_unsigned().unbounded_shr(34).cast_signed());
    let rest = ((a * d) >> 2) + ((b * c) >> 2) + low + Wrapping(1 << 27);
    ((a * c) << 2) + (rest >> 28)
}

/// `word` 2^`up`, the bits above lost; 0 <= up < 64.
#[inline(always)]
#[must_use]
pub fn shl(word: Word, up: Word) -> Word {
    Wrapping(word.0.wrapping_shl(count(up)))
}

/// `word` / 2^`down`, rounded down; 0 <= down < 64.
#[inline(always)]
#[must_use]
pub fn shr(word: Word, down: Word) -> Word {
    Wrapping(word.0.wrapping_shr(count(down)))
}

/// `word` / 2^`down`, to the nearest; 0 <= down < 64.
#[inline(always)]
#[must_use]
pub fn shr_near(word: Word, down: Word) -> Word {
    shr(word + (shl(Wrapping(1), down) >> 1), down)
}

/// `word` 2^`up`, to the nearest where `up` is negative; -64 < up < 64, and the result fits.
///
/// Both shifts are made, one of them by nothing: a branch would cost as much as ten such instructions.
#[inline(always)]
#[must_use]
pub fn shift(word: Word, up: Word) -> Word {
    let negative = mask(up);
    shr_near(shl(word, up & !negative), (Wrapping(0) - up) & negative)
}

/// All ones for a negative word, zero for another; |x| < 2^62.
///
/// The sign is taken from the last bit but one: from the last one, the compiler would make the comparison and selection, at twice the ink,
/// that this is there to avoid.
///
/// A word of 2^62 and more in magnitude still has its sign here, but for the lowest bit: what is picked by it may be off by one unit.
#[inline(always)]
#[must_use]
pub fn mask(x: Word) -> Word {
    x >> 62
}

/// `x` where `sign` is negative, otherwise `y`; |sign| < 2^62.
#[inline(always)]
#[must_use]
pub fn pick(sign: Word, x: Word, y: Word) -> Word {
    y + ((x - y) & mask(sign))
}

/// The smaller; |x - y| < 2^62.
#[inline(always)]
#[must_use]
pub fn min(x: Word, y: Word) -> Word {
    y + ((x - y) & mask(x - y))
}

/// The larger; |x - y| < 2^62.
#[inline(always)]
#[must_use]
pub fn max(x: Word, y: Word) -> Word {
    x - ((x - y) & mask(x - y))
}

/// `x` cut to [-bound, bound], 0 <= bound; |x| + bound < 2^62.
#[inline(always)]
#[must_use]
pub fn cut(x: Word, bound: Word) -> Word {
    max(min(x, bound), Wrapping(0) - bound)
}

/// |x|, x not the least word.
#[inline(always)]
#[must_use]
pub fn abs(x: Word) -> Word {
    let sign = x >> 63;
    (x ^ sign) - sign
}

/// A shift as the machine takes it, which is modulo 64.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as said"
)]
#[inline(always)]
fn count(by: Word) -> u32 {
    by.0 as u32
}

/// A polynomial by Horner's rule, the constant first, with a last term that is a word already: `horner!(x; c0, c1; rest)` is
/// c0 + x (c1 + x rest). The two products that nothing damps are rounded to the nearest.
///
/// A macro, since a loop over more than a few coefficients is left a loop, with the coefficients in memory, at six times the ink.
macro_rules! horner {
    ($x:ident; $c0:expr, $c1:expr $(, $c:expr)*; $rest:expr) => {
        $crate::word::mul_near(
            $crate::word::mul_near($crate::word::horner!(@ $x; $($c),*; $rest), $x) + core::num::Wrapping($c1),
            $x,
        ) + core::num::Wrapping($c0)
    };
    (@ $x:ident; ; $rest:expr) => { $rest };
    (@ $x:ident; $c0:expr $(, $c:expr)*; $rest:expr) => {
        $crate::word::mul($crate::word::horner!(@ $x; $($c),*; $rest), $x) + core::num::Wrapping($c0)
    };
}
pub(crate) use horner;

/// The value at `x` of a polynomial whose terms are so small that one product of words each will do: x in Q32, coefficients in a unit of
/// which both they and their products with x stay in a word. The result is in that unit; each step loses less than one of it.
#[inline(always)]
pub(crate) fn tail<const N: usize>(x: Word, coefficients: [i64; N]) -> Word {
    let mut sum = Wrapping(0);
    for coefficient in coefficients.into_iter().rev() {
        sum = ((sum * x) >> 32) + Wrapping(coefficient);
    }
    sum
}
