//! Methods that the clients' own tests do not reach.

mod common;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256, U256, hex, keccak256};
use common::{ask, node, refusal};
use node::{Config, Node};
use serde_json::{Value, json};

fn asked(node: &Node, method: &str, params: Value) -> Value {
    ask(node, method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
}

fn transfer(node: &Node) -> Value {
    let tx = json!({ "from": node.accounts()[0].0, "to": Address::repeat_byte(9), "value": "0x1" });
    asked(node, "eth_sendTransaction", json!([tx]))
}

#[test]
fn a_block_is_found_by_every_name() {
    let node = node();
    let hash = transfer(&node);
    transfer(&node);
    let block = asked(&node, "eth_getBlockByNumber", json!(["0x1", false]));
    assert_eq!(block["transactions"], json!([hash]));
    assert_eq!(asked(&node, "eth_getBlockByHash", json!([block["hash"], false])), block);
    for tag in ["latest", "safe", "finalized"] {
        assert_eq!(
            asked(&node, "eth_getBlockByNumber", json!([tag, false]))["number"],
            json!("0x2"),
            "{tag}"
        );
    }
    assert_eq!(asked(&node, "eth_getBlockByNumber", json!(["earliest", false]))["number"], json!("0x0"));
    let pending = asked(&node, "eth_getBlockByNumber", json!(["pending", false]));
    assert_eq!((&pending["number"], &pending["hash"]), (&json!("0x3"), &Value::Null));
    assert_eq!(asked(&node, "eth_getBlockByNumber", json!(["0x3", false])), Value::Null);
    assert_eq!(asked(&node, "eth_getBlockByHash", json!([B256::ZERO, false])), Value::Null);

    let receiver = Address::repeat_byte(9);
    let named = [
        (json!("0x0"), "0x0"),
        (json!("0x1"), "0x1"),
        (json!({ "blockHash": block["hash"] }), "0x1"),
        (json!({ "blockNumber": "0x1" }), "0x1"),
        (block["hash"].clone(), "0x1"),
        (json!("latest"), "0x2"),
        (json!("pending"), "0x2"),
    ];
    for (name, balance) in named {
        assert_eq!(asked(&node, "eth_getBalance", json!([receiver, name])), json!(balance), "{name}");
    }
    assert_eq!(
        refusal(&node, "eth_getBalance", json!([receiver, { "blockHash": B256::ZERO }])).1,
        "header not found"
    );
}

#[test]
fn a_transaction_is_found_by_its_hash_and_its_place() {
    let node = node();
    let hash = transfer(&node);
    let by_hash = asked(&node, "eth_getTransactionByHash", json!([hash]));
    assert_eq!(asked(&node, "eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x0"])), by_hash);
    assert_eq!(
        asked(&node, "eth_getTransactionByBlockHashAndIndex", json!([by_hash["blockHash"], "0x0"])),
        by_hash
    );
    assert_eq!(asked(&node, "eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x1"])), Value::Null);
    assert_eq!(asked(&node, "eth_getBlockTransactionCountByNumber", json!(["0x1"])), json!("0x1"));
    assert_eq!(asked(&node, "eth_getUncleCountByBlockNumber", json!(["0x1"])), json!("0x0"));
    let receipts = asked(&node, "eth_getBlockReceipts", json!(["0x1"]));
    assert_eq!(receipts[0], asked(&node, "eth_getTransactionReceipt", json!([hash])));
    assert_eq!(receipts[0]["gasUsedForL1"], json!("0x0"));
    let raw: alloy_primitives::Bytes =
        serde_json::from_value(asked(&node, "eth_getRawTransactionByHash", json!([hash]))).expect("bytes");
    assert_eq!(json!(keccak256(raw)), hash);
    assert_eq!(asked(&node, "eth_getTransactionReceipt", json!([B256::ZERO])), Value::Null);
}

