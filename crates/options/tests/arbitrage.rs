//! Arbitrage in a surface, against g and w in floating point on a dense set of strikes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_sign_loss
)]

use options::{Arbitrage, Slice, StrikeGrid};
use proptest::prelude::*;

const FORWARD: u64 = 2_000_000_000;

/// A slice in floating point.
#[derive(Clone, Copy, Debug)]
struct Svi {
    a: f64,
    b: f64,
    rho: f64,
    m: f64,
    s: f64,
}

impl Svi {
    fn stored(&self) -> Slice {
        Slice {
            a: (self.a * 2_f64.powi(36)).round() as i64,
            b: (self.b * 2_f64.powi(36)).round() as i64,
            rho: (self.rho * 2_f64.powi(22)).round() as i32,
            m: (self.m * 2_f64.powi(28)).round() as i32,
            s: (self.s * 2_f64.powi(36)).round() as i64,
            forward: FORWARD,
            updated_at: 0,
        }
    }

    fn of(slice: &Slice) -> Self {
        Self {
            a: slice.a as f64 / 2_f64.powi(36),
            b: slice.b as f64 / 2_f64.powi(36),
            rho: f64::from(slice.rho) / 2_f64.powi(22),
            m: f64::from(slice.m) / 2_f64.powi(28),
            s: slice.s as f64 / 2_f64.powi(36),
        }
    }

    /// Gatheral's and Jacquier's natural form: total variance at the money, tilt and curvature.
    fn natural(theta: f64, rho: f64, phi: f64) -> Self {
        let root = (1.0 - rho * rho).sqrt();
        Self { a: theta / 2.0 * root * root, b: theta * phi / 2.0, rho, m: -rho / phi, s: root / phi }
    }

    fn w(&self, k: f64) -> f64 {
        let x = k - self.m;
        self.a + self.b * (self.rho * x + x.hypot(self.s))
    }

    fn g(&self, k: f64) -> f64 {
        let x = k - self.m;
        let r = x.hypot(self.s);
        let (w, slope, bend) =
            (self.w(k), self.b * (self.rho + x / r), self.b * self.s * self.s / (r * r * r));
        (1.0 - k * slope / (2.0 * w)).powi(2) - slope * slope / 4.0 * (1.0 / w + 0.25) + bend / 2.0
    }
}

fn grid() -> StrikeGrid {
    StrikeGrid::new(400_000_000, 75_000_000, 64).unwrap()
}

/// The strikes that the check looks at, and g there.
fn densities(svi: &Svi) -> impl Iterator<Item = (u64, f64)> + use<'_> {
    let grid = grid();
    (0..127_u64).map(move |half| {
        let strike = grid.base + grid.step * half / 2;
        (strike, svi.g((strike as f64 / FORWARD as f64).ln()))
    })
}

/// Raw slices, most of them with arbitrage somewhere.
fn raw() -> impl Strategy<Value = Slice> {
    let numbers = (-7.0..1.0_f64, -5.0..0.5_f64, -0.98..0.98_f64, -1.0..1.0_f64, -6.0..1.0_f64);
    numbers
        .prop_map(|(level, slope, rho, m, s)| {
            let (b, s) = (slope.exp(), s.exp());
            // The least variance is `level` of e.
            let a = level.exp() * 0.5 - b * s * (1.0 - rho * rho).sqrt();
            Svi { a, b, rho, m, s }.stored()
        })
        .prop_filter("a slice", |slice| slice.check().is_ok())
}

/// Theta, rho and phi without butterfly arbitrage: theta phi (1 + |rho|) < 4 and theta phi^2 (1 + |rho|) <= 4.
fn natural() -> impl Strategy<Value = (f64, f64, f64)> {
    (-9.0..0.7_f64, -0.9..0.9_f64, 0.05..0.97_f64).prop_map(|(level, rho, part)| {
        let theta = level.exp();
        let tilted = theta * (1.0 + rho.abs());
        (theta, rho, part * (4.0 / tilted).min((4.0 / tilted).sqrt()).min(50.0))
    })
}

