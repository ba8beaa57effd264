//! Depth by strike in quotes: what weights do, and that no change of them pays a trader.

use std::cell::Cell;

use book::{Header, Mark, Order, Place, Ramp, RampError, Spots, Stored, price};
use inventory::{Caps, Pace, Profile, RAMP, Weights, WeightsError};
use options::{Kind, Published, StrikeGrid};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const DAY: u32 = 86_400;
const WAD: i128 = 1_000_000_000_000_000_000;
/// 2,800 USD.
const SPOT: u64 = 280_000_000_000;
/// A hundredth.
const LOT: u64 = 10_000_000_000_000_000;
const NOW: u32 = 1_700_000_000;
/// [USD]
const MOST_VEGA: u32 = 300_000;

/// The spread for vega stands alone: neither delta nor size pays any.
const PROFILE: Profile = Profile {
    risk_aversion: 4_000_000_000_000,
    vol: 800_000,
    delta_horizon: 3_600,
    gamma_horizon: DAY,
    carry_horizon: 0,
    vega_horizon: DAY,
    vol_of_vol: 50_000,
    hedge_cost: 800,
    deviation: 0,
    vol_step: 5_000,
    fee: 0,
    surface_heartbeat: 3_600,
    max_surface_age: 21_600,
    hedge_fixed_cost: 500_000,
    min_band: 500,
    max_band: 50_000,
};

const PACE: Pace = Pace {
    risk_aversion: PROFILE.risk_aversion,
    vol_of_vol: PROFILE.vol_of_vol,
    vega_horizon: PROFILE.vega_horizon,
    vol_step: PROFILE.vol_step,
    most_vega: MOST_VEGA,
};

/// A call spread over 64 strikes from 1,200 USD, eight to a strip.
fn header(seconds: u32) -> Header {
    let grid = StrikeGrid { base: 1_200_000_000, step: 50_000_000, count: 64 };
    Header { expiry: NOW + seconds, grid, put_lots: 0, put_index_sum: 0 }
}

/// A book, short `lots` at each strike, at about 80 % vol.
fn stored(seconds: u32, lots: &[i32; 64], depth: Option<Ramp>) -> Stored {
    let variance = WAD * 64 / 100 * i128::from(seconds) / 31_536_000;
    let published = Published {
        rate: 0,
        a: variance * 8 / 10,
        b: variance,
        rho: -WAD / 10,
        m: 0,
        s: WAD / 5,
        forward: 2_800 * WAD as u128,
    };
    let (slice, rate) = published.stored(NOW).unwrap();
    let words = lots.chunks(8).map(|eight| {
        let bytes: Vec<u8> = eight.iter().flat_map(|lots| (-lots).to_be_bytes()).collect();
        bytes.try_into().unwrap()
    });
    Stored { index: 0, header: header(seconds), slice: Some(slice), rate, lots: words.collect(), depth }
}

fn order(strike: u8, lots: i32) -> Order {
    Order { place: Place { index: 0, strike }, kind: Kind::Call, lots }
}

/// A premium and whether the caps allow the trade; the book after it.
fn deal(stored: Stored, orders: &[Order]) -> Option<(i128, Stored)> {
    let mut mark = Mark::new([stored].into_iter(), Spots::here(LOT, SPOT).unwrap(), NOW).unwrap();
    let priced = price(&PROFILE, &mut mark, orders, 0).unwrap();
    let vega = u128::from(MOST_VEGA) * 1_000_000;
    let caps = Caps { delta: u128::MAX, gamma: u128::MAX, vega };
    caps.check(&priced.before.exposure(0).unwrap(), &priced.after.exposure(0).unwrap()).ok()?;
    Some((priced.quote.premium, mark.expiries.remove(0).stored))
}

/// Weights that are `to` at all times.
fn still(to: Weights) -> Option<Ramp> {
    Some(Ramp { from: to, to, since: NOW - RAMP, span: RAMP })
}

