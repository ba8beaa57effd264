//! Fault drills of a queue full of dust (C16), and of roles that are lost or hostile (C17): whatever happens, nobody's way out is shut.

use demo::stage::{default_limits, default_profile, name_satellite, Failure};
use host::alloy_primitives::{Address, U256};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault::{self, Role, Satellite};

use crate::desk::need;
use crate::desk_fill::{fill, filler};
use crate::drills_token::owing;
use crate::market::{series, usdc, wide_limits, Market, DAY, HOUR, SPOT, START};
use crate::pool::{calls, divest, settle};
use crate::pool_drills::{entrusted, set_mode, FAIL};
use crate::redeem::{cancel, lps, process, redeem_all, request, shares_of, SHARE};

#[test]
fn c16_ten_thousand_requests_of_dust_over_forty_epochs_hold_up_a_real_one_by_forty_cheap_calls() {
    const EPOCHS: u64 = 40;
    let profile = IVault::Profile { redeemDelay: 4 * HOUR as u32, ..default_profile() };
    let mut market = Market::limited(profile, wide_limits());
    let (lp, keeper) = (market.lp, market.stage.actors.keeper);
    let vault = market.stage.vault;
    for epoch in 0..EPOCHS {
        market.stage.chain.world.warp(START + epoch * (HOUR + 1));
        for index in 0..250 {
            let dust = market.stage.chain.world.account(&format!("dust {epoch} {index}"));
            market.stage.vault(lp, IERC20::transferCall { to: dust, value: U256::ONE }).expect("a unit");
            assert_eq!(request(&mut market, dust, U256::ONE).expect("a request"), U256::from(epoch + 1));
        }
    }
    market.stage.chain.world.warp(START + EPOCHS * (HOUR + 1));
    let [other] = {
        market.move_to(START + EPOCHS * (HOUR + 1), SPOT);
        lps(&mut market, [10_000.0])
    };
    let shares = shares_of(&mut market, other);
    let id = request(&mut market, other, shares).expect("a request");
    assert_eq!(id, U256::from(EPOCHS + 1));
    let later = market.now() + 6 * HOUR;
    market.move_to(later, SPOT);
    let mut gas = Vec::new();
    for epoch in 1..=EPOCHS {
        let (done, receipt) = market
            .stage
            .chain
            .send_for_receipt(keeper, vault, IERC4626::processEpochCall {})
            .expect("progress");
        assert_eq!((done.requestId, done.shares), (U256::from(epoch), U256::from(250)));
        gas.push(receipt.execution_gas);
    }
    let (least, most) = (gas.iter().min().expect("some"), gas.iter().max().expect("some"));
    assert!(*most < 200_000 && most - least < 30_000, "{least} to {most} gas");
    let done = process(&mut market).expect("the real one");
    assert_eq!((done.requestId, done.shares), (id, shares));
    assert!(redeem_all(&mut market, other) > usdc(9_900.0));
}

fn exits(market: &mut Market, id: U256, lp: Address) -> Result<(), Failure> {
    let trader = market.trader;
    market.trade(&[(market.call(2_800), -1.0)])?;
    let claim = IVault::claimCall { series: vec![id], receiver: trader };
    market.stage.vault(trader, claim)?;
    redeem_all(market, lp);
    process(market)?;
    let waiting = market.lp;
    assert!(redeem_all(market, waiting) > U256::ZERO);
    let rest = shares_of(market, lp);
    let request_id = request(market, lp, rest)?;
    let cancel = IERC4626::cancelRedeemRequestCall { requestId: request_id, controller: lp };
    market.stage.vault(lp, cancel)?;
    Ok(())
}

