//! A million closed sequences of trades, each at one state of a market.

use stateful::round_trips::{Market, Trip};
use stateful::snapshot::keep;

/// Markets, and sequences in each.
const MARKETS: u64 = 2_000;
const TRIPS: u64 = 500;

#[test]
fn a_million_round_trips_and_not_one_gains() {
    let workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let share = |worker: u64| {
        let mut trades = 0;
        let mut least = i128::MAX;
        for seed in (0..MARKETS).filter(|seed| seed % workers == worker) {
            let market = Market::new(seed);
            for trip in 0..TRIPS {
                let Trip { paid, trades: of_it } = market.trip(seed * TRIPS + trip);
                assert!(paid >= 0, "market {seed}, trip {trip}: the trader gained {}", -paid);
                least = least.min(paid);
                trades += u64::from(of_it);
            }
        }
        (trades, least)
    };
    let (trades, least) = std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..workers).map(|worker| scope.spawn(move || share(worker))).collect();
        let done = spawned.into_iter().map(|worker| worker.join().expect("a worker"));
        done.fold((0, i128::MAX), |sum, one| (sum.0 + one.0, sum.1.min(one.1)))
    });
    println!("{} round trips, {trades} trades, the cheapest cost {least} micro-USD", MARKETS * TRIPS);
    keep(&[("round_trips", MARKETS * TRIPS)]).expect("the snapshot");
}
