//! When no share is priced: round an expiry, and after a jump of the feed.

use alloy_sol_types::{SolError as _, SolValue as _};
use demo::stage::default_profile;
use host::alloy_primitives::{B256, U256};
use interfaces::erc4626::IERC4626;
use interfaces::surface::ISurface;
use interfaces::vault::IVault;

use crate::market::{usdc, wad, wide_limits, Market, HOUR, SPOT, START};
use crate::redeem::{process, redeem_all, request, SHARE};
use crate::surface_feed::answering;

fn limits(market: &mut Market) -> [U256; 2] {
    let receiver = market.lp;
    let deposit = market.stage.ask(IERC4626::maxDepositCall { receiver }).expect("a limit");
    [deposit, market.stage.ask(IERC4626::maxMintCall { receiver }).expect("a limit")]
}

/// A market without a delay, whose LP has asked for a share.
fn asked(limits: IVault::Limits) -> Market {
    let mut market = Market::limited(IVault::Profile { redeemDelay: 0, ..default_profile() }, limits);
    let lp = market.lp;
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    market
}

#[test]
fn round_an_expiry_nobody_comes_and_nobody_is_processed() {
    let mut market = asked(IVault::Limits { blackout: HOUR as u32, ..wide_limits() });
    let (lp, expiry) = (market.lp, market.expiries[0]);
    market.move_to(expiry - HOUR - 1, SPOT);
    assert!(limits(&mut market)[0] > U256::ZERO);
    market.deposit(1.0).expect("a deposit before it");
    market.move_to(expiry - HOUR, SPOT);
    let round = market.stage.last_round().expect("a round");
    let error = || IVault::ExpiryBlackout { expiry, from: U256::from(expiry - HOUR) };
    market.refuses(error(), |market| market.deposit(1.0));
    market.refuses(error(), |market| {
        let call = IERC4626::mintCall { shares: U256::from(SHARE), receiver: market.lp };
        market.stage.vault(market.lp, call)
    });
    market.refuses(error(), process);
    assert_eq!(limits(&mut market), [U256::ZERO; 2]);
    market.move_to(expiry + HOUR, SPOT);
    market.refuses(IVault::SettlementPending { expiry }, |market| market.deposit(1.0));
    market.refuses(IVault::SettlementPending { expiry }, process);
    assert_eq!(limits(&mut market), [U256::ZERO; 2]);

    market.stage.vault(lp, IVault::settleCall { expiry, roundId: round }).expect("a settlement");
    market.deposit(1.0).expect("a deposit");
    process(&mut market).expect("processed");
    assert!(redeem_all(&mut market, lp) > U256::ZERO);
}

#[test]
fn after_a_jump_they_wait_for_the_next_round() {
    let mut market = asked(IVault::Limits { spotJump: 100_000, ..wide_limits() });
    market.stage.chain.world.warp(START + HOUR);
    market.stage.push_price(SPOT * 1.1).expect("a round");
    market.deposit(1.0).expect("ten per cent is no jump");
    let (before, after) = (SPOT * 1.1, SPOT * 1.1 * 0.899);
    market.stage.push_price(after).expect("a round");
    let error = || IVault::SpotJumped { from: wad(before), to: wad(after), limit: U256::from(100_000) };
    market.refuses(error(), |market| market.deposit(1.0));
    market.refuses(error(), process);
    assert_eq!(limits(&mut market), [U256::ZERO; 2]);
    market.trade(&[(market.call(2_800), 1.0)]).expect("trades go on");
    let lp = market.lp;
    let cancelled = IERC4626::requestRedeemCall { shares: U256::ONE, controller: lp, owner: lp };
    let failure = market.stage.vault(lp, cancelled).err().map(|failure| failure.name());
    assert_eq!(failure.as_deref(), Some("RedemptionOpen"));

    market.stage.push_price(after).expect("a round");
    market.deposit(1.0).expect("a deposit");
    process(&mut market).expect("processed");
}

