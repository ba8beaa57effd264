//! Fault drills of the keeper on its own side: the chain goes back (C11), nodes flap (C12), its clock jumps and its disk is full (C18).

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keeper::{Endpoints, Fault, Keeper, Now, Skip};
use serde_json::json;

use crate::drills::look;
use crate::hedges::outcome;
use crate::market::{CHAIN, DAY, Market, SPOT, venues};
use crate::proxy::Proxy;
use crate::restart;

#[tokio::test(flavor = "multi_thread")]
async fn c11_a_hedge_that_a_reorganisation_took_away_is_done_again_once() {
    let market = Market::open();
    market.skew();
    let (_, chain, mut keeper) = market.own();
    let before = market.develop("evm_snapshot", json!([]));
    assert!(outcome(&look(&mut keeper, &chain).await, "hedge").is_ok());
    assert!(!market.is_due());
    // It is known to have landed, or still thought to be under way: both ways the chain goes back behind it.
    market.develop("evm_revert", json!([before]));
    assert!(market.is_due() && market.hedges().is_empty());
    let start = Instant::now();
    while market.is_due() {
        keeper.look(&chain, Now::since(start)).await;
        assert!(start.elapsed() < Duration::from_secs(20), "never again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut hashes: Vec<_> = market.hedges().into_iter().map(|(_, hash, _)| hash).collect();
    hashes.dedup();
    assert_eq!((hashes.len(), market.sent()), (1, 1));

    let before = market.develop("evm_snapshot", json!([]));
    market.push_price(SPOT * 1.1);
    look(&mut keeper, &chain).await;
    market.develop("evm_revert", json!([before]));
    // What it books is what the chain says now: nothing is due, and it knows.
    let report = look(&mut keeper, &chain).await;
    assert!(report.view.is_ok() && market.sent() == 1, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_an_endpoint_that_flaps_is_asked_less_and_less_and_decides_nothing() {
    let market = Market::open();
    market.skew();
    let good = [market.node.url(), market.node.url()];
    let flapping = Proxy::start(market.node.address(), 1.0, 5).await;
    let mut config = market.config(&[good[0].clone(), good[1].clone(), flapping.url.clone()]);
    (config.timeout, config.quorum, config.poll) = (0.6, Some(2), 0.05);
    let chain = Endpoints::new(&config).expect("endpoints");
    let mut keeper = market.keeper(&config, 0);
    keeper.dry = true;
    let (start, mut looks, mut decided, mut asked) = (Instant::now(), 0_u32, 0_u32, Vec::new());
    while start.elapsed() < Duration::from_secs(6) {
        let report = keeper.look(&chain, Now::since(start)).await;
        decided += u32::from(report.view.is_ok() && outcome(&report, "hedge").is_ok());
        looks += 1;
        asked.push(flapping.counts().values().sum::<u64>());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(decided * 10 >= looks * 8, "the other two decide: {decided} of {looks}");
    let total = *asked.last().expect("looks");
    // Each look asks a good one at least for its chain and its head.
    assert!(looks >= 5 && total < 2 * u64::from(looks), "{total} requests in {looks} looks");
    let half = asked[asked.len() / 2];
    assert!(total - half <= half, "it rests longer each time: {half} then {}", total - half);
    assert!(chain.health()[2].fault.is_some());
}

/// An endpoint that answers everything alike, and how often it was asked.
async fn monotonous(status: u16, body: &'static str) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let answer = move || {
        count.fetch_add(1, Ordering::Relaxed);
        async move { (axum::http::StatusCode::from_u16(status).expect("a status"), body) }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    (url, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_an_endpoint_that_is_too_busy_or_broken_or_cut_short_is_told_by_its_fault_and_rests() {
    const LOOKS: usize = 8;
    let market = Market::open();
    market.skew();
    let refused = |status: u16| Fault::Unreachable(format!("HTTP status {status}"));
    let faults = [
        (429, "slow down", Some(refused(429))),
        (500, "", Some(refused(500))),
        (502, "<html>bad gateway</html>", Some(refused(502))),
        (503, "{\"jsonrpc\":\"2.0\",\"id\":0}", Some(refused(503))),
        (200, "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":\"0x", None),
        (200, "<html>not what you asked for</html>", None),
        (200, "", None),
    ];
    for (status, body, fault) in faults {
        let (url, asked) = monotonous(status, body).await;
        let good = market.node.url();
        // Two paths of one node stand for two nodes.
        let mut config = market.config(&[good.clone(), good, url.clone()]);
        (config.quorum, config.poll) = (Some(2), 0.2);
        let chain = Endpoints::new(&config).expect("endpoints");
        let mut keeper = market.keeper(&config, 0);
        keeper.dry = true;
        for _ in 0..LOOKS {
            let report = keeper.look(&chain, Now::default()).await;
            assert!(outcome(&report, "hedge").is_ok(), "the other two decide: {report:?}");
        }
        let told = chain.health()[2].fault.clone().expect("a fault");
        assert!(
            fault.as_ref().map_or(matches!(told, Fault::Garbage(_)), |fault| *fault == told),
            "{status} {body}: {told}"
        );
        let count = asked.load(Ordering::Relaxed);
        assert!((1..LOOKS).contains(&count), "{status}: asked {count} times");

        // Alone it decides nothing, whatever it says.
        config.rpc = vec![url];
        config.quorum = Some(1);
        let chain = Endpoints::new(&config).expect("endpoints");
        let report = market.keeper(&config, 0).look(&chain, Now::default()).await;
        let Err(Skip::Chain(Fault::Quorum { have: 0, want: 1, of: 1, first, .. })) = &report.view else {
            panic!("{report:?}")
        };
        assert_eq!(*first, told.to_string());
    }
    assert!(market.hedges().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn c18_a_clock_that_jumps_stops_it_only_while_it_is_wrong() {
    let market = Market::open();
    market.skew();
    let mut config = market.config(&[market.node.url()]);
    config.max_head_age = 60;
    let chain = Endpoints::new(&config).expect("endpoints");
    let mut keeper = Keeper::new(config.clone(), venues(&config), Some(market.key(0)), CHAIN);
    let at = |unix: u64| Now { elapsed: Duration::ZERO, unix };
    let report = keeper.look(&chain, at(market.now() + DAY)).await;
    assert!(matches!(report.view, Err(Skip::Chain(Fault::StaleHead { .. }))), "{report:?}");
    assert_eq!(market.sent(), 0);
    // Behind the chain's clock it is no reason to stop, nor to do anything twice.
    for unix in [market.now() - DAY, 0, market.now()] {
        keeper.look(&chain, at(unix)).await;
    }
    assert!(!market.is_due());
    let mut hashes: Vec<_> = market.hedges().into_iter().map(|(_, hash, _)| hash).collect();
    hashes.dedup();
    assert_eq!(hashes.len(), 1);
}

#[test]
fn c18_a_full_disk_under_its_log_stops_nothing() {
    let market = Market::open();
    market.skew();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
    let mut process = restart::command(&market, "run", 0);
    let mut child = process.stdout(Stdio::null()).stderr(full).spawn().expect("it starts");
    let start = Instant::now();
    while market.is_due() && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let alive = child.try_wait().expect("asked").is_none();
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert!(alive && !market.is_due(), "alive {alive}");
}
