//! The book as stored: what cannot be recomputed, and nothing else. No external calls, no division.
//!
//! Each of up to 12 live expiries has a header, a slice of the surface and its signed net lots, calls and puts together, eight to a slot.
//! Put-call parity makes one number per strike enough: a put is a call less a forward, and the forwards of an expiry need only the sum
//! of put lots and the sum of put lots times grid index.
//!
//! | header byte | 0-3 | 4 | 5-10 | 11-15 | 16-19 | 20-24 | 25-30 | 31 |
//! |---|---|---|---|---|---|---|---|---|
//! | field | expiry | count | base | step | rate | put lots | put lots x index | - |
//! | unit | s | | micro-USD | micro-USD | Q30 / year | lots | lots | |

use alloc::vec::Vec;

use alloy_primitives::B256;
use options::{Kind, Slice, StrikeGrid, STRIKES_PER_SLOT};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageArray, StorageB256};

use crate::error::{OrOverflow, Result};
use crate::profile::{Reader, Writer};

/// Most expiries that can be live.
pub(crate) const MAX_EXPIRIES: usize = 12;
/// Slots of net lots of one expiry: 64 strikes, eight to a slot.
const LOT_SLOTS: usize = 8;

/// One live expiry.
#[derive(Clone)]
pub(crate) struct Header {
    /// [s]
    pub(crate) expiry: u32,
    pub(crate) grid: StrikeGrid,
    /// Continuous rate of forward and discount [Q30 / year]
    pub(crate) rate: i32,
    /// Net put lots of the vault.
    pub(crate) put_lots: i64,
    /// Sum of net put lots times grid index.
    pub(crate) put_index_sum: i64,
}

impl Header {
    fn pack(&self) -> B256 {
        let mut word = B256::ZERO;
        let mut fields = Writer(word.as_mut_slice());
        fields.put(&self.expiry.to_be_bytes());
        fields.put(&[self.grid.count]);
        fields.put(low_bytes(&self.grid.base.to_be_bytes(), 6));
        fields.put(low_bytes(&self.grid.step.to_be_bytes(), 5));
        fields.put(&self.rate.to_be_bytes());
        fields.put(low_bytes(&self.put_lots.to_be_bytes(), 5));
        fields.put(low_bytes(&self.put_index_sum.to_be_bytes(), 6));
        word
    }

    fn unpack(word: &B256) -> Self {
        let mut fields = Reader(word.as_slice());
        let expiry = fields.u32();
        let count = u8::try_from(fields.take(1)).unwrap_or_default();
        let grid = StrikeGrid { base: fields.take(6), step: fields.take(5), count };
        let rate = i32::from_be_bytes(fields.u32().to_be_bytes());
        let put_lots = sign_extend(fields.take(5), 24);
        let put_index_sum = sign_extend(fields.take(6), 16);
        Self { expiry, grid, rate, put_lots, put_index_sum }
    }

    /// Whether the fields fit their widths.
    pub(crate) fn fits(&self) -> bool {
        let again = Self::unpack(&self.pack());
        again.grid.base == self.grid.base
            && again.grid.step == self.grid.step
            && again.put_lots == self.put_lots
            && again.put_index_sum == self.put_index_sum
    }
}

fn low_bytes(bytes: &[u8; 8], width: usize) -> &[u8] {
    bytes.split_at_checked(8_usize.saturating_sub(width)).map_or(&[], |(_, low)| low)
}

/// The signed number whose low `64 - unused` bits are `bits`.
fn sign_extend(bits: u64, unused: u32) -> i64 {
    i64::from_be_bytes(bits.unbounded_shl(unused).to_be_bytes()).unbounded_shr(unused)
}

/// A strike of a live expiry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Storage index of the expiry.
    pub(crate) index: usize,
    /// Grid index of the strike.
    pub(crate) strike: u8,
}

/// Storage of the book.
#[storage]
pub struct Book {
    headers: StorageArray<StorageB256, 12>,
    slices: StorageArray<StorageB256, 12>,
    lots: StorageArray<StorageB256, 96>,
}

