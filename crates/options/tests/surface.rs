//! A surface as a whole: each fault once, in the order of the checks, then surfaces that pass.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::panic
)]

use options::{
    Arbitrage, Entry, Slice, SliceError, Step, StrikeGrid, SurfaceError, check_rate, check_surface,
};
use proptest::prelude::*;

const DAY: u32 = 86_400;
const YEAR: f64 = 31_536_000.0;
/// One vol point [Q47].
const POINT: u64 = (1 << 47) / 100;

/// The SSVI slice of a vol at the money, with the power law phi = eta / sqrt(theta).
fn slice(vol: f64, seconds: u32) -> Slice {
    let (rho, eta) = (-0.1_f64, 0.6);
    let theta = vol * vol * f64::from(seconds) / YEAR;
    let (phi, tilt) = (eta / theta.sqrt(), 1.0 - rho * rho);
    Slice {
        a: (theta / 2.0 * tilt * 2_f64.powi(36)).round() as i64,
        b: (theta * phi / 2.0 * 2_f64.powi(36)).round() as i64,
        rho: (rho * 2_f64.powi(22)).round() as i32,
        m: (-rho / phi * 2_f64.powi(28)).round() as i32,
        s: (tilt.sqrt() / phi * 2_f64.powi(36)).round() as i64,
        forward: 2_000_000_000,
        updated_at: 0,
    }
}

/// A slice whose expiry had one of vol `last` an hour before.
fn entry(vol: f64, seconds: u32, last: Option<f64>) -> Entry {
    let grid = StrikeGrid::new(1_200_000_000, 100_000_000, 20).unwrap();
    let before = seconds + 3_600;
    Entry { slice: slice(vol, seconds), seconds, grid, last: last.map(|vol| (slice(vol, before), before)) }
}

#[test]
fn an_expiry_that_is_not_later_is_out_of_order() {
    for second in [7 * DAY, 14 * DAY] {
        let entries = [entry(0.8, 14 * DAY, None), entry(0.8, second, None)];
        assert_eq!(check_surface(&entries, POINT), Err((1, SurfaceError::Order)));
    }
}

#[test]
fn a_slice_out_of_its_bounds_is_refused_before_it_is_evaluated() {
    let mut bad = entry(0.8, 14 * DAY, None);
    bad.slice.s = 0;
    let entries = [entry(0.8, 7 * DAY, None), bad];
    assert_eq!(check_surface(&entries, POINT), Err((1, SurfaceError::Slice(SliceError::Sigma))));
}

