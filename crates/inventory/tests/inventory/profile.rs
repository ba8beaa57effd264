use inventory::{Bucket, Coefficients, Exposure, Field, Profile, ProfileError, Trade, quote};
use proptest::prelude::*;

use crate::market::{Book, DAY, ETH, USD, profile};

#[test]
fn a_field_out_of_its_bounds_is_named_with_its_bounds() {
    let error = |field, value, least, most| Err(ProfileError { field, value, least, most });
    let month = 2_592_000;
    let cases = [
        (Profile { risk_aversion: 0, ..ETH }, error(Field::RiskAversion, 0, 1, 10_000_000_000_000_000)),
        (Profile { vol: 5_000_001, ..ETH }, error(Field::Vol, 5_000_001, 1, 5_000_000)),
        (Profile { delta_horizon: 0, ..ETH }, error(Field::DeltaHorizon, 0, 1, month)),
        (Profile { gamma_horizon: 2_592_001, ..ETH }, error(Field::GammaHorizon, month + 1, 0, month)),
        (Profile { carry_horizon: 2_592_001, ..ETH }, error(Field::CarryHorizon, month + 1, 0, month)),
        (Profile { vega_horizon: 2_592_001, ..ETH }, error(Field::VegaHorizon, month + 1, 0, month)),
        (Profile { vol_of_vol: 1_000_001, ..ETH }, error(Field::VolOfVol, 1_000_001, 0, 1_000_000)),
        (Profile { hedge_cost: 100_001, ..ETH }, error(Field::HedgeCost, 100_001, 0, 100_000)),
        (Profile { deviation: 100_001, ..ETH }, error(Field::Deviation, 100_001, 0, 100_000)),
        (Profile { vol_step: 200_001, ..ETH }, error(Field::VolStep, 200_001, 0, 200_000)),
        (Profile { fee: 100_001, ..ETH }, error(Field::Fee, 100_001, 0, 100_000)),
        (Profile { surface_heartbeat: 0, ..ETH }, error(Field::SurfaceHeartbeat, 0, 1, 86_400)),
        (Profile { max_surface_age: 3_600, ..ETH }, error(Field::MaxSurfaceAge, 3_600, 3_601, 604_800)),
        (Profile { max_band: 0, ..ETH }, error(Field::MaxBand, 0, 1, u32::MAX.into())),
        (Profile { min_band: 500_001, ..ETH }, error(Field::MinBand, 500_001, 0, 500_000)),
    ];
    for (profile, expected) in cases {
        assert_eq!(profile.check(), expected);
    }
    assert_eq!(ETH.check(), Ok(()));
}

#[test]
fn a_field_at_its_bounds_is_admitted() {
    for profile in [
        Profile { risk_aversion: 1, vol: 1, delta_horizon: 1, gamma_horizon: 0, carry_horizon: 0, ..ETH },
        Profile { risk_aversion: 10_000_000_000_000_000, vol: 5_000_000, delta_horizon: 2_592_000, ..ETH },
        Profile { gamma_horizon: 2_592_000, carry_horizon: 2_592_000, vega_horizon: 2_592_000, ..ETH },
        Profile { vega_horizon: 0, vol_of_vol: 0, hedge_cost: 0, deviation: 0, vol_step: 0, fee: 0, ..ETH },
        Profile { vol_of_vol: 1_000_000, hedge_cost: 100_000, deviation: 100_000, ..ETH },
        Profile { vol_step: 200_000, fee: 100_000, max_surface_age: 604_800, ..ETH },
        Profile { surface_heartbeat: 1, max_surface_age: 2, min_band: 0, ..ETH },
        Profile { surface_heartbeat: 86_400, max_surface_age: 86_401, min_band: ETH.max_band, ..ETH },
        Profile { max_band: 1, min_band: 1, ..ETH },
        Profile { max_band: u32::MAX, ..ETH },
    ] {
        assert_eq!(profile.check(), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn a_change_moves_in_a_straight_line_and_stays_within_bounds(
        from in profile(), to in profile(), elapsed in 0..30_000_u32, span in 1..30_000_u32,
    ) {
        let now = from.ramped(&to, elapsed, span);
        let part = (f64::from(elapsed) / f64::from(span)).min(1.0);
        for (a, b, c) in [
            (from.risk_aversion, to.risk_aversion, now.risk_aversion),
            (from.vol.into(), to.vol.into(), now.vol.into()),
            (from.carry_horizon.into(), to.carry_horizon.into(), now.carry_horizon.into()),
            (from.max_band.into(), to.max_band.into(), now.max_band.into()),
        ] {
            let line = a as f64 + (b as f64 - a as f64) * part;
            prop_assert!((c as f64 - line).abs() <= 1.0 + a.max(b) as f64 * 1e-15 && a.min(b) <= c && c <= a.max(b));
        }
        prop_assert!(now.min_band <= now.max_band && now.max_surface_age == to.max_surface_age);
        if from.check().is_ok() && to.check().is_ok() {
            prop_assert_eq!(now.check(), Ok(()));
        }
        prop_assert_eq!(from.ramped(&to, 0, span), Profile {
            deviation: to.deviation, vol_step: to.vol_step, fee: to.fee,
            surface_heartbeat: to.surface_heartbeat, max_surface_age: to.max_surface_age,
            hedge_fixed_cost: to.hedge_fixed_cost, ..from
        });
    }

    /// Trade, change, reverse: with every parameter of J up to double or half, who trades as the change begins and closes within five minutes
    /// of it has lost.
    #[test]
    fn nobody_gains_by_trading_round_a_change(
        factors in proptest::array::uniform8(500..2_000_u64), wait in 0..300_u32, days in 1..400_u32,
        held in [-5_000_000..5_000_000_i128, -30_000_000..30_000_000_i128, -5_000_000..5_000_000_i128],
        traded in [-5_000_000..5_000_000_i128, -30_000_000..30_000_000_i128, -5_000_000..5_000_000_i128],
    ) {
        let by = |value: u32, place: usize| (u64::from(value) * factors[place] / 1_000) as u32;
        let next = Profile {
            risk_aversion: ETH.risk_aversion / 1_000 * factors[0],
            vol: by(ETH.vol, 1), delta_horizon: by(ETH.delta_horizon, 2), gamma_horizon: by(ETH.gamma_horizon, 3),
            carry_horizon: by(ETH.carry_horizon, 4), vega_horizon: by(ETH.vega_horizon, 5),
            vol_of_vol: by(ETH.vol_of_vol, 6), hedge_cost: by(ETH.hedge_cost, 7),
            ..ETH
        };
        let book = |[delta, gamma, vega]: [i128; 3]| Book {
            delta: delta * USD,
            gamma: gamma * USD,
            vega: vec![Bucket { seconds: days * DAY, vega: vega * USD, surface_age: 0 }],
            depth: Vec::new(),
        };
        let (before, net) = (book(held), book(traded));
        let after = before.combine(&net, |a, b| a + b);
        let premium = |profile: &Profile, before: Exposure, after: Exposure, net: Exposure| {
            let trade = Trade { before, after, net, bound: i128::MIN, ..Default::default() };
            quote(profile, &Coefficients::new(profile), &trade).unwrap().premium
        };
        let paid = premium(&ETH, before.exposure(), after.exposure(), net.exposure());
        let later = ETH.ramped(&next, wait, 21_600);
        let back = premium(&later, after.exposure(), before.exposure(), net.map(|x| -x).exposure());
        prop_assert!(paid + back > 0, "{} {}", paid, back);
    }
}
