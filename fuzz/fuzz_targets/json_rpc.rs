//! Bodies of HTTP requests to the node: each is answered with JSON or an HTTP error, and the node goes on.
#![no_main]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use node::{Config, Node};

static NODE: LazyLock<Node> = LazyLock::new(|| {
    let config = Config { port: 0, timestamp: Some(1_651_363_200), ..Config::default() };
    Node::start(config).expect("a node")
});

/// Head and body of the answer.
fn post(body: &[u8]) -> (String, Vec<u8>) {
    let address = NODE.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).expect("the node listens");
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("a head");
    stream.write_all(body).expect("a body");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("a head");
    (String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end + 4..].to_vec())
}

fuzz_target!(|body: &[u8]| {
    let (head, answer) = post(body);
    if head.starts_with("HTTP/1.1 200") && !answer.is_empty() {
        serde_json::from_slice::<serde_json::Value>(&answer).expect("JSON");
    }
    let (_, answer) = post(br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#);
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!(answer["result"], "0x64aba");
});
