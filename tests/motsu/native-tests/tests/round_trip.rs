//! No sequence of trades at one market state gains: whoever ends with what they began with has not more USDC.

use std::collections::BTreeMap;

use alloy_primitives::{I256, U256};
use bridge::mocks::IMockToken;
use interfaces::vault::IVault;
use native_tests::{HOUR, Market, START, series, usdc};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Markets, each at its own price with its own book. motsu copies all logs in every call, so none lives for long.
const MARKETS: u64 = 200;
/// Sequences in a market, each from the state that the last one left.
const SEQUENCES: u64 = 50;
/// Most trades of a sequence before all is sold back.
const TRADES: usize = 5;
/// Most lots of a leg.
const MAX_LOTS: i64 = 1_800;
/// A lot is 0.01.
const LOT: i64 = 10_000_000_000_000_000;

/// Lots held by series.
type Held = BTreeMap<U256, i64>;

fn leg(series: U256, lots: i64) -> IVault::Leg {
    IVault::Leg { series, size: I256::try_from(i128::from(lots) * i128::from(LOT)).expect("a size") }
}

/// Large and small purchases, and sales of no more than is held; no series twice.
fn legs(market: &Market, held: &Held, rng: &mut ChaCha8Rng) -> Vec<IVault::Leg> {
    let mut legs: Vec<IVault::Leg> = Vec::new();
    for _ in 0..rng.random_range(1..=3) {
        let expiry = market.expiries[rng.random_range(0..2)];
        let id = series(expiry, 1_800 + 100 * rng.random_range(0..21), rng.random_bool(0.3));
        let wish = match rng.random_range(0..3) {
            0 => rng.random_range(1..=MAX_LOTS),
            1 => -rng.random_range(1..=MAX_LOTS),
            _ => rng.random_range(1..=5),
        };
        let lots = wish.max(-held.get(&id).copied().unwrap_or_default());
        if lots != 0 && legs.iter().all(|leg| leg.series != id) {
            legs.push(leg(id, lots));
        }
    }
    legs
}

/// Whether the trade was accepted.
fn place(market: &mut Market, legs: Vec<IVault::Leg>, held: &mut Held) -> bool {
    if legs.is_empty() || market.send(market.trader, market.trade_call(legs.clone())).is_err() {
        return false;
    }
    for leg in legs {
        *held.entry(leg.series).or_default() +=
            i64::try_from(leg.size / I256::try_from(LOT).expect("a lot")).expect("lots");
    }
    true
}

/// Sells all that is held: puts first, which lean on the calls for a hedge that is not short.
fn sell_back(market: &mut Market, held: &mut Held) {
    let mut rest: Vec<(U256, i64)> = held.iter().map(|(series, lots)| (*series, *lots)).collect();
    rest.sort_by_key(|(series, _)| !series.bit(0));
    for (series, mut lots) in rest {
        while lots > 0 {
            let part = lots.min(MAX_LOTS);
            assert!(place(market, vec![leg(series, -part)], held), "a sale back was refused");
            lots -= part;
        }
    }
}

/// A market at some price, hedged, with a book of other people's options.
fn stirred(rng: &mut ChaCha8Rng) -> Market {
    let mut market = Market::open();
    let mint = IMockToken::mintCall { to: market.trader, value: usdc(1e9) };
    market.chain.send(market.trader, market.usdc, mint).expect("USDC");
    let trader = std::mem::replace(&mut market.trader, market.lp);
    for _ in 0..rng.random_range(1..=5) {
        let call = market.call(2_300 + 100 * rng.random_range(0..10));
        market.trade(&[(call, rng.random_range(1..=18).into())]).expect("a trade of other people");
    }
    market.trader = trader;
    market.move_to(START + rng.random_range(1..144) * HOUR, rng.random_range(2_300.0..3_300.0));
    let due = market.need().due;
    if !due.is_zero() {
        market.rebalance(market.venue, due).expect("a hedge");
    }
    market
}

/// One sequence and the sales back; how many trades were accepted before these.
fn round_trip(market: &mut Market, rng: &mut ChaCha8Rng) -> u64 {
    let (start, mut held, mut placed) = (market.cash(market.trader), Held::new(), 0);
    for _ in 0..rng.random_range(1..=TRADES) {
        let legs = legs(market, &held, rng);
        placed += u64::from(place(market, legs, &mut held));
    }
    sell_back(market, &mut held);
    let end = market.cash(market.trader);
    assert!(end <= start, "{start} became {end}");
    placed
}

#[test]
fn a_round_trip_never_gains() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut placed = 0;
    for _ in 0..MARKETS {
        let mut market = stirred(&mut rng);
        placed += (0..SEQUENCES).map(|_| round_trip(&mut market, &mut rng)).sum::<u64>();
    }
    let sequences = MARKETS * SEQUENCES;
    println!("{sequences} sequences, {placed} trades placed before the sales back");
    assert!(placed > sequences, "too few trades were placed to say anything");
}
