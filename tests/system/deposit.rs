//! Deposits, redemptions and the price of a share.

use host::alloy_primitives::U256;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::vault::IVault;

use crate::market::{events, usdc, Market, HOUR, START};

#[test]
fn a_deposit_is_worth_what_it_brought_and_says_so() {
    let mut market = Market::open();
    let (lp, vault) = (market.lp, market.stage.vault);
    let held = market.stage.ask(IERC20::balanceOfCall { account: lp }).expect("shares");
    let before = market.usdc_of(lp);
    let (shares, receipt) = market.receipt(lp, IERC4626::depositCall { assets: usdc(500.25), receiver: lp });
    assert_eq!(before - market.usdc_of(lp), usdc(500.25));
    assert_eq!(market.stage.ask(IERC20::balanceOfCall { account: lp }).expect("shares"), held + shares);
    let [deposit] = events::<IERC4626::Deposit>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!(
        (deposit.sender, deposit.owner, deposit.assets, deposit.shares),
        (lp, lp, usdc(500.25), shares)
    );
    let [transfer] = events::<IERC20::Transfer>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((transfer.to, transfer.value), (lp, shares));
    let assets = market.stage.ask(IERC4626::convertToAssetsCall { shares }).expect("assets");
    assert!(usdc(500.25) - assets <= U256::ONE, "{assets}");
}

#[test]
fn previews_are_what_calls_give() {
    let mut market = Market::open();
    let lp = market.lp;
    market.trade(&[(market.call(2_800), 7.0)]).expect("a trade");
    let preview =
        market.stage.ask(IERC4626::previewDepositCall { assets: usdc(123.456789) }).expect("a preview");
    assert_eq!(market.deposit(123.456789).expect("a deposit"), preview);
    let shares = U256::from(55_555_555_555_555_u64);
    let preview = market.stage.ask(IERC4626::previewMintCall { shares }).expect("a preview");
    let assets = market.stage.vault(lp, IERC4626::mintCall { shares, receiver: lp }).expect("a mint");
    assert_eq!(assets, preview);
    assert!(market.stage.ask(IERC4626::previewRedeemCall { shares }).is_err());
}

#[test]
fn a_gift_moves_no_price() {
    let mut market = Market::open();
    let (lp, vault) = (market.lp, market.stage.vault);
    let (nav, price) = (market.nav(), market.share_price());
    let usdc_token = market.stage.usdc;
    let gift = IToken::transferCall { to: vault, value: usdc(100_000.0) };
    market.stage.chain.send(lp, usdc_token, gift).expect("a gift");
    assert_eq!(market.nav(), nav);
    assert_eq!(market.share_price(), price);
}

#[test]
fn no_deposit_without_a_price_and_no_view_that_reverts_for_want_of_one() {
    let mut market = Market::open();
    let lp = market.lp;
    let total = market.stage.ask(IERC4626::totalAssetsCall {}).expect("assets");
    market.stage.chain.world.warp(START + 3 * HOUR);
    let error = IVault::PriceStale {
        updatedAt: U256::from(START),
        timestamp: U256::from(START + 3 * HOUR),
        maxAge: U256::from(2 * HOUR),
    };
    market.refuses(error, |market| market.deposit(1.0));
    assert_eq!(market.stage.ask(IERC4626::maxDepositCall { receiver: lp }).expect("a limit"), U256::ZERO);
    assert_eq!(market.stage.ask(IERC4626::maxMintCall { receiver: lp }).expect("a limit"), U256::ZERO);
    assert_eq!(market.stage.ask(IERC4626::totalAssetsCall {}).expect("assets"), total);
}
