//! The slices as stored: three surfaces with a place in each for every expiry.

use alloc::vec::Vec;

use alloy_primitives::{B256, I256, U256};
use book::{Reader, Writer, MAX_EXPIRIES};
use interfaces::surface::ISurface::SurfaceSlice;
use interfaces::words::{int, uint};
use options::{History, Published, Slice, ROWS};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageArray, StorageB256};

use crate::rates::Rates;

/// Places that share a word.
const PLACES_PER_WORD: usize = 4;
const PLACE_WORDS: usize = MAX_EXPIRIES / PLACES_PER_WORD;
const SLICES: usize = ROWS * MAX_EXPIRIES;

/// What a place holds: an expiry, zero for none, and its rate by the last surface.
///
/// | bits of a place's eight bytes, from the top | 32 | 32 |
/// |---|---|---|
/// | field | expiry | rate |
/// | unit | s | Q30 / year |
///
/// The word of the history has the times of the three rows, which row is what, and the largest move of a vol by the last update, from the
/// surface that its steps counted against [1e-6].
#[storage]
pub struct Slices {
    history: StorageB256,
    places: StorageArray<StorageB256, PLACE_WORDS>,
    rows: StorageArray<StorageB256, SLICES>,
}

/// Where an expiry is kept, and its rate [Q30 / year].
#[derive(Clone, Copy)]
struct Place {
    index: usize,
    rate: i32,
}

impl Slices {
    /// Which row is what.
    pub(crate) fn history(&self) -> History {
        self.recorded().0
    }

    fn recorded(&self) -> (History, u32) {
        let word = self.history.get();
        let mut fields = Reader(word.as_slice());
        let mut history = History::default();
        for time in &mut history.times {
            *time = fields.u32();
        }
        for row in [&mut history.current, &mut history.next, &mut history.base] {
            *row = u8::try_from(fields.take(1)).unwrap_or_default();
        }
        (history, fields.u32())
    }

    /// Writes which row is what, and how far the last one moved.
    pub(crate) fn record(&mut self, history: &History, moved: u32) {
        let mut word = B256::ZERO;
        let mut fields = Writer(word.as_mut_slice());
        for time in history.times {
            fields.put(&time.to_be_bytes());
        }
        fields.put(&[history.current, history.next, history.base]);
        fields.put(&moved.to_be_bytes());
        self.history.set(word);
    }

    /// The slice of an expiry in a row, and its place.
    pub(crate) fn get(&self, row: u8, expiry: u64) -> Option<(Slice, usize)> {
        self.find(expiry).map(|place| (Slice::unpack(&self.word(row, place).0), place.index))
    }

    /// Writes the slice and the rate of an expiry to the last row, and to all of them when it has none yet. Its place is one whose expiry is not
    /// `kept`.
    pub(crate) fn put(
        &mut self,
        rates: &mut Rates,
        row: u8,
        expiry: u32,
        (slice, rate): (&Slice, i32),
        kept: impl Fn(u32) -> bool,
    ) {
        let word = B256::from(slice.pack());
        let found = self.find(expiry.into());
        let index = match found {
            Some(place) => place.index,
            None => self.free(kept).unwrap_or_default(),
        };
        if found.is_none_or(|place| place.rate != rate) {
            self.set_place(index, expiry, rate);
        }
        for other in (0..3).filter(|other| *other == row || found.is_none()) {
            if let Some(mut stored) = self.rows.setter(at(other, index)) {
                stored.set(word);
            }
            rates.put(other, index, rate);
        }
    }

    /// For each expiry its word in the last row and its rate, zeros where there is none, and the largest move of the last update. Each word of
    /// places is read once, and only if it is needed: the vault asks this in every trade.
    pub(crate) fn last(&self, expiries: &[u64]) -> Vec<B256> {
        let (History { current: row, .. }, moved) = self.recorded();
        let mut pairs = vec![[B256::ZERO; 2]; expiries.len()];
        let mut missing = expiries.len();
        for index in 0..PLACE_WORDS {
            if missing == 0 {
                break;
            }
            let places = self.places(index);
            for (expiry, words) in expiries.iter().zip(&mut pairs) {
                let Some(place) = places.find(*expiry) else { continue };
                *words = pair(self.word(row, place), place.rate);
                missing = missing.saturating_sub(1);
            }
        }
        let mut words = pairs.concat();
        words.push(B256::from(uint(moved.into())));
        words
    }

