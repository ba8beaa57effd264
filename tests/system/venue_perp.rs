//! The perp venue before a test double of a perpetuals exchange of GMX V2's form: what its desk does with it.

use alloy_sol_types::SolCall;
use demo::stage::positions::{FEE, MAX_FEE};
pub(crate) use demo::stage::Exchange;
use demo::stage::{default_profile, Failure, PerpExchange};
use host::alloy_primitives::{Address, B256, I256, U256};
use host::Tx;
use interfaces::external::IToken;
use interfaces::perp::IPerpVenue;
use interfaces::position::IPositionVenue::{self, State};

use crate::market::{signed, usdc, wad, wide_limits, Market, SPOT};
use crate::venue_short::dollars;

/// A market with the exchange, and a venue for a desk that is an account.
pub(crate) struct Perp {
    pub(crate) market: Market,
    pub(crate) desk: Address,
    pub(crate) receiver: Address,
    pub(crate) venue: Address,
    pub(crate) exchange: Address,
    pub(crate) store: Address,
    /// Roles, store, vault, spender and the wrapped token, as an exchange is made of them.
    pub(crate) parts: [Address; 5],
    /// Name of the perpetual's market.
    pub(crate) perpetual: Address,
}

impl Perp {
    pub(crate) fn open() -> Self {
        let mut market = Market::bare(default_profile(), wide_limits());
        let desk = market.stage.funded("desk", 1_000_000.0).expect("a desk with cash");
        market.stage.chain.world.set_balance(desk, wad(100.0));
        let receiver = market.stage.chain.world.account("receiver");
        Self::serving(market, desk, receiver)
    }

    /// A venue that serves `desk` and pays `receiver`.
    pub(crate) fn serving(mut market: Market, desk: Address, receiver: Address) -> Self {
        let stage = &mut market.stage;
        let (owner, asset) = (stage.actors.owner, stage.usdc);
        let made =
            PerpExchange::deploy(&mut stage.chain, owner, [asset, stage.underlying]).expect("the exchange");
        let venue = stage.perpetual_on(&made, [desk, receiver]).expect("the venue");
        let PerpExchange { exchange, parts, perpetual } = made;
        Self { market, desk, receiver, venue, exchange, store: parts[1], parts, perpetual }
    }

    /// A router and handler of the exchange, with the role that they need.
    pub(crate) fn another_exchange(&mut self) -> Address {
        let stage = &mut self.market.stage;
        PerpExchange::another(&mut stage.chain, stage.actors.owner, self.parts).expect("the exchange")
    }

    /// A position of `size`, with half its value as margin.
    pub(crate) fn holding(size: f64) -> Self {
        let mut perp = Self::open();
        let key = perp.place(size, size.abs() * SPOT / 2.0).expect("an order");
        perp.at(key, SPOT);
        perp
    }

    /// A transaction.
    pub(crate) fn send<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        call: C,
    ) -> Result<C::Return, Failure> {
        self.market.stage.chain.send(from, to, call)
    }

    /// What a keeper of the exchange's does.
    pub(crate) fn keeper<C: SolCall>(&mut self, call: C) -> C::Return {
        let keeper = self.market.stage.actors.keeper;
        self.send(keeper, self.exchange, call).expect("the exchange works")
    }

    /// The exchange executes an order.
    pub(crate) fn at(&mut self, key: B256, price: f64) {
        self.keeper(Exchange::executeCall { key, price: exchange_price(price) });
    }

    pub(crate) fn view<C: SolCall>(&mut self, call: C) -> C::Return {
        self.market.stage.chain.view(self.venue, call).expect("an answer")
    }

    pub(crate) fn state(&mut self, price: f64) -> State {
        self.view(IPositionVenue::stateCall { price: wad(price) })
    }

    pub(crate) fn order(&mut self) -> B256 {
        self.view(IPerpVenue::orderKeyCall {})
    }

    /// Sends margin and places an order that takes up to 1 % off the market.
    pub(crate) fn place(&mut self, size: f64, margin: f64) -> Result<B256, Failure> {
        if margin > 0.0 {
            let (token, to) = (self.market.stage.usdc, self.venue);
            self.send(self.desk, token, IToken::transferCall { to, value: usdc(margin) }).expect("margin");
        }
        self.adjust(signed(size), SPOT, margin, FEE)
    }

    pub(crate) fn adjust(&mut self, size: I256, price: f64, margin: f64, fee: u64) -> Result<B256, Failure> {
        let limit = if size.is_negative() { price * 0.99 } else { price * 1.01 };
        let margin = I256::try_from((margin * 1e6) as i128).expect("a margin");
        let call = IPositionVenue::adjustCall { size, price: wad(price), limitPrice: wad(limit), margin };
        let data = call.abi_encode().into();
        let tx =
            Tx { from: self.desk, to: Some(self.venue), value: U256::from(fee), data, gas_limit: 10_000_000 };
        let receipt = self.market.stage.chain.world.call_with(tx)?;
        Ok(B256::from_slice(&receipt.output))
    }

    pub(crate) fn idle(&mut self) -> U256 {
        let venue = self.venue;
        self.market.usdc_of(venue)
    }

    pub(crate) fn later(&mut self, seconds: u64) {
        let now = self.market.now();
        self.market.stage.chain.world.warp(now + seconds);
    }
}

