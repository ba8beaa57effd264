//! What the mark of a book tells beside its value: deltas elsewhere, the swing between them, and what has expired.

use book::{Error, Mark, Spots, Stored};
use options::Kind::{Call, Put};
use proptest::prelude::*;

use crate::normal::normal;
use crate::stage::{DAY, GRID, Holding, LOT, NOW, RESERVE, SPOT, UNIT, USD, expiry, holdings, marked};

/// Cash delta of a book at `part` of spot [micro-USD], its vol and time as they are.
fn cash_delta(book: &[Holding], variance: f64, part: f64) -> f64 {
    let spot = 2_800.0 * part;
    let each = |(strike, kind, lots): &Holding| {
        let strike = (GRID.base + GRID.step * u64::from(*strike)) as f64 / 1e6;
        let sd = variance.sqrt();
        let delta = normal((spot / strike).ln() / sd + sd / 2.0) - if *kind == Put { 1.0 } else { 0.0 };
        f64::from(*lots) / f64::from(UNIT) * delta * spot * 1e6
    };
    book.iter().map(each).sum()
}

#[test]
fn an_expired_book_says_when_it_expired_and_keeps_its_value_alone() {
    let book = [(5, Call, UNIT), (12, Put, -UNIT)];
    let [near, far] = [expiry(0, 7, 80, &book), expiry(1, 30, 80, &book)];
    let at = |now| {
        Mark::new([near.clone(), far.clone()].into_iter(), Spots::here(LOT, SPOT).unwrap(), now).unwrap()
    };
    assert_eq!(at(NOW + 7 * DAY - 1).expired(), None);
    let mark = at(NOW + 7 * DAY);
    assert_eq!(mark.expired(), Some(NOW + 7 * DAY));
    assert_eq!(at(NOW + 31 * DAY).expired(), Some(NOW + 7 * DAY), "the first that waits");
    // 2,800 - 2,300, less 3,000 - 2,800.
    let sums = mark.expiries[0].sums;
    assert_eq!(mark.spots.mid.scale.floor(sums.value, book::WORD), Ok(300 * USD));
    assert_eq!((sums.delta, sums.gamma, sums.vega, sums.theta), (0, 0, 0, 0));
    let only = Mark::new([far.clone()].into_iter(), Spots::here(LOT, SPOT).unwrap(), NOW + 7 * DAY).unwrap();
    assert_eq!(only.expired(), None);
    assert_eq!(mark.position().unwrap().delta, only.position().unwrap().delta);
}

#[test]
fn nothing_that_is_open_is_worth_nothing_for_want_of_a_slice() {
    let bare = |days, book: &[Holding]| Stored { slice: None, ..expiry(1, days, 80, book) };
    let at = |stored: Stored, now| {
        let near = expiry(0, 30, 80, &[(7, Call, 3)]);
        Mark::new([near, stored].into_iter(), Spots::here(LOT, SPOT).unwrap(), now)
            .map(|mark| mark.totals().value)
    };
    let missing = |days: u32| Err(Error::SurfaceMissing { expiry: NOW + days * DAY });
    let open: [&[Holding]; 5] = [
        &[(3, Call, -1)],
        &[(20, Call, 1)],
        &[(0, Put, -1)],
        // No lots but puts, and neither lots nor puts in sum: what these are worth lies between two strikes.
        &[(3, Call, 5), (3, Put, -5)],
        &[(3, Call, 5), (3, Put, -5), (4, Call, -5), (4, Put, 5)],
    ];
    for book in open {
        assert!(bare(60, book).is_open());
        assert_eq!(at(bare(60, book), NOW), missing(60), "{book:?}");
        assert_eq!(at(bare(2, book), NOW + 3 * DAY), missing(2), "an expired one as well: {book:?}");
    }
    let alone = marked(&[expiry(0, 30, 80, &[(7, Call, 3)])]).totals().value;
    let closed: [&[Holding]; 2] = [&[], &[(3, Call, 5), (3, Call, -5)]];
    for book in closed {
        assert!(!bare(60, book).is_open());
        assert_eq!(at(bare(60, book), NOW), Ok(alone));
    }
}

/// Without vol a call's delta is 1 above its strike and 0 below.
#[test]
fn the_swing_is_the_largest_delta_and_the_one_here_among_equals() {
    let swing = |book: &[Holding]| marked(&[expiry(0, 30, 0, book)]).position().unwrap().swing;
    let whole = 2_800 * USD;
    // Here, and only here: long at 2,700, short at 3,200 and 15 % above.
    assert_eq!(swing(&[(9, Call, UNIT), (14, Call, -UNIT)]), whole);
    // Two short above, none below.
    assert_eq!(swing(&[(14, Call, -2 * UNIT)]), -2 * whole);
    // Two puts short below, none above.
    assert_eq!(swing(&[(6, Put, -2 * UNIT)]), 2 * whole);
    // Long one here, short one above.
    assert_eq!(swing(&[(9, Call, UNIT), (12, Call, -2 * UNIT)]), whole);
    // Short one here and above, long one below.
    assert_eq!(swing(&[(9, Call, -UNIT), (7, Put, -UNIT)]), -whole);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn deltas_after_a_reserve_move_are_those_at_the_moved_spots(
        near in holdings(20_000, 4), far in holdings(20_000, 4), days in (1..40_u32, 40..365_u32), vols in [20..150_u32, 20..150],
    ) {
        let stored = [expiry(0, days.0, vols[0], &near), expiry(1, days.1, vols[1], &far)];
        let position = marked(&stored).position().unwrap();
        let variances = stored.each_ref().map(|stored| stored.slice.unwrap().a as f64 / 2_f64.powi(36));
        let at = |part: f64| cash_delta(&near, variances[0], part) + cash_delta(&far, variances[1], part);
        let width = f64::from(RESERVE) / 1e6;
        let [low, high] = position.reserve.unwrap();
        // A micro-USD of rounding, and floats of 16 digits on millions of USD.
        let close = |said: i128, truth: f64| (said as f64 - truth).abs() < 4.0;
        prop_assert!(close(position.delta, at(1.0)), "{} {}", position.delta, at(1.0));
        prop_assert!(close(low, at(1.0 - width)), "{low} {}", at(1.0 - width));
        prop_assert!(close(high, at(1.0 + width)), "{high} {}", at(1.0 + width));
        let all = [at(1.0), at(1.0 - width) / (1.0 - width), at(1.0 + width) / (1.0 + width)];
        let most = all.into_iter().fold(0.0_f64, |most, delta| most.max(delta.abs()));
        prop_assert!(close(position.swing.abs(), most), "{} {most}", position.swing);
        prop_assert!(all.iter().any(|delta| close(position.swing, *delta)));
    }
}
