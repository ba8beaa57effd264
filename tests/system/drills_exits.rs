//! Fault drills of what comes late or twice (C9), of USDC that its issuer stops (C14), of a queue full of dust (C16), and of roles that are lost or
//! hostile (C17): whatever happens, nobody's way out is shut.

use alloy_sol_types::{sol, SolCall, SolError};
use demo::stage::{default_limits, default_profile, name_satellite, wide_limits, Failure};
use host::alloy_primitives::{Address, I256, U256};
use interfaces::desk::IHedgeDesk;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::surface::ISurface;
use interfaces::vault::IVault::{self, Role, Satellite};

use crate::desk::{need, waited};
use crate::desk_fill::{fill, filler};
use crate::market::{legs_of, series, usdc, wad, Market, DAY, HOUR, SPOT, START};
use crate::pool::{calls, divest, settle};
use crate::pool_drills::{entrusted, set_mode, FAIL};
use crate::redeem::{lps, process, redeem_all, request, shares_of, SHARE};

sol! {
    interface Issuer {
        function setPaused(bool paused) external;
        function setBlacklisted(address account, bool barred) external;
    }
}

/// Sends a call that is refused with `error` and changes nothing; the gas that it took.
fn refused<C: SolCall>(market: &mut Market, from: Address, to: Address, call: C, error: [u8; 4]) -> u64 {
    let before = market.digests();
    let failure = market.stage.chain.send(from, to, call).err().expect("a refusal");
    assert!(failure.data().starts_with(&error), "{}: {failure}", C::SIGNATURE);
    assert_eq!(market.digests(), before, "{} changed something", C::SIGNATURE);
    let host::CallError::Revert { gas_used, .. } = failure.0 else { panic!("{failure}") };
    gas_used
}

fn sent<C: SolCall>(market: &mut Market, from: Address, to: Address, call: C) -> u64 {
    market.stage.chain.send_for_receipt(from, to, call).expect(C::SIGNATURE).1.gas_used
}

#[test]
fn c09_what_is_mined_late_or_twice_is_refused_for_less_than_half_of_what_it_would_have_cost() {
    let mut market = waited(HOUR);
    let (vault, desk, trader, keeper) =
        (market.stage.vault, market.stage.desk, market.trader, market.stage.actors.keeper);
    let now = U256::from(market.now());
    let mut pairs = Vec::new();

    let legs = || legs_of(&[(series(START + 30 * DAY + 28_800, 2_800, false), 1.0)]);
    let trade =
        |deadline| IVault::tradeCall { legs: legs(), maxPremium: I256::MAX, receiver: trader, deadline };
    let late = refused(&mut market, trader, vault, trade(now - U256::ONE), IVault::DeadlinePassed::SELECTOR);
    let done = sent(&mut market, trader, vault, trade(now));
    pairs.push(("a trade past its deadline", late, done));
    let round_id = market.stage.last_round().expect("a round");
    let in_round = |round_id| IVault::tradeInRoundCall {
        roundId: round_id,
        legs: legs(),
        maxPremium: I256::MAX,
        receiver: trader,
        deadline: U256::MAX,
    };
    let done = sent(&mut market, trader, vault, in_round(round_id));
    let plan = market.stage.plan_of_due().expect("a plan");
    market.stage.push_price(SPOT * 1.001).expect("a round");
    let late = refused(&mut market, trader, vault, in_round(round_id), IVault::RoundMoved::SELECTOR);
    pairs.push(("a trade in a round that is over", late, done));

    let stale = IHedgeDesk::rebalanceCall { plan: plan.clone() };
    let late = refused(&mut market, keeper, desk, stale, IHedgeDesk::PlanStale::SELECTOR);
    let plan = market.stage.plan_of_due().expect("a plan");
    let old = IHedgeDesk::Plan { deadline: now - U256::ONE, ..plan.clone() };
    let call = IHedgeDesk::rebalanceCall { plan: old };
    let past = refused(&mut market, keeper, desk, call, IHedgeDesk::DeadlinePassed::SELECTOR);
    let call = IHedgeDesk::rebalanceCall { plan };
    let done = sent(&mut market, keeper, desk, call.clone());
    let twice = refused(&mut market, keeper, desk, call, IHedgeDesk::HedgeNotDue::SELECTOR);
    pairs.extend([
        ("a plan of another price", late, done),
        ("a late plan", past, done),
        ("a plan, again", twice, done),
    ]);

    let slices = market.slices(0.8);
    let next = market.now() + 60;
    market.stage.chain.world.warp(next);
    let slices_now = market.slices(0.8);
    assert_eq!(slices.len(), slices_now.len());
    let update = market.stage.update(slices_now).expect("an update");
    let publish = ISurface::publishCall { signatures: market.stage.sign(&update), update };
    let surface = market.stage.surface;
    let done = sent(&mut market, keeper, surface, publish.clone());
    let twice = refused(&mut market, keeper, surface, publish, ISurface::NonceNotAbove::SELECTOR);
    pairs.push(("a surface, again", twice, done));

    let lp = market.lp;
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    market.move_to(START + 2 * DAY, SPOT);
    let done = sent(&mut market, keeper, vault, IERC4626::processEpochCall {});
    let none = IERC4626::NoPendingRedemption::SELECTOR;
    let twice = refused(&mut market, trader, vault, IERC4626::processEpochCall {}, none);
    pairs.push(("an epoch, again", twice, done));

    let far = market.expiries[1];
    market.move_to(far - HOUR, SPOT);
    let round_id = market.stage.last_round().expect("a round");
    market.move_to(far + HOUR, SPOT * 1.05);
    let call = IVault::settleCall { expiry: far, roundId: round_id };
    let done = sent(&mut market, keeper, vault, call.clone());
    let twice = refused(&mut market, trader, vault, call, IVault::AlreadySettled::SELECTOR);
    pairs.push(("a settlement, again", twice, done));
    for (what, wasted, done) in &pairs {
        println!("{what}: {wasted} of {done} gas");
        assert!(wasted * 2 < *done, "{what}: {wasted} of {done}");
    }
    // A claim that comes twice pays once.
    let claim = IVault::claimCall { series: vec![market.call(2_500)], receiver: trader };
    assert!(market.stage.vault(trader, claim.clone()).expect("a claim") > U256::ZERO);
    assert_eq!(market.stage.vault(trader, claim).expect("nothing left"), U256::ZERO);
}