/// In the exchange's decimals: 30 less the token's 18.
pub(crate) fn exchange_price(price: f64) -> U256 {
    wad(price) / U256::from(1_000_000)
}

#[test]
fn an_order_is_in_flight_until_the_exchange_executes_it() {
    let mut perp = Perp::open();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    let (now, flying) = (U256::from(perp.market.now()), perp.state(SPOT));
    assert_eq!((flying.size, flying.pending, flying.pendingSince), (I256::ZERO, signed(-10.0), now));
    // What was sent with the order is the desk's until it is spent.
    assert_eq!((flying.equity.into_raw(), flying.withdrawable), (usdc(10_000.0), U256::ZERO));
    assert_eq!((perp.order(), perp.idle()), (key, U256::ZERO));

    perp.at(key, SPOT);
    let held = perp.state(SPOT);
    assert_eq!((held.size, held.pending, held.pendingSince), (signed(-10.0), I256::ZERO, U256::ZERO));
    // The exchange's fee is 0.05 % of the size, the haircut 0.2 %.
    assert_eq!(held.equity.into_raw(), usdc(10_000.0 - 14.0 - 56.0));
    assert_eq!(perp.order(), B256::ZERO, "the callback was heard");
    let venue = perp.venue;
    assert_eq!(perp.market.stage.chain.world.balance(venue), U256::from(FEE / 2), "ether that was not used");
}

#[test]
fn a_short_gains_when_the_price_falls_and_pays_out_when_it_is_closed() {
    let mut perp = Perp::holding(-10.0);
    let down = perp.state(2_700.0);
    assert_eq!(down.equity.into_raw(), usdc(14_000.0 - 14.0 + 1_000.0 - 54.0));
    let key = perp.adjust(signed(10.0), 2_700.0, 0.0, FEE).expect("an order");
    assert_eq!(perp.state(2_700.0).pending, signed(10.0));
    perp.at(key, 2_700.0);
    let closed = perp.state(2_700.0);
    let paid = usdc(14_000.0 - 14.0 + 1_000.0 - 14.0);
    assert_eq!((closed.size, closed.equity.into_raw(), closed.withdrawable), (I256::ZERO, paid, paid));
    perp.send(perp.desk, perp.venue, IPositionVenue::withdrawCall { amount: paid }).expect("all");
    let receiver = perp.receiver;
    assert_eq!(perp.market.usdc_of(receiver), paid);
}

#[test]
fn a_long_is_as_good_and_is_taken_off_in_parts() {
    let mut perp = Perp::holding(8.0);
    assert_eq!(perp.state(SPOT).size, signed(8.0));
    let up = dollars(perp.state(3_000.0).equity);
    assert!((up - (11_200.0 - 11.2 + 1_600.0 - 48.0)).abs() < 1e-5, "{up}");
    let key = perp.place(-3.0, 0.0).expect("an order");
    perp.at(key, SPOT);
    assert_eq!(perp.state(SPOT).size, signed(5.0));
    let key = perp.place(-5.0, 0.0).expect("an order");
    perp.at(key, SPOT);
    assert_eq!((perp.state(SPOT).size, perp.state(SPOT).pending), (I256::ZERO, I256::ZERO));
}

#[test]
fn margin_is_added_and_freed_through_orders() {
    let mut perp = Perp::holding(-10.0);
    let before = perp.state(SPOT).equity;
    let key = perp.place(0.0, 1_000.0).expect("an order of margin alone");
    perp.at(key, SPOT);
    assert_eq!(perp.state(SPOT).equity - before, I256::from_raw(usdc(1_000.0)));
    assert_eq!(perp.idle(), U256::ZERO);
    let key = perp.place(0.0, -3_000.0).expect("an order that frees margin");
    // What an order is to free is still in the position.
    assert_eq!(perp.state(SPOT).equity - before, I256::from_raw(usdc(1_000.0)));
    perp.at(key, SPOT);
    let state = perp.state(SPOT);
    assert_eq!((state.size, state.withdrawable), (signed(-10.0), usdc(3_000.0)));
    assert_eq!(state.equity - before, I256::from_raw(usdc(1_000.0)));
}

