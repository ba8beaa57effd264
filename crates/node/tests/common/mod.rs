//! A client that says exactly what it is told to say.

use std::io::{Read, Write};
use std::net::TcpStream;

use node::{Config, Node};
use serde_json::Value;

/// A node on a free port.
pub(crate) fn node() -> Node {
    Node::start(Config { port: 0, ..Config::default() }).expect("the node starts")
}

/// Sends bytes, half-closes nothing, and reads one HTTP response: status and body.
pub(crate) fn exchange(node: &Node, bytes: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(node.address()).expect("the node listens");
    // A server may answer and close before it has read everything.
    let _ = stream.write_all(bytes);
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (status, body)
}

/// Posts a body.
pub(crate) fn post(node: &Node, body: &str) -> (u16, Value) {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let (status, body) = exchange(node, (head + body).as_bytes());
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// Asks a method.
pub(crate) fn ask(node: &Node, method: &str, params: Value) -> Result<Value, Value> {
    let request = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let (_, mut answer) = post(node, &request.to_string());
    match answer.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(answer["error"].take()),
    }
}

/// The code and message of a refusal.
pub(crate) fn refusal(node: &Node, method: &str, params: Value) -> (i64, String) {
    let error = ask(node, method, params).expect_err("the node refuses");
    (error["code"].as_i64().unwrap_or(0), error["message"].as_str().unwrap_or_default().to_owned())
}
