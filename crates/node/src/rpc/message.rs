//! What arrives and what is sent back.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Params, RpcError};

/// Requests of one batch at most.
const BATCH: usize = 1_000;

/// What a client sent.
pub(crate) enum Message {
    One(Result<Request, (Value, RpcError)>),
    Many(Vec<Result<Request, (Value, RpcError)>>),
}

/// One request.
pub(crate) struct Request {
    /// None of a notification, which is not answered.
    pub(crate) id: Option<Value>,
    pub(crate) method: String,
    pub(crate) params: Params,
}

#[derive(Deserialize)]
struct Raw {
    jsonrpc: Option<String>,
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    method: Option<String>,
    params: Option<Value>,
}

/// An id of null is one.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Message {
    /// # Errors
    /// When it is no JSON, an empty batch or too large a one.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, RpcError> {
        let value: Value =
            serde_json::from_slice(text).map_err(|error| RpcError::parse(format!("parse error: {error}")))?;
        match value {
            Value::Array(batch) if batch.is_empty() => Err(RpcError::invalid_request("empty batch")),
            Value::Array(batch) if batch.len() > BATCH => {
                Err(RpcError::limit(format!("batch too large: {} requests, limit {BATCH}", batch.len())))
            }
            Value::Array(batch) => Ok(Self::Many(batch.into_iter().map(Request::parse).collect())),
            single => Ok(Self::One(Request::parse(single))),
        }
    }
}

impl Request {
    fn parse(value: Value) -> Result<Self, (Value, RpcError)> {
        let id = value.get("id").cloned().unwrap_or(Value::Null);
        let wrong = |error: RpcError| (id.clone(), error);
        if !value.is_object() {
            return Err(wrong(RpcError::invalid_request("a request must be an object")));
        }
        let raw: Raw = serde_json::from_value(value)
            .map_err(|error| wrong(RpcError::invalid_request(format!("invalid request: {error}"))))?;
        if raw.jsonrpc.as_deref().is_some_and(|version| version != "2.0") {
            return Err(wrong(RpcError::invalid_request("jsonrpc must be \"2.0\"")));
        }
        if raw.id.as_ref().is_some_and(|id| id.is_object() || id.is_array() || id.is_boolean()) {
            return Err((Value::Null, RpcError::invalid_request("id must be a string, a number or null")));
        }
        let method = raw.method.ok_or_else(|| wrong(RpcError::invalid_request("missing method")))?;
        let params = Params::new(raw.params).map_err(wrong)?;
        Ok(Self { id: raw.id, method, params })
    }
}

/// A response to a request with this id.
pub(crate) fn response(id: &Value, result: Result<Value, RpcError>) -> Value {
    match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
    }
}
