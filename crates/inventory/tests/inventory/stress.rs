use inventory::{MOVES, Pnl, SPOTS, Shock, VOLS, check_solvency, grid_pnl, hedge_part, payable, worst_loss};
use proptest::prelude::*;

use crate::market::{DAY, amount};

#[test]
fn vol_moves_further_for_short_expiries_up_to_a_cap() {
    let at = |seconds| Shock::DEFAULT.changes(seconds);
    assert_eq!(at(30 * DAY), [-200_000, 0, 250_000]);
    // (30 / 7)^0.4 = 1.78982, (1 / 3)^0.4 = 0.64439
    assert_eq!(at(7 * DAY), [-357_964, 0, 447_455]);
    assert_eq!(at(90 * DAY), [-128_879, 0, 161_099]);
    assert_eq!(at(3 * 365 * DAY), at(90 * DAY));
    assert_eq!(at(3_600), [-600_000, 0, 1_000_000]);
    assert_eq!(at(0), [-600_000, 0, 1_000_000]);
    let wide = Shock { up: u32::MAX, most_up: u32::MAX, down: 0, most_down: 0 };
    assert_eq!(wide.changes(0), [0, 0, i32::MAX]);
}

#[test]
fn the_worst_scenario_is_named() {
    let mut changes: Pnl = [[5; SPOTS]; VOLS];
    assert_eq!(worst_loss(&changes), (0, [0, 0]));
    changes[1][3] = -7;
    changes[2][8] = -7;
    assert_eq!(worst_loss(&changes), (7, [1, 3]));
    changes[2][8] = i128::MIN;
    assert_eq!(worst_loss(&changes), (1 << 127, [2, 8]));
}

#[test]
fn a_hedge_gains_and_loses_with_spot_rounded_down() {
    let pnl = grid_pnl(&[[0; SPOTS]; VOLS], 1_000_001, &MOVES).unwrap();
    assert_eq!(pnl[2], [-800_001, -400_001, -200_001, -100_001, 0, 100_000, 200_000, 400_000, 2_000_002]);
    assert_eq!(grid_pnl(&[[0; SPOTS]; VOLS], i128::MAX, &MOVES), None);
    assert_eq!(grid_pnl(&[[i128::MAX; SPOTS]; VOLS], 1_000_000, &MOVES), None);
}

#[test]
fn solvency_says_what_is_missing() {
    assert_eq!(check_solvency(1_000, 700, 100, 200_000), Ok(()));
    assert_eq!(check_solvency(1_000, 700, 101, 200_000), Err(1));
    assert_eq!(check_solvency(1_001, 700, 100, 200_000), Ok(()));
    assert_eq!(check_solvency(1_001, 701, 100, 200_000), Err(1));
    assert_eq!(check_solvency(-1, 0, 0, 0), Err(u128::MAX));
    assert_eq!(check_solvency(0, u128::MAX, 1, 0), Err(u128::MAX));
    assert_eq!(hedge_part(&[], 5, 0), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn what_may_be_paid_is_all_that_solvency_leaves(nav in -1_000_i128..1 << 70, part in 0.0..1.3, uncovered in 0..1_000_000_u128, buffer in 0..1_100_000_u32) {
        let loss = (nav.max(0) as f64 * part) as u128;
        let paid = payable(nav, loss, uncovered, buffer);
        let left = |paid: u128| check_solvency(nav - paid as i128, loss, uncovered, buffer);
        match check_solvency(nav, loss, uncovered, buffer) {
            Ok(()) => {
                prop_assert!(left(paid).is_ok());
                let whole = paid == nav.unsigned_abs();
                prop_assert!(whole || left(paid + 1).is_err(), "{paid} is not all");
            }
            Err(_) => prop_assert_eq!(paid, 0),
        }
    }

    #[test]
    fn vol_moves_as_the_formula(up in 0..1_000_000_u32, down in 0..1_000_000_u32, seconds in prop_oneof![any::<u32>(), 0..100_000_u32]) {
        let shock = Shock { up, most_up: 2_000_000, down, most_down: 750_000 };
        let [less, none, more] = shock.changes(seconds);
        let factor = (2_592_000.0 / f64::from(seconds.clamp(60, 7_776_000))).powf(0.4);
        let near = |change: i32, at: u32, most: f64| (f64::from(change) - (f64::from(at) * factor).min(most)).abs() <= 0.51;
        prop_assert!(none == 0 && near(more, up, 2e6) && near(-less, down, 7.5e5), "{less} {more} {factor}");
    }

    #[test]
    fn parts_of_a_hedge_sum_to_it(deltas in proptest::collection::vec(amount(), 1..12), hedge in amount()) {
        let parts: Vec<_> = (0..deltas.len()).map(|index| hedge_part(&deltas, hedge, index).unwrap()).collect();
        prop_assert_eq!(parts.iter().sum::<i128>(), hedge);
        // What each leaves open of its own delta differs by less than the remainder.
        let open: Vec<_> = parts.iter().zip(&deltas).map(|(part, delta)| part + delta).collect();
        prop_assert!(open.iter().max().unwrap() - open.iter().min().unwrap() < deltas.len() as i128);
        prop_assert_eq!(hedge_part(&deltas, hedge, deltas.len()), None);
    }
}
