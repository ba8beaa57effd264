//! The vol surface of one vault: slices that N of M publishers signed, checked for arbitrage and for steps, and kept for the vault to mark with.
//!
//! # SURFACE
//! An update carries a slice for every live expiry and is taken as a whole or not at all (`update`). Whoever submits it adds nothing: what
//! counts is who signed (`signatures`). A slice that passes has no butterfly at a listed strike or midpoint and no calendar spread for less
//! than nothing, and moves no listed strike's vol by more than the vault's step from the surface that the step counts against.
//!
//! # STORAGE
//! Three surfaces are kept (`options::History`): the last one, which the vault marks with, and those that steps count against. A slice is one
//! word. An expiry has the same place in all three; it keeps the place until the vault has dropped it and another needs it.
//!
//! # ROLES
//! The vault's owner names the publishers: at once while the vault has no shares or when it only tightens, after two days otherwise
//! (`publishers`). Nobody can change the vault, the checks or a slice.
//!
//! # What this contract does not do
//! It reads no oracle and fits nothing, and it holds no money. It calls its vault and the chain's `ecrecover`, both without leave to write,
//! so it needs no lock.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![allow(missing_docs, reason = "the entry point that the SDK makes has none; all else here has")]

#[macro_use]
extern crate alloc;

mod publishers;
mod rates;
mod signatures;
mod slices;
mod update;
mod vault;

use alloc::vec::Vec;

use alloy_primitives::{Address, Bytes, B256, U256};
pub use interfaces::contract::Revert;
use interfaces::contract::{malformed, Answer as _, Args, Result};
use interfaces::routes;
use interfaces::surface::ISurface::{self, SurfaceSlice, SurfaceUpdate};
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageU32, StorageU64, StorageU8};
use stylus_sdk::{stylus_core::storage::TopLevelStorage, ArbResult};

use crate::publishers::Publishers;
use crate::rates::Rates;
use crate::slices::Slices;

/// Storage of the feed.
#[storage]
pub struct SurfaceFeed {
    vault: StorageAddress,
    nonce: StorageU64,
    timestamp: StorageU32,
    slices: Slices,
    publishers: Publishers,
    proposed: Publishers,
    /// When the proposed publishers may be accepted, zero when there are none // [s]
    accept_from: StorageU64,
    /// How many of either must sign.
    threshold: StorageU8,
    proposed_threshold: StorageU8,
    rates: Rates,
}

// SAFETY: this is the program's only storage and begins at slot 0.
unsafe impl TopLevelStorage for SurfaceFeed {}

/// Runs a call: the constructor, which runs once, or a method. Nothing takes ether.
#[entrypoint]
pub fn main(input: Vec<u8>, vm: VM) -> ArbResult {
    let refusal = || Vec::from(Revert::empty());
    let (selector, data) = input.split_first_chunk().ok_or_else(refusal)?;
    // SAFETY: one instance for the call, on the slots that are the feed's.
    let mut feed = unsafe { SurfaceFeed::new(U256::ZERO, 0, vm) };
    if !feed.vm().msg_value().is_zero() {
        return Err(refusal());
    }
    let mut out = Vec::new();
    route(&mut feed, u32::from_be_bytes(*selector), Args::new(data), &mut out)?;
    Ok(out)
}

fn route(feed: &mut SurfaceFeed, selector: u32, mut args: Args<'_>, out: &mut Vec<u8>) -> Result<()> {
    routes! { feed, selector, args, out;
        constructor(vault);
        ISurface {
            slicesCall => slices(expiries);
            publishCall => publish(update, signatures);
            sliceCall => slice(expiry);
            baselinesCall => baselines(timestamp, expiries);
            vaultCall => vault();
            nonceCall => nonce();
            timestampCall => timestamp();
            publishersCall => publishers();
            thresholdCall => threshold();
            proposedPublishersCall => proposed_publishers();
            proposalCall => proposal();
            setPublishersCall => set_publishers(publishers, threshold);
            acceptPublishersCall => accept_publishers();
        }
    }
    malformed()
}

/// `abi/ISurface.sol` is the manual.
#[public]
impl SurfaceFeed {
    /// Fixes the vault.
    #[constructor]
    pub fn constructor(&mut self, vault: Address) {
        self.vault.set(vault);
    }

    /// Replaces the surface.
    pub fn publish(&mut self, update: SurfaceUpdate, signatures: Vec<Bytes>) -> Result<()> {
        self.replace(&update, &signatures)
    }

    /// For each expiry its packed slice and its rate.
    pub fn slices(&self, expiries: Vec<u64>) -> Vec<B256> {
        self.slices.last(&expiries)
    }

    /// The slice of an expiry and its timestamp.
    pub fn slice(&self, expiry: u64) -> (SurfaceSlice, u64) {
        self.slices.show(expiry)
    }

    /// For each expiry the packed slice and the rate that a step at a time counts against.
    pub fn baselines(&self, timestamp: u64, expiries: Vec<u64>) -> Result<Vec<B256>> {
        self.bases(timestamp, &expiries)
    }

    /// The vault that this feed serves.
    pub fn vault(&self) -> Address {
        self.vault.get()
    }

    /// Nonce of the last update.
    pub fn nonce(&self) -> u64 {
        let [nonce] = *self.nonce.get().as_limbs();
        nonce
    }

    /// Timestamp of the last update.
    pub fn timestamp(&self) -> u64 {
        let [timestamp] = *self.timestamp.get().as_limbs();
        timestamp
    }

    /// Who may sign.
    pub fn publishers(&self) -> Vec<Address> {
        self.publishers.all()
    }

    /// How many must sign.
    pub fn threshold(&self) -> u8 {
        publishers::byte(&self.threshold)
    }

    /// Who waits to be accepted.
    pub fn proposed_publishers(&self) -> Vec<Address> {
        self.proposed.all()
    }

    /// How many of them must sign, and when they may be accepted.
    pub fn proposal(&self) -> (u8, u64) {
        (publishers::byte(&self.proposed_threshold), self.accept_from())
    }

    /// Names the publishers.
    pub fn set_publishers(&mut self, publishers: Vec<Address>, threshold: u8) -> Result<()> {
        self.name_publishers(&publishers, threshold)
    }

    /// Puts the proposed publishers in force.
    pub fn accept_publishers(&mut self) -> Result<()> {
        self.accept()
    }
}
