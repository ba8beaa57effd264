//! No sequence of trades at one market state gains: whoever ends with what they began with has not more USDC.

use host::alloy_primitives::{I256, U256};
use interfaces::vault::IVault;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::market::{series, Market, DAY, START};

/// Sequences on the WASM.
const SEQUENCES: u32 = 500;
/// A lot is 0.01.
const LOT: i64 = 10_000_000_000_000_000;

/// One leg of a trade before it is known what is held: expiry, strike index, kind, lots.
type Wish = (usize, u64, bool, i64);

fn wish() -> impl Strategy<Value = Wish> {
    (0..2_usize, 0..21_u64, prop::bool::weighted(0.3), prop_oneof![1..=1_800_i64, -1_800..=-1_i64, 1..=5_i64])
}

fn sequences() -> impl Strategy<Value = Vec<Vec<Wish>>> {
    prop::collection::vec(prop::collection::vec(wish(), 1..=3), 1..=5)
}

/// A market with a book of other people's options, some of them hedged.
fn seeded() -> Market {
    let mut market = Market::open();
    let trader = market.trader;
    market.trader = market.lp;
    for (strike, size) in [(2_300, 12.0), (2_800, 18.0), (3_100, 6.0)] {
        market.trade(&[(market.call(strike), size)]).expect("a trade");
    }
    market.trade(&[(market.put(2_200), 4.0)]).expect("a put");
    market.trader = trader;
    market.move_to(START + DAY / 2, 2_815.5);
    market
}

/// Legs that the trader can place: sales no larger than what is held, nothing twice.
fn legs(
    market: &Market,
    wishes: &[Wish],
    held: &mut std::collections::BTreeMap<U256, i64>,
) -> Vec<IVault::Leg> {
    let mut legs: Vec<IVault::Leg> = Vec::new();
    for (expiry, index, put, lots) in wishes {
        let id = series(market.expiries[*expiry], 1_800 + 100 * index, *put);
        let lots = (*lots).max(-held.get(&id).copied().unwrap_or_default());
        if lots != 0 && legs.iter().all(|leg| leg.series != id) {
            legs.push(IVault::Leg {
                series: id,
                size: I256::try_from(i128::from(lots) * i128::from(LOT)).expect("a size"),
            });
        }
    }
    legs
}

fn place(
    market: &mut Market,
    legs: &[IVault::Leg],
    held: &mut std::collections::BTreeMap<U256, i64>,
) -> bool {
    let receiver = market.trader;
    let call =
        IVault::tradeCall { legs: legs.to_vec(), maxPremium: I256::MAX, receiver, deadline: U256::MAX };
    let placed = !legs.is_empty() && market.stage.vault(receiver, call).is_ok();
    if placed {
        for leg in legs {
            let lots = i128::try_from(leg.size).expect("a size") / i128::from(LOT);
            *held.entry(leg.series).or_default() += lots as i64;
        }
    }
    placed
}

#[test]
fn a_round_trip_never_gains() {
    let mut market = seeded();
    let trader = market.trader;
    let (start, base) = (market.usdc_of(trader), market.stage.chain.world.snapshot());
    let mut runner = TestRunner::new_with_rng(
        Config { cases: SEQUENCES, failure_persistence: None, ..Config::default() },
        TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]),
    );
    let (market, placed) = (std::cell::RefCell::new(market), std::cell::Cell::new(0_u32));
    let outcome = runner.run(&sequences(), |sequence| {
        let market = &mut *market.borrow_mut();
        market.stage.chain.world.restore(&base);
        let mut held = std::collections::BTreeMap::new();
        for wishes in &sequence {
            let legs = legs(market, wishes, &mut held);
            placed.set(placed.get() + u32::from(place(market, &legs, &mut held)));
        }
        // Puts first: they lean on the calls for a hedge that is not short.
        let mut rest: Vec<(U256, i64)> = held.clone().into_iter().filter(|(_, lots)| *lots > 0).collect();
        rest.sort_by_key(|(series, _)| !series.bit(0));
        for (series, mut lots) in rest {
            while lots > 0 {
                let part = lots.min(1_800);
                let size = I256::try_from(-i128::from(part) * i128::from(LOT)).expect("a size");
                prop_assert!(
                    place(market, &[IVault::Leg { series, size }], &mut held),
                    "a sale back was refused"
                );
                lots -= part;
            }
        }
        let end = market.usdc_of(trader);
        prop_assert!(end <= start, "{start} became {end}");
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    println!("{SEQUENCES} sequences, {} trades placed", placed.get());
    assert!(placed.get() > SEQUENCES, "too few trades were placed to say anything");
}
