//! Transactions over a connection that fails, and what an error shows of a URL.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_signer_local::PrivateKeySigner;
use client::{Client, Fault, Outgoing};
use common::{Fate, proxy};
use node::{Config, Node};

const PATIENCE: Duration = Duration::from_secs(60);

fn node() -> Node {
    Node::start(Config { port: 0, ..Config::default() }).expect("the node starts")
}

fn client(node: &Node, url: &str) -> Client {
    let key = PrivateKeySigner::from_bytes(&node.accounts()[0].1).expect("a key");
    Client::connect(url, Some(key)).expect("a connection")
}

fn transfer() -> Outgoing {
    Outgoing { to: Some(Address::repeat_byte(9)), value: U256::ONE, data: Bytes::new() }
}

/// What becomes of the n-th, counted from 1, of the requests of a method.
fn the(nth: usize, method: &'static str, fate: Fate) -> impl FnMut(&str) -> Fate + Send + 'static {
    let mut seen = 0;
    move |body| {
        seen += usize::from(body.contains(method));
        if body.contains(method) && seen == nth { fate } else { Fate::Passes }
    }
}

#[test]
fn each_error_once() {
    let node = node();
    let client = client(&node, &node.url());
    let keyless = Client::connect(&node.url(), None).expect("a connection");
    let failure = keyless.sign(0, transfer()).expect_err("no key").to_string();
    assert_eq!(failure, "there is no key to sign with");
    let much = Outgoing { value: U256::MAX, ..transfer() };
    let failure = client.sign(0, much).expect_err("no such money").to_string();
    assert!(failure.contains("insufficient funds"), "{failure}");
    let signed = client.sign(0, transfer()).expect("signed");
    client.send(&signed).expect("sent");
    let again = client.send(&signed);
    assert!(again.is_ok(), "what the node has is sent: {again:?}");
    let used = client.sign(0, Outgoing { value: U256::from(2), ..transfer() }).expect("signed");
    let refusal = client.send(&used).expect_err("its nonce is used");
    assert!(matches!(&refusal, Fault::Refused(words) if words.contains("nonce too low")), "{refusal}");
    let failure = client.wait(B256::repeat_byte(7), Duration::ZERO).expect_err("nobody sent it").to_string();
    assert!(failure.ends_with("was not mined in 0 s"), "{failure}");
}

#[test]
fn a_look_for_a_receipt_that_fails_is_made_again() {
    let node = node();
    let url = proxy(node.address(), the(1, "eth_getTransactionReceipt", Fate::Lost));
    let client = client(&node, &url);
    let signed =
        client.sign(client.next_nonce(node.accounts()[0].0).expect("a nonce"), transfer()).expect("signed");
    client.send(&signed).expect("sent");
    let receipt = client.wait(signed.hash, PATIENCE).expect("mined");
    assert_eq!((receipt.transaction_hash, receipt.status()), (signed.hash, true));
    assert!(client.knows(signed.hash).expect("asked") && !client.knows(B256::ZERO).expect("asked"));
    assert_eq!(client.mined_nonce(node.accounts()[0].0).expect("asked"), 1);
}

#[test]
fn the_last_failure_is_told_when_the_patience_is_over() {
    let node = node();
    let lost = |body: &str| {
        if body.contains("eth_getTransactionReceipt") { Fate::Lost } else { Fate::Passes }
    };
    let client = client(&node, &proxy(node.address(), lost));
    let signed = client.sign(0, transfer()).expect("signed");
    client.send(&signed).expect("sent");
    let failure = client.wait(signed.hash, Duration::from_millis(600)).expect_err("no receipt");
    let failure = format!("{failure:#}");
    assert!(failure.contains(&signed.hash.to_string()) && failure.ends_with("HTTP status 502"), "{failure}");
}

#[test]
fn a_transaction_whose_sending_was_not_answered_is_sent_again_and_waited_for() {
    for fate in [Fate::Unanswered, Fate::Lost] {
        let node = node();
        let client = client(&node, &proxy(node.address(), the(1, "eth_sendRawTransaction", fate)));
        let signed = client.sign(0, transfer()).expect("signed");
        client.send(&signed).expect("sent");
        assert!(client.wait(signed.hash, PATIENCE).expect("mined").status(), "{fate:?}");
        assert_eq!(client.mined_nonce(node.accounts()[0].0).expect("asked"), 1);
    }
    let node = node();
    let deaf = |body: &str| if body.contains("eth_sendRaw") { Fate::Lost } else { Fate::Passes };
    let client = client(&node, &proxy(node.address(), deaf));
    let signed = client.sign(0, transfer()).expect("signed");
    client.send(&signed).expect("nobody refused it");
    let failure = client.wait(signed.hash, Duration::ZERO).expect_err("it never arrived").to_string();
    assert!(failure.ends_with("was not mined in 0 s"), "{failure}");
}

#[test]
fn an_error_shows_host_and_port_of_a_url_and_nothing_else() {
    let shown = |url: &str| match Client::connect(url, None) {
        Ok(client) => {
            let fault = client.chain_id().expect_err("nobody answers");
            format!("{fault} {fault:?} {client:?}")
        }
        Err(error) => format!("{error:#} {error:?}"),
    };
    let nobody = shown("http://user:password@127.0.0.1:9/secret-key?secret-key");
    assert!(nobody.contains("127.0.0.1:9: no answer: "), "{nobody}");
    // Pages that repeat what was asked for.
    let [refusing, answering] = ["404 Not Found", "200 OK"].map(page);
    let (refused, answered) =
        (shown(&format!("{refusing}/secret-key")), shown(&format!("{answering}/secret-key")));
    assert!(refused.contains(": HTTP status 404"), "{refused}");
    assert!(answered.contains(": no answer of the type"), "{answered}");
    let malformed = shown("http://127.0.0.1:port/secret-key");
    assert!(malformed.contains("the endpoint at 127.0.0.1:port has no URL"), "{malformed}");
    let mut all = vec![nobody, refused, answered, malformed];
    if !cfg!(feature = "tls") {
        let tls = shown("HTTPS://arb.example.com/secret-key");
        assert!(tls.contains("arb.example.com wants TLS: build with --features tls"), "{tls}");
        all.push(tls);
    }
    for words in all {
        assert!(!words.contains("secret") && !words.contains("password"), "{words}");
    }
}

/// The URL of a server that answers once, with a page that repeats the request's first line.
fn page(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut asked = vec![0; 4_096];
        let read = stream.read(&mut asked).expect("a request");
        let first = String::from_utf8_lossy(&asked[..read]).lines().next().unwrap_or_default().to_owned();
        let page = format!("<p>cannot {first}</p>");
        let length = page.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all((head + &page).as_bytes());
        // What is left of the request is read, lest closing loses the answer.
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        let _ = stream.read_to_end(&mut asked);
    });
    url
}
