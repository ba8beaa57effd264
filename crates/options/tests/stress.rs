//! A book at other spots and vols, against references of 50 decimals; the payoff at settlement, against the payoff at every spot.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::disallowed_methods
)]

use options::{Market, Moves, SPOTS, Scale, Slice, Stress, StressError, StrikeGrid, Terminal, VOLS};
use proptest::prelude::*;

#[path = "../../maths/tests/decimal/mod.rs"]
mod decimal;
mod golden;
use golden::{integer, load, slice};
#[path = "../../maths/tests/normal/mod.rs"]
mod normal;
use normal::normal;

const MOVES: [i32; SPOTS] = [-800_000, -400_000, -200_000, -100_000, 0, 100_000, 200_000, 400_000, 2_000_000];
const FLAT: Slice =
    Slice { a: 2_748_779_069, b: 0, rho: 0, m: 0, s: 1, forward: 2_000_000_000, updated_at: 0 };

fn scales(changes: [i32; VOLS]) -> [Scale; VOLS] {
    changes.map(|change| Scale::new(change).unwrap())
}

/// 90 days at spot 2,000 and vol 40 %.
fn market() -> Market {
    Market::new(200_000_000_000, 7_776_000, 0, &FLAT, 7_776_000).unwrap()
}

#[test]
fn calls_in_every_scenario_match() {
    let mut worst = 0.0_f64;
    for state in load("stress") {
        let slice = slice(&state["slice"]);
        let (seconds, published) = (integer(&state["seconds"]), integer(&state["slice_seconds"]));
        let market =
            Market::new(integer(&state["spot_e8"]), seconds, integer(&state["rate_q30"]), &slice, published)
                .unwrap();
        let moves = Moves::new(&core::array::from_fn(|i| integer(&state["moves"][i]))).unwrap();
        let scales = scales(core::array::from_fn(|i| integer(&state["changes"][i])));
        for point in state["points"].as_array().unwrap() {
            let mut stress = Stress::default();
            stress.add(&market, &moves, &scales, integer(&point["strike"]), 1);
            let values = stress.values(&moves).unwrap();
            for (vol, row) in values.iter().enumerate() {
                for (spot, value) in row.iter().enumerate() {
                    let truth = point["calls"][vol][spot].as_str().unwrap();
                    let off = decimal::error(*value, 30, truth).abs();
                    // In units of the greater spot, the scenario's or that of now.
                    worst = worst.max(off / (1.0 + f64::from(MOVES[spot]) * 1e-6).max(1.0));
                }
            }
        }
    }
    println!("{worst:.2e}");
    assert!(worst < 3e-9);
}

#[test]
fn scenarios_out_of_range_are_refused_with_their_factor() {
    let mut moves = MOVES;
    moves[0] = -960_000;
    let error = StressError::Factor { factor: 40_000, least: 50_000, most: 4_000_000 };
    assert_eq!(Moves::new(&moves).unwrap_err(), error);
    moves[0] = i32::MAX;
    assert!(Moves::new(&moves).is_err());
    moves[0] = i32::MIN;
    assert!(Moves::new(&moves).is_err());
    let error = StressError::Factor { factor: 200_000, least: 250_000, most: 4_000_000 };
    assert_eq!(Scale::new(-800_000).unwrap_err(), error);
    assert!(Scale::new(3_000_001).is_err() && Scale::new(3_000_000).is_ok() && Scale::new(-750_000).is_ok());
}

#[test]
fn a_book_without_room_in_the_sums_is_refused_with_its_lots() {
    let (market, moves, scales) = (market(), Moves::new(&MOVES).unwrap(), scales([0; VOLS]));
    let mut stress = Stress::default();
    for lots in [i32::MAX / 2, -1] {
        stress.add(&market, &moves, &scales, 2_000_000_000, lots);
    }
    assert_eq!(stress.values(&moves), Err(StressError::Lots { lots: 1 << 30, limit: 1 << 30 }));
    let mut most = Stress::default();
    most.add(&market, &moves, &scales, 1, (1 << 30) - 1);
    // A strike of nothing: the call is spot itself.
    let values = most.values(&moves).unwrap();
    assert!((values[1][8] as f64 / 2_f64.powi(60) - 3.0).abs() < 1e-8);
}

