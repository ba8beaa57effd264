//! What test tools ask of a development node: `anvil_`, `hardhat_` and `evm_`.

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};

use super::{Answer, CLIENT, Params, RpcError, quantity};
use crate::chain::{Chain, Saved};

/// Blocks that one request mines at most.
const BLOCKS: u64 = 100_000;

pub(super) fn answer(chain: &mut Chain, method: &str, params: &Params) -> Option<Answer> {
    let (_, name) = method.split_once('_')?;
    Some(match name {
        "mine" if method == "evm_mine" => mine_one(chain, params),
        "mine" => mine_many(chain, params),
        "increaseTime" => increase_time(chain, params),
        "setNextBlockTimestamp" => next_timestamp(chain, params),
        "setTime" => set_time(chain, params),
        "snapshot" => Ok(quantity(chain.take_snapshot())),
        "revert" => {
            params.required_number(0, "id").and_then(|id| chain.revert_to(id)).map(|done| json!(done))
        }
        "setAutomine" => params.required(0, "enabled").and_then(|enabled| {
            chain.automine = enabled;
            if enabled { chain.mine_ready().map(|()| Value::Null) } else { Ok(Value::Null) }
        }),
        "setIntervalMining" => set_interval(chain, params),
        "getIntervalMining" => Ok(json!(chain.interval.borrow().map(|interval| interval.as_secs()))),
        "getAutomine" => Ok(json!(chain.automine)),
        "impersonateAccount" => impersonate(chain, params, true),
        "stopImpersonatingAccount" => impersonate(chain, params, false),
        "autoImpersonateAccount" => params.required(0, "enabled").map(|enabled| {
            chain.wallets.impersonate_all = enabled;
            Value::Null
        }),
        "setBalance" => set_balance(chain, params),
        "setCode" => set_code(chain, params),
        "setNonce" => set_nonce(chain, params),
        "setStorageAt" => set_storage(chain, params),
        "setNextBlockBaseFeePerGas" => params.required_number(0, "baseFee").map(|fee| {
            chain.world.set_base_fee(fee);
            Value::Null
        }),
        "setChainId" => params.required_number(0, "chainId").map(|id| {
            chain.world.set_chain_id(id);
            Value::Null
        }),
        "dropTransaction" => {
            params.required(0, "hash").map(|hash| json!(chain.pool.drop_transaction(hash).then_some(hash)))
        }
        "dropAllTransactions" => {
            chain.pool.clear();
            Ok(Value::Null)
        }
        "dumpState" => dump(chain),
        "loadState" => load(chain, params),
        "reset" => chain.reset().map(|()| Value::Null).map_err(|error| RpcError::internal(error.to_string())),
        "nodeInfo" => Ok(node_info(chain)),
        "metadata" => Ok(metadata(chain)),
        _ => return None,
    })
}

/// `evm_mine`: one block, at a time if one is given.
fn mine_one(chain: &mut Chain, params: &Params) -> Answer {
    let options: Option<Value> = params.optional(0, "timestamp")?;
    let timestamp = match options {
        Some(Value::Object(options)) => {
            Params::new(options.get("timestamp").map(|time| json!([time])))?.number(0, "timestamp")?
        }
        _ => params.number(0, "timestamp")?,
    };
    if let Some(timestamp) = timestamp {
        set_next(chain, timestamp)?;
    }
    chain.mine()?;
    Ok(json!("0x0"))
}

/// `anvil_mine`: blocks, and seconds between them.
fn mine_many(chain: &mut Chain, params: &Params) -> Answer {
    let count = params.number(0, "blocks")?.unwrap_or(1);
    let interval = params.number(1, "interval")?;
    if count > BLOCKS {
        return Err(RpcError::limit(format!("{count} blocks, {BLOCKS} at once allowed")));
    }
    for at in 0..count {
        if let Some(interval) = interval.filter(|_| at > 0) {
            let last = chain.block(chain.head()).map_or(0, |block| block.header.timestamp);
            set_next(chain, last.saturating_add(interval))?;
        }
        chain.mine()?;
    }
    Ok(Value::Null)
}

/// Seconds, or 0 to stop.
fn set_interval(chain: &mut Chain, params: &Params) -> Answer {
    let seconds = params.required_number(0, "seconds")?;
    let interval = (seconds > 0).then(|| Duration::from_secs(seconds));
    if interval.is_some() {
        chain.automine = false;
    }
    chain.interval.send_replace(interval);
    Ok(Value::Null)
}

