use inventory::{Band, Profile, band, hedge_due};
use proptest::prelude::*;

use crate::market::{ETH, LIMIT, USD, amount, profile};

const UNBOUNDED: Profile = Profile { min_band: 0, max_band: u32::MAX, ..ETH };

/// The roots lose at most 2^-40 of themselves and the last micro-USD.
fn near(value: u128, expected: f64) -> bool {
    (value as f64 - expected).abs() <= 2.0 + expected * 2_f64.powi(-40)
}

#[test]
fn a_vault_without_risk_aversion_has_no_band() {
    assert_eq!(band(&Profile { risk_aversion: 0, ..ETH }, USD), None);
}

#[test]
fn the_greatest_gammas_have_a_band() {
    for gamma in [LIMIT, i128::MIN, i128::MAX] {
        let band = band(&ETH, gamma).unwrap();
        assert_eq!(band, Band { inner: 500_000_000_000, outer: 500_000_000_000 });
    }
}

#[test]
fn the_floor_and_the_cap_hold_and_the_cap_wins() {
    assert_eq!(band(&ETH, 0).unwrap(), Band { inner: 2_500_000_000, outer: 5_000_000_000 });
    let capped = Profile { max_band: 1, ..ETH };
    assert_eq!(band(&capped, LIMIT).unwrap(), Band { inner: 1_000_000, outer: 1_000_000 });
    assert_eq!(band(&Profile { max_band: 0, ..ETH }, LIMIT).unwrap(), Band { inner: 0, outer: 0 });
}

#[test]
fn a_hedge_returns_to_the_inner_edge() {
    let band = Band { inner: 60, outer: 100 };
    let hedges = [-101, -100, 0, 100, 101, i128::MAX].map(|deviation| hedge_due(deviation, &band));
    assert_eq!(hedges, [-41, 0, 0, 0, 41, i128::MAX - 60]);
    assert_eq!(hedge_due(i128::MIN, &band), i128::MIN + 60);
    // A band that `band` never gives: the hedge still does not cross the target.
    assert_eq!(hedge_due(101, &Band { inner: 500, outer: 100 }), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn the_band_is_the_formula(profile in profile(), gamma in amount()) {
        let profile = Profile { min_band: 0, max_band: u32::MAX, ..profile };
        let cap = 4_294_967_295e6;
        let scale = (gamma as f64 * 1e-6).powi(2) / (profile.risk_aversion as f64 * 1e-18);
        let inner = (1.5 * f64::from(profile.hedge_cost) * 1e-6 * scale).cbrt() * 1e6;
        let outer = inner + (12.0 * f64::from(profile.hedge_fixed_cost) * 1e-6 * scale).powf(0.25) * 1e6;
        let band = band(&profile, gamma).unwrap();
        prop_assert!(near(band.inner, inner.min(cap)) && near(band.outer, outer.min(cap)), "{band:?} {inner} {outer}");
    }

    #[test]
    fn the_band_lies_within_its_bounds(profile in profile(), gamma in amount()) {
        let band_ = band(&profile, gamma).unwrap();
        let usd = |amount: u32| u128::from(amount) * 1_000_000;
        prop_assert!(usd(profile.min_band) / 2 <= band_.inner && band_.inner <= band_.outer);
        prop_assert!(usd(profile.min_band) <= band_.outer && band_.outer <= usd(profile.max_band));
        prop_assert_eq!(band(&profile, -gamma), Some(band_));
    }

    #[test]
    fn the_band_grows_with_gamma_to_the_power_of_two_thirds(gamma in 1..LIMIT / 100_000_000) {
        let proportional = Profile { hedge_fixed_cost: 0, ..UNBOUNDED };
        let small = band(&proportional, gamma).unwrap();
        let large = band(&proportional, 1_000 * gamma).unwrap();
        prop_assert!(large.inner.abs_diff(100 * small.inner) <= 101 + (large.inner >> 39));
        prop_assert_eq!(large.inner, large.outer);
    }

    #[test]
    fn a_wider_gamma_never_narrows_the_band(profile in profile(), gamma in amount(), more in amount()) {
        let narrow = band(&profile, gamma.abs()).unwrap();
        let wide = band(&profile, gamma.abs() + more.abs()).unwrap();
        prop_assert!(narrow.inner <= wide.inner && narrow.outer <= wide.outer);
    }

    #[test]
    fn a_hedge_never_crosses_the_inner_edge(deviation: i128, shift in 0..127_u32, a: u64, b: u64) {
        let deviation = deviation >> shift;
        let band = Band { inner: a.min(b).into(), outer: a.max(b).into() };
        let hedge = hedge_due(deviation, &band);
        let left = deviation - hedge;
        if deviation.unsigned_abs() <= band.outer {
            prop_assert_eq!(hedge, 0);
        } else {
            prop_assert_eq!(left.unsigned_abs(), band.inner);
            prop_assert!(left == 0 || (left > 0) == (deviation > 0));
            prop_assert!(hedge != 0 && (hedge > 0) == (deviation > 0));
        }
    }
}
