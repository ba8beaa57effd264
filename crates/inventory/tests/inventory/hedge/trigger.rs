use inventory::hedge::{Clock, Order, Reach, Rules, Stand};
use inventory::{Band, band};
use proptest::prelude::*;

use super::{FREE, NOW, market};
use crate::market::{LIMIT, USD, amount};

const BAND: Band = Band { inner: 60, outer: 100 };

fn stand(book: i128, held: i128, orders: &[Order], reach: Reach) -> Stand<'_> {
    Stand { book, held, orders, reach }
}

/// Rules whose greatest wait never is over for a clock that has not started.
fn due(stand: &Stand<'_>) -> i128 {
    stand.trigger(&BAND, &Clock::default(), &Rules::default(), NOW).due
}

#[test]
fn what_is_due_stands_against_book_hedges_and_orders() {
    let order = [Order { size: 500, placed: NOW }];
    assert_eq!(due(&stand(-1_000, 300, &[], FREE)), 640);
    assert_eq!(due(&stand(-1_000, 300, &order, FREE)), 140);
    assert_eq!(due(&stand(1_000, 0, &[], FREE)), -940);
    assert_eq!(due(&stand(-1_000, 900, &[], FREE)), 0);
}

#[test]
fn a_venue_with_nothing_but_an_order_is_not_a_blind_spot() {
    let order = [Order { size: 1_000, placed: NOW - 899 }];
    let trigger = stand(-1_000, 0, &order, FREE).trigger(&BAND, &Clock::default(), &Rules::default(), NOW);
    assert_eq!((trigger.position, trigger.due, trigger.overdue), (1_000, 0, 0));
}

#[test]
fn an_order_past_its_patience_no_longer_counts_and_is_named() {
    let order = [Order { size: 1_000, placed: NOW - 900 }, Order { size: 7, placed: NOW }];
    let trigger = stand(-1_000, 0, &order, FREE).trigger(&BAND, &Clock::default(), &Rules::default(), NOW);
    assert_eq!((trigger.position, trigger.due, trigger.overdue), (7, 933, 1));
}

#[test]
fn only_what_venues_reach_is_due() {
    let spot = Reach { low: 0, high: 400 };
    assert_eq!(due(&stand(1_000, 300, &[], spot)), -240);
    assert_eq!(due(&stand(1_000, 0, &[], spot)), 0);
    assert_eq!(due(&stand(-1_000, 100, &[], spot)), 240);
    assert_eq!(due(&stand(-1_000, 100, &[], Reach { low: 1, high: 0 })), 0);
    assert_eq!(due(&stand(-1_000, 100, &[], Reach { low: 400, high: 400 })), 240);
    // Hedges beyond the reach, on the near side of the target and on its far side.
    assert_eq!(due(&stand(-1_000, 500, &[], spot)), 0);
    assert_eq!(due(&stand(-1_000, 1_500, &[], spot)), -440);
}

#[test]
fn the_greatest_wait_makes_due_what_is_worth_a_hedge_inside_the_band() {
    let rules = Rules::default();
    let band = Band { inner: 1_000 * USD as u128, outer: 5_000 * USD as u128 };
    let at = |deviation: i128, waited: u32| {
        let clock = Clock::default().observe(NOW, deviation, &band, &rules);
        let stand = stand(-deviation, 0, &[], FREE);
        stand.trigger(&band, &clock, &rules, NOW + waited).due
    };
    assert_eq!(at(2_000 * USD, rules.max_wait - 1), 0);
    assert_eq!(at(2_000 * USD, rules.max_wait), 1_000 * USD);
    assert_eq!(at(-2_000 * USD, rules.max_wait), -1_000 * USD);
    // Less than the least hedge beyond the inner edge is rest.
    assert_eq!(at(1_250 * USD, 10 * rules.max_wait), 0);
    assert_eq!(at(1_250 * USD + 1, rules.max_wait), 250 * USD + 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn what_is_due_never_passes_the_target_nor_leaves_the_reach(
        (profile, rules) in market(), gamma in amount(), book in amount(), held in amount(), order in (amount(), 0..200_000_u32),
        reach in (amount(), amount()), since in 0..2_000_000_u32,
    ) {
        let band = band(&profile, gamma).unwrap();
        let reach = Reach { low: reach.0.min(reach.1), high: reach.0.max(reach.1) };
        let orders = [Order { size: order.0, placed: NOW - order.1 }];
        let clock = Clock::default().observe(NOW - since, book, &band, &rules);
        let trigger = stand(book, held, &orders, reach).trigger(&band, &clock, &rules, NOW);
        let counted = if order.1 < rules.order_patience { order.0 } else { 0 };
        prop_assert_eq!(trigger.gap, -book - held - counted);
        prop_assert_eq!(trigger.overdue, u32::from(order.1 >= rules.order_patience));

        let left = trigger.gap - trigger.due;
        prop_assert!(left == 0 || trigger.gap == 0 || (left > 0) == (trigger.gap > 0), "flips the sign");
        prop_assert!(left.abs() <= trigger.gap.abs());
        if trigger.due == 0 {
            return Ok(());
        }
        prop_assert_eq!((trigger.deviation - trigger.due).unsigned_abs(), band.inner);
        prop_assert!(trigger.excess() >= trigger.least(&rules));
        let after = trigger.position + trigger.due;
        let inside = (reach.low..=reach.high).contains(&after);
        prop_assert!(inside || !(reach.low..=reach.high).contains(&trigger.position), "leaves the reach");
        // Doing it leaves nothing due, whether it fills at once or is an order.
        let done = stand(book, held + counted + trigger.due, &[], reach);
        prop_assert_eq!(done.trigger(&band, &clock, &rules, NOW).due, 0);
        let sent = [Order { size: trigger.due, placed: NOW }];
        prop_assert_eq!(stand(book, held + counted, &sent, reach).trigger(&band, &clock, &rules, NOW).due, 0);
    }

    #[test]
    fn no_order_blocks_for_longer_than_its_patience(
        (profile, rules) in market(), book in amount(), sizes in any::<[i64; 4]>(), ages in any::<[u16; 4]>(),
    ) {
        let band = band(&profile, LIMIT / 1_000).unwrap();
        let mut orders = [Order::default(); 4];
        for (order, (size, age)) in orders.iter_mut().zip(sizes.into_iter().zip(ages)) {
            *order = Order { size: size.into(), placed: NOW - u32::from(age) };
        }
        let later = NOW + rules.order_patience;
        let blocked = stand(book, 0, &orders, FREE).trigger(&band, &Clock::default(), &rules, later);
        let free = stand(book, 0, &[], FREE).trigger(&band, &Clock::default(), &rules, later);
        prop_assert_eq!((blocked.due, blocked.overdue), (free.due, 4));
    }
}
