//! What prices owe to each other whatever the model: put-call parity, and no currency.

use proptest::prelude::*;

use crate::cases::{CASES, Case, WIDE, holding, q60, strike_value};
use crate::errors::{self, close};

/// S and K in another unit, where both stay in range.
fn scaled(case: &Case, times: u64) -> Option<Case> {
    let mut scaled = *case;
    scaled.terms.spot = case.terms.spot.checked_mul(times)?;
    scaled.terms.strike = case.terms.strike.checked_mul(times)?;
    (scaled.terms.spot >> 54 == 0 && scaled.terms.strike >> 48 == 0).then_some(scaled)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    /// What a put is worth more than a call does not depend on vol, to the last bit; without vol it is all of one and nothing of the other.
    #[test]
    fn parity_is_exact(case in WIDE.cases(), vol in 0..1_u64 << 63) {
        let (value, other) = (case.value(), Case { vol, ..case }.value());
        let none = Case { vol: 0, ..case }.value();
        let difference = value.put - i128::from(value.call);
        prop_assert_eq!(difference, other.put - i128::from(other.call));
        prop_assert_eq!(difference, none.put - i128::from(none.call));
        prop_assert!(none.call == 0 || none.put == 0, "{:?}", none);
        prop_assert_eq!(holding(&value), holding(&other));
    }

    #[test]
    fn parity_is_of_the_forward_and_the_strike(case in WIDE.cases()) {
        let (value, point) = (case.value(), case.point());
        let (forward, strike) = (holding(&value), strike_value(&value));
        close(forward, 62, point.holding(), errors::FORWARD).map_err(TestCaseError::fail)?;
        let most = errors::FORWARD * point.strike_value().to_f64().max(1.0);
        close(strike, 62, point.strike_value(), most).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_power_of_two_on_spot_and_strike_changes_nothing(case in WIDE.cases(), twos in 1..48_u32) {
        if let Some(scaled) = scaled(&case, 1 << twos) {
            prop_assert_eq!(case.value(), scaled.value());
        }
    }

    /// Another unit of account changes prices by rounding alone.
    #[test]
    fn any_factor_on_spot_and_strike_changes_rounding_alone(case in WIDE.cases(), times in 2..100_000_u64) {
        if let Some(scaled) = scaled(&case, times) {
            let (one, other) = (case.value(), scaled.value());
            let off = i128::from(one.call) - i128::from(other.call);
            prop_assert!(off.abs() <= errors::sum(errors::call, &one, &other), "{one:?} {other:?}");
            prop_assert!((one.put - other.put).abs() <= errors::sum(errors::put, &one, &other), "{one:?} {other:?}");
        }
    }
}

/// A strike's present value that carry takes beyond 2.0 of spot.
#[test]
fn parity_holds_where_a_negative_carry_takes_the_strike_beyond_a_word() {
    let terms = options::Terms {
        spot: 459_124_879_130,
        strike: 9_181_607_276,
        seconds: 198_222,
        rate: q60(-0.0603),
        carry: q60(-0.0607),
    };
    let case = Case { terms, vol: q60(0.8).cast_unsigned() };
    let (value, point) = (case.value(), case.point());
    close(value.put, 62, point.put(), 1e-16).expect("the put");
}