impl Book {
    /// Header of the expiry stored at `index`.
    pub(crate) fn header(&self, index: usize) -> Header {
        Header::unpack(&self.headers.get(index).unwrap_or_default())
    }

    /// Slice of the expiry stored at `index`, none before the first publication.
    pub(crate) fn slice(&self, index: usize) -> Option<Slice> {
        let word = self.slices.get(index).unwrap_or_default();
        (!word.is_zero()).then(|| Slice::unpack(&word.0))
    }

    /// Writes a header.
    pub(crate) fn set_header(&mut self, index: usize, header: &Header) -> Result<()> {
        header.fits().then_some(()).or_overflow()?;
        self.headers.setter(index).or_overflow()?.set(header.pack());
        Ok(())
    }

    /// Writes a slice.
    pub(crate) fn set_slice(&mut self, index: usize, slice: &Slice) -> Result<()> {
        self.slices.setter(index).or_overflow()?.set(B256::from(slice.pack()));
        Ok(())
    }

    /// Net lots of eight strikes as stored: the grid's strikes from 8 `slot` on.
    pub(crate) fn slot(&self, index: usize, slot: u8) -> B256 {
        self.lots.get(lot_slot(index, slot.into())).unwrap_or_default()
    }

    /// Net lots at each strike of `header`.
    pub(crate) fn lots(&self, index: usize, header: &Header) -> impl Iterator<Item = i32> + use<'_> {
        let all = (0..slots(header)).flat_map(move |slot| options::lots(&self.slot(index, slot).0));
        all.take(header.grid.count.into())
    }

    /// Adds `lots` of a series to the vault's book.
    pub(crate) fn add(&mut self, place: Place, kind: Kind, lots: i32) -> Result<()> {
        let (slot, at) =
            (place.strike.div_euclid(STRIKES_PER_SLOT), place.strike.rem_euclid(STRIKES_PER_SLOT));
        let mut accessor = self.lots.setter(lot_slot(place.index, slot.into())).or_overflow()?;
        let mut word = accessor.get();
        let (numbers, _) = word.as_chunks_mut::<4>();
        let bytes = numbers.get_mut(usize::from(at)).or_overflow()?;
        *bytes = i32::from_be_bytes(*bytes).checked_add(lots).or_overflow()?.to_be_bytes();
        accessor.set(word);
        if matches!(kind, Kind::Put) {
            let mut header = self.header(place.index);
            let indexed = i64::from(lots).checked_mul(i64::from(place.strike)).or_overflow()?;
            header.put_lots = header.put_lots.checked_add(lots.into()).or_overflow()?;
            header.put_index_sum = header.put_index_sum.checked_add(indexed).or_overflow()?;
            self.set_header(place.index, &header)?;
        }
        Ok(())
    }

    /// Clears the expiry stored at `index`.
    pub(crate) fn clear(&mut self, index: usize) -> Result<()> {
        self.headers.setter(index).or_overflow()?.set(B256::ZERO);
        self.slices.setter(index).or_overflow()?.set(B256::ZERO);
        for slot in 0..LOT_SLOTS {
            let mut accessor = self.lots.setter(lot_slot(index, slot)).or_overflow()?;
            if !accessor.get().is_zero() {
                accessor.set(B256::ZERO);
            }
        }
        Ok(())
    }
}

/// Slots that hold the lots of a grid.
pub(crate) fn slots(header: &Header) -> u8 {
    header.grid.count.div_ceil(STRIKES_PER_SLOT)
}

fn lot_slot(index: usize, slot: usize) -> usize {
    index.saturating_mul(LOT_SLOTS).saturating_add(slot)
}

/// The storage indices whose bit is set in `live`.
pub(crate) fn live_indices(live: u16) -> impl Iterator<Item = usize> {
    (0..MAX_EXPIRIES).filter(move |index| live.unbounded_shr(u32::try_from(*index).unwrap_or(16)) & 1 == 1)
}