#[test]
fn what_the_position_owes_is_in_its_equity_before_it_is_paid() {
    let mut perp = Perp::holding(-10.0);
    let before = perp.state(SPOT).equity;
    let (market, token) = (perp.perpetual, perp.market.stage.usdc);
    // 0.3 % of borrowing and 0.1 % of funding on 28,000 USD.
    let (borrowing, funding) = (U256::from(3) * power(27), power(18));
    perp.keeper(Exchange::accrueCall { market, token, isLong: false, borrowing, funding });
    let after = perp.state(SPOT).equity;
    assert_eq!(before - after, I256::from_raw(usdc(84.0 + 28.0)));
    // Impact that would pay is not counted; impact that costs is.
    for (amount, cost) in [(signed(0.1), 0.0), (signed(-0.1), 280.0)] {
        let account = perp.venue;
        perp.keeper(Exchange::setImpactCall { account, market, token, isLong: false, amount });
        assert_eq!(after - perp.state(SPOT).equity, I256::from_raw(usdc(cost)));
    }
    let key = perp.place(10.0, 0.0).expect("an order");
    perp.at(key, SPOT);
    assert_eq!(perp.idle(), usdc(14_000.0 - 14.0 - 84.0 - 28.0 - 14.0));
}

#[test]
fn funding_that_is_owed_to_the_position_is_claimed_by_anyone_and_is_the_receivers() {
    let mut perp = Perp::holding(-10.0);
    let (market, account, stranger) = (perp.perpetual, perp.venue, perp.market.trader);
    let (asset, underlying) = (perp.market.stage.usdc, perp.market.stage.underlying);
    for (token, amount) in [(asset, usdc(30.0)), (underlying, wad(0.01))] {
        perp.keeper(Exchange::oweCall { market, token, account, amount });
    }
    let before = perp.state(SPOT);
    perp.send(stranger, account, IPerpVenue::claimCall {}).expect("a claim");
    let after = perp.state(SPOT);
    assert_eq!(after.withdrawable - before.withdrawable, usdc(30.0));
    assert_eq!(after.size - before.size, signed(0.01));
    assert_eq!(after.equity - before.equity, I256::from_raw(usdc(30.0 + 28.0 * 0.998)));
    let swept = perp.send(perp.desk, account, IPerpVenue::sweepCall { token: underlying }).expect("a sweep");
    assert_eq!((swept, perp.state(SPOT).size), (wad(0.01), signed(-10.0)));
    let receiver = perp.receiver;
    assert_eq!(perp.market.stage.chain.token_balance(underlying, receiver).expect("a balance"), wad(0.01));
}

#[test]
fn a_rebate_of_price_impact_is_claimed_by_its_time() {
    let mut perp = Perp::holding(-10.0);
    let (market, account, token) = (perp.perpetual, perp.venue, perp.market.stage.usdc);
    let (time, amount) = (U256::from(459_000), usdc(12.0));
    perp.keeper(Exchange::oweRebateCall { market, token, timeKey: time, account, amount });
    let stranger = perp.market.trader;
    let claim = |time_key| IPerpVenue::claimRebateCall { timeKey: time_key };
    perp.send(stranger, account, claim(time + U256::ONE)).expect("a claim of nothing");
    assert_eq!(perp.idle(), U256::ZERO);
    perp.send(stranger, account, claim(time)).expect("a claim");
    assert_eq!((perp.idle(), perp.state(SPOT).withdrawable), (amount, amount));
}

#[test]
fn an_order_is_given_the_purse_up_to_the_greatest_fee() {
    let mut perp = Perp::open();
    let (from, to) = (perp.market.stage.actors.arbitrageur, Some(perp.venue));
    let value = U256::from(3 * MAX_FEE);
    let gift = Tx { from, to, value, data: Vec::new().into(), gas_limit: 100_000 };
    perp.market.stage.chain.world.call_with(gift).expect("plain ether");
    let (token, venue) = (perp.market.stage.usdc, perp.venue);
    perp.send(perp.desk, token, IToken::transferCall { to: venue, value: usdc(5_000.0) }).expect("margin");
    let key = perp.adjust(signed(-1.0), SPOT, 5_000.0, 0).expect("an order that the purse pays");
    assert_eq!(perp.market.stage.chain.world.balance(venue), U256::from(2 * MAX_FEE));
    perp.at(key, SPOT);
    let kept = FEE / 2;
    assert_eq!(perp.market.stage.chain.world.balance(venue), U256::from(3 * MAX_FEE - kept));
}

pub(crate) fn power(exponent: u64) -> U256 {
    U256::from(10).pow(U256::from(exponent))
}
