//! Implied vol: the vol at which an option is worth a given price.
//!
//! By parity every price is that of an option out of the money, and by symmetry (S with K, call with put) that of a call whose strike is above
//! the forward: c(s) = N(d1) - kappa N(d2) in units of F D, with x = |ln K / F|, d1 = -x / s + s / 2, d2 = d1 - s. It rises with the sd s from
//! 0 to 1, convex below s = sqrt(2x), where d1 = 0, and concave above.
//!
//! The sd is refined by Householder's step of third order on ln c, or on ln(1 - c) above a price of 1/2, which multiplies the digits by four,
//! from a guess that at sqrt(2x) has the value and the slope of c and at the ends its limits.

use core::num::Wrapping;

use maths::{
    ONE, Word, cut, density, ln, max, mills, min, mul, mul_near, normal, pick, reciprocal, root, shift, shl,
    shr_near,
};

use crate::black::{Black, Deviation, Moneyness, Scaled};
use crate::forward::half_per_root_year;
use crate::option::{Terms, TermsError};
use crate::series::Kind;

/// ln 2^62 [Q57]
const LN_ONE: Word = Wrapping(6_193_368_250_020_036_335);
/// pi / 2 and sqrt(2 pi) / 2 [Q62]
const HALF_PI: Word = Wrapping(7_244_019_458_077_122_842);
const HALF_ROOT_TWO_PI: Word = Wrapping(5_779_891_283_755_275_865);
/// 1 in the format of corrections, which need no more.
const SHORT: i64 = 1 << 26;
/// 1/6 [Q26]
const SIXTH: Word = Wrapping(11_184_811);
/// A relative step that leaves less than the last digits, 2^-17 [Q57].
const LAST_STEP: Word = Wrapping(1 << 40);
/// Units of a price that are noise.
const NOISE: Word = Wrapping(2);
/// Steps after which digits beyond those of the price are chased.
const MOST_STEPS: u32 = 24;

/// Why a price has no implied vol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImpliedError {
    /// There is no such option.
    Terms(TermsError),
    /// The option has expired.
    Expired,
    /// The price is not above what the option is worth without vol [Q62 of spot].
    Low {
        /// By how much it is below.
        by: i128,
    },
    /// The price is not below what the option is worth under any vol [Q62 of spot].
    High {
        /// By how much it is above.
        by: i128,
    },
    /// The vol is 8.0 and more.
    Vol,
}

impl Terms {
    /// The vol [Q60] at which the option is worth `price` [Q62 of spot].
    ///
    /// # Errors
    /// `Low` and `High` outside the open interval of prices that a vol can have, the others as [`ImpliedError`] says.
    pub fn implied_vol(&self, kind: Kind, price: i128) -> Result<u64, ImpliedError> {
        let money = self.moneyness(0).ok_or_else(|| ImpliedError::Terms(self.fault(0)))?;
        if self.seconds == 0 {
            return Err(ImpliedError::Expired);
        }
        let holding = self.holding().map_err(ImpliedError::Terms)?;
        let strike = money.kappa().spent(holding);
        let call = out_of_the_money(kind, price, holding.0.into(), strike.wide)?;
        let sd = Quote::new(money.above(), call).deviation();

        let per_root = half_per_root_year(&root(self.seconds.into()));
        let vol = mul_near(sd.mantissa, per_root.mantissa);
        let up = sd.exponent + per_root.exponent - Wrapping(1);
        if up.0 >= i64::from(vol.0.leading_zeros()) {
            return Err(ImpliedError::Vol);
        }
        Ok(shift(vol, max(up, Wrapping(-63))).0.unsigned_abs())
    }
}

/// The price of the equivalent call out of the money in units of F D [Q62], in (0, 1); `spot` and `strike` are F D and K D.
fn out_of_the_money(kind: Kind, price: i128, spot: i128, strike: i128) -> Result<Word, ImpliedError> {
    let (most, other) = match kind {
        Kind::Call => (spot, strike),
        Kind::Put => (strike, spot),
    };
    let least = most.saturating_sub(other).max(0);
    if price <= least {
        return Err(ImpliedError::Low { by: least.saturating_sub(price) });
    }
    if price >= most {
        return Err(ImpliedError::High { by: price.saturating_sub(most) });
    }
    // Between the bounds, both F D and K D are positive, and what is left of the price is below the smaller of them, a word.
    let unit = u64::try_from(spot.min(strike)).unwrap_or(u64::MAX);
    let value = Wrapping(i64::try_from(price.saturating_sub(least)).unwrap_or(i64::MAX));
    let (mantissa, exponent) = normal(unit);
    let share = mul_near(shl(value, Wrapping(62) - exponent), reciprocal(mantissa));
    Ok(max(min(share, ONE - Wrapping(1)), Wrapping(1)))
}

