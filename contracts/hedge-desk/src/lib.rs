//! The hedging desk of one vault: says when its book is hedged, by whom and at what price, and pays for it.
//!
//! # RULES
//! All rules are `inventory::hedge`, which keepers link as well: what is due, for how long it has been, what of it is older than the trades of
//! the last minutes, at what price it may be hedged, what that is paid, and what must hold after it. The desk marks the vault's book by the
//! vault's own words, asks the vault to trade, counts what the vault measured, and undoes everything when a post-condition fails.
//!
//! # WAYS TO HEDGE
//! `fillHedge`: take the other side in a standing auction that nobody has to post. `rebalance`: bring a route over the vault's venues.
//! `rebalancePosition`: have the vault's broker trade at a venue for positions, or order there. The
//! doors of automation networks (`performUpkeep`, `onReport`, `checker`) lead to `rebalance`. Nobody is let in by who they are.
//!
//! # MONEY
//! The desk holds none. The vault moves it, inside its own slippage cap, and pays rewards up to that cap (`src/desk.rs` there). A reward comes
//! from a budget that refills.
//!
//! # What this contract does not do
//! It keeps no book and reads no feed: a plan for another price than the vault's is refused. It needs no lock: whatever it does begins with the
//! vault's words, which the vault refuses while it has called out.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![allow(missing_docs, reason = "the entry point that the SDK makes has none; all else here has")]

#[macro_use]
extern crate alloc;

mod error;
mod fill;
mod market;
mod position;
mod rebalance;
mod rules;
mod upkeep;
mod vault;

use alloc::vec::Vec;

use alloy_primitives::{Address, Bytes, FixedBytes, B256, I256, U256};
pub use interfaces::contract::Revert;
use interfaces::contract::{malformed, Answer as _, Args, Result};
use interfaces::desk::IHedgeDesk::{self, Need, Plan, Rules};
use interfaces::routes;
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageArray, StorageB256, StorageU128, StorageU32};
use stylus_sdk::{stylus_core::storage::TopLevelStorage, ArbResult};

use crate::upkeep::Upkeep;

/// Storage of the desk.
#[storage]
pub struct HedgeDesk {
    vault: StorageAddress,
    /// What gas is paid for as if ether cost // [USD]
    ether: StorageU32,
    /// Sixteen numbers of 32 bits; all zero for the default.
    rules: StorageArray<StorageB256, 2>,
    clock: StorageU128,
    budget: StorageU128,
}

// SAFETY: this is the program's only storage and begins at slot 0.
unsafe impl TopLevelStorage for HedgeDesk {}

/// Runs a call: the constructor, which runs once, or a method. Ether goes on to a venue, for its keepers.
#[entrypoint]
pub fn main(input: Vec<u8>, vm: VM) -> ArbResult {
    let refusal = || Vec::from(Revert::empty());
    let (selector, data) = input.split_first_chunk().ok_or_else(refusal)?;
    // SAFETY: one instance for the call, on the slots that are the desk's.
    let mut desk = unsafe { HedgeDesk::new(U256::ZERO, 0, vm) };
    let selector = u32::from_be_bytes(*selector);
    if !desk.vm().msg_value().is_zero() && selector != position::PAYABLE {
        return Err(refusal());
    }
    let mut out = Vec::new();
    route(&mut desk, selector, Args::new(data), &mut out)?;
    Ok(out)
}

fn route(desk: &mut HedgeDesk, selector: u32, mut args: Args<'_>, out: &mut Vec<u8>) -> Result<()> {
    routes! { desk, selector, args, out;
        constructor(vault, ether);
        IHedgeDesk {
            hedgeNeededCall => hedge_needed();
            pokeCall => poke();
            fillHedgeCall => fill_hedge(size, limit, receiver, data);
            rebalanceCall => rebalance(plan);
            rebalancePositionCall => rebalance_position(plan);
            checkUpkeepCall => check_upkeep();
            performUpkeepCall => perform_upkeep(data);
            onReportCall => on_report(metadata, report);
            checkerCall => checker();
            supportsInterfaceCall => supports_interface(interface_id);
            vaultCall => vault();
            rulesCall => rules();
            setRulesCall => set_rules(rules);
        }
    }
    malformed()
}

/// `abi/IHedgeDesk.sol` is the manual.
impl HedgeDesk {
    /// Fixes the vault, and what gas is paid for as if ether cost [USD].
    pub fn constructor(&mut self, vault: Address, ether: u32) -> Result<()> {
        self.fix(vault, ether)
    }

    /// What is due now, and on which terms.
    pub fn hedge_needed(&self) -> Result<Need> {
        self.need()
    }

    /// Starts the clock of a hedge that is due.
    pub fn poke(&mut self) -> Result<()> {
        self.look_and_note()
    }

    /// Takes the other side of the hedge that is due.
    pub fn fill_hedge(&mut self, size: I256, limit: U256, receiver: Address, data: B256) -> Result<U256> {
        self.fill(size, limit, receiver, data)
    }

    /// Hedges along a plan: what was hedged, and the reward.
    pub fn rebalance(&mut self, plan: Plan) -> Result<(I256, U256)> {
        self.hedge_along(&plan)
    }

    /// Hedges with a position: the key of an order, what was hedged, and the reward.
    pub fn rebalance_position(&mut self, plan: Plan) -> Result<((B256, I256), U256)> {
        self.hedge_by_position(&plan)
    }

    /// Whether something is due, and a plan for it.
    pub fn check_upkeep(&self) -> Upkeep {
        self.upkeep()
    }

    /// Hedges along the encoded plan, or what is due.
    pub fn perform_upkeep(&mut self, data: Bytes) -> Result<()> {
        self.hedge_along_data(&data)
    }

    /// The same; who reports does not matter.
    pub fn on_report(&mut self, _metadata: Bytes, report: Bytes) -> Result<()> {
        self.hedge_along_data(&report)
    }

    /// Whether something is due, and the call that does it.
    pub fn checker(&self) -> Upkeep {
        self.call_of_upkeep()
    }

    /// ERC-165, with the receiver of reports.
    pub fn supports_interface(&self, interface_id: FixedBytes<4>) -> bool {
        upkeep::SUPPORTED.contains(&u32::from_be_bytes(interface_id.0))
    }

    /// The vault that this desk serves.
    pub fn vault(&self) -> Address {
        self.vault.get()
    }

    /// The rules.
    pub fn rules(&self) -> Rules {
        self.shown_rules()
    }

    /// Sets the rules, before there are shares.
    pub fn set_rules(&mut self, rules: Rules) -> Result<()> {
        self.store_rules(rules)
    }
}
