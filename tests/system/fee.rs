//! The performance fee: on gains above the high-water mark, in shares, off by default.

use demo::stage::default_profile;
use host::alloy_primitives::U256;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault;

use crate::market::{events, series, usdc, wide_limits, Market, HOUR, SPOT};
use crate::redeem::{process, request, shares_of, SHARE};

/// A market whose calls of the first expiry ended worthless, at a fee of `part` millionths.
fn after_a_gain(part: u32) -> Market {
    let profile = IVault::Profile { redeemDelay: 0, ..default_profile() };
    let limits = IVault::Limits { performanceFee: part, ..wide_limits() };
    let mut market = Market::limited(profile, limits);
    let near = market.expiries[0];
    market.trade(&[(series(near, 2_900, false), 18.0)]).expect("a trade");
    market.move_to(near - HOUR, SPOT);
    let round_id = market.stage.last_round().expect("a round");
    market.move_to(near + HOUR, SPOT);
    let settle = IVault::settleCall { expiry: near, roundId: round_id };
    market.stage.vault(market.trader, settle).expect("a settlement");
    market
}

fn deposit(market: &mut Market) -> (U256, Vec<IERC4626::PerformanceFeePaid>) {
    let (lp, vault) = (market.lp, market.stage.vault);
    let call = IERC4626::depositCall { assets: usdc(1_000.0), receiver: lp };
    let (shares, receipt) = market.receipt(lp, call);
    (shares, events(&receipt.logs, vault))
}

#[test]
fn the_owner_is_paid_once_for_a_gain() {
    let mut market = after_a_gain(200_000);
    let owner = market.stage.actors.owner;
    let gain = market.nav().low.into_raw() - usdc(1_000_000.0);
    assert!(gain > usdc(500.0), "{gain}");
    let views = |market: &mut Market| {
        let preview = market.stage.ask(IERC4626::previewDepositCall { assets: usdc(1_000.0) });
        let convert = market.stage.ask(IERC4626::convertToAssetsCall { shares: U256::from(SHARE) });
        (preview.expect("a preview"), convert.expect("assets"))
    };
    let (preview, convert) = views(&mut market);
    let (shares, paid) = deposit(&mut market);
    assert_eq!(shares, preview, "previews have the fee in them");
    assert_eq!(views(&mut market), (preview, convert));
    let [fee] = paid.try_into().expect("one event");
    assert_eq!((fee.owner, fee.shares), (owner, shares_of(&mut market, owner)));
    let worth = market.stage.ask(IERC4626::convertToAssetsCall { shares: fee.shares }).expect("assets");
    assert!(worth.abs_diff(gain / U256::from(5)) <= U256::from(2), "{worth} of {gain}");

    assert!(deposit(&mut market).1.is_empty(), "the same gain pays once");
    let lp = market.lp;
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    let held = shares_of(&mut market, owner);
    process(&mut market).expect("processed");
    assert_eq!(shares_of(&mut market, owner), held);
}

#[test]
fn processing_pays_it_too() {
    let mut market = after_a_gain(100_000);
    let (lp, owner) = (market.lp, market.stage.actors.owner);
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    let (low, supply) =
        (market.nav().low.into_raw(), market.stage.ask(IERC20::totalSupplyCall {}).expect("a supply"));
    let processed = process(&mut market).expect("processed");
    let fee = shares_of(&mut market, owner);
    assert!(fee > U256::ZERO);
    let virtual_shares = U256::from(1_000_000);
    let priced = U256::from(SHARE) * (low + U256::ONE) / (supply + fee + virtual_shares);
    assert_eq!(processed.assets, priced);
}

#[test]
fn there_is_none_unless_the_limits_name_one() {
    let mut market = after_a_gain(0);
    let owner = market.stage.actors.owner;
    assert!(deposit(&mut market).1.is_empty());
    assert_eq!(shares_of(&mut market, owner), U256::ZERO);
}

#[test]
fn what_only_makes_up_for_a_loss_pays_nothing() {
    let mut market = after_a_gain(200_000);
    deposit(&mut market);
    let owner = market.stage.actors.owner;
    let (held, now) = (shares_of(&mut market, owner), market.now());
    market.trade(&[(market.call(2_800), 10.0)]).expect("a trade");
    market.move_to(now + HOUR, SPOT * 1.1);
    assert!(deposit(&mut market).1.is_empty(), "a loss");
    let worst = market.share_price();
    market.move_to(now + 2 * HOUR, SPOT * 1.04);
    assert!(market.share_price() > worst);
    assert!(deposit(&mut market).1.is_empty(), "half of it made up for");
    assert_eq!(shares_of(&mut market, owner), held);
}
