//! Transactions that the chain refuses, each with the words that clients look for, and those that wait.

mod common;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip4844, TxEip7702, TxLegacy, TypedTransaction};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use common::{ask, node, refusal};
use node::{Config, Node};
use serde_json::{Value, json};

const CHAIN: u64 = 412_346;
const BASE_FEE: u128 = 10_000_000;

fn signer(node: &Node) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&node.accounts()[0].1).expect("a key")
}

fn transfer() -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN,
        nonce: 0,
        gas_limit: 21_000,
        max_fee_per_gas: BASE_FEE,
        max_priority_fee_per_gas: 0,
        to: TxKind::Call(Address::repeat_byte(9)),
        value: U256::ONE,
        access_list: Default::default(),
        input: Bytes::new(),
    }
}

fn signed(node: &Node, tx: impl Into<TypedTransaction>) -> Bytes {
    let tx: TypedTransaction = tx.into();
    let signature = signer(node).sign_hash_sync(&tx.signature_hash()).expect("signed");
    tx.into_envelope(signature).encoded_2718().into()
}

fn refused(node: &Node, tx: impl Into<TypedTransaction>) -> String {
    let (code, message) = refusal(node, "eth_sendRawTransaction", json!([signed(node, tx)]));
    assert_eq!(code, -32_000, "{message}");
    message
}

fn sent(node: &Node, tx: impl Into<TypedTransaction>) -> Value {
    ask(node, "eth_sendRawTransaction", json!([signed(node, tx)])).expect("it is taken")
}

fn is_mined(node: &Node, hash: &Value) -> bool {
    ask(node, "eth_getTransactionReceipt", json!([hash])).expect("asked") != Value::Null
}

#[test]
fn each_fault_has_its_own_words() {
    let node = node();
    let sender = node.accounts()[0].0;
    let tx = transfer();
    assert_eq!(
        refused(&node, TxEip1559 { chain_id: 1, ..tx.clone() }),
        "invalid chain id for signer: have 1 want 412346"
    );
    assert_eq!(
        refused(&node, TxEip1559 { max_fee_per_gas: BASE_FEE - 1, ..tx.clone() }),
        format!(
            "max fee per gas less than block base fee: address {sender}, maxFeePerGas: 9999999, baseFee: 10000000"
        )
    );
    assert_eq!(
        refused(&node, TxEip1559 { max_priority_fee_per_gas: BASE_FEE + 1, ..tx.clone() }),
        format!(
            "max priority fee per gas higher than max fee per gas: address {sender}, maxPriorityFeePerGas: 10000001, maxFeePerGas: 10000000"
        )
    );
    assert_eq!(
        refused(&node, TxEip1559 { gas_limit: 20_999, ..tx.clone() }),
        "intrinsic gas too low: gas 20999, minimum needed 21000"
    );
    let much = U256::from(10_u128.pow(30));
    assert!(refused(&node, TxEip1559 { value: much, ..tx.clone() }).starts_with(&format!(
        "insufficient funds for gas * price + value: address {sender} have 10000000000000000000000 want 1000000000000"
    )));
    let long = vec![1; 131_073];
    assert!(
        refused(&node, TxEip1559 { input: long.into(), gas_limit: 30_000_000, ..tx.clone() })
            .starts_with("oversized data: transaction size 131")
    );
    let init =
        TxEip1559 { to: TxKind::Create, input: vec![0; 49_153].into(), gas_limit: 30_000_000, ..tx.clone() };
    assert_eq!(refused(&node, init), "max initcode size exceeded: code size 49153, limit 49152");
    let authorised = TxEip7702 { chain_id: CHAIN, ..TxEip7702::default() };
    assert_eq!(refused(&node, authorised), "transaction type not supported: 4");
    let blobs = TxEip4844 { chain_id: CHAIN, ..TxEip4844::default() };
    assert_eq!(refused(&node, TypedTransaction::Eip4844(blobs.into())), "transaction type not supported: 3");

    let hash = sent(&node, tx.clone());
    assert!(is_mined(&node, &hash));
    assert_eq!(refused(&node, tx.clone()), "already known");
    assert_eq!(
        refused(&node, TxEip1559 { value: U256::from(2), ..tx }),
        format!("nonce too low: address {sender}, tx: 0 state: 1")
    );
}