#[test]
fn weights_that_may_not_come_are_refused_with_the_numbers() {
    let (header, even) = (header(30 * DAY), [25; 8]);
    let change = |before, to, now| Ramp::change(before, &header, to, &PACE, now);
    let over = WeightsError::OverBudget { sum: 201, budget: 200 };
    assert_eq!(change(None, [26, 25, 25, 25, 25, 25, 25, 25], NOW), Err(RampError::Weights(over)));
    let gap = WeightsError::Missing { strip: 3 };
    assert_eq!(change(None, [25, 25, 25, 0, 25, 25, 25, 25], NOW), Err(RampError::Weights(gap)));
    assert_eq!(change(None, [0; 8], NOW), Ok(None));

    let first = change(None, even, NOW).unwrap().unwrap();
    assert_eq!((first.from, first.to, first.since), ([0; 8], even, NOW));
    // k M is 2e-6 x 0.0025 x 3e5 x 2 at 15 days, 3e-3 against a step of 5e-3: eighteen times 0.6 of six hours.
    assert!(first.span.abs_diff(233_280) <= 1, "{first:?}");
    let until = NOW + first.span;
    for to in [[0; 8], even, [20; 8]] {
        assert_eq!(change(Some(first), to, until - 1), Err(RampError::Ramping { until }));
    }
    let gone = change(Some(first), [0; 8], until).unwrap().unwrap();
    assert_eq!((gone.from, gone.to, gone.since), (even, [0; 8], until));
    assert_eq!(change(Some(gone), [0; 8], gone.until()), Ok(None));
    // Ten times as much at a day and a half.
    let late = header.expiry - 3 * DAY;
    let error = RampError::TooLong { span: 2_332_800, most: 3 * DAY / 2 };
    assert_eq!(change(None, even, late).map_err(round), Err(error));
    let past = change(None, even, header.expiry);
    assert!(matches!(past, Err(RampError::TooLong { most: 0, .. })), "{past:?}");
}

/// The span to a minute.
fn round(error: RampError) -> RampError {
    match error {
        RampError::TooLong { span, most } => RampError::TooLong { span: span / 60 * 60, most },
        error => error,
    }
}

#[test]
fn quotes_are_shallower_where_the_weight_is_low_and_there_alone() {
    let (even, tilted): (Weights, Weights) = ([25; 8], [5, 5, 5, 5, 160, 10, 5, 5]);
    let premium = |depth, strike| deal(stored(30 * DAY, &[0; 64], depth), &[order(strike, 2_000)]).unwrap().0;
    for strike in 0..64 {
        let (flat, plain) = (premium(still(even), strike), premium(None, strike));
        let skewed = premium(still(tilted), strike);
        assert!(flat > plain, "{strike}: {flat}, {plain} without weights");
        let (weight, other) = (tilted[usize::from(strike / 8)], 25);
        assert!((skewed < flat) == (weight > other), "{strike}: {skewed} with {weight}, {flat} with {other}");
        assert!(skewed != flat);
    }
}

#[test]
fn a_change_begins_and_ends_without_a_jump() {
    let mut lots = [0; 64];
    lots[30] = 3_000;
    let to = [5, 5, 5, 30, 60, 30, 5, 5];
    let ramp = |elapsed: u32| Some(Ramp { from: [0; 8], to, since: NOW - elapsed, span: 5 * RAMP });
    let premium = |depth| deal(stored(30 * DAY, &lots, depth), &[order(34, 500)]).unwrap().0;
    assert_eq!(premium(ramp(0)), premium(None));
    assert_eq!(premium(ramp(5 * RAMP)), premium(still(to)));
    assert_eq!(premium(ramp(100 * RAMP)), premium(still(to)));
    // In between, a straight line.
    let (first, last) = (premium(ramp(0)), premium(ramp(5 * RAMP)));
    for elapsed in (0..=5 * RAMP).step_by(600) {
        let line = first + (last - first) * i128::from(elapsed) / i128::from(5 * RAMP);
        assert!(premium(ramp(elapsed)).abs_diff(line) <= 3, "{elapsed}");
    }
}

fn weights() -> impl Strategy<Value = Weights> {
    any::<[u8; 8]>().prop_map(|parts| {
        let sum: u32 = parts.iter().map(|part| u32::from(*part) + 1).sum();
        parts.map(|part| 1 + ((u32::from(part) + 1) * 192 / sum) as u8)
    })
}

fn some_or_none() -> impl Strategy<Value = Weights> {
    prop_oneof![4 => weights(), 1 => Just([0; 8])]
}

fn lots() -> impl Strategy<Value = [i32; 64]> {
    prop::collection::vec((0..64_usize, 1..15_000), 0..=10).prop_map(|places| {
        let mut lots = [0; 64];
        for (strike, size) in places {
            lots[strike] += size;
        }
        lots
    })
}

/// Up to eight legs on different strikes: purchases, and sales of what is out.
fn trade(lots: &[i32; 64], wishes: &[(u8, i32)]) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    for (strike, size) in wishes {
        let out = lots[usize::from(*strike)];
        let lots = if out == 0 { size.abs() } else { (*size).max(-out) };
        if orders.iter().all(|order| order.place.strike != *strike) {
            orders.push(order(*strike, lots));
        }
    }
    orders
}

