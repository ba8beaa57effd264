//! An endpoint that spoils some of what passes through it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// Longer than the keepers of these tests wait.
const TOO_LONG: Duration = Duration::from_millis(700);
/// How long a late transaction is held back.
const LATE: Duration = Duration::from_millis(250);
/// Blocks that a lagging answer is behind: more than a keeper lets pass.
const BEHIND: u64 = 30;

/// Everything that goes wrong.
pub(crate) const FAULTS: [&str; 11] = [
    "error",
    "unavailable",
    "timeout",
    "cut",
    "garbage",
    "wrong chain",
    "lag",
    "lie",
    "duplicate",
    "drop",
    "late",
];

struct Inner {
    node: SocketAddr,
    rng: Mutex<ChaCha8Rng>,
    /// Part of the requests that are spoilt, and of the transactions [1e-6]
    rate: AtomicU32,
    sends: AtomicU32,
    /// Faults that only one method can have come one after the other, so that few requests see them all.
    turn: AtomicU32,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Proxy {
    inner: Arc<Inner>,
    pub(crate) url: String,
}

impl Proxy {
    /// Listens in front of a node and spoils `rate` of the requests.
    pub(crate) async fn start(node: SocketAddr, rate: f64, seed: u64) -> Self {
        let rates = [(); 2].map(|()| AtomicU32::new((rate * 1e6) as u32));
        let [rate, sends] = rates;
        let (rng, turn) = (Mutex::new(ChaCha8Rng::seed_from_u64(seed)), AtomicU32::new(seed as u32));
        let inner = Arc::new(Inner { node, rng, rate, sends, turn, counts: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, url }
    }

    /// From now on spoils this part of the transactions.
    pub(crate) fn spoil_sends(&self, rate: f64) {
        self.inner.sends.store((rate * 1e6) as u32, Ordering::Relaxed);
    }

    /// How often each fault was injected.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.inner.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Inner {
    /// What to spoil a request with, if it is spoilt; only with what concerns its method.
    fn draw(&self, method: &str) -> Option<&'static str> {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = if method == "eth_sendRawTransaction" { &self.sends } else { &self.rate };
        if rng.random_range(0..1_000_000) >= rate.load(Ordering::Relaxed) {
            return None;
        }
        let own: &[&'static str] = match method {
            "eth_chainId" => &["wrong chain"],
            "eth_getBlockByNumber" => &["lag"],
            "eth_call" => &["lie"],
            "eth_sendRawTransaction" => &["duplicate", "drop", "late"],
            _ => &[],
        };
        // Half of the time with a fault that only this method can have.
        let fault = if own.is_empty() || rng.random_bool(0.5) {
            FAULTS[rng.random_range(0..5)]
        } else {
            own[self.turn.fetch_add(1, Ordering::Relaxed) as usize % own.len()]
        };
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(fault).or_default() += 1;
        Some(fault)
    }
}

async fn answer(State(inner): State<Arc<Inner>>, body: String) -> Response {
    let request: Value = serde_json::from_str(&body).expect("a request");
    let (id, method) = (request["id"].clone(), request["method"].as_str().unwrap_or_default().to_owned());
    let good = |result: Value| reply(&json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string());
    let fault = inner.draw(&method);
    match fault {
        Some("error") => {
            let error = json!({ "code": -32_000, "message": "injected" });
            return reply(&json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string());
        }
        Some("unavailable") => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some("timeout") => tokio::time::sleep(TOO_LONG).await,
        Some("garbage") => return reply("<html>not what you asked for</html>"),
        Some("wrong chain") => return good(json!("0x1")),
        Some("drop") => return good(json!(format!("0x{}", "22".repeat(32)))),
        Some("late") => {
            let (inner, body) = (Arc::clone(&inner), body.clone());
            tokio::spawn(async move {
                tokio::time::sleep(LATE).await;
                forward(&inner, body).await
            });
            return good(json!(format!("0x{}", "33".repeat(32))));
        }
        Some("duplicate") => drop(forward(&inner, body.clone()).await),
        Some("lag") => return reply(&earlier(&inner).await),
        _ => {}
    }
    let mut text = forward(&inner, body).await;
    match fault {
        Some("cut") => text.truncate(text.len() / 2),
        Some("lie") => text = lie(&text),
        _ => {}
    }
    reply(&text)
}

/// A block that was the head a while ago.
async fn earlier(inner: &Inner) -> String {
    let head = forward(inner, ask("eth_blockNumber", json!([]))).await;
    let head: Value = serde_json::from_str(&head).unwrap_or_default();
    let number = crate::market::number(&head["result"]).saturating_sub(BEHIND);
    let params = json!([format!("{number:#x}"), false]);
    forward(inner, ask("eth_getBlockByNumber", params)).await
}

fn ask(method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 0, "method": method, "params": params }).to_string()
}

fn reply(text: &str) -> Response {
    ([("content-type", "application/json")], text.to_owned()).into_response()
}

/// Another last digit, where there is an answer.
fn lie(text: &str) -> String {
    let mut answer: Value = serde_json::from_str(text).unwrap_or_default();
    if let Some(data) = answer["result"].as_str().filter(|data| data.len() > 2).map(str::to_owned) {
        let last = if data.ends_with('0') { "1" } else { "0" };
        answer["result"] = json!(format!("{}{last}", &data[..data.len() - 1]));
    }
    answer.to_string()
}

async fn forward(inner: &Inner, body: String) -> String {
    let node = inner.node;
    tokio::task::spawn_blocking(move || exchange(node, &body)).await.expect("forwarded")
}

fn exchange(node: SocketAddr, body: &str) -> String {
    let mut stream = TcpStream::connect(node).expect("the node listens");
    let head = format!(
        "POST / HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("answered");
    text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}
