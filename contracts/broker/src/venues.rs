//! The venues: named by the owner in the open, taken out by the guardian at once.

use alloc::vec::Vec;

use alloy_primitives::aliases::U32;
use alloy_primitives::{Address, U256, U64};
use interfaces::broker::IBroker::{
    SettingOutOfRange, TooManyVenues, UnknownVenue, Venue, VenueInUse, VenueQuarantined, VenueSet, VenueWrong,
};
use interfaces::contract::callee::Callee;
use interfaces::contract::{calldata, emit, ensure, fail, OrOverflow as _, Result};
use interfaces::perp::IPerpVenue::setRouterCall;
use interfaces::position::IPositionVenue::{deskCall, receiverCall};
use interfaces::words::uint;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageU32, StorageU64};

use crate::value::MILLION;
use crate::{Broker, VENUES};

/// What is named waits this long once the vault has shares [s].
const NOTICE: u64 = 172_800;
/// Margin is between a twentieth and all of a position [1e-6].
const MARGINS: core::ops::RangeInclusive<u32> = 50_000..=1_000_000;

/// A venue; no address where there is none.
#[storage]
pub struct Entry {
    venue: StorageAddress,
    /// Zero: quarantined // [s]
    allowed_from: StorageU64,
    /// [whole USD]
    cap: StorageU32,
    /// [millionths]
    margin: StorageU32,
    /// Zero: quarantined // [s]
    counts_from: StorageU64,
    /// Largest cap since it counts, but one that waits for its notice // [whole USD]
    bound: StorageU32,
    /// USDC sent less what came back // [micro-USD]
    kept: StorageU64,
}

impl Entry {
    fn read(&self) -> Venue {
        let long = |field: &StorageU64| {
            let [limb] = field.get().into_limbs();
            limb
        };
        let number = |field: &StorageU32| {
            let [limb] = field.get().into_limbs();
            u32::try_from(limb).unwrap_or_default()
        };
        Venue {
            venue: self.venue.get(),
            allowedFrom: long(&self.allowed_from),
            cap: number(&self.cap),
            margin: number(&self.margin),
            countsFrom: long(&self.counts_from),
            bound: number(&self.bound),
            kept: long(&self.kept),
        }
    }

    fn write(&mut self, entry: &Venue) {
        self.venue.set(entry.venue);
        self.allowed_from.set(U64::from_limbs([entry.allowedFrom]));
        self.cap.set(U32::from_limbs([entry.cap.into()]));
        self.margin.set(U32::from_limbs([entry.margin.into()]));
        self.counts_from.set(U64::from_limbs([entry.countsFrom]));
        self.bound.set(U32::from_limbs([entry.bound.into()]));
        self.kept.set(U64::from_limbs([entry.kept]));
    }
}

impl Broker {
    fn at(&self, place: usize) -> Venue {
        self.venues.getter(place).map(|entry| entry.read()).unwrap_or_default()
    }

    pub(crate) fn entries(&self) -> Vec<Venue> {
        (0..VENUES).map(|place| self.at(place)).filter(|entry| !entry.venue.is_zero()).collect()
    }

    fn place(&self, venue: Address) -> Option<usize> {
        (0..VENUES).find(|place| self.at(*place).venue == venue)
    }

    /// A venue that is named, quarantined or not.
    pub(crate) fn known(&self, venue: Address) -> Result<(usize, Venue)> {
        match self.place(venue).filter(|_| !venue.is_zero()) {
            Some(place) => Ok((place, self.at(place))),
            None => fail(UnknownVenue { venue }),
        }
    }

    pub(crate) fn store(&mut self, place: usize, entry: &Venue) -> Result<()> {
        self.venues.setter(place).or_overflow()?.write(entry);
        Ok(())
    }

    /// Names a venue, or gives it other settings.
    pub(crate) fn name(&mut self, venue: Address, cap: u32, margin: u32) -> Result<()> {
        self.require_owner()?;
        ensure(MARGINS.contains(&margin), || SettingOutOfRange {
            value: uint(margin.into()),
            least: uint((*MARGINS.start()).into()),
            most: uint((*MARGINS.end()).into()),
        })?;
        let (vm, here) = (self.vm(), self.vm().contract_address());
        let serves = Callee(venue).read_address(vm, &calldata(&deskCall {}), 0)?;
        let pays = Callee(venue).read_address(vm, &calldata(&receiverCall {}), 0)?;
        ensure(serves == here && pays == here, || VenueWrong { venue })?;
        let place = self.place(venue).or_else(|| self.place(Address::ZERO));
        let Some(place) = place else {
            return fail(TooManyVenues { limit: uint(4) });
        };
        let notice = if self.is_open()? { NOTICE } else { 0 };
        let from = self.vm().block_timestamp().saturating_add(notice);
        let mut entry = self.at(place);
        // What counts goes on counting, within the bounds that it has, under other settings.
        if self.counts(&entry) {
            entry.bound = u32::try_from(self.bound(&entry) / MILLION).or_overflow()?;
        } else {
            entry = Venue { venue, countsFrom: from, bound: cap, ..Venue::default() };
        }
        self.store(place, &Venue { allowedFrom: from, cap, margin, ..entry })?;
        emit(self.vm(), &VenueSet { venue, allowedFrom: from, cap, margin });
        self.move_margin(0, 0, self.open.get())
    }

    /// Takes a venue out, whatever the state of feed and venues: it counts for nothing from now on.
    pub(crate) fn take_out(&mut self, venue: Address) -> Result<()> {
        self.require_guardian()?;
        let (place, entry) = self.known(venue)?;
        self.store(place, &Venue { allowedFrom: 0, countsFrom: 0, ..entry })?;
        emit(self.vm(), &VenueQuarantined { venue });
        self.move_margin(0, 0, self.open.get())
    }

    /// Has a venue follow its exchange to another router.
    pub(crate) fn follow(&self, venue: Address, router: Address) -> Result<()> {
        self.require_guardian()?;
        self.known(venue)?;
        let data = calldata(&setRouterCall { router_: router });
        Callee(venue).call(self.vm(), U256::ZERO, &data).map(|_| ())
    }

    /// What all usable venues together may be short [whole USD], and the most margin that a position takes at one of them [1e-4, rounded up].
    pub(crate) fn short_terms(&self) -> (u32, u16) {
        let now = self.vm().block_timestamp();
        let (mut short, mut margin) = (0_u32, 0_u32);
        for entry in self.entries() {
            if entry.allowedFrom != 0 && entry.allowedFrom <= now {
                short = short.saturating_add(entry.cap);
                margin = margin.max(entry.margin);
            }
        }
        (short, u16::try_from(margin.div_ceil(100)).unwrap_or(u16::MAX))
    }

    /// Forgets a quarantined venue.
    pub(crate) fn forget(&mut self, venue: Address) -> Result<()> {
        self.require_owner()?;
        let (place, entry) = self.known(venue)?;
        ensure(entry.allowedFrom == 0, || VenueInUse { venue })?;
        self.store(place, &Venue::default())?;
        emit(self.vm(), &VenueSet { venue, allowedFrom: 0, cap: 0, margin: 0 });
        Ok(())
    }
}
