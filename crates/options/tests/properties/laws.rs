//! How prices move: with vol, strike and time, and the bounds they keep.

use proptest::prelude::*;

use crate::cases::{CASES, MOST_STRIKE, WIDE, between, holding, strike_value};
use crate::errors;

/// A distance, from one unit to most of a word.
fn gap(most: u64) -> impl Strategy<Value = u64> {
    between((1.0, most as f64)).prop_map(|gap| gap as u64)
}

/// The opposite where `sign` is not the rate's or carry's own.
fn signed(word: i64, positive: bool) -> i64 {
    if positive { word.abs() } else { -word.abs() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn call_and_put_rise_with_vol(case in WIDE.cases(), more in gap(1 << 62)) {
        let mut dearer = case;
        dearer.vol = (case.vol + more).min((1 << 63) - 1);
        let (low, high) = (case.value(), dearer.value());
        prop_assert!(i128::from(high.call) >= i128::from(low.call) - errors::sum(errors::call, &low, &high), "{low:?} {high:?}");
        prop_assert!(high.put >= low.put - errors::sum(errors::put, &low, &high), "{low:?} {high:?}");
    }

    /// 0 <= C(K1) - C(K2) <= (K2 - K1) D, which is the put's rise less the call's fall.
    #[test]
    fn a_call_falls_with_strike_and_a_put_rises(case in WIDE.cases(), more in gap(1 << 44)) {
        let higher = case.with_strike(case.terms.strike + more);
        let (low, high) = (case.value(), higher.value());
        prop_assert!(i128::from(high.call) <= i128::from(low.call) + errors::sum(errors::call, &low, &high), "{low:?} {high:?}");
        prop_assert!(high.put >= low.put - errors::sum(errors::put, &low, &high), "{low:?} {high:?}");
    }

    /// dC/dT = vega vol / 2T + r K D N(d2) - c F D N(d1): where r >= 0 >= c, no term is negative.
    #[test]
    fn a_call_rises_with_time_where_rate_is_positive_and_carry_is_not(case in WIDE.cases(), more in gap(1 << 28)) {
        let mut short = case;
        short.terms.rate = signed(case.terms.rate, true);
        short.terms.carry = signed(case.terms.carry, false);
        let mut long = short;
        long.terms.seconds = case.terms.seconds.saturating_add(more as u32).min(315_360_000);
        let (soon, late) = (short.value(), long.value());
        prop_assert!(i128::from(late.call) >= i128::from(soon.call) - errors::sum(errors::call, &soon, &late), "{soon:?} {late:?}");
    }

    /// dP/dT = vega vol / 2T - r K D N(-d2) + c F D N(-d1).
    #[test]
    fn a_put_rises_with_time_where_carry_is_positive_and_rate_is_not(case in WIDE.cases(), more in gap(1 << 28)) {
        let mut short = case;
        short.terms.rate = signed(case.terms.rate, false);
        short.terms.carry = signed(case.terms.carry, true);
        let mut long = short;
        long.terms.seconds = case.terms.seconds.saturating_add(more as u32).min(315_360_000);
        let (soon, late) = (short.value(), long.value());
        prop_assert!(late.put >= soon.put - errors::sum(errors::put, &soon, &late), "{soon:?} {late:?}");
    }

    #[test]
    fn calls_and_puts_are_convex_in_strike(case in WIDE.cases(), step in gap(1 << 44)) {
        let middle = case.terms.strike.clamp(2, MOST_STRIKE - 1);
        let step = step.min(middle - 1).min(MOST_STRIKE - middle);
        let [low, mid, high] =
            [middle - step, middle, middle + step].map(|strike| case.with_strike(strike).value());
        let bend = i128::from(low.call) - 2 * i128::from(mid.call) + i128::from(high.call);
        prop_assert!(bend >= -4 * errors::call(&high), "{bend} {low:?} {mid:?} {high:?}");
        let bend = low.put - 2 * mid.put + high.put;
        prop_assert!(bend >= -4 * errors::put(&high), "{bend} {low:?} {mid:?} {high:?}");
    }

    /// max(0, F D - K D) <= call <= F D and max(0, K D - F D) <= put <= K D, without any slack: a call above the intrinsic value is a put
    /// above zero, and a put below K D a call below F D.
    #[test]
    fn prices_keep_their_bounds_exactly(case in WIDE.cases()) {
        let value = case.value();
        let (call, holding, strike) = (i128::from(value.call), holding(&value), strike_value(&value));
        prop_assert!(call >= 0 && value.put >= 0, "{value:?}");
        prop_assert!(call >= holding - strike && value.put >= strike - holding, "{value:?}");
        prop_assert!(call <= holding && value.put <= strike, "{value:?}");
    }

    #[test]
    fn deltas_keep_their_bounds_exactly(case in WIDE.cases()) {
        let value = case.value();
        prop_assert!((0..=holding(&value)).contains(&value.call_delta.into()), "{value:?}");
        prop_assert!(value.put_delta <= 0, "{value:?}");
        prop_assert!(value.gamma >= 0 && value.vega >= 0, "{value:?}");
    }
}
