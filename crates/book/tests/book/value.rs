//! Sizes and what they are worth.

use book::{Scale, WORD, signed_value_at, size_at, value_at};
use proptest::prelude::*;

use crate::stage::{LOT, SPOT};

/// 1e-18 of the underlying times 1e-8 USD in a micro-USD.
const PART: i128 = 100_000_000_000_000_000_000;
/// One of the underlying.
const WAD: i128 = 1_000_000_000_000_000_000;

#[test]
fn values_are_rounded_as_they_are_asked_for() {
    // A third of the underlying at 2,800 USD: 933.333333 and a third of a micro-USD.
    let third = WAD / 3;
    assert_eq!(value_at(SPOT, third as u128, false), Some(933_333_333));
    assert_eq!(value_at(SPOT, third as u128, true), Some(933_333_334));
    assert_eq!(signed_value_at(SPOT, -third, false), Some(-933_333_333));
    assert_eq!(signed_value_at(SPOT, -third, true), Some(-933_333_334));
    assert_eq!(signed_value_at(SPOT, third, true), Some(933_333_334));
    assert_eq!([false, true].map(|up| signed_value_at(SPOT, 0, up)), [Some(0); 2]);
    // A micro-USD buys 3.57e-10: never more than it pays for.
    assert_eq!(size_at(SPOT, 1), Some(357_142_857));
    assert_eq!(size_at(SPOT, -1), Some(-357_142_857));
    assert_eq!(size_at(SPOT, 2_800_000_000), Some(WAD));
}

#[test]
fn any_size_has_a_value_and_a_value_beyond_127_bits_no_size() {
    assert!(value_at(u64::MAX, u128::MAX, true).is_some());
    assert!(signed_value_at(u64::MAX, i128::MIN, true).is_some_and(|value| value < 0));
    assert_eq!(size_at(0, 1), None, "nothing is bought without a price");
    assert_eq!(size_at(1, i128::MAX), None);
    // 1e20 of 1e-18 a micro-USD at 1e-8 USD: 2^127 of them are worth 1.7e18.
    assert!(size_at(1, 1_701_411_834_604_692_317).is_some());
    assert_eq!(size_at(1, 1_701_411_834_604_692_318), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn a_value_is_size_times_spot(spot in 1..1_u64 << 40, size in -(1_i128 << 86)..1 << 86) {
        let exact = size.abs() * i128::from(spot);
        let (down, up) = (exact / PART, (exact + PART - 1) / PART);
        prop_assert_eq!(value_at(spot, size.unsigned_abs(), false), Some(down as u128));
        prop_assert_eq!(value_at(spot, size.unsigned_abs(), true), Some(up as u128));
        prop_assert_eq!(signed_value_at(spot, size, false), Some(down * size.signum()));
        prop_assert_eq!(signed_value_at(spot, size, true), Some(up * size.signum()));
    }

    #[test]
    fn a_size_costs_at_most_its_value_and_one_unit_more_does_not(spot in 1..1_u64 << 50, value in 1..1_i128 << 60) {
        let size = size_at(spot, value).unwrap();
        let cost = |size: i128| size * i128::from(spot);
        prop_assert!(cost(size) <= value * PART && value * PART < cost(size + 1));
        prop_assert_eq!(size_at(spot, -value), Some(-size));
    }

    /// Lots times a kernel word at a spot whose micro-USD of a lot are whole: exact but for the rounding that is asked for.
    #[test]
    fn money_of_lots_is_rounded_as_it_is_asked_for(dollars in 1..1_000_000_u64, lots_words in -(1_i128 << 90)..1 << 90) {
        let scale = Scale::new(LOT, dollars * 100_000_000).unwrap();
        let exact = lots_words * i128::from(dollars) * 10_000;
        let (down, up) = (exact >> WORD, -(-exact >> WORD));
        prop_assert_eq!(scale.floor(lots_words, WORD), Ok(down));
        prop_assert_eq!(scale.ceil(lots_words, WORD), Ok(up));
        prop_assert_eq!(scale.ceil(lots_words, 0), Ok(exact));
    }
}
