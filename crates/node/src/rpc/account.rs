//! State of accounts, fees, and the node's own accounts.

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U64, U256, eip191_hash_message, hex};
use alloy_signer::SignerSync;
use serde_json::{Value, json};

use super::{Answer, Params, RpcError, quantity};
use crate::chain::Chain;

pub(super) fn answer(chain: &mut Chain, method: &str, params: &Params) -> Option<Answer> {
    Some(match method {
        "eth_chainId" => Ok(quantity(chain.world.chain_id())),
        "eth_syncing" => Ok(json!(false)),
        "eth_protocolVersion" => Ok(json!("0x41")),
        "eth_mining" => Ok(json!(false)),
        "eth_coinbase" => Err(RpcError::refused("etherbase must be explicitly specified")),
        "eth_gasPrice" => Ok(quantity(chain.world.base_fee())),
        "eth_maxPriorityFeePerGas" => Ok(quantity(0)),
        "eth_blobBaseFee" => Err(RpcError::refused("blob transactions do not exist on this chain")),
        "eth_feeHistory" => fee_history(chain, params),
        "eth_accounts" => Ok(json!(chain.wallets.addresses())),
        "eth_getBalance" => balance(chain, params),
        "eth_getCode" => code(chain, params),
        "eth_getStorageAt" => storage(chain, params),
        "eth_getTransactionCount" => nonce(chain, params),
        "eth_sign" => sign(chain, params, 0),
        "personal_sign" => sign(chain, params, 1),
        _ => return None,
    })
}

fn balance(chain: &mut Chain, params: &Params) -> Answer {
    let account: Address = params.required(0, "address")?;
    let block = params.optional(1, "block")?;
    chain.look(block, |world| json!(world.balance(account)))
}

fn code(chain: &mut Chain, params: &Params) -> Answer {
    let account: Address = params.required(0, "address")?;
    let block = params.optional(1, "block")?;
    chain.look(block, |world| json!(world.code(account)))
}

fn storage(chain: &mut Chain, params: &Params) -> Answer {
    let account: Address = params.required(0, "address")?;
    let slot: U256 = params.required(1, "slot")?;
    let block = params.optional(2, "block")?;
    chain.look(block, |world| json!(B256::from(world.storage(account, slot))))
}

fn nonce(chain: &mut Chain, params: &Params) -> Answer {
    let account: Address = params.required(0, "address")?;
    let block: Option<BlockId> = params.optional(1, "block")?;
    if block == Some(BlockId::pending()) {
        return Ok(quantity(chain.pending_nonce(account)));
    }
    chain.look(block, |world| quantity(world.nonce(account)))
}

/// The base fee never changes and no tip is ever paid.
fn fee_history(chain: &mut Chain, params: &Params) -> Answer {
    const BLOCKS: u64 = 1_024;
    let count = params.required_number(0, "blockCount")?.min(BLOCKS);
    let newest: BlockNumberOrTag = params.required(1, "newestBlock")?;
    let percentiles: Vec<f64> = params.optional(2, "rewardPercentiles")?.unwrap_or_default();
    if percentiles.iter().any(|percentile| !(0.0..=100.0).contains(percentile)) || !percentiles.is_sorted() {
        return Err(RpcError::invalid_params("invalid reward percentile: they must rise from 0 to 100"));
    }
    let newest = match chain.find(newest.into()) {
        Some(crate::chain::At::Block(number)) => number,
        Some(crate::chain::At::Pending) => chain.head(),
        None => return Err(RpcError::refused("request beyond head block")),
    };
    let oldest = (newest + 1).saturating_sub(count);
    let blocks = (oldest..=newest).take(count as usize).filter_map(|number| chain.block(number));
    let ratios: Vec<f64> =
        blocks.map(|block| block.header.gas_used as f64 / block.header.gas_limit as f64).collect();
    let fee = quantity(chain.world.base_fee());
    let rewards = vec![vec![quantity(0); percentiles.len()]; ratios.len()];
    let mut history = json!({
        "oldestBlock": quantity(oldest),
        "baseFeePerGas": vec![fee; ratios.len() + 1],
        "gasUsedRatio": ratios,
    });
    if !percentiles.is_empty()
        && let Some(fields) = history.as_object_mut()
    {
        fields.insert("reward".into(), json!(rewards));
    }
    Ok(history)
}

/// Signs a message for a prefunded account.
pub(super) fn sign(chain: &mut Chain, params: &Params, address_at: usize) -> Answer {
    let account: Address = params.required(address_at, "address")?;
    let message: Bytes = params.required(1 - address_at, "message")?;
    let signer = chain.wallets.signer(account).ok_or_else(|| RpcError::refused("unknown account"))?;
    let signature = signer
        .sign_hash_sync(&eip191_hash_message(message))
        .map_err(|error| RpcError::internal(error.to_string()))?;
    Ok(json!(hex::encode_prefixed(signature.as_bytes())))
}

/// An index or a count as clients write it.
pub(super) fn index(params: &Params, at: usize) -> Result<usize, RpcError> {
    let index: U64 = params.required(at, "index")?;
    usize::try_from(index).map_err(|_| RpcError::invalid_params("index out of range"))
}

/// Nothing there is null.
pub(super) fn or_null<T: serde::Serialize>(found: Option<T>) -> Value {
    found.map_or(Value::Null, |found| json!(found))
}
