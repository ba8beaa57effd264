//! Black-Scholes in floating point: how the simulated traders value options for themselves. Nothing of the vault's uses it.

use crate::market::Kind;

/// Seconds of a year of 365 days.
pub const YEAR: f64 = 365.0 * 86_400.0;

/// An option as one sees it: rates are zero.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Call or put.
    pub kind: Kind,
    /// USD.
    pub strike: f64,
    /// Years to expiry.
    pub years: f64,
}

/// Value and greeks of one option.
#[derive(Clone, Copy, Debug, Default)]
pub struct Value {
    /// USD.
    pub price: f64,
    /// To spot.
    pub delta: f64,
    /// Of delta to spot.
    pub gamma: f64,
    /// Per 1.00 of vol.
    pub vega: f64,
    /// USD a year.
    pub theta: f64,
}

impl Terms {
    /// Value at a spot and a vol.
    #[must_use]
    pub fn value(&self, spot: f64, vol: f64) -> Value {
        let root = vol * self.years.max(0.0).sqrt();
        let put = f64::from(u8::from(self.kind == Kind::Put));
        if root <= 0.0 {
            let call_delta = f64::from(u8::from(spot > self.strike));
            let price = self.payoff(spot);
            return Value { price, delta: call_delta - put, ..Value::default() };
        }
        let d1 = (spot / self.strike).ln() / root + root / 2.0;
        let density = (-d1 * d1 / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let call = spot * normal(d1) - self.strike * normal(d1 - root);
        Value {
            price: call - put * (spot - self.strike),
            delta: normal(d1) - put,
            gamma: density / (spot * root),
            vega: spot * density * self.years.sqrt(),
            theta: -spot * density * vol / (2.0 * self.years.sqrt()),
        }
    }

    /// What it pays at expiry.
    #[must_use]
    pub fn payoff(&self, spot: f64) -> f64 {
        match self.kind {
            Kind::Call => (spot - self.strike).max(0.0),
            Kind::Put => (self.strike - spot).max(0.0),
        }
    }
}

/// The normal distribution function, after Hart as given by West (2005): 1e-14 of one.
#[must_use]
pub fn normal(x: f64) -> f64 {
    let z = x.abs();
    if z > 37.0 {
        return f64::from(u8::from(x > 0.0));
    }
    let exponential = (-z * z / 2.0).exp();
    let tail = if z < 7.071_067_811_865_475 {
        exponential * horner(&NUMERATOR, z) / horner(&DENOMINATOR, z)
    } else {
        let fraction = z + 1.0 / (z + 2.0 / (z + 3.0 / (z + 4.0 / (z + 0.65))));
        exponential / fraction / 2.506_628_274_631
    };
    if x > 0.0 { 1.0 - tail } else { tail }
}

const NUMERATOR: [f64; 7] = [
    3.526_249_659_989_11e-2,
    0.700_383_064_443_688,
    6.373_962_203_531_65,
    33.912_866_078_383,
    112.079_291_497_871,
    221.213_596_169_931,
    220.206_867_912_376,
];
const DENOMINATOR: [f64; 8] = [
    8.838_834_764_831_84e-2,
    1.755_667_163_182_64,
    16.064_177_579_207,
    86.780_732_202_946_1,
    296.564_248_779_674,
    637.333_633_378_831,
    793.826_512_519_948,
    440.413_735_824_752,
];

fn horner(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution_has_its_known_values() {
        for (x, expected) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_543),
            (-2.0, 0.022_750_131_948_179_2),
            (8.0, 0.999_999_999_999_999_4),
        ] {
            assert!((normal(x) - expected).abs() < 1e-14, "{x}: {}", normal(x));
        }
    }

    #[test]
    fn put_and_call_keep_parity_and_greeks_are_derivatives() {
        let call = Terms { kind: Kind::Call, strike: 105.0, years: 0.1 };
        let put = Terms { kind: Kind::Put, ..call };
        let (one, other) = (call.value(100.0, 0.8), put.value(100.0, 0.8));
        assert!((one.price - other.price - (100.0 - 105.0)).abs() < 1e-10);

        let step = 1e-3;
        let (up, down) = (call.value(100.0 + step, 0.8), call.value(100.0 - step, 0.8));
        assert!(((up.price - down.price) / (2.0 * step) - one.delta).abs() < 1e-7);
        assert!(((up.delta - down.delta) / (2.0 * step) - one.gamma).abs() < 1e-7);
        let vega = (call.value(100.0, 0.8 + step).price - call.value(100.0, 0.8 - step).price) / (2.0 * step);
        assert!((vega - one.vega).abs() < 1e-4);
    }

    #[test]
    fn an_expired_option_is_worth_its_payoff() {
        let put = Terms { kind: Kind::Put, strike: 105.0, years: 0.0 };
        assert_eq!(put.value(100.0, 0.8).price, 5.0);
        assert_eq!(put.value(100.0, 0.8).delta, -1.0);
    }
}
