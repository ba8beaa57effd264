//! A Solidity lending market that takes options as collateral, by what the lens says they bring.

use alloy_sol_types::{sol, SolError as _, SolValue as _};
use host::alloy_primitives::{Address, U256};
use interfaces::erc6909::IERC6909;
use interfaces::external::IToken;
use interfaces::lens::ILens;
use interfaces::vault::IVault;

use crate::market::{usdc, wad, Market, HOUR, SPOT, START};

sol! {
    interface Lending {
        function pledge(uint256 series, uint256 amount) external;
        function borrow(uint256 assets) external;
        function repay() external;
        function liquidate(address borrower) external returns (uint256 received);
        function value(address borrower) external view returns (uint256);
        error AboveLimit(uint256 debt, uint256 limit);
        error Healthy(uint256 debt, uint256 limit);
    }

    interface Reader {
        function look(address vault, uint256 series, uint256 amount) external view returns (uint256 loss, uint256 value);
    }
}

/// A trader with ten calls in pledge, and 100,000 USDC to lend.
fn pledged() -> (Market, Address, U256) {
    let mut market = Market::open();
    let (stage, trader, id) = (&mut market.stage, market.trader, series(&market.expiries));
    let arguments = (stage.vault, stage.lens).abi_encode();
    let lending = stage.chain.create(stage.actors.owner, "Lending", &arguments).expect("the market");
    let lender = stage.funded("lender", 100_000.0).expect("a lender");
    let supply = IToken::transferCall { to: lending, value: usdc(100_000.0) };
    stage.chain.send(lender, stage.usdc, supply).expect("a supply");
    let approve = IToken::approveCall { spender: lending, value: U256::MAX };
    stage.chain.send(trader, stage.usdc, approve).expect("an approval");
    market.trade(&[(id, 10.0)]).expect("a purchase");
    let operator = IERC6909::setOperatorCall { spender: lending, approved: true };
    market.stage.vault(trader, operator).expect("an operator");
    let pledge = Lending::pledgeCall { series: id, amount: wad(10.0) };
    market.stage.chain.send(trader, lending, pledge).expect("a pledge");
    (market, lending, id)
}

fn series(expiries: &[u64; 2]) -> U256 {
    crate::market::series(expiries[1], 2_800, false)
}

fn value(market: &mut Market, lending: Address) -> U256 {
    market.stage.chain.view(lending, Lending::valueCall { borrower: market.trader }).expect("a value")
}

#[test]
fn a_loan_is_bounded_by_the_executable_bid_and_gives_the_options_back() {
    let (mut market, lending, id) = pledged();
    let trader = market.trader;
    let worth = value(&mut market, lending);
    assert_eq!(worth, (-market.quote(&[(id, -10.0)]).expect("a bid").premium).into_raw());
    let limit = worth * U256::from(60) / U256::from(100);
    let above = limit + U256::ONE;
    let failure = market.stage.chain.send(trader, lending, Lending::borrowCall { assets: above });
    let error = Lending::AboveLimit { debt: above, limit };
    assert_eq!(failure.err().expect("too much").data(), error.abi_encode());

    let before = market.usdc_of(trader);
    market.stage.chain.send(trader, lending, Lending::borrowCall { assets: limit }).expect("a loan");
    assert_eq!(market.usdc_of(trader) - before, limit);
    let failure = market.stage.chain.send(trader, lending, Lending::liquidateCall { borrower: trader });
    let error = Lending::Healthy { debt: limit, limit: worth * U256::from(80) / U256::from(100) };
    assert_eq!(failure.expect_err("a healthy loan").data(), error.abi_encode());
    market.stage.chain.send(trader, lending, Lending::repayCall {}).expect("a repayment");
    let held = market.stage.ask(IERC6909::balanceOfCall { owner: trader, id }).expect("a balance");
    assert_eq!((held, market.usdc_of(lending)), (wad(10.0), usdc(100_000.0)));
}

#[test]
fn a_fallen_price_liquidates_into_the_vault_for_what_the_lens_said() {
    let (mut market, lending, id) = pledged();
    let trader = market.trader;
    let limit = value(&mut market, lending) * U256::from(60) / U256::from(100);
    market.stage.chain.send(trader, lending, Lending::borrowCall { assets: limit }).expect("a loan");
    let (owed, cash) = (market.usdc_of(trader), market.usdc_of(market.stage.vault));
    market.move_to(START + HOUR, SPOT * 0.88);
    let worth = value(&mut market, lending);
    assert!(worth * U256::from(80) < limit * U256::from(100), "{worth} against {limit}");

    let keeper = market.stage.actors.keeper;
    let liquidate = Lending::liquidateCall { borrower: trader };
    let received = market.stage.chain.send(keeper, lending, liquidate).expect("a liquidation");
    assert_eq!(received, worth);
    assert_eq!(cash - market.usdc_of(market.stage.vault), received);
    let left = received.saturating_sub(limit);
    assert_eq!(market.usdc_of(trader) - owed, left);
    assert_eq!(market.usdc_of(lending), usdc(100_000.0) - limit + received - left);
    let held = market.stage.ask(IERC6909::totalSupplyCall { id }).expect("a supply");
    assert_eq!(held, U256::ZERO);
}

#[test]
fn without_a_price_nothing_is_lent_and_nothing_liquidated() {
    let (mut market, lending, _) = pledged();
    let trader = market.trader;
    market.stage.chain.send(trader, lending, Lending::borrowCall { assets: usdc(1_000.0) }).expect("a loan");
    market.stage.chain.world.warp(START + 3 * HOUR);
    assert_eq!(value(&mut market, lending), U256::ZERO);
    let failure = market.stage.chain.send(trader, lending, Lending::borrowCall { assets: usdc(1.0) });
    let error = Lending::AboveLimit { debt: usdc(1_001.0), limit: U256::ZERO };
    assert_eq!(failure.err().expect("no loan").data(), error.abi_encode());
    let failure = market.stage.chain.send(trader, lending, Lending::liquidateCall { borrower: trader });
    assert_eq!(failure.expect_err("no price").data()[..4], IVault::PriceStale::SELECTOR);
}

#[test]
fn a_protocol_reads_loss_and_collateral_in_one_call() {
    let (mut market, _, id) = pledged();
    let (lens, vault, owner) = (market.stage.lens, market.stage.vault, market.stage.actors.owner);
    let reader = market.stage.chain.create(owner, "Reader", &lens.abi_encode()).expect("the reader");
    let call = Reader::lookCall { vault, series: id, amount: wad(1.0) };
    let told = market.stage.chain.view(reader, call).expect("two numbers");
    let worst = market.stage.look(ILens::worstCaseCall { vault }).expect("a worst case");
    let bid = -market.quote(&[(id, -1.0)]).expect("a bid").premium;
    assert_eq!((told.loss, told.value), (worst.loss, bid.into_raw()));
}
