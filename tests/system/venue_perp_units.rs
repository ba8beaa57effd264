//! The perp venue's units, sides and answers, to the unit: a token of few decimals, longs as shorts, and a router that answers with no order.

use std::collections::HashMap;

use alloy_sol_types::{sol, SolCall as _, SolValue as _};
use demo::stage::positions::{FEE, MAX_FEE, TIMEOUT};
use demo::stage::{default_profile, PerpExchange};
use host::alloy_primitives::{Address, FixedBytes, B256, I256, U256};
use host::{Answer, Mock};
use interfaces::external::{IPerpRouter, IToken};
use interfaces::perp::IPerpVenue;
use interfaces::position::IPositionVenue::{self, State};

use crate::hostile::Hostile;
use crate::market::{events, signed, usdc, wad, wide_limits, Market, SPOT};
use crate::venue_perp::{Exchange, Perp};

sol! {
    interface Tokens {
        event Transfer(address indexed from, address indexed to, uint256 value);
        event Approval(address indexed owner, address indexed spender, uint256 value);
    }
}

/// 1e-18 units in a unit of the token.
const GRAIN: u64 = 10_000_000_000;

/// A venue for a token of 8 decimals, which the exchange counts in its own units.
fn of_eight_decimals() -> (Perp, Address) {
    let mut market = Market::bare(default_profile(), wide_limits());
    let stage = &mut market.stage;
    let desk = stage.funded("desk", 1_000_000.0).expect("a desk with cash");
    stage.chain.world.set_balance(desk, wad(100.0));
    let receiver = stage.chain.world.account("receiver");
    let (owner, asset) = (stage.actors.owner, stage.usdc);
    let token = stage.chain.create(owner, "SilentToken", &U256::from(8).abi_encode()).expect("a token");
    let made =
        PerpExchange::deploy(&mut stage.chain, owner, [asset, stage.underlying]).expect("the exchange");
    let mut told = made;
    told.parts[4] = token;
    let venue = stage.perpetual_on(&told, [desk, receiver]).expect("the venue");
    let PerpExchange { exchange, parts, perpetual } = made;
    (Perp { market, desk, receiver, venue, exchange, store: parts[1], parts, perpetual }, token)
}

/// The exchange's price of a token of 8 decimals: 30 less those.
fn execute(perp: &mut Perp, key: B256, price: f64) {
    let price = wad(price) * U256::from(10_000);
    perp.keeper(Exchange::executeCall { key, price });
}

#[test]
fn it_says_whom_it_serves_and_how() {
    let mut perp = Perp::open();
    assert_eq!(perp.view(IPositionVenue::deskCall {}), perp.desk);
    assert_eq!(perp.view(IPositionVenue::receiverCall {}), perp.receiver);
    assert_eq!(perp.view(IPositionVenue::timeoutCall {}), U256::from(TIMEOUT));
    assert_eq!(perp.view(IPerpVenue::maxFeeCall {}), U256::from(MAX_FEE));
    assert_eq!(perp.view(IPerpVenue::routerCall {}), perp.exchange);
    let (next, desk, venue) = (perp.another_exchange(), perp.desk, perp.venue);
    perp.send(desk, venue, IPerpVenue::setRouterCall { router_: next }).expect("another router");
    assert_eq!(perp.view(IPerpVenue::routerCall {}), next);
}

