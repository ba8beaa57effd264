//! A Solidity protocol that knows the vault by `abi/` alone.

use alloy_sol_types::{sol, SolError as _, SolValue as _};
use host::alloy_primitives::{Address, U256};
use interfaces::erc20::IERC20;
use interfaces::external::IToken;
use interfaces::vault::IVault;

use crate::market::{events, series, usdc, wad, Market, DAY, HOUR, SPOT, START};

sol! {
    interface Integrator {
        function buy(uint256 series, uint256 size, uint256 slippage) external returns (int256 premium);
        function tryBuy(uint256 series, uint256 size, uint256 limit) external returns (bool bought);
        function sell(uint256 series, uint256 least) external returns (uint256 received);
        function claim(uint256 series) external returns (uint256 payoff);
        function lend(uint256 assets) external returns (uint256 shares);
        function requestRedeem(uint256 shares) external;
        function redeem(address receiver) external returns (uint256 assets);
        function refusal() external view returns (bytes4);
        function refusedPremium() external view returns (int256);
    }
}

fn integrated() -> (Market, Address) {
    let mut market = Market::open();
    let (owner, vault, trader) = (market.stage.actors.owner, market.stage.vault, market.trader);
    let integrator =
        market.stage.chain.create(owner, "Integrator", &vault.abi_encode()).expect("the integrator");
    let approve = IToken::approveCall { spender: integrator, value: U256::MAX };
    market.stage.chain.send(trader, market.stage.usdc, approve).expect("an approval");
    (market, integrator)
}

#[test]
fn it_quotes_buys_and_sells_back() {
    let (mut market, integrator) = integrated();
    let (trader, id, vault) = (market.trader, market.call(2_800), market.stage.vault);
    let quote = market.quote(&[(id, 2.0)]).expect("a quote").premium;
    let before = market.usdc_of(trader);
    let call = Integrator::buyCall { series: id, size: wad(2.0), slippage: U256::from(1_000) };
    let (premium, receipt) =
        market.stage.chain.send_for_receipt(trader, integrator, call).expect("a purchase");
    assert_eq!((premium, before - market.usdc_of(trader)), (quote, quote.into_raw()));
    let [traded] = events::<IVault::Traded>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!(traded.account, integrator);
    let sell = Integrator::sellCall { series: id, least: U256::ZERO };
    let received = market.stage.chain.send(trader, integrator, sell).expect("a sale");
    assert!(received < quote.into_raw());
    assert_eq!(before - market.usdc_of(trader), quote.into_raw() - received);
}

#[test]
fn it_reads_why_it_was_refused() {
    let (mut market, integrator) = integrated();
    let (trader, id) = (market.trader, market.call(2_800));
    let quote = market.quote(&[(id, 1.0)]).expect("a quote").premium;
    let before = market.usdc_of(trader);
    let call = Integrator::tryBuyCall { series: id, size: wad(1.0), limit: usdc(1.0) };
    assert!(!market.stage.chain.send(trader, integrator, call).expect("a refusal that is caught"));
    let reason = market.stage.chain.view(integrator, Integrator::refusalCall {}).expect("a reason");
    assert_eq!(reason.0, IVault::PremiumAboveLimit::SELECTOR);
    let premium = market.stage.chain.view(integrator, Integrator::refusedPremiumCall {}).expect("a number");
    assert_eq!((premium, market.usdc_of(trader)), (quote, before));
}

#[test]
fn it_claims_what_its_users_hold() {
    let (mut market, integrator) = integrated();
    let (trader, expiry) = (market.trader, market.expiries[0]);
    let id = series(expiry, 2_500, false);
    let call = Integrator::buyCall { series: id, size: wad(3.0), slippage: U256::from(1_000) };
    market.stage.chain.send(trader, integrator, call).expect("a purchase");
    market.move_to(expiry - HOUR, SPOT);
    let round = market.stage.last_round().expect("a round");
    market.move_to(expiry + HOUR, SPOT);
    market.stage.vault(trader, IVault::settleCall { expiry, roundId: round }).expect("a settlement");
    let paid =
        market.stage.chain.send(trader, integrator, Integrator::claimCall { series: id }).expect("a claim");
    assert_eq!(paid, usdc(900.0));
}

#[test]
fn it_lends_and_redeems() {
    let (mut market, integrator) = integrated();
    let (trader, receiver) = (market.trader, market.stage.chain.world.account("somebody"));
    let lend = Integrator::lendCall { assets: usdc(10_000.0) };
    let shares = market.stage.chain.send(trader, integrator, lend).expect("a deposit");
    let held = market.stage.ask(IERC20::balanceOfCall { account: integrator }).expect("shares");
    assert_eq!(held, shares);
    market.stage.chain.send(trader, integrator, Integrator::requestRedeemCall { shares }).expect("a request");
    market.move_to(START + 2 * DAY, SPOT);
    let redeem = Integrator::redeemCall { receiver };
    let assets = market.stage.chain.send(trader, integrator, redeem).expect("a redemption");
    assert_eq!(market.usdc_of(receiver), assets);
    assert!(usdc(10_000.0) - assets <= U256::from(2), "{assets}");
}
