use inventory::{Band, HEDGE_AVERSION, Profile, band, hedge_due};
use proptest::prelude::*;

use crate::market::{ETH, LIMIT, USD, amount, profile};

const UNBOUNDED: Profile = Profile { min_band: 0, max_band: u32::MAX, ..ETH };

/// The roots lose at most 2^-36 of the outer edge and the last micro-USD.
fn near(value: u128, expected: f64, outer: f64) -> bool {
    (value as f64 - expected).abs() <= 2.0 + outer * 2_f64.powi(-36)
}

/// Both edges by bisection of t for every H, and of H: a method that shares nothing with Newton's.
fn reference(cost: f64, fixed: f64) -> (f64, f64) {
    // At a given s = t + H, d = (fixed / s)^{1/3} and cost = s (s^2 - d^2) / 4.
    let excess = |s: f64| s * (s * s - (fixed / s).powf(2.0 / 3.0)) / 4.0 - cost;
    let (mut low, mut high) = (fixed.powf(0.25), 4.0 * (fixed.powf(0.25) + cost.cbrt()) + 1e-9);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if excess(middle) > 0.0 { high = middle } else { low = middle }
    }
    let d = if high > 0.0 { (fixed / high).cbrt() } else { 0.0 };
    ((high - d).max(0.0) / 2.0, f64::midpoint(high, d))
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
        let scale = (gamma as f64 * 1e-6).powi(2) / (profile.risk_aversion as f64 * HEDGE_AVERSION as f64 * 1e-18);
        let cost = 3.0 * f64::from(profile.hedge_cost) * 1e-6 * scale;
        let fixed = 12.0 * f64::from(profile.hedge_fixed_cost) * 1e-6 * scale;
        let (t, h) = reference(cost, fixed);
        let (t, h) = (t * 1e6, h * 1e6);
        let band = band(&profile, gamma).unwrap();
        prop_assert!(near(band.inner, t.min(cap), h) && near(band.outer, h.min(cap), h), "{band:?} {t} {h}");
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
        let slack = 2 + (wide.outer >> 36);
        prop_assert!(narrow.inner <= wide.inner + slack && narrow.outer <= wide.outer + slack);
    }

    #[test]
    fn the_edges_are_the_cheapest(cost in 1..20_000_u32, fixed in 1..20_000_000_u32, gamma in 1_000_000_000_000..LIMIT, step in 0.001..0.2_f64) {
        // The cost rate of a band by renewal, per g s^2 / 6, in USD: hedges from H to t at c (H - t) + k, and variance between.
        // A band that is moved a little at either edge costs more.
        let profile = Profile { hedge_cost: cost, hedge_fixed_cost: fixed, ..UNBOUNDED };
        let band = band(&profile, gamma).unwrap();
        let (c, k) = (f64::from(cost) * 1e-6, f64::from(fixed) * 1e-6);
        let gamma = gamma as f64 * 1e-6;
        let g = profile.risk_aversion as f64 * HEDGE_AVERSION as f64 * 1e-18;
        // Driftless motion with variance G^2 per unit of time, from +-t until it leaves +-H: the mean time is (H^2 - t^2) / G^2, the mean of
        // the integral of x^2 over it (H^4 - t^4) / (6 G^2).
        let rate = |t: f64, h: f64| {
            let time = (h * h - t * t) / (gamma * gamma);
            (g / 2.0 * (h.powi(4) - t.powi(4)) / (6.0 * gamma * gamma) + c * (h - t) + k) / time
        };
        let (t, h) = (band.inner as f64 * 1e-6, band.outer as f64 * 1e-6);
        prop_assume!(h < 4e9 && t > 1.0 && h - t > 1e-3 * h);
        let best = rate(t, h);
        for (t, h) in [(t, h * (1.0 + step)), (t * (1.0 - step), h), (t, h - (h - t) * step), (t + (h - t) * step, h)] {
            prop_assert!(rate(t, h) >= best * (1.0 - 1e-9), "{best} at the edges, {} at {t} {h}", rate(t, h));
        }
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
