//! The broker of one vault: holds its positions at venues where hedging is by position, and the margin that they take.
//!
//! # VENUES
//! Up to four adapters (`abi/IPositionVenue.sol`), each with a cap on its position and the margin that a position takes (`venues`). The vault's
//! owner names them, in the open for two days, before which nothing is held there and nothing counts; its guardian takes one out at once.
//!
//! # MARGIN
//! A position has the margin that its venue's setting says, brought by the trade that asks for it. A venue is sent no more than twice its cap beyond
//! what came back, whatever it says that it lost. What is over by a tenth or under by a tenth,
//! anyone may have put right; what lies over at a venue, anyone may have brought back to the vault (`trade`).
//!
//! # VALUE
//! What the positions count for is what the venues say that closing them would bring, and no more than the last checkpoint with what the price
//! has made of it since and a fifth a year for a day at most (`value`). So a gift, a rebate or a venue that errs upward gives nobody anything at once; a loss counts
//! at once. A venue that does not answer, or says that it holds four times its cap, stops the marks of the vault until it answers or is quarantined; then it counts for nothing.
//!
//! # What this contract does not do
//! It decides no hedge: that is the desk's. It believes no price but the vault's, and keeps no size and no amount: venues are asked.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![allow(missing_docs, reason = "the entry point that the SDK makes has none; all else here has")]

#[macro_use]
extern crate alloc;

mod trade;
mod value;
mod vault;
mod venues;

use alloc::vec::Vec;

use alloy_primitives::aliases::U32;
use alloy_primitives::{Address, B256, I256, U256};
use interfaces::broker::IBroker::{self, Held, SettingOutOfRange, Venue};
use interfaces::contract::adapter::price_of;
pub use interfaces::contract::Revert;
use interfaces::contract::{ensure, lock, malformed, Answer as _, Args, Result};
use interfaces::routes;
use interfaces::words::{int, uint};
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageArray, StorageB256, StorageBool, StorageU32};
use stylus_sdk::{stylus_core::storage::TopLevelStorage, ArbResult};

/// Most venues.
pub(crate) const VENUES: usize = 4;
/// The widest cap on slippage [1e-6].
const MAX_SLIP: u32 = 50_000;

/// Storage of the broker.
#[storage]
pub struct Broker {
    vault: StorageAddress,
    /// Widest distance of a limit from the vault's price // [millionths]
    slip: StorageU32,
    /// Whether anything was held when it was last looked at.
    open: StorageBool,
    asset: StorageAddress,
    venues: StorageArray<venues::Entry, VENUES>,
    checkpoint: StorageArray<StorageB256, 2>,
}

// SAFETY: this is the program's only storage and begins at slot 0.
unsafe impl TopLevelStorage for Broker {}

/// Runs a call: the constructor, which runs once, or a method. Ether goes on to the venue, for its keepers.
#[entrypoint]
pub fn main(input: Vec<u8>, vm: VM) -> ArbResult {
    let refusal = || Vec::from(Revert::empty());
    let (selector, data) = input.split_first_chunk().ok_or_else(refusal)?;
    // SAFETY: one instance for the call, on the slots that are the broker's.
    let mut broker = unsafe { Broker::new(U256::ZERO, 0, vm) };
    let selector = u32::from_be_bytes(*selector);
    if !broker.vm().msg_value().is_zero() && !trade::PAYABLE.contains(&selector) {
        return Err(refusal());
    }
    let mut out = Vec::new();
    route(&mut broker, selector, Args::new(data), &mut out)?;
    Ok(out)
}

fn route(broker: &mut Broker, selector: u32, mut args: Args<'_>, out: &mut Vec<u8>) -> Result<()> {
    routes! { broker, selector, args, out;
        constructor(vault, slip);
        IBroker {
            heldCall => held(price);
            adjustCall => adjust(venue, size, limit);
            tendCall => tend(venue);
            collectCall => collect(venue);
            checkpointCall => checkpoint();
            setVenueCall => set_venue(venue, cap, margin);
            quarantineCall => quarantine(venue);
            dropVenueCall => drop_venue(venue);
            setRouterCall => set_router(venue, router);
            venuesCall => venues();
            vaultCall => vault();
        }
    }
    malformed()
}

