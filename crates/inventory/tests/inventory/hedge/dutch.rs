use inventory::hedge::{Dutch, Rules, slip};
use proptest::prelude::*;

use super::market;
use crate::market::{ETH, LIMIT};

const USD: u128 = 1_000_000;

#[test]
fn it_starts_at_a_premium_and_ends_at_the_cap() {
    let rules = Rules::default();
    let at = |waited, size| Dutch::new(&rules, &ETH, waited).discount(size, 100_000 * USD).unwrap();
    assert_eq!(at(0, 100_000 * USD), -50 * USD as i128);
    // At the end of the auction slip(t) is 4,000, and at its own end the spread floor of 5,300 is less than its 6,000.
    assert_eq!(at(1_800, 100_000 * USD), 400 * USD as i128);
    assert_eq!(at(3_600, 100_000 * USD), 530 * USD as i128);
    assert_eq!(at(3_600, 10_000 * USD), 53 * USD as i128);
}

#[test]
fn a_large_excess_moves_the_price_faster() {
    let rules = Rules::default();
    let first_unit = |excess: u128| Dutch::new(&rules, &ETH, 600).discount(10 * USD, excess * USD).unwrap();
    // A third of the way at a small excess, two thirds at 50,000 USD, all of it from 100,000 on; slip(600) is 2,666.
    assert_eq!(first_unit(10), (-5_000 + 10_554));
    assert_eq!(first_unit(50_010), 16_107);
    assert_eq!(first_unit(200_000), 26_660);
}

#[test]
fn young_excess_is_offered_at_the_premium() {
    let dutch = Dutch::new(&Rules::default(), &ETH, 86_400);
    assert_eq!(dutch.discount(1_000 * USD, 0).unwrap(), -500_000);
    let both = dutch.discount(3_000 * USD, 2_000 * USD).unwrap();
    assert_eq!(both, 2_000 * 5_300 - 500_000);
}

#[test]
fn a_fill_is_paid_its_size_and_what_it_is_discounted() {
    // Who sells to the vault gets the discount on top; who buys from it pays less by it.
    assert_eq!(Dutch::cash(true, 1_000 * USD, 4_000_000), Some(1_004 * USD));
    assert_eq!(Dutch::cash(false, 1_000 * USD, 4_000_000), Some(996 * USD));
    // At the premium it is the other way round.
    assert_eq!(Dutch::cash(true, 1_000 * USD, -500_000), Some(999_500_000));
    assert_eq!(Dutch::cash(false, 1_000 * USD, -500_000), Some(1_000_500_000));
    assert_eq!([true, false].map(|buying| Dutch::cash(buying, 5, 0)), [Some(5); 2]);
    assert_eq!(Dutch::cash(false, 5, 6), None, "nobody is paid for taking");
    assert_eq!(Dutch::cash(true, 5, -6), None);
    assert_eq!(Dutch::cash(true, i128::MAX as u128, 1), None);
    assert_eq!(Dutch::cash(true, u128::MAX, 0), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn parts_are_discounted_what_the_whole_is((profile, rules) in market(), waited in 0..200_000_u32, excess in 0..LIMIT as u128, parts in any::<[u16; 5]>()) {
        let dutch = Dutch::new(&rules, &profile, waited);
        let (mut left, mut sum, mut taken) = (excess, 0, 0);
        for part in parts {
            let size = left * u128::from(part) / 65_536;
            sum += dutch.discount(size, left).unwrap();
            left -= size;
            taken += size;
        }
        let whole = dutch.discount(taken, excess).unwrap();
        prop_assert!(sum <= whole && whole - sum <= 5, "{sum} {whole}");
    }

    #[test]
    fn parts_with_young_excess_never_gain((profile, rules) in market(), waited in 0..200_000_u32, excess in 0..LIMIT as u128, young in 0..LIMIT as u128, parts in any::<[u16; 5]>()) {
        let dutch = Dutch::new(&rules, &profile, waited);
        let (mut all, mut seasoned, mut sum, mut taken) = (excess + young, excess, 0, 0);
        for part in parts {
            let size = all * u128::from(part) / 65_536;
            sum += dutch.discount(size, seasoned).unwrap();
            all -= size;
            seasoned = seasoned.saturating_sub(size);
            taken += size;
        }
        prop_assert!(sum <= dutch.discount(taken, excess).unwrap());
    }

    #[test]
    fn the_discount_grows_with_time_and_with_excess_and_stays_below_its_end(
        (profile, rules) in market(), a in 0..200_000_u32, b in 0..200_000_u32, excess in 0..LIMIT as u128, more in 0..LIMIT as u128, part in 0..65_537_u128,
    ) {
        let size = excess * part / 65_536;
        let (early, late) = (Dutch::new(&rules, &profile, a.min(b)), Dutch::new(&rules, &profile, a.max(b)));
        let first = early.discount(excess, excess).unwrap();
        prop_assert!(first <= late.discount(excess, excess).unwrap());
        // The difference of two sums rounded down: two units.
        let of_part = early.discount(size, excess).unwrap();
        prop_assert!(of_part <= late.discount(size, excess).unwrap() + 2);
        prop_assert!(of_part <= early.discount(size, excess + more).unwrap() + 2);

        let end = slip(&rules, a.min(b)).min(profile.deviation + profile.fee);
        let (least, most) = (size * u128::from(rules.auction_premium), size * u128::from(end));
        prop_assert!(of_part * 1_000_000 <= most as i128);
        prop_assert!(of_part * 1_000_000 >= -(least as i128) - 2_000_000);
        if a.min(b) == 0 {
            prop_assert!(of_part <= 1 - (least / 1_000_000) as i128, "starts at the premium");
        }
        if a.min(b) >= rules.auction_span {
            prop_assert!((of_part * 1_000_000 - most as i128).abs() <= 2_000_000, "ends at the cap");
        }
    }
}
