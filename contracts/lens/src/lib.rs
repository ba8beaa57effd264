//! The lens: what a vault's book is worth, what it risks and what it would trade at, each in one call.
//!
//! It reads a vault by the vault's ABI (`vault`), rebuilds the marked book from the stored words, and computes with `book`, the crate that the
//! vault itself runs, so that its figures are the vault's to the last unit. Whether the vault would trade is the vault's to say: the lens asks.
//!
//! # What this contract does not do
//! It keeps no state, holds nothing and changes nothing: every call it makes is static, and what it accepts as an answer has a bound. It does
//! not know which vaults are genuine: a vault that lies gets its own lies back.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![allow(missing_docs, reason = "the entry point that the SDK makes has none; all else here has")]

extern crate alloc;

mod amounts;
mod chain;
mod error;
mod greeks;
mod hedge;
mod queue;
mod risk;
mod stored;
mod vault;

use alloc::vec::Vec;

use alloy_primitives::{Address, I256, U256};
pub use interfaces::contract::Revert;
use interfaces::contract::{malformed, Answer as _, Args, Result};
use interfaces::lens::ILens::{
    self, ExpiryBook, ExpiryGreeks, Greeks, NavBreakdown, NextHedge, StrikeQuotes, WaitingEpoch, WorstCase,
};
use interfaces::routes;
use interfaces::words::uint;
use options::{Kind, Series};
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::ArbResult;

use crate::amounts::whole_micro;
use crate::error::OrOverflow;
use crate::vault::Vault;

/// A lens is its access to the chain.
pub struct Lens {
    vm: VM,
}

/// Runs a call: a method. Nothing takes ether.
#[entrypoint]
pub fn main(input: Vec<u8>, vm: VM) -> ArbResult {
    let refusal = || Vec::from(Revert::empty());
    let (selector, data) = input.split_first_chunk().ok_or_else(refusal)?;
    if !vm.msg_value().is_zero() {
        return Err(refusal());
    }
    let mut out = Vec::new();
    route(&Lens { vm }, u32::from_be_bytes(*selector), Args::new(data), &mut out)?;
    Ok(out)
}

fn route(lens: &Lens, selector: u32, mut args: Args<'_>, out: &mut Vec<u8>) -> Result<()> {
    routes! { lens, selector, args, out;
        ILens {
            seriesIdCall => series_id(expiry, strike, is_put);
            bookCall => book(vault);
            greeksCall => greeks(vault);
            greeksByExpiryCall => greeks_by_expiry(vault);
            seriesGreeksCall => series_greeks(vault, series);
            chainCall => chain(vault, expiry, size);
            stressCall => stress(vault, d_spot, d_vol);
            worstCaseCall => worst_case(vault);
            navBreakdownCall => nav_breakdown(vault);
            queueCall => queue(vault);
            nextHedgeCall => next_hedge(vault);
            collateralValueCall => collateral_value(vault, series, amount);
        }
    }
    malformed()
}

/// `abi/ILens.sol` is the manual.
impl Lens {
    fn of(&self, vault: Address) -> Vault<'_> {
        Vault { vm: &self.vm, address: vault }
    }

    /// Id of a series.
    pub fn series_id(&self, expiry: u64, strike: U256, is_put: bool) -> Result<U256> {
        let expiry = u32::try_from(expiry).or_overflow()?;
        let strike = whole_micro(strike).or_overflow()?;
        let kind = if is_put { Kind::Put } else { Kind::Call };
        Ok(uint(Series { expiry, strike, kind }.id()))
    }

    /// The book as stored.
    pub fn book(&self, vault: Address) -> Result<Vec<ExpiryBook>> {
        stored::view(&self.of(vault).state()?)
    }

    /// Greeks of the book.
    pub fn greeks(&self, vault: Address) -> Result<Greeks> {
        greeks::whole(&self.of(vault).marked()?)
    }

    /// Greeks of the book by expiry.
    pub fn greeks_by_expiry(&self, vault: Address) -> Result<Vec<ExpiryGreeks>> {
        greeks::by_expiry(&self.of(vault).marked()?)
    }

    /// Greeks of one option.
    pub fn series_greeks(&self, vault: Address, series: U256) -> Result<Greeks> {
        greeks::of_series(&self.of(vault).marked()?, series)
    }

    /// What each strike of an expiry would trade at.
    pub fn chain(&self, vault: Address, expiry: u64, size: U256) -> Result<Vec<StrikeQuotes>> {
        chain::quotes(&self.of(vault), expiry, size)
    }

    /// P&L in one scenario.
    pub fn stress(&self, vault: Address, d_spot: I256, d_vol: I256) -> Result<I256> {
        risk::stress(&self.of(vault), d_spot, d_vol)
    }

    /// The worst that can happen to the book.
    pub fn worst_case(&self, vault: Address) -> Result<WorstCase> {
        risk::worst_case(&self.of(vault))
    }

    /// NAV and what it is made of.
    pub fn nav_breakdown(&self, vault: Address) -> Result<NavBreakdown> {
        risk::nav_breakdown(&self.of(vault))
    }

    /// Redemptions that wait.
    pub fn queue(&self, vault: Address) -> Result<Vec<WaitingEpoch>> {
        queue::waiting(&self.of(vault))
    }

    /// The hedge, and when the next one is due.
    pub fn next_hedge(&self, vault: Address) -> Result<NextHedge> {
        hedge::next(&self.of(vault))
    }

    /// What the vault would pay for options now.
    pub fn collateral_value(&self, vault: Address, series: U256, amount: U256) -> Result<U256> {
        chain::collateral_value(&self.of(vault), series, amount)
    }
}
