use inventory::{Bucket, Exposure, Profile, age_factor, spread_floor};
use proptest::prelude::*;

use crate::market::{Book, DAY, ETH, LIMIT, USD, books, profile};

fn aged(surface_age: u32) -> [Bucket; 1] {
    [Bucket { seconds: 30 * DAY, vega: -1_000 * USD, surface_age }]
}

#[test]
fn a_surface_at_the_maximum_age_is_not_quoted() {
    let floor = |age| spread_floor(&ETH, &Exposure { vega: &aged(age), ..Default::default() }, 0);
    assert!(floor(14_399).is_some());
    assert_eq!(floor(14_400), None);
    assert_eq!(floor(u32::MAX), None);
    assert_eq!(age_factor(&Profile { surface_heartbeat: 0, ..ETH }, 1), None);
}

#[test]
fn trades_beyond_the_domain_have_no_floor_instead_of_a_wrong_one() {
    for extreme in [i128::MIN, i128::MAX] {
        assert_eq!(spread_floor(&ETH, &Exposure { delta: extreme, ..Default::default() }, 0), None);
        assert_eq!(spread_floor(&ETH, &Exposure { gamma: extreme, ..Default::default() }, 0), None);
        let vega = [Bucket { vega: extreme, ..Default::default() }];
        assert_eq!(spread_floor(&ETH, &Exposure { vega: &vega, ..Default::default() }, 0), None);
    }
    assert_eq!(spread_floor(&ETH, &Exposure::default(), u128::MAX), None);
}

#[test]
fn the_corner_of_the_domain_has_a_floor() {
    let all = 1_000_000;
    let profile = Profile { deviation: all, vol_step: all, fee: all, ..ETH };
    let vega = [Bucket { seconds: 0, vega: LIMIT, surface_age: 14_399 }; 12];
    let corner = Exposure { delta: -LIMIT, gamma: LIMIT, vega: &vega, depth: &[] };
    assert!(spread_floor(&profile, &corner, 1_000_000_000_000_000_000_000_000).is_some());
}

#[test]
fn each_part_of_the_floor_is_the_formula() {
    let floor = |exposure, notional| spread_floor(&ETH, &exposure, notional).unwrap();
    let vega = aged(0);
    assert_eq!(floor(Exposure::default(), 0), 0);
    assert_eq!(floor(Exposure { delta: -1_000 * USD, ..Default::default() }, 0), 5_000_000);
    assert_eq!(floor(Exposure { gamma: 1_000 * USD, ..Default::default() }, 0), 12_500);
    assert_eq!(floor(Exposure::default(), 1_000_000_000), 300_000);
    assert_eq!(floor(Exposure { vega: &vega, ..Default::default() }, 0), 10_000_000);
    // Rounded up once.
    assert_eq!(floor(Exposure { delta: 1, gamma: 1, ..Default::default() }, 1), 1);
}

#[test]
fn each_missed_heartbeat_adds_one_step() {
    let factors = [0, 3_600, 5_400, 7_200, 14_399].map(|age| age_factor(&ETH, age).unwrap());
    assert_eq!(factors, [1_000_000, 1_000_000, 1_500_000, 2_000_000, 3_999_723]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// A split trade never has the smaller floor, to the last unit.
    #[test]
    fn the_floors_of_parts_sum_to_the_floor_of_the_whole_or_more(
        profile in profile(), [a, b] in books(), notionals: [u64; 2], share in 0..1_000_u64,
    ) {
        let age = (u64::from(profile.max_surface_age - 1) * share / 1_000) as u32;
        let floor = |book: &Book, notional: u128| {
            let vega: Vec<_> = book.vega.iter().map(|bucket| Bucket { surface_age: age, ..*bucket }).collect();
            spread_floor(&profile, &Exposure { vega: &vega, ..book.exposure() }, notional).unwrap()
        };
        let [first, second] = notionals.map(u128::from);
        let whole = floor(&a.combine(&b, |a, b| a + b), first + second);
        prop_assert!(floor(&a, first) + floor(&b, second) >= whole);
        prop_assert_eq!(floor(&a, first), floor(&a.map(|x| -x), first));
    }

    #[test]
    fn an_older_surface_never_narrows_the_spread(profile in profile(), age: u32, older: u32) {
        let (age, older) = (age.min(older), age.max(older));
        if let Some(factor) = age_factor(&profile, older) {
            prop_assert!((1_000_000..=factor).contains(&age_factor(&profile, age).unwrap()));
        }
    }
}
