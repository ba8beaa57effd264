//! An exchange that delays, cuts, cancels and loses, behind the broker: the vault counts what is there, and nothing is hedged twice.

use alloy_sol_types::{SolCall as _, SolError as _};
use demo::stage::positions::{CAP, FEE, PERP_MARGIN, TIMEOUT};
use demo::stage::{default_profile, setPerpRoleCall, Failure};
use host::alloy_primitives::{B256, I256, U256};
use host::Tx;
use interfaces::broker::IBroker;
use interfaces::desk::IHedgeDesk::{self, Need};
use interfaces::position::IPositionVenue;

use crate::broker::{hedge, hedge_of, held, populate, skew, vault_nav, with_perp};
use crate::broker_bounds::{adapter, position, Adapter};
use crate::desk::poke;
use crate::desk_states::real;
use crate::market::{signed, wad, wide_limits, Market, HOUR, SPOT, START};
use crate::venue_drills::Dice;
use crate::venue_perp::{exchange_price, power, Exchange, Perp};
use crate::venue_perp_hostile::LOSE;

/// Money is no finer than this in a size at 2,800 USD.
const GRAIN: f64 = 1e-6;

/// A market with an order for all that is due, in flight.
fn ordered() -> (Perp, B256, Need) {
    let mut perp = with_perp();
    skew(&mut perp.market, 60.0);
    let (venue, need) = (perp.venue, perp.market.stage.need().expect("a need"));
    let (key, ..) = hedge(&mut perp.market, venue, FEE).expect("an order");
    (perp, key, need)
}

fn now(perp: &mut Perp) -> Need {
    perp.market.stage.need().expect("a need")
}

#[test]
fn what_was_filled_in_part_is_hedged_and_the_rest_is_due_again() {
    for rest_is_gone in [false, true] {
        let (mut perp, key, need) = ordered();
        let (price, percent) = (exchange_price(2_800.0), U256::from(40));
        perp.keeper(Exchange::executePartCall { key, price, percent, done: rest_is_gone });
        let told = held(&mut perp.market);
        assert!((real(told.size) - 0.4 * real(need.due)).abs() < GRAIN, "{} of {}", told.size, need.due);
        let after = now(&mut perp);
        let flying = real(told.pending);
        assert!((real(after.position) - real(told.size) - flying).abs() < GRAIN);
        if rest_is_gone {
            assert_eq!((flying, told.pendingSince), (0.0, U256::ZERO));
            assert!((real(after.due) - 0.6 * real(need.due)).abs() < GRAIN, "{} left", after.due);
            let venue = perp.venue;
            hedge(&mut perp.market, venue, FEE).expect("the rest");
        } else {
            assert!((flying - 0.6 * real(need.due)).abs() < GRAIN && after.due.is_zero());
        }
    }
}

#[test]
fn an_execution_at_a_bad_price_is_in_nav_at_once() {
    let (mut perp, key, need) = ordered();
    let before = vault_nav(&mut perp.market);
    // One per cent below the market, where the limit was slip(t).
    perp.keeper(Exchange::executeBadlyCall { key, price: exchange_price(2_772.0) });
    let lost = before - vault_nav(&mut perp.market);
    let worth = real(need.due).abs() * 2_800.0;
    // The price, on an order in dollars of what was one per cent dearer; the fee of 0.05 % and the haircut of 0.2 %.
    assert!((lost / worth - 0.0126).abs() < 1e-4, "{lost} of {worth}");
    assert!(now(&mut perp).due.is_zero(), "it is hedged all the same");
}

#[test]
fn a_position_that_is_cut_without_a_call_is_due_again() {
    let (mut perp, key, need) = ordered();
    perp.at(key, 2_800.0);
    assert!(now(&mut perp).due.is_zero());
    let (account, market, token) = (perp.venue, perp.perpetual, perp.market.stage.usdc);
    let (usd, price) = (power(30) * U256::from(40_000), exchange_price(2_800.0));
    perp.keeper(Exchange::deleverageCall { account, market, token, isLong: false, usd, price });
    let after = now(&mut perp);
    let cut = 40_000.0 / 2_800.0;
    assert!((real(after.position) - real(need.due) - cut).abs() < GRAIN, "{} left", after.position);
    assert!((real(after.due) + cut).abs() < GRAIN, "{} due", after.due);
}

#[test]
fn what_the_exchange_cancels_comes_back_to_the_vault_whether_it_calls_or_not() {
    for lost in [false, true] {
        let (mut perp, key, need) = ordered();
        perp.callbacks(if lost { LOSE } else { 0 });
        let (venue, anyone) = (perp.venue, perp.market.stage.actors.arbitrageur);
        let (before, cash) = (vault_nav(&mut perp.market), perp.market.nav().cash);
        perp.keeper(Exchange::cancelAsKeeperCall { key });
        assert_eq!(now(&mut perp).due, need.due);
        let amount = perp.market.stage.broker(anyone, IBroker::collectCall { venue }).expect("the margin");
        let after = perp.market.nav();
        assert_eq!((after.cash - cash, after.broker), (amount, I256::ZERO));
        assert!((vault_nav(&mut perp.market) - before).abs() < 1e-4);
        let broker = perp.market.stage.broker;
        assert!(perp.market.usdc_of(broker).is_zero());
        hedge(&mut perp.market, venue, FEE).expect("another order");
    }
}

