use inventory::{Field, Profile, ProfileError};
use proptest::prelude::*;

use crate::market::{ETH, profile};

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
}