#[test]
fn what_is_no_transaction_is_refused() {
    let node = node();
    let raw = signed(&node, transfer());
    for (bytes, code) in [
        (Bytes::new(), -32_602),
        (Bytes::from_static(&[2]), -32_602),
        (Bytes::from_static(&[0x7f, 1, 2]), -32_602),
        (raw.slice(..raw.len() - 1), -32_602),
        ([raw.as_ref(), &[0]].concat().into(), -32_602),
    ] {
        let (found, message) = refusal(&node, "eth_sendRawTransaction", json!([bytes]));
        assert_eq!(found, code, "{message}");
    }
    let mut tx: TypedTransaction = transfer().into();
    let zero = alloy_primitives::Signature::new(U256::ZERO, U256::ZERO, false);
    let unsigned: Bytes = tx.clone().into_envelope(zero).encoded_2718().into();
    let (code, message) = refusal(&node, "eth_sendRawTransaction", json!([unsigned]));
    assert_eq!(code, -32_000);
    assert!(message.starts_with("invalid sender"), "{message}");
    if let TypedTransaction::Eip1559(tx) = &mut tx {
        tx.nonce = 1;
    }
    assert_eq!(ask(&node, "eth_blockNumber", json!([])), Ok(json!("0x0")), "nothing was mined");
}

#[test]
fn a_transaction_before_eip_155_is_taken() {
    let node = node();
    let tx = TxLegacy {
        gas_price: BASE_FEE,
        gas_limit: 21_000,
        to: TxKind::Call(Address::ZERO),
        ..TxLegacy::default()
    };
    assert!(is_mined(&node, &sent(&node, tx)));
}

#[test]
fn a_transaction_after_a_gap_waits_until_the_gap_is_filled() {
    let node = node();
    let tx = transfer();
    let (second, third) = (TxEip1559 { nonce: 1, ..tx.clone() }, TxEip1559 { nonce: 2, ..tx.clone() });
    let waiting = [sent(&node, third), sent(&node, second.clone())];
    assert!(waiting.iter().all(|hash| !is_mined(&node, hash)));
    assert_eq!(ask(&node, "txpool_status", json!([])), Ok(json!({ "pending": "0x2", "queued": "0x0" })));
    assert_eq!(refused(&node, second.clone()), "already known");
    let dearer = TxEip1559 { max_fee_per_gas: BASE_FEE * 109 / 100, ..second.clone() };
    assert_eq!(refused(&node, dearer), "replacement transaction underpriced");
    let replaced = sent(&node, TxEip1559 { max_fee_per_gas: BASE_FEE * 110 / 100, ..second });
    let first = sent(&node, tx);
    assert!([&first, &replaced, &waiting[0]].iter().all(|hash| is_mined(&node, hash)));
    assert!(!is_mined(&node, &waiting[1]));
    assert_eq!(
        ask(&node, "eth_getTransactionCount", json!([node.accounts()[0].0, "latest"])),
        Ok(json!("0x3"))
    );
}

#[test]
fn a_replacement_raises_the_tip_as_well() {
    let node = node();
    let waiting = TxEip1559 {
        nonce: 1,
        max_fee_per_gas: 10 * BASE_FEE,
        max_priority_fee_per_gas: BASE_FEE,
        ..transfer()
    };
    let first = sent(&node, waiting.clone());
    let dearer = TxEip1559 { max_fee_per_gas: 20 * BASE_FEE, ..waiting.clone() };
    let tipped =
        |percent: u128| TxEip1559 { max_priority_fee_per_gas: BASE_FEE * percent / 100, ..dearer.clone() };
    for percent in [0, 100, 109] {
        assert_eq!(refused(&node, tipped(percent)), "replacement transaction underpriced", "{percent}");
    }
    // A price is a tip as well: one that outbids the tip alone is not enough.
    let legacy = |gas_price: u128| TxLegacy {
        chain_id: Some(CHAIN),
        nonce: 1,
        gas_price,
        gas_limit: 21_000,
        to: TxKind::Call(Address::ZERO),
        ..TxLegacy::default()
    };
    assert_eq!(refused(&node, legacy(10 * BASE_FEE)), "replacement transaction underpriced");
    let replaced = [sent(&node, tipped(110)), sent(&node, legacy(22 * BASE_FEE))];
    assert_eq!(refused(&node, tipped(2_000)), "replacement transaction underpriced");
    sent(&node, transfer());
    assert!(is_mined(&node, &replaced[1]));
    assert!(!is_mined(&node, &first) && !is_mined(&node, &replaced[0]));
}