/// Log-moneyness from far left to far right, dense round both centres.
fn everywhere(a: &Svi, b: &Svi) -> Vec<f64> {
    let near = |svi: &Svi, u: f64| svi.m + svi.s * u.sinh();
    let fine = (-800..=800).map(|step| f64::from(step) * 0.01);
    fine.flat_map(|u| [near(a, u), near(b, u)])
        .filter(|k| k.abs() < 11.0)
        .chain((-44..=44).map(|k| f64::from(k) / 4.0))
        .collect()
}

/// How far `later` is above `earlier` from there on to where wings whose slopes differ by a millionth have crossed: by the slopes and by what the curves
/// are above their wings, so that nothing cancels.
fn beyond(earlier: &Svi, later: &Svi) -> f64 {
    let wing = |svi: &Svi, sign: f64| svi.b * (1.0 + sign * svi.rho);
    let above = |svi: &Svi, x: f64| svi.b * svi.s * svi.s / (x.hypot(svi.s) + x.abs());
    let gap = |sign: f64, k: f64| {
        let (steeper, flatter) = (wing(later, sign), wing(earlier, sign));
        let bent = above(later, sign * k - later.m) - above(earlier, sign * k - earlier.m);
        later.a - earlier.a + (steeper - flatter) * k - sign * (steeper * later.m - flatter * earlier.m)
            + bent
    };
    let out = (0..2_770).map(|step| 11.0 * 1.005_f64.powi(step));
    out.flat_map(|k| [gap(1.0, k), gap(-1.0, k)]).fold(f64::INFINITY, f64::min)
}

/// A wing that is steeper by 2e-4 begins lower by 0.08: the later slice is below the earlier from k = 20 to 350.
#[test]
fn slices_that_cross_far_beyond_any_strike_are_refused() {
    let near = Slice {
        a: -2_424_380_613,
        b: 48_748_598_222,
        rho: -4_055_716,
        m: -102_398_757,
        s: 27_221_656_502,
        forward: 2_000_000_000,
        updated_at: 0,
    };
    let far =
        Slice { a: -7_989_812_133, b: 55_150_896_852, rho: -4_070_744, m: 0, s: 140_243_362_580, ..near };
    let (earlier, later) = (Svi::of(&near), Svi::of(&far));
    assert!(everywhere(&earlier, &later).into_iter().all(|k| later.w(k) - earlier.w(k) > 0.05));
    assert!(beyond(&earlier, &later) < -0.05);
    assert!(matches!(near.check_calendar(&far), Err(Arbitrage::Calendar { .. })));
}

#[test]
fn a_butterfly_arbitrage_is_named_with_its_strike() {
    // The Vogt slice of Gatheral and Jacquier, whose g is negative round k = 0.8.
    let vogt = Svi { a: -0.0410, b: 0.1331, rho: 0.3060, m: 0.3586, s: 0.4153 }.stored();
    assert_eq!(vogt.check(), Ok(()));
    let svi = Svi::of(&vogt);
    let (strike, density) = densities(&svi).find(|(_, g)| *g < 0.0).unwrap();
    let Err(Arbitrage::Butterfly { strike: named, density: said }) = vogt.check_butterfly(&grid()) else {
        panic!("passed")
    };
    assert_eq!(named, strike);
    assert!((said as f64 / 2_f64.powi(40) - density).abs() < 1e-9);
}