#[test]
fn c17_a_guardian_that_uses_all_its_powers_at_once_shuts_no_exit() {
    let (mut market, id, lp) = owing();
    let (guardian, venue) = (market.stage.actors.guardian, market.stage.venue);
    let nav = market.nav().mid;
    market.stage.vault(guardian, IVault::pauseCall {}).expect("a pause");
    market.stage.vault(guardian, IVault::removeVenueCall { venue }).expect("no venue");
    market.stage.vault(guardian, IVault::removePoolCall {}).expect("no pool");
    assert_eq!(market.nav().mid, nav, "nobody is poorer");
    exits(&mut market, id, lp).expect("every exit is open");

    // What it may not: anything that moves money, loosens or names.
    let denied = |role| IVault::NotAuthorised { caller: guardian, role };
    market.refuses(denied(Role::Owner), |market| market.stage.vault(guardian, IVault::unpauseCall {}));
    market.refuses(denied(Role::Owner), |market| {
        market.stage.vault(guardian, IVault::allowVenueCall { venue: lp })
    });
    market.refuses(denied(Role::Owner), |market| {
        market.stage.vault(guardian, IVault::setPoolCall { pool: lp })
    });
    market.refuses(denied(Role::Owner), |market| {
        market.stage.vault(guardian, name_satellite(Satellite::Desk, lp))
    });
    market.refuses(denied(Role::Owner), |market| {
        market.stage.vault(guardian, IVault::setRoleCall { which: Role::Guardian, account: lp })
    });
    market.refuses(denied(Role::Curator), |market| {
        market.stage.vault(guardian, IVault::investCall { assets: U256::ONE })
    });
}

#[test]
fn c17_a_claim_that_a_guardian_left_short_of_cash_is_paid_once_anyone_fills_the_sale() {
    let (mut market, pool) = entrusted();
    settle(&mut market, SPOT);
    let (guardian, venue, trader) = (market.stage.actors.guardian, market.stage.venue, market.trader);
    set_mode(&mut market, pool, FAIL);
    market.stage.vault(guardian, IVault::pauseCall {}).expect("a pause");
    market.stage.vault(guardian, IVault::removeVenueCall { venue }).expect("no venue");
    market.stage.vault(guardian, IVault::removePoolCall {}).expect("no pool");
    let claim = IVault::claimCall { series: calls(&market), receiver: trader };
    let gone = IVault::VenueNotAllowed { venue, allowedFrom: U256::ZERO };
    market.refuses(gone, |market| market.stage.vault(trader, claim.clone()));
    let who = filler(&mut market);
    let (size, owed) = (need(&mut market).due, market.nav().owed);
    fill(&mut market, who, size, U256::MAX).expect("the auction is open while paused");
    assert_eq!(market.stage.vault(trader, claim).expect("a claim"), owed);
    // What the pool holds, anyone brings back when it answers again.
    set_mode(&mut market, pool, 0);
    assert!(divest(&mut market, trader, U256::MAX).expect("by anyone") > U256::ZERO);
}

#[test]
fn c17_without_owner_curator_guardian_and_publishers_the_book_runs_off_and_everybody_is_paid() {
    let mut market = Market::open();
    let ids = [series(market.expiries[0], 2_500, false), market.call(2_600), market.put(2_000)];
    market.trade(&[(ids[0], 4.0), (ids[1], 6.0), (ids[2], 1.0)]).expect("a trade");
    let (venue, size) = (market.stage.venue, crate::hedge::due(&mut market).size);
    market.rebalance(venue, size).expect("a hedge");
    let (lp, trader) = (market.lp, market.trader);
    // From here on only the feed and strangers do anything.
    for expiry in market.expiries {
        market.stage.chain.world.warp(expiry - HOUR);
        market.stage.push_price(SPOT).expect("a round");
        let round_id = market.stage.last_round().expect("a round");
        market.stage.chain.world.warp(expiry + HOUR);
        market.stage.push_price(SPOT).expect("a round");
        market.stage.vault(trader, IVault::settleCall { expiry, roundId: round_id }).expect("settled");
    }
    let claim = IVault::claimCall { series: ids.to_vec(), receiver: trader };
    assert_eq!(market.stage.vault(trader, claim).expect("a claim"), usdc(4.0 * 300.0 + 6.0 * 200.0));
    let who = filler(&mut market);
    let left = need(&mut market).due;
    fill(&mut market, who, left, U256::MAX).expect("the hedges are sold");
    let shares = shares_of(&mut market, lp);
    request(&mut market, lp, shares).expect("a request");
    let later = market.now() + 2 * DAY;
    market.stage.chain.world.warp(later);
    market.stage.push_price(SPOT).expect("a round");
    process(&mut market).expect("processed by anyone");
    let paid = redeem_all(&mut market, lp);
    assert_eq!(shares_of(&mut market, lp), U256::ZERO);
    let nav = market.nav();
    assert!(paid > usdc(999_000.0) && nav.cash < usdc(1_000.0), "{paid} {nav:?}");
}

