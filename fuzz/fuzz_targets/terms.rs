//! One option of any terms: a value or a typed error, prices in their bounds; a vol for any price or a typed error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use options::{Kind, Terms};

fuzz_target!(|input: (u64, u64, u32, i64, i64, u64, i128)| {
    let (spot, strike, seconds, rate, carry, vol, price) = input;
    let terms = Terms { spot, strike, seconds, rate, carry };
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