#[test]
fn a_surface_that_shrinks_in_time_is_refused() {
    let near = Svi::natural(0.04, -0.4, 2.0);
    let earlier = near.stored();
    assert!(matches!(earlier.check_calendar(&earlier), Err(Arbitrage::Calendar { .. })));
    // Variance that grows by a hundredth of itself, and one that grows at the money but not in the wing.
    let scaled = |by: f64| Svi { a: near.a * by, b: near.b * by, ..near }.stored();
    assert_eq!(earlier.check_calendar(&scaled(1.01)), Ok(()));
    let flat = Svi { a: 0.5, b: 0.0, rho: 0.0, m: 0.0, s: 0.1 }.stored();
    let Err(Arbitrage::Wing { by }) = earlier.check_calendar(&flat) else { panic!("passed") };
    assert!((by as f64 / 2_f64.powi(36) - near.b * 0.6).abs() < 1e-2);
    let lower = Svi { a: near.a - 0.01, ..near }.stored();
    let Err(Arbitrage::Calendar { by }) = earlier.check_calendar(&lower) else { panic!("passed") };
    assert!((by as f64 / 2_f64.powi(36) - 0.01).abs() < 1e-4);
    // Parallel slices, a fixed distance apart.
    assert_eq!(lower.check_calendar(&earlier), Ok(()));
}

#[test]
fn a_slice_is_compared_on_both_sides() {
    let near = Svi::natural(0.04, -0.4, 2.0);
    // As it is, and seen in a mirror.
    for side in [1.0, -1.0] {
        let seen = |svi: Svi| Svi { rho: side * svi.rho, m: side * svi.m, ..svi }.stored();
        let later = |svi: Svi| seen(near).check_calendar(&seen(svi));
        // Higher as far as one sees, but flatter in one wing.
        let tilted = Svi { a: near.a + 0.5, rho: near.rho + 0.1, ..near };
        assert!(matches!(later(tilted), Err(Arbitrage::Wing { .. })));
        // Moved to one side, which lowers the wing there by its slope times the move; raised by less than that, and by more.
        for (by, slope) in [(0.3, 1.0 + near.rho), (-0.3, 1.0 - near.rho)] {
            let lower = near.b * slope * 0.3;
            let moved = |part: f64| later(Svi { a: near.a + part * lower, m: near.m + by, ..near });
            assert!(matches!(moved(0.9), Err(Arbitrage::Calendar { .. })));
            assert_eq!(moved(1.1), Ok(()));
        }
    }
}

/// A later slice with a sharp bend on one side of the earlier's centre, above its wings and below its bowl there.
#[test]
fn a_slice_that_dips_on_one_side_of_the_centre_is_refused() {
    let earlier = Svi { a: 0.02, b: 0.4, rho: 0.0, m: 0.0, s: 0.5 };
    for side in [1.0, -1.0] {
        // At the bend the earlier is 0.583 b above its asymptotes' meeting point, and the asymptotes are 0.3 b.
        let later = |level: f64| {
            Svi { a: earlier.a + level * earlier.b, m: side * 0.3, s: 0.001, ..earlier }.stored()
        };
        assert!(matches!(earlier.stored().check_calendar(&later(0.5)), Err(Arbitrage::Calendar { .. })));
        assert_eq!(earlier.stored().check_calendar(&later(0.6)), Ok(()));
    }
}

/// Of b s: what the lines that bound a slice are above it, and so what the later must be.
#[test]
fn slices_that_nearly_touch_are_refused() {
    let near = Svi { a: 0.02, b: 0.4, rho: 0.0, m: 0.0, s: 0.5 };
    let depth = near.b * near.s;
    let passes = |far: Svi| near.stored().check_calendar(&far.stored()).is_ok();
    // Parallel slices: the line beyond the last node, e^-u = (8/9)^40.5, is 0.85 % above it.
    let parallel = |part: f64| passes(Svi { a: near.a + part * depth, ..near });
    assert!(!parallel(0.008) && parallel(0.009));
    // The same, one wing higher by a move of 0.003 b s and the other lower: in whichever wing.
    for side in [1.0, -1.0] {
        let moved = |part: f64| passes(Svi { a: near.a + part * depth, m: side * 0.003 * near.s, ..near });
        assert!(!moved(0.010) && moved(0.012), "{side}");
    }
    // Steeper wings: only the chord about the centre, cosh h - 1 = 0.17 % above it, where e^2h = 9/8.
    let bowl = |part: f64| passes(Svi { a: near.a + (part - 0.2) * depth, b: near.b * 1.2, ..near });
    assert!(!bowl(0.0015) && bowl(0.002));
}

