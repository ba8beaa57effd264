//! What a surface must keep so that nobody can trade it against itself: no butterfly and no calendar spread for less than nothing.
//!
//! With k = ln(strike / forward), a slice w has no butterfly arbitrage at k where
//!
//! ```text
//! g(k) = (1 - k w' / (2 w))^2 - (w'^2 / 4) (1 / w + 1 / 4) + w'' / 2 >= 0
//! ```
//!
//! and two slices have no calendar arbitrage where the later is nowhere below the earlier.

use core::num::Wrapping;

use maths::{ONE, Word, abs, cut, ln, min, mul, reciprocal, root, shift, shr};

use crate::series::StrikeGrid;
use crate::slice::Slice;
use crate::svi::WING;

/// 8/9 in Q62: the step of the lines that bound an earlier slice.
const STEP: Word = Wrapping(4_099_276_460_824_344_804);
/// 17 / (12 sqrt 2) in Q61: cosh of half that step, rounded up.
const CHORD: Word = Wrapping(2_309_842_739_902_680_184);
/// Lines on either side: the last touches 0.009 from its wing.
const LINES: u32 = 40;
/// What the roundings of a gap may come to [Q57], that of its slope times 7 included.
const ROUNDING: Word = Wrapping(64);
/// What the roundings of a slope may come to [Q60].
const SLOPE_ROUNDING: i64 = 16;

/// An arbitrage in a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arbitrage {
    /// A butterfly round this strike costs less than nothing.
    Butterfly {
        /// [micro-USD]
        strike: u64,
        /// g there, negative [Q40]
        density: i64,
    },
    /// A wing of the later slice is flatter than the earlier's.
    Wing {
        /// By how much [Q36]
        by: i64,
    },
    /// The later slice may be below the earlier.
    Calendar {
        /// What the later slice lacks above a line that bounds the earlier [Q36]
        by: i64,
    },
}

impl Slice {
    /// Checks g at the strikes of a grid and halfway between them, for a slice that passes [`Slice::check`].
    ///
    /// # Errors
    /// The lowest such strike where g is negative.
    pub fn check_butterfly(&self, grid: &StrikeGrid) -> Result<(), Arbitrage> {
        let curve = Curve::new(self);
        let forward = ln(self.forward);
        let half = grid.step >> 1;
        for (index, strike) in (1..=grid.count).zip(grid.strikes()) {
            curve.check(strike, forward)?;
            if index < grid.count {
                curve.check(strike.wrapping_add(half), forward)?;
            }
        }
        Ok(())
    }

    /// Checks that `later`, a slice published together with this one for a later expiry, has more total variance at every log-moneyness. Both pass
    /// [`Slice::check`]. It is sufficient: refused are also slices that come within 0.2 % of b s of each other, or 1 % far out.
    ///
    /// The earlier slice is convex, so it lies below its chords. With k = m + s sinh u it is a + b s (rho sinh u + cosh u); the chord from u - h to
    /// u + h is parallel to the tangent at u and higher by b s (cosh h - 1) / cosh u. The later slice lies above a line of slope p by
    /// a - p m + s sqrt(b^2 - (p - b rho)^2) - (the line at 0) at the nearest point. So each chord is compared with the whole of the later
    /// slice, in closed form; chords that meet at nodes e^u = (9/8)^(n + 1/2) cover the earlier slice, and beyond the last node a line of the wing's slope.
    ///
    /// # Errors
    /// The first line that the later slice does not clear, and by how much.
    pub fn check_calendar(&self, later: &Self) -> Result<(), Arbitrage> {
        let lines = Lines::new(self, later);
        let mut e = ONE;
        for _ in 0..=LINES {
            let r = mul(e, e);
            // One unit less than 1 + r, which is a unit too much for a word at first.
            let inverse = reciprocal(ONE + (r - Wrapping(1)));
            let (tanh, sech) = (mul(ONE - r, inverse), mul(e, inverse) << 1);
            let height = mul(mul(lines.depth, CHORD), sech);
            lines.clear(tanh, height)?;
            lines.clear(Wrapping(0) - tanh, height)?;
            e = mul(e, STEP);
        }
        // Beyond the last node the slice is below a line of its wing's slope: cosh u - sinh u is e (9/8)^(1/2) there, below 17/16 e.
        let height = mul(lines.depth, e) >> 1;
        let height = height + (height >> 4) + Wrapping(1);
        lines.clear(ONE, height)?;
        lines.clear(Wrapping(0) - ONE, height)
    }
}

/// A slice in words.
struct Curve {
    /// [Q58]
    a: Word,
    /// [Q61]
    b: Word,
    /// [Q62]
    rho: Word,
    /// [Q57]
    m: Word,
    /// [Q59]
    s: Word,
}

impl Curve {
    fn new(slice: &Slice) -> Self {
        Self {
            a: Wrapping(slice.a) << 22,
            b: Wrapping(slice.b) << 25,
            rho: Wrapping(i64::from(slice.rho)) << 40,
            m: Wrapping(i64::from(slice.m)) << 29,
            s: Wrapping(slice.s) << 23,
        }
    }

