//! Tokens and venues that re-enter, cheat or fail. They stand for what cannot be had honestly.

use alloy_sol_types::{sol, SolCall as _, SolError as _, SolValue as _};
use demo::stage::{artifacts, Failure};
use host::alloy_primitives::{Address, Bytes, FixedBytes, U256};
use interfaces::desk::IHedgeDesk;
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::vault::IVault;
use interfaces::venue::IHedgeVenue;

use crate::hedge::{due, skewed};
use crate::market::{usdc, Market, DAY, SPOT, START};

sol! {
    interface Hostile {
        function mint(address to, uint256 value) external;
        function arm(address target, bytes calldata attack) external;
        function tried() external view returns (bool);
        function succeeded() external view returns (bool);
        function answer() external view returns (bytes);
        function setMode(uint8 mode) external;
        function setRefusing(bool refusing) external;
        function rebase(address account, uint256 balance) external;
    }
}

/// A second vault on the stage, with another token for USDC.
pub(crate) fn vault_of(market: &mut Market, token: &str) -> (Address, Address) {
    let stage = &mut market.stage;
    let owner = stage.actors.owner;
    let asset = stage.chain.create(owner, token, &U256::from(6).abi_encode()).expect("the token");
    let wasm = artifacts::wasm("equipoise_vault").expect("the vault's WASM");
    let arguments =
        (asset, stage.underlying, stage.feed, stage.sequencer, stage.engine, owner).abi_encode_params();
    let vault = stage.chain.world.deploy_wasm(owner, &wasm, Some(&arguments)).expect("the vault");
    let profile = IVault::setProfileCall {
        profile_: demo::stage::default_profile(),
        limits_: demo::stage::default_limits(),
    };
    stage.chain.send(owner, vault, profile).expect("a profile");
    let mint = Hostile::mintCall { to: market.lp, value: usdc(1e6) };
    stage.chain.send(owner, asset, mint).expect("tokens");
    let approve = IToken::approveCall { spender: vault, value: U256::MAX };
    stage.chain.send(market.lp, asset, approve).expect("an approval");
    (vault, asset)
}

fn deposit(market: &mut Market, vault: Address, usd: f64) -> Result<U256, Failure> {
    let call = IERC4626::depositCall { assets: usdc(usd), receiver: market.lp };
    market.stage.chain.send(market.lp, vault, call)
}

#[test]
fn a_token_that_calls_back_finds_every_door_shut() {
    let mut market = Market::open();
    let (vault, token) = vault_of(&mut market, "ReentrantToken");
    let lp = market.lp;
    let attacks: [Bytes; 4] = [
        IERC4626::depositCall { assets: usdc(1.0), receiver: lp }.abi_encode().into(),
        IERC4626::requestRedeemCall { shares: U256::ONE, controller: lp, owner: lp }.abi_encode().into(),
        IVault::navCall {}.abi_encode().into(),
        IERC4626::totalAssetsCall {}.abi_encode().into(),
    ];
    for attack in attacks {
        let arm = Hostile::armCall { target: vault, attack };
        market.stage.chain.send(lp, token, arm).expect("a trap");
        let shares = deposit(&mut market, vault, 100.0).expect("the deposit itself");
        assert!(market.stage.chain.view(token, Hostile::triedCall {}).expect("a flag"));
        assert!(!market.stage.chain.view(token, Hostile::succeededCall {}).expect("a flag"));
        assert_eq!(shares, U256::from(100_000_000_000_000_u64));
    }
}

#[test]
fn tokens_that_take_a_fee_or_only_say_no_are_refused() {
    let mut market = Market::open();
    let (vault, token) = vault_of(&mut market, "FeeToken");
    let failure = deposit(&mut market, vault, 100.0).expect_err("99 arrived");
    let short = IVault::TokenShort { token, expected: usdc(100.0), received: usdc(99.0) };
    assert_eq!(failure.vault_error(), Some(IVault::IVaultErrors::TokenShort(short)));

    let (vault, token) = vault_of(&mut market, "FalseToken");
    deposit(&mut market, vault, 100.0).expect("an honest transfer");
    let owner = market.stage.actors.owner;
    market
        .stage
        .chain
        .send(owner, token, Hostile::setRefusingCall { refusing: true })
        .expect("a change of mind");
    let failure = deposit(&mut market, vault, 100.0).expect_err("false");
    assert_eq!(failure.vault_error(), Some(IVault::IVaultErrors::TokenFailed(IVault::TokenFailed { token })));
}