#[test]
fn a_chain_can_be_shaped() {
    let node = node();
    let account = Address::repeat_byte(3);
    asked(&node, "anvil_setNonce", json!([account, "0x7"]));
    assert_eq!(asked(&node, "eth_getTransactionCount", json!([account, "latest"])), json!("0x7"));
    asked(&node, "hardhat_setCode", json!([account, "0x602a60005260206000f3"]));
    let answer = asked(&node, "eth_call", json!([{ "to": account }]));
    assert_eq!(answer, json!(format!("{:#066x}", 42)));
    asked(&node, "anvil_autoImpersonateAccount", json!([true]));
    asked(&node, "anvil_setBalance", json!([account, "0xde0b6b3a7640000"]));
    asked(&node, "eth_sendTransaction", json!([{ "from": account, "to": Address::ZERO, "value": "0x1" }]));
    assert_eq!(
        asked(&node, "eth_getTransactionCount", json!([account, "latest"])),
        json!("0x8"),
        "a contract may send too"
    );
    asked(&node, "anvil_autoImpersonateAccount", json!([false]));
    let again = json!([{ "from": account, "to": Address::ZERO, "value": "0x1" }]);
    assert_eq!(refusal(&node, "eth_sendTransaction", again).1, "unknown account");

    let info = asked(&node, "anvil_nodeInfo", json!([]));
    assert_eq!(
        (&info["currentBlockNumber"], &info["environment"]["chainId"]),
        (&json!("0x1"), &json!(412_346))
    );
    asked(&node, "anvil_reset", json!([]));
    assert_eq!(asked(&node, "eth_blockNumber", json!([])), json!("0x0"));
    assert_eq!(asked(&node, "eth_getCode", json!([account, "latest"])), json!("0x"));
    assert_eq!(asked(&node, "web3_sha3", json!(["0x"])), json!(keccak256([])));
    assert_eq!(asked(&node, "net_version", json!([])), json!("412346"));
}

#[test]
fn a_waiting_transaction_is_seen_and_can_be_dropped() {
    let node =
        Node::start(Config { port: 0, no_mining: true, ..Config::default() }).expect("the node starts");
    let filter = asked(&node, "eth_newPendingTransactionFilter", json!([]));
    let hash = transfer(&node);
    let waiting = asked(&node, "eth_getTransactionByHash", json!([hash]));
    assert_eq!(waiting["blockNumber"], Value::Null);
    let pending = asked(&node, "eth_getBlockByNumber", json!(["pending", true]));
    assert_eq!(pending["transactions"][0]["hash"], hash);
    assert_eq!(asked(&node, "eth_getBlockTransactionCountByNumber", json!(["pending"])), json!("0x1"));
    assert_eq!(asked(&node, "anvil_dropTransaction", json!([hash])), hash);
    assert_eq!(asked(&node, "anvil_dropTransaction", json!([hash])), Value::Null);
    asked(&node, "evm_mine", json!([]));
    assert_eq!(asked(&node, "eth_getTransactionByHash", json!([hash])), Value::Null);
    let mined = transfer(&node);
    asked(&node, "evm_mine", json!([{ "timestamp": 4_000_000_000_u64 }]));
    assert_eq!(asked(&node, "eth_getFilterChanges", json!([filter])), json!([mined]));
    assert_eq!(
        asked(&node, "eth_getBlockByNumber", json!(["latest", false]))["timestamp"],
        json!("0xee6b2800")
    );
    assert_eq!(refusal(&node, "evm_setNextBlockTimestamp", json!([3_999_999_999_u64])).0, -32_602);
}

#[test]
fn a_poll_tells_the_logs_of_every_block_since_the_last() {
    let node = node();
    let (account, sender) = (Address::repeat_byte(0xe5), node.accounts()[0].0);
    // Logs nothing, with no topic.
    asked(&node, "anvil_setCode", json!([account, "0x60006000a000"]));
    let emit = || asked(&node, "eth_sendTransaction", json!([{ "from": sender, "to": account }]));
    let numbers = |filter: &Value| {
        let logs = asked(&node, "eth_getFilterChanges", json!([filter]));
        let numbers = logs.as_array().expect("logs").iter().map(|log| log["blockNumber"].clone());
        numbers.collect::<Vec<Value>>()
    };
    emit();
    let cases = [
        (json!({}), vec!["0x2", "0x3", "0x4"]),
        (json!({ "fromBlock": "latest", "toBlock": "latest" }), vec!["0x2", "0x3", "0x4"]),
        (json!({ "fromBlock": "earliest", "toBlock": "pending" }), vec!["0x2", "0x3", "0x4"]),
        (json!({ "fromBlock": "0x0" }), vec!["0x2", "0x3", "0x4"]),
        (json!({ "fromBlock": "0x3" }), vec!["0x3", "0x4"]),
        (json!({ "toBlock": "0x3" }), vec!["0x2", "0x3"]),
        (json!({ "fromBlock": "latest", "toBlock": "0x2" }), vec!["0x2"]),
        (json!({ "fromBlock": "0x6" }), vec![]),
    ];
    let filters: Vec<Value> = cases
        .iter()
        .map(|(filter, _)| {
            let mut filter = filter.clone();
            filter["address"] = json!(account);
            asked(&node, "eth_newFilter", json!([filter]))
        })
        .collect();
    for _ in 0..3 {
        emit();
    }
    for ((filter, expected), id) in cases.iter().zip(&filters) {
        assert_eq!(numbers(id), *expected, "{filter}");
        assert!(numbers(id).is_empty(), "{filter}: told once");
    }
    emit();
    emit();
    assert_eq!(numbers(&filters[0]), ["0x5", "0x6"]);
    assert_eq!(numbers(&filters[7]), ["0x6"]);
    assert!(numbers(&filters[5]).is_empty());
}

