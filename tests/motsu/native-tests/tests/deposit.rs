//! Deposits and redemptions, with the token called by the vault.

use alloy_primitives::{Address, U256};
use bridge::mocks::IMockToken;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::vault::IVault;
use native_tests::{DAY, Market, SPOT, START, usdc};

#[test]
fn a_deposit_that_the_token_refuses_changes_nothing() {
    let mut market = Market::open();
    let token = market.usdc;
    market.approve(market.lp, usdc(99.0));
    market.refuses(IVault::TokenFailed { token }, |market| market.deposit(100.0));
    market.approve(market.lp, U256::MAX);
    market.refuses(IVault::TokenFailed { token }, |market| market.deposit(1_000_001.0));
}

#[test]
fn a_deposit_moves_cash_mints_shares_and_says_so() {
    let mut market = Market::open();
    let (lp, vault, token) = (market.lp, market.vault, market.usdc);
    let receiver = market.keeper;
    let (events, transfers) = (market.chain.events(vault).len(), market.chain.events(token).len());
    let cash = (market.cash(lp), market.cash(vault));
    let supply = market.ask(IERC20::totalSupplyCall {}).expect("a supply");

    let shares =
        market.send(lp, IERC4626::depositCall { assets: usdc(500.25), receiver }).expect("a deposit");

    assert_eq!((cash.0 - market.cash(lp), market.cash(vault) - cash.1), (usdc(500.25), usdc(500.25)));
    assert_eq!(market.ask(IERC20::balanceOfCall { account: receiver }), Ok(shares));
    assert_eq!(market.ask(IERC20::totalSupplyCall {}), Ok(supply + shares));
    assert_eq!(market.chain.events(vault).len(), events + 2);
    let minted = IERC20::Transfer { from: Address::ZERO, to: receiver, value: shares };
    assert_eq!(market.chain.events_of::<IERC20::Transfer>(vault).last(), Some(&minted));
    let deposit = IERC4626::Deposit { sender: lp, owner: receiver, assets: usdc(500.25), shares };
    assert_eq!(market.chain.events_of::<IERC4626::Deposit>(vault).last(), Some(&deposit));
    assert_eq!(market.chain.events(token).len(), transfers + 1);
    let moved = IERC20::Transfer { from: lp, to: vault, value: usdc(500.25) };
    assert_eq!(market.chain.events_of::<IERC20::Transfer>(token).last(), Some(&moved));
}

#[test]
fn the_first_share_costs_a_dollar_for_a_million_parts_and_a_gift_moves_no_price() {
    let mut market = Market::open();
    let price = || IERC4626::convertToAssetsCall { shares: U256::from(10).pow(U256::from(12)) };
    assert_eq!(market.ask(price()), Ok(usdc(1.0)));
    let nav = market.nav();
    let gift = IMockToken::mintCall { to: market.vault, value: usdc(100_000.0) };
    market.chain.send(market.keeper, market.usdc, gift).expect("a gift");
    assert_eq!(market.nav(), nav);
    assert_eq!(market.ask(price()), Ok(usdc(1.0)));
}

/// Asks for a quarter of the LP's shares back.
fn request(market: &mut Market) -> U256 {
    let lp = market.lp;
    let shares = market.ask(IERC20::balanceOfCall { account: lp }).expect("shares") / U256::from(4);
    market.send(lp, IERC4626::requestRedeemCall { shares, controller: lp, owner: lp }).expect("a request");
    shares
}

#[test]
fn a_redemption_goes_through_escrow_at_the_low_mark() {
    let mut market = Market::open();
    let (lp, vault) = (market.lp, market.vault);
    market.trade(&[(market.call(2_800), 5.0)]).expect("a trade");
    let shares = request(&mut market);
    assert_eq!(market.ask(IERC20::balanceOfCall { account: vault }), Ok(shares));
    let (ready, now) = (U256::from(START + DAY + DAY / 4), U256::from(START));
    let early = IERC4626::RedemptionNotReady { requestId: U256::ONE, readyAt: ready, timestamp: now };
    market.refuses(early, |market| market.send(lp, IERC4626::processEpochCall {}));

    market.move_to(START + 2 * DAY, SPOT);
    let (nav, supply) = (market.nav(), market.ask(IERC20::totalSupplyCall {}).expect("a supply"));
    let processed = market.send(market.keeper, IERC4626::processEpochCall {}).expect("processed");
    assert_eq!(processed.shares, shares);
    let fair = nav.low.into_raw() * shares / supply;
    assert!(
        processed.assets <= fair && fair - processed.assets <= U256::from(2),
        "{} {fair}",
        processed.assets
    );
    assert_eq!(market.ask(IERC20::totalSupplyCall {}), Ok(supply - shares));
    assert_eq!(market.nav().owed, processed.assets);

    let (cash, assets) = (market.cash(lp), processed.assets);
    let redeem = || IERC4626::redeemCall { shares, receiver: lp, controller: lp };
    assert_eq!(market.send(lp, redeem()), Ok(assets));
    assert_eq!((market.cash(lp) - cash, market.nav().owed), (assets, U256::ZERO));
    let paid = IERC4626::Withdraw { sender: lp, receiver: lp, owner: lp, assets, shares };
    assert_eq!(market.chain.events_of::<IERC4626::Withdraw>(vault), [paid]);
    let error = IERC4626::ERC4626ExceededMaxRedeem { controller: lp, shares, max: U256::ZERO };
    market.refuses(error, |market| market.send(lp, redeem()));
}

#[test]
fn what_was_processed_is_the_controllers_alone() {
    let mut market = Market::open();
    let (lp, stranger) = (market.lp, market.keeper);
    let shares = request(&mut market);
    market.move_to(START + 2 * DAY, SPOT);
    market.send(stranger, IERC4626::processEpochCall {}).expect("processed");
    let theft = IERC4626::redeemCall { shares, receiver: stranger, controller: lp };
    market.refuses(IERC20::ERC20InvalidSpender { spender: stranger }, |market| market.send(stranger, theft));
}

#[test]
fn a_payment_that_the_token_refuses_leaves_the_claim_standing() {
    let mut market = Market::open();
    let (lp, vault, token) = (market.lp, market.vault, market.usdc);
    let shares = request(&mut market);
    market.move_to(START + 2 * DAY, SPOT);
    let processed = market.send(lp, IERC4626::processEpochCall {}).expect("processed");
    // Somebody takes the vault's tokens from under it, as only a broken token allows.
    let all = market.cash(vault);
    market.chain.send(vault, token, IToken::transferCall { to: market.keeper, value: all }).expect("a theft");
    let redeem = || IERC4626::redeemCall { shares, receiver: lp, controller: lp };
    market.refuses(IVault::TokenFailed { token }, |market| market.send(lp, redeem()));
    assert_eq!(market.ask(IERC4626::maxRedeemCall { controller: lp }), Ok(shares));

    market
        .chain
        .send(market.keeper, token, IToken::transferCall { to: vault, value: all })
        .expect("a return");
    assert_eq!(market.send(lp, redeem()), Ok(processed.assets));
}
