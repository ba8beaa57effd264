//! Depth by strike within J.

use inventory::{Bucket, Depth, Exposure, Profile, STRIPS, WeightsError, check_weights, risk};
use proptest::prelude::*;

use crate::market::{Book, DAY, ETH, USD, book, profile, weights};

fn charge(depth: &[Depth], vega: i128) -> Option<u128> {
    let bucket = [Bucket { seconds: 30 * DAY, vega, surface_age: 0 }];
    risk(&ETH, &Exposure { vega: &bucket, depth, ..Default::default() })
}

fn strips(vega: [i64; STRIPS], weights: [u32; STRIPS]) -> Option<u128> {
    let sum = vega.iter().map(|vega| i128::from(*vega)).sum();
    charge(&[Depth { seconds: 30 * DAY, vega, weights }], sum)
}

#[test]
fn weights_over_the_budget_or_missing_are_refused() {
    let even = [125_000; STRIPS];
    assert_eq!(check_weights(&even, STRIPS), Ok(()));
    let over = [125_001, 125_000, 125_000, 125_000, 125_000, 125_000, 125_000, 125_000];
    assert_eq!(check_weights(&over, 1), Err(WeightsError::OverBudget { sum: 1_000_001, budget: 1_000_000 }));
    assert_eq!(
        check_weights(&[u32::MAX; STRIPS], 8),
        Err(WeightsError::OverBudget { sum: 8 * u64::from(u32::MAX), budget: 1_000_000 }),
    );
    let gap = [500_000, 0, 500_000, 0, 0, 0, 0, 0];
    assert_eq!(check_weights(&gap, 3), Err(WeightsError::Missing { strip: 1 }));
    assert_eq!(check_weights(&gap, 1), Ok(()));
    assert_eq!(strips([1; STRIPS], over), None);
    assert_eq!(strips([0, 1, 0, 0, 0, 0, 0, 0], gap), None);
    assert!(strips([5, 0, 7, 0, 0, 0, 0, 0], gap).is_some());
}

#[test]
fn vega_in_a_strip_is_charged_by_its_weight() {
    let usd = |amount: i64| amount * 1_000_000;
    // (4e-7 / 2) 0.05^2 V^2 of two million is 2,000 USD; a strip with a quarter of the depth is charged four times that.
    let quarter = [250_000, 750_000, 0, 0, 0, 0, 0, 0];
    let own = strips([usd(2_000_000), 0, 0, 0, 0, 0, 0, 0], quarter).unwrap();
    assert!(own.abs_diff(8_000_000_000) <= 2, "{own}");
    let split = strips([usd(500_000), usd(1_500_000), 0, 0, 0, 0, 0, 0], quarter).unwrap();
    assert!(split.abs_diff(2_000_000_000) <= 2, "{split}");
    // Opposite vega in two strips has no net vega, and is charged for each.
    let spread = strips([usd(2_000_000), usd(-2_000_000), 0, 0, 0, 0, 0, 0], quarter).unwrap();
    assert!(spread.abs_diff(8_000_000_000 + 2_666_666_667) <= 3, "{spread}");
    // Half of the budget unused: twice the charge.
    let half = strips([usd(2_000_000), 0, 0, 0, 0, 0, 0, 0], [500_000, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert!(half.abs_diff(4_000_000_000) <= 2, "{half}");
    let whole = strips([usd(2_000_000), 0, 0, 0, 0, 0, 0, 0], [1_000_000, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert!(whole.abs_diff(2_000_000_000) <= 2, "{whole}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn weights_never_lower_the_charge(profile in profile(), book in book()) {
        let plain = Book { depth: Vec::new(), ..book.clone() };
        let charge = |book: &Book, profile: &Profile| risk(profile, &book.exposure()).unwrap();
        prop_assert!(charge(&book, &profile) >= charge(&plain, &profile));
    }

    #[test]
    fn vega_spread_as_the_weights_is_charged_as_without_them(weights in weights(), scale in 1..1_000_i64) {
        let vega = weights.map(|weight| i64::from(weight) * scale * 1_000);
        let sum: i128 = vega.iter().map(|vega| i128::from(*vega)).sum();
        // The weights are made a whole by what is left over going to the first strip.
        let mut weights = weights;
        let left = 1_000_000 - weights.iter().sum::<u32>();
        weights[0] += left;
        let mut vega = vega;
        vega[0] += i64::from(left) * scale * 1_000;
        let sum = sum + i128::from(left) * i128::from(scale) * 1_000;
        let (with, without) = (strips(vega, weights).unwrap(), charge(&[], sum).unwrap());
        prop_assert!(with.abs_diff(without) <= 1, "{} {}", with, without);
        prop_assert!(sum >= USD);
    }
}
