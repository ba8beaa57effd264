//! Blocks, transactions and receipts.

use alloy_consensus::TxEnvelope;
use alloy_consensus::transaction::Recovered;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, TxHash, U256};
use alloy_rpc_types_eth::{BlockTransactions, Header, Transaction};
use host::World;
use serde_json::{Value, json};

use super::account::{index, or_null};
use super::{Answer, Params, RpcError, quantity};
use crate::chain::{At, Chain, Mined};

pub(super) fn answer(chain: &mut Chain, method: &str, params: &Params) -> Option<Answer> {
    Some(match method {
        "eth_blockNumber" => Ok(quantity(chain.head())),
        "eth_getBlockByNumber" => by_number(chain, params),
        "eth_getBlockByHash" => by_hash(chain, params),
        "eth_getBlockReceipts" => receipts(chain, params),
        "eth_getBlockTransactionCountByNumber" | "eth_getBlockTransactionCountByHash" => count(chain, params),
        "eth_getUncleCountByBlockNumber" | "eth_getUncleCountByBlockHash" => {
            block_id(params).map(|id| chain.find(id).map_or(Value::Null, |_| quantity(0)))
        }
        "eth_getUncleByBlockNumberAndIndex" | "eth_getUncleByBlockHashAndIndex" => Ok(Value::Null),
        "eth_getTransactionByHash" => transaction(chain, params),
        "eth_getTransactionByBlockNumberAndIndex" | "eth_getTransactionByBlockHashAndIndex" => {
            transaction_at(chain, params)
        }
        "eth_getRawTransactionByHash" => raw_transaction(chain, params),
        "eth_getTransactionReceipt" => receipt(chain, params),
        _ => return None,
    })
}

/// A block's number, tag or hash.
fn block_id(params: &Params) -> Result<BlockId, RpcError> {
    if let Ok(hash) = params.required::<B256>(0, "hash") {
        return Ok(hash.into());
    }
    params.required(0, "block")
}

fn by_number(chain: &mut Chain, params: &Params) -> Answer {
    let number: BlockNumberOrTag = params.required(0, "block")?;
    let full = params.optional(1, "full")?.unwrap_or(false);
    match chain.find(number.into()) {
        Some(At::Block(number)) => Ok(or_null(shown(chain, number, full))),
        Some(At::Pending) => Ok(pending(chain, full)),
        None => Ok(Value::Null),
    }
}

fn by_hash(chain: &mut Chain, params: &Params) -> Answer {
    let hash: B256 = params.required(0, "hash")?;
    let full = params.optional(1, "full")?.unwrap_or(false);
    let number = chain.block_by_hash(hash).map(|block| block.header.number);
    Ok(or_null(number.and_then(|number| shown(chain, number, full))))
}

/// A block as RPC shows it, with Arbitrum's own fields.
fn shown(chain: &Chain, number: u64, full: bool) -> Option<Value> {
    let block = chain.block(number)?;
    let transactions = if full {
        BlockTransactions::Full(
            (0..block.transactions.len()).filter_map(|at| block.transaction(at)).collect(),
        )
    } else {
        BlockTransactions::Hashes(
            block.transactions.iter().map(|mined| mined.receipt.transaction_hash).collect(),
        )
    };
    let header = header(chain, number)?;
    let mut shown = json!({ "uncles": [], "transactions": transactions });
    merge(&mut shown, header);
    Some(shown)
}

/// A header as RPC shows it.
pub(crate) fn header(chain: &Chain, number: u64) -> Option<Value> {
    let block = chain.block(number)?;
    let mut header = json!(Header {
        hash: block.hash,
        inner: block.header.clone(),
        total_difficulty: Some(U256::from(number + 1)),
        size: Some(U256::from(block.size())),
    });
    let l1 = World::l1_block(block.header.timestamp);
    merge(&mut header, json!({ "l1BlockNumber": quantity(l1), "sendCount": "0x0", "sendRoot": B256::ZERO }));
    Some(header)
}

/// The block that would be mined now, with what waits for it; it has no hash.
fn pending(chain: &Chain, full: bool) -> Value {
    let head = chain.head();
    let mut shown = shown(chain, head, false).unwrap_or_default();
    let transactions: Vec<Value> = chain.pool.all().map(|tx| waiting(tx, full)).collect();
    merge(
        &mut shown,
        json!({
            "number": quantity(head + 1),
            "parentHash": chain.block(head).map(|block| block.hash),
            "timestamp": quantity(chain.next_timestamp()),
            "hash": null,
            "nonce": null,
            "gasUsed": "0x0",
            "transactions": transactions,
        }),
    );
    shown
}

/// A transaction that waits, in full or by its hash.
pub(crate) fn waiting(tx: &Recovered<TxEnvelope>, full: bool) -> Value {
    use alloy_consensus::transaction::TxHashRef;
    if !full {
        return json!(tx.tx_hash());
    }
    json!(Transaction {
        inner: tx.clone(),
        block_hash: None,
        block_number: None,
        transaction_index: None,
        effective_gas_price: None,
        block_timestamp: None,
    })
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn receipts(chain: &mut Chain, params: &Params) -> Answer {
    let Some(At::Block(number)) = chain.find(block_id(params)?) else { return Ok(Value::Null) };
    let block = chain.block(number);
    Ok(or_null(block.map(|block| block.transactions.iter().map(shown_receipt).collect::<Vec<_>>())))
}

fn count(chain: &mut Chain, params: &Params) -> Answer {
    Ok(match chain.find(block_id(params)?) {
        Some(At::Block(number)) => {
            or_null(chain.block(number).map(|block| quantity(block.transactions.len() as u64)))
        }
        Some(At::Pending) => quantity(chain.pool.len() as u64),
        None => Value::Null,
    })
}

fn transaction(chain: &mut Chain, params: &Params) -> Answer {
    let hash: TxHash = params.required(0, "hash")?;
    if let Some((number, index)) = chain.position(hash) {
        return Ok(or_null(chain.block(number).and_then(|block| block.transaction(index))));
    }
    Ok(or_null(chain.pool.find(hash).map(|tx| waiting(tx, true))))
}

fn transaction_at(chain: &mut Chain, params: &Params) -> Answer {
    let found = chain.find(block_id(params)?);
    let index = index(params, 1)?;
    let Some(At::Block(number)) = found else { return Ok(Value::Null) };
    Ok(or_null(chain.block(number).and_then(|block| block.transaction(index))))
}

fn raw_transaction(chain: &mut Chain, params: &Params) -> Answer {
    use alloy_eips::eip2718::Encodable2718;
    let hash: TxHash = params.required(0, "hash")?;
    let tx = chain.mined(hash).map(|mined| &mined.tx).or_else(|| chain.pool.find(hash));
    Ok(or_null(tx.map(|tx| alloy_primitives::Bytes::from(tx.inner().encoded_2718()))))
}

fn receipt(chain: &mut Chain, params: &Params) -> Answer {
    let hash: TxHash = params.required(0, "hash")?;
    Ok(or_null(chain.mined(hash).map(shown_receipt)))
}

/// A receipt as RPC shows it, with Arbitrum's own fields: nothing is paid to an L1.
pub(super) fn shown_receipt(mined: &Mined) -> Value {
    let mut shown = json!(mined.receipt);
    merge(&mut shown, json!({ "gasUsedForL1": "0x0", "l1BlockNumber": quantity(mined.l1_block) }));
    shown
}