#[test]
fn a_venue_in_quarantine_sells_nobody_hedges_that_count_for_nothing() {
    let mut market = Market::bare(default_profile(), wide_limits());
    let (broker, owner) = (market.stage.broker, market.stage.actors.owner);
    let venue = adapter(&mut market, broker, broker);
    market.stage.seat(venue, PERP_MARGIN).expect("a venue");
    populate(&mut market);
    for strike in [2_700, 2_800, 2_900] {
        let call = market.call(strike);
        market.trade(&[(call, 15.0)]).expect("calls");
    }
    let guardian = market.stage.actors.guardian;
    market.stage.broker(guardian, IBroker::quarantineCall { venue }).expect("a quarantine");
    poke(&mut market);
    market.move_to(START + HOUR, SPOT);
    let need = market.stage.need().expect("a need");
    assert!(need.due.is_positive(), "{need:?}");
    // A short of whatever size would be made smaller by all that is due, as often as anybody asks.
    let told = position(-1_000.0, 0.0, 0.0);
    market.stage.chain.send(owner, venue, Adapter::tellCall { told }).expect("told");
    for key in [B256::ZERO, B256::repeat_byte(7)] {
        market.stage.chain.send(owner, venue, Adapter::orderCall { key }).expect("at once, and by order");
        let failure = hedge(&mut market, venue, 0).expect_err("nothing is hedged by it");
        assert_eq!(failure.name(), "OnlyGuardian");
        assert_eq!(market.stage.need().expect("a need"), need);
    }
    let call = IBroker::adjustCall { venue, size: need.due, limitPrice: wad(SPOT) };
    market.stage.broker(guardian, call).expect("the guardian makes it smaller");
    assert_eq!(market.stage.need().expect("a need"), need, "and nothing else changes");
}

#[test]
fn an_order_at_a_better_price_than_need_be_is_refused() {
    let mut perp = with_perp();
    skew(&mut perp.market, 60.0);
    let (venue, due) = (perp.venue, now(&mut perp).due);
    let mut plan = perp.market.stage.plan(venue, due).expect("a plan");
    let widest = wad(SPOT * 0.998);
    for limit in [widest + U256::ONE, wad(2.0 * SPOT)] {
        plan.legs[0].limitPrice = limit;
        let data = IHedgeDesk::rebalancePositionCall { plan: plan.clone() }.abi_encode().into();
        let (from, to) = (perp.market.stage.actors.keeper, Some(perp.market.stage.desk));
        let tx = Tx { from, to, value: U256::from(FEE), data, gas_limit: 20_000_000 };
        let failure: Failure = perp
            .market
            .stage
            .chain
            .world
            .call_with(tx)
            .expect_err("an order that might never be filled")
            .into();
        let error = IHedgeDesk::OrderLimitTooTight { limitPrice: limit, widest };
        assert_eq!(failure.data(), error.abi_encode(), "{failure}");
    }
}

#[test]
fn where_the_exchange_moves_the_guardian_has_the_venue_follow() {
    let (mut perp, key, _) = ordered();
    perp.at(key, SPOT);
    let (old, router) = (perp.exchange, perp.another_exchange());
    let (owner, roles, venue) = (perp.market.stage.actors.owner, perp.parts[0], perp.venue);
    perp.send(owner, roles, setPerpRoleCall { account: old, held: false }).expect("the end of the old one");
    skew(&mut perp.market, -60.0);
    let later = perp.market.now() + HOUR;
    perp.market.move_to(later, SPOT);
    assert_eq!(hedge(&mut perp.market, venue, FEE).expect_err("no way out").name(), "CallFailed");
    let (guardian, keeper) = (perp.market.stage.actors.guardian, perp.market.stage.actors.keeper);
    let call = IBroker::setRouterCall { venue, router };
    let other = IBroker::setRouterCall { venue: keeper, router };
    let refused = [
        (keeper, call.clone(), "OnlyGuardian"),
        (guardian, other, "UnknownVenue"),
        (guardian, IBroker::setRouterCall { venue, router: old }, "CallFailed"),
    ];
    for (who, call, name) in refused {
        assert_eq!(perp.market.stage.broker(who, call).err().expect("refused").name(), name);
    }
    perp.market.stage.broker(guardian, call).expect("the new router");
    let (key, ..) = hedge(&mut perp.market, venue, FEE).expect("an order through it");
    perp.exchange = router;
    perp.at(key, SPOT);
    assert!(now(&mut perp).due.is_zero());
}

