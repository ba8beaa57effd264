//! The book as stored: what cannot be recomputed, and nothing else. No external calls, no division.
//!
//! Each of up to 12 live expiries has a header and its signed net lots, calls and puts together, eight to a slot. The surface is kept by its feed.

use alloc::vec::Vec;

use ::book::{add_lots, slots, Header, Place, Stored, MAX_EXPIRIES};
use alloy_primitives::B256;
use options::{Kind, STRIKES_PER_SLOT};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageArray, StorageB256};

use crate::error::{OrOverflow, Result};

/// Slots of net lots of one expiry: 64 strikes, eight to a slot.
const LOT_SLOTS: usize = 8;

/// Storage of the book.
#[storage]
pub struct Book {
    headers: StorageArray<StorageB256, 12>,
    lots: StorageArray<StorageB256, 96>,
}

impl Book {
    /// Header of the expiry stored at `index`.
    pub(crate) fn header(&self, index: usize) -> Header {
        Header::unpack(&self.word(index).0)
    }

    /// The word of the expiry stored at `index`.
    pub(crate) fn word(&self, index: usize) -> B256 {
        self.headers.get(index).unwrap_or_default()
    }

    /// Writes a header.
    pub(crate) fn set_header(&mut self, index: usize, header: &Header) -> Result<()> {
        header.fits().then_some(()).or_overflow()?;
        self.headers.setter(index).or_overflow()?.set(B256::from(header.pack()));
        Ok(())
    }

    /// An expiry with its lots, no slice and no weights yet.
    pub(crate) fn stored(&self, index: usize) -> Stored {
        let header = self.header(index);
        let lots = (0..slots(&header).into()).map(|slot| self.slot(index, slot)).collect();
        Stored { index, header, slice: None, rate: 0, lots, depth: None }
    }

    fn slot(&self, index: usize, slot: usize) -> [u8; 32] {
        self.lots.get(lot_slot(index, slot)).unwrap_or_default().0
    }

    /// Adds `lots` of a series to the vault's book.
    pub(crate) fn add(&mut self, place: Place, kind: Kind, lots: i32) -> Result<()> {
        let slot = place.strike.div_euclid(STRIKES_PER_SLOT);
        let mut accessor = self.lots.setter(lot_slot(place.index, slot.into())).or_overflow()?;
        let mut word = accessor.get();
        add_lots(&mut word.0, place.strike, lots).or_overflow()?;
        accessor.set(word);
        if matches!(kind, Kind::Put) {
            let mut header = self.header(place.index);
            header.add_puts(place.strike, lots).or_overflow()?;
            self.set_header(place.index, &header)?;
        }
        Ok(())
    }

    /// Clears the expiry stored at `index`.
    pub(crate) fn clear(&mut self, index: usize) -> Result<()> {
        self.headers.setter(index).or_overflow()?.set(B256::ZERO);
        for slot in 0..LOT_SLOTS {
            let mut accessor = self.lots.setter(lot_slot(index, slot)).or_overflow()?;
            if !accessor.get().is_zero() {
                accessor.set(B256::ZERO);
            }
        }
        Ok(())
    }
}

fn lot_slot(index: usize, slot: usize) -> usize {
    index.saturating_mul(LOT_SLOTS).saturating_add(slot)
}

/// The storage indices whose bit is set in `live`.
pub(crate) fn live_indices(live: u16) -> impl Iterator<Item = usize> {
    (0..MAX_EXPIRIES).filter(move |index| live.unbounded_shr(u32::try_from(*index).unwrap_or(16)) & 1 == 1)
}
