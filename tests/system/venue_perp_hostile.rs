//! What the perp venue makes of an exchange that lies, loses, cuts, delays or breaks, and what it refuses.

use std::fmt::Debug;

use alloy_sol_types::{sol, SolCall as _, SolError, SolInterface as _};
use demo::stage::positions::{FEE, TIMEOUT};
use demo::stage::{setPerpRoleCall, Failure};
use host::alloy_primitives::{Address, Bytes, FixedBytes, B256, I256, U256};
use host::Tx;
use interfaces::external::{IPerpRouter, IPerpStore, IToken};
use interfaces::perp::IPerpVenue;
use interfaces::position::IPositionVenue::{self, IPositionVenueErrors};

use crate::market::{signed, usdc, wad, SPOT};
use crate::venue_perp::{exchange_price, power, Exchange, Perp};
use crate::venue_short::dollars;

sol! {
    interface Store {
        function setMode(uint8 mode) external;
    }

    interface Refusals {
        error InsufficientExecutionFee(uint256 minExecutionFee, uint256 executionFee);
        error RequestNotYetCancellable(uint256 requestAge, uint256 requestExpirationAge, string requestType);
        error CallbackFailed(bytes reason);
    }
}

/// The exchange sends no callbacks.
pub(crate) const LOSE: u8 = 1;
/// How the store answers.
const REVERT: u8 = 1;
const SHORT: u8 = 2;
const BURN: u8 = 3;
/// Seconds before the exchange lets an order be cancelled.
const EXPIRATION: u64 = 300;

impl Perp {
    /// Asserts that `act` is refused with exactly `error`.
    #[track_caller]
    pub(crate) fn refuses<T>(
        &mut self,
        error: impl SolError + Debug,
        act: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) {
        let failure = act(self).err().expect("a refusal");
        assert_eq!(failure.data(), error.abi_encode(), "{failure}, not {error:?}");
    }

    /// A callback that the exchange sends though it is not due; what the venue refused it with.
    pub(crate) fn lie(&mut self, method: [u8; 4], key: B256) -> Option<Bytes> {
        let (venue, keeper, exchange) = (self.venue, self.market.stage.actors.keeper, self.exchange);
        let call = Exchange::lieCall { venue, method: FixedBytes(method), key, claims: power(40) };
        let failure = self.send(keeper, exchange, call).err()?;
        Some(Refusals::CallbackFailed::abi_decode(&failure.data()).expect("the venue's refusal").reason)
    }

    fn cancel(&mut self, from: Address, key: B256) -> Result<(), Failure> {
        self.send(from, self.venue, IPositionVenue::cancelCall { key }).map(|_| ())
    }

    pub(crate) fn callbacks(&mut self, callback: u8) {
        self.keeper(Exchange::setCallbackCall { callback });
    }
}

/// The exchange's callbacks.
pub(crate) const CALLBACKS: [[u8; 4]; 3] = [
    IPerpVenue::afterOrderExecutionCall::SELECTOR,
    IPerpVenue::afterOrderCancellationCall::SELECTOR,
    IPerpVenue::afterOrderFrozenCall::SELECTOR,
];

#[test]
fn a_second_order_is_refused_while_one_is_in_flight() {
    let mut perp = Perp::open();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    let since = U256::from(perp.market.now());
    perp.later(10 * u64::from(TIMEOUT));
    let error = IPositionVenue::OrderPending { key, since };
    perp.refuses(error, |perp| perp.place(-10.0, 10_000.0));
    // The refused call took nothing: what was sent for it lies idle.
    assert_eq!(perp.state(SPOT).withdrawable, usdc(10_000.0));
}

#[test]
fn a_frozen_order_stays_pending_until_anyone_cancels_it_after_the_timeout() {
    let mut perp = Perp::open();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    perp.keeper(Exchange::freezeCall { key });
    assert_eq!(perp.state(SPOT).pending, signed(-10.0));
    let from = perp.market.now() + u64::from(TIMEOUT);
    let stranger = perp.market.trader;
    perp.later(u64::from(TIMEOUT) - 1);
    let error = IPositionVenue::NotYetCancellable { key, from: U256::from(from) };
    perp.refuses(error, |perp| perp.cancel(stranger, key));
    perp.later(1);
    perp.cancel(stranger, key).expect("after the time-out");
    let state = perp.state(SPOT);
    assert_eq!((state.size, state.pending, perp.order()), (signed(0.001), I256::ZERO, B256::ZERO));
    assert_eq!(state.withdrawable, usdc(10_000.0));
    // The fee that came back, wrapped, because the venue was at work; it is the receiver's.
    let token = perp.market.stage.underlying;
    let swept = perp.send(perp.desk, perp.venue, IPerpVenue::sweepCall { token }).expect("a sweep");
    assert_eq!(swept, U256::from(FEE / 2));
}

