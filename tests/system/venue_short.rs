//! The short venue on Aave's and Uniswap's own bytecode: what its desk does with it.

use demo::stage::{default_profile, Aave, Failure};
use host::alloy_primitives::{Address, B256, I256, U256};
use interfaces::external::{IAavePool, IToken};
use interfaces::position::IPositionVenue::{self, State};

use crate::market::{events, signed, usdc, wad, wide_limits, Market, DAY, SPOT};

/// A market with Aave, and a venue for a desk that is an account.
pub(crate) struct Short {
    pub(crate) market: Market,
    pub(crate) aave: Aave,
    pub(crate) desk: Address,
    pub(crate) receiver: Address,
    pub(crate) venue: Address,
}

impl Short {
    pub(crate) fn open() -> Self {
        let mut market = Market::bare(default_profile(), wide_limits());
        let desk = market.stage.funded("desk", 1_000_000.0).expect("a desk with cash");
        let receiver = market.stage.chain.world.account("receiver");
        Self::serving(market, desk, receiver)
    }

    /// A venue that serves `desk` and pays `receiver`.
    pub(crate) fn serving(mut market: Market, desk: Address, receiver: Address) -> Self {
        let stage = &mut market.stage;
        let (owner, tokens) = (stage.actors.owner, [stage.usdc, stage.underlying, stage.feed]);
        let aave = Aave::deploy(&mut stage.chain, owner, tokens, SPOT).expect("Aave");
        let venue = stage.short_on(&aave, [desk, receiver]).expect("the venue");
        Self { market, aave, desk, receiver, venue }
    }

    /// Short of `size` from 20 % more margin than the floor asks for.
    pub(crate) fn holding(size: f64) -> Self {
        let mut short = Self::open();
        short.adjust(-size, SPOT * 0.99, 0.75 * size * SPOT).expect("a sale");
        short
    }

    pub(crate) fn send<C: alloy_sol_types::SolCall>(
        &mut self,
        from: Address,
        call: C,
    ) -> Result<C::Return, Failure> {
        self.market.stage.chain.send(from, self.venue, call)
    }

    pub(crate) fn state(&mut self, price: f64) -> State {
        let call = IPositionVenue::stateCall { price: wad(price) };
        self.market.stage.chain.view(self.venue, call).expect("a state")
    }

    /// Sends what margin there is and trades at the market's price.
    pub(crate) fn adjust(&mut self, size: f64, limit: f64, margin: f64) -> Result<B256, Failure> {
        self.give(margin);
        self.adjust_exactly(signed(size), SPOT, limit, margin)
    }

    pub(crate) fn adjust_exactly(
        &mut self,
        size: I256,
        price: f64,
        limit: f64,
        margin: f64,
    ) -> Result<B256, Failure> {
        let margin = I256::try_from((margin * 1e6) as i128).expect("a margin");
        let call = IPositionVenue::adjustCall { size, price: wad(price), limitPrice: wad(limit), margin };
        self.send(self.desk, call)
    }

    pub(crate) fn give(&mut self, usd: f64) {
        if usd > 0.0 {
            let transfer = IToken::transferCall { to: self.venue, value: usdc(usd) };
            let usdc = self.market.stage.usdc;
            self.market.stage.chain.send(self.desk, usdc, transfer).expect("a transfer");
        }
    }

    pub(crate) fn withdraw(&mut self, amount: U256) -> Result<U256, Failure> {
        self.send(self.desk, IPositionVenue::withdrawCall { amount })
    }

    pub(crate) fn health(&mut self) -> f64 {
        let call = IAavePool::getUserAccountDataCall { user: self.venue };
        let account = self.market.stage.chain.view(self.aave.pool, call).expect("an account");
        f64::from(account.healthFactor) / 1e18
    }

    /// Feed and pool at another price.
    pub(crate) fn move_price(&mut self, price: f64) {
        self.market.stage.push_price(price).expect("a round");
        self.market.stage.arbitrage(price).expect("a pool at the price");
    }
}

pub(crate) fn dollars(amount: I256) -> f64 {
    let size = f64::from(amount.unsigned_abs()) / 1e6;
    if amount.is_negative() {
        -size
    } else {
        size
    }
}