#[test]
fn an_expired_option_is_worth_its_intrinsic_value() {
    let market = Market::new(200_000_000_000, 0, 0, &FLAT, 7_776_000).unwrap();
    let (moves, scales) = (Moves::new(&MOVES).unwrap(), scales([-500_000, 0, 500_000]));
    for strike in [1_000_000_000, 1_900_000_000, 2_400_000_001, 7_000_000_000] {
        let mut stress = Stress::default();
        stress.add(&market, &moves, &scales, strike, 1);
        for row in stress.values(&moves).unwrap() {
            for (value, by) in row.iter().zip(MOVES) {
                let intrinsic = (1.0 + f64::from(by) * 1e-6 - strike as f64 / 2e9).max(0.0);
                // An sd of 1e-7 is left, so at the money the value is that of a spread as wide.
                assert!((*value as f64 / 2_f64.powi(30) - intrinsic).abs() < 1e-6, "{strike} {by}");
            }
        }
    }
}

#[test]
fn puts_are_calls_by_parity_in_every_scenario() {
    let (market, moves, scales) = (market(), Moves::new(&MOVES).unwrap(), scales([-200_000, 0, 250_000]));
    let grid = StrikeGrid::new(1_600_000_000, 100_000_000, 16).unwrap();
    let (mut calls, mut book) = (Stress::default(), Stress::default());
    calls.add(&market, &moves, &scales, grid.strike(3).unwrap(), 1);
    book.add(&market, &moves, &scales, grid.strike(3).unwrap(), 1);
    book.add_puts(&market, &grid, 1, 3);
    let (calls, puts) = (calls.values(&moves).unwrap(), book.values(&moves).unwrap());
    for vol in 0..VOLS {
        for spot in 0..SPOTS {
            let parity = 0.95 - 1.0 - f64::from(MOVES[spot]) * 1e-6;
            let difference = (puts[vol][spot] - calls[vol][spot]) as f64 / 2_f64.powi(30);
            assert!((difference - parity).abs() < 3e-9);
            assert!(puts[vol][spot] >= -3, "a put is never worth less than nothing");
        }
    }
}

#[test]
fn of_several_worst_spots_the_lowest_is_told() {
    let grid = StrikeGrid::new(100, 10, 3).unwrap();
    let worst = |lots: [i32; 3], range| {
        Terminal::new(&grid, lots.into_iter(), (0, 0), 0, range).map(|line| (line.at, line.least))
    };
    // Nothing anywhere; a call spread that pays from 100 on; a butterfly that pays nothing outside its wings.
    assert_eq!(worst([0; 3], [7, 500]), Some((7, 0)));
    assert_eq!(worst([1, -1, 0], [0, 500]), Some((0, 0)));
    assert_eq!(worst([-1, 1, 0], [0, 500]), Some((110, -10 << 32)));
    assert_eq!(worst([1, -2, 1], [105, 500]), Some((120, 0)));
}

/// A short put covered by a long call is spot less the strike's value: no time value, so no more than a rounding to the nearest.
#[test]
fn a_forward_is_exact_in_every_scenario() {
    let moves = [-950_000, -333_333, -123_457, -1, 0, 1, 777_777, 1_999_999, 3_000_000];
    let (market, moved) = (market(), Moves::new(&moves).unwrap());
    let grid = StrikeGrid::new(1_600_000_000, 100_000_000, 16).unwrap();
    let mut forward = Stress::default();
    forward.add_puts(&market, &grid, -1, -4);
    for row in forward.values(&moved).unwrap() {
        for (value, by) in row.iter().zip(moves) {
            // In millionths of 2^-30: a strike of 2,000 is spot.
            let exact = i128::from(by) << 30;
            assert!((value * 1_000_000 - exact).abs() <= 500_000, "{by}: {value}");
        }
    }
}

