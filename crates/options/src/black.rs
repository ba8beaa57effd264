//! Black-76 in units of F D, the present value of the forward: one strike, price and greeks from one exponential.
//!
//! With x = ln(K / F), kappa = K / F and sd the standard deviation of ln S at expiry: d1 = -x / sd + sd / 2, d2 = d1 - sd,
//! call = N(d1) - kappa N(d2). Since kappa n(d2) = n(d1), both tails come from one density: the upper tail at |d1| is n(d1) R(|d1|), and kappa
//! times the tail at |d2| is n(d1) R(|d2|), R being Mills' ratio.

use core::num::Wrapping;

use maths::{
    Log, ONE, Word, abs, cut, density, log, mask, max, mills, min, mul, mul_near, normal, pick, shift, shl,
    shr,
};

/// |d| from which density and tail are nothing: 8.5 in Q57, where the density is 8e-17 and the tail 1e-17.
const CUT: Word = Wrapping(17 << 56);
/// ln 2 in Q58 and Q57.
const LN2_Q58: Word = Wrapping(199_786_072_581_291_495);
const LN2_Q57: Word = Wrapping(99_893_036_290_645_747);
/// Powers of two from the forward within which the log-moneyness has 58 bits; beyond, it has 56.
const NEAR: Word = Wrapping(10);
/// Bits of gamma and theta, which have no bound of their own.
pub const COARSE: u32 = 50;

/// A positive number as mantissa times a power of two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaled {
    /// [Q62]
    pub(crate) mantissa: Word,
    pub(crate) exponent: Word,
}

/// kappa = K / F and its logarithm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moneyness {
    /// In [1, 2), Q62.
    mantissa: Word,
    exponent: Word,
    /// ln kappa [Q58, or Q56 where `far`]
    log: Word,
    /// All ones beyond a factor of 2^10 from the forward.
    far: Word,
    /// ln kappa [Q57]
    pub(crate) log57: Word,
}

/// kappa [Q62].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kappa {
    /// Cut at 2.
    pub(crate) word: Word,
    /// A strike beyond 2^24 forwards counts as less than twice that, so that sums over a book have room.
    pub(crate) wide: i128,
}

impl Moneyness {
    /// Of `strike`, which in units of F D is `strike` times `factor`; the factor's mantissa is in (0.35, 1].
    ///
    /// The product of mantissas is in (0.35, 2): two shifts at most bring it to [1, 2). |ln kappa| < 10.5 ln 2 = 7.3 in Q58 is below 2^61.
    #[inline(always)]
    pub(crate) fn new(strike: u64, factor: Scaled) -> Self {
        let (m, exponent) = normal(strike);
        let product = mul_near(m, factor.mantissa);
        let zeros = Wrapping(i64::from(product.0.leading_zeros())) - Wrapping(1);
        let mantissa = shl(product, zeros);
        let exponent = exponent + factor.exponent - zeros;
        let Log { twos, rest } = log(mantissa);
        let twos = exponent + twos;
        let far = mask(NEAR - abs(twos));
        let near_log = twos * LN2_Q58 + ((rest + Wrapping(1 << 3)) >> 4);
        let log57 = twos * LN2_Q57 + (rest >> 5);
        let log = ((log57 >> 1) & far) | (near_log & !far);
        Self { mantissa, exponent, log, far, log57 }
    }

    /// The moneyness once the forward has moved by a factor of e^`by` [Q57], |by| < 0.7; kappa is left as it was.
    #[inline(always)]
    pub(crate) fn moved(self, by: Word) -> Self {
        Self { log: self.log - pick(self.far, by >> 1, by << 1), ..self }
    }

    /// The strike as far above the forward as this one is from it.
    pub(crate) fn above(self) -> Self {
        Self { log: abs(self.log), log57: abs(self.log57), ..self }
    }

    /// Delta without variance: 1, 0, or 1/2 at the money [Q62].
    pub(crate) fn intrinsic_delta(&self) -> i64 {
        match self.log.0.cmp(&0) {
            core::cmp::Ordering::Less => ONE.0,
            core::cmp::Ordering::Equal => (ONE >> 1).0,
            core::cmp::Ordering::Greater => 0,
        }
    }

    /// kappa [Q62], cut at 2.
    #[inline(always)]
    pub(crate) fn word(&self) -> Word {
        let down = Wrapping(0) - self.exponent;
        let above = mask(down);
        (shr(self.mantissa, min(down, Wrapping(63)) & !above) & !above) | (Wrapping(i64::MAX) & above)
    }

    /// kappa as a number.
    #[inline(always)]
    pub(crate) fn kappa(&self) -> Kappa {
        let word = self.word();
        if self.exponent.0 <= 0 {
            return Kappa { word, wide: word.0.into() };
        }
        let up = min(self.exponent, Wrapping(24));
        let high = shr(self.mantissa, Wrapping(64) - up);
        let wide = i128::from(high.0) << 64 | i128::from(shl(self.mantissa, up).0.cast_unsigned());
        Kappa { word, wide }
    }
}