#[test]
fn a_transaction_that_can_no_longer_be_paid_is_dropped_and_the_block_is_made() {
    let node =
        Node::start(Config { port: 0, no_mining: true, ..Config::default() }).expect("the node starts");
    let hash = sent(&node, transfer());
    ask(&node, "anvil_setBalance", json!([node.accounts()[0].0, "0x0"])).expect("set");
    ask(&node, "evm_mine", json!([])).expect("mined");
    assert!(!is_mined(&node, &hash));
    assert_eq!(ask(&node, "eth_getTransactionByHash", json!([hash])), Ok(Value::Null));
    assert_eq!(ask(&node, "eth_blockNumber", json!([])), Ok(json!("0x1")));
}

#[test]
fn blocks_come_at_the_interval_that_is_set() {
    let node =
        Node::start(Config { port: 0, block_time: Some(1), ..Config::default() }).expect("the node starts");
    let hash = sent(&node, transfer());
    assert!(!is_mined(&node, &hash));
    let start = std::time::Instant::now();
    while !is_mined(&node, &hash) && start.elapsed().as_secs() < 10 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(is_mined(&node, &hash));
    ask(&node, "evm_setIntervalMining", json!([0])).expect("stopped");
    let head = ask(&node, "eth_blockNumber", json!([]));
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert_eq!(ask(&node, "eth_blockNumber", json!([])), head);
}

#[test]
fn the_state_is_saved_and_found_again() {
    let folder = std::env::temp_dir().join(format!("equipoise-node-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("state.json");
    let config = Config { port: 0, state: Some(path.clone()), ..Config::default() };
    let program = env!("CARGO_BIN_EXE_equipoise-node");
    let mut child = std::process::Command::new(program)
        .args(["--port", "0", "--state"])
        .arg(&path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut printed = std::io::BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    while !line.starts_with("Listening on http://") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut printed, &mut line).expect("a line") > 0, "it listens");
    }
    let address = line.trim_start_matches("Listening on http://").split(' ').next().expect("an address");
    let account = Address::repeat_byte(5);
    let set = json!({ "jsonrpc": "2.0", "id": 1, "method": "anvil_setBalance", "params": [account, "0x7"] })
        .to_string();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{set}",
        set.len()
    );
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("sent");
    std::io::Read::read_to_end(&mut stream, &mut Vec::new()).expect("answered");
    let status = std::process::Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
    assert!(status.is_ok_and(|status| status.success()));
    assert!(child.wait().expect("it ends").success());

    let node = Node::start(config.clone()).expect("the state is loaded");
    assert_eq!(ask(&node, "eth_getBalance", json!([account, "latest"])), Ok(json!("0x7")));
    drop(node);
    std::fs::write(&path, "{\"accounts\":7}").expect("written");
    let refused = Node::start(config).err().expect("the file is no state");
    assert!(format!("{refused:#}").contains("cannot load the state in"), "{refused:#}");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn an_unknown_sender_must_be_impersonated_and_then_has_a_hash_of_its_own() {
    let node = node();
    let senders = [Address::repeat_byte(1), Address::repeat_byte(2)];
    let mut hashes = Vec::<B256>::new();
    for from in senders {
        ask(&node, "anvil_setBalance", json!([from, "0xde0b6b3a7640000"])).expect("set");
        let tx = json!([{ "from": from, "to": Address::ZERO, "value": "0x1" }]);
        assert_eq!(refusal(&node, "eth_sendTransaction", tx.clone()), (-32_000, "unknown account".into()));
        ask(&node, "anvil_impersonateAccount", json!([from])).expect("impersonated");
        let hash = ask(&node, "eth_sendTransaction", tx).expect("sent");
        let found = ask(&node, "eth_getTransactionByHash", json!([hash])).expect("found");
        assert_eq!(found["from"], json!(from));
        hashes.push(serde_json::from_value(hash).expect("a hash"));
    }
    assert_ne!(hashes[0], hashes[1]);
}
