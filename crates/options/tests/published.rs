//! Slices in the numbers of the ABI.
#![allow(missing_docs, clippy::arithmetic_side_effects, clippy::unwrap_used)]

use options::{Published, Slice, SliceError};
use proptest::prelude::*;

/// A half with 18 decimals.
const MOST_RATE: i128 = 500_000_000_000_000_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn a_stored_slice_comes_back_from_its_numbers(
        (a, b, s) in (-(1_i64 << 38)..1 << 38, 0..=1_i64 << 37, 1..1_i64 << 38),
        (rho, m, rate) in (-(1_i32 << 22)..1 << 22, -(1_i32 << 30)..1 << 30, -(1_i32 << 29)..=1 << 29),
        (forward, updated_at) in (1..1_u64 << 48, any::<u32>()),
    ) {
        let slice = Slice { a, b, rho, m, s, forward, updated_at };
        prop_assert_eq!(Published::of(&slice, rate).stored(updated_at), Ok((slice, rate)));
    }

    #[test]
    fn no_number_wraps(a in any::<i128>(), rho in any::<i128>(), forward in any::<u128>()) {
        let most = Published { a, rho, forward, s: a, b: a, m: rho, rate: rho };
        if let Ok((slice, _)) = most.stored(0) {
            let again = Published::of(&slice, 0);
            prop_assert!((again.a - a).abs() <= 1 << 24 && (again.rho - rho).abs() <= 1 << 38);
            prop_assert!(forward - again.forward < 1_000_000_000_000);
        }
    }
}

#[test]
fn a_number_without_a_place_on_its_grid_is_out_of_range() {
    let one = Published { s: 1, forward: 1, ..Published::default() };
    assert_eq!(one.stored(0).unwrap().0.s, 0);
    for rate in [-MOST_RATE, MOST_RATE] {
        assert_eq!(
            Published { rate, ..one }.stored(0).unwrap().1,
            if rate < 0 { -(1 << 29) } else { 1 << 29 }
        );
    }
    for bad in [
        Published { a: i128::MAX, ..one },
        Published { rho: 600_000_000_000_000_000_000, ..one },
        Published { rate: i128::MIN, ..one },
        Published { rate: -MOST_RATE - 1, ..one },
        Published { rate: MOST_RATE + 1, ..one },
        Published { forward: u128::MAX, ..one },
    ] {
        assert_eq!(bad.stored(0), Err(SliceError::Range));
    }
}
