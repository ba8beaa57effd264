//! The worst that a book with its hedges can lose, against its scenarios one by one and its payoff at every strike.

use book::{Error, Hedge, Mark, Stored, stress, worst_case};
use inventory::{MOVES, Shock};
use options::Kind::{Call, Put};
use proptest::prelude::*;

use crate::stage::{DAY, GRID, Holding, SPOT, UNIT, USD, expiry, holdings, marked};

/// A hedge of `units` of the underlying.
fn hedge(units: i128) -> Hedge {
    Hedge { lots: (units * i128::from(UNIT)) << 32, value: units * 2_800 * USD }
}

/// What a book pays at a spot [USD], puts and calls.
fn payoff(book: &[Holding], spot: f64) -> f64 {
    let each = |(strike, kind, lots): &Holding| {
        let strike = (GRID.base + GRID.step * u64::from(*strike)) as f64 / 1e6;
        let pays = if *kind == Put { strike - spot } else { spot - strike };
        f64::from(*lots) / f64::from(UNIT) * pays.max(0.0)
    };
    book.iter().map(each).sum()
}

#[test]
fn a_short_call_is_worst_at_three_times_spot_and_a_short_put_at_zero() {
    let loss =
        |book: &[Holding], units| worst_case(&marked(&[expiry(0, 30, 0, book)]), &hedge(units)).unwrap();
    // 8,400 - 3,000 for each, and a unit in the last place of a lot.
    let calls = loss(&[(12, Call, -2 * UNIT)], 0);
    assert_eq!((calls.settlement, calls.worst), (2 * 5_400_000_001 - 1, 2 * 5_400_000_001 - 1));
    assert_eq!(calls.slope, -i128::from(2 * UNIT) << 32, "beyond, the loss has no bound");
    // The highest scenario is the same spot; the grid's values have nine digits.
    let near = |said: i128, dollars: i128| said.abs_diff(dollars * USD) < 20;
    assert!(calls.grid.iter().all(|row| near(row[8], -10_800)), "{calls:?}");
    // A unit of spot for each call is all that they can cost.
    let covered = loss(&[(12, Call, -2 * UNIT)], 2);
    assert!(covered.slope == 0 && near(covered.grid[1][8], 400), "{covered:?}");
    assert_eq!(covered.settlement, 5_600_000_001, "and then the hedge is worth nothing at 0");
    let put = loss(&[(7, Put, -UNIT)], 0);
    assert_eq!((put.settlement, put.slope), (2_500_000_001, 0));
    assert_eq!(put.worst, put.settlement, "the deepest scenario is a fifth of spot");
    assert!(near(put.grid[1][0], 560 - 2_500), "{put:?}");
}

#[test]
fn a_book_of_more_lots_than_scenarios_have_room_for_is_refused() {
    let most = 1 << 29;
    let books = |count: i32| [expiry(0, 30, 80, &[(3, Call, -most)]), expiry(1, 60, 80, &[(5, Call, count)])];
    let refused = |count| worst_case(&marked(&books(count)), &Hedge::default()).map(|_| ());
    assert_eq!(refused(most - 1), Ok(()));
    assert_eq!(refused(most), Err(Error::Lots { lots: 1 << 30, limit: 1 << 30 }));
    assert_eq!(
        stress(&marked(&books(most)), &Hedge::default(), 0, 0),
        Err(Error::Lots { lots: 1 << 30, limit: 1 << 30 })
    );
}

#[test]
fn a_scenario_out_of_range_is_refused() {
    let mark = marked(&[expiry(0, 30, 80, &[(3, Call, 1)])]);
    let at = |spot, vol| stress(&mark, &Hedge::default(), spot, vol).is_ok();
    assert!(at(-950_000, 0) && !at(-950_001, 0) && at(3_000_000, 0) && !at(3_000_001, 0));
    assert!(at(0, -750_000) && !at(0, -750_001) && at(0, 3_000_000) && !at(0, 3_000_001));
}

#[test]
fn an_expiry_without_a_slice_has_no_scenario() {
    let bare = Stored { slice: None, ..expiry(1, 60, 80, &[]) };
    let with = marked(&[expiry(0, 30, 80, &[(3, Call, -5)]), bare]);
    let without = marked(&[expiry(0, 30, 80, &[(3, Call, -5)])]);
    assert_eq!(worst_case(&with, &hedge(1)), worst_case(&without, &hedge(1)));
}

/// What each expiry of a book loses at settlement with its part of a hedge, at its own worst spot of 0, three times spot and all strikes [USD].
fn settlement(books: &[&[Holding]], marks: &[Mark], units: f64) -> f64 {
    let spot = SPOT as f64 / 1e8;
    let state = |mark: &Mark| {
        mark.position().map(|position| (position.value as f64 / 1e6, position.delta as f64 / 1e6)).unwrap()
    };
    let open = marks.iter().map(|mark| state(mark).1 / spot).sum::<f64>() + units;
    let each = |(book, mark): (&&[Holding], &Mark)| {
        let (value, delta) = state(mark);
        let part = open / books.len() as f64 - delta / spot;
        let strikes = (0..GRID.count).map(|strike| GRID.strike(strike).unwrap() as f64 / 1e6);
        let spots = strikes.chain([0.0, 3.0 * spot]);
        let least = spots.map(|spot| payoff(book, spot) + part * spot).fold(f64::INFINITY, f64::min);
        value + part * spot - least
    };
    books.iter().zip(marks).map(each).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn each_scenario_of_the_grid_is_the_stress_of_its_moves(
        book in holdings(20_000, 6), days in 1..365_u32, vol in 20..150_u32, units in -100..100_i128,
    ) {
        let (mark, hedge) = (marked(&[expiry(0, days, vol, &book)]), hedge(units));
        let loss = worst_case(&mark, &hedge).unwrap();
        for (row, change) in loss.grid.iter().zip(Shock::DEFAULT.changes(days * DAY)) {
            for (pnl, by) in row.iter().zip(MOVES) {
                prop_assert_eq!(*pnl, stress(&mark, &hedge, by, change).unwrap());
            }
        }
        let least = loss.grid.iter().flatten().fold(0, |least, pnl| *pnl.min(&least));
        prop_assert_eq!(loss.worst, least.unsigned_abs().max(loss.settlement));
    }

    /// To a few micro-USD of rounding in value and delta of each expiry, at up to three times spot.
    #[test]
    fn settlement_is_each_expiry_at_its_worst_with_its_part_of_the_hedge(
        near in holdings(20_000, 6), far in holdings(20_000, 6), third in holdings(20_000, 3), units in -100..100_i128,
    ) {
        let books: [&[Holding]; 3] = [&near, &far, &third];
        let stored: Vec<Stored> =
            books.iter().enumerate().map(|(index, book)| expiry(index, 7 + 40 * index as u32, 80, book)).collect();
        let loss = worst_case(&marked(&stored), &hedge(units)).unwrap();
        let marks: Vec<Mark> = stored.iter().map(|stored| marked(core::slice::from_ref(stored))).collect();
        let truth = settlement(&books, &marks, units as f64).max(0.0) * 1e6;
        prop_assert!((loss.settlement as f64 - truth).abs() < 40.0, "{} {truth}", loss.settlement);
        // Beyond the last strike only calls and the hedge move.
        let calls: i32 = books.iter().copied().flatten().filter(|holding| holding.1 == Call).map(|holding| holding.2).sum();
        prop_assert_eq!(loss.slope, (units * i128::from(UNIT) + i128::from(calls)) << 32);
    }
}