#[test]
fn a_token_of_eight_decimals_is_held_and_traded_in_its_own_units() {
    let (mut perp, token) = of_eight_decimals();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    assert_eq!(perp.state(SPOT).pending, signed(-10.0));
    // One per cent below the mark is the limit: in the exchange's decimals too.
    execute(&mut perp, key, SPOT * 0.99);
    let State { size, pending, equity, .. } = perp.state(SPOT * 0.99);
    let sold = signed(10.0 / 0.99).into_raw() / U256::from(GRAIN) * U256::from(GRAIN);
    assert_eq!((size, pending), (-I256::from_raw(sold), I256::ZERO));
    let apart = (equity - I256::from_raw(usdc(10_000.0 - 14.0 - 56.0))).abs();
    assert!(apart <= I256::from_raw(U256::from(30)), "{equity}");
    let key = perp.place(4.0, 0.0).expect("a part is bought back");
    let whole = perp.state(SPOT).pending.into_raw();
    assert!(
        whole.abs_diff(wad(4.0)) <= U256::from(GRAIN) && whole % U256::from(GRAIN) == U256::ZERO,
        "{whole}"
    );
    perp.keeper(Exchange::cancelAsKeeperCall { key });

    let unit = U256::from(GRAIN);
    for size in [I256::ONE, I256::MINUS_ONE, signed(-0.000_000_015)] {
        let error = IPositionVenue::SizeNotWhole { size, unit };
        perp.refuses(error, |perp| perp.adjust(size, SPOT, 0.0, FEE));
    }
    let most = -size;
    let error = IPositionVenue::SizeOutOfRange { size: signed(11.0), least: I256::MIN, most };
    perp.refuses(error, |perp| perp.place(11.0, 0.0));
    // What lies here of the token is part of the position, at its value less the haircut.
    let before = perp.state(SPOT);
    let (owner, to) = (perp.market.stage.actors.owner, perp.venue);
    perp.send(owner, token, Hostile::mintCall { to, value: U256::from(50_000_000) }).expect("half a token");
    let after = perp.state(SPOT);
    assert_eq!(after.size - before.size, signed(0.5));
    assert_eq!(after.equity - before.equity, I256::from_raw(usdc(1_400.0 * 0.998)));
    perp.adjust(most, SPOT, 0.0, FEE).expect("to the last unit");
}

#[test]
fn a_price_worse_than_the_limit_cancels_an_order_of_few_decimals() {
    for (size, price) in [(-10.0, 0.989_999), (10.0, 1.010_001)] {
        let (mut perp, _) = of_eight_decimals();
        let key = perp.place(size, 10_000.0).expect("an order");
        execute(&mut perp, key, SPOT * price);
        assert_eq!((perp.state(SPOT).size, perp.idle()), (I256::ZERO, usdc(10_000.0)), "{size}");
    }
}

#[test]
fn margin_of_a_long_is_added_and_freed_through_orders() {
    let mut perp = Perp::holding(10.0);
    let before = perp.state(SPOT).equity;
    let key = perp.place(0.0, 1_000.0).expect("an order of margin alone");
    perp.at(key, SPOT * 1.5);
    let state = perp.state(SPOT);
    assert_eq!((state.size, state.equity - before), (signed(10.0), I256::from_raw(usdc(1_000.0))));
    let key = perp.place(0.0, -3_000.0).expect("an order that frees margin");
    perp.at(key, SPOT * 0.5);
    let state = perp.state(SPOT);
    assert_eq!((state.size, state.withdrawable), (signed(10.0), usdc(3_000.0)));
    assert_eq!(state.equity - before, I256::from_raw(usdc(1_000.0)));
    let margin = I256::try_from(-20_000_000_000_i64).expect("a margin");
    let error = IPositionVenue::MarginOutOfRange { margin, most: usdc(14_000.0 - 14.0 - 2_000.0) };
    perp.refuses(error, |perp| perp.place(0.0, -20_000.0));
}

#[test]
fn orders_of_a_long_are_pending_on_its_side() {
    let mut perp = Perp::open();
    let key = perp.place(8.0, 10_000.0).expect("an order");
    assert_eq!((perp.state(SPOT).size, perp.state(SPOT).pending), (I256::ZERO, signed(8.0)));
    // An order of dollars is more of the token when that is cheaper.
    assert_eq!(perp.state(SPOT / 2.0).pending, signed(16.0));
    perp.at(key, SPOT);
    perp.place(-3.0, 0.0).expect("an order");
    let state = perp.state(SPOT);
    assert_eq!((state.size, state.pending), (signed(8.0), signed(-3.0)));
    assert_eq!(perp.state(SPOT / 2.0).pending, signed(-3.0), "a part of what is held");
}