#[test]
fn what_a_refused_poll_did_not_tell_is_not_told() {
    let node = node();
    let (account, sender) = (Address::repeat_byte(0xe6), node.accounts()[0].0);
    // Logs until 10,000 gas are left: some 79,000 times in a block.
    asked(&node, "anvil_setCode", json!([account, "0x5b60006000a06127105a11600057"]));
    let filter = asked(&node, "eth_newFilter", json!([{ "address": account }]));
    for _ in 0..2 {
        let tx = json!({ "from": sender, "to": account, "gas": "0x1e84800" });
        asked(&node, "eth_sendTransaction", json!([tx]));
    }
    let refused = (-32_005, "query returned more than 100000 results".to_owned());
    assert_eq!(refusal(&node, "eth_getFilterChanges", json!([filter])), refused);
    assert_eq!(refusal(&node, "eth_getFilterChanges", json!([filter])), refused, "and again");
}

#[test]
fn a_message_is_signed_by_a_prefunded_account_only() {
    let node = node();
    let (account, _) = node.accounts()[1];
    let message = json!(hex::encode_prefixed("hello"));
    let signature = asked(&node, "eth_sign", json!([account, message]));
    assert_eq!(asked(&node, "personal_sign", json!([message, account])), signature);
    let bytes: alloy_primitives::Bytes = serde_json::from_value(signature).expect("bytes");
    let signature = alloy_primitives::Signature::try_from(bytes.as_ref()).expect("a signature");
    assert_eq!(signature.recover_address_from_msg("hello").expect("recovered"), account);
    assert_eq!(refusal(&node, "eth_sign", json!([Address::ZERO, message])).1, "unknown account");
}

#[test]
fn an_access_list_names_the_slots_and_makes_them_warm() {
    let node = node();
    let (outer, inner) = (Address::repeat_byte(0xa1), Address::repeat_byte(0xb2));
    // Calls the address in its calldata; that one adds one to its slot 3.
    asked(&node, "anvil_setCode", json!([outer, "0x600080808080346000355af100"]));
    asked(&node, "anvil_setCode", json!([inner, "0x60035460010160035500"]));
    let call = json!({ "from": node.accounts()[0].0, "to": outer, "data": inner.into_word() });
    let made = asked(&node, "eth_createAccessList", json!([call]));
    assert_eq!(made["accessList"], json!([{ "address": inner, "storageKeys": [B256::with_last_byte(3)] }]));
    let mut listed = call;
    listed["accessList"] = made["accessList"].clone();
    listed["gas"] = json!("0x186a0");
    let hash = asked(&node, "eth_sendTransaction", json!([listed]));
    let receipt = asked(&node, "eth_getTransactionReceipt", json!([hash]));
    assert_eq!((&receipt["status"], &receipt["gasUsed"]), (&json!("0x1"), &made["gasUsed"]));
}