/// Roundings go to the nearest, so that the errors of a book's options cancel: on average an option is off by these parts of a unit of 2^-30,
/// where d1 and d2 are above 0, where they lie on either side and where they are below.
#[test]
fn the_errors_of_many_options_cancel() {
    const MOST: [f64; 3] = [0.12, 0.4, 0.05];
    let (market, moves, changes) = (market(), Moves::new(&MOVES).unwrap(), [-400_000, 0, 900_000]);
    let scales = scales(changes);
    let sd = (FLAT.a as f64 / 2_f64.powi(36)).sqrt();
    let mut errors = [(0.0, 0); 3];
    for strike in (600_000_000..5_000_000_000_u64).step_by(470_001) {
        let kappa = strike as f64 / 2e9;
        let mut stress = Stress::default();
        stress.add(&market, &moves, &scales, strike, 1);
        for (row, change) in stress.values(&moves).unwrap().iter().zip(changes) {
            let sd = sd * (1.0 + f64::from(change) * 1e-6);
            for (value, by) in row.iter().zip(MOVES) {
                let moved = 1.0 + f64::from(by) * 1e-6;
                let centre = (moved / kappa).ln() / sd;
                let (d1, d2) = (centre + sd / 2.0, centre - sd / 2.0);
                if centre.abs() < 3.0 && moved < 1.5 {
                    let truth = moved * normal(d1) - kappa * normal(d2);
                    let (sum, count) = &mut errors[usize::from(d1 < 0.0) + usize::from(d2 < 0.0)];
                    *sum += *value as f64 - truth * 2_f64.powi(30);
                    *count += 1;
                }
            }
        }
    }
    for ((sum, count), most) in errors.into_iter().zip(MOST) {
        assert!(count > 5_000 && (sum / f64::from(count)).abs() < most, "{sum} {count}");
    }
}

