//! Calls, gas estimates, and the calls that only a node can answer.

use std::collections::{BTreeMap, BTreeSet};

use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_sol_types::{SolInterface, SolValue, sol};
use host::{FrameKind, Trace};
use serde_json::json;

use super::{Answer, Params, RpcError, quantity};
use crate::chain::{Chain, Request};

/// Where Arbitrum nodes answer calls that no contract could.
const NODE_INTERFACE: Address = address!("00000000000000000000000000000000000000c8");

sol! {
    interface NodeInterface {
        function gasEstimateComponents(address to, bool contractCreation, bytes data) external payable returns (uint64 gasEstimate, uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFeeEstimate);
        function gasEstimateL1Component(address to, bool contractCreation, bytes data) external payable returns (uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFeeEstimate);
        function nitroGenesisBlock() external pure returns (uint256 number);
        function blockL1Num(uint64 l2BlockNum) external view returns (uint64 l1BlockNum);
    }
}

use NodeInterface::NodeInterfaceCalls;

pub(super) fn answer(chain: &mut Chain, method: &str, params: &Params) -> Option<Answer> {
    Some(match method {
        "eth_call" => call(chain, params),
        "eth_estimateGas" => request(params).and_then(|request| chain.estimate(&request)).map(quantity),
        "eth_createAccessList" => access_list(chain, params),
        _ => return None,
    })
}

/// The slots that a call touches, but for the sender's and the callee's own accounts without any.
fn access_list(chain: &mut Chain, params: &Params) -> Answer {
    let mut request = request(params)?;
    let traced = chain.trace_call(&request)?;
    let mut touched = BTreeMap::new();
    if let Some(trace) = &traced.trace {
        touch(trace, &mut touched);
    }
    let warm = [Some(request.call.from.unwrap_or_default()), request.call.to.and_then(|to| to.into_to())];
    let listed =
        touched.into_iter().filter(|(account, slots)| !slots.is_empty() || !warm.contains(&Some(*account)));
    let list: Vec<AccessListItem> = listed
        .map(|(address, slots)| AccessListItem { address, storage_keys: slots.into_iter().collect() })
        .collect();
    request.call.access_list = Some(AccessList(list.clone()));
    let with_list = chain.call(&request)?;
    let error = with_list.failure.map(|failure| RpcError::from(failure).message);
    let mut answer = json!({ "accessList": list, "gasUsed": quantity(with_list.receipt.gas_used) });
    if let (Some(error), Some(fields)) = (error, answer.as_object_mut()) {
        fields.insert("error".into(), json!(error));
    }
    Ok(answer)
}

fn touch(trace: &Trace, touched: &mut BTreeMap<Address, BTreeSet<B256>>) {
    let foreign = matches!(trace.kind, FrameKind::DelegateCall | FrameKind::CallCode);
    let acting = if foreign { trace.from } else { trace.to };
    let slots = trace.reads.keys().chain(trace.writes.keys()).map(|slot| B256::from(*slot));
    touched.entry(acting).or_default().extend(slots);
    touched.entry(trace.to).or_default();
    for call in &trace.calls {
        touch(call, touched);
    }
}

/// The call in the first four parameters: call, block, state overrides, block overrides.
pub(super) fn request(params: &Params) -> Result<Request, RpcError> {
    Ok(Request {
        call: params.required(0, "call")?,
        block: params.optional(1, "block")?,
        state: params.optional(2, "state overrides")?,
        environment: params.optional(3, "block overrides")?,
    })
}

fn call(chain: &mut Chain, params: &Params) -> Answer {
    let request = request(params)?;
    if request.call.to.and_then(|to| to.into_to()) == Some(NODE_INTERFACE) {
        return node_interface(chain, request);
    }
    let outcome = chain.call(&request)?;
    match outcome.failure {
        Some(failure) => Err(failure.into()),
        None => Ok(json!(outcome.receipt.output)),
    }
}

fn node_interface(chain: &mut Chain, request: Request) -> Answer {
    let input = request.call.input.input().cloned().unwrap_or_default();
    let asked =
        NodeInterfaceCalls::abi_decode_validate(&input).map_err(|_| RpcError::reverted(&Bytes::new()))?;
    let base_fee = U256::from(chain.world.base_fee());
    let output = match asked {
        NodeInterfaceCalls::gasEstimateComponents(asked) => {
            let to = if asked.contractCreation { None } else { Some(asked.to) };
            let call = inner(&request.call, to, asked.data);
            let gas = chain.estimate(&Request { call, ..request })?;
            (gas, 0_u64, base_fee, U256::ZERO).abi_encode()
        }
        NodeInterfaceCalls::gasEstimateL1Component(_) => (0_u64, base_fee, U256::ZERO).abi_encode(),
        NodeInterfaceCalls::nitroGenesisBlock(_) => U256::ZERO.abi_encode(),
        NodeInterfaceCalls::blockL1Num(asked) => {
            let block = chain.block(asked.l2BlockNum).ok_or_else(|| RpcError::refused("header not found"))?;
            host::World::l1_block(block.header.timestamp).abi_encode()
        }
    };
    Ok(json!(Bytes::from(output)))
}

/// The call that is estimated: sender, value and gas are those of the question.
fn inner(outer: &TransactionRequest, to: Option<Address>, data: Bytes) -> TransactionRequest {
    let mut call = outer.clone();
    call.to = Some(to.map_or(alloy_primitives::TxKind::Create, alloy_primitives::TxKind::Call));
    call.input = data.into();
    call
}
