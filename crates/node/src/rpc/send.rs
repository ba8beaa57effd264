//! Transactions that are sent.

use alloy_primitives::{Address, Bytes};
use alloy_rpc_types_eth::TransactionRequest;
use serde_json::json;

use super::{Answer, Params, RpcError};
use crate::chain::{Chain, Request};

pub(super) fn answer(chain: &mut Chain, method: &str, params: &Params) -> Option<Answer> {
    Some(match method {
        "eth_sendRawTransaction" => {
            let raw = params.required::<Bytes>(0, "transaction");
            raw.and_then(|raw| chain.submit_raw(&raw)).map(|hash| json!(hash))
        }
        "eth_sendTransaction" => send(chain, params),
        _ => return None,
    })
}

fn send(chain: &mut Chain, params: &Params) -> Answer {
    let mut request: TransactionRequest = params.required(0, "transaction")?;
    let from = request
        .from
        .ok_or_else(|| RpcError::invalid_params("invalid argument 0 (transaction): missing from"))?;
    fill(chain, &mut request, from)?;
    let tx = request.build_consensus_tx().map_err(|error| {
        RpcError::invalid_params(format!("invalid argument 0 (transaction): {}", error.error))
    })?;
    let signed = chain.wallets.sign(from, tx).ok_or_else(|| RpcError::refused("unknown account"))?;
    chain.submit(signed).map(|hash| json!(hash))
}

/// Fills in what the sender left open.
fn fill(chain: &mut Chain, request: &mut TransactionRequest, from: Address) -> Result<(), RpcError> {
    let chain_id = chain.world.chain_id();
    match request.chain_id {
        Some(have) if have != chain_id => {
            return Err(RpcError::refused(format!(
                "chainId does not match node's (have={have}, want={chain_id})"
            )));
        }
        _ => request.chain_id = Some(chain_id),
    }
    if request.nonce.is_none() {
        request.nonce = Some(chain.pending_nonce(from));
    }
    if request.to.is_none() {
        request.to = Some(alloy_primitives::TxKind::Create);
    }
    if request.gas.is_none() {
        let estimate = Request { call: request.clone(), block: None, state: None, environment: None };
        request.gas = Some(chain.estimate(&estimate)?);
    }
    let base = u128::from(chain.world.base_fee());
    if request.gas_price.is_none() {
        let tip = request.max_priority_fee_per_gas.get_or_insert(0);
        let least = base.saturating_mul(2).saturating_add(*tip);
        request.max_fee_per_gas.get_or_insert(least);
    }
    if request.gas_price.is_some() && request.max_fee_per_gas.is_some() {
        return Err(RpcError::invalid_params(
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified",
        ));
    }
    request.input.set_both();
    Ok(())
}
