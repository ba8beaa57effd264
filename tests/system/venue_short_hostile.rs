//! What the short venue refuses, and what it makes of an Aave that is frozen, dry, late or acted on by others.

use std::fmt::Debug;

use alloy_sol_types::{sol, SolCall as _, SolError, SolValue as _};
use demo::stage::positions::FLOOR;
use demo::stage::{artifacts, fixCall, setReserveFreezeCall, setReservePauseCall, Failure, POOL_FEE};
use host::alloy_primitives::aliases::U24;
use host::alloy_primitives::{Address, FixedBytes, B256, I256, U256};
use host::Tx;
use interfaces::external::{IAavePool, ISwapRouter, IToken};
use interfaces::position::IPositionVenue::{self, IPositionVenueErrors};

use crate::market::{signed, usdc, wad, SPOT};
use crate::venue_short::{dollars, Short};

sol! {
    interface Liquidation {
        function liquidationCall(address collateral, address debt, address user, uint256 amount, bool receiveLent) external;
    }

    interface Reserves {
        function getReserveData(address asset) external view returns (bytes32[15] memory);
    }
}

impl Short {
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

    /// Somebody with both tokens.
    fn other(&mut self) -> Address {
        let other = self.market.stage.actors.arbitrageur;
        for token in [self.market.stage.usdc, self.market.stage.underlying] {
            let approve = IToken::approveCall { spender: self.aave.pool, value: U256::MAX };
            self.market.stage.chain.send(other, token, approve).expect("an approval");
        }
        other
    }
}

/// A text as the first word of a refusal.
fn text(words: &str) -> B256 {
    let mut reason = B256::ZERO;
    reason[..words.len()].copy_from_slice(words.as_bytes());
    reason
}

#[test]
fn only_the_desk_trades_and_withdraws() {
    let mut short = Short::holding(1.0);
    let caller = short.market.trader;
    let limit = wad(SPOT);
    let call =
        IPositionVenue::adjustCall { size: signed(1.0), price: limit, limitPrice: limit, margin: I256::ZERO };
    short.refuses(IPositionVenue::OnlyDesk { caller }, |short| short.send(caller, call));
    let call = IPositionVenue::withdrawCall { amount: U256::ONE };
    short.refuses(IPositionVenue::OnlyDesk { caller }, |short| short.send(caller, call));
}

#[test]
fn trades_of_nothing_at_no_price_without_their_margin_or_with_ether() {
    let mut short = Short::open();
    short.refuses(IPositionVenue::NothingToAdjust {}, |short| short.adjust(0.0, SPOT, 0.0));
    short
        .refuses(IPositionVenue::PriceOutOfRange { price: U256::ZERO }, |short| short.adjust(-1.0, 0.0, 0.0));
    short.refuses(IPositionVenue::PriceOutOfRange { price: U256::ZERO }, |short| {
        short.adjust_exactly(signed(-1.0), 0.0, SPOT, 0.0)
    });
    let missing = IPositionVenue::MarginMissing { expected: usdc(10.0), held: U256::ZERO };
    short.refuses(missing, |short| short.adjust_exactly(signed(-1.0), SPOT, SPOT, 10.0));
    let (from, to) = (short.market.stage.actors.arbitrageur, Some(short.venue));
    let data = IPositionVenue::deskCall {}.abi_encode().into();
    let value = U256::from(7);
    let refused =
        short.market.stage.chain.world.call_with(Tx { from, to, value, data, gas_limit: 1_000_000 });
    let refused = Failure(refused.expect_err("ether"));
    assert_eq!(refused.data(), IPositionVenue::EtherWrong { value }.abi_encode());
}

#[test]
fn there_are_no_orders_to_cancel_or_clear() {
    let mut short = Short::open();
    let (key, pending, desk) = (B256::repeat_byte(1), B256::ZERO, short.desk);
    let error = || IPositionVenue::UnknownOrder { key, pending };
    short.refuses(error(), |short| short.send(desk, IPositionVenue::cancelCall { key }));
    short.refuses(error(), |short| short.send(desk, IPositionVenue::clearCall { key }));
}

#[test]
fn more_is_not_bought_back_than_is_owed() {
    let mut short = Short::holding(2.0);
    let error = IPositionVenue::SizeOutOfRange { size: signed(2.1), least: I256::MIN, most: signed(2.0) };
    short.refuses(error, |short| short.adjust(2.1, SPOT * 1.01, 0.0));
}

