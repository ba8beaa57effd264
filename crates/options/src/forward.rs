//! The forward: what rate, carry and time make of spot.

use core::num::Wrapping;

use maths::{ONE, Root, Word, abs, exp, mul_near, normal, reciprocal, root, shift, shr};

use crate::black::{COARSE, Kappa, Scaled, rounded};

/// Ten years of 365 days [s].
pub(crate) const TEN_YEARS: u32 = 315_360_000;
/// 2^24 over a year in seconds [Q62]
const PER_YEAR: Word = Wrapping(2_453_426_320_882_048_046);
/// 1 / sqrt(a year in seconds), times 2^12 [Q62]
const PER_ROOT_YEAR: Word = Wrapping(3_363_693_187_740_743_862);
/// sqrt(a year in seconds) / 2^13 [Q62]
const ROOT_YEAR: Word = Wrapping(3_161_353_718_298_438_145);
/// Below this time gamma and theta are those of this time [s]: gamma at the money has no bound at expiry.
pub(crate) const RISK_FLOOR: u32 = 3_600;
/// 2^5 / sqrt(an hour in seconds) [Q62]
const PER_ROOT_FLOOR: Word = Wrapping(2_459_565_876_494_606_882);
/// Largest growth either way: 2.0 in Q30 times a year in seconds.
const MOST_GROWTH: u64 = (2 << 30) * 31_536_000;
/// Least c T: e^0.4375 n(0) sqrt(ten years), of which vega is at most, is below the 2.0 of a word [Q60].
const LEAST_CARRY: Word = Wrapping(-(7 << 56));

/// Why there is no forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardError {
    /// Spot is zero or above 2^54.
    Spot,
    /// More than ten years to expiry.
    Time,
    /// |rate| or |carry| is 4.0 and more, |(rate - carry) T| or |carry T| is 2.0 and more, or carry T is below -0.4375.
    Rate,
}

/// Spot in the forms that strikes are held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forward {
    /// 1 / F [per 1e-8 USD]; the mantissa is in (0.35, 1].
    pub(crate) factor: Scaled,
    /// (r - c) T [Q60]
    pub(crate) growth: Word,
}

impl Forward {
    /// At `spot` [1e-8 USD] for `seconds`, under continuous rates [Q60 / year], unless one of them or one of the caller's bits is beyond its
    /// range.
    ///
    /// 1 / S has its mantissa in (1/2, 1] and e^-g in (0.70, 1.42): where the product exceeds 1 it is halved. |r - c| < 8 in Q30 times
    /// seconds below 2^29 is below 2^62.
    #[inline(always)]
    pub(crate) fn new(spot: u64, seconds: u32, rate: i64, carry: i64, beyond: u64) -> Option<Self> {
        let net = Wrapping(rate) - Wrapping(carry);
        let rates = abs(Wrapping(rate)) | abs(Wrapping(carry));
        let product = u64::from(seconds).wrapping_mul((abs(net) >> 30).0.cast_unsigned());
        let beyond = beyond
            | spot.wrapping_sub(1) >> 54
            | rates.0.cast_unsigned() >> 62
            | u64::from(seconds > TEN_YEARS)
            | u64::from(product >= MOST_GROWTH);
        if beyond != 0 {
            return None;
        }
        let growth = over(net, seconds);
        let (s, exponent) = normal(spot);
        let exp = exp(growth);
        let product = mul_near(reciprocal(s), exp.mantissa);
        let above = Wrapping(i64::from(product > ONE));
        let factor = Scaled { mantissa: shr(product, above), exponent: above - exponent - exp.halvings };
        Some(Self { factor, growth })
    }

    /// r K D / S [Q50], at most 2^61 in magnitude.
    #[inline(always)]
    pub(crate) fn interest(strike: &Kappa, rate: i64) -> Word {
        if strike.word.0 != i64::MAX {
            return rounded(mul_near(strike.word, Wrapping(rate)));
        }
        const MOST: i64 = 1 << 61;
        let wide = strike.times(Wrapping(rate)).wrapping_add(1 << (89 - COARSE)) >> (90 - COARSE);
        Wrapping(i64::try_from(wide).map_or(MOST, |word| word.min(MOST)).max(-MOST))
    }
}

/// The first fault of a forward that has one.
#[cold]
pub(crate) fn fault(spot: u64, seconds: u32) -> ForwardError {
    if spot.wrapping_sub(1) >> 54 != 0 {
        return ForwardError::Spot;
    }
    if seconds > TEN_YEARS { ForwardError::Time } else { ForwardError::Rate }
}

/// rate x time in Q60, which must be below 8.0 in magnitude.
///
/// A year is m 2^24 seconds with m below 2: the mantissa of the time is in (0.53, 1.07), its exponent in -24..=4.
#[inline(always)]
fn over(rate: Word, seconds: u32) -> Word {
    let (mantissa, exponent) = normal(seconds.into());
    let some = Wrapping(0) - Wrapping(i64::from(seconds != 0));
    shift(mul_near(rate, mul_near(mantissa, PER_YEAR) & some), exponent - Wrapping(24))
}

/// F D / S = e^-cT in Q62; none beyond 1.99, and below e^-2.
pub(crate) fn holding(carry: i64, seconds: u32) -> Option<Word> {
    let product = u64::from(seconds).wrapping_mul(carry.unsigned_abs() >> 30);
    if product >= MOST_GROWTH {
        return None;
    }
    let yielded = over(Wrapping(carry), seconds);
    if yielded < LEAST_CARRY {
        return None;
    }
    let exp = exp(yielded);
    Some(shift(exp.mantissa, Wrapping(0) - exp.halvings))
}

/// sqrt T in years, from the root of the seconds: sqrt M 2^(32 - pairs) / sqrt(a year). The mantissa is in (0.364, 0.730).
#[inline(always)]
pub(crate) fn root_years(seconds: &Root) -> Scaled {
    Scaled { mantissa: mul_near(seconds.mantissa, PER_ROOT_YEAR), exponent: Wrapping(20) - seconds.pairs }
}

/// 1 / (2 sqrt T) in years; the mantissa is in (0.34, 0.69).
#[inline(always)]
pub(crate) fn half_per_root_year(seconds: &Root) -> Scaled {
    Scaled { mantissa: mul_near(seconds.half_inverse, ROOT_YEAR), exponent: seconds.pairs - Wrapping(19) }
}

/// sqrt(min(1, seconds / an hour)) in Q62.
#[inline(always)]
pub(crate) fn floor_factor(seconds: u32) -> Word {
    if seconds >= RISK_FLOOR {
        return ONE;
    }
    // sqrt M 2^(32 - pairs) / 60
    let root = root(seconds.into());
    shift(mul_near(root.mantissa, PER_ROOT_FLOOR), Wrapping(27) - root.pairs)
}