#[test]
fn overrides_hold_for_the_call_and_others_are_refused() {
    let node = node();
    let clock = Address::repeat_byte(0xd4);
    // Answers with the time, then with slot 1.
    asked(&node, "anvil_setCode", json!([clock, "0x4260005260015460205260406000f3"]));
    let words = |state: Value, block: Value| {
        let answer = asked(&node, "eth_call", json!([{ "to": clock }, "latest", state, block]));
        let answer: alloy_primitives::Bytes = serde_json::from_value(answer).expect("bytes");
        (U256::from_be_slice(&answer[..32]), U256::from_be_slice(&answer[32..]))
    };
    let slot = |number: u8| B256::with_last_byte(number);
    asked(&node, "anvil_setStorageAt", json!([clock, "0x1", slot(5)]));
    let (now, five) = words(json!({}), json!({}));
    assert_eq!(five, U256::from(5));
    let diff = json!({ clock.to_string(): { "stateDiff": { slot(1).to_string(): slot(6) } } });
    assert_eq!(words(diff, json!({ "time": "0x77" })), (U256::from(0x77), U256::from(6)));
    let whole = json!({ clock.to_string(): { "state": { slot(2).to_string(): slot(6) } } });
    assert_eq!(words(whole, Value::Null), (now, U256::ZERO));
    assert_eq!(words(json!({}), json!({})), (now, five));

    let call = |state: Value, block: Value| {
        refusal(&node, "eth_call", json!([{ "to": clock }, "latest", state, block]))
    };
    assert_eq!(call(json!({}), json!({ "coinbase": clock })).0, -32_602);
    let both = json!({ clock.to_string(): { "state": {}, "stateDiff": {} } });
    assert_eq!(call(both, Value::Null).0, -32_602);
    let moved = json!({ clock.to_string(): { "movePrecompileToAddress": clock } });
    assert_eq!(call(moved, Value::Null).0, -32_602);
}

#[test]
fn an_estimate_is_enough_and_hardly_more() {
    let node = node();
    let account = Address::repeat_byte(0xc3);
    // Loops until it has spent 50,000 gas.
    asked(&node, "anvil_setCode", json!([account, "0x5a5b805a900361c35011600157"]));
    let call = json!({ "from": node.accounts()[0].0, "to": account });
    let estimate: U256 =
        serde_json::from_value(asked(&node, "eth_estimateGas", json!([call]))).expect("a number");
    let mut sent = call;
    sent["gas"] = json!(estimate);
    let hash = asked(&node, "eth_sendTransaction", json!([sent.clone()]));
    assert_eq!(asked(&node, "eth_getTransactionReceipt", json!([hash]))["status"], json!("0x1"));
    sent["gas"] = json!(estimate * U256::from(96) / U256::from(100));
    let hash = asked(&node, "eth_sendTransaction", json!([sent]));
    assert_eq!(asked(&node, "eth_getTransactionReceipt", json!([hash]))["status"], json!("0x0"));
    asked(&node, "anvil_setCode", json!([account, "0x5b600056"]));
    let endless = refusal(&node, "eth_estimateGas", json!([{ "to": account }]));
    assert_eq!(endless, (-32_000, "gas required exceeds allowance (32000000)".into()));
}

#[test]
fn a_state_that_is_no_longer_kept_is_refused() {
    let node = node();
    let account = Address::repeat_byte(4);
    asked(&node, "anvil_mine", json!(["0x3"]));
    asked(&node, "anvil_setBalance", json!([account, "0x7"]));
    assert_eq!(asked(&node, "eth_getBalance", json!([account, "0x2"])), json!("0x0"));
    asked(&node, "anvil_mine", json!(["0x2714"]));
    assert_eq!(asked(&node, "eth_getBalance", json!([account, "0x100"])), json!("0x7"));
    let (code, message) = refusal(&node, "eth_getBalance", json!([account, "0x2"]));
    assert_eq!(code, -32_000);
    assert!(message.starts_with("missing trie node"), "{message}");
    assert_ne!(
        asked(&node, "eth_getBlockByNumber", json!(["0x2", false])),
        Value::Null,
        "the block itself is there"
    );
}

#[test]
fn a_client_that_does_not_finish_is_dropped() {
    let node = node();
    let head = "POST / HTTP/1.1\r\nHost: test\r\n";
    let started = Instant::now();
    let clients =
        [String::new(), head.to_owned(), format!("{head}Content-Length: 10\r\n\r\n{{")].map(|text| {
            let address = node.address();
            std::thread::spawn(move || {
                let mut stream = std::net::TcpStream::connect(address).expect("the node listens");
                stream.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
                stream.write_all(text.as_bytes()).expect("sent");
                let mut answer = String::new();
                stream.read_to_string(&mut answer).map(|_| answer)
            })
        });
    let answers = clients.map(|client| client.join().expect("no panic").expect("closed by the node"));
    assert!(started.elapsed() >= Duration::from_secs(29) && started.elapsed() < Duration::from_secs(45));
    assert!(
        answers[2].starts_with("HTTP/1.1 408") && answers[2].contains("the body took over 30 s"),
        "{}",
        answers[2]
    );
}