    /// Refuses a strike where g w^2 is negative.
    ///
    /// ```text
    /// g w^2 = (w - k w' / 2)^2 - (w'^2 / 4) (w + w^2 / 4) + w^2 w'' / 2,    w' = b (rho + x / R),    w'' = b s^2 / R^3
    /// ```
    ///
    /// with x = k - m and R = sqrt(x^2 + s^2) = sqrt M 2^(4 - pairs). Where a slice is held flat, g is 1.
    fn check(&self, strike: u64, forward: Word) -> Result<(), Arbitrage> {
        let k = ln(strike) - forward;
        let x = k - self.m;
        if abs(cut(x, WING)) >= WING {
            return Ok(());
        }
        let x = x << 2;
        let root = root((mul(x, x) + mul(self.s, self.s)).0.unsigned_abs());
        // In Q59, below 7 sqrt 2 and 4 times 1, then at most 1.
        let over = |word: Word| shift(mul(word, root.half_inverse), root.pairs - Wrapping(3)) << 3;
        let (sine, cosine) = (over(x), over(self.s));
        let w = self.a + mul(self.b, mul(x, self.rho) + root.root());
        let slope = mul(self.b, (self.rho >> 1) + (sine >> 1));
        // In Q40; R below 2^-20 counts as that, which makes the term less than it is.
        let bend = mul(mul(mul(self.b, cosine), cosine), root.half_inverse);
        let bend = shr(bend, Wrapping(24) - min(root.pairs, Wrapping(24)));
        self.verdict(strike, [w, k, slope, bend].map(|word| word.0.into()))
    }

    /// With w in Q58 below 32, k in Q57 below 64, w' in Q60 at most 2 and w'' in Q40 below 2^22. In Q52: the first bracket is below 96, w'^2 at most
    /// 4, w + w^2 / 4 below 288 and w^2 below 1024. All terms are in Q92 then, below 2^124.
    fn verdict(&self, strike: u64, [w, k, slope, bend]: [i128; 4]) -> Result<(), Arbitrage> {
        let times = i128::wrapping_mul;
        let bracket = w.wrapping_sub(times(k, slope) >> 60) >> 6;
        let slope_squared = times(slope, slope) >> 68;
        let square = times(w, w) >> 64;
        let minus = times(slope_squared, (w >> 6).wrapping_add(square >> 2)) >> 14;
        let bent = times(square, bend) >> 1;
        let total = (times(bracket, bracket) >> 12).wrapping_sub(minus).wrapping_add(bent);
        if total >= 0 {
            return Ok(());
        }
        let density = total.checked_div(square).unwrap_or(total);
        Err(Arbitrage::Butterfly { strike, density: i64::try_from(density).unwrap_or(i64::MIN) })
    }
}

/// The lines above an earlier slice, against a later one.
struct Lines {
    earlier: Curve,
    later: Curve,
    /// b s of the earlier [Q58]
    depth: Word,
    /// a of the later less a of the earlier [Q57]
    level: Word,
    /// m of the later less m of the earlier [Q59]
    apart: Word,
    /// b rho of the later [Q60]
    tilt: Word,
}

impl Lines {
    fn new(earlier: &Slice, later: &Slice) -> Self {
        let (earlier, later) = (Curve::new(earlier), Curve::new(later));
        Self {
            depth: mul(earlier.b, earlier.s),
            level: (later.a - earlier.a) >> 1,
            apart: (later.m - earlier.m) << 2,
            tilt: mul(later.b, later.rho) >> 1,
            earlier,
            later,
        }
    }

    /// Refuses a line of slope b (rho + `tanh`) [Q62] that passes `height` [Q57] above the meeting point of the earlier slice's asymptotes, unless the
    /// later slice clears it.
    ///
    /// The slope is at most 2, so with |m - m'| < 8 the product is below 16; the other terms are below 9 each, and all of them below 64 together.
    fn clear(&self, tanh: Word, height: Word) -> Result<(), Arbitrage> {
        let slope = mul(self.earlier.b, (self.earlier.rho >> 1) + (tanh >> 1));
        let off = slope - self.tilt;
        let (left, right) = ((self.later.b >> 1) - off, (self.later.b >> 1) + off);
        let room = left.0.min(right.0);
        if room < SLOPE_ROUNDING.saturating_neg() {
            return Err(Arbitrage::Wing { by: room.saturating_neg() >> 24 });
        }
        // The root of nothing would be taken as that of one unit.
        let square = mul(left, right);
        let reach = if square.0 > 0 { root(square.0.unsigned_abs()).root() } else { Wrapping(0) };
        let gap = self.level - mul(slope, self.apart) + mul(self.later.s, reach) - height - ROUNDING;
        if gap.0 < 0 {
            return Err(Arbitrage::Calendar { by: gap.0.saturating_neg() >> 21 });
        }
        Ok(())
    }
}