#[test]
fn what_a_mark_asks_for_is_the_state_without_what_could_be_withdrawn() {
    let mut perp = Perp::holding(-10.0);
    let (token, to, desk) = (perp.market.stage.usdc, perp.venue, perp.desk);
    perp.send(desk, token, IToken::transferCall { to, value: usdc(5.0) }).expect("USDC");
    let state = perp.state(SPOT);
    assert_eq!(state.withdrawable, usdc(5.0));
    let worth = perp.view(IPositionVenue::worthCall { price: wad(SPOT) });
    assert_eq!(worth, State { withdrawable: U256::ZERO, ..state });
}

#[test]
fn margin_alone_trades_nothing_whatever_the_price_has_become() {
    for (size, up, down) in [(-10.0, 1_000.0, -3_000.0), (10.0, 1_000.0, -3_000.0)] {
        for (margin, price) in [(up, 1.5), (up, 0.7), (down, 1.2), (down, 0.7)] {
            let mut perp = Perp::holding(size);
            let key = perp.place(0.0, margin).expect("an order of margin alone");
            perp.at(key, SPOT * price);
            let state = perp.state(SPOT);
            let equity = 14_000.0 - 14.0 - 56.0 + if margin > 0.0 { margin } else { 0.0 };
            assert_eq!((state.size, state.pending), (signed(size), I256::ZERO), "{size} {margin} {price}");
            assert_eq!(state.equity.into_raw(), usdc(equity), "{size} {margin} {price}");
        }
    }
}

#[test]
fn an_order_without_margin_moves_and_approves_no_usdc() {
    let mut perp = Perp::holding(-10.0);
    let (market, desk, venue) = (&mut perp.market, perp.desk, perp.venue);
    let usdc_token = market.stage.usdc;
    for size in [-1.0, 1.0] {
        let base = market.stage.chain.world.snapshot();
        let (price, limit) = (wad(SPOT), wad(if size < 0.0 { SPOT * 0.99 } else { SPOT * 1.01 }));
        let call =
            IPositionVenue::adjustCall { size: signed(size), price, limitPrice: limit, margin: I256::ZERO };
        market.stage.chain.world.set_balance(venue, U256::from(FEE));
        let (_, receipt) = market.stage.chain.send_for_receipt(desk, venue, call).expect("an order");
        assert_eq!(events::<Tokens::Transfer>(&receipt.logs, usdc_token).len(), 0);
        assert_eq!(events::<Tokens::Approval>(&receipt.logs, usdc_token).len(), 0);
        market.stage.chain.world.restore(&base);
    }
}

#[test]
fn a_router_that_answers_with_no_order_of_the_stores_is_not_believed() {
    let mut perp = Perp::open();
    let (callee, method) = (perp.exchange, FixedBytes(IPerpRouter::createOrderCall::SELECTOR));
    for word in [B256::ZERO, B256::repeat_byte(7)] {
        let answer = Answer { gas: 1_000, data: word.to_vec().into(), revert: false };
        let mock = Mock { answers: HashMap::new(), otherwise: Some(answer) };
        perp.market.stage.chain.world.set_mock(callee, mock);
        let error = IPositionVenue::BadAnswer { callee, method };
        perp.refuses(error, |perp| perp.place(-10.0, 10_000.0));
        assert_eq!(perp.order(), B256::ZERO);
    }
}

#[test]
fn no_order_is_none_to_clear_or_cancel() {
    let mut perp = Perp::open();
    let (key, pending, desk) = (B256::ZERO, B256::ZERO, perp.desk);
    let error = || IPositionVenue::UnknownOrder { key, pending };
    perp.refuses(error(), |perp| perp.send(desk, perp.venue, IPositionVenue::clearCall { key }));
    perp.refuses(error(), |perp| perp.send(desk, perp.venue, IPositionVenue::cancelCall { key }));
    // Nor while there is one.
    let pending = perp.place(-10.0, 10_000.0).expect("an order");
    let error = IPositionVenue::UnknownOrder { key, pending };
    perp.refuses(error, |perp| perp.send(desk, perp.venue, IPositionVenue::clearCall { key }));
}