/// The Vogt slice, on grids about the left end of where its g is negative.
#[test]
fn g_is_looked_at_between_strikes_and_not_beyond_the_last() {
    let vogt = Svi { a: -0.0410, b: 0.1331, rho: 0.3060, m: 0.3586, s: 0.4153 };
    let at = |k: f64| (FORWARD as f64 * k.exp()) as u64;
    let (clean, bad) = ((0..).map(|n| f64::from(n) * 0.01).find(|k| vogt.g(k + 0.01) < 0.0).unwrap(), 0.8);
    assert!(vogt.g(clean) > 0.0 && vogt.g(bad) < 0.0);
    let (base, half) = (at(clean), at(bad) - at(clean));
    let check = |count| vogt.stored().check_butterfly(&StrikeGrid { base, step: 2 * half, count });
    assert_eq!(check(1), Ok(()), "the only strike is clean");
    let named = |found| matches!(found, Err(Arbitrage::Butterfly { strike, .. }) if strike == base + half);
    assert!(named(check(2)), "halfway to the second");
}

#[test]
fn flat_slices_are_compared_by_their_level() {
    let flat = |a: f64| Svi { a, b: 0.0, rho: 0.0, m: 0.0, s: 0.1 }.stored();
    // More variance is a unit of a slice more; as much is not.
    assert_eq!(flat(0.02).check_calendar(&flat(0.02)), Err(Arbitrage::Calendar { by: 0 }));
    let more = Slice { a: flat(0.02).a + 1, ..flat(0.02) };
    assert_eq!(flat(0.02).check_calendar(&more), Ok(()));
    assert_eq!(flat(0.02).check_butterfly(&grid()), Ok(()));
    assert_eq!(flat(0.02).check_calendar(&flat(0.020001)), Ok(()));
    assert!(flat(0.020001).check_calendar(&flat(0.02)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn butterflies_are_found_where_g_is_negative(slice in raw()) {
        let svi = Svi::of(&slice);
        let said = slice.check_butterfly(&grid());
        // Where |g| is small, 53 and 62 bits may differ; w'' is a bound where the curve is sharper than 2^-20.
        let noise = |strike: u64| 1e-6 * (1.0 + 1.0 / svi.w((strike as f64 / FORWARD as f64).ln()));
        let found = densities(&svi).find(|(strike, g)| *g < -noise(*strike));
        let clean = densities(&svi).all(|(strike, g)| g > noise(strike));
        prop_assert!(found.is_none() || said.is_err(), "{found:?}");
        prop_assert!(!clean || said.is_ok(), "{said:?}");
        if let Err(Arbitrage::Butterfly { strike, .. }) = said {
            prop_assert!(svi.g((strike as f64 / FORWARD as f64).ln()) < noise(strike));
        }
    }

    #[test]
    fn slices_of_the_natural_form_have_no_butterflies((theta, rho, phi) in natural()) {
        let slice = Svi::natural(theta, rho, phi).stored();
        if slice.check().is_ok() && slice.b > 1 << 12 {
            prop_assert_eq!(slice.check_butterfly(&grid()), Ok(()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    /// What passes is nowhere below, on strikes far denser than any grid.
    #[test]
    fn a_later_slice_that_passes_is_nowhere_below(near in raw(), far in raw(), shift in 0.0..1.0_f64) {
        let near_svi = Svi::of(&near);
        // Also pairs that touch or nearly touch.
        let worst = |far: &Svi| {
            everywhere(&near_svi, far).into_iter().map(|k| far.w(k) - near_svi.w(k)).fold(f64::INFINITY, f64::min)
        };
        let lowered = Slice { a: far.a - ((worst(&Svi::of(&far)) - shift * 1e-4) * 2_f64.powi(36)) as i64, ..far };
        for later in [far, lowered] {
            let svi = Svi::of(&later);
            if later.check().is_ok() && near.check_calendar(&later).is_ok() {
                prop_assert!(worst(&svi) >= 0.0, "{}", worst(&svi));
            }
        }
    }

    /// What is clear of the earlier slice by 1 % of its b s at every strike, wings included, passes.
    #[test]
    fn a_later_slice_that_is_clear_of_the_earlier_passes(near in raw(), far in raw()) {
        let (near_svi, far_svi) = (Svi::of(&near), Svi::of(&far));
        let wings = [1.0, -1.0].iter().all(|sign| {
            far_svi.b * (1.0 + sign * far_svi.rho) > near_svi.b * (1.0 + sign * near_svi.rho) + 1e-6
        });
        let within = everywhere(&near_svi, &far_svi).into_iter().map(|k| far_svi.w(k) - near_svi.w(k));
        let worst = within.fold(beyond(&near_svi, &far_svi), f64::min);
        if wings && worst > 0.0102 * near_svi.b * near_svi.s + 1e-9 {
            prop_assert_eq!(near.check_calendar(&far), Ok(()), "{}", worst);
        }
    }
}

const Q47: f64 = (1_u64 << 47) as f64;

#[test]
fn a_step_beyond_the_cap_is_named_with_its_strike() {
    let flat = |vol: f64| Svi { a: vol * vol * 0.25, b: 0.0, rho: 0.0, m: 0.0, s: 0.1 }.stored();
    let quarter = 7_884_000;
    let most = (0.05 * Q47) as u64;
    let moved = flat(0.8499).check_step(quarter, (&flat(0.8), quarter), &grid(), most).unwrap();
    assert!((moved as f64 / Q47 - 0.0499).abs() < 1e-8, "{moved}");
    let within = |most: u64| flat(0.8499).check_step(quarter, (&flat(0.8), quarter), &grid(), most).is_ok();
    assert!(within(moved) && !within(moved - 1));
    let step = flat(0.8501).check_step(quarter, (&flat(0.8), quarter), &grid(), most).unwrap_err();
    assert_eq!(step.strike, grid().base);
    assert!((step.from as f64 / Q47 - 0.8).abs() < 1e-8 && (step.to as f64 / Q47 - 0.8501).abs() < 1e-8);
    assert!(flat(0.7499).check_step(quarter, (&flat(0.8), quarter), &grid(), most).is_err());
    // The same vol with half of the time left is half of the variance, and no step.
    let half = Svi { a: 0.08, b: 0.0, rho: 0.0, m: 0.0, s: 0.1 }.stored();
    let moved = half.check_step(quarter / 2, (&flat(0.8), quarter), &grid(), most).unwrap();
    assert!(moved as f64 / Q47 < 1e-8, "{moved}");
    // A smile that moves in its wing alone.
    let smile = |b: f64| Svi { a: 0.15, b, rho: 0.0, m: 0.0, s: 0.1 }.stored();
    let step = smile(0.12).check_step(quarter, (&smile(0.02), quarter), &grid(), most).unwrap_err();
    assert!(step.strike < FORWARD && step.to > step.from);
    let moved = smile(0.12).check_step(quarter, (&smile(0.02), quarter), &grid(), u64::MAX).unwrap();
    assert!(moved >= step.to.abs_diff(step.from), "the largest of all strikes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn vols_are_the_formula(slice in raw(), strike in 1_000_000..1_000_000_000_000_u64, seconds in 600..300_000_000_u32) {
        let svi = Svi::of(&slice);
        let k = (strike as f64 / FORWARD as f64).ln();
        let vol = (svi.w(k.clamp(svi.m - 7.0, svi.m + 7.0)) * 31_536_000.0 / f64::from(seconds)).sqrt();
        let said = slice.vol(strike, seconds) as f64 / Q47;
        prop_assert!((said - vol).abs() <= 2e-9 * vol + 1e-12 * (31_536_000.0 / f64::from(seconds)).sqrt(), "{} {}", said, vol);
    }
}
