//! Logs and installed filters.

use alloy_rpc_types_eth::Filter;
use serde_json::json;

use super::{Answer, Params};
use crate::chain::{Chain, Interest};

pub(super) fn answer(chain: &mut Chain, method: &str, params: &Params) -> Option<Answer> {
    Some(match method {
        "eth_getLogs" => filter(params).and_then(|filter| chain.logs(&filter)).map(|logs| json!(logs)),
        "eth_newFilter" => filter(params)
            .and_then(|filter| chain.install(Interest::Logs(Box::new(filter))))
            .map(|id| json!(id)),
        "eth_newBlockFilter" => chain.install(Interest::Blocks).map(|id| json!(id)),
        "eth_newPendingTransactionFilter" => {
            chain.install(Interest::Pending { full: false }).map(|id| json!(id))
        }
        "eth_getFilterChanges" => params.required(0, "id").and_then(|id| chain.changes(id)),
        "eth_getFilterLogs" => {
            params.required(0, "id").and_then(|id| chain.filter_logs(id)).map(|logs| json!(logs))
        }
        "eth_uninstallFilter" => params.required(0, "id").map(|id| json!(chain.uninstall(id))),
        _ => return None,
    })
}

fn filter(params: &Params) -> Result<Filter, super::RpcError> {
    params.required(0, "filter")
}