#[test]
fn the_desk_cancels_as_soon_as_the_exchange_lets_it() {
    let mut perp = Perp::open();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    let mut reason = B256::ZERO;
    reason[..4].copy_from_slice(&Refusals::RequestNotYetCancellable::SELECTOR);
    let (callee, method) = (perp.exchange, FixedBytes(IPerpRouter::cancelOrderCall::SELECTOR));
    let (desk, error) = (perp.desk, IPositionVenue::CallFailed { callee, method, reason });
    perp.refuses(error, |perp| perp.cancel(desk, key));
    perp.later(EXPIRATION);
    perp.cancel(desk, key).expect("a cancellation");
    assert_eq!((perp.order(), perp.idle()), (B256::ZERO, usdc(10_000.0)));
    let error = IPositionVenue::UnknownOrder { key, pending: B256::ZERO };
    perp.refuses(error, |perp| perp.cancel(desk, key));
}

#[test]
fn a_cancellation_by_the_exchange_brings_the_margin_back() {
    let mut perp = Perp::open();
    let (token, to) = (perp.market.stage.usdc, perp.venue);
    perp.send(perp.desk, token, IToken::transferCall { to, value: usdc(10_000.0) }).expect("margin");
    for lost in [false, true] {
        perp.callbacks(if lost { LOSE } else { 0 });
        let key = perp.adjust(signed(-10.0), SPOT, 10_000.0, FEE).expect("an order from idle USDC");
        perp.keeper(Exchange::cancelAsKeeperCall { key });
        let state = perp.state(SPOT);
        assert_eq!((state.size, state.pending), (I256::ZERO, I256::ZERO));
        assert_eq!((state.equity.into_raw(), state.withdrawable), (usdc(10_000.0), usdc(10_000.0)));
        if lost {
            let desk = perp.desk;
            perp.cancel(desk, key).expect("a cancellation of what is gone only forgets it");
        }
        assert_eq!(perp.order(), B256::ZERO);
    }
}

#[test]
fn a_price_that_the_order_does_not_accept_cancels_it() {
    let mut perp = Perp::open();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    perp.at(key, SPOT * 0.98);
    assert_eq!((perp.state(SPOT).size, perp.idle()), (I256::ZERO, usdc(10_000.0)));
}

#[test]
fn an_execution_at_a_bad_price_is_in_size_and_equity_at_once() {
    let mut perp = Perp::open();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    perp.keeper(Exchange::executeBadlyCall { key, price: exchange_price(2_500.0) });
    let state = perp.state(SPOT);
    // 28,000 USD sold at 2,500 are 11.2 units, which are worth 31,360.
    assert_eq!(state.size, signed(-11.2));
    assert_eq!(state.equity.into_raw(), usdc(10_000.0 - 14.0 - 3_360.0 - 62.72));
}

#[test]
fn a_part_that_was_filled_is_read_and_the_rest_is_pending_or_gone() {
    let mut perp = Perp::open();
    let first = perp.place(-10.0, 10_000.0).expect("an order");
    let (percent, price) = (U256::from(40), exchange_price(SPOT));
    perp.keeper(Exchange::executePartCall { key: first, price, percent, done: false });
    let state = perp.state(SPOT);
    assert_eq!((state.size, state.pending), (signed(-4.0), signed(-6.0)));
    assert_eq!(state.equity.into_raw(), usdc(10_000.0 - 5.6 - 22.4));
    let since = state.pendingSince;
    perp.refuses(IPositionVenue::OrderPending { key: first, since }, |perp| perp.place(-6.0, 0.0));
    perp.keeper(Exchange::executePartCall { key: first, price, percent: U256::from(50), done: true });
    let state = perp.state(SPOT);
    assert_eq!((state.size, state.pending, perp.order()), (signed(-7.0), I256::ZERO, B256::ZERO));
}

