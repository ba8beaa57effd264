//! Whatever a client sends, it gets the error that it expects, and the next request is answered.

mod common;

use common::{ask, exchange, node, post, refusal};
use serde_json::{Value, json};

fn code_of(body: &str) -> i64 {
    let node = node();
    let (status, answer) = post(&node, body);
    assert_eq!(status, 200, "{answer}");
    assert!(ask(&node, "eth_chainId", json!([])).is_ok(), "the node lives on");
    answer["error"]["code"].as_i64().unwrap_or(0)
}

#[test]
fn what_is_no_json_is_a_parse_error() {
    assert_eq!(code_of("{\"jsonrpc\":"), -32_700);
    assert_eq!(code_of(""), -32_700);
    assert_eq!(code_of(&"[".repeat(100_000)), -32_700);
}

#[test]
fn what_is_no_request_is_invalid() {
    assert_eq!(code_of("3"), -32_600);
    assert_eq!(code_of("[]"), -32_600);
    assert_eq!(code_of("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"eth_chainId\"}"), -32_600);
    assert_eq!(code_of("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"eth_chainId\"}"), -32_600);
    assert_eq!(code_of("{\"jsonrpc\":\"2.0\",\"id\":1}"), -32_600);
    assert_eq!(code_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}"), -32_600);
    assert_eq!(
        code_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":{\"a\":1}}"),
        -32_602
    );
}

#[test]
fn an_unknown_method_is_named() {
    let node = node();
    for method in ["eth_nothing", "anvil_nothing", "debug_nothing", "nothing", "", "eth_getProof", "_"] {
        let (code, message) = refusal(&node, method, json!([]));
        assert_eq!(code, -32_601, "{method}");
        assert_eq!(message, format!("the method {method} does not exist/is not available"));
    }
}

#[test]
fn a_wrong_parameter_is_named() {
    let node = node();
    let wrong = [
        ("eth_getBalance", json!([]), "missing value for required argument 0 (address)"),
        ("eth_getBalance", json!(["0x12"]), "invalid argument 0 (address)"),
        ("eth_getBalance", json!([7]), "invalid argument 0 (address)"),
        ("eth_getBlockByNumber", json!(["newest", false]), "invalid argument 0 (block)"),
        ("eth_getBlockByNumber", json!(["latest", "yes"]), "invalid argument 1 (full)"),
        ("eth_call", json!(["0x"]), "invalid argument 0 (call)"),
        ("eth_sendRawTransaction", json!(["0x1"]), "invalid argument 0 (transaction)"),
        ("eth_getLogs", json!([{ "topics": ["0x1"] }]), "invalid argument 0 (filter)"),
        ("evm_increaseTime", json!(["soon"]), "invalid argument 0 (seconds)"),
        (
            "anvil_setBalance",
            json!([format!("0x{}", "11".repeat(20)), "lots"]),
            "invalid argument 1 (balance)",
        ),
    ];
    for (method, params, reason) in wrong {
        let (code, message) = refusal(&node, method, params);
        assert_eq!(code, -32_602, "{method}: {message}");
        assert!(message.starts_with(reason), "{method}: {message}");
    }
}

