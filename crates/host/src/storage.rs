//! The storage cache of one program frame.

use alloy_primitives::U256;
use std::collections::BTreeMap;

/// A cached slot: what the program sees, and what is known to be stored.
#[derive(Clone, Copy)]
struct Slot {
    value: U256,
    stored: Option<U256>,
}

/// Reads and writes of one frame, until they are flushed.
#[derive(Default)]
pub(crate) struct StorageCache {
    slots: BTreeMap<U256, Slot>,
    reads: u32,
    writes: u32,
}

impl StorageCache {
    /// Gas of one more read, by its place in the frame.
    pub(crate) fn read_tier(&mut self) -> u64 {
        self.reads += 1;
        match self.reads {
            0..=32 => 0,
            33..=128 => 2,
            _ => 10,
        }
    }

    /// Gas of one more write, by its place in the frame.
    pub(crate) fn write_tier(&mut self) -> u64 {
        self.writes += 1;
        match self.writes {
            0..=8 => 0,
            9..=64 => 7,
            _ => 10,
        }
    }

    /// A value that the frame has read or written.
    pub(crate) fn get(&self, key: U256) -> Option<U256> {
        self.slots.get(&key).map(|slot| slot.value)
    }

    /// Remembers a value read from the state.
    pub(crate) fn loaded(&mut self, key: U256, value: U256) {
        self.slots.insert(key, Slot { value, stored: Some(value) });
    }

    /// Writes; what is stored stays unknown unless the slot was read.
    pub(crate) fn set(&mut self, key: U256, value: U256) {
        let stored = self.slots.get(&key).and_then(|slot| slot.stored);
        self.slots.insert(key, Slot { value, stored });
    }

    /// Slots that differ from what is known to be stored; they count as stored from now on.
    pub(crate) fn take_dirty(&mut self) -> Vec<(U256, U256)> {
        let mut dirty = Vec::new();
        for (key, slot) in &mut self.slots {
            if slot.stored != Some(slot.value) {
                dirty.push((*key, slot.value));
                slot.stored = Some(slot.value);
            }
        }
        dirty
    }

    /// Whether a flush would write.
    pub(crate) fn is_dirty(&self) -> bool {
        self.slots.values().any(|slot| slot.stored != Some(slot.value))
    }

    /// Forgets every value.
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
    }
}