#[test]
fn a_position_that_was_deleveraged_without_a_call_is_what_is_left_of_it() {
    let mut perp = Perp::holding(-10.0);
    let order = perp.place(-2.0, 0.0).expect("an order in flight meanwhile");
    let (account, market, token) = (perp.venue, perp.perpetual, perp.market.stage.usdc);
    let price = exchange_price(2_000.0);
    let usd = power(30) * U256::from(22_400);
    perp.keeper(Exchange::deleverageCall { account, market, token, isLong: false, usd, price });
    let state = perp.state(2_000.0);
    assert_eq!((state.size, state.pending, perp.order()), (signed(-2.0), signed(-2.8), order));
    // 8 units gained 800 each, less the exchange's fee.
    assert_eq!(state.withdrawable, usdc(6_400.0));
    let left = 14_000.0 - 14.0 + 8_000.0 - 11.2 - 8.0;
    assert!((dollars(state.equity) - left).abs() < 1e-5, "{} {left}", dollars(state.equity));
    // A purchase of what it held before is refused with what it holds.
    perp.keeper(Exchange::cancelAsKeeperCall { key: order });
    let error = IPositionVenue::SizeOutOfRange { size: signed(10.0), least: I256::MIN, most: signed(2.0) };
    perp.refuses(error, |perp| perp.place(10.0, 0.0));
}

#[test]
fn a_position_that_owes_more_than_it_holds_says_so() {
    let mut perp = Perp::holding(-10.0);
    assert!(perp.state(4_300.0).equity < I256::ZERO);
}

#[test]
fn an_execution_fee_that_is_too_low_places_nothing() {
    let mut perp = Perp::open();
    perp.keeper(Exchange::setMinFeeCall { minFee: U256::from(FEE + 1) });
    let mut reason = B256::ZERO;
    reason[..4].copy_from_slice(&Refusals::InsufficientExecutionFee::SELECTOR);
    let (callee, method) = (perp.exchange, FixedBytes(IPerpRouter::createOrderCall::SELECTOR));
    let error = IPositionVenue::CallFailed { callee, method, reason };
    perp.refuses(error, |perp| perp.place(-10.0, 10_000.0));
    assert_eq!((perp.order(), perp.idle()), (B256::ZERO, usdc(10_000.0)));
    perp.refuses(IPerpVenue::ZeroFee {}, |perp| perp.adjust(signed(-10.0), SPOT, 10_000.0, 0));
    perp.adjust(signed(-10.0), SPOT, 10_000.0, FEE + 1).expect("with enough");
}

#[test]
fn a_rotated_handler_is_heard_by_its_role_and_the_old_one_no_longer() {
    let mut perp = Perp::open();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    let (old, new) = (perp.exchange, perp.another_exchange());
    let (owner, roles) = (perp.market.stage.actors.owner, perp.parts[0]);
    // Both are live: the new one executes what the old one took, and its callback is heard.
    perp.exchange = new;
    perp.at(key, SPOT);
    assert_eq!((perp.order(), perp.state(SPOT).size), (B256::ZERO, signed(-10.0)));
    perp.send(owner, roles, setPerpRoleCall { account: old, held: false }).expect("the end of the old one");
    let next = perp.place(-1.0, 1_000.0);
    assert_eq!(next.expect_err("the old router has no role").name(), "CallFailed");
    let stranger = perp.market.trader;
    let desk = perp.desk;
    for router in [old, stranger] {
        perp.refuses(IPerpVenue::OnlyController { account: router }, |perp| {
            perp.send(desk, perp.venue, IPerpVenue::setRouterCall { router_: router })
        });
    }
    perp.refuses(IPositionVenue::OnlyDesk { caller: stranger }, |perp| {
        perp.send(stranger, perp.venue, IPerpVenue::setRouterCall { router_: new })
    });
    perp.send(desk, perp.venue, IPerpVenue::setRouterCall { router_: new }).expect("the new router");
    let next = perp.adjust(signed(-1.0), SPOT, 1_000.0, FEE).expect("an order through it");
    perp.exchange = old;
    let reason = perp.lie(CALLBACKS[0], next).expect("a refusal");
    assert_eq!(reason, IPerpVenue::OnlyController { account: old }.abi_encode());
    assert_eq!(perp.order(), next);
}

