//! A market and books on it.

use book::{Header, Mark, Order, Place, Request, SETTINGS, Spots, Stored, add_lots, slots};
use options::{Kind, Slice, StrikeGrid};
use proptest::prelude::*;

pub(crate) const DAY: u32 = 86_400;
pub(crate) const NOW: u32 = 1_700_000_000;
/// 2,800 USD [1e-8 USD]
pub(crate) const SPOT: u64 = 280_000_000_000;
/// A hundredth.
pub(crate) const LOT: u64 = 10_000_000_000_000_000;
/// Lots of one unit of the underlying.
pub(crate) const UNIT: i32 = 100;
pub(crate) const USD: i128 = 1_000_000;
/// 15 % [1e-6]
pub(crate) const RESERVE: u32 = 150_000;
/// 21 strikes from 1,800 to 3,800 USD.
pub(crate) const GRID: StrikeGrid = StrikeGrid { base: 1_800_000_000, step: 100_000_000, count: 21 };

/// Lots of the vault on one strike: the strike's place on the grid, and which of its two options.
pub(crate) type Holding = (u8, Kind, i32);

/// A slice of one vol [percent] for all strikes.
pub(crate) fn flat(seconds: u32, vol: u32) -> Slice {
    let variance = f64::from(vol).powi(2) / 1e4 * f64::from(seconds) / 31_536_000.0;
    let a = (variance * 2_f64.powi(36)) as i64;
    Slice { a, b: 0, rho: 0, m: 0, s: 1, forward: 2_800_000_000, updated_at: NOW }
}

/// An expiry of the vault's book, without rates, at one vol for all strikes: at none, options are worth what they would pay at once.
pub(crate) fn expiry(index: usize, days: u32, vol: u32, book: &[Holding]) -> Stored {
    let mut header = Header { expiry: NOW + days * DAY, grid: GRID, put_lots: 0, put_index_sum: 0 };
    let mut lots = vec![[0; 32]; slots(&header).into()];
    for (strike, kind, count) in book {
        add_lots(&mut lots[usize::from(strike / 8)], *strike, *count).unwrap();
        if matches!(kind, Kind::Put) {
            header.add_puts(*strike, *count).unwrap();
        }
    }
    Stored { index, header, slice: Some(flat(days * DAY, vol)), rate: 0, lots, depth: None }
}

/// A trader's leg: positive lots are bought.
pub(crate) fn order(index: usize, (strike, kind, lots): Holding) -> Order {
    Order { place: Place { index, strike }, kind, lots }
}

/// The book marked where the feed is and a reserve move away from it.
pub(crate) fn marked(stored: &[Stored]) -> Mark {
    let spots = Spots::with_reserve(LOT, SPOT, RESERVE).unwrap();
    Mark::new(stored.iter().cloned(), spots, NOW).unwrap()
}

/// A request about a book, at first without hedge and cash.
pub(crate) fn request(stored: Vec<Stored>) -> Request {
    Request::of_book([0; SETTINGS], SPOT, NOW, stored)
}

pub(crate) fn kind() -> impl Strategy<Value = Kind> {
    any::<bool>().prop_map(|put| if put { Kind::Put } else { Kind::Call })
}

pub(crate) fn holding(most: i32) -> impl Strategy<Value = Holding> {
    (0..GRID.count, kind(), prop_oneof![-most..=-1, 1..=most])
}

pub(crate) fn holdings(most: i32, legs: usize) -> impl Strategy<Value = Vec<Holding>> {
    prop::collection::vec(holding(most), 0..=legs)
}
