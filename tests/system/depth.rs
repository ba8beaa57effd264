//! Depth by strike: the curator weighs an expiry's strips, quotes follow slowly, and nobody is paid for knowing.

use demo::stage::{default_profile, Failure};
use host::alloy_primitives::{FixedBytes, I256, U256};
use interfaces::engine::IRiskEngine::{markCall, RequestInvalid};
use interfaces::lens::ILens;
use interfaces::vault::IVault::{self, Role};

use crate::book_costs::filled;
use crate::costs::Figures;
use crate::market::{events, expiry, legs_of, series, wide_limits, Market, DAY, HOUR, SPOT, START};

const RAMP: u64 = 6 * HOUR;
/// Strips of the 21 strikes from 1,800 to 3,800: up to 2,500, up to 3,300, and the rest.
const EVEN: [u8; 8] = [66, 66, 66, 0, 0, 0, 0, 0];
const NEAR: [u8; 8] = [30, 130, 40, 0, 0, 0, 0, 0];
const NONE: [u8; 8] = [0; 8];

/// A market whose cap on vega, 25,000 USD, lets every change between these weights take six hours at 30 days.
fn capped() -> Market {
    Market::limited(default_profile(), IVault::Limits { maxVega: 25_000, ..wide_limits() })
}

fn set(market: &mut Market, expiry: u64, weights: [u8; 8]) -> Result<(), Failure> {
    let call = IVault::setDepthCall { expiry, weights: FixedBytes(weights) };
    market.stage.vault(market.stage.actors.curator, call).map(|_| ())
}

/// Sets weights and waits until they are in force.
fn settled(market: &mut Market, weights: [u8; 8]) {
    let far = market.expiries[1];
    set(market, far, weights).expect("weights");
    let until = market.now() + RAMP;
    market.move_to(until, SPOT);
}

/// The stored weights of an expiry, by the words that the engine is told.
fn stored(market: &mut Market, expiry: u64) -> Option<book::Ramp> {
    let words = market.stage.ask(IVault::wordsCall {}).expect("words");
    let words: Vec<_> = words.iter().map(|word| word.0).collect();
    let request = book::Request::decode(&words).expect("a request");
    let found = request.stored.into_iter().find(|stored| u64::from(stored.header.expiry) == expiry);
    found.expect("a listed expiry").depth
}

#[test]
fn weights_that_may_not_be_set_are_refused_and_change_nothing() {
    let mut market = capped();
    let (week, far) = (market.expiries[0], market.expiries[1]);
    for caller in [market.trader, market.stage.actors.owner, market.stage.actors.guardian] {
        market.refuses(IVault::NotAuthorised { caller, role: Role::Curator }, |market| {
            let call = IVault::setDepthCall { expiry: far, weights: FixedBytes(EVEN) };
            market.stage.vault(caller, call)
        });
    }
    market.refuses(IVault::ExpiryNotListed { expiry: far + DAY }, |market| set(market, far + DAY, EVEN));
    let over = IVault::WeightsOverBudget { sum: U256::from(201), budget: U256::from(200) };
    market.refuses(over, |market| set(market, far, [67, 67, 67, 0, 0, 0, 0, 0]));
    let over = IVault::WeightsOverBudget { sum: U256::from(2_040), budget: U256::from(200) };
    market.refuses(over, |market| set(market, far, [255; 8]));
    for (strip, weights) in [(0, [0, 100, 100, 0, 0, 0, 0, 0]), (2, [100, 100, 0, 0, 0, 0, 0, 0])] {
        market.refuses(IVault::WeightMissing { strip }, |market| set(market, far, weights));
    }

    set(&mut market, far, EVEN).expect("weights");
    let until = START + RAMP;
    let ramping = || IVault::DepthRamping { until: U256::from(until) };
    for weights in [EVEN, NEAR, NONE] {
        market.refuses(ramping(), |market| set(market, far, weights));
    }
    market.move_to(until - 1, SPOT);
    market.refuses(ramping(), |market| set(market, far, NEAR));
    market.move_to(until, SPOT);
    set(&mut market, far, NEAR).expect("weights after the ramp");

    // Half of the time to the expiry is less than six hours.
    market.move_to(week - 11 * HOUR, SPOT);
    let most = U256::from(11 * HOUR / 2);
    let failure = set(&mut market, week, EVEN).expect_err("a change that takes too long");
    let Some(IVault::IVaultErrors::DepthRampTooLong(error)) = failure.vault_error() else {
        panic!("{failure}")
    };
    assert!(error.most == most && error.span >= U256::from(RAMP), "{error:?}");

    // Without a cap on vega nothing bounds what a change could pay.
    let mut market = Market::open();
    let failure = set(&mut market, far, EVEN).expect_err("a change without a cap");
    let Some(IVault::IVaultErrors::DepthRampTooLong(error)) = failure.vault_error() else {
        panic!("{failure}")
    };
    assert!(error.span > error.most, "{error:?}");
}

