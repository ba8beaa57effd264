//! One option of any terms: a value or a typed error, prices in their bounds; a vol for any price or a typed error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use options::{Kind, Terms};

/// A number and how far it is shifted down, so that one of few bits is met as often as one of many.
type Any<T> = (T, u8);

fn natural((number, down): Any<u64>) -> u64 {
    number >> (down & 63)
}

fn signed((number, down): Any<i64>) -> i64 {
    number >> (down & 63)
}

fuzz_target!(|input: ([Any<u64>; 3], Any<u32>, [Any<i64>; 2], Any<i128>)| {
    let (naturals, (seconds, down), rates, price) = input;
    let ([spot, strike, vol], [rate, carry]) = (naturals.map(natural), rates.map(signed));
    let terms = Terms { spot, strike, seconds: seconds >> (down & 31), rate, carry };
    let price = price.0 >> (price.1 & 127);
    let _ = (terms.implied_vol(Kind::Call, price), terms.implied_vol(Kind::Put, price));
    let Ok(value) = terms.value(vol) else { return };
    let none = terms.value(0).expect("vol is the only thing that changed");
    assert!(value.call >= 0 && value.put >= 0 && value.gamma >= 0 && value.vega >= 0, "{value:?}");
    assert!(value.call <= value.call_delta - value.put_delta, "{value:?}");
    if let Ok(vol) = terms.implied_vol(Kind::Call, value.call.into()) {
        assert!(terms.value(vol).is_ok(), "{vol}");
    }
    assert_eq!(value.put - i128::from(value.call), none.put - i128::from(none.call));
});