#[test]
fn c17_a_stolen_owner_key_loosens_nothing_before_lps_can_be_gone() {
    let (mut market, id, lp) = owing();
    let (owner, thief) = (market.stage.actors.owner, market.stage.actors.arbitrageur);
    let stolen = market.now();
    let nav = market.nav().mid;
    for which in [Satellite::Surface, Satellite::Desk] {
        market.stage.vault(owner, name_satellite(which, thief)).expect("a proposal");
        let early = IVault::SatelliteNotDue {
            acceptFrom: U256::from(stolen + 2 * DAY),
            timestamp: U256::from(stolen),
        };
        market.refuses(early, |market| market.stage.vault(thief, IVault::acceptSatelliteCall { which }));
    }
    market.stage.vault(owner, IVault::allowVenueCall { venue: thief }).expect("a proposal");
    market.stage.vault(owner, IVault::setPoolCall { pool: thief }).expect("a proposal");
    for which in [Role::Curator, Role::Guardian] {
        market.stage.vault(owner, IVault::setRoleCall { which, account: thief }).expect("a role");
    }
    let soon = IVault::PoolNotAllowed { pool: thief, allowedFrom: U256::from(stolen + 2 * DAY) };
    market.refuses(soon, |market| market.stage.vault(thief, IVault::investCall { assets: usdc(1_000.0) }));
    market.stage.vault(owner, IVault::pauseCall {}).expect("a pause");
    let shares = market.stage.ask(IERC20::totalSupplyCall {}).expect("a supply");
    market.refuses(IVault::ProfileLocked { shares }, |market| {
        let call = IVault::setProfileCall { profile_: default_profile(), limits_: default_limits() };
        market.stage.vault(owner, call)
    });
    assert_eq!(market.nav().mid, nav);
    market.refuses(IVault::OnlyDesk { caller: thief, desk: market.stage.desk }, |market| {
        market.stage.vault(thief, IVault::payRewardCall { payee: thief, amount: U256::ONE })
    });

    // Redemptions take six hours here, the thief's changes forty-eight.
    exits(&mut market, id, lp).expect("every exit is open");
    let rest = shares_of(&mut market, lp);
    request(&mut market, lp, rest).expect("a request");
    market.move_to(stolen + DAY, SPOT);
    assert_eq!(process(&mut market).expect("processed").shares, rest);
    assert!(redeem_all(&mut market, lp) > usdc(20_000.0));
    assert!(market.now() < stolen + 2 * DAY && shares_of(&mut market, lp).is_zero());
}

#[test]
fn empty_epochs_block_nothing() {
    let mut market = Market::open();
    let (lp, other) = (market.lp, lps(&mut market, [10_000.0])[0]);
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    cancel(&mut market, lp, 1).expect("a cancellation");
    market.stage.chain.world.warp(START + 7 * HOUR);
    assert_eq!(request(&mut market, other, U256::from(SHARE)).expect("a request"), U256::from(2));
    market.move_to(START + 3 * DAY, SPOT);
    let empty = process(&mut market).expect("an empty epoch");
    assert_eq!((empty.requestId, empty.shares, empty.assets), (U256::ONE, U256::ZERO, U256::ZERO));
    assert_eq!(process(&mut market).expect("the next").shares, U256::from(SHARE));
}
