//! The rates of the three surfaces, each in the place of its slice: what the step of a rate counts against.

use alloc::vec::Vec;

use book::MAX_EXPIRIES;
use options::ROWS;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageArray, StorageB256};

/// Rates that share a word.
const RATES_PER_WORD: usize = 8;
/// Words of a row.
const ROW_WORDS: usize = MAX_EXPIRIES.div_ceil(RATES_PER_WORD);
const WORDS: usize = ROWS * ROW_WORDS;

/// Four bytes each [Q30 / year].
#[storage]
pub struct Rates {
    words: StorageArray<StorageB256, WORDS>,
}

impl Rates {
    /// The rate of a place in a row.
    pub(crate) fn get(&self, row: u8, index: usize) -> i32 {
        let word = self.words.get(at(row, index)).unwrap_or_default();
        let (rates, _) = word.as_chunks::<4>();
        rates.get(index % RATES_PER_WORD).map_or(0, |rate| i32::from_be_bytes(*rate))
    }

    /// Writes the rate of a place in a row, if it is another.
    pub(crate) fn put(&mut self, row: u8, index: usize, rate: i32) {
        if self.get(row, index) == rate {
            return;
        }
        let Some(mut stored) = self.words.setter(at(row, index)) else { return };
        let mut word = stored.get();
        let (rates, _) = word.as_chunks_mut::<4>();
        if let Some(bytes) = rates.get_mut(index % RATES_PER_WORD) {
            *bytes = rate.to_be_bytes();
        }
        stored.set(word);
    }
}

/// Storage index of a place's word in a row.
fn at(row: u8, index: usize) -> usize {
    usize::from(row).saturating_mul(ROW_WORDS).saturating_add(index / RATES_PER_WORD)
}
