//! The vega form within J: a squared norm on the expiries, whatever their order.

use inventory::{Bucket, Exposure, Profile, risk};
use proptest::prelude::*;

use crate::market::{Book, DAY, ETH, LIMIT, USD, amount, books, profile};

fn charge(profile: &Profile, vega: &[Bucket]) -> u128 {
    risk(profile, &Exposure { vega, ..Default::default() }).unwrap()
}

fn bucket(days: u32, usd: i128) -> Bucket {
    Bucket { seconds: days * DAY, vega: usd * USD, surface_age: 0 }
}

#[test]
fn one_expiry_is_charged_its_own_vol_of_vol() {
    // (4e-7 / 2) 0.05^2 (30 / t) V^2 over a day.
    for (days, expected) in [(30, 2_000), (15, 4_000), (120, 500), (1, 60_000)] {
        let charge = charge(&ETH, &[bucket(days, 2_000_000)]);
        assert!(charge.abs_diff(expected * 1_000_000) <= 1, "{charge} at {days} days");
    }
}

#[test]
fn the_time_to_expiry_has_a_floor_of_a_day() {
    let at = |seconds| charge(&ETH, &[Bucket { seconds, vega: -USD * 1_000, surface_age: 0 }]);
    assert_eq!(at(0), at(DAY));
    assert!(at(DAY) > at(DAY + 60));
}

#[test]
fn a_calendar_spread_is_charged_for_what_its_expiries_do_not_share() {
    // nu_30 = 0.05, nu_60 = 0.05 / sqrt 2, rho = 1/2: V^2 nu_30^2 (1 + 1/2 - 1 / sqrt 2).
    let charge = charge(&ETH, &[bucket(60, 2_000_000), bucket(30, -2_000_000)]);
    assert!(charge.abs_diff(1_585_786_437) <= 2, "{charge}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn the_order_of_expiries_does_not_matter(
        profile in profile(),
        (book, shuffled) in books::<1>().prop_flat_map(|[book]| {
            let vega = Just(book.vega.clone()).prop_shuffle();
            (Just(book), vega)
        }),
    ) {
        prop_assert_eq!(charge(&profile, &book.vega), charge(&profile, &shuffled));
    }

    #[test]
    fn two_buckets_of_one_expiry_are_their_sum(profile in profile(), seconds: u32, a in amount(), b in amount()) {
        let at = |vega| Bucket { seconds, vega, surface_age: 0 };
        prop_assert_eq!(charge(&profile, &[at(a), at(b)]), charge(&profile, &[at(a + b)]));
    }

    #[test]
    fn the_charge_grows_with_the_size_of_one_vega(profile in profile(), seconds: u32, vega in amount(), more in amount()) {
        let at = |vega| [Bucket { seconds, vega, surface_age: 0 }];
        let larger = (vega.abs() + more.abs()).min(LIMIT);
        prop_assert!(charge(&profile, &at(larger)) >= charge(&profile, &at(vega)));
    }

    /// sqrt J is a norm: of a sum, at most the sum. A form that is not positive semi-definite fails this.
    #[test]
    fn expiries_together_are_charged_as_a_norm(profile in profile(), [a, b] in books()) {
        let norm = |book: &Book| (charge(&profile, &book.vega) as f64).sqrt();
        let sum = a.combine(&b, |a, b| a + b);
        // Each charge is short of the exact by less than 1 micro-USD and 2^-52.
        let exact_at_most = |book: &Book| (charge(&profile, &book.vega) as f64 + 1.0).sqrt();
        prop_assert!(norm(&sum) <= (exact_at_most(&a) + exact_at_most(&b)) * (1.0 + 1e-12));
    }
}