#[test]
fn numbers_at_the_edge_are_refused() {
    let node = node();
    let most = json!(["0xffffffffffffffff"]);
    assert_eq!(refusal(&node, "evm_increaseTime", most.clone()).0, -32_602);
    assert_eq!(refusal(&node, "evm_setNextBlockTimestamp", most.clone()).0, -32_602);
    assert_eq!(refusal(&node, "evm_setTime", most.clone()).0, -32_602);
    assert_eq!(refusal(&node, "anvil_mine", most.clone()).0, -32_005);
    assert_eq!(ask(&node, "evm_revert", most.clone()), Ok(json!(false)));
    assert_eq!(ask(&node, "eth_getBlockByNumber", json!(["0xffffffffffffffff", false])), Ok(Value::Null));
    assert_eq!(
        refusal(&node, "eth_getBalance", json!([format!("0x{}", "11".repeat(20)), "0xffffffffffffffff"])).0,
        -32_000
    );
    let logs = json!([{ "fromBlock": "0x0", "toBlock": "0xffffffffffffffff" }]);
    assert_eq!(ask(&node, "eth_getLogs", logs), Ok(json!([])));
    assert_eq!(refusal(&node, "eth_feeHistory", json!(["0x1", "latest", [3, 2]])).0, -32_602);
    assert!(ask(&node, "eth_feeHistory", json!(["0xffffffffffffffff", "latest", []])).is_ok());
    assert!(ask(&node, "evm_mine", json!([])).is_ok());
}

#[test]
fn notifications_are_not_answered() {
    let node = node();
    assert_eq!(post(&node, "{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}"), (204, Value::Null));
    assert_eq!(post(&node, "[{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}]"), (204, Value::Null));
}

#[test]
fn a_batch_is_answered_in_its_order_and_too_large_a_one_is_refused() {
    let node = node();
    let call =
        |id: Value, method: &str| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": [] });
    let batch = json!([
        call(json!(1), "eth_chainId"),
        7,
        call(json!("two"), "eth_nothing"),
        call(json!(3), "eth_blockNumber")
    ]);
    let (_, answers) = post(&node, &batch.to_string());
    assert_eq!(answers[0]["result"], json!("0x64aba"));
    assert_eq!(answers[1]["error"]["code"], json!(-32_600));
    assert_eq!((&answers[2]["id"], &answers[2]["error"]["code"]), (&json!("two"), &json!(-32_601)));
    assert_eq!(answers[3]["result"], json!("0x0"));

    let huge = Value::Array(vec![call(json!(1), "eth_chainId"); 1_001]);
    let (_, answer) = post(&node, &huge.to_string());
    assert_eq!(
        answer["error"],
        json!({ "code": -32_005, "message": "batch too large: 1001 requests, limit 1000" })
    );
}

#[test]
fn a_huge_body_is_refused_with_its_limit() {
    let node = node();
    let (status, answer) = post(&node, &" ".repeat((16 << 20) + 1));
    assert_eq!(status, 413);
    assert!(
        answer["error"]["message"].as_str().is_some_and(|message| message.contains("16777216")),
        "{answer}"
    );
    assert!(ask(&node, "eth_chainId", json!([])).is_ok());
}

#[test]
fn other_http_methods_and_garbage_do_no_harm() {
    let node = node();
    let (status, _) = exchange(&node, b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    assert_eq!(status, 405);
    let (status, _) = exchange(&node, b"GET /elsewhere HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    assert_eq!(status, 404);
    let (status, _) = exchange(&node, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n");
    assert_eq!(status, 400);
    assert!(ask(&node, "eth_chainId", json!([])).is_ok());
}

#[test]
fn a_page_may_ask() {
    let node = node();
    let request = "OPTIONS / HTTP/1.1\r\nHost: test\r\nOrigin: http://page\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\nConnection: close\r\n\r\n";
    let mut stream = std::net::TcpStream::connect(node.address()).expect("the node listens");
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("sent");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stream, &mut text).expect("answered");
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.to_lowercase().contains("access-control-allow-origin: *"), "{text}");
}

#[test]
fn slow_clients_hold_nobody_up() {
    let node = node();
    let slow: Vec<_> = (0..200)
        .map(|_| {
            let mut stream = std::net::TcpStream::connect(node.address()).expect("the node listens");
            let head = b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n{";
            std::io::Write::write_all(&mut stream, head).expect("sent");
            stream
        })
        .collect();
    let asked = std::time::Instant::now();
    assert!(ask(&node, "eth_chainId", json!([])).is_ok());
    assert!(asked.elapsed().as_secs() < 5);
    drop(slow);
}
