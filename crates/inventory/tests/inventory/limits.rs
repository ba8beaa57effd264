use inventory::{Blend, Bucket, CapError, Caps, Depth, Exposure, Round, RoundCaps, RoundError};
use proptest::prelude::*;

use crate::market::{amount, books};

const CAPS: Caps = Caps { delta: 100, gamma: 200, vega: 300 };

#[test]
fn a_trade_that_exceeds_a_cap_is_refused_with_the_numbers() {
    let exposure = |delta, gamma| Exposure { delta, gamma, ..Default::default() };
    let flat = Exposure::default();
    assert_eq!(CAPS.check(&flat, &exposure(-100, 200)), Ok(()));
    assert_eq!(CAPS.check(&flat, &exposure(-101, 0)), Err(CapError::Delta { delta: -101, cap: 100 }));
    assert_eq!(CAPS.check(&flat, &exposure(0, 201)), Err(CapError::Gamma { gamma: 201, cap: 200 }));
    let vega = [300, -301].map(|vega| Bucket { seconds: 1, vega, surface_age: 0 });
    let tilted = Exposure { vega: &vega, ..Default::default() };
    assert_eq!(CAPS.check(&flat, &tilted), Err(CapError::Vega { bucket: 1, vega: -301, cap: 300 }));
    assert_eq!(CAPS.check(&tilted, &tilted), Ok(()));
    // Beyond the cap already: nearer to zero is allowed, further is not, nor is the other side.
    assert_eq!(CAPS.check(&exposure(-150, 0), &exposure(-149, 0)), Ok(()));
    assert_eq!(
        CAPS.check(&exposure(-150, 0), &exposure(-151, 0)),
        Err(CapError::Delta { delta: -151, cap: 100 })
    );
    assert_eq!(
        CAPS.check(&exposure(-150, 0), &exposure(149, 0)),
        Err(CapError::Delta { delta: 149, cap: 100 })
    );
    assert!(CAPS.check(&flat, &exposure(i128::MIN, 0)).is_err());
}

#[test]
fn a_strip_of_weighted_depth_has_the_cap_of_its_expiry() {
    let vega = [0, 5].map(|vega| Bucket { seconds: 1, vega, surface_age: 0 });
    let strips = |first, last| {
        [Depth { bucket: 1, vega: [first, 0, 0, 0, 0, 0, 0, last], weights: Blend::still([25; 8]) }]
    };
    let check = |before: &[Depth], after: &[Depth]| {
        let of = |depth| Exposure { vega: &vega, depth, ..Default::default() };
        CAPS.check(&of(before), &of(after))
    };
    assert_eq!(check(&[], &strips(-300, 300)), Ok(()));
    assert_eq!(check(&[], &strips(301, -301)), Err(CapError::Vega { bucket: 1, vega: 301, cap: 300 }));
    assert_eq!(check(&strips(0, -302), &strips(5, -301)), Ok(()));
    assert_eq!(
        check(&strips(0, -302), &strips(5, -303)),
        Err(CapError::Vega { bucket: 1, vega: -303, cap: 300 })
    );
}

#[test]
fn a_round_has_its_caps_and_its_id() {
    let caps = RoundCaps { delta: 100, vega: 200 };
    let round = Round::default().admit(7, (60, -200), &caps).unwrap();
    assert_eq!(round, Round { id: 7, delta: 60, vega: -200 });
    assert_eq!(round.admit(7, (41, 0), &caps), Err(RoundError::Delta { delta: 101, cap: 100 }));
    assert_eq!(round.admit(7, (0, -1), &caps), Err(RoundError::Vega { vega: -201, cap: 200 }));
    assert_eq!(round.admit(8, (100, 200), &caps), Ok(Round { id: 8, delta: 100, vega: 200 }));
    assert_eq!(round.admit(7, (-160, 400), &caps), Ok(Round { id: 7, delta: -100, vega: 200 }));
    assert!(round.admit(7, (i128::MAX, 0), &caps).is_err());
    // Where caps were tightened below what was traded, trades back are allowed.
    let tight = RoundCaps { delta: 10, vega: 10 };
    assert_eq!(round.admit(7, (-20, 100), &tight), Ok(Round { id: 7, delta: 40, vega: -100 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn a_cap_only_ever_stops_a_book_from_growing([before, after] in books(), delta: u64, gamma: u64, vega: u64) {
        let caps = Caps { delta: delta.into(), gamma: gamma.into(), vega: vega.into() };
        let grown = |a: i128, b: i128, cap: u64| b.unsigned_abs() > u128::from(cap) && (b.unsigned_abs() > a.unsigned_abs() || (a < 0) != (b < 0));
        let vegas = before.vega.iter().zip(&after.vega);
        let stopped = grown(before.delta, after.delta, delta)
            || grown(before.gamma, after.gamma, gamma)
            || vegas.clone().any(|(a, b)| grown(a.vega, b.vega, vega))
            || before.depth.iter().zip(&after.depth).any(|(a, b)| a.vega.into_iter().zip(b.vega).any(|(a, b)| grown(a.into(), b.into(), vega)));
        prop_assert_eq!(caps.check(&before.exposure(), &after.exposure()).is_err(), stopped);
    }

    /// Whatever is traded in a round, its net delta and vega are within the caps.
    #[test]
    fn a_round_never_exceeds_its_caps(trades in proptest::collection::vec((amount(), amount()), 1..20), delta: u64, vega: u64) {
        let caps = RoundCaps { delta: u128::from(delta >> 8), vega: u128::from(vega >> 8) };
        let mut round = Round::default();
        for trade in trades {
            if let Ok(next) = round.admit(1, trade, &caps) {
                round = next;
            }
            prop_assert!(round.delta.unsigned_abs() <= caps.delta && round.vega.unsigned_abs() <= caps.vega);
        }
    }
}