#[test]
fn a_frozen_order_is_overdue_then_cancelled_by_anyone_then_replaced() {
    let (mut perp, key, need) = ordered();
    perp.keeper(Exchange::freezeCall { key });
    let (venue, stranger) = (perp.venue, perp.market.trader);
    perp.market.move_to(START + u64::from(TIMEOUT) + 60, 2_800.0);
    let due = now(&mut perp).due;
    assert!((real(due) / real(need.due) - 1.0).abs() < 0.01, "{due} due after patience");
    assert_eq!(hedge(&mut perp.market, venue, FEE).expect_err("two orders").name(), "CallFailed");
    perp.send(stranger, venue, IPositionVenue::cancelCall { key }).expect("after the time-out");
    let (key, ..) = hedge(&mut perp.market, venue, FEE).expect("another order");
    perp.at(key, 2_800.0);
    assert!(now(&mut perp).due.is_zero());
}

/// USDC of all who have a part in it.
fn all_usdc(perp: &mut Perp) -> U256 {
    let stage = &perp.market.stage;
    let accounts =
        [stage.vault, stage.broker, perp.venue, perp.parts[2], stage.actors.keeper, perp.market.trader];
    accounts.into_iter().fold(U256::ZERO, |sum, account| sum + perp.market.usdc_of(account))
}

/// Something that keepers, traders, the exchange or the market do. What is refused changes nothing.
fn act(perp: &mut Perp, dice: &mut Dice, last: B256) -> Option<B256> {
    let (venue, anyone) = (perp.venue, perp.market.stage.actors.arbitrageur);
    let spot =
        dollars_of(perp.market.stage.ask(interfaces::vault::IVault::spotCall {}).expect("a price").price);
    let price = exchange_price(spot * (0.995 + dice.roll(11) as f64 / 1_000.0));
    let (keeper, exchange) = (perp.market.stage.actors.keeper, perp.exchange);
    match dice.roll(12) {
        0..=2 => return hedge(&mut perp.market, venue, FEE).ok().map(|done| done.0),
        3 => {
            // Past the far edge, or the other way: refused.
            let need = now(perp);
            let due = need.due;
            let far = I256::from_raw(need.inner + need.inner) + signed(0.01);
            let wrong =
                if dice.roll(2) == 0 { due + if due.is_negative() { -far } else { far } } else { -due };
            if !wrong.is_zero() {
                assert!(hedge_of(&mut perp.market, venue, wrong, FEE).is_err(), "{wrong} of {due}");
            }
        }
        4 | 5 => drop(perp.send(keeper, exchange, Exchange::executeCall { key: last, price })),
        6 => {
            let (percent, done) = (U256::from(dice.roll(101)), dice.roll(2) == 0);
            drop(perp.send(keeper, exchange, Exchange::executePartCall { key: last, price, percent, done }));
        }
        7 => drop(perp.send(keeper, exchange, Exchange::cancelAsKeeperCall { key: last })),
        8 => {
            let put = perp.market.put(2_600 + 100 * dice.roll(5));
            let size = dice.roll(21) as f64 - 10.0;
            if size != 0.0 {
                drop(perp.market.trade(&[(put, size)]));
            }
        }
        9 => {
            let (later, moved) =
                (perp.market.now() + 60 + dice.roll(2_400), spot * (0.99 + dice.roll(21) as f64 / 1_000.0));
            perp.market.move_to(later, moved.clamp(2_500.0, 3_100.0));
            drop(perp.send(anyone, venue, IPositionVenue::cancelCall { key: last }));
        }
        10 => drop(perp.market.stage.broker(anyone, IBroker::collectCall { venue })),
        _ => drop(perp.market.stage.broker(anyone, IBroker::checkpointCall {})),
    }
    None
}

fn dollars_of(price: U256) -> f64 {
    f64::from(price) / 1e18
}

#[test]
fn no_course_of_an_exchange_hedges_twice_loses_money_or_leaves_any_with_the_broker() {
    let (mut placed, mut done) = (0, 0);
    for seed in 1..=4 {
        let mut perp = with_perp();
        skew(&mut perp.market, 45.0);
        let (mut dice, mut last) = (Dice(seed), B256::ZERO);
        let all = all_usdc(&mut perp);
        for step in 0..60 {
            if let Some(key) = act(&mut perp, &mut dice, last) {
                (last, placed) = (key, placed + 1);
            }
            let (broker, told, need) = (perp.market.stage.broker, held(&mut perp.market), now(&mut perp));
            assert!(perp.market.usdc_of(broker).is_zero(), "seed {seed} step {step}");
            assert_eq!(all_usdc(&mut perp), all, "seed {seed} step {step}");
            let patience = perp.market.now() < u64::try_from(told.pendingSince).expect("a time") + 900;
            let flying = if patience { real(told.pending) } else { 0.0 };
            let apart = real(need.position) - real(told.size) - flying;
            assert!(apart.abs() < GRAIN, "seed {seed} step {step}: {apart}");
            let spot = dollars_of(
                perp.market.stage.ask(interfaces::vault::IVault::spotCall {}).expect("a price").price,
            );
            let worth = real(told.size).abs() * spot;
            assert!(worth < f64::from(CAP) * 1.3, "seed {seed} step {step}: {worth}");
            let state = perp.state(spot);
            assert!(perp.market.nav().broker <= state.equity, "seed {seed} step {step}");
            done += usize::from(!told.size.is_zero());
        }
    }
    assert!(placed > 20 && done > 100, "{placed} orders, {done} steps with a position");
}