#[test]
fn a_change_is_told_in_an_event_and_to_the_engine() {
    let mut market = capped();
    let (curator, far) = (market.stage.actors.curator, market.expiries[1]);
    let call = IVault::setDepthCall { expiry: far, weights: FixedBytes(EVEN) };
    let (_, receipt) = market.receipt(curator, call);
    let told = events::<IVault::DepthSet>(&receipt.logs, market.stage.vault);
    let [IVault::DepthSet { expiry, weights, since, until }] = told[..] else { panic!("{told:?}") };
    assert_eq!((expiry, weights.0, since, until), (far, EVEN, U256::from(START), U256::from(START + RAMP)));
    let ramp = book::Ramp { from: NONE, to: EVEN, since: START as u32, span: RAMP as u32 };
    assert_eq!(stored(&mut market, far), Some(ramp));
    let week = market.expiries[0];
    assert_eq!(stored(&mut market, week), None);

    market.move_to(START + RAMP, SPOT);
    set(&mut market, far, NONE).expect("weights that go");
    let since = market.now() as u32;
    assert_eq!(stored(&mut market, far), Some(book::Ramp { from: EVEN, to: NONE, since, ..ramp }));
    market.move_to(START + 2 * RAMP, SPOT);
    set(&mut market, far, NONE).expect("none, once more");
    assert_eq!(stored(&mut market, far), None);
}

#[test]
fn quotes_are_shallower_where_the_weight_is_low() {
    let mut market = capped();
    let id = |market: &Market, strike| series(market.expiries[1], strike, false);
    let (low, high) = (id(&market, 2_200), id(&market, 2_900));
    let charge = |market: &mut Market, id| market.quote(&[(id, 18.0)]).expect("a quote").riskCharge;
    settled(&mut market, EVEN);
    let even = [charge(&mut market, low), charge(&mut market, high)];
    let base = market.stage.chain.world.snapshot();
    settled(&mut market, NEAR);
    let near = [charge(&mut market, low), charge(&mut market, high)];
    market.stage.chain.world.restore(&base);
    settled(&mut market, NONE);
    let none = [charge(&mut market, low), charge(&mut market, high)];
    assert!(near[0] > even[0] && near[1] < even[1], "{even:?} became {near:?}");
    assert!(none[0] < even[0] && none[1] < near[1], "{none:?} without weights");
}

#[test]
fn the_lens_quotes_what_the_vault_does_while_weights_change() {
    let mut market = capped();
    let (vault, far) = (market.stage.vault, market.expiries[1]);
    market.trade(&[(market.call(2_800), 12.0), (market.call(3_600), 3.0)]).expect("a trade");
    set(&mut market, far, NEAR).expect("weights");
    for hour in [0, 3, 6, 7] {
        market.move_to(START + hour * HOUR, SPOT);
        // The lens fails where its own premium is not the vault's.
        let size = crate::market::wad(1.0);
        let chain = market.stage.look(ILens::chainCall { vault, expiry: far, size }).expect("a chain");
        let told = market.quote(&[(market.call(2_200), 1.0)]).expect("a quote").premium;
        assert_eq!(chain[4].call.ask, told, "hour {hour}");
        assert!(market.greeks().vega < I256::ZERO);
    }
}

#[test]
fn words_with_weights_that_no_vault_stores_are_refused_by_the_engine() {
    let mut market = capped();
    let (engine, far) = (market.stage.engine, market.expiries[1]);
    set(&mut market, far, EVEN).expect("weights");
    let words = market.stage.ask(IVault::wordsCall {}).expect("words");
    market.stage.chain.view(engine, markCall { request: words.clone() }).expect("a mark");
    let is_far = |word: &[u8; 32]| book::Header::unpack(word).expiry == far as u32;
    let at = words.iter().position(|word| is_far(&word.0)).expect("a header") + 2;
    // From the rate on: weights from and to, since, span, nothing.
    for (byte, value) in [(4, 255), (12, 255), (13, 0), (20, 255), (24, 0), (26, 0), (28, 1), (31, 1)] {
        let mut bad = words.clone();
        if bad[at].0[byte] == value {
            continue;
        }
        bad[at].0[byte] = value;
        let error = RequestInvalid { words: U256::from(bad.len()) };
        let failure = market.stage.chain.view(engine, markCall { request: bad }).expect_err("a refusal");
        assert_eq!(failure.data(), alloy_sol_types::SolError::abi_encode(&error), "byte {byte}");
    }
}

#[test]
fn weights_go_with_their_expiry() {
    let mut market = capped();
    let (trader, [week, far]) = (market.trader, market.expiries);
    set(&mut market, week, [20, 100, 80, 0, 0, 0, 0, 0]).expect("weights");
    set(&mut market, far, EVEN).expect("weights");
    let other = stored(&mut market, far);
    assert!(stored(&mut market, week).is_some() && other.is_some());
    market.move_to(week - HOUR, SPOT);
    let round = market.stage.last_round().expect("a round");
    market.move_to(week + HOUR, SPOT);
    let settle = IVault::settleCall { expiry: week, roundId: round };
    market.stage.vault(trader, settle).expect("a settlement");
    assert_eq!(stored(&mut market, far), other, "those of another expiry stay");

    // The same place, another expiry.
    market.list(expiry(28), 1_800.0, 100.0, 21).expect("a listing");
    market.publish();
    assert_eq!(stored(&mut market, expiry(28)), None);
    set(&mut market, expiry(28), EVEN).expect("weights of its own");
    assert_eq!(stored(&mut market, expiry(28)).map(|ramp| (ramp.from, ramp.to)), Some((NONE, EVEN)));
}

