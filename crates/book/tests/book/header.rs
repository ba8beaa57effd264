//! The stored header keeps its fields where they fit their widths, and says where they do not.

use book::Header;
use options::StrikeGrid;
use proptest::prelude::*;

use crate::stage::{GRID, NOW};

const HEADER: Header = Header { expiry: NOW, grid: GRID, put_lots: 0, put_index_sum: 0 };

#[test]
fn fields_that_do_not_fit_their_widths_are_told() {
    let fits = |change: fn(&mut Header)| {
        let mut header = HEADER;
        change(&mut header);
        header.fits()
    };
    assert!(fits(|_| ()));
    assert!(fits(|header| header.put_lots = (1 << 39) - 1) && !fits(|header| header.put_lots = 1 << 39));
    assert!(fits(|header| header.put_lots = -(1 << 39)) && !fits(|header| header.put_lots = -(1 << 39) - 1));
    assert!(
        fits(|header| header.put_index_sum = (1 << 47) - 1) && !fits(|header| header.put_index_sum = 1 << 47)
    );
    assert!(fits(|header| header.put_index_sum = -(1 << 47)));
    assert!(!fits(|header| header.put_index_sum = -(1 << 47) - 1));
    assert!(fits(|header| header.grid.base = (1 << 48) - 1) && !fits(|header| header.grid.base = 1 << 48));
    assert!(fits(|header| header.grid.step = (1 << 40) - 1) && !fits(|header| header.grid.step = 1 << 40));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn a_header_that_fits_is_read_as_it_was_stored(
        expiry: u32, base in 0..1_u64 << 48, step in 0..1_u64 << 40, count: u8, puts in (-(1_i64 << 39)..1 << 39, -(1_i64 << 47)..1 << 47),
    ) {
        let grid = StrikeGrid { base, step, count };
        let header = Header { expiry, grid, put_lots: puts.0, put_index_sum: puts.1 };
        prop_assert!(header.fits());
        prop_assert_eq!(Header::unpack(&header.pack()), header);
        prop_assert_eq!(&header.pack()[27..], &[0; 5]);
    }
}