#[test]
fn a_store_that_reverts_answers_short_or_burns_gas_is_a_typed_error() {
    let mut perp = Perp::holding(-10.0);
    let method = FixedBytes(IPerpStore::getUintCall::SELECTOR);
    let (callee, keeper) = (perp.store, perp.market.stage.actors.keeper);
    for mode in [REVERT, SHORT, BURN] {
        perp.send(keeper, callee, Store::setModeCall { mode }).expect("a mode");
        let error = IPositionVenue::BadAnswer { callee, method };
        perp.refuses(error, |perp| {
            let call = IPositionVenue::stateCall { price: wad(SPOT) };
            perp.send(keeper, perp.venue, call)
        });
        let failure = perp.adjust(signed(-1.0), SPOT, 0.0, FEE).expect_err("no order blind");
        assert_eq!(failure.name(), "BadAnswer", "{failure}");
    }
    // USDC that lies here is not the exchange's to keep.
    let (token, to, desk) = (perp.market.stage.usdc, perp.venue, perp.desk);
    perp.send(desk, token, IToken::transferCall { to, value: usdc(5.0) }).expect("USDC");
    perp.send(desk, to, IPositionVenue::withdrawCall { amount: usdc(5.0) }).expect("and back");
}

#[test]
fn what_the_desk_alone_may_do() {
    let mut perp = Perp::holding(-10.0);
    let caller = perp.market.trader;
    let limit = wad(SPOT);
    let adjust =
        IPositionVenue::adjustCall { size: signed(1.0), price: limit, limitPrice: limit, margin: I256::ZERO };
    perp.refuses(IPositionVenue::OnlyDesk { caller }, |perp| perp.send(caller, perp.venue, adjust));
    let withdraw = IPositionVenue::withdrawCall { amount: U256::ZERO };
    perp.refuses(IPositionVenue::OnlyDesk { caller }, |perp| perp.send(caller, perp.venue, withdraw));
    let sweep = IPerpVenue::sweepCall { token: perp.market.stage.underlying };
    perp.refuses(IPositionVenue::OnlyDesk { caller }, |perp| perp.send(caller, perp.venue, sweep));
    let (desk, token) = (perp.desk, perp.market.stage.usdc);
    perp.refuses(IPositionVenue::TokenFailed { token }, |perp| {
        perp.send(desk, perp.venue, IPerpVenue::sweepCall { token })
    });
    let amount = U256::ONE;
    let error = IPositionVenue::WithdrawTooLarge { amount, withdrawable: U256::ZERO };
    perp.refuses(error, |perp| perp.send(desk, perp.venue, IPositionVenue::withdrawCall { amount }));
}

#[test]
fn orders_of_nothing_through_zero_without_their_margin_or_for_more_of_it_than_there_is() {
    let mut perp = Perp::open();
    perp.refuses(IPositionVenue::NothingToAdjust {}, |perp| perp.place(0.0, 0.0));
    perp.refuses(IPositionVenue::NothingToAdjust {}, |perp| perp.place(0.0, 100.0));
    let missing = IPositionVenue::MarginMissing { expected: usdc(101.0), held: usdc(100.0) };
    perp.refuses(missing, |perp| perp.adjust(signed(-1.0), SPOT, 101.0, FEE));
    let zero = IPositionVenue::PriceOutOfRange { price: U256::ZERO };
    perp.refuses(zero, |perp| perp.adjust(signed(-1.0), 0.0, 0.0, FEE));

    let mut perp = Perp::holding(-10.0);
    let error = IPositionVenue::SizeOutOfRange { size: signed(10.5), least: I256::MIN, most: signed(10.0) };
    perp.refuses(error, |perp| perp.place(10.5, 0.0));
    let margin = I256::try_from(-20_000_000_000_i64).expect("a margin");
    let most = usdc(14_000.0 - 14.0);
    perp.refuses(IPositionVenue::MarginOutOfRange { margin, most }, |perp| perp.place(0.0, -20_000.0));
    perp.refuses(IPositionVenue::MarginOutOfRange { margin, most: U256::ZERO }, |perp| {
        perp.place(-1.0, -20_000.0)
    });

    let mut perp = Perp::holding(10.0);
    let error = IPositionVenue::SizeOutOfRange { size: signed(-10.5), least: signed(-10.0), most: I256::MAX };
    perp.refuses(error, |perp| perp.place(-10.5, 0.0));
}

#[test]
fn ether_is_taken_with_orders_and_alone_and_with_nothing_else() {
    let mut perp = Perp::open();
    let data = IPositionVenue::deskCall {}.abi_encode().into();
    let (from, to, value) = (perp.desk, Some(perp.venue), U256::from(3));
    let refused = perp.market.stage.chain.world.call_with(Tx { from, to, value, data, gas_limit: 100_000 });
    let failure = Failure(refused.expect_err("ether with a view"));
    let Ok(IPositionVenueErrors::EtherWrong(error)) = IPositionVenueErrors::abi_decode(&failure.data())
    else {
        panic!("{failure}")
    };
    assert_eq!(error.value, value);
}