/// A trade, the curator's change, and the trade back `hours` later: what the trader has more in the end, and the spreads paid [micro-USD].
fn drill(market: &mut Market, change: Option<[u8; 8]>, legs: &[(U256, f64)], hours: u64) -> (i128, u128) {
    let (trader, start, far) = (market.trader, market.now(), market.expiries[1]);
    let cash = |market: &mut Market| i128::try_from(market.usdc_of(trader)).expect("cash");
    let spread = |market: &mut Market, legs: &[(U256, f64)]| {
        let quote = market.quote(legs).expect("a quote");
        market.trade(legs).expect("a trade");
        u128::try_from(quote.spread).expect("a spread")
    };
    let before = cash(market);
    let mut spreads = spread(market, legs);
    if let Some(weights) = change {
        set(market, far, weights).expect("weights");
    }
    if hours > 0 {
        market.move_to(start + hours * HOUR, SPOT);
    }
    let back: Vec<_> = legs.iter().map(|(id, size)| (*id, -size)).collect();
    spreads += spread(market, &back);
    (cash(market) - before, spreads)
}

#[test]
fn a_trade_round_a_change_of_weights_never_gains() {
    let mut market = capped();
    let trader = market.trader;
    market.trader = market.lp;
    market.trade(&[(market.call(2_800), 18.0), (market.call(2_200), 6.0)]).expect("a trade");
    market.trader = trader;
    // What the trader may sell before the change.
    market.trade(&[(market.call(2_200), 10.0), (market.call(2_900), 15.0)]).expect("a trade");
    let (low, high) = (market.call(2_200), market.call(2_900));
    let base = market.stage.chain.world.snapshot();
    let trades: [&[(U256, f64)]; 4] =
        [&[(low, 18.0)], &[(low, -10.0)], &[(high, -15.0)], &[(low, 9.0), (high, -14.0)]];
    let mut most = 0_i128;
    for (from, to) in [(NONE, NEAR), (NEAR, EVEN), (EVEN, [60, 40, 100, 0, 0, 0, 0, 0]), (NEAR, NONE)] {
        market.stage.chain.world.restore(&base);
        if from != NONE {
            settled(&mut market, from);
        }
        let ready = market.stage.chain.world.snapshot();
        for legs in trades {
            for hours in 0..=7 {
                let (changed, spreads) = drill(&mut market, Some(to), legs, hours);
                market.stage.chain.world.restore(&ready);
                // The same without the change: what time alone does.
                let (still, rest) = drill(&mut market, None, legs, hours);
                market.stage.chain.world.restore(&ready);
                let case = format!("{from:?} to {to:?}, {legs:?}, {hours} h");
                // Net of spreads on both sides, what the change gave; spreads may rise with weights at once.
                let given = (changed + spreads as i128) - (still + rest as i128);
                assert!(hours > 6 || given <= spreads as i128, "{case}: {given} against {spreads}");
                if hours == 0 {
                    assert_eq!(given, 0, "{case}: weights that jump");
                    assert!(changed < 0, "{case}: {changed}");
                }
                most = most.max(given);
            }
        }
    }
    println!("the most that a change gave: {most} micro-USD");
    assert!(most > 0, "no change gave anything: nothing was tested");
}

/// Gas of the first weights of an expiry, and of a trade in a book of 64 strikes whose four expiries all have weights on their way.
pub(crate) fn figures(gas: &mut Figures) {
    let mut market = capped();
    let (curator, expiry) = (market.stage.actors.curator, market.expiries[1]);
    let call = IVault::setDepthCall { expiry, weights: FixedBytes(EVEN) };
    gas.insert("setDepth".into(), market.receipt(curator, call).1.execution_gas.into());

    let expiries = [7, 14, 21, 30].map(crate::market::expiry);
    let limits = IVault::Limits { maxVega: 25_000, ..wide_limits() };
    let mut market = Market::bare(default_profile(), limits);
    market.deposit(1_000_000.0).expect("a deposit");
    let mut market = filled(market, &expiries, 16);
    for (day, weights) in [(0, [100, 100, 0, 0, 0, 0, 0, 0]), (1, [80, 120, 0, 0, 0, 0, 0, 0])] {
        market.move_to(START + day * DAY, SPOT);
        for expiry in expiries {
            set(&mut market, expiry, weights).expect("weights");
        }
    }
    market.move_to(START + DAY + HOUR, SPOT);
    let (trader, legs) = (market.trader, legs_of(&[(series(expiries[1], 2_000, false), 1.0)]));
    let trade = IVault::tradeCall { legs, maxPremium: I256::MAX, receiver: trader, deadline: U256::MAX };
    gas.insert("trade_one_leg_64_depth".into(), market.receipt(trader, trade).1.execution_gas.into());
}
