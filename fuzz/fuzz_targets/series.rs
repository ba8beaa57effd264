//! Ids, grids and stored slices: what is read is written back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use options::{Series, Slice, StrikeGrid, lots};

fuzz_target!(|input: (u128, (u64, u64, u8), u8, u64, [u8; 32])| {
    let (id, (base, step, count), index, strike, word) = input;
    if let Some(series) = Series::from_id(id) {
        assert_eq!(series.id(), id);
    }
    let loose = StrikeGrid { base, step, count };
    let _ = (loose.strike(index), loose.index_of(strike));
    if let Ok(grid) = StrikeGrid::new(base, step, count) {
        assert_eq!(grid.strike(index).is_some(), index < count);
        if let Some(strike) = grid.strike(index) {
            assert_eq!(grid.index_of(strike), Some(index));
        }
    }
    let slice = Slice::unpack(&word);
    assert_eq!(slice.pack(), word);
    let _ = slice.check();
    assert_eq!(lots(&word).count(), 8);
});
