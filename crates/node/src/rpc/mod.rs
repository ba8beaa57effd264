//! JSON-RPC: requests, their errors, and the methods.

mod account;
mod block;
mod call;
mod debug;
mod develop;
mod error;
mod filter;
mod message;
mod params;
mod send;

use serde_json::{Value, json};

use crate::chain::Chain;

pub(crate) use block::{header, waiting};
pub use error::RpcError;
pub(crate) use message::{Message, Request, response};
pub(crate) use params::Params;

type Answer = Result<Value, RpcError>;

/// Name and version, as `web3_clientVersion` tells them.
pub(crate) const CLIENT: &str = concat!("equipoise-node/v", env!("CARGO_PKG_VERSION"));

/// Answers a request. Subscriptions are not here: they belong to a connection.
pub(crate) fn answer(chain: &mut Chain, method: &str, params: &Params) -> Answer {
    let family = method.split_once('_').map_or("", |(family, _)| family);
    match family {
        "eth" => None
            .or_else(|| account::answer(chain, method, params))
            .or_else(|| block::answer(chain, method, params))
            .or_else(|| call::answer(chain, method, params))
            .or_else(|| filter::answer(chain, method, params))
            .or_else(|| send::answer(chain, method, params)),
        "anvil" | "hardhat" | "evm" => develop::answer(chain, method, params),
        "debug" => debug::answer(chain, method, params),
        "personal" => account::answer(chain, method, params),
        "net" | "web3" | "txpool" => about(chain, method, params),
        _ => None,
    }
    .unwrap_or_else(|| Err(RpcError::unknown_method(method)))
}

fn about(chain: &mut Chain, method: &str, params: &Params) -> Option<Answer> {
    Some(match method {
        "net_version" => Ok(json!(chain.world.chain_id().to_string())),
        "net_listening" => Ok(json!(true)),
        "net_peerCount" => Ok(json!("0x0")),
        "web3_clientVersion" => Ok(json!(CLIENT)),
        "web3_sha3" => params
            .required::<alloy_primitives::Bytes>(0, "data")
            .map(|data| json!(alloy_primitives::keccak256(data))),
        "txpool_status" => {
            let all = chain.pool.len() as u64;
            Ok(json!({ "pending": quantity(all), "queued": quantity(0) }))
        }
        _ => return None,
    })
}

/// A number as RPC writes it.
pub(crate) fn quantity(number: u64) -> Value {
    json!(format!("{number:#x}"))
}
