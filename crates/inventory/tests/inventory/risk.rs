use inventory::{Bucket, Coefficients, Exposure, Profile, band, hedge_due, risk};
use proptest::prelude::*;

use crate::market::{Book, DAY, ETH, LIMIT, USD, amount, book, books, profile};

/// What rounding may add to a law that holds for the exact J: a micro-USD and 2^-37 of the value, which the carry term's cube root
/// needs. Where there is no carry, 2^-53.
fn slack(profile: &Profile, value: u128) -> u128 {
    1 + (value >> if profile.carry_horizon == 0 { 53 } else { 37 })
}

fn charge(profile: &Profile, book: &Book) -> u128 {
    risk(profile, &book.exposure()).unwrap()
}

/// J in floating point, term by term from the formula, and the sum of its terms' absolute values.
fn oracle(profile: &Profile, book: &Book) -> (f64, f64) {
    let usd = |x: i128| x as f64 * 1e-6;
    let half_aversion = profile.risk_aversion as f64 * 1e-18 / 2.0;
    let years = |seconds: u32| f64::from(seconds) / 31_536_000.0;
    let variance = (f64::from(profile.vol) * 1e-6).powi(2);
    let (delta, gamma) = (usd(book.delta), usd(book.gamma));

    let waiting = half_aversion * variance * years(profile.delta_horizon) * delta.powi(2);
    let width = (1.5e-6 * f64::from(profile.hedge_cost) * gamma.powi(2) / (2.0 * half_aversion)).cbrt();
    let carrying = half_aversion * variance * years(profile.carry_horizon) * width.powi(2);
    let curving = half_aversion * (variance * years(profile.gamma_horizon) * gamma).powi(2) / 2.0;
    let edge = (f64::from(profile.min_band) / 2.0).min(f64::from(profile.max_band));
    let huber = if delta.abs() <= edge && edge > 0.0 {
        delta.powi(2) / (2.0 * edge)
    } else {
        delta.abs() - edge / 2.0
    };
    let hedging = f64::from(profile.hedge_cost) * 1e-6 * huber;

    let scale = half_aversion * f64::from(profile.vega_horizon) / 86_400.0;
    let (mut surface, mut absolute) = (0.0, 0.0);
    for a in &book.vega {
        for b in &book.vega {
            let days = |bucket: &Bucket| f64::from(bucket.seconds.max(DAY)) / 86_400.0;
            let nu = |bucket: &Bucket| f64::from(profile.vol_of_vol) * 1e-6 * (30.0 / days(bucket)).sqrt();
            let correlation = days(a).min(days(b)) / days(a).max(days(b));
            let term = scale * usd(a.vega) * usd(b.vega) * nu(a) * nu(b) * correlation;
            surface += term;
            absolute += term.abs();
        }
    }
    for expiry in &book.depth {
        let seconds = book.vega[expiry.bucket].seconds;
        let nu_squared = (f64::from(profile.vol_of_vol) * 1e-6).powi(2) * 30.0 * f64::from(DAY)
            / f64::from(seconds.max(DAY));
        let sum: f64 = expiry.vega.iter().map(|vega| usd((*vega).into())).sum();
        let part = expiry.weights.part as f64 / 2.0_f64.powi(32);
        for (weights, part) in [(expiry.weights.from, 1.0 - part), (expiry.weights.to, part)] {
            if weights == [0; 8] {
                continue;
            }
            for (vega, weight) in expiry.vega.iter().zip(weights) {
                let own =
                    part * scale * nu_squared * usd((*vega).into()).powi(2) / (f64::from(weight) / 200.0);
                surface += own;
                absolute += own;
            }
            surface -= part * scale * nu_squared * sum.powi(2);
        }
    }
    let rest = waiting + curving + carrying + hedging;
    ((rest + surface) * 1e6, (rest + absolute) * 1e6)
}

#[test]
fn more_buckets_than_expiries_have_no_charge() {
    let buckets = [Bucket { seconds: DAY, vega: 1, surface_age: 0 }; 13];
    assert!(risk(&ETH, &Exposure { vega: &buckets[..12], ..Default::default() }).is_some());
    assert_eq!(risk(&ETH, &Exposure { vega: &buckets, ..Default::default() }), None);
}

#[test]
fn exposures_beyond_the_domain_have_no_charge_instead_of_a_wrong_one() {
    let vega = |vega| [Bucket { seconds: 1, vega, surface_age: 0 }; 2];
    for extreme in [i128::MIN, i128::MAX] {
        assert_eq!(risk(&ETH, &Exposure { delta: extreme, ..Default::default() }), None);
        assert_eq!(risk(&ETH, &Exposure { gamma: extreme, ..Default::default() }), None);
        assert_eq!(risk(&ETH, &Exposure { vega: &vega(extreme), ..Default::default() }), None);
    }
}