/// A vault of other tokens and another feed; its error where it does not come to be.
fn construct(market: &mut Market, given: [Address; 3]) -> Option<Bytes> {
    let stage = &mut market.stage;
    let owner = stage.actors.owner;
    let [asset, underlying, feed] = given;
    let wasm = artifacts::wasm("equipoise_vault").expect("the vault's WASM");
    let arguments = (asset, underlying, feed, stage.sequencer, stage.engine, owner).abi_encode_params();
    let error = stage.chain.world.deploy_wasm(owner, &wasm, Some(&arguments)).err()?;
    let host::DeployError::Constructor(failure) = error else { panic!("{error}") };
    Some(failure.revert_data().expect("an error").clone())
}

#[test]
fn decimals_that_the_vault_is_not_written_for_are_refused_at_construction() {
    let mut market = Market::open();
    let (owner, usdc) = (market.stage.actors.owner, market.stage.usdc);
    let (underlying, feed) = (market.stage.underlying, market.stage.feed);
    let failed = |token| Some(Bytes::from(IVault::TokenFailed { token }.abi_encode()));
    for decimals in [0_u64, 6, 8, 18, 19, 24, 255] {
        let made = market.stage.chain.create(owner, "SilentToken", &U256::from(decimals).abi_encode());
        let token = made.expect("the token");
        let as_asset = construct(&mut market, [token, underlying, feed]);
        assert_eq!(as_asset, if decimals == 6 { None } else { failed(token) }, "{decimals} of the asset");
        let as_underlying = construct(&mut market, [usdc, token, feed]);
        let expected = if decimals <= 18 { None } else { failed(token) };
        assert_eq!(as_underlying, expected, "{decimals} of the underlying");
        let as_feed = construct(&mut market, [usdc, underlying, token]);
        assert_eq!(as_feed, if decimals == 8 { None } else { failed(token) }, "{decimals} of the feed");
    }
    // What has no code has no decimals.
    let nobody = market.stage.chain.world.account("nobody");
    assert_eq!(construct(&mut market, [nobody, underlying, feed]), failed(nobody));
    assert_eq!(construct(&mut market, [usdc, nobody, feed]), failed(nobody));
    assert_eq!(construct(&mut market, [usdc, underlying, nobody]), failed(nobody));
}

/// The LP's request of shares of a vault, processed two days later.
fn processed(market: &mut Market, vault: Address, shares: U256) -> IERC4626::processEpochReturn {
    let (lp, stage) = (market.lp, &mut market.stage);
    let request = IERC4626::requestRedeemCall { shares, controller: lp, owner: lp };
    stage.chain.send(lp, vault, request).expect("asked");
    stage.chain.world.warp(START + 2 * DAY);
    stage.push_price(SPOT).expect("a round");
    stage.chain.send(lp, vault, IERC4626::processEpochCall {}).expect("processed")
}

#[test]
fn a_token_that_returns_nothing_is_as_good_as_one_that_says_yes() {
    let mut market = Market::open();
    let (vault, token) = vault_of(&mut market, "SilentToken");
    let (lp, had) = (market.lp, market.stage.chain.token_balance(token, market.lp).expect("a balance"));
    let shares = deposit(&mut market, vault, 100.0).expect("a deposit");
    let done = processed(&mut market, vault, shares);
    let stage = &mut market.stage;
    let redeem = IERC4626::redeemCall { shares: done.shares, receiver: lp, controller: lp };
    let paid = stage.chain.send(lp, vault, redeem).expect("paid");
    assert!(usdc(100.0) - paid < U256::from(3), "{paid}");
    let left = stage.chain.token_balance(token, lp).expect("a balance");
    assert_eq!(had - left, usdc(100.0) - paid);
}

