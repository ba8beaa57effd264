//! Traces, as geth's call tracer writes them.

use alloy_eips::BlockId;
use alloy_primitives::{TxHash, hex};
use alloy_rpc_types_eth::BlockOverrides;
use alloy_rpc_types_eth::state::StateOverride;
use alloy_sol_types::decode_revert_reason;
use host::{FrameKind, Trace};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::halted;
use super::{Answer, Params, RpcError, quantity};
use crate::chain::{Chain, Request, Traced};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    tracer: Option<String>,
    #[serde(default)]
    tracer_config: TracerConfig,
    state_overrides: Option<StateOverride>,
    block_overrides: Option<BlockOverrides>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TracerConfig {
    only_top_call: bool,
    with_log: bool,
}

impl Options {
    /// Only the call tracer is there: an empty trace of opcodes would say that none ran.
    fn check(&self) -> Result<(), RpcError> {
        match self.tracer.as_deref() {
            Some("callTracer") if self.tracer_config.with_log => {
                Err(RpcError::invalid_params("callTracer does not support withLog: see the receipt"))
            }
            Some("callTracer") => Ok(()),
            Some(other) => Err(RpcError::invalid_params(format!(
                "tracer {other:?} is not supported: use \"callTracer\""
            ))),
            None => Err(RpcError::invalid_params(
                "opcode traces are not supported: use the tracer \"callTracer\"",
            )),
        }
    }
}

pub(super) fn answer(chain: &mut Chain, method: &str, params: &Params) -> Option<Answer> {
    Some(match method {
        "debug_traceTransaction" => transaction(chain, params),
        "debug_traceCall" => call(chain, params),
        _ => return None,
    })
}

fn transaction(chain: &mut Chain, params: &Params) -> Answer {
    let hash: TxHash = params.required(0, "hash")?;
    let options: Options = params.optional(1, "options")?.unwrap_or_default();
    options.check()?;
    Ok(shown(&chain.trace_mined(hash)?, &options))
}

fn call(chain: &mut Chain, params: &Params) -> Answer {
    let block: Option<BlockId> = params.optional(1, "block")?;
    let mut options: Options = params.optional(2, "options")?.unwrap_or_default();
    options.check()?;
    let request = Request {
        call: params.required(0, "call")?,
        block,
        state: options.state_overrides.take(),
        environment: options.block_overrides.take(),
    };
    Ok(shown(&chain.trace_call(&request)?, &options))
}

/// The outermost frame, with the gas of the whole transaction.
fn shown(traced: &Traced, options: &Options) -> Value {
    let Some(trace) = &traced.trace else { return Value::Null };
    let mut shown = frame(trace, !options.tracer_config.only_top_call);
    shown.insert("gas".into(), quantity(traced.gas_limit));
    shown.insert("gasUsed".into(), quantity(traced.executed.receipt.gas_used));
    Value::Object(shown)
}

fn frame(trace: &Trace, deep: bool) -> Map<String, Value> {
    let mut shown = Map::new();
    let mut put = |key: &str, value: Value| drop(shown.insert(key.into(), value));
    put("type", json!(trace.kind.name()));
    put("from", json!(trace.from));
    let created = matches!(trace.kind, FrameKind::Create | FrameKind::Create2);
    if !created || trace.error.is_none() {
        put("to", json!(trace.to));
    }
    if trace.kind != FrameKind::StaticCall {
        put("value", json!(trace.value));
    }
    put("gas", quantity(trace.gas_limit));
    put("gasUsed", quantity(trace.gas_used));
    put("input", json!(trace.input));
    if !trace.output.is_empty() {
        put("output", json!(hex::encode_prefixed(&trace.output)));
    }
    if let Some(error) = &trace.error {
        let reverted = error == "Revert";
        put("error", json!(if reverted { "execution reverted".into() } else { halted(error) }));
        if let Some(reason) = decode_revert_reason(&trace.output).filter(|_| reverted) {
            put("revertReason", json!(reason.trim_start_matches("revert: ")));
        }
    }
    if deep && !trace.calls.is_empty() {
        put("calls", trace.calls.iter().map(|call| Value::Object(frame(call, deep))).collect());
    }
    shown
}
