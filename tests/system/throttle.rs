//! What is traded in one round of the feed is summed, in all and by series, and bounded.

use alloy_sol_types::SolError as _;
use demo::stage::default_profile;
use host::alloy_primitives::{aliases::U80, I256, U256};
use interfaces::vault::IVault::{self, RoundDeltaExceeded, RoundVegaExceeded};

use crate::market::{wide_limits, Market, SPOT};

/// Delta and vega that trades of these legs would add to a round [micro-USD].
fn added(legs: &[(U256, f64)]) -> [I256; 2] {
    let delta = IVault::Limits { roundDelta: 0, ..wide_limits() };
    let vega = IVault::Limits { roundVega: 0, ..wide_limits() };
    let [delta, vega] = [delta, vega].map(|limits| {
        let mut market = Market::limited(default_profile(), limits);
        market.quote(legs).expect_err("nothing may be traded").data()
    });
    let delta = RoundDeltaExceeded::abi_decode(&delta).expect("a delta").delta;
    [delta, RoundVegaExceeded::abi_decode(&vega).expect("a vega").vega]
}

/// The least cap in whole USD above a number, as the limits have it and as errors do.
fn cap(number: I256) -> (u32, U256) {
    let million = U256::from(1_000_000);
    let whole = number.unsigned_abs().div_ceil(million);
    (whole.to(), whole * million)
}

/// Asserts that trades of these legs are refused because they would bring the round's delta to `delta`, to the rounding of each trade.
#[track_caller]
fn exceeds(market: &mut Market, legs: &[(U256, f64)], delta: I256, cap: U256) {
    let failure = market.trade(legs).expect_err("beyond the cap");
    let told = RoundDeltaExceeded::abi_decode(&failure.data()).expect("a delta");
    assert_eq!((told.series, told.cap), (U256::ZERO, cap));
    assert!((told.delta - delta).unsigned_abs() <= U256::from(4), "{} is not {delta}", told.delta);
}

#[test]
fn trades_of_a_round_are_summed_with_their_sign_and_the_next_begins_anew() {
    let market = Market::open();
    let (first, second) = ((market.call(2_800), 4.0), (market.call(3_000), 6.0));
    let [one, two] = [first, second].map(|leg| added(&[leg])[0]);
    assert!(one.is_negative() && two.is_negative(), "{one} {two}");
    let (most, cap) = cap(one + two);
    let limits = IVault::Limits { roundDelta: most, ..wide_limits() };
    let mut market = Market::limited(default_profile(), limits);
    let back = |leg: (U256, f64)| (leg.0, -leg.1);
    // What the vault sells lowers its delta, a round at a time down to the cap.
    for _ in 0..2 {
        market.trade(&[first]).expect("the first");
        market.trade(&[second]).expect("the second, to the cap");
        exceeds(&mut market, &[first], one + two + one, cap);
        market.trade(&[back(first)]).expect("the other way");
        exceeds(&mut market, &[second], two + two, cap);
        market.trade(&[first]).expect("once more");
        market.stage.push_price(SPOT).expect("a round");
    }
    // What it buys raises it.
    market.trade(&[back(first)]).expect("the first");
    market.trade(&[back(second)]).expect("the second, to the cap");
    exceeds(&mut market, &[back(first)], -(one + two + one), cap);
    let round = market.stage.last_round().expect("a round");
    assert!(round >> 64 > U80::ZERO, "the phase is a part of a round's id");
}

#[test]
fn vega_and_each_series_have_sums_of_their_own() {
    let market = Market::open();
    let (call, other) = ((market.call(2_800), 4.0), (market.call(3_000), 4.0));
    let [delta, vega] = added(&[call]);
    let (most_delta, delta_cap) = cap(delta + delta / I256::try_from(2).expect("two"));
    let (most_vega, vega_cap) = cap(vega + vega / I256::try_from(2).expect("two"));
    let limits = IVault::Limits { seriesDelta: most_delta, ..wide_limits() };
    let mut market = Market::limited(default_profile(), limits);
    market.trade(&[call]).expect("a trade");
    let two = I256::try_from(2).expect("two");
    let error = RoundDeltaExceeded { series: call.0, delta: delta * two, cap: delta_cap };
    market.refuses(error, |market| market.trade(&[call]));
    market.trade(&[other]).expect("another series");

    for series in [U256::ZERO, call.0] {
        let limits = match series {
            U256::ZERO => IVault::Limits { roundVega: most_vega, ..wide_limits() },
            _ => IVault::Limits { seriesVega: most_vega, ..wide_limits() },
        };
        let mut market = Market::limited(default_profile(), limits);
        market.trade(&[call]).expect("a trade");
        let error = RoundVegaExceeded { series, vega: vega * two, cap: vega_cap };
        market.refuses(error, |market| market.trade(&[call]));
        market.trade(&[(call.0, -4.0)]).expect("a sale");
        market.trade(&[call]).expect("as much as before it");
    }
}
