//! Numbers of twice the precision of `f64`: what the reference is computed in, about 30 decimals.
//!
//! A number is an unevaluated sum of two floats; sums and products follow Dekker (1971), with the error of a product from a fused
//! multiplication.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `high` + `low`, `low` below half a unit in the last place of `high`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Double {
    high: f64,
    low: f64,
}

pub(crate) const ZERO: Double = Double { high: 0.0, low: 0.0 };
pub(crate) const ONE: Double = Double { high: 1.0, low: 0.0 };
const LN_2: Double = Double { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };
/// 1 / sqrt(2 pi)
pub(crate) const PEAK: Double = Double { high: 0.398_942_280_401_432_7, low: -2.492_327_202_277_73e-17 };

/// Halvings of the argument of an exponential before its series.
const HALVINGS: u32 = 8;

fn two_sum(a: f64, b: f64) -> Double {
    let high = a + b;
    let b_part = high - a;
    Double { high, low: (a - (high - b_part)) + (b - b_part) }
}

/// As [`two_sum`] where |a| >= |b|.
fn quick_sum(a: f64, b: f64) -> Double {
    let high = a + b;
    Double { high, low: b - (high - a) }
}

impl Double {
    pub(crate) fn to_f64(self) -> f64 {
        self.high + self.low
    }

    /// `word` / 2^`bits`, exactly where the word has at most 106 significant bits.
    pub(crate) fn word(word: impl Into<i128>, bits: i32) -> Self {
        let word = word.into();
        let high = word as f64;
        let scale = 2_f64.powi(-bits);
        Self { high: high * scale, low: (word - high as i128) as f64 * scale }
    }

    pub(crate) fn abs(self) -> Self {
        if self.high < 0.0 { -self } else { self }
    }

    /// Times a power of two, exactly.
    pub(crate) fn scaled(self, power_of_two: f64) -> Self {
        Self { high: self.high * power_of_two, low: self.low * power_of_two }
    }

    pub(crate) fn sqrt(self) -> Self {
        if self.high <= 0.0 {
            return ZERO;
        }
        let root = Self::from(self.high.sqrt());
        root + (self - root * root) / root.scaled(2.0)
    }

    /// e^x - 1 by its series at x / 2^8, squared up eight times as (1 + y)^2 - 1 = 2y + y^2; then the powers of two.
    pub(crate) fn exp(self) -> Self {
        if self.high < -700.0 {
            return ZERO;
        }
        let twos = (self.high / LN_2.high).round();
        let x = (self - LN_2 * twos.into()).scaled(1.0 / f64::from(1 << HALVINGS));
        let mut term = x;
        let mut sum = x;
        for n in 2..=11 {
            term = term * x / f64::from(n).into();
            sum = sum + term;
        }
        for _ in 0..HALVINGS {
            sum = sum.scaled(2.0) + sum * sum;
        }
        (sum + ONE).scaled(2_f64.powi(twos as i32))
    }

    /// One Newton step from the float's logarithm: y + (x e^-y - 1).
    pub(crate) fn ln(self) -> Self {
        let y = Self::from(self.high.ln());
        y + (self * (-y).exp() - ONE)
    }
}

impl From<f64> for Double {
    fn from(high: f64) -> Self {
        Self { high, low: 0.0 }
    }
}

impl Neg for Double {
    type Output = Self;
    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Add for Double {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let high = two_sum(self.high, other.high);
        let low = two_sum(self.low, other.low);
        let sum = quick_sum(high.high, high.low + low.high);
        quick_sum(sum.high, sum.low + low.low)
    }
}

impl Sub for Double {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Double {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let high = self.high * other.high;
        let low = self.high.mul_add(other.high, -high);
        quick_sum(high, low + (self.high * other.low + self.low * other.high))
    }
}

impl Div for Double {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * first.into();
        let second = rest.high / other.high;
        let rest = rest - other * second.into();
        quick_sum(first, second) + (rest.high / other.high).into()
    }
}
