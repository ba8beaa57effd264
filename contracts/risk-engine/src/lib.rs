//! The risk engine: everything that the vault computes of its book, and nothing that it stores.
//!
//! The vault packs its state into words, asks, and acts on the answer. The engine has no storage, no owner and no settings, and calls nobody:
//! an answer is a function of the request. It is a contract of its own so that another module can be put in its place, and so that the vault
//! stays a ledger that can be read in one sitting.
//!
//! # What this contract does not do
//! It reads no feed, knows no vault and holds no money. Its marks are those of `crates/book`, which the lens and the keeper link as well.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![allow(missing_docs, reason = "the entry point that the SDK makes has none; all else here has")]

#[macro_use]
extern crate alloc;

mod refusal;

use alloc::vec::Vec;

use alloy_primitives::{B256, I256, U256};
use book::{Request, Rules};
pub use interfaces::contract::Revert;
use interfaces::contract::{fail, malformed, unmarked, Answer as _, Args, Result};
use interfaces::engine::IRiskEngine::{self, Margined, Marked, RequestInvalid};
use interfaces::routes;
use interfaces::settings::Settings;
use interfaces::words::{int, uint};
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::{stylus_core::storage::TopLevelStorage, ArbResult};

/// No storage.
#[storage]
pub struct RiskEngine {}

// SAFETY: this is the program's only storage and begins at slot 0.
unsafe impl TopLevelStorage for RiskEngine {}

/// Runs a call. Nothing takes ether.
#[entrypoint]
pub fn main(input: Vec<u8>, vm: VM) -> ArbResult {
    let refusal = || Vec::from(Revert::empty());
    let (selector, data) = input.split_first_chunk().ok_or_else(refusal)?;
    // SAFETY: one instance for the call, which has no slots.
    let mut engine = unsafe { RiskEngine::new(U256::ZERO, 0, vm) };
    if !engine.vm().msg_value().is_zero() {
        return Err(refusal());
    }
    let mut out = Vec::new();
    route(&mut engine, u32::from_be_bytes(*selector), Args::new(data), &mut out)?;
    Ok(out)
}

fn route(engine: &mut RiskEngine, selector: u32, mut args: Args<'_>, out: &mut Vec<u8>) -> Result<()> {
    routes! { engine, selector, args, out;
        constructor();
        IRiskEngine {
            markCall => mark(request);
            offerCall => offer(request);
            worstLossCall => worst_loss(request);
            marginCall => margin(request);
        }
    }
    malformed()
}

#[public]
impl RiskEngine {
    /// Nothing to fix.
    #[constructor]
    pub fn constructor(&mut self) {}

    /// Marks the book of a request. `abi/IRiskEngine.sol` is the manual.
    ///
    /// # Errors
    /// `RequestInvalid`, and those of a book that cannot be marked.
    pub fn mark(&self, request: Vec<B256>) -> Result<Marked> {
        let (rules, request) = read(&request)?;
        let marked = book::mark(&rules, request).map_err(unmarked)?;
        Ok(Marked {
            value: int(marked.value),
            delta: int(marked.delta),
            risk: uint(marked.risk),
            needed: uint(marked.needed),
            inner: uint(marked.band.inner),
            outer: uint(marked.band.outer),
        })
    }

    /// What a request's book with its hedges can lose. `abi/IRiskEngine.sol` is the manual.
    ///
    /// # Errors
    /// `RequestInvalid`, and those of a book that cannot be marked.
    pub fn worst_loss(&self, request: Vec<B256>) -> Result<U256> {
        let (rules, request) = read(&request)?;
        book::worst_loss(&rules, request).map(uint).map_err(unmarked)
    }

    /// Margins the book of a request as an account's. `abi/IRiskEngine.sol` is the manual.
    ///
    /// # Errors
    /// `RequestInvalid`, and those of a book that cannot be marked.
    pub fn margin(&self, request: Vec<B256>) -> Result<Margined> {
        let (rules, request) = read(&request)?;
        let margined = book::margin(&rules, request).map_err(unmarked)?;
        Ok(Margined {
            value: int(margined.value),
            initial: uint(margined.initial),
            maintenance: uint(margined.maintenance),
            uncovered: uint(margined.uncovered),
        })
    }

    /// Prices the orders of a request as one trade, and checks the book after it. `abi/IRiskEngine.sol` is the manual.
    ///
    /// # Errors
    /// `RequestInvalid`, and those of a book that cannot be marked.
    pub fn offer(&self, request: Vec<B256>) -> Result<Vec<I256>> {
        let (rules, request) = read(&request)?;
        let offer = book::offer(&rules, &request).map_err(|refused| refusal::refused(&request, refused))?;
        let quote = offer.quote;
        let spread = i128::try_from(quote.spread).unwrap_or(i128::MAX);
        let mut numbers = vec![quote.premium, quote.value, quote.charge, spread];
        numbers.extend_from_slice(&offer.net);
        numbers.extend(offer.young.halves().map(|half| i128::try_from(half).unwrap_or(i128::MAX)));
        numbers.extend_from_slice(offer.legs.as_flattened());
        Ok(numbers.into_iter().map(int).collect())
    }
}

fn read(words: &[B256]) -> Result<(Rules, Request)> {
    let plain: Vec<[u8; 32]> = words.iter().map(|word| word.0).collect();
    match Request::decode(&plain) {
        Some(request) => Ok((Settings::unpack(&request.settings).rules(), request)),
        None => fail(RequestInvalid { words: uint(u128::try_from(words.len()).unwrap_or(u128::MAX)) }),
    }
}
