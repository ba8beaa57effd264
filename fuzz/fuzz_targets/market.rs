//! One expiry of a book, of any slice and any lots: a market or a typed error, prices in their bounds, sums.
#![no_main]

use core::num::Wrapping;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use options::{Market, Slice, StrikeGrid, Totals};

#[derive(Arbitrary, Debug)]
struct Input {
    spot: u64,
    seconds: u32,
    rate: i32,
    slice_seconds: u32,
    /// How far spot, seconds, slice seconds and the strike are shifted down, so that few bits are met as often as many.
    down: [u8; 4],
    /// As stored, or any words.
    stored: Option<[u8; 32]>,
    words: (i64, i64, i32, i32, i64, u64),
    strike: u64,
    moves: Option<[i64; 2]>,
    grid: (u64, u64, u8),
    slot: u8,
    lots: [u8; 32],
    puts: (i64, i64),
}

fn slice(input: &Input) -> Slice {
    let (a, b, rho, m, s, forward) = input.words;
    let loose = Slice { a, b, rho, m, s, forward, updated_at: 0 };
    input.stored.as_ref().map_or(loose, Slice::unpack)
}

fuzz_target!(|input: Input| {
    let mut input = input;
    let [spot, seconds, slice_seconds, strike] = input.down;
    input.spot >>= spot & 63;
    input.seconds >>= seconds & 31;
    input.slice_seconds >>= slice_seconds & 31;
    input.strike >>= strike & 63;
    let slice = slice(&input);
    let Ok(market) = Market::new(input.spot, input.seconds, input.rate, &slice, input.slice_seconds) else {
        return;
    };
    let moves = input.moves.map(|moves| moves.map(Wrapping));
    let (call, put) = (market.call(input.strike), market.put(input.strike));
    assert_eq!(market.call_and_moved(input.strike, moves).greeks, call);
    assert_eq!(market.put_and_moved(input.strike, moves).greeks, put);
    assert_eq!(put.price - call.price, market.strike_value(input.strike) - (1 << 62));
    let stored = input.strike > 0 && input.strike >> 48 == 0;
    if stored && slice.check().is_ok() {
        assert!(call.price >= 0 && put.price >= 0 && call.price <= 1 << 62, "{call:?} {put:?}");
    }
    let (base, step, count) = input.grid;
    let grid = StrikeGrid { base, step, count };
    let mut totals = Totals::default();
    totals.add_slot(&market, moves, &grid, input.slot, &input.lots);
    totals.add_puts(input.puts.0, input.puts.1, &grid, &market);
    let once = totals;
    totals.merge(&once);
});
