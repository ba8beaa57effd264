//! The index as it is written. A field that is not known here is refused: nothing that was measured may go unchecked.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde::Deserialize;

use super::VectorError;
use crate::price::{INK_PER_GAS, Pages, STACK_WORDS};

/// Rules of the first version of ArbOS that has all of the host's.
const ARBOS: u64 = 60;
const STYLUS: u64 = 2;

#[derive(Deserialize)]
pub(super) struct Version {
    pub(super) format: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "format")]
    _format: u64,
    pub(super) rules: Rules,
    pub(super) fixed_environment: Fixed,
    pub(super) cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    arbos_version: u64,
    stylus_version: u64,
    ink_price: u64,
    max_stack_words: u64,
    free_pages: u64,
    page_gas: u64,
    page_limit: u64,
}

impl Rules {
    /// Refuses parameters that the host does not have.
    pub(super) fn check(&self) -> Result<(), VectorError> {
        let same = |rule, found: u64, has: u64| match found == has {
            true => Ok(()),
            false => Err(VectorError::Rule { rule, found, has }),
        };
        same("arbos_version", self.arbos_version.min(ARBOS), ARBOS)?;
        same("stylus_version", self.stylus_version, STYLUS)?;
        same("ink_price", self.ink_price, INK_PER_GAS)?;
        same("max_stack_words", self.max_stack_words, STACK_WORDS.into())?;
        same("free_pages", self.free_pages, Pages::FREE.into())?;
        same("page_gas", self.page_gas, Pages::PAGE_GAS)?;
        same("page_limit", self.page_limit, Pages::LIMIT.into())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fixed {
    pub(super) chain_id: u64,
    pub(super) block_basefee: U256,
    pub(super) tx_gas_price: U256,
    pub(super) block_coinbase: Address,
    pub(super) block_gas_limit: u64,
    pub(super) code_of_mock: Bytes,
    #[serde(rename = "balance_of_every_account")]
    _balance_of_every_account: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "about")]
    _about: String,
    #[serde(default, rename = "core")]
    _core: bool,
    pub(super) environment: Environment,
    pub(super) programs: BTreeMap<Address, Program>,
    #[serde(default)]
    pub(super) calls: Vec<Call>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Environment {
    pub(super) cached: bool,
    pub(super) block_number: u64,
    #[serde(default)]
    pub(super) storage: BTreeMap<Address, BTreeMap<U256, U256>>,
    #[serde(default)]
    pub(super) mocks: BTreeMap<Address, BTreeMap<Selector, Answer>>,
    #[serde(default)]
    pub(super) code: BTreeMap<Address, Bytes>,
}

/// The beginning of calldata in hex, or `*` for all other.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Selector {
    Bytes(Vec<u8>),
    Other,
}

impl TryFrom<String> for Selector {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "*" { Ok(Self::Other) } else { hex::decode(text).map(Self::Bytes) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) return_data: Bytes,
    pub(super) gas: u64,
    pub(super) revert: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    pub(super) wasm: String,
    #[serde(default, rename = "wat")]
    _wat: Option<String>,
    pub(super) sha256: String,
    pub(super) activation: Activation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Activation {
    pub(super) result: String,
    pub(super) rule: Option<String>,
    pub(super) wasm_bytes: u64,
    /// Depends on the compressor and prices nothing.
    #[serde(rename = "compressed_bytes")]
    _compressed_bytes: u64,
    pub(super) activation_gas: Option<u64>,
    pub(super) asm_estimate_bytes: Option<u64>,
    pub(super) footprint_pages: Option<u64>,
    pub(super) init_cost: Option<u64>,
    pub(super) cached_init_cost: Option<u64>,
    pub(super) overhead_uncached_gas: Option<u64>,
    pub(super) overhead_cached_gas: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    #[serde(default)]
    pub(super) label: Option<String>,
    pub(super) to: Address,
    pub(super) caller: Address,
    pub(super) value: U256,
    pub(super) calldata: Bytes,
    pub(super) gas_limit: u64,
    pub(super) timestamp: u64,
    pub(super) read_only: bool,
    pub(super) new_transaction: bool,
    pub(super) expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) status: String,
    pub(super) return_data: Option<Bytes>,
    pub(super) return_data_length: Option<u64>,
    pub(super) return_data_keccak256: Option<B256>,
    pub(super) overhead_gas: Option<u64>,
    pub(super) ink_used: Option<u64>,
    pub(super) gas_used: u64,
    pub(super) refund: i64,
    pub(super) stack_words_left: Option<u32>,
    pub(super) memory_pages: Option<u32>,
    pub(super) logs: Vec<Log>,
    pub(super) hostio: BTreeMap<String, Hostio>,
    #[serde(default)]
    pub(super) storage_after: BTreeMap<Address, BTreeMap<U256, U256>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    pub(super) address: Address,
    pub(super) topics: Vec<B256>,
    pub(super) data: Bytes,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct Hostio {
    pub(super) count: u64,
    pub(super) ink: u64,
}