/// Net lots by strike, puts among them, and the sum of puts times index.
fn position() -> impl Strategy<Value = (StrikeGrid, Vec<i32>, Vec<i32>)> {
    let grid = (1..100_000_000_000_u64, 1..1_000_000_000_u64, 1..=64_u8);
    grid.prop_flat_map(|(base, step, count)| {
        let lots = proptest::collection::vec(-100_000..100_000_i32, usize::from(count));
        (Just(StrikeGrid::new(base, step, count).unwrap()), lots.clone(), lots)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// No spot up to the top has a lower value than the least, and the least is the value where it is said to be.
    #[test]
    fn no_spot_is_worse_than_the_worst(
        (grid, calls, puts) in position(), hedge in -(1_i64 << 52)..1 << 52,
        ends in (0..200_000_000_000_u64, 0..1_000_000_000_000_u64), spots: [u64; 32],
    ) {
        let value = |spot: u64| {
            let mut sum = i128::from(hedge) * i128::from(spot);
            for (index, (calls, puts)) in calls.iter().zip(&puts).enumerate() {
                let strike = i128::from(grid.strike(index as u8).unwrap());
                let gain = i128::from(spot) - strike;
                sum += (i128::from(*calls) * gain.max(0) + i128::from(*puts) * (-gain).max(0)) << 32;
            }
            sum
        };
        let net = calls.iter().zip(&puts).map(|(a, b)| a + b);
        let put_lots = puts.iter().map(|lots| i64::from(*lots)).sum();
        let index_sum = puts.iter().enumerate().map(|(index, lots)| index as i64 * i64::from(*lots)).sum();
        let last = grid.strike(grid.count - 1).unwrap();
        let (from, to) = (ends.0.min(ends.1), ends.0.max(ends.1));
        let within = |from, to| Terminal::new(&grid, net.clone(), (put_lots, index_sum), hedge.into(), [from, to]);
        let line = within(from, to).unwrap();
        prop_assert!((from..=to).contains(&line.at));
        prop_assert_eq!(within(to + 1, to), None);
        prop_assert_eq!(line.least, value(line.at));
        let strikes = (0..grid.count).filter_map(|index| grid.strike(index)).filter(|strike| (from..=to).contains(strike));
        for spot in spots.map(|spot| from + spot % (to - from + 1)).into_iter().chain([from, to]).chain(strikes) {
            prop_assert!(line.least <= value(spot) && (line.least < value(spot) || line.at <= spot));
        }
        prop_assert_eq!(line.slope, value(last + 1) - value(last));
    }

    /// Without a change of vol, a scenario is the market at that spot: for any slice, expiry and strike.
    #[test]
    fn a_scenario_is_the_market_at_its_spot(
        spot in 1_000_000..1_000_000_000_000_000_u64, distance in -3.0..3.0_f64, seconds in prop_oneof![0..86_400_u32, 0..100_000_000_u32],
        published in 1..200_000_000_u32, rate in -50_000_000..100_000_000_i32, (level, slope, rho, m, s) in (-8.0..1.0_f64, -6.0..0.6_f64, -0.95..0.95_f64, -0.5..0.5_f64, -6.0..0.5_f64),
    ) {
        let strike = ((spot as f64 / 100.0 * distance.exp()) as u64).max(1);
        let (b, s) = (slope.exp(), s.exp());
        let q36 = |x: f64| (x * 2_f64.powi(36)) as i64;
        let slice = Slice {
            a: q36(level.exp() - b * s * (1.0 - rho * rho).sqrt()), b: q36(b), rho: (rho * 2_f64.powi(22)) as i32,
            m: (m * 2_f64.powi(28)) as i32, s: q36(s), forward: (spot / 100).max(1), updated_at: 0,
        };
        let published = published.max(seconds);
        let at = |spot| Market::new(spot, seconds, rate, &slice, published);
        if slice.check().is_err() {
            return Ok(());
        }
        let Ok(market) = at(spot) else { return Ok(()) };
        let (moves, scales) = (Moves::new(&MOVES).unwrap(), scales([0; VOLS]));
        let mut stress = Stress::default();
        stress.add(&market, &moves, &scales, strike, 1);
        let values = stress.values(&moves).unwrap()[0];
        for (value, by) in values.into_iter().zip(MOVES) {
            let moved = (u128::from(spot) * (1_000_000 + by) as u128 / 1_000_000) as u64;
            let factor = moved as f64 / spot as f64;
            let call = at(moved).unwrap().call(strike).price as f64 / 2_f64.powi(62) * factor;
            let off = (value as f64 / 2_f64.powi(30) - call).abs();
            // Where there is no variance, an sd of 1e-7 is left. Whole units of a small spot move it by more than a billionth.
            let coarse = 2.0 / spot as f64;
            prop_assert!(off < 3e-9 * factor.max(1.0) + coarse + if seconds < 60 { 2e-7 * factor } else { 0.0 }, "{off} {by} {call}");
        }
    }

    /// Sums over a book are the sums of its options, scenario by scenario, and more of an option never changes its value by another factor.
    #[test]
    fn a_book_is_the_sum_of_its_options(lots in any::<[i16; 8]>(), base in 500_000_000..4_000_000_000_u64) {
        let (market, moves, scales) = (market(), Moves::new(&MOVES).unwrap(), scales([-200_000, 0, 250_000]));
        let grid = StrikeGrid::new(base, 50_000_000, 8).unwrap();
        let mut word = [0; 32];
        for (place, lots) in word.chunks_exact_mut(4).zip(lots) {
            place.copy_from_slice(&i32::from(lots).to_be_bytes());
        }
        let mut book = Stress::default();
        book.add_slot(&market, &moves, &scales, &grid, 0, &word);
        let book = book.values(&moves).unwrap();
        let mut sums = [[0_i128; SPOTS]; VOLS];
        for (index, lots) in lots.iter().enumerate() {
            let mut one = Stress::default();
            one.add(&market, &moves, &scales, grid.strike(index as u8).unwrap(), 1);
            for (row, values) in sums.iter_mut().zip(one.values(&moves).unwrap()) {
                for (sum, value) in row.iter_mut().zip(values) {
                    *sum += value * i128::from(*lots);
                }
            }
        }
        prop_assert_eq!(book, sums);
    }
}
