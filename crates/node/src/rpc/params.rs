//! Positional parameters.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::RpcError;

/// The parameters of a request, read by position.
pub(crate) struct Params(Vec<Value>);

impl Params {
    /// # Errors
    /// When they are neither an array nor absent.
    pub(crate) fn new(params: Option<Value>) -> Result<Self, RpcError> {
        match params {
            None | Some(Value::Null) => Ok(Self(Vec::new())),
            Some(Value::Array(values)) => Ok(Self(values)),
            Some(_) => Err(RpcError::invalid_params("params must be an array")),
        }
    }

    /// A parameter that must be there.
    pub(crate) fn required<T: DeserializeOwned>(&self, index: usize, name: &str) -> Result<T, RpcError> {
        match self.optional(index, name)? {
            Some(value) => Ok(value),
            None => {
                Err(RpcError::invalid_params(format!("missing value for required argument {index} ({name})")))
            }
        }
    }

    /// A parameter that may be absent or null.
    pub(crate) fn optional<T: DeserializeOwned>(
        &self,
        index: usize,
        name: &str,
    ) -> Result<Option<T>, RpcError> {
        match self.0.get(index) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value.clone()).map(Some).map_err(|error| {
                RpcError::invalid_params(format!("invalid argument {index} ({name}): {error}"))
            }),
        }
    }

    /// A number, as tools write it: hex, decimal text or a plain number.
    pub(crate) fn number(&self, index: usize, name: &str) -> Result<Option<u64>, RpcError> {
        let Some(value) = self.optional::<Value>(index, name)? else { return Ok(None) };
        let number = match &value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => match text.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16).ok(),
                None => text.parse().ok(),
            },
            _ => None,
        };
        let wrong =
            || RpcError::invalid_params(format!("invalid argument {index} ({name}): {value} is no number"));
        number.map(Some).ok_or_else(wrong)
    }

    /// As [`Params::number`], for one that must be there.
    pub(crate) fn required_number(&self, index: usize, name: &str) -> Result<u64, RpcError> {
        let missing =
            || RpcError::invalid_params(format!("missing value for required argument {index} ({name})"));
        self.number(index, name)?.ok_or_else(missing)
    }
}