/// Gives the market's USDC the powers that its issuer has.
fn issued(market: &mut Market) {
    let owner = market.stage.actors.owner;
    let powers = market.stage.chain.create(owner, "FrozenUsdc", &[]).expect("the token");
    let world = &mut market.stage.chain.world;
    let code = world.code(powers);
    world.set_code(market.stage.usdc, code);
}

fn issuer<C: SolCall>(market: &mut Market, call: C) {
    let (owner, usdc) = (market.stage.actors.owner, market.stage.usdc);
    market.stage.chain.send(owner, usdc, call).expect("a power");
}

/// A market with a hedge that is due, a settled expiry with claims, a redemption that was processed and one that waits.
fn owing() -> (Market, U256, Address) {
    let profile = IVault::Profile { redeemDelay: 6 * HOUR as u32, ..default_profile() };
    let mut market = Market::limited(profile, wide_limits());
    let id = series(market.expiries[0], 2_500, false);
    market.trade(&[(id, 4.0)]).expect("a trade");
    let [lp] = lps(&mut market, [50_000.0]);
    let part = shares_of(&mut market, lp) / U256::from(4);
    request(&mut market, lp, part).expect("a request");
    market.move_to(START + DAY, SPOT);
    process(&mut market).expect("processed");
    settle(&mut market, SPOT);
    for strike in [2_500, 2_600, 2_700, 2_800] {
        market.trade(&[(market.call(strike), 18.0)]).expect("a trade");
    }
    let waiting = market.lp;
    request(&mut market, waiting, part).expect("a request");
    let now = market.now();
    market.move_to(now + DAY, SPOT);
    issued(&mut market);
    (market, id, lp)
}

/// What moves USDC is refused whole.
fn nothing_moves(market: &mut Market, id: U256, lp: Address) {
    let (token, trader, venue) = (market.stage.usdc, market.trader, market.stage.venue);
    let failed = || IVault::TokenFailed { token };
    let call = market.call(2_800);
    market.refuses(failed(), |market| market.deposit(1_000.0));
    market.refuses(failed(), |market| market.trade(&[(call, 1.0)]));
    market.refuses(failed(), |market| market.trade(&[(call, -1.0)]));
    let claim = IVault::claimCall { series: vec![id], receiver: trader };
    market.refuses(failed(), |market| market.stage.vault(trader, claim));
    let shares = market.stage.ask(IERC4626::maxRedeemCall { controller: lp }).expect("a limit");
    let redeem = IERC4626::redeemCall { shares, receiver: lp, controller: lp };
    market.refuses(failed(), |market| market.stage.vault(lp, redeem));
    let size = need(market).due;
    market.refuses(failed(), |market| market.rebalance(venue, size));
}

/// What moves none goes on, and in the end everybody is paid what they were owed before.
fn all_is_kept(market: &mut Market, id: U256, lp: Address, calm: impl FnOnce(&mut Market)) {
    let (trader, keeper, owed) = (market.trader, market.stage.actors.keeper, market.nav().owed);
    let base = market.stage.chain.world.snapshot();
    market.stage.vault(lp, IERC20::transferCall { to: keeper, value: U256::from(SHARE) }).expect("shares");
    let give = IERC6909::transferCall { receiver: keeper, id, amount: wad(1.0) };
    market.stage.vault(trader, give).expect("options");
    process(market).expect("an epoch is priced, nothing is sent");
    let request_id = request(market, keeper, U256::from(SHARE)).expect("a request");
    let cancel = IERC4626::cancelRedeemRequestCall { requestId: request_id, controller: keeper };
    market.stage.vault(keeper, cancel).expect("a cancellation");
    market.stage.need().expect("what is due is told");
    market.stage.chain.world.restore(&base);
    calm(market);
    assert_eq!(market.nav().owed, owed);
    let claim = IVault::claimCall { series: vec![id], receiver: trader };
    let paid = market.stage.vault(trader, claim).expect("a claim");
    assert_eq!(paid + redeem_all(market, lp), owed);
    assert_eq!(market.nav().owed, U256::ZERO);
}

