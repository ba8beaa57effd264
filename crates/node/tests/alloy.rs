//! alloy's provider against the node: the client that the keeper uses.

mod common;

use alloy_primitives::{Address, B256, Bytes, U256, bytes};
use alloy_provider::{Provider, ProviderBuilder};
use alloy_rpc_types_eth::{Filter, TransactionRequest};
use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};

/// Init code of a contract that writes its calldata's first word to slot 0 and logs it, or reverts with it if it is zero.
const INIT: Bytes = bytes!("6018600c60003960186000f360003580156012578060005560006000a1005b60006000fd");

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_deploys_sends_waits_and_finds_logs() {
    let node = common::node();
    let signer = PrivateKeySigner::from_bytes(&node.accounts()[0].1).expect("a key");
    let sender = signer.address();
    let provider = ProviderBuilder::new().wallet(signer).connect_http(node.url().parse().expect("a URL"));
    assert_eq!(provider.get_chain_id().await.expect("asked"), 412_346);

    let deploy = TransactionRequest::default().into_create_with(INIT);
    let receipt = provider.send_transaction(deploy).await.expect("sent").get_receipt().await.expect("mined");
    assert!(receipt.status());
    let contract = receipt.contract_address.expect("created");
    assert!(!provider.get_code_at(contract).await.expect("asked").is_empty());

    let word = U256::from(77);
    let call = TransactionRequest::default().to(contract).input(Bytes::from(word.to_be_bytes_vec()).into());
    let receipt = provider.send_transaction(call).await.expect("sent").get_receipt().await.expect("mined");
    assert!(receipt.status());
    assert_eq!(provider.get_storage_at(contract, U256::ZERO).await.expect("asked"), word);
    let found = provider.get_logs(&Filter::new().address(contract).from_block(0)).await.expect("asked");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].topics()[0], B256::from(word));
    assert_eq!(found[0].transaction_hash, Some(receipt.transaction_hash));
    let block = provider.get_block(receipt.block_number.expect("mined").into()).full().await.expect("asked");
    assert_eq!(block.expect("a block").header.gas_used, receipt.gas_used);
    assert_eq!(provider.get_transaction_count(sender).await.expect("asked"), 2);
    assert_eq!(provider.get_storage_at(contract, U256::ZERO).number(1).await.expect("asked"), U256::ZERO);

    let empty = TransactionRequest::default().to(contract).from(sender);
    let refused = provider.call(empty.clone()).await.expect_err("it reverts");
    assert_eq!(refused.as_error_resp().expect("an error of the node's").code, 3);
    assert!(provider.estimate_gas(empty).await.is_err());
    assert!(
        provider
            .get_block_receipts(1.into())
            .await
            .expect("asked")
            .is_some_and(|receipts| receipts.len() == 1)
    );
    assert!(provider.get_fee_history(2, Default::default(), &[50.0]).await.is_ok());
    assert!(provider.syncing().await.is_ok());
}

#[test]
fn a_call_trace_shows_who_called_whom_and_what_failed() {
    let node = common::node();
    // Calls the address in its calldata with its own value and ignores what comes of it.
    let forward = json!("0x600080808080346000355af100");
    let (outer, inner) = (Address::repeat_byte(0xa1), Address::repeat_byte(0xb2));
    let set = |address: Address, code: Value| {
        common::ask(&node, "anvil_setCode", json!([address, code])).expect("set")
    };
    set(outer, forward);
    set(inner, json!("0x60006000fd"));
    let sender = node.accounts()[0].0;
    let data: Bytes = inner.into_word().into();
    let tx = json!({ "from": sender, "to": outer, "value": "0x5", "data": data, "gas": "0x186a0" });
    let hash = common::ask(&node, "eth_sendTransaction", json!([tx.clone()])).expect("sent");
    let tracer = json!({ "tracer": "callTracer" });
    let trace = common::ask(&node, "debug_traceTransaction", json!([hash, tracer])).expect("traced");
    let receipt = common::ask(&node, "eth_getTransactionReceipt", json!([hash])).expect("mined");
    assert_eq!(trace["gasUsed"], receipt["gasUsed"]);
    assert_eq!(
        (&trace["type"], &trace["from"], &trace["to"]),
        (&json!("CALL"), &json!(sender), &json!(outer))
    );
    assert_eq!(trace["gas"], json!("0x186a0"));
    let call = &trace["calls"][0];
    assert_eq!((&call["from"], &call["to"], &call["value"]), (&json!(outer), &json!(inner), &json!("0x5")));
    assert_eq!(call["error"], json!("execution reverted"));
    assert_eq!(trace["error"], Value::Null);
    let called = common::ask(&node, "debug_traceCall", json!([tx, "latest", tracer])).expect("traced");
    assert_eq!(called["calls"], trace["calls"]);

    let top = json!({ "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } });
    let top = common::ask(&node, "debug_traceTransaction", json!([hash, top])).expect("traced");
    assert_eq!(top["calls"], Value::Null);
    assert_eq!(common::refusal(&node, "debug_traceTransaction", json!([hash])).0, -32_602);
    let unknown = json!([format!("0x{}", "11".repeat(32)), tracer]);
    assert_eq!(
        common::refusal(&node, "debug_traceTransaction", unknown),
        (-32_000, "transaction not found".into())
    );
}

trait IntoCreate {
    fn into_create_with(self, code: Bytes) -> Self;
}

impl IntoCreate for TransactionRequest {
    fn into_create_with(mut self, code: Bytes) -> Self {
        self.to = Some(alloy_primitives::TxKind::Create);
        self.input = code.into();
        self
    }
}
