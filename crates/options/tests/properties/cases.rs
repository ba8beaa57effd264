//! Options to hold the laws against.

use options::{Terms, Value};
use proptest::prelude::*;

use crate::reference::{Point, YEAR};

/// Cases of each law.
pub(crate) const CASES: u32 = 100_000;
const ONE_Q60: f64 = (1_u64 << 60) as f64;
const TEN_YEARS: f64 = 10.0 * YEAR;

/// An option with its vol [Q60].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) terms: Terms,
    pub(crate) vol: u64,
}

impl Case {
    pub(crate) fn value(&self) -> Value {
        self.terms.value(self.vol).expect("terms in range")
    }

    pub(crate) fn point(&self) -> Point {
        Point::new(&self.terms, self.vol)
    }

    pub(crate) fn with_strike(mut self, strike: u64) -> Self {
        self.terms.strike = strike.clamp(1, MOST_STRIKE);
        self
    }
}

/// F D / S [Q62], from what a call's and a put's delta differ by.
pub(crate) fn holding(value: &Value) -> i128 {
    i128::from(value.call_delta) - i128::from(value.put_delta)
}

/// K D / S [Q62], by parity.
pub(crate) fn strike_value(value: &Value) -> i128 {
    value.put - i128::from(value.call) + holding(value)
}

/// Largest strike [micro-USD].
pub(crate) const MOST_STRIKE: u64 = (1 << 48) - 1;

/// A range of options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Domain {
    /// [USD]
    spot: (f64, f64),
    /// K / S is between this and its inverse.
    moneyness: f64,
    /// [s]
    seconds: (f64, f64),
    vol: (f64, f64),
    /// Rate and carry are between these and their opposites.
    rate: f64,
    carry: f64,
}

/// Where accuracy is promised.
pub(crate) const PROMISED: Domain = Domain {
    spot: (500.0, 100_000.0),
    moneyness: 2.0,
    seconds: (3_600.0, YEAR),
    vol: (0.2, 2.0),
    rate: 0.1,
    carry: 0.0,
};

/// Nearly all that the kernel takes: a second to ten years, vol of 1 % to 790 %, K / S of 1e-3 to 1e3. In ten years, rate less carry
/// stays below 2.0 and carry above -0.4375.
pub(crate) const WIDE: Domain = Domain {
    spot: (0.01, 1e8),
    moneyness: 1_000.0,
    seconds: (1.0, TEN_YEARS),
    vol: (0.01, 7.9),
    rate: 0.15,
    carry: 0.04,
};

/// Log-uniform.
pub(crate) fn between((low, high): (f64, f64)) -> impl Strategy<Value = f64> {
    (0.0..=1.0_f64).prop_map(move |part| low * (high / low).powf(part))
}

/// In Q60.
pub(crate) fn q60(x: f64) -> i64 {
    (x * ONE_Q60) as i64
}

impl Domain {
    pub(crate) fn cases(self) -> impl Strategy<Value = Case> {
        let money = between((1.0 / self.moneyness, self.moneyness));
        let signs = (-1.0..=1.0_f64, -1.0..=1.0_f64);
        let inputs = (between(self.spot), money, between(self.seconds), between(self.vol), signs);
        inputs.prop_map(move |(spot, money, seconds, vol, (rate, carry))| {
            let terms = Terms {
                spot: (spot * 1e8) as u64,
                strike: ((spot * money * 1e6) as u64).clamp(1, MOST_STRIKE),
                seconds: seconds.round() as u32,
                rate: q60(rate * self.rate),
                carry: q60(carry * self.carry),
            };
            Case { terms, vol: q60(vol).cast_unsigned() }
        })
    }
}
