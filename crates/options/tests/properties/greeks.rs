//! Greeks are derivatives of the price: of the reference's, by finite differences.

use proptest::prelude::*;

use crate::cases::{CASES, Case, PROMISED, WIDE, strike_value};
use crate::double::{Double, ONE};
use crate::errors::{self, RISK_FLOOR, Scale, close, close_coarse};
use crate::reference::Point;

/// Gamma below an hour to expiry keeps sqrt(T / 1 h) of itself and decay T / 1 h, as if it were an hour: the parts that they lose.
fn floored(point: &Point) -> (Double, Double) {
    let left = (point.years / RISK_FLOOR.into()).to_f64().min(1.0);
    if left < 1.0 {
        let left = point.years / Double::from(3_600.0) * Double::from(31_536_000.0);
        return (left.sqrt(), ONE - left);
    }
    (ONE, Double::from(0.0))
}

fn equal_the_reference(case: &Case) -> Result<(), String> {
    let (value, point) = (case.value(), case.point());
    let truth = point.derivatives();
    let scale = Scale { vol: point.vol.to_f64(), years: point.years.to_f64() };
    let (gamma_left, decay_lost) = floored(&point);
    // Decay is vega vol / 2T.
    let lost = (truth.vega * point.vol / point.years).scaled(0.5) * decay_lost;
    let theta = truth.theta + lost;
    let put_theta = theta + point.rate * point.strike_value() - point.carry * point.holding();
    let interest = errors::theta_of_strike(strike_value(&value));
    let tell = |name: &'static str| move |off: String| format!("{name} {off}");

    close(value.call_delta, 62, truth.delta, scale.delta()).map_err(tell("call delta"))?;
    close(value.put_delta, 62, truth.delta - point.holding(), scale.delta()).map_err(tell("put delta"))?;
    close(value.vega, 62, truth.vega, scale.vega()).map_err(tell("vega"))?;
    close_coarse(value.gamma, truth.gamma * gamma_left, scale.gamma()).map_err(tell("gamma"))?;
    close_coarse(value.call_theta, theta, scale.theta()).map_err(tell("call theta"))?;
    close_coarse(value.put_theta, put_theta, scale.theta() + interest).map_err(tell("put theta"))?;
    close_coarse(value.vanna, truth.vanna, scale.vanna()).map_err(tell("vanna"))?;
    close_coarse(value.volga, truth.volga, scale.volga()).map_err(tell("volga"))
}

fn prices_equal_the_reference(case: &Case, [call, put]: [f64; 2]) -> Result<(), String> {
    let (value, point) = (case.value(), case.point());
    close(value.call, 62, point.call().0, call).map_err(|off| format!("call {off}"))?;
    close(value.put, 62, point.put(), put).map_err(|off| format!("put {off}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn prices_equal_the_reference_anywhere(case in WIDE.cases()) {
        let value = case.value();
        let most = [errors::call(&value), errors::put(&value)].map(errors::real);
        prices_equal_the_reference(&case, most).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn prices_equal_the_reference_in_the_promised_domain(case in PROMISED.cases()) {
        prices_equal_the_reference(&case, [errors::PROMISED_PRICE; 2]).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn greeks_equal_finite_differences_anywhere(case in WIDE.cases()) {
        equal_the_reference(&case).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn greeks_equal_finite_differences_in_the_promised_domain(case in PROMISED.cases()) {
        equal_the_reference(&case).map_err(TestCaseError::fail)?;
    }
}
