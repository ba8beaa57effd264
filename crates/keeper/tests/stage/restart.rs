//! The program itself: killed at any moment, back at once, never hedging twice.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::market::{CHAIN, HOUR, Market, SPOT, START};
use crate::seats::Seating;

/// How soon a restarted keeper must have seen the chain.
const SOON: Duration = Duration::from_secs(5);

/// A keeper as a process, killed with SIGKILL when it is dropped.
pub(crate) struct Process {
    child: Child,
    port: u16,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

fn key_file(market: &Market) -> PathBuf {
    let file = std::env::temp_dir().join(format!("keeper-{}.key", market.node.address().port()));
    let key = market.node.accounts()[0].1;
    std::fs::write(&file, key.to_string()).expect("written");
    file
}

pub(crate) fn command(market: &Market, command: &str, port: u16) -> Command {
    let venues = format!(
        r#"[{{name="deep",address="{}"}},{{name="shallow",address="{}"}}]"#,
        market.at.venues[0], market.at.venues[1]
    );
    let positions = format!(
        r#"[{{name="aave",address="{}"}},{{name="perp",address="{}"}}]"#,
        market.at.seats.aave, market.at.seats.perp
    );
    let mut process = Command::new(env!("CARGO_BIN_EXE_equipoise-keeper"));
    process.arg(command).env_clear();
    for (name, value) in [
        ("VAULT", market.at.vault.to_string()),
        ("LENS", market.at.lens.to_string()),
        ("VENUES", venues),
        ("POSITIONS", positions),
        ("RPC", format!(r#"["{}"]"#, market.node.url())),
        ("CHAIN_ID", CHAIN.to_string()),
        ("KEY_FILE", key_file(market).display().to_string()),
        ("POLL", "0.1".into()),
        ("MAX_HEAD_AGE", "0".into()),
        ("LISTEN", format!("127.0.0.1:{port}")),
        ("FEES__PATIENCE", "1".into()),
    ] {
        process.env(format!("EQUIPOISE_KEEPER_{name}"), value);
    }
    process
}

fn start(market: &Market) -> Process {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let child = command(market, "run", port).stderr(Stdio::null()).spawn().expect("it starts");
    Process { child, port }
}

impl Process {
    /// Status and body of a page, none while it does not listen.
    fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: keeper\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let status = text.split(' ').nth(1)?.parse().ok()?;
        Some((status, text.split_once("\r\n\r\n")?.1.to_owned()))
    }

    /// Waits until it has seen the chain.
    fn well(&self) -> Duration {
        let since = Instant::now();
        while self.get("/healthz").is_none_or(|(status, _)| status != 200) {
            assert!(since.elapsed() < SOON, "not well in time: {:?}", self.get("/healthz"));
            std::thread::sleep(Duration::from_millis(20));
        }
        since.elapsed()
    }
}

/// Waits for something.
fn until(what: &str, mut seen: impl FnMut() -> bool) {
    let since = Instant::now();
    while !seen() {
        assert!(since.elapsed() < Duration::from_secs(30), "{what} never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn waiting(market: &Market) -> u64 {
    crate::market::number(&market.develop("txpool_status", json!([]))["pending"])
}

/// Kills a keeper whose transaction waits, and starts another, which takes what is due; until then nothing is mined.
pub(crate) fn killed_in_flight(market: &Market, due: &str) -> Process {
    market.develop("anvil_setAutomine", json!([false]));
    let first = start(market);
    first.well();
    until("a transaction", || waiting(market) == 1);
    drop(first);

    let second = start(market);
    let took = second.well();
    println!("well {} ms after its start", took.as_millis());
    // Past its patience it replaces what it found waiting, under the same nonce.
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(waiting(market), 1);
    market.develop("anvil_setAutomine", json!([true]));
    until(due, || !market.is_due());
    std::thread::sleep(Duration::from_millis(500));
    second
}

#[test]
fn killed_with_a_hedge_in_flight_it_is_back_in_time_and_hedges_once() {
    let market = Market::open();
    market.skew();
    let _second = killed_in_flight(&market, "the hedge");
    let hashes: Vec<_> = market.hedges().into_iter().map(|(_, hash, _)| hash).collect();
    assert!(!hashes.is_empty() && hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
}

#[test]
fn killed_again_and_again_in_a_moving_market_each_due_hedge_is_done_once() {
    let mut market = Market::open();
    market.skew();
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut due, mut slowest) = (0, Duration::ZERO);
    for round in 1..=8 {
        market.move_to(START + round * HOUR, SPOT * if round % 2 == 0 { 0.8 } else { 1.15 });
        market.ripen(HOUR / 2);
        due += usize::from(market.is_due());
        for _ in 0..2 {
            let process = start(&market);
            std::thread::sleep(Duration::from_millis(rng.random_range(20..400)));
            drop(process);
        }
        let process = start(&market);
        slowest = slowest.max(process.well());
        until("a hedge", || !market.is_due());
    }
    let mut hashes: Vec<_> = market.hedges().into_iter().map(|(_, hash, _)| hash).collect();
    hashes.dedup();
    println!("{due} hedges due, {} done, slowest start {} ms", hashes.len(), slowest.as_millis());
    assert_eq!(hashes.len(), due);
    assert_eq!(due, 8);
}

#[test]
fn metrics_and_health_tell_what_happened() {
    let market = Market::open();
    market.skew();
    let process = start(&market);
    process.well();
    until("a hedge in the metrics", || {
        let (_, text) = process.get("/metrics").expect("metrics");
        text.contains("equipoise_keeper_landed_total{action=\"hedge\",outcome=\"done\"} 1\n")
    });
    let (_, text) = process.get("/metrics").expect("metrics");
    for line in [
        "equipoise_keeper_sent_total{action=\"hedge\"} 1\n",
        "equipoise_keeper_skips_total{strategy=\"process\",reason=\"queue_empty\"}",
        "equipoise_keeper_skips_total{strategy=\"settle\",reason=\"nothing_expired\"}",
        "equipoise_keeper_in_flight 0\n",
        "# TYPE equipoise_keeper_deviation gauge\n",
        "equipoise_keeper_endpoint_up{endpoint=\"127.0.0.1:",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    let at = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(&format!("equipoise_keeper_{name} ")));
        line.and_then(|line| line.rsplit(' ').next()).and_then(|number| number.parse().ok()).expect(name)
    };
    assert!(at("deviation").abs() <= at("band_outer") && at("gas_spent_wei_total") > 0.0);
}

#[test]
fn a_keeper_without_a_node_is_ill_and_says_why() {
    let market = Market::open();
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let mut command = command(&market, "run", port);
    command.env("EQUIPOISE_KEEPER_RPC", r#"["http://127.0.0.1:1"]"#).stderr(Stdio::null());
    let process = Process { child: command.spawn().expect("it starts"), port };
    let mut page = None;
    until("a page", || {
        page = process.get("/healthz");
        page.as_ref().is_some_and(|(_, body)| body.contains("unreachable"))
    });
    assert_eq!(page.expect("a page").0, 503);
}

#[test]
fn commands_show_positions_and_take_one() {
    let mut market = Market::seated(Seating::Both);
    market.puts(60.0);
    market.poke();
    market.move_to(market.now() + HOUR, SPOT);
    let run = |name: &str| {
        let output = command(&market, name, 0).output().expect("it runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let (code, plan) = run("plan");
    assert!(code == Some(0) && plan.contains("\nposition sell ") && plan.contains(" at aave "), "{plan}");
    assert!(market.held().size.is_zero());
    let (code, once) = run("once");
    assert!(code == Some(0) && once.contains("\ndone in block "), "{once}");
    assert!(market.held().size.is_negative() && !market.is_due());
    let (code, status) = run("status");
    assert!(code == Some(0) && status.contains("\nPositions  broker "), "{status}");
    println!("{plan}\n----\n{status}");
}

#[test]
fn commands_print_and_end_with_a_code() {
    let mut market = Market::open();
    market.waited(HOUR);
    // Pools four basis points cheap, so that all of it saves more than it costs.
    for exchange in [0, 1] {
        market.arbitrage(exchange, SPOT * 0.9996);
    }
    let run = |name: &str| {
        let output = command(&market, name, 0).output().expect("it runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let (code, status) = run("status");
    assert_eq!(code, Some(0));
    assert!(status.contains("what is computed here is the desk's to the unit"), "{status}");
    let (code, plan) = run("plan");
    assert!(code == Some(0) && plan.contains("not sent"), "{plan}");
    assert!(market.hedges().is_empty());
    let (code, once) = run("once");
    assert!(code == Some(0) && once.contains("\ndone in block "), "{once}");
    assert!(!market.hedges().is_empty() && !market.is_due());
    println!("{status}\n----\n{plan}\n----\n{once}");
    let mut broken = command(&market, "status", 0);
    broken.env("EQUIPOISE_KEEPER_QUORUM", "4");
    let output = broken.output().expect("it runs");
    let error = String::from_utf8(output.stderr).expect("text");
    assert!(
        output.status.code() == Some(1) && error.contains("a quorum of 4 of 1 endpoints is none"),
        "{error}"
    );
}

#[test]
fn a_variable_that_is_no_text_is_named_if_it_is_the_keepers_and_ignored_if_not() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let market = Market::open();
    let odd = OsStr::from_bytes(&[0xff, b'x']);
    let mut other = command(&market, "status", 0);
    let output = other.env("SOMETHING", odd).env(odd, "x").output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut own = command(&market, "status", 0);
    let output = own.env("EQUIPOISE_KEEPER_POLL", odd).output().expect("it runs");
    let error = String::from_utf8(output.stderr).expect("text");
    assert_eq!(
        (output.status.code(), error.as_str()),
        (Some(1), "equipoise-keeper: EQUIPOISE_KEEPER_POLL is no text\n")
    );
}
