//! Fault drills of what a keeper left undone (C8) and of what comes late or twice (C9).

use alloy_sol_types::{SolCall, SolError};
use demo::stage::positions::TIMEOUT;
use host::alloy_primitives::{Address, I256, U256};
use interfaces::desk::IHedgeDesk;
use interfaces::erc4626::IERC4626;
use interfaces::position::IPositionVenue;
use interfaces::surface::ISurface;
use interfaces::vault::IVault;

use crate::desk::{need, waited};
use crate::market::{legs_of, series, usdc, Market, DAY, HOUR, SPOT, START};
use crate::redeem::{request, SHARE};
use crate::venue_perp::Perp;

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
    let mut perp = Perp::open();
    let key = perp.place(-10.0, 10_000.0).expect("an order");
    let since = U256::from(perp.market.now());
    perp.refuses(IPositionVenue::OrderPending { key, since }, |perp| perp.place(-5.0, 10_000.0));
    let (stranger, venue) = (perp.market.trader, perp.venue);
    perp.later(u64::from(TIMEOUT));
    let cancel = IPositionVenue::cancelCall { key };
    perp.send(stranger, venue, cancel).expect("by anyone");
    assert_eq!(perp.state(SPOT).withdrawable, usdc(20_000.0), "what was sent for both lies idle");
    perp.place(-5.0, 5_000.0).expect("the next order");
}