#[test]
fn the_corner_of_the_domain_has_a_charge() {
    let profile = Profile {
        risk_aversion: 10_000_000_000_000_000,
        vol: 10_000_000,
        vol_of_vol: 1_000_000,
        delta_horizon: 31_536_000,
        gamma_horizon: 31_536_000,
        vega_horizon: 31_536_000,
        hedge_cost: 1_000_000,
        ..ETH
    };
    let vega = [Bucket { seconds: 0, vega: -LIMIT, surface_age: 0 }; 12];
    assert!(risk(&profile, &Exposure { delta: LIMIT, gamma: -LIMIT, vega: &vega, depth: &[] }).is_some());
}

#[test]
fn no_exposure_costs_nothing() {
    let flat = [Bucket { seconds: 30 * DAY, vega: 0, surface_age: 600 }];
    assert_eq!(risk(&ETH, &Exposure::default()), Some(0));
    assert_eq!(risk(&ETH, &Exposure { vega: &flat, ..Default::default() }), Some(0));
    assert_eq!(risk(&Profile::default(), &Exposure { gamma: LIMIT, ..Default::default() }), Some(0));
}

/// The charge of one unit more is the indifference spread of Avellaneda and Stoikov: (2 q + 1) g s^2 t / 2.
#[test]
fn the_delta_term_alone_is_avellaneda_and_stoikov() {
    let profile = Profile {
        risk_aversion: 100_000_000_000_000,
        vol: 800_000,
        delta_horizon: DAY,
        ..Profile::default()
    };
    let unit = 1_000_000 * USD;
    let j = |q: i128| risk(&profile, &Exposure { delta: q * unit, ..Default::default() }).unwrap() as f64;
    let step = 1e-4 * 0.8 * 0.8 / 365.0 * 1e12 / 2.0 * 1e6;
    for q in -50..50_i128 {
        let expected = (2 * q + 1) as f64 * step;
        assert!((j(q + 1) - j(q) - expected).abs() <= 1e-9 * expected.abs(), "at q = {q}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn the_charge_is_the_formula(profile in profile(), book in book()) {
        let (expected, absolute) = oracle(&profile, &book);
        let charge = charge(&profile, &book) as f64;
        prop_assert!((charge - expected).abs() <= 1.0 + 1e-9 * absolute, "{charge} {expected}");
    }

    #[test]
    fn the_charge_is_the_same_for_the_opposite_book(profile in profile(), book in book()) {
        prop_assert_eq!(charge(&profile, &book), charge(&profile, &book.map(|x| -x)));
    }

    #[test]
    fn the_charge_of_kept_coefficients_is_the_same(profile in profile(), book in book()) {
        prop_assert_eq!(Coefficients::new(&profile).risk(&book.exposure()), risk(&profile, &book.exposure()));
    }

    #[test]
    fn the_charge_is_convex_along_segments(profile in profile(), [start, end] in books(), step in 0..=16_i128) {
        let (start, step_up) = (start.map(|x| x / 16 * 16), end.map(|x| x / 16 * 16));
        let point = start.combine(&step_up, |a, b| a + (b - a) / 16 * step);
        let chord = (16 - step as u128) * charge(&profile, &start) + step as u128 * charge(&profile, &step_up);
        prop_assert!(16 * charge(&profile, &point) <= chord + 16 * slack(&profile, chord / 16));
    }

    #[test]
    fn the_charge_grows_with_the_size_of_delta_and_gamma(profile in profile(), book in book(), more in amount()) {
        let grow = |x: i128| (x.abs() + more.abs()).min(LIMIT) * if x < 0 { -1 } else { 1 };
        let base = charge(&profile, &book);
        let more_delta = Book { delta: grow(book.delta), ..book.clone() };
        let more_gamma = Book { gamma: grow(book.gamma), ..book.clone() };
        prop_assert!(charge(&profile, &more_delta) >= base);
        prop_assert!(charge(&profile, &more_gamma) >= base);
    }

    /// A hedge at the profile's cost or less never lowers cash minus J.
    #[test]
    fn a_hedge_that_is_due_pays_for_itself(profile in profile(), book in book()) {
        let hedge = hedge_due(-book.delta, &band(&profile, book.gamma).unwrap());
        let hedged = Book { delta: book.delta + hedge, ..book.clone() };
        let before = charge(&profile, &book);
        let cost = hedge.unsigned_abs() * u128::from(profile.hedge_cost) / 1_000_000;
        prop_assert!(charge(&profile, &hedged) + cost <= before + slack(&profile, before));
    }
}