/// A call out of the money and its price.
struct Quote {
    money: Moneyness,
    /// c* in units of F D, in (0, 1) [Q62]
    call: Word,
    /// Negative where the price is above 1/2, so that 1 - c is solved for, which falls.
    falling: Word,
    /// q*, c* or 1 - c* [Q62]
    part: Word,
    /// ln q* + ln 2^62 [Q57]
    log: Word,
}

impl Quote {
    fn new(money: Moneyness, call: Word) -> Self {
        let falling = (ONE >> 1) - call;
        let part = pick(falling, ONE - call, call);
        Self { money, call, falling, part, log: ln(part.0.unsigned_abs()) }
    }

    /// The sd of the price.
    #[inline(always)]
    fn deviation(&self) -> Scaled {
        let mut sd = self.guess();
        for _ in 0..MOST_STEPS {
            let step = self.step(&sd);
            sd = grown(&sd, step);
            if step.0.saturating_abs() < LAST_STEP.0 {
                break;
            }
        }
        sd
    }

    /// A first sd.
    ///
    /// With s0 = sqrt(2x), c0 = c(s0) = 1/2 - n(0) R(s0): above c0, 1 - c falls from 1 - c0 with slope -n(0) like a normal tail; below, s is
    /// near to linear in 1 / sqrt(-ln c), through 0, and has the slope of c at s0.
    #[inline(always)]
    fn guess(&self) -> Scaled {
        // 2x in Q56 is x in Q57; its root is in Q59.
        let s0 = root(self.money.log57.0.unsigned_abs()).root();
        let peak = density(Wrapping(0));
        let c0 = (ONE >> 1) - mul_near(peak, mills(Wrapping(s0.0.min(17 << 58))));
        let s = if self.call >= c0 { self.guess_above(s0, c0) } else { self.guess_below(s0, c0, peak) };
        let (mantissa, exponent) = normal(s.0.unsigned_abs());
        Scaled { mantissa, exponent: exponent - Wrapping(57) }
    }

    /// With p = (c - c0) / (1 - c0): s0 + 2 (1 - c0) y, where y = sqrt(-pi/2 ln(1 - p^2)) is within 1 % of the normal quantile of (1 + p) / 2
    /// for p up to 0.9. Near c0 that is s0 + (c - c0) / n(0). [Q57]
    fn guess_above(&self, s0: Word, c0: Word) -> Word {
        let (beyond, rest) = (self.call - c0, ONE - c0);
        if beyond < ONE >> 8 {
            return (s0 >> 2) + (mul(beyond, HALF_ROOT_TWO_PI) >> 4);
        }
        // 1 - p in Q31; 1 - p^2 = (1 - p)(1 + p) in Q62.
        let left = Wrapping(quotient(ONE - self.call, rest >> 31).0 | 1);
        let tail = left * (Wrapping(1 << 32) - left);
        let square = mul(LN_ONE - ln(tail.0.unsigned_abs()), HALF_PI) >> 1;
        let y = root(square.0.unsigned_abs()).root();
        (s0 >> 2) + (mul(rest, y) >> 1)
    }

    /// With z = sqrt(ln c0 / ln c) and g = 2 (-ln c0) c0 / (n(0) s0), the slope in z at 1: s0 z / (1 + (g - 1)(1 - z)). [Q57]
    fn guess_below(&self, s0: Word, c0: Word, peak: Word) -> Word {
        // c0 is below 1/2, and the price below c0.
        let (log0, log) = (LN_ONE - ln(c0.0.unsigned_abs()), LN_ONE - self.log);
        // Q57 over Q27 is Q30; as Q60, its root is in Q61.
        let z = root(quotient(log0, log >> 30).0.unsigned_abs() << 30).root() >> 35;
        let line = quotient(c0 >> 3, mul(peak, s0) >> 26);
        let slope = ((log0 >> 30) * line) >> 26;
        let bend = short(slope - Wrapping(SHORT), Wrapping(SHORT) - z) + Wrapping(SHORT);
        mul(s0, quotient(z << 26, bend) << 34)
    }