#[test]
fn a_butterfly_for_less_than_nothing_is_refused() {
    // Axel Vogt's slice, which Gatheral and Jacquier (2014) give as one with g < 0 at k near 0.8.
    let mut bad = entry(0.8, 365 * DAY, None);
    bad.slice.a = (-0.0410 * 2_f64.powi(36)) as i64;
    bad.slice.b = (0.1331 * 2_f64.powi(36)) as i64;
    bad.slice.rho = (0.3060 * 2_f64.powi(22)) as i32;
    bad.slice.m = (0.3586 * 2_f64.powi(28)) as i32;
    bad.slice.s = (0.4153 * 2_f64.powi(36)) as i64;
    bad.grid = StrikeGrid::new(1_000_000_000, 200_000_000, 30).unwrap();
    match check_surface(&[bad], POINT) {
        Err((0, SurfaceError::Arbitrage(Arbitrage::Butterfly { strike, density }))) => {
            assert!(strike > 2_000_000_000 && density < 0);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_calendar_spread_for_less_than_nothing_is_refused() {
    let entries = [entry(1.2, 7 * DAY, None), entry(0.6, 14 * DAY, None)];
    let refused = check_surface(&entries, POINT);
    assert!(matches!(
        refused,
        Err((1, SurfaceError::Arbitrage(Arbitrage::Calendar { .. } | Arbitrage::Wing { .. })))
    ));
}

#[test]
fn a_step_beyond_the_cap_is_refused_with_its_strike_and_both_vols() {
    let entries = [entry(0.8, 7 * DAY, Some(0.8)), entry(0.83, 14 * DAY, Some(0.8))];
    match check_surface(&entries, POINT) {
        Err((1, SurfaceError::Step(step))) => {
            assert!(step.to.abs_diff(step.from) > POINT);
            assert_eq!(step.strike, 1_200_000_000);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_slice_of_an_expiry_has_no_step() {
    assert_eq!(check_surface(&[entry(0.5, 7 * DAY, None), entry(2.0, 14 * DAY, None)], 0), Ok(0));
}

#[test]
fn no_slices_are_no_fault() {
    assert_eq!(check_surface(&[], 0), Ok(0));
}

/// sqrt(w / T) in floating point.
fn vol(slice: &Slice, strike: u64, seconds: u32) -> f64 {
    let (a, b, s) =
        (slice.a as f64 / 2_f64.powi(36), slice.b as f64 / 2_f64.powi(36), slice.s as f64 / 2_f64.powi(36));
    let (rho, m) = (f64::from(slice.rho) / 2_f64.powi(22), f64::from(slice.m) / 2_f64.powi(28));
    let x = (strike as f64 / slice.forward as f64).ln() - m;
    ((a + b * (rho * x + x.hypot(s))) * YEAR / f64::from(seconds)).sqrt()
}

/// What a vol point leaves of the furthest move of a listed strike; negative when a strike moves further.
fn room(entry: &Entry) -> f64 {
    let (last, seconds) = entry.last.unwrap();
    let moves = (0..entry.grid.count).map(|index| {
        let strike = entry.grid.strike(index).unwrap();
        (vol(&entry.slice, strike, entry.seconds) - vol(&last, strike, seconds)).abs()
    });
    0.01 - moves.fold(0.0, f64::max)
}

proptest! {
    /// Slices of one vol at the money and one skew have no arbitrage, so what is refused is the first of them that moves a strike too far.
    #[test]
    fn a_surface_of_one_vol_is_refused_for_its_steps_alone(level in 0.3_f64..1.5, moved in -0.01_f64..0.01) {
        let tenors = [2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY];
        let entries = tenors.map(|seconds| entry(level + moved, seconds, Some(level)));
        prop_assume!(entries.iter().all(|entry| room(entry).abs() > 1e-7));
        let first = entries.iter().position(|entry| room(entry) < 0.0);
        match check_surface(&entries, POINT) {
            Ok(_) => prop_assert_eq!(first, None),
            Err((index, SurfaceError::Step(_))) => prop_assert_eq!(first, Some(index)),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn a_fault_names_its_slice(level in 0.3_f64..1.5, at in 0_usize..4) {
        let tenors = [2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY];
        let mut entries = tenors.map(|seconds| entry(level, seconds, None));
        prop_assert!(check_surface(&entries, POINT).is_ok_and(|moved| moved <= POINT));
        entries[at].slice.forward = 0;
        prop_assert_eq!(check_surface(&entries, POINT), Err((at, SurfaceError::Slice(SliceError::Range))));
    }
}

#[test]
fn a_rate_moves_the_forward_by_its_change_in_the_time_that_is_left() {
    const SECONDS: u32 = 31_536_000;
    let moved = |before, rate, seconds| check_rate(before, rate, seconds, u64::MAX).unwrap();
    assert_eq!(moved(0, 1 << 30, SECONDS), 1 << 47);
    assert_eq!(moved(1 << 29, -(1 << 29), SECONDS / 2), 1 << 46);
    assert_eq!((moved(7, 7, SECONDS), moved(7, 8, 0), moved(7, 8, 1)), (0, 0, 1));
    assert_eq!(moved(i32::MIN, i32::MAX, u32::MAX), 76_669_572_491_861_950);
    let most = 1 << 46;
    assert_eq!(check_rate(0, 1 << 30, SECONDS / 2, most), Ok(most));
    let far = Err(Step { strike: 0, from: 0, to: 1 << 46 });
    assert_eq!(check_rate(0, 1 << 30, SECONDS / 2, most - 1), far);
    assert_eq!(check_rate(0, -(1 << 30), SECONDS / 2, most - 1), far);
}