#[test]
fn a_token_whose_balances_change_by_themselves_is_paid_out_as_far_as_it_is_there() {
    let mut market = Market::open();
    let (vault, token) = vault_of(&mut market, "RebasingToken");
    let lp = market.lp;
    let all = deposit(&mut market, vault, 100.0).expect("a deposit");
    let nav = |market: &mut Market| market.stage.chain.view(vault, IVault::navCall {}).expect("a NAV");
    let rebase = |market: &mut Market, usd: f64| {
        let call = Hostile::rebaseCall { account: vault, balance: usdc(usd) };
        market.stage.chain.send(lp, token, call).expect("rebased");
    };
    // More is a gift, less is not seen before it is missing: what is there is paid, then a transfer fails, and the ledger stays.
    let before = nav(&mut market);
    rebase(&mut market, 200.0);
    assert_eq!(nav(&mut market), before);
    assert_eq!(deposit(&mut market, vault, 100.0).expect("at the same price"), all);
    rebase(&mut market, 60.0);
    processed(&mut market, vault, all + all);
    let stage = &mut market.stage;
    let take = |assets| IERC4626::withdrawCall { assets, receiver: lp, controller: lp };
    let before = stage.chain.world.digest(vault);
    let failure = stage.chain.send(lp, vault, take(usdc(60.000_001))).expect_err("more than there is");
    assert_eq!(failure.data(), IVault::TokenFailed { token }.abi_encode());
    assert_eq!(stage.chain.world.digest(vault), before);
    stage.chain.send(lp, vault, take(usdc(60.0))).expect("what is there");
}

/// A market in need of a hedge, with a venue that calls where it is told to.
pub(crate) fn armed() -> (Market, Address) {
    besieged(0)
}

/// A market in need of a hedge, with a hostile venue that has waited out its delay and has stock.
pub(crate) fn besieged(mode: u8) -> (Market, Address) {
    let mut market = skewed();
    let stage = &mut market.stage;
    let owner = stage.actors.owner;
    let arguments = (stage.vault, stage.usdc, stage.underlying).abi_encode_params();
    let venue = stage.chain.create(owner, "HostileVenue", &arguments).expect("the venue");
    stage.vault(owner, IVault::allowVenueCall { venue }).expect("an allowance");
    let stock = IToken::transferCall { to: venue, value: U256::from(1_000_000_000_000_000_000_000_u128) };
    stage.chain.send(owner, stage.underlying, stock).expect("stock");
    stage.chain.send(owner, venue, Hostile::setModeCall { mode }).expect("a mode");
    market.move_to(START + 2 * DAY, SPOT);
    (market, venue)
}

#[test]
fn a_venue_that_calls_back_finds_every_door_shut() {
    let (mut market, venue) = besieged(0);
    let (desk, keeper) = (market.stage.desk, market.stage.actors.keeper);
    let size = due(&mut market).size;
    let plan = market.stage.plan(venue, size).expect("a price");
    let attack = IHedgeDesk::rebalanceCall { plan }.abi_encode().into();
    market.stage.chain.send(keeper, venue, Hostile::armCall { target: desk, attack }).expect("a trap");
    assert_eq!(market.rebalance_within(venue, size, SPOT * 1.001).expect("the hedge itself"), size);
    assert!(market.stage.chain.view(venue, Hostile::triedCall {}).expect("a flag"));
    assert!(!market.stage.chain.view(venue, Hostile::succeededCall {}).expect("a flag"));
    assert!(!due(&mut market).needed);
}

#[test]
fn a_venue_that_keeps_the_money_fills_half_or_fails_changes_nothing() {
    let (mut market, venue) = besieged(1);
    let size = due(&mut market).size;
    let nothing = host::alloy_primitives::I256::ZERO;
    market
        .refuses(IVault::VenueUnderfilled { size, filled: nothing }, |market| market.rebalance(venue, size));

    let (mut market, venue) = besieged(2);
    let size = due(&mut market).size;
    let half = size / host::alloy_primitives::I256::try_from(2).expect("two");
    market.refuses(IVault::VenueUnderfilled { size, filled: half }, |market| market.rebalance(venue, size));

    let (mut market, venue) = besieged(3);
    let size = due(&mut market).size;
    let reason = FixedBytes(IHedgeVenue::SwapFailed::SELECTOR);
    market.refuses(IVault::VenueFailed { venue, reason }, |market| market.rebalance(venue, size));
}

#[test]
fn a_venue_that_pays_below_the_cap_for_a_sale_changes_nothing() {
    let (mut market, hostile) = besieged(1);
    let (venue, size) = (market.stage.venue, due(&mut market).size);
    market.rebalance(venue, size).expect("a purchase");
    market.move_to(START + 3 * DAY, SPOT * 0.75);
    let size = due(&mut market).size;
    assert!(size.is_negative());
    let worst = crate::market::wad(SPOT * 0.75 * 0.99);
    market.refuses(IVault::SlippageAboveCap { price: U256::ZERO, worst }, |market| {
        market.rebalance(hostile, size)
    });
}
