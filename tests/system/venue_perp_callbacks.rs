//! Callbacks of the exchange that are spoofed, false, late, repeated, out of order, lost or starved.

use alloy_sol_types::SolError as _;
use host::alloy_primitives::{B256, I256, U256};
use interfaces::perp::IPerpVenue;
use interfaces::position::IPositionVenue;

use crate::market::{signed, SPOT};
use crate::venue_perp::Perp;
use crate::venue_perp_hostile::{CALLBACKS, LOSE};

/// The exchange gives a callback hardly any gas.
const STARVE: u8 = 2;

#[test]
fn a_spoofed_callback_is_refused_whoever_it_names() {
    let mut perp = Perp::open();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    let account = perp.market.trader;
    let [order, event] = [(); 2].map(|()| IPerpVenue::EventLogData::default());
    let call = IPerpVenue::afterOrderExecutionCall { key, order, eventData: event };
    perp.refuses(IPerpVenue::OnlyController { account }, |perp| perp.send(account, perp.venue, call));
    assert_eq!((perp.order(), perp.state(SPOT).pending), (key, signed(-10.0)));
}

#[test]
fn a_callback_of_the_exchange_that_lies_changes_nothing() {
    let mut perp = Perp::open();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    let before = perp.state(SPOT);
    for method in CALLBACKS {
        let reason = perp.lie(method, key).expect("a refusal");
        assert_eq!(reason, IPositionVenue::OrderOpen { key }.abi_encode());
        let other = B256::repeat_byte(7);
        let reason = perp.lie(method, other).expect("a refusal");
        assert_eq!(reason, IPositionVenue::UnknownOrder { key: other, pending: key }.abi_encode());
    }
    assert_eq!((perp.order(), perp.state(SPOT)), (key, before));
}

#[test]
fn a_lost_callback_blocks_nothing_and_doubles_nothing() {
    let mut perp = Perp::open();
    perp.callbacks(LOSE);
    let first = perp.place(-10.0, 10_000.0).expect("an order");
    perp.at(first, SPOT);
    let state = perp.state(SPOT);
    assert_eq!((state.size, state.pending, state.pendingSince), (signed(-10.0), I256::ZERO, U256::ZERO));
    assert_eq!(perp.order(), first, "nobody told the venue");
    let second = perp.place(-1.0, 1_000.0).expect("the next order");
    assert_eq!((perp.order(), perp.state(SPOT).pending), (second, signed(-1.0)));
    // Or anyone clears it.
    perp.at(second, SPOT);
    let stranger = perp.market.trader;
    perp.send(stranger, perp.venue, IPositionVenue::clearCall { key: second }).expect("cleared");
    assert_eq!((perp.order(), perp.state(SPOT).size), (B256::ZERO, signed(-11.0)));
    let error = IPositionVenue::UnknownOrder { key: second, pending: B256::ZERO };
    perp.refuses(error, |perp| perp.send(stranger, perp.venue, IPositionVenue::clearCall { key: second }));
}

#[test]
fn a_late_or_repeated_callback_does_not_touch_the_next_order() {
    let mut perp = Perp::open();
    perp.callbacks(LOSE);
    let first = perp.place(-10.0, 10_000.0).expect("an order");
    perp.at(first, SPOT);
    let second = perp.place(-1.0, 1_000.0).expect("the next order");
    for method in CALLBACKS {
        let reason = perp.lie(method, first).expect("a refusal");
        assert_eq!(reason, IPositionVenue::UnknownOrder { key: first, pending: second }.abi_encode());
    }
    assert_eq!((perp.order(), perp.state(SPOT).pending), (second, signed(-1.0)));
    perp.at(second, SPOT);
    assert_eq!(perp.lie(CALLBACKS[0], second), None, "late, and still true");
    let again = perp.lie(CALLBACKS[0], second).expect("a refusal");
    assert_eq!(again, IPositionVenue::UnknownOrder { key: second, pending: B256::ZERO }.abi_encode());
}

#[test]
fn callbacks_in_the_wrong_order_say_no_more_than_the_store() {
    let mut perp = Perp::open();
    perp.callbacks(LOSE);
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    assert!(perp.lie(CALLBACKS[1], key).is_some(), "a cancellation before the execution");
    perp.at(key, SPOT);
    // The order is gone, and that is all that a cancellation can say.
    assert_eq!(perp.lie(CALLBACKS[1], key), None);
    assert_eq!((perp.order(), perp.state(SPOT).size), (B256::ZERO, signed(-10.0)));
}

#[test]
fn a_callback_without_gas_is_a_lost_one() {
    let mut perp = Perp::open();
    perp.callbacks(STARVE);
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    perp.at(key, SPOT);
    assert_eq!((perp.order(), perp.state(SPOT).size), (key, signed(-10.0)));
    perp.place(-1.0, 1_000.0).expect("the next order");
}