fn begun(ramp: Ramp, since: u32) -> Option<Ramp> {
    Some(Ramp { since, ..ramp })
}

fn back(orders: &[Order]) -> Vec<Order> {
    orders.iter().map(|order| Order { lots: -order.lots, ..*order }).collect()
}

type Wish = (u8, i32);

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    prop::collection::vec((0..64_u8, prop_oneof![1..20_000, -20_000..-1]), 1..=4)
}

/// Lots out, weights before and after, days to the expiry, the trade, how far the ramp is in thousandths, and hours until the trade back.
type Drill = ([i32; 64], Weights, Weights, u32, Vec<Wish>, u32, u32);

/// What a trader pays in all for a trade at some time of the ramp and its reverse later, at a market that stands still; none where the
/// change or a trade is refused. `span` stands in for the ramp's.
fn drill((lots, from, to, days, wishes, at, wait): &Drill, span: Option<u32>) -> Option<i128> {
    let before = (*from != [0; 8]).then_some(Ramp { from: *from, to: *from, since: 0, span: RAMP });
    let left = days * DAY;
    let ramp = Ramp::change(before, &header(left), *to, &PACE, NOW).ok()??;
    let ramp = Ramp { span: span.unwrap_or(ramp.span), ..ramp };
    // The market stands still `elapsed` seconds into the ramp: the ramp is moved, not the market's clock.
    let elapsed = (u64::from(ramp.span) * u64::from(*at) / 1_000) as u32;
    let orders = trade(lots, wishes);
    let waited = elapsed + wait * 3_600;
    let first = if elapsed == 0 { before } else { begun(ramp, NOW - elapsed) };
    // Weights that went are cleared.
    let gone = *to == [0; 8] && waited >= ramp.span;
    let last = if gone { None } else { begun(ramp, NOW - waited) };
    let (paid, after) = deal(stored(left - elapsed, lots, first), &orders)?;
    let (repaid, _) = deal(Stored { depth: last, ..after }, &back(&orders))?;
    Some(paid + repaid)
}

/// A curator changes weights; a trader who knows it trades before or during the change and back up to six hours later: what the change gives
/// is never more than the two spreads.
#[test]
fn nobody_gains_by_a_change_of_weights() {
    let config = Config { cases: 30_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]));
    let drills = (
        lots(),
        some_or_none(),
        some_or_none(),
        2..120_u32,
        wishes(),
        prop_oneof![Just(0), 0..=1_000_u32],
        0..=6_u32,
    );
    let (done, saved) = (Cell::new(0), Cell::new(0));
    let outcome = runner.run(&drills, |one| {
        if let Some(paid) = drill(&one, None) {
            prop_assert!(paid >= 0, "{paid}");
            done.set(done.get() + 1);
            // The same at a ramp that does not wait for the spread.
            let hasty = drill(&one, Some(RAMP));
            saved.set(saved.get() + u32::from(hasty.is_some_and(|paid| paid < 0)));
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    println!("{} drills were done; a ramp of six hours would have paid in {}", done.get(), saved.get());
    assert!(done.get() > 10_000 && saved.get() > 0, "too few trades were done to say anything");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// At one state no round trip gains, whatever the weights and however far a change of them has gone.
    #[test]
    fn no_round_trip_gains_at_one_state(
        lots in lots(), from in some_or_none(), to in some_or_none(), elapsed in 0..=RAMP, days in 1..90_u32,
        wishes in wishes(),
    ) {
        let depth = (from != [0; 8] || to != [0; 8]).then_some(Ramp { from, to, since: NOW - elapsed, span: RAMP });
        let orders = trade(&lots, &wishes);
        let deal = |stored, orders: &[Order]| {
            let mut mark = Mark::new([stored].into_iter(), Spots::here(LOT, SPOT).unwrap(), NOW).unwrap();
            let premium = price(&PROFILE, &mut mark, orders, 0).unwrap().quote.premium;
            (premium, mark.expiries.remove(0).stored)
        };
        let (paid, after) = deal(stored(days * DAY, &lots, depth), &orders);
        // Back leg by leg: splitting does not pay either.
        let (mut sum, mut state) = (paid, after);
        for order in back(&orders) {
            let (premium, next) = deal(state, &[order]);
            (sum, state) = (sum + premium, next);
        }
        prop_assert!(sum > 0, "{}", sum);
    }
}
