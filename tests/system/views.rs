//! What the vault's plain views tell: names, addresses, settings, flags, approvals.

use demo::stage::default_profile;
use host::alloy_primitives::{Address, B256, U256};
use interfaces::erc165::IERC165;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::vault::IVault::{self, Limits, Profile};

use crate::market::{wide_limits, Market, DAY};

#[test]
fn the_share_the_asset_and_the_feeds_have_their_names_and_addresses() {
    let mut market = Market::open();
    let (vault, usdc, feed, sequencer) =
        (market.stage.vault, market.stage.usdc, market.stage.feed, market.stage.sequencer);
    assert_eq!(market.stage.ask(IERC20::nameCall {}).expect("a name"), "Equipoise vault share");
    assert_eq!(market.stage.ask(IERC20::symbolCall {}).expect("a symbol"), "EQP");
    assert_eq!(market.stage.ask(IERC20::decimalsCall {}).expect("decimals"), 12);
    assert_eq!(market.stage.ask(IERC4626::shareCall {}).expect("an address"), vault);
    assert_eq!(market.stage.ask(IERC4626::assetCall {}).expect("an address"), usdc);
    let feeds = market.stage.ask(IVault::feedsCall {}).expect("feeds");
    assert_eq!((feeds.price, feeds.sequencer), (feed, sequencer));
}

#[test]
fn the_settings_are_told_as_they_were_set() {
    let limits = Limits { blackout: 61, performanceFee: 62, minLiquidity: 63, ..wide_limits() };
    let profile = Profile { vol: 64, redeemDelay: 65, ..default_profile() };
    let mut market = Market::bare(profile.clone(), limits.clone());
    assert_eq!(market.stage.ask(IVault::limitsCall {}).expect("limits"), limits);
    assert_eq!(market.stage.ask(IVault::profileCall {}).expect("a profile"), profile);
    assert_eq!(market.stage.ask(IERC4626::redeemDelayCall {}).expect("a time"), U256::from(65));
}

#[test]
fn a_pause_and_a_venues_notice_are_told() {
    let mut market = Market::open();
    let (owner, guardian) = (market.stage.actors.owner, market.stage.actors.guardian);
    let paused = |market: &mut Market| market.stage.ask(IVault::pausedCall {}).expect("a flag");
    assert!(!paused(&mut market));
    market.stage.vault(guardian, IVault::pauseCall {}).expect("a pause");
    assert!(paused(&mut market));
    market.stage.vault(owner, IVault::unpauseCall {}).expect("the end of it");
    assert!(!paused(&mut market));

    let venue = Address::repeat_byte(7);
    let from =
        |market: &mut Market| market.stage.ask(IVault::venueAllowedFromCall { venue }).expect("a time");
    assert_eq!(from(&mut market), U256::ZERO);
    let now = market.now();
    market.stage.vault(owner, IVault::allowVenueCall { venue }).expect("a venue");
    assert_eq!(from(&mut market), U256::from(now + 2 * DAY));
}

#[test]
fn approvals_of_options_are_told_and_used_up() {
    let mut market = Market::open();
    let (holder, spender, id) = (market.trader, market.lp, market.call(2_800));
    let allowance = |market: &mut Market| {
        market.stage.ask(IERC6909::allowanceCall { owner: holder, spender, id }).expect("an allowance")
    };
    let operator = |market: &mut Market| {
        market.stage.ask(IERC6909::isOperatorCall { owner: holder, spender }).expect("a flag")
    };
    assert_eq!((allowance(&mut market), operator(&mut market)), (U256::ZERO, false));
    let amount = U256::from(9);
    let approve = IERC6909::approveCall { spender, id, amount };
    assert!(market.stage.vault(holder, approve).expect("an approval"));
    assert_eq!(allowance(&mut market), amount);
    for approved in [true, false] {
        let call = IERC6909::setOperatorCall { spender, approved };
        assert!(market.stage.vault(holder, call).expect("a flag is set"));
        assert_eq!(operator(&mut market), approved);
    }
    market.trade(&[(id, 1.0)]).expect("a trade");
    let take = IERC6909::transferFromCall { sender: holder, receiver: spender, id, amount: U256::from(4) };
    assert!(market.stage.vault(spender, take).expect("a transfer"));
    assert_eq!(allowance(&mut market), U256::from(5));
}

#[test]
fn interfaces_are_supported_by_their_ids() {
    let mut market = Market::open();
    let mut supports = |id: u32| {
        let call = IERC165::supportsInterfaceCall { interfaceId: id.to_be_bytes().into() };
        market.stage.ask(call).expect("a flag")
    };
    // ERC-165, ERC-6909, ERC-7575 and ERC-7540's redemptions and operators.
    for id in [0x01ff_c9a7, 0x0f63_2fb3, 0x2f0a_18c5, 0x620e_e8e4, 0xe3bc_4e65] {
        assert!(supports(id), "{id:08x}");
    }
    for id in [0, 0x1234_5678, u32::MAX] {
        assert!(!supports(id), "{id:08x}");
    }
}

#[test]
fn what_may_be_minted_is_what_the_refusal_of_more_says() {
    let mut market = Market::open();
    let receiver = market.lp;
    let max = market.stage.ask(IERC4626::maxMintCall { receiver }).expect("a limit");
    assert!(max > U256::ZERO);
    let shares = max + U256::ONE;
    let error = IERC4626::ERC4626ExceededMaxMint { receiver, shares, max };
    market.refuses(error, |market| market.stage.vault(receiver, IERC4626::mintCall { shares, receiver }));
}

#[test]
fn trades_are_young_for_ten_minutes() {
    let mut market = Market::open();
    let young = |market: &mut Market| market.stage.ask(IVault::youngTradesCall {}).expect("words").len();
    assert_eq!(young(&mut market), 0);
    let (id, now) = (market.call(2_800), market.now());
    market.trade(&[(id, 1.0)]).expect("a trade");
    for (age, there) in [(0, true), (599, true), (600, false)] {
        market.stage.chain.world.warp(now + age);
        assert_eq!(young(&mut market) > 0, there, "after {age} s");
    }
}

#[test]
fn trades_of_each_two_minutes_are_young_in_a_place_of_their_own() {
    let mut market = Market::open();
    let (id, start) = (market.call(2_800), market.now());
    let mut expected = [B256::ZERO; 6];
    for (place, time) in [(0, 0), (1, 120), (4, 480), (4, 599)] {
        market.stage.chain.world.warp(start + time);
        market.trade(&[(id, 1.0)]).expect("a trade");
        let words = market.stage.ask(IVault::youngTradesCall {}).expect("words");
        assert_ne!(words[place], expected[place], "after {time} s");
        expected[place] = words[place];
        assert_eq!(words, expected, "after {time} s");
    }
}

#[test]
fn who_has_asked_for_nothing_has_nothing_to_cancel() {
    let mut market = Market::open();
    let controller = market.trader;
    for request_id in [U256::ZERO, U256::ONE] {
        let call = IERC4626::cancelRedeemRequestCall { requestId: request_id, controller };
        market.refuses(IERC4626::NoPendingRedemption {}, |market| market.stage.vault(controller, call));
    }
}
