//! The largest errors of prices and greeks that the crate states, in the units of its reals: what every law may be off by, and no more.

use options::Value;

use crate::cases::{holding, strike_value};
use crate::double::Double;

/// Of a call over S, times F D / S where that is above 1, and of a put, times the larger of that and K D / S where it is above 1.
const PRICE: f64 = 8e-17;
/// What a call's second tail adds, times K D / S: Mills' ratio is fitted for the density at its own argument.
const PRICE_BY_STRIKE: f64 = 1e-18;
/// Of both in the domain whose accuracy is promised.
pub(crate) const PROMISED_PRICE: f64 = 2e-17;
/// Of F D / S, and of K D / S, times itself where it is above 1.
pub(crate) const FORWARD: f64 = 2e-17;
/// Of a call over S from a slice, and what the words of the variance add, times sd.
const BOOK_PRICE: f64 = 1e-16;
const BOOK_PRICE_BY_VARIANCE: f64 = 2e-18;
/// Of greeks from a slice: their other errors by what the words of the variance add, times sd.
pub(crate) const BOOK: f64 = 0.02;
/// Of delta: where d is exact, and what the words of the log-moneyness add, times sd.
const DELTA: f64 = 5e-16;
const DELTA_BY_LOG: f64 = 4e-18;
/// Of vega / S, over sqrt T where that is above 1.
const VEGA: f64 = 1.5e-16;
/// Of gamma S, times sd where that is below 1, and what d adds, times sd^2.
const GAMMA: f64 = 2e-15;
const GAMMA_BY_LOG: f64 = 2e-18;
/// Of theta / S, and what decay adds, times T / sd.
const THETA: f64 = 5e-15;
const THETA_BY_DECAY: f64 = 1e-15;
/// Of vanna, times vol where that is below 1, and what d adds, times sd and vol.
const VANNA: f64 = 8e-15;
const VANNA_BY_LOG: f64 = 1e-17;
/// Of volga / S, times vol where that is below 1, over sqrt T where that is above 1.
const VOLGA: f64 = 8e-14;
/// Most of a greek that is in Q50: 2^61 units.
const MOST: f64 = 2_048.0;

/// What errors depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) vol: f64,
    pub(crate) years: f64,
}

impl Scale {
    pub(crate) fn deviation(self) -> f64 {
        self.vol * self.years.sqrt()
    }

    fn per_vol(self) -> f64 {
        1.0 / self.vol.min(1.0)
    }

    fn root_years(self) -> f64 {
        self.years.sqrt().max(1.0)
    }

    pub(crate) fn delta(self) -> f64 {
        DELTA + DELTA_BY_LOG / self.deviation()
    }

    pub(crate) fn vega(self) -> f64 {
        VEGA * self.root_years()
    }

    pub(crate) fn gamma(self) -> f64 {
        GAMMA / self.deviation().min(1.0) + GAMMA_BY_LOG / self.deviation().powi(2)
    }

    pub(crate) fn theta(self) -> f64 {
        THETA + THETA_BY_DECAY * self.deviation() / self.years.max(RISK_FLOOR)
    }

    pub(crate) fn vanna(self) -> f64 {
        VANNA * self.per_vol() + VANNA_BY_LOG / (self.deviation() * self.vol)
    }

    pub(crate) fn volga(self) -> f64 {
        VOLGA * self.per_vol() * self.root_years()
    }
}

/// An hour in years: gamma and theta are of at least this.
pub(crate) const RISK_FLOOR: f64 = 3_600.0 / 31_536_000.0;

/// Of a call [2^-62].
pub(crate) fn call(value: &Value) -> i128 {
    units(PRICE * real(holding(value)).max(1.0) + PRICE_BY_STRIKE * real(strike_value(value)))
}

/// Of a put [2^-62].
pub(crate) fn put(value: &Value) -> i128 {
    units(PRICE * real(holding(value)).max(real(strike_value(value))).max(1.0))
}

/// Of two prices together.
pub(crate) fn sum(of: fn(&Value) -> i128, one: &Value, other: &Value) -> i128 {
    of(one) + of(other)
}

/// Of r K D / S: the interest on the strike that a put's theta has.
pub(crate) fn theta_of_strike(strike_value: i128) -> f64 {
    THETA * real(strike_value)
}

/// Of a call of [`options::Market`] where the variance's root is `deviation` and K D / S `strike_value` [2^-62].
pub(crate) fn book_call(deviation: f64, strike_value: f64) -> i128 {
    units(BOOK_PRICE + BOOK_PRICE_BY_VARIANCE / deviation + PRICE_BY_STRIKE * strike_value)
}

/// From units of 2^-62.
pub(crate) fn real(units: i128) -> f64 {
    units as f64 / 2_f64.powi(62)
}

fn units(error: f64) -> i128 {
    (error * 2_f64.powi(62)) as i128
}

/// |word / 2^bits - truth| <= error.
pub(crate) fn close(word: impl Into<i128>, bits: i32, truth: Double, error: f64) -> Result<(), String> {
    let off = (Double::word(word, bits) - truth).abs().to_f64();
    if off <= error { Ok(()) } else { Err(format!("off by {off:.2e}, more than {error:.2e}")) }
}

/// As [`close`] for a greek in Q50, which is cut to what that holds.
pub(crate) fn close_coarse(word: i64, truth: Double, error: f64) -> Result<(), String> {
    if truth.abs().to_f64() < MOST {
        return close(word, 50, truth, error);
    }
    close(word, 50, Double::from(MOST.copysign(truth.to_f64())), error)
}