    /// The relative change of an sd that brings it to the price: between -1/2 and 1 [Q57], 0 where the price is met to its last bits.
    ///
    /// With f = ln(q / q*), q being c or 1 - c, and everything in units of s: f' = b = +-n(d1) s / q, f'' / f' = h = d1 d2 - b and
    /// f''' / f' = h^2 - b h - 3 a^2 - (s / 2)^2, a = x / s. Newton's step n = -f / f' is corrected by
    /// (1 + h n / 2) / (1 + h n + n^2 f''' / (6 f')).
    #[inline(always)]
    fn step(&self, sd: &Scaled) -> Word {
        let Scaled { mantissa, exponent } = *sd;
        let half = shr_near(mantissa, min(Wrapping(6) - exponent, Wrapping(63)));
        let inverse = Scaled { mantissa: reciprocal(mantissa), exponent: Wrapping(0) - exponent };
        // What is paid for the strike is n(d1) R(|d2|), as d2 is negative here: it does not ask for kappa.
        let black = Black::new(&self.money, &Deviation { half, inverse }, ONE);
        let priced = max(pick(self.falling, ONE - black.call, black.call), Wrapping(1));
        if (priced - self.part).0.saturating_abs() <= NOISE.0 {
            return Wrapping(0);
        }
        let miss = ln(priced.0.unsigned_abs()) - self.log;
        // q / (n(d1) s), between 2^-12 and 2: near any price its inverse is below 100, and bounded it keeps words from wrapping.
        let (top, up) = normal(priced.0.unsigned_abs());
        let (bottom, down) = normal(mul(black.density, mantissa).0.unsigned_abs());
        let ratio = quotient(top, bottom >> 31) >> 5;
        let ratio = shift(ratio, cut(up - down - exponent, Wrapping(30)));
        let inverse_slope = max(min(ratio, Wrapping(2 * SHORT - 1)), Wrapping(SHORT >> 12));
        let newton =
            cut(mul(pick(self.falling, miss, Wrapping(0) - miss), inverse_slope << 36), Wrapping(1 << 57));

        let n = newton >> 31;
        let b = quotient(Wrapping(1 << 52), inverse_slope);
        let b = pick(self.falling, Wrapping(0) - b, b);
        let (d1, d2) = (black.d1 >> 31, black.d2 >> 31);
        let (a, half) = ((d1 + d2) >> 1, (d1 - d2) >> 1);
        let hn = cut(short(short(d1, d2) - b, n), Wrapping(16 * SHORT));
        let third =
            short(hn, hn - short(b, n)) - short(Wrapping(3) * short(a, a) + short(half, half), short(n, n));
        let top = Wrapping(SHORT) + (hn >> 1);
        let bottom = Wrapping(SHORT) + hn + short(third, SIXTH);
        let eighth = Wrapping(SHORT >> 3);
        if top < eighth || bottom < eighth {
            return max(newton, Wrapping(-(1 << 56)));
        }
        let correction = min(quotient(top << 26, bottom), Wrapping(2 * SHORT - 1));
        cut(mul(newton, correction << 36) - Wrapping(1 << 55), Wrapping(3 << 55)) + Wrapping(1 << 55)
    }
}

/// An sd grown by a part of itself [Q57], between -1/2 and 1.
#[inline(always)]
fn grown(sd: &Scaled, by: Word) -> Scaled {
    // In Q61: the mantissa in [1, 2) times the factor in [1/2, 2].
    let product = mul_near(sd.mantissa, (ONE >> 1) + (by << 4));
    let zeros = Wrapping(i64::from(product.0.leading_zeros())) - Wrapping(1);
    Scaled { mantissa: shl(product, zeros), exponent: sd.exponent + Wrapping(1) - zeros }
}

/// A product in Q26.
#[inline(always)]
fn short(x: Word, y: Word) -> Word {
    (x * y) >> 26
}

/// x / y for x >= 0 and y > 0. The lowest bit of y is set, so that there is no zero to check for.
#[inline(always)]
fn quotient(x: Word, y: Word) -> Word {
    let (x, y) = (x.0.cast_unsigned(), y.0.cast_unsigned());
    Wrapping(x.checked_div(y | 1).unwrap_or_default().cast_signed())
}