impl Kappa {
    /// kappa times a word, over 2^32: in halves, as 87 bits times 63 exceed a wide number.
    pub(crate) fn times(&self, word: Word) -> i128 {
        let by = |part: i128| part.wrapping_mul(word.0.into());
        by(self.wide >> 32).wrapping_add(by(self.wide & 0xffff_ffff) >> 32)
    }

    /// K D / S where F D / S is `holding`.
    pub(crate) fn spent(&self, holding: Word) -> Self {
        let wide = self.times(holding) >> 30;
        Self { word: Wrapping(i64::try_from(wide).unwrap_or(i64::MAX)), wide }
    }
}

/// The standard deviation of the log of spot at expiry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deviation {
    /// sd / 2, below 16 [Q57]
    pub(crate) half: Word,
    /// 1 / sd; the mantissa is in (1/2, 1].
    pub(crate) inverse: Scaled,
}

/// One strike in units of F D.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Black {
    /// Call [Q62], between max(0, 1 - kappa) and 1.
    pub(crate) call: Word,
    /// N(d1) [Q62]
    pub(crate) delta: Word,
    /// n(d1) [Q62]
    pub(crate) density: Word,
    /// [Q57], within +-17.5
    pub(crate) d1: Word,
    /// See `d1`.
    pub(crate) d2: Word,
}

impl Black {
    #[inline(always)]
    pub(crate) fn new(money: &Moneyness, deviation: &Deviation, kappa: Word) -> Self {
        let centre = centre(money, deviation);
        let (d1, d2) = (centre + deviation.half, centre - deviation.half);
        let (density, delta) = density_and_tail(d1);
        let tail = mul_near(density, mills(abs(cut(d2, CUT) << 2)));
        // d2 >= 0 only where kappa < 1, so that cutting kappa to a word loses nothing.
        let paid = pick(d2, tail, kappa - tail);
        let least = max(ONE - kappa, Wrapping(0));
        Self { call: min(max(delta - paid, least), ONE), delta, density, d1, d2 }
    }

    /// Vanna and volga [Q50] from vega [Q62] and 1 / vol.
    ///
    /// d in Q57: a product with it is in Q57 too, with two in Q52. |n d2| < 7 and |vega d1 d2| < 14.
    #[inline(always)]
    pub(crate) fn second_order(&self, vega: Word, per_vol: &Scaled) -> [Word; 2] {
        let vanna = mul(mul(self.density, self.d2), per_vol.mantissa);
        let volga = mul(mul(mul(vega, self.d1), self.d2), per_vol.mantissa);
        let vanna = Wrapping(0) - coarse(vanna, per_vol.exponent + Wrapping(5));
        [vanna, coarse(volga, per_vol.exponent + Wrapping(10))]
    }

    /// n(d1) / sd [Q50], times `floor`.
    #[inline(always)]
    pub(crate) fn gamma(&self, floor: Word, deviation: &Deviation) -> Word {
        let density = mul(self.density, floor);
        coarse(mul_near(density, deviation.inverse.mantissa), deviation.inverse.exponent)
    }
}

/// N(d1) alone: the delta of a call in units of D F / S.
#[inline(always)]
pub(crate) fn delta(money: &Moneyness, deviation: &Deviation) -> Word {
    density_and_tail(centre(money, deviation) + deviation.half).1
}

/// n(d) and N(d) for d in Q57.
#[inline(always)]
fn density_and_tail(d: Word) -> (Word, Word) {
    let near = cut(d, CUT);
    let density = density(near << 2) & mask(abs(near) - CUT);
    let tail = mul_near(density, mills(abs(near << 2)));
    (density, pick(near, tail, ONE - tail))
}

/// -x / sd in Q57, cut to +-16.
///
/// x is cut to 16 sd first, or to 8 (64 where far) if that is less, so that the product, with a mantissa of at most 1, stays below 2^61 when it
/// moves up by the exponent of 1 / sd. Where it is cut to 16 sd, sd is below 2.75, as |x| < 44, and both |d| are above 14; a cut to 8 or 64 is
/// none. Elsewhere |x / sd| + sd / 2 < 17.5. So |d| plus 8.5 is below 2^62 in Q57. sd / 2 in Q57 is 16 sd in Q52.
#[inline(always)]
fn centre(money: &Moneyness, deviation: &Deviation) -> Word {
    let Deviation { half, inverse } = deviation;
    let bits = Wrapping(58) + (money.far << 1);
    let up = bits - Wrapping(52);
    let far = shl(min(*half, shr(ONE >> 1, up)), up);
    let product = mul_near(Wrapping(0) - cut(money.log, far), inverse.mantissa);
    shift(product, inverse.exponent + Wrapping(57) - bits)
}

/// `word` [Q62], below 1/2 in magnitude, times 2^`exponent` in Q50, to the nearest and at most 2^61 in magnitude.
#[inline(always)]
pub(crate) fn coarse(word: Word, exponent: Word) -> Word {
    let up = max(exponent - Wrapping(12), Wrapping(-63));
    let room = shr(ONE >> 1, min(up & !mask(up), Wrapping(63)));
    shift(cut(word, room), min(up, Wrapping(63)))
}

/// From Q60 to Q50, to the nearest.
#[inline(always)]
pub(crate) fn rounded(word: Word) -> Word {
    (word + Wrapping(1 << 9)) >> 10
}