#[test]
fn after_a_jump_of_the_surface_they_wait_for_the_next() {
    let mut market = asked(IVault::Limits { surfaceJump: 3_000, ..wide_limits() });
    market.stage.chain.world.warp(START + HOUR);
    market.stage.push_price(SPOT).expect("a round");
    let slices = market.slices(0.802);
    market.stage.publish(slices).expect("a surface");
    market.deposit(1.0).expect("a quarter of a point is no jump");
    market.stage.chain.world.warp(START + 2 * HOUR);
    market.stage.push_price(SPOT).expect("a round");
    let slices = market.slices(0.8055);
    market.stage.publish(slices).expect("a surface");
    let failure = market.deposit(1.0).expect_err("a jump");
    let error = IVault::SurfaceJumped::abi_decode(&failure.data()).expect("a jump");
    let IVault::SurfaceJumped { moved, limit } = error;
    assert!((3_000..=4_200).contains(&moved.to::<u32>()) && limit == U256::from(3_000), "{moved} {limit}");
    market.refuses(IVault::SurfaceJumped { moved, limit }, process);
    assert_eq!(limits(&mut market), [U256::ZERO; 2]);
    market.trade(&[(market.call(2_800), 1.0)]).expect("trades go on");

    market.stage.chain.world.warp(START + 3 * HOUR);
    market.stage.push_price(SPOT).expect("a round");
    let slices = market.slices(0.8055);
    market.stage.publish(slices).expect("a surface");
    market.deposit(1.0).expect("a deposit");
    process(&mut market).expect("processed");
}

#[test]
fn a_surface_that_moved_by_the_limit_has_not_jumped() {
    let mut market = asked(IVault::Limits { surfaceJump: 3_000, ..wide_limits() });
    let expiries = market.expiries.to_vec();
    let told = market.surface(ISurface::slicesCall { expiries });
    let moved = |market: &mut Market, by: u64| {
        let mut words = told.clone();
        *words.last_mut().expect("the largest move") = B256::from(U256::from(by));
        answering(market, words.abi_encode(), false);
    };
    moved(&mut market, 3_001);
    let error = || IVault::SurfaceJumped { moved: U256::from(3_001), limit: U256::from(3_000) };
    market.refuses(error(), |market| market.deposit(1.0));
    market.refuses(error(), process);
    moved(&mut market, 3_000);
    market.deposit(1.0).expect("a deposit");
    process(&mut market).expect("processed");
}

#[test]
fn the_first_round_of_a_phase_has_none_before_it() {
    let mut market = Market::open();
    let (owner, feed) = (market.stage.actors.owner, market.stage.feed);
    market.stage.chain.send(owner, feed, demo::stage::PriceFeed::nextPhaseCall {}).expect("a phase");
    market.stage.push_price(SPOT / 2.0).expect("a round");
    market.deposit(1.0).expect("a deposit");
    market.stage.push_price(SPOT).expect("a round");
    let error = IVault::SpotJumped { from: wad(SPOT / 2.0), to: wad(SPOT), limit: U256::from(200_000) };
    market.refuses(error, |market| market.deposit(1.0));
}

#[test]
fn limits_are_what_deposits_and_claims_bear() {
    let mut market = asked(wide_limits());
    let lp = market.lp;
    let max = limits(&mut market)[0];
    let error = IERC4626::ERC4626ExceededMaxDeposit { receiver: lp, assets: max + U256::ONE, max };
    market.refuses(error, |market| {
        let call = IERC4626::depositCall { assets: max + U256::ONE, receiver: lp };
        market.stage.vault(lp, call)
    });
    process(&mut market).expect("processed");
    let due = market.stage.ask(IERC4626::maxWithdrawCall { controller: lp }).expect("a limit");
    let shares = market.stage.ask(IERC4626::maxRedeemCall { controller: lp }).expect("a limit");
    assert_eq!((due, shares), (usdc(1.0), U256::from(SHARE)));
    let call = IERC4626::withdrawCall { assets: due, receiver: lp, controller: lp };
    assert_eq!(market.stage.vault(lp, call).expect("a claim"), shares);
}