    /// For each expiry its word and its rate in a row, zeros where there is none.
    pub(crate) fn words(&self, rates: &Rates, row: u8, expiries: &[u64]) -> Vec<B256> {
        let words = |place: Place| pair(self.word(row, place), rates.get(row, place.index));
        expiries.iter().flat_map(|expiry| self.find(*expiry).map(words).unwrap_or_default()).collect()
    }

    /// The last slice of an expiry as people read it, and when it was made.
    pub(crate) fn show(&self, expiry: u64) -> (SurfaceSlice, u64) {
        let row = self.history().current;
        let stored = self.find(expiry).map(|place| (Slice::unpack(&self.word(row, place).0), place.rate));
        let (numbers, updated_at) =
            stored.map(|(slice, rate)| (Published::of(&slice, rate), slice.updated_at)).unwrap_or_default();
        let [rate, a, b, rho, m, s]: [I256; 6] =
            [numbers.rate, numbers.a, numbers.b, numbers.rho, numbers.m, numbers.s].map(int);
        let forward: U256 = uint(numbers.forward);
        (SurfaceSlice { expiry, rate, a, b, rho, m, s, forward }, updated_at.into())
    }

    fn word(&self, row: u8, place: Place) -> B256 {
        self.rows.get(at(row, place.index)).unwrap_or_default()
    }

    fn find(&self, expiry: u64) -> Option<Place> {
        (0..PLACE_WORDS).find_map(|index| self.places(index).find(expiry))
    }

    /// A place whose expiry is not `kept`.
    fn free(&self, kept: impl Fn(u32) -> bool) -> Option<usize> {
        let mut places = (0..PLACE_WORDS).flat_map(|index| self.places(index).each().collect::<Vec<_>>());
        places.find(|(_, expiry, _)| !kept(*expiry)).map(|(index, ..)| index)
    }

    fn places(&self, index: usize) -> Places {
        Places {
            first: index.saturating_mul(PLACES_PER_WORD),
            word: self.places.get(index).unwrap_or_default(),
        }
    }

    fn set_place(&mut self, index: usize, expiry: u32, rate: i32) {
        let Some(mut stored) = self.places.setter(index / PLACES_PER_WORD) else { return };
        let mut word = stored.get();
        let (places, _) = word.as_chunks_mut::<8>();
        if let Some(bytes) = places.get_mut(index % PLACES_PER_WORD) {
            let mut fields = Writer(bytes);
            fields.put(&expiry.to_be_bytes());
            fields.put(&rate.to_be_bytes());
        }
        stored.set(word);
    }
}

/// A word of places.
struct Places {
    /// Index of its first place.
    first: usize,
    word: B256,
}

impl Places {
    /// Index, expiry and rate of each.
    fn each(&self) -> impl Iterator<Item = (usize, u32, i32)> + use<'_> {
        let (places, _) = self.word.as_chunks::<8>();
        (self.first..).zip(places).map(|(index, bytes)| {
            let mut fields = Reader(bytes);
            (index, fields.u32(), fields.u32().cast_signed())
        })
    }

    fn find(&self, expiry: u64) -> Option<Place> {
        let (index, _, rate) = self.each().find(|(_, kept, _)| *kept != 0 && u64::from(*kept) == expiry)?;
        Some(Place { index, rate })
    }
}

/// A slice's word and its rate as one.
fn pair(slice: B256, rate: i32) -> [B256; 2] {
    [slice, B256::from(int(rate.into()).into_raw())]
}

/// Storage index of a place in a row.
fn at(row: u8, index: usize) -> usize {
    usize::from(row).saturating_mul(MAX_EXPIRIES).saturating_add(index)
}