#[test]
fn a_sale_is_a_debt_on_aave_and_the_state_is_what_aave_says() {
    let mut short = Short::open();
    short.give(20_000.0);
    let call = IPositionVenue::adjustCall {
        size: signed(-10.0),
        price: wad(SPOT),
        limitPrice: wad(SPOT * 0.999),
        margin: I256::try_from(20_000_000_000_i64).expect("a margin"),
    };
    let (venue, desk) = (short.venue, short.desk);
    let (key, receipt) = short.market.stage.chain.send_for_receipt(desk, venue, call).expect("a sale");
    assert_eq!(key, B256::ZERO);
    let [done] = events::<IPositionVenue::Adjusted>(&receipt.logs, venue).try_into().expect("one event");
    let brought = f64::from(done.cash) / 1e6;
    // The pool takes 0.05 % and moves by 0.03 %.
    assert!(done.size == signed(-10.0) && (brought / 28_000.0 - 0.9994).abs() < 2e-4, "{brought}");

    let state = short.state(SPOT);
    assert_eq!((state.size, state.pending, state.pendingSince), (signed(-10.0), I256::ZERO, U256::ZERO));
    let worth = 20_000.0 + brought - 28_000.0 * 1.002;
    assert!((dollars(state.equity) - worth).abs() < 2e-6, "{} {worth}", dollars(state.equity));
    let health = (20_000.0 + brought) * 0.78 / 28_000.0;
    assert!((short.health() - health).abs() < 1e-6);
    // What can leave is what is above 1.25.
    let free = 20_000.0 + brought - 28_000.0 * 1.25 / 0.78;
    assert!((f64::from(state.withdrawable) / 1e6 - free).abs() < 1e-4, "{free} {}", state.withdrawable);
    for token in [short.market.stage.usdc, short.market.stage.underlying] {
        assert_eq!(short.market.stage.chain.token_balance(token, venue).expect("a balance"), U256::ZERO);
    }
}

#[test]
fn a_thin_margin_is_enough_because_the_proceeds_carry_the_next_round() {
    let mut short = Short::open();
    // Aave lends 12,900 USD on this margin alone.
    short.adjust(-10.0, SPOT * 0.99, 17_300.0).expect("a sale in rounds");
    assert_eq!(short.state(SPOT).size, signed(-10.0));
    assert!((1.25..1.27).contains(&short.health()), "{}", short.health());
}

#[test]
fn a_position_at_the_floor_closes_out_of_itself_and_pays_what_it_said() {
    let mut short = Short::holding(10.0);
    let free = short.state(SPOT).withdrawable;
    short.withdraw(free).expect("what is free");
    assert!((1.25..1.250_01).contains(&short.health()), "{}", short.health());
    let (equity, size) = (short.state(SPOT).equity, short.state(SPOT).size);
    short.adjust_exactly(-size, SPOT, SPOT * 1.005, 0.0).expect("a purchase of all");
    let closed = short.state(SPOT);
    assert_eq!((closed.size, closed.equity.into_raw()), (I256::ZERO, closed.withdrawable));
    // Nothing is lent again to carry no debt.
    let venue = short.venue;
    let left = short.market.usdc_of(venue);
    assert!(left > U256::ZERO && left < closed.withdrawable, "{left}");
    // The haircut covers fee and impact, and no more than twice.
    assert!(closed.equity >= equity && dollars(closed.equity - equity) < 28_000.0 * 0.002);
    assert_eq!(short.withdraw(closed.withdrawable).expect("all"), closed.withdrawable);
    let receiver = short.receiver;
    assert_eq!(short.market.usdc_of(receiver), free + closed.withdrawable);
    assert_eq!(short.state(SPOT).equity, I256::ZERO);
}

#[test]
fn a_part_is_bought_back_and_margin_freed_in_the_same_call() {
    let mut short = Short::holding(10.0);
    let before = short.state(SPOT);
    short.adjust(4.0, SPOT * 1.005, -5_000.0).expect("a purchase");
    let after = short.state(SPOT);
    assert_eq!(after.size, signed(-6.0));
    assert!(after.withdrawable > before.withdrawable);
    // What was freed lies ready, and is the desk's for the asking.
    let venue = short.venue;
    assert_eq!(short.market.usdc_of(venue), usdc(5_000.0));
    short.withdraw(usdc(5_000.0)).expect("what was freed");
}

#[test]
fn margin_alone_raises_health_and_leaves_again_only_to_the_floor() {
    let mut short = Short::holding(10.0);
    let (health, most) = (short.health(), short.state(SPOT).withdrawable);
    short.adjust(0.0, SPOT, 1_000.0).expect("margin");
    assert!(short.health() > health + 0.02);
    let more = short.state(SPOT).withdrawable;
    assert!((more - most).abs_diff(usdc(1_000.0)) <= U256::ONE);
    let error = IPositionVenue::WithdrawTooLarge { amount: more + U256::ONE, withdrawable: more };
    short.refuses(error, |short| short.withdraw(more + U256::ONE));
    let margin = -I256::from_raw(more) - I256::ONE;
    short.refuses(IPositionVenue::MarginOutOfRange { margin, most: more }, |short| {
        let limit = wad(SPOT);
        let call = IPositionVenue::adjustCall { size: I256::ZERO, price: limit, limitPrice: limit, margin };
        short.send(short.desk, call)
    });
    short.withdraw(more).expect("what it says");
    assert!(short.health() >= 1.25);
}

#[test]
fn interest_makes_the_debt_grow_and_a_purchase_of_what_is_owed_now_still_closes_it() {
    let mut short = Short::holding(10.0);
    let now = short.market.now();
    short.market.stage.chain.world.warp(now + 365 * DAY);
    short.move_price(SPOT);
    let size = short.state(SPOT).size;
    assert!(size < signed(-10.0) && size > signed(-10.1), "{size}");
    short.adjust_exactly(-size, SPOT, SPOT * 1.005, 0.0).expect("a purchase of all");
    assert_eq!(short.state(SPOT).size, I256::ZERO);
}
