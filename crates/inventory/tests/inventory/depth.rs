//! Depth by strike within J.

use inventory::{
    Blend, Bucket, Coefficients, Depth, Exposure, Pace, Profile, RAMP, STRIPS, Weights, WeightsError,
    check_weights, risk, spread_floor,
};
use proptest::prelude::*;

use crate::market::{Book, DAY, ETH, USD, blend, book, books, profile, weights};

/// One in the fixed point of a blend's part.
const PART: u64 = 1 << 32;
const NONE: Weights = [0; STRIPS];

fn charge(depth: &[Depth], vega: i128) -> Option<u128> {
    let bucket = [Bucket { seconds: 30 * DAY, vega, surface_age: 0 }];
    risk(&ETH, &Exposure { vega: &bucket, depth, ..Default::default() })
}

fn blended(vega: [i64; STRIPS], weights: Blend) -> Option<u128> {
    let sum = vega.iter().map(|vega| i128::from(*vega)).sum();
    charge(&[Depth { bucket: 0, vega, weights }], sum)
}

fn strips(vega: [i64; STRIPS], weights: Weights) -> Option<u128> {
    blended(vega, Blend::still(weights))
}

fn usd(amount: i64) -> i64 {
    amount * 1_000_000
}

#[test]
fn weights_over_the_budget_or_missing_are_refused() {
    let even = [25; STRIPS];
    assert_eq!(check_weights(&even, STRIPS), Ok(()));
    assert_eq!(check_weights(&NONE, STRIPS), Ok(()));
    let over = [26, 25, 25, 25, 25, 25, 25, 25];
    assert_eq!(check_weights(&over, 1), Err(WeightsError::OverBudget { sum: 201, budget: 200 }));
    assert_eq!(
        check_weights(&[u8::MAX; STRIPS], 8),
        Err(WeightsError::OverBudget { sum: 8 * 255, budget: 200 }),
    );
    let gap = [100, 0, 100, 0, 0, 0, 0, 0];
    assert_eq!(check_weights(&gap, 3), Err(WeightsError::Missing { strip: 1 }));
    assert_eq!(check_weights(&gap, 1), Ok(()));
    assert_eq!(strips([1; STRIPS], over), None);
    assert_eq!(strips([0, 1, 0, 0, 0, 0, 0, 0], gap), None);
    assert!(strips([5, 0, 7, 0, 0, 0, 0, 0], gap).is_some());
    assert_eq!(blended([1; STRIPS], Blend { from: even, to: even, part: PART + 1 }), None);
}

