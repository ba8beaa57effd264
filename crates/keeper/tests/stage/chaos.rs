//! A day of moving prices behind endpoints of which each spoils a twentieth of what passes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use keeper::{Endpoints, Fault, Keeper, Now, Report, Skip};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::market::{HOUR, Market, SPOT, START, call, expiry, venues};
use crate::proxy::{FAULTS, Proxy};

const RATE: f64 = 0.05;
const HOURS: u64 = 24;
/// Looks in an hour until the deviation must be inside the band.
const LOOKS: usize = 60;

/// A keeper behind three endpoints, two of which must agree.
async fn spoilt(market: &Market, rate: f64) -> (Vec<Proxy>, Endpoints, Keeper) {
    let mut proxies = Vec::new();
    for seed in 0..3 {
        proxies.push(Proxy::start(market.node.address(), rate, seed).await);
    }
    let urls: Vec<String> = proxies.iter().map(|proxy| proxy.url.clone()).collect();
    let mut config = market.config(&urls);
    (config.timeout, config.max_lag, config.fees.patience) = (0.5, 10, 0.5);
    let keeper = Keeper::new(config.clone(), venues(&config), Some(market.key(0)), crate::market::CHAIN);
    (proxies, Endpoints::new(&config).expect("endpoints"), keeper)
}

