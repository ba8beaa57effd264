//! Endpoints that give a head like all others, and then fail at what else they are asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy_primitives::{Address, Bytes};
use alloy_rpc_types_eth::Block;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use keeper::{Call, Chain, Config, Endpoints, Fault};
use serde_json::{Value, json};

/// What a request may take.
const LIMIT: Duration = Duration::from_millis(500);

/// How a node does with calls.
#[derive(Clone, Copy)]
enum Mood {
    Well,
    Hanging,
    Broken,
}

/// A node that gives its head at once, whatever its mood is.
struct Node {
    mood: Mutex<Mood>,
    gas: u64,
    calls: AtomicUsize,
}

impl Node {
    fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls it was asked.
    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

async fn answer(State(node): State<Arc<Node>>, body: String) -> Response {
    let request: Value = serde_json::from_str(&body).expect("a request");
    let result = match request["method"].as_str().unwrap_or_default() {
        "eth_chainId" => json!("0x1"),
        "eth_getBlockByNumber" => {
            let block: Block = Block::default();
            let mut block = serde_json::to_value(block).expect("a block");
            block["number"] = json!("0x7");
            block
        }
        "eth_estimateGas" => json!(format!("{:#x}", node.gas)),
        _ => {
            node.calls.fetch_add(1, Ordering::Relaxed);
            match node.mood() {
                Mood::Well => {}
                Mood::Hanging => tokio::time::sleep(LIMIT * 20).await,
                Mood::Broken => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
            json!("0x01")
        }
    };
    let text = json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }).to_string();
    ([("content-type", "application/json")], text).into_response()
}

/// Three nodes that estimate so, two of which must agree.
async fn three(gas: [u64; 3]) -> (Vec<Arc<Node>>, Endpoints) {
    let (mut nodes, mut urls) = (Vec::new(), Vec::new());
    for gas in gas {
        let node = Arc::new(Node { mood: Mutex::new(Mood::Well), gas, calls: AtomicUsize::new(0) });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        urls.push(format!("http://{}", listener.local_addr().expect("an address")));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&node));
        tokio::spawn(async move { axum::serve(listener, router).await });
        nodes.push(node);
    }
    let settings = json!({
        "vault": Address::ZERO, "rpc": urls, "chain_id": 1, "quorum": 2, "max_head_age": 0,
        "timeout": LIMIT.as_secs_f64(), "poll": 0.6,
    });
    let config: Config = serde_json::from_value(settings).expect("a config");
    (nodes, Endpoints::new(&config).expect("endpoints"))
}

/// A look with so many calls, all of them answered.
async fn look(chain: &Endpoints, calls: usize) {
    let head = chain.head(0).await.expect("a head");
    assert_eq!(head.number, 7);
    for _ in 0..calls {
        assert_eq!(chain.call(&head, &Call::default()).await, Ok(Bytes::from_static(&[1])));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_gives_heads_and_hangs_on_calls_costs_a_look_one_time_out_and_rests() {
    let (nodes, chain) = three([500_000; 3]).await;
    let ill = &nodes[2];
    ill.be(Mood::Hanging);
    let began = Instant::now();
    look(&chain, 8).await;
    assert!(began.elapsed() < LIMIT * 4, "{:?} for eight calls", began.elapsed());
    assert_eq!(ill.calls(), 1);
    assert_eq!(chain.health()[2].fault, Some(Fault::Timeout { after: LIMIT }));
    // Its head is as good as ever, and makes up for nothing: at the second failure it rests.
    look(&chain, 3).await;
    assert_eq!(ill.calls(), 2);
    look(&chain, 3).await;
    assert_eq!(ill.calls(), 2);
    tokio::time::sleep(Duration::from_millis(700)).await;
    look(&chain, 3).await;
    assert_eq!(ill.calls(), 3);
    look(&chain, 3).await;
    assert_eq!(ill.calls(), 3);
    // A look without a failure, and all is forgiven: it takes two more until it rests again.
    ill.be(Mood::Well);
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    look(&chain, 1).await;
    assert_eq!((ill.calls(), chain.health()[2].fault.clone()), (4, None));
    ill.be(Mood::Hanging);
    for calls in [5, 6, 6] {
        look(&chain, 3).await;
        assert_eq!(ill.calls(), calls);
    }
    assert_eq!([nodes[0].calls(), nodes[1].calls()], [30; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_broken_is_left_out_and_what_nearly_all_fail_at_leaves_out_nobody() {
    let (nodes, chain) = three([500_000; 3]).await;
    nodes[2].be(Mood::Broken);
    look(&chain, 3).await;
    assert_eq!([nodes[0].calls(), nodes[1].calls(), nodes[2].calls()], [3, 3, 1]);
    let head = chain.head(0).await.expect("a head");
    nodes[1].be(Mood::Broken);
    let answer = chain.call(&head, &Call::default()).await;
    assert!(matches!(answer, Err(Fault::Quorum { have: 1, want: 2, of: 3, .. })), "{answer:?}");
    nodes.iter().for_each(|node| node.be(Mood::Well));
    assert!(chain.call(&head, &Call::default()).await.is_ok());
    assert_eq!([nodes[0].calls(), nodes[1].calls(), nodes[2].calls()], [5, 5, 3]);
    // Who was left out counts as one that does not answer, not as one that is not needed.
    nodes[2].be(Mood::Broken);
    assert!(chain.call(&head, &Call::default()).await.is_ok());
    nodes[1].be(Mood::Broken);
    let answer = chain.call(&head, &Call::default()).await;
    assert!(matches!(answer, Err(Fault::Quorum { have: 1, want: 2, of: 3, .. })), "{answer:?}");
    assert_eq!(nodes[2].calls(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_estimates_far_above_or_below_the_others_changes_nothing() {
    for (gas, taken) in [
        ([500_000, 510_000, 900_000_000], 510_000),
        ([1, 510_000, 500_000], 500_000),
        ([500_000, 510_000, 520_000], 510_000),
    ] {
        let (_, chain) = three(gas).await;
        let head = chain.head(0).await.expect("a head");
        assert_eq!(chain.gas(&head, &Call::default()).await, Ok(taken), "{gas:?}");
    }
}