#[test]
fn collateral_that_does_not_carry_a_sale_or_leaves_it_under_the_floor() {
    let mut short = Short::open();
    let failure = short.adjust(-10.0, SPOT * 0.99, 5_000.0).expect_err("5,000 carry 15,000 at most");
    let Ok(IPositionVenueErrors::MarginTooLow(error)) =
        <IPositionVenueErrors as alloy_sol_types::SolInterface>::abi_decode(&failure.data())
    else {
        panic!("{failure}")
    };
    assert_eq!(error.size, signed(-10.0));
    assert!((signed(-5.4)..signed(-4.5)).contains(&error.done), "{error:?}");
    // What was sent for the refused trade is still there.
    let failure = short.adjust_exactly(signed(-10.0), SPOT, SPOT * 0.99, 5_000.0).expect_err("again");
    assert_eq!(failure.name(), "MarginTooLow");
    short.give(11_000.0);
    let failure = short.adjust_exactly(signed(-10.0), SPOT, SPOT * 0.99, 0.0).expect_err("health 1.226");
    assert_eq!(failure.name(), "HealthTooLow", "{failure}");
    short.give(1_300.0);
    short.adjust_exactly(signed(-10.0), SPOT, SPOT * 0.99, 0.0).expect("health 1.26");
}

#[test]
fn a_market_worse_than_the_limit_is_refused_in_the_routers_words() {
    let mut short = Short::holding(10.0);
    let router = short.market.stage.uniswap.router;
    let error = |method: [u8; 4], words: &str| IPositionVenue::CallFailed {
        callee: router,
        method: FixedBytes(method),
        reason: text(words),
    };
    let sell = ISwapRouter::exactInputSingleCall::SELECTOR;
    short.refuses(error(sell, "Too little received"), |short| short.adjust(-0.1, SPOT, 0.0));
    // What is approved is the limit, so a dearer purchase ends at the transfer.
    let buy = ISwapRouter::exactOutputSingleCall::SELECTOR;
    short.refuses(error(buy, "STF"), |short| short.adjust(1.0, SPOT, 0.0));
}

#[test]
fn a_price_that_aave_does_not_know_yet_counts_against_a_sale() {
    let mut short = Short::open();
    let stage = &mut short.market.stage;
    let fix = fixCall { price: U256::from(280_000_000_000_u64) };
    stage.chain.send(stage.actors.owner, short.aave.fallback, fix).expect("a lagging oracle");
    short.move_price(3_000.0);
    short.give(17_500.0);
    // 1.32 at Aave's price, 1.23 at the market's.
    let failure = short.adjust_exactly(signed(-10.0), 3_000.0, 2_900.0, 0.0).expect_err("too thin");
    let Ok(IPositionVenueErrors::HealthTooLow(error)) =
        <IPositionVenueErrors as alloy_sol_types::SolInterface>::abi_decode(&failure.data())
    else {
        panic!("{failure}")
    };
    assert!(
        error.floor == U256::from(FLOOR) && error.health > wad(1.23) && error.health < wad(1.24),
        "{error:?}"
    );
}

#[test]
fn a_frozen_market_takes_no_sale_but_lets_the_position_close() {
    let mut short = Short::holding(10.0);
    let (owner, asset) = (short.market.stage.actors.owner, short.market.stage.underlying);
    let freeze = setReserveFreezeCall { asset, freeze: true };
    short.market.stage.chain.send(owner, short.aave.configurator, freeze).expect("a freeze");
    let (callee, method) = (short.aave.pool, FixedBytes(IAavePool::borrowCall::SELECTOR));
    // Aave's RESERVE_FROZEN.
    short.refuses(IPositionVenue::CallFailed { callee, method, reason: text("28") }, |short| {
        short.adjust(-0.1, SPOT * 0.99, 0.0)
    });
    short.adjust(10.0, SPOT * 1.01, 0.0).expect("a purchase of all");
    assert_eq!(short.state(SPOT).size, I256::ZERO);
}

#[test]
fn a_paused_market_refuses_with_its_reason_and_still_answers() {
    let mut short = Short::holding(10.0);
    let (owner, asset) = (short.market.stage.actors.owner, short.market.stage.underlying);
    let pause = setReservePauseCall { asset, paused: true };
    short.market.stage.chain.send(owner, short.aave.configurator, pause).expect("a pause");
    let (callee, method) = (short.aave.pool, FixedBytes(IAavePool::repayCall::SELECTOR));
    short.refuses(IPositionVenue::CallFailed { callee, method, reason: text("29") }, |short| {
        short.adjust(1.0, SPOT * 1.01, 0.0)
    });
    assert_eq!(short.state(SPOT).size, signed(-10.0));
}