fn set_next(chain: &mut Chain, timestamp: u64) -> Result<(), RpcError> {
    let last = chain.block(chain.head()).map_or(0, |block| block.header.timestamp);
    if timestamp < last {
        return Err(RpcError::invalid_params(format!(
            "timestamp {timestamp} is before the last block's, {last}"
        )));
    }
    if i64::try_from(timestamp).is_err() {
        return Err(RpcError::invalid_params(format!("timestamp {timestamp} is out of range")));
    }
    chain.clock.next = Some(timestamp);
    Ok(())
}

fn next_timestamp(chain: &mut Chain, params: &Params) -> Answer {
    set_next(chain, params.required_number(0, "timestamp")?).map(|()| Value::Null)
}

fn increase_time(chain: &mut Chain, params: &Params) -> Answer {
    let seconds = params.required_number(0, "seconds")?;
    let offset = i64::try_from(seconds).ok().and_then(|seconds| chain.clock.offset.checked_add(seconds));
    let offset = offset.filter(|offset| *offset < i64::MAX / 2);
    chain.clock.offset =
        offset.ok_or_else(|| RpcError::invalid_params(format!("{seconds} seconds are out of range")))?;
    Ok(json!(chain.clock.offset))
}

fn set_time(chain: &mut Chain, params: &Params) -> Answer {
    let timestamp = params.required_number(0, "timestamp")?;
    set_next(chain, timestamp)?;
    chain.clock.next = None;
    chain.clock.offset = timestamp as i64 - crate::chain::machine_time() as i64;
    Ok(json!(chain.clock.offset))
}

fn impersonate(chain: &mut Chain, params: &Params, start: bool) -> Answer {
    let account: Address = params.required(0, "address")?;
    chain.wallets.impersonate(account, start);
    Ok(Value::Null)
}

fn set_balance(chain: &mut Chain, params: &Params) -> Answer {
    let account: Address = params.required(0, "address")?;
    let balance: U256 = params.required(1, "balance")?;
    chain.world.set_balance(account, balance);
    Ok(Value::Null)
}

fn set_code(chain: &mut Chain, params: &Params) -> Answer {
    let account: Address = params.required(0, "address")?;
    let code: Bytes = params.required(1, "code")?;
    chain.world.set_code(account, code);
    Ok(Value::Null)
}

fn set_nonce(chain: &mut Chain, params: &Params) -> Answer {
    let account: Address = params.required(0, "address")?;
    let nonce = params.required_number(1, "nonce")?;
    chain.world.set_nonce(account, nonce);
    Ok(Value::Null)
}

fn set_storage(chain: &mut Chain, params: &Params) -> Answer {
    let account: Address = params.required(0, "address")?;
    let slot: U256 = params.required(1, "slot")?;
    let value: B256 = params.required(2, "value")?;
    chain.world.set_storage(account, slot, value.into());
    Ok(json!(true))
}

/// The state as hexadecimal bytes of its JSON.
fn dump(chain: &mut Chain) -> Answer {
    let text = serde_json::to_vec(&chain.saved()).map_err(|error| RpcError::internal(error.to_string()))?;
    Ok(json!(Bytes::from(text)))
}

fn load(chain: &mut Chain, params: &Params) -> Answer {
    let text: Bytes = params.required(0, "state")?;
    let saved: Saved = serde_json::from_slice(&text)
        .map_err(|error| RpcError::invalid_params(format!("invalid argument 0 (state): {error}")))?;
    chain.load_saved(&saved).map(|()| json!(true))
}

fn node_info(chain: &mut Chain) -> Value {
    let head = chain.block(chain.head());
    json!({
        "currentBlockNumber": quantity(chain.head()),
        "currentBlockTimestamp": head.map(|block| block.header.timestamp),
        "currentBlockHash": head.map(|block| block.hash),
        "hardFork": "prague",
        "transactionOrder": "fifo",
        "environment": {
            "baseFee": quantity(chain.world.base_fee()),
            "chainId": chain.world.chain_id(),
            "gasLimit": quantity(host::TX_GAS),
            "gasPrice": quantity(chain.world.base_fee()),
        },
        "forkConfig": { "forkUrl": null, "forkBlockNumber": null, "forkRetryBackoff": null },
    })
}

fn metadata(chain: &mut Chain) -> Value {
    json!({
        "clientVersion": CLIENT,
        "chainId": chain.world.chain_id(),
        "latestBlockNumber": chain.head(),
        "latestBlockHash": chain.block(chain.head()).map(|block| block.hash),
    })
}