/// Looks until a look at the newest block finds nothing due and nothing waiting; counts the reasons on the way.
async fn settle_down(
    market: &Market,
    keeper: &mut Keeper,
    chain: &Endpoints,
    start: Instant,
    reasons: &mut BTreeMap<&'static str, usize>,
) -> bool {
    for _ in 0..LOOKS {
        let report = keeper.look(chain, Now::since(start)).await;
        let skips = report.view.as_ref().err().into_iter();
        let skips = skips.chain(report.outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().err()));
        skips.for_each(|skip| *reasons.entry(skip.code()).or_default() += 1);
        let newest = report.view.as_ref().is_ok_and(|view| view.head.timestamp >= market.now());
        if newest && is_quiet(&report) && !keeper.is_waiting() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

fn is_quiet(report: &Report) -> bool {
    let quiet = |outcome: &Result<_, Skip>| outcome.as_ref().err().is_some_and(Skip::is_quiet);
    report.view.is_ok() && report.outcomes.iter().all(|(_, outcome)| quiet(outcome))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_a_twentieth_of_all_answers_spoilt_ends_inside_the_band() {
    let mut market = Market::open();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (proxies, chain, mut keeper) = spoilt(&market, RATE).await;
    let (start, mut price, mut reasons, mut due) = (Instant::now(), SPOT, BTreeMap::new(), 0);
    for hour in 1..=HOURS {
        // Between two hours a keeper looks often, and sees nothing to do.
        for _ in 0..4 {
            keeper.look(&chain, Now::since(start)).await;
        }
        price *= 1.0 + rng.random_range(-0.02..0.02);
        market.move_to(START + hour * HOUR, price);
        let strike = 2_500 + 100 * rng.random_range(0..6);
        // The vault may refuse a trade for want of cash or solvency: the day goes on without it.
        let _ = market.trade(call(expiry(30), strike), 5.0);
        due += usize::from(market.is_due());
        let settled = settle_down(&market, &mut keeper, &chain, start, &mut reasons).await;
        let left = market.need();
        assert!(settled && left.due.is_zero(), "hour {hour}: {left:?}, {reasons:?}");
    }
    let mut sent: Vec<_> = market.hedges().into_iter().map(|(_, hash, _)| hash).collect();
    sent.dedup();
    println!("{due} hedges due, {} sent, skips {reasons:?}", sent.len());
    assert!(due >= 5, "only {due} hedges were ever due");
    assert_eq!(sent.len(), due, "a hedge was done twice");
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (fault, count) in proxies.iter().flat_map(Proxy::counts) {
        *counts.entry(fault).or_default() += count;
    }
    println!("injected {counts:?}");
    for fault in &FAULTS[..8] {
        assert!(counts.contains_key(fault), "{fault} was never injected: {counts:?}");
    }
    assert!(market.deviation().abs() <= 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_are_dropped_late_or_doubled_hedge_once() {
    let mut market = Market::open();
    market.skew();
    let (proxies, chain, mut keeper) = spoilt(&market, 0.0).await;
    let (start, mut reasons) = (Instant::now(), BTreeMap::new());
    for round in 1..=6 {
        market.move_to(START + round * HOUR, SPOT * if round % 2 == 0 { 0.8 } else { 1.15 });
        market.ripen(HOUR / 2);
        assert!(market.is_due(), "round {round}");
        let before = market.hedges().len();
        // Whatever is sent is lost, held back, doubled or left without an answer; then the network is well again.
        proxies.iter().for_each(|proxy| proxy.spoil_sends(1.0));
        for _ in 0..4 {
            keeper.look(&chain, Now::since(start)).await;
        }
        proxies.iter().for_each(|proxy| proxy.spoil_sends(0.0));
        assert!(settle_down(&market, &mut keeper, &chain, start, &mut reasons).await, "{reasons:?}");
        // Nothing that was held back does anything later.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut after: Vec<_> =
            market.hedges().split_off(before).into_iter().map(|(_, hash, _)| hash).collect();
        after.dedup();
        assert_eq!(after.len(), 1, "round {round}");
        assert!(!market.is_due());
    }
    let counts = proxies.iter().flat_map(Proxy::counts).fold(BTreeMap::new(), |mut sum, (fault, count)| {
        *sum.entry(fault).or_insert(0) += count;
        sum
    });
    println!("injected {counts:?}");
    for fault in &FAULTS[8..] {
        assert!(counts.contains_key(fault), "{fault} was never injected: {counts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_differ_decide_nothing() {
    let market = Market::open();
    market.skew();
    let (good, bad) = (market.node.url(), Proxy::start(market.node.address(), 1.0, 3).await);
    let mut config = market.config(&[good.clone(), bad.url.clone()]);
    (config.timeout, config.quorum) = (0.3, Some(2));
    let chain = Endpoints::new(&config).expect("endpoints");
    let mut keeper = market.keeper(&config, 0);
    for _ in 0..10 {
        let report = keeper.look(&chain, Now::default()).await;
        let decided = report.outcomes.iter().any(|(_, outcome)| outcome.is_ok());
        assert!(!decided, "{report:?}");
    }
    assert!(market.hedges().is_empty());
    // One is enough where the operator says so.
    config.quorum = Some(1);
    let chain = Endpoints::new(&config).expect("endpoints");
    let mut looked = Vec::new();
    for _ in 0..20 {
        looked.push(keeper.look(&chain, Now::default()).await);
        if !market.hedges().is_empty() {
            return;
        }
    }
    panic!("never hedged: {looked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_chain_and_one_that_stands_still_are_left_out() {
    let market = Market::open();
    let other = node::Node::start(node::Config { port: 0, ..Default::default() }).expect("a node");
    let urls = [market.node.url(), other.url(), "http://127.0.0.1:1".to_owned()];
    let mut config = market.config(&urls);
    config.quorum = Some(2);
    let chain = Endpoints::new(&config).expect("endpoints");
    let report = market.keeper(&config, 0).look(&chain, Now::default()).await;
    let Err(Skip::Chain(fault)) = &report.view else { panic!("{report:?}") };
    assert!(matches!(fault, Fault::Quorum { have: 1, want: 2, .. }), "{fault}");
    let health = chain.health();
    assert!(health[0].fault.is_none());
    let wrong = Fault::WrongChain { have: other.chain_id(), want: crate::market::CHAIN };
    assert_eq!(health[1].fault, Some(wrong));
    assert!(matches!(health[2].fault, Some(Fault::Unreachable(_))));

    config.quorum = Some(1);
    config.max_head_age = 60;
    let chain = Endpoints::new(&config).expect("endpoints");
    let unix = market.now() + 90;
    let report = market.keeper(&config, 0).look(&chain, Now { unix, ..Now::default() }).await;
    let Err(Skip::Chain(Fault::StaleHead { age, limit: 60 })) = &report.view else { panic!("{report:?}") };
    assert!(*age >= 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_behind_is_left_out_until_it_has_caught_up() {
    let (market, slow) = (Market::open(), Market::open());
    market.develop("anvil_mine", serde_json::json!(["0x28"]));
    market.skew();
    let mut config = market.config(&[market.node.url(), slow.node.url()]);
    (config.quorum, config.max_lag) = (Some(1), 10);
    let chain = Endpoints::new(&config).expect("endpoints");
    let mut keeper = market.keeper(&config, 0);
    keeper.dry = true;
    let report = keeper.look(&chain, Now::default()).await;
    assert!(crate::hedges::outcome(&report, "hedge").is_ok(), "{report:?}");
    let fault = chain.health()[1].fault.clone();
    assert!(matches!(fault, Some(Fault::Lagging { number: 1, behind }) if behind >= 40), "{fault:?}");
    // It comes to where the other is, but with another history: one says so, the other not, and nothing is done.
    slow.develop("anvil_mine", serde_json::json!(["0x2c"]));
    let report = keeper.look(&chain, Now::default()).await;
    assert!(matches!(&report.view, Err(Skip::Chain(Fault::Disagreement { what: "head", .. }))), "{report:?}");
}