#[test]
fn an_aave_that_others_borrowed_dry_pays_what_it_has() {
    let mut short = Short::holding(10.0);
    let whale = short.other();
    let (usdc_token, underlying) = (short.market.stage.usdc, short.market.stage.underlying);
    let pool = short.aave.pool;
    let supply = IAavePool::supplyCall {
        asset: underlying,
        amount: wad(50_000.0),
        onBehalfOf: whale,
        referralCode: 0,
    };
    short.market.stage.chain.send(whale, pool, supply).expect("collateral");
    let free = short.state(SPOT).withdrawable;
    let reserve = Reserves::getReserveDataCall { asset: usdc_token };
    let lent = Address::from_word(short.market.stage.chain.view(pool, reserve).expect("reserve data")[8]);
    let left = usdc(100.0);
    let amount = short.market.usdc_of(lent) - left;
    let borrow = IAavePool::borrowCall {
        asset: usdc_token,
        amount,
        interestRateMode: U256::from(2),
        referralCode: 0,
        onBehalfOf: whale,
    };
    short.market.stage.chain.send(whale, pool, borrow).expect("a loan of all but 100");
    let state = short.state(SPOT);
    assert!(free > left && state.withdrawable == left, "{state:?}");
    short.refuses(IPositionVenue::WithdrawTooLarge { amount: free, withdrawable: left }, |short| {
        short.withdraw(free)
    });
    short.withdraw(left).expect("what there is");
}

#[test]
fn a_rise_takes_the_free_margin_and_fresh_margin_still_buys_back() {
    let mut short = Short::holding(10.0);
    short.move_price(SPOT * 1.15);
    let state = short.state(SPOT * 1.15);
    assert_eq!(state.withdrawable, U256::ZERO);
    let failure = short.adjust_exactly(signed(-0.1), SPOT * 1.15, SPOT, 0.0).expect_err("no more short");
    assert_eq!(failure.name(), "HealthTooLow", "{failure}");
    short.give(10_000.0);
    short.adjust_exactly(signed(5.0), SPOT * 1.15, SPOT * 1.17, 10_000.0).expect("half is bought back");
    assert!(short.state(SPOT * 1.15).size == signed(-5.0) && short.health() > 1.3);
}

#[test]
fn idle_usdc_can_be_withdrawn_whatever_the_health() {
    let mut short = Short::holding(10.0);
    short.move_price(SPOT * 1.2);
    short.give(100.0);
    assert_eq!(short.state(SPOT * 1.2).withdrawable, usdc(100.0));
    short.withdraw(usdc(100.0)).expect("what lies there");
}

#[test]
fn a_liquidation_is_in_the_next_answer() {
    let mut short = Short::holding(10.0);
    let price = SPOT * 1.4;
    short.move_price(price);
    let before = short.state(price);
    assert!(short.health() < 1.0);
    let liquidator = short.other();
    let call = Liquidation::liquidationCallCall {
        collateral: short.market.stage.usdc,
        debt: short.market.stage.underlying,
        user: short.venue,
        amount: wad(5.0),
        receiveLent: false,
    };
    short.market.stage.chain.send(liquidator, short.aave.pool, call).expect("a liquidation");
    let after = short.state(price);
    assert_eq!(after.size, before.size + signed(5.0));
    // The liquidator took 5 % of what it repaid, and gave back what the haircut had set aside for it.
    let lost = dollars(before.equity - after.equity) / (5.0 * price);
    assert!((lost - (0.05 - 0.002)).abs() < 1e-6, "{lost}");
}

#[test]
fn gifts_to_the_position_are_the_receivers_and_break_nothing() {
    let mut short = Short::holding(10.0);
    let giver = short.other();
    let (asset, underlying, pool) = (short.market.stage.usdc, short.market.stage.underlying, short.aave.pool);
    let before = short.state(SPOT);
    let supply =
        IAavePool::supplyCall { asset, amount: usdc(500.0), onBehalfOf: short.venue, referralCode: 0 };
    short.market.stage.chain.send(giver, pool, supply).expect("a gift of collateral");
    let repay = IAavePool::repayCall {
        asset: underlying,
        amount: wad(1.0),
        interestRateMode: U256::from(2),
        onBehalfOf: short.venue,
    };
    short.market.stage.chain.send(giver, pool, repay).expect("a gift of a unit");
    let after = short.state(SPOT);
    assert_eq!(after.size, signed(-9.0));
    let gained = dollars(after.equity - before.equity);
    assert!((gained - 500.0 - SPOT * 1.002).abs() < 0.01, "{gained}");
    short.adjust(9.0, SPOT * 1.01, 0.0).expect("a purchase of all");
    let rest = short.state(SPOT).withdrawable;
    short.withdraw(rest).expect("all");
}

#[test]
fn a_floor_under_one_is_refused_at_construction() {
    let mut short = Short::open();
    let stage = &mut short.market.stage;
    let arguments = (
        short.desk,
        short.receiver,
        stage.usdc,
        stage.underlying,
        stage.uniswap.router,
        U24::from(POOL_FEE),
        short.aave.pool,
        999_999_999_999_999_999_u64,
        0_u32,
    );
    let wasm = artifacts::wasm("aave_short").expect("the venue's WASM");
    let refused = stage.chain.world.deploy_wasm(short.desk, &wasm, Some(&arguments.abi_encode_params()));
    assert!(refused.is_err());
}
