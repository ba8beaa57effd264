use inventory::hedge::{Rules, slip, worst_price};
use proptest::prelude::*;

use super::market;

#[test]
fn the_cap_goes_from_base_to_maximum_in_a_straight_line() {
    let rules = Rules::default();
    let caps = [0, 900, 1_800, 3_599, 3_600, u32::MAX].map(|waited| slip(&rules, waited));
    assert_eq!(caps, [2_000, 3_000, 4_000, 5_998, 6_000, 6_000]);
}

#[test]
fn prices_are_rounded_for_the_vault() {
    assert_eq!(worst_price(1_999, true, 1_000), Some(2_000));
    assert_eq!(worst_price(1_999, false, 1_000), Some(1_998));
    assert_eq!(worst_price(1_999, false, 1_000_001), None);
    assert_eq!(worst_price(u128::MAX, true, 1), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn the_cap_widens_and_stays_within_its_ends((_, rules) in market(), a: u32, b: u32, shift in 0..32_u32) {
        let (early, late) = (a.min(b) >> shift, a.max(b) >> shift);
        let (narrow, wide) = (slip(&rules, early), slip(&rules, late));
        prop_assert!(rules.slip_base <= narrow && narrow <= wide && wide <= rules.slip_max);
        if late >= rules.slip_span {
            prop_assert_eq!(wide, rules.slip_max);
        }
        let exact = f64::from(rules.slip_base)
            + f64::from(rules.slip_max - rules.slip_base) * (f64::from(early) / f64::from(rules.slip_span)).min(1.0);
        prop_assert!((f64::from(narrow) - exact).abs() <= 1.0);
    }

    #[test]
    fn a_price_within_the_cap_costs_no_more_than_the_cap(spot in 1..1_000_000_000_000_u128, cap in 0..100_000_u32) {
        let (buy, sell) = (worst_price(spot, true, cap).unwrap(), worst_price(spot, false, cap).unwrap());
        prop_assert!((buy - spot) * 1_000_000 <= spot * u128::from(cap));
        prop_assert!((spot - sell) * 1_000_000 <= spot * u128::from(cap));
        prop_assert!((buy + 1 - spot) * 1_000_000 > spot * u128::from(cap));
    }
}
