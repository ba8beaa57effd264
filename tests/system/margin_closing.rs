//! Accounts short of margin buy options back, as far as that makes it no worse, and write none.

use alloy_sol_types::SolError as _;
use demo::stage::Failure;
use host::alloy_primitives::{Address, I256, U256};
use interfaces::margin::IMargin;

use crate::margin::{account, health, open, write};
use crate::market::{Market, HOUR};

/// Price an hour after writing.
const PRICE: f64 = 4_000.0;
/// Puts that offset a hundredth of a call: what both cost beyond their value, against what the call lowers the margin by and the put raises it.
const PUTS: f64 = 0.28;

/// An account that has written calls and a put, and lacks initial margin since the price rose: a put is worth most where calls lose most, far
/// above, because it is worth nothing there.
fn short_of_margin() -> (Market, Address, [U256; 2]) {
    let (mut market, writer) = open(12_000.0);
    let (call, put) = (market.call(2_800), market.put(3_800));
    write(&mut market, writer, &[(call, 4.0), (put, 1.0)]).expect("written");
    let later = market.now() + HOUR;
    market.move_to(later, PRICE);
    assert!(shortage(&health(&mut market, writer)) > 0);
    (market, writer, [call, put])
}

/// What equity lacks of the initial margin [micro-USD].
fn shortage(health: &IMargin::Health) -> i128 {
    i128::try_from(I256::from_raw(health.initial) - health.equity).expect("a small number")
}

/// The same as a refusal for want of initial margin tells it.
fn refused(failure: &Failure) -> i128 {
    let IMargin::MarginTooLow { equity, initial, .. } =
        IMargin::MarginTooLow::abi_decode(&failure.data()).unwrap_or_else(|_| panic!("{failure}"));
    i128::try_from(I256::from_raw(initial) - equity).expect("a small number")
}

/// By how much an account would lack more after writing.
fn more(market: &mut Market, writer: Address, legs: &[(U256, f64)]) -> i128 {
    let before = shortage(&health(market, writer));
    match write(market, writer, legs) {
        Ok(_) => shortage(&health(market, writer)) - before,
        Err(failure) => refused(&failure) - before,
    }
}

#[test]
fn who_is_short_of_margin_buys_back_what_they_owe_most_for() {
    let (mut market, writer, [call, _]) = short_of_margin();
    let before = shortage(&health(&mut market, writer));
    write(&mut market, writer, &[(call, -0.5)]).expect("a part");
    let after = shortage(&health(&mut market, writer));
    assert!(0 < after && after < before, "{before} became {after}");
    write(&mut market, writer, &[(call, -3.5)]).expect("the rest");
    assert!(shortage(&health(&mut market, writer)) <= 0);
    assert_eq!(account(&mut market, writer).series, U256::ONE);
}

#[test]
fn who_is_short_of_margin_keeps_what_stands_against_it() {
    let (mut market, writer, [_, put]) = short_of_margin();
    let before = shortage(&health(&mut market, writer));
    let digests = market.digests();
    let failure = write(&mut market, writer, &[(put, -1.0)]).expect_err("a hedge given up");
    assert!(refused(&failure) > before, "{failure}");
    assert_eq!(market.digests(), digests);
}

#[test]
fn who_is_short_of_margin_writes_nothing_even_if_that_would_lower_it() {
    let (mut market, writer, [_, put]) = short_of_margin();
    let before = shortage(&health(&mut market, writer));
    let failure = write(&mut market, writer, &[(put, 1.0)]).expect_err("more written");
    let after = refused(&failure);
    assert!(0 < after && after < before, "{before} would be {after}");
}

#[test]
fn what_leaves_the_shortage_as_it_is_may_be_bought_back() {
    let (mut market, writer, [call, put]) = short_of_margin();
    let legs = [(call, -0.01), (put, -PUTS)];
    let ends = [0.95 * PRICE, 1.05 * PRICE].map(|price| (price * 1e8) as i64);
    market.push_where_nothing(ends, |market| more(market, writer, &legs));
    let before = shortage(&health(&mut market, writer));
    assert!(before > 0, "{before}");
    write(&mut market, writer, &legs).expect("no worse");
    assert_eq!(shortage(&health(&mut market, writer)), before);
}