/// `abi/IBroker.sol` is the manual.
impl Broker {
    /// Fixes the vault, and how far from its price a limit may be [1e-6].
    ///
    /// # Errors
    /// `SettingOutOfRange`, `BadAnswer`.
    pub fn constructor(&mut self, vault: Address, slip: u32) -> Result<()> {
        let range =
            || SettingOutOfRange { value: uint(slip.into()), least: uint(1), most: uint(MAX_SLIP.into()) };
        ensure((1..=MAX_SLIP).contains(&slip), range)?;
        self.vault.set(vault);
        self.slip.set(U32::from_limbs([slip.into()]));
        let asset = self.vault_asset()?;
        self.asset.set(asset);
        Ok(())
    }

    /// The positions at `price`.
    ///
    /// # Errors
    /// `PriceOutOfRange`, `BadAnswer` of a venue that counts, `ArithmeticOverflow`.
    pub fn held(&self, price: U256) -> Result<Held> {
        lock::check()?;
        let price = price_of(price)?;
        let seen = self.look(price)?;
        Ok(Held {
            size: int(seen.size),
            equity: int(self.counted(&seen, price)?),
            pending: int(seen.pending),
            pendingSince: uint(seen.since.into()),
        })
    }

    /// Trades, or places an order. Only the desk.
    ///
    /// # Errors
    /// As the interface says.
    pub fn adjust(&mut self, venue: Address, size: I256, limit: U256) -> Result<(B256, I256)> {
        lock::take()?;
        let done = self.trade(venue, size, limit)?;
        lock::release();
        Ok(done)
    }

    /// Puts a margin right.
    ///
    /// # Errors
    /// `NothingToTend`, and those of the venue.
    pub fn tend(&mut self, venue: Address) -> Result<B256> {
        lock::take()?;
        let key = self.put_right(venue)?;
        lock::release();
        Ok(key)
    }

    /// Brings back what lies over.
    ///
    /// # Errors
    /// `NothingToCollect`, and those of the venue.
    pub fn collect(&mut self, venue: Address) -> Result<U256> {
        lock::take()?;
        let amount = self.bring_back(venue)?;
        lock::release();
        Ok(amount)
    }

    /// Makes a checkpoint, and tells the vault where it stands.
    ///
    /// # Errors
    /// Those of the vault's price and of venues that count.
    pub fn checkpoint(&mut self) -> Result<()> {
        lock::take()?;
        self.refresh()?;
        lock::release();
        Ok(())
    }

    /// Names a venue. Only the vault's owner.
    ///
    /// # Errors
    /// As the interface says.
    pub fn set_venue(&mut self, venue: Address, cap: u32, margin: u32) -> Result<()> {
        lock::take()?;
        self.name(venue, cap, margin)?;
        lock::release();
        Ok(())
    }

    /// Takes a venue out. Only the vault's guardian or owner.
    ///
    /// # Errors
    /// As the interface says.
    pub fn quarantine(&mut self, venue: Address) -> Result<()> {
        lock::take()?;
        self.take_out(venue)?;
        lock::release();
        Ok(())
    }

    /// Forgets a quarantined venue. Only the vault's owner.
    ///
    /// # Errors
    /// As the interface says.
    pub fn drop_venue(&mut self, venue: Address) -> Result<()> {
        lock::take()?;
        self.forget(venue)?;
        lock::release();
        Ok(())
    }

    /// Has a venue follow its exchange to another router. Only the vault's guardian or owner.
    ///
    /// # Errors
    /// As the interface says.
    pub fn set_router(&mut self, venue: Address, router: Address) -> Result<()> {
        lock::take()?;
        self.follow(venue, router)?;
        lock::release();
        Ok(())
    }

    /// The venues, with the quarantined.
    pub fn venues(&self) -> Vec<Venue> {
        self.entries()
    }

    /// The vault that it serves.
    pub fn vault(&self) -> Address {
        self.vault.get()
    }
}