#[test]
fn c14_while_usdc_is_paused_or_the_vault_is_barred_nothing_moves_and_nothing_is_forgotten() {
    let (mut market, id, lp) = owing();
    issuer(&mut market, Issuer::setPausedCall { paused: true });
    nothing_moves(&mut market, id, lp);
    all_is_kept(&mut market, id, lp, |market| issuer(market, Issuer::setPausedCall { paused: false }));

    let (mut market, id, lp) = owing();
    let account = market.stage.vault;
    issuer(&mut market, Issuer::setBlacklistedCall { account, barred: true });
    nothing_moves(&mut market, id, lp);
    all_is_kept(&mut market, id, lp, |market| {
        issuer(market, Issuer::setBlacklistedCall { account, barred: false });
    });
}

#[test]
fn c14_who_is_barred_is_paid_elsewhere_and_holds_up_nobody() {
    let (mut market, id, lp) = owing();
    let (trader, other) = (market.trader, market.stage.actors.arbitrageur);
    for account in [trader, lp] {
        issuer(&mut market, Issuer::setBlacklistedCall { account, barred: true });
    }
    let (token, owed) = (market.stage.usdc, market.nav().owed);
    let had = market.usdc_of(other);
    // An epoch that a barred account is in is processed as any other.
    assert!(process(&mut market).expect("processed").shares > U256::ZERO);
    let claim = |receiver| IVault::claimCall { series: vec![id], receiver };
    market.refuses(IVault::TokenFailed { token }, |market| market.stage.vault(trader, claim(trader)));
    let paid = market.stage.vault(trader, claim(other)).expect("to another receiver");
    let shares = market.stage.ask(IERC4626::maxRedeemCall { controller: lp }).expect("a limit");
    let redeem = |receiver| IERC4626::redeemCall { shares, receiver, controller: lp };
    market.refuses(IVault::TokenFailed { token }, |market| market.stage.vault(lp, redeem(lp)));
    let more = market.stage.vault(lp, redeem(other)).expect("to another receiver");
    assert_eq!(paid + more, owed);
    assert_eq!(market.usdc_of(other) - had, paid + more);

    // A barred payee costs its own hedge; anyone else's goes through.
    let keeper = market.stage.actors.keeper;
    issuer(&mut market, Issuer::setBlacklistedCall { account: keeper, barred: true });
    let mut plan = market.stage.plan_of_due().expect("a plan");
    let call = IHedgeDesk::rebalanceCall { plan: plan.clone() };
    market.refuses(IVault::TokenFailed { token }, |market| market.stage.hedge(keeper, call));
    plan.payee = other;
    market.stage.hedge(keeper, IHedgeDesk::rebalanceCall { plan }).expect("paid elsewhere");
}

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
fn c08_what_a_keeper_began_and_left_anyone_finishes_as_if_it_were_theirs() {
    // It started a hedge's clock and died: who hedges is paid for the time since, not for their own.
    let mut market = crate::hedge::skewed();
    let (dead, other) = (market.stage.actors.keeper, market.stage.actors.arbitrageur);
    market.stage.hedge(dead, IHedgeDesk::pokeCall {}).expect("a look");
    let now = market.now();
    market.move_to(now + HOUR, SPOT);
    assert_eq!(need(&mut market).since, U256::from(now));
    let mut plan = market.stage.plan_of_due().expect("a plan");
    plan.payee = other;
    let done = market.stage.hedge(other, IHedgeDesk::rebalanceCall { plan }).expect("a hedge");
    assert!(done.reward > U256::ZERO && need(&mut market).due.is_zero());
    assert_eq!(market.stage.hedge(other, IHedgeDesk::pokeCall {}).map(|_| ()).ok(), Some(()));

    // It placed an order at a venue that executes later and died: the order blocks the next until its time-out, and then nobody needs it.
    let mut perp = crate::venue_perp::Perp::open();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    let since = U256::from(perp.market.now());
    perp.refuses(interfaces::position::IPositionVenue::OrderPending { key, since }, |perp| {
        perp.place(-5.0, 10_000.0)
    });
    let (stranger, venue) = (perp.market.trader, perp.venue);
    perp.later(u64::from(crate::venue_perp::TIMEOUT));
    let cancel = interfaces::position::IPositionVenue::cancelCall { key };
    perp.send(stranger, venue, cancel).expect("by anyone");
    assert_eq!(perp.state(SPOT).withdrawable, usdc(20_000.0), "what was sent for both lies idle");
    perp.place(-5.0, 5_000.0).expect("the next order");
}