#[test]
fn vega_in_a_strip_is_charged_by_its_weight() {
    // (4e-7 / 2) 0.05^2 V^2 of two million is 2,000 USD; a strip with a quarter of the depth is charged four times that.
    let quarter = [50, 150, 0, 0, 0, 0, 0, 0];
    let own = strips([usd(2_000_000), 0, 0, 0, 0, 0, 0, 0], quarter).unwrap();
    assert!(own.abs_diff(8_000_000_000) <= 2, "{own}");
    let split = strips([usd(500_000), usd(1_500_000), 0, 0, 0, 0, 0, 0], quarter).unwrap();
    assert!(split.abs_diff(2_000_000_000) <= 2, "{split}");
    // Opposite vega in two strips has no net vega, and is charged for each.
    let spread = strips([usd(2_000_000), usd(-2_000_000), 0, 0, 0, 0, 0, 0], quarter).unwrap();
    assert!(spread.abs_diff(8_000_000_000 + 2_666_666_667) <= 3, "{spread}");
    // Half of the budget unused: twice the charge.
    let half = strips([usd(2_000_000), 0, 0, 0, 0, 0, 0, 0], [100, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert!(half.abs_diff(4_000_000_000) <= 2, "{half}");
    let whole = strips([usd(2_000_000), 0, 0, 0, 0, 0, 0, 0], [200, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert!(whole.abs_diff(2_000_000_000) <= 2, "{whole}");
}

#[test]
fn a_change_moves_the_charge_in_a_straight_line() {
    // 2,000 USD without weights, 8,000 with a quarter of the depth, 4,000 with a half.
    let vega = [usd(2_000_000), 0, 0, 0, 0, 0, 0, 0];
    let (quarter, half) = ([50, 150, 0, 0, 0, 0, 0, 0], [100, 100, 0, 0, 0, 0, 0, 0]);
    for (from, to, elapsed, expected) in [
        (NONE, quarter, 0, 2_000),
        (NONE, quarter, 5_400, 3_500),
        (NONE, quarter, 21_600, 8_000),
        (NONE, quarter, u32::MAX, 8_000),
        (quarter, half, 10_800, 6_000),
        (half, NONE, 10_800, 3_000),
        (half, NONE, 21_600, 2_000),
    ] {
        let charge = blended(vega, Blend::ramp(from, to, elapsed, RAMP)).unwrap();
        assert!(charge.abs_diff(expected * 1_000_000) <= 3, "{elapsed}: {charge}, not {expected}");
    }
}

#[test]
fn vega_moved_between_strips_pays_the_spread_for_both() {
    let bucket = [Bucket { seconds: 30 * DAY, vega: 0, surface_age: 0 }];
    let depth =
        [Depth { bucket: 0, vega: [usd(30_000), usd(-30_000), 0, 0, 0, 0, 0, 0], weights: Blend::default() }];
    let floor = |depth| spread_floor(&ETH, &Exposure { vega: &bucket, depth, ..Default::default() }, 0);
    assert_eq!(floor(&[]), Some(0));
    // 60,000 of vega times a step of 0.01.
    assert_eq!(floor(&depth), Some(600_000_000));
}

const PACE: Pace = Pace {
    risk_aversion: ETH.risk_aversion,
    vol_of_vol: ETH.vol_of_vol,
    vega_horizon: ETH.vega_horizon,
    vol_step: ETH.vol_step,
    most_vega: 2_000_000,
};

#[test]
fn a_change_takes_as_long_as_the_spread_asks_for() {
    let even = [25; STRIPS];
    // k M is (4e-7 / 2) 0.05^2 2e6 = 1e-3 at 30 days, which stand in the middle of 60: a tenth of a step of 0.01 for each unit of 1 / w.
    let one = PACE.span(60 * DAY, &even, &[24; STRIPS]);
    assert_eq!(one, (u128::from(RAMP), 30 * DAY));
    // Twice 8 + 1, which half of the spreads stands against: 18 tenths of six hours.
    let (span, _) = PACE.span(60 * DAY, &NONE, &even);
    assert!(span.abs_diff(21_600 * 18 / 10) <= 1, "{span}");
    let (span, _) = PACE.span(60 * DAY, &even, &[5, 25, 25, 25, 25, 25, 25, 25]);
    // From 8 to 40: 32 tenths of six hours.
    assert!(span.abs_diff(21_600 * 32 / 10) <= 1, "{span}");
    let (back, _) = PACE.span(60 * DAY, &[5, 25, 25, 25, 25, 25, 25, 25], &even);
    assert_eq!(back, span);
    // At a day, thirty times as long; nearer than that, no longer.
    let (near, most) = PACE.span(2 * DAY, &NONE, &even);
    assert!(near.abs_diff(21_600 * 54) <= 1 && most == DAY, "{near}");
    assert_eq!(PACE.span(DAY, &NONE, &even), (near, DAY / 2));
    // No spread, no change.
    assert_eq!(Pace { vol_step: 0, ..PACE }.span(60 * DAY, &NONE, &even).0, u128::MAX);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn weights_never_lower_the_charge(profile in profile(), book in book()) {
        let plain = Book { depth: Vec::new(), ..book.clone() };
        let charge = |book: &Book, profile: &Profile| risk(profile, &book.exposure()).unwrap();
        prop_assert!(charge(&book, &profile) >= charge(&plain, &profile));
    }

    #[test]
    fn vega_spread_as_the_weights_is_charged_as_without_them(weights in weights(), scale in 1..1_000_i64) {
        // The weights are made a whole by what is left over going to the first strip.
        let mut weights = weights;
        weights[0] += 200 - weights.iter().sum::<u8>();
        let vega = weights.map(|weight| i64::from(weight) * scale * 5_000_000);
        let sum: i128 = vega.iter().map(|vega| i128::from(*vega)).sum();
        let (with, without) = (strips(vega, weights).unwrap(), charge(&[], sum).unwrap());
        prop_assert!(with.abs_diff(without) <= 1, "{} {}", with, without);
        prop_assert!(sum >= USD);
    }

    /// What a change makes of a trade and its reverse, in any six hours of it, is no more than the spreads of the two.
    #[test]
    fn no_change_pays_for_a_trade_and_its_reverse(
        profile in profile(), [before, after] in books::<2>(), [from, to] in [blend(), blend()], left in 43_200..1_095 * DAY, most_vega in 1..1_000_000_u32,
        [first, wait, at] in proptest::array::uniform3(0..=1_000_u64),
    ) {
        let (from, to) = (from.from, to.to);
        // The greatest cap that leaves the change the time that it needs.
        let pace = |most_vega| Pace {
            risk_aversion: profile.risk_aversion, vol_of_vol: profile.vol_of_vol, vega_horizon: profile.vega_horizon, vol_step: profile.vol_step, most_vega,
        };
        let fits = |most_vega: &u32| { let (span, most) = pace(*most_vega).span(left, &from, &to); span <= most.into() };
        let Some(most_vega) = (0..20).map(|halved| most_vega >> halved).find(|most_vega| *most_vega > 0 && fits(most_vega)) else { return Ok(()) };
        let (span, _) = pace(most_vega).span(left, &from, &to);
        // Within the cap, strip by strip and in sum.
        let cap = i128::from(most_vega) * USD;
        let total = |vega: &[i64; STRIPS]| vega.iter().map(|vega| i128::from(*vega)).sum::<i128>();
        let within = |book: &Book| {
            let vega = book.depth.first().map_or([0; STRIPS], |depth| depth.vega).map(|vega| (i128::from(vega) % cap) as i64);
            if total(&vega).abs() <= cap { vega } else { vega.map(|vega| vega / 8) }
        };
        let (before, after) = (within(&before), within(&after));

        // The market stands still at some time of the ramp while the weights go on for up to six hours.
        let seconds = left - (span as u64 * at / 1_000) as u32;
        let elapsed = (span as u64 * first / 1_000) as u32;
        let later = elapsed + (u64::from(RAMP) * wait / 1_000) as u32;
        let coefficients = Coefficients::new(&profile);
        let charge = |vega: [i64; STRIPS], elapsed: u32| {
            let bucket = [Bucket { seconds, vega: total(&vega), surface_age: 0 }];
            let depth = [Depth { bucket: 0, vega, weights: Blend::ramp(from, to, elapsed, span as u32) }];
            coefficients.risk(&Exposure { vega: &bucket, depth: &depth, ..Default::default() }).unwrap() as i128
        };
        let change = |sign: i64| std::array::from_fn::<_, STRIPS, _>(|strip| sign * (after[strip] - before[strip]));
        let spread = |vega: [i64; STRIPS], weighted: bool| {
            let bucket = [Bucket { seconds, vega: total(&vega), surface_age: 0 }];
            let depth = [Depth { bucket: 0, vega, weights: Blend::default() }];
            let depth = if weighted { &depth[..] } else { &[] };
            spread_floor(&profile, &Exposure { vega: &bucket, depth, ..Default::default() }, 0).unwrap() as i128
        };
        // Before weights came, and once they went, vega pays by the expiry.
        let (came, went) = (from == NONE && elapsed == 0, to == NONE && later >= span as u32);
        let bought = charge(after, elapsed) - charge(before, elapsed) + spread(change(1), !came);
        let sold = charge(before, later) - charge(after, later) + spread(change(-1), !went || came);
        // Four charges, each a whole number of micro-dollars below the exact one, and truncated at the 58th binary place.
        let slack = 2 + (charge(before, later).max(charge(after, elapsed)) >> 56);
        prop_assert!(bought + sold >= -slack, "{} {}", bought, sold);
        if elapsed == later {
            prop_assert!(bought + sold >= 0);
        }
    }
}
