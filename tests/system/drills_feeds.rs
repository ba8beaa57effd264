//! Fault drills of what the vault is told: the price feed (C1), the sequencer's (C2) and the vol surface (C15). `SECURITY.md` has the list.

use alloy_sol_types::{sol, SolError};
use demo::stage::{default_limits, default_profile, Failure, SequencerFeed};
use host::alloy_primitives::aliases::U80;
use host::alloy_primitives::{Address, Bytes, I256, U256};
use interfaces::desk::IHedgeDesk;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::margin::IMargin;
use interfaces::surface::ISurface;
use interfaces::vault::IVault;

use crate::market::{series, signed, slice, usdc, wide_limits, Market, DAY, HOUR, SPOT, START};
use crate::redeem::{process, redeem_all, request, shares_of, SHARE};

sol! {
    interface Bad {
        function setMode(uint8 mode) external;
        function setAnswer(int256 answer, uint256 startedAt, uint256 updatedAt) external;
    }
}

/// Modes of `BadFeed`.
const REVERT: u8 = 1;
const SHORT: u8 = 2;
const EMPTY: u8 = 3;
const BURN: u8 = 4;

/// A market without caps on what is traded, whose redemptions wait six hours and whose second LP asked for one.
fn asked() -> (Market, Address) {
    let profile = IVault::Profile { redeemDelay: 6 * HOUR as u32, ..default_profile() };
    let mut market = Market::limited(profile, wide_limits());
    market
        .trade(&[(series(market.expiries[0], 2_500, false), 2.0), (market.call(2_800), 3.0)])
        .expect("a trade");
    let [lp] = crate::redeem::lps(&mut market, [50_000.0]);
    (market, lp)
}

/// Puts a feed that breaks in the place of another, and what was there.
fn replace(market: &mut Market, feed: Address) -> Bytes {
    let owner = market.stage.actors.owner;
    let bad = market.stage.chain.create(owner, "BadFeed", &[]).expect("a feed");
    let world = &mut market.stage.chain.world;
    let (good, code) = (world.code(feed), world.code(bad));
    world.set_code(feed, code);
    good
}

fn set_mode(market: &mut Market, feed: Address, mode: u8) {
    market.stage.chain.send(market.trader, feed, Bad::setModeCall { mode }).expect("a mode");
}

/// What needs a price and changes something is refused with `error`, the desk's doors with its own.
fn refuses_what_needs_a_price(
    market: &mut Market,
    writer: Address,
    error: &(impl SolError + std::fmt::Debug + Clone),
) {
    let (call, keeper) = (market.call(2_800), market.stage.actors.keeper);
    type Door = Box<dyn FnOnce(&mut Market) -> Result<(), Failure>>;
    let trade = move |market: &mut Market| market.trade(&[(call, 1.0)]).map(|_| ());
    let sale = move |market: &mut Market| market.trade(&[(call, -1.0)]).map(|_| ());
    let doors: [Door; 8] = [
        Box::new(trade),
        Box::new(sale),
        Box::new(move |market| market.quote(&[(call, 1.0)]).map(|_| ())),
        Box::new(|market| market.deposit(1_000.0).map(|_| ())),
        Box::new(|market| process(market).map(|_| ())),
        Box::new(|market| market.stage.vault(market.trader, IVault::recordShortfallCall {}).map(|_| ())),
        Box::new(|market| market.stage.ask(IVault::spotCall {}).map(|_| ())),
        Box::new(|market| market.stage.ask(IVault::navCall {}).map(|_| ())),
    ];
    for door in doors {
        market.refuses(error.clone(), door);
    }
    let venue = market.stage.venue;
    let leg = IHedgeDesk::Leg { venue, size: signed(1.0), limitPrice: U256::ZERO };
    let plan = IHedgeDesk::Plan { legs: vec![leg], spot: U256::ZERO, deadline: U256::MAX, payee: keeper };
    let none = IHedgeDesk::NoPrice {};
    market.refuses(none.clone(), |market| market.stage.hedge(keeper, IHedgeDesk::rebalanceCall { plan }));
    market.refuses(none, |market| market.stage.hedge(keeper, IHedgeDesk::pokeCall {}));
    let write = IMargin::writeCall {
        account: writer,
        legs: vec![IMargin::Written { series: call, size: signed(1.0) }],
        minPremium: I256::MIN,
        deadline: U256::MAX,
    };
    let before = market.digests();
    let failure = market.stage.margin(writer, write).expect_err("no price, nothing written");
    assert!(failure.data().len() >= 4, "{failure}");
    assert_eq!(market.digests(), before);
}

/// What nobody may be kept from, whatever the feed: transfers, requests and cancellations, settled claims, processed redemptions, the pause.
fn exits_work(market: &mut Market, lp: Address, settled: U256) {
    let (trader, other) = (market.trader, market.stage.actors.arbitrageur);
    let base = market.stage.chain.world.snapshot();
    let send = IERC20::transferCall { to: other, value: U256::from(SHARE) };
    market.stage.vault(lp, send).expect("a transfer of shares");
    let give =
        IERC6909::transferCall { receiver: other, id: market.call(2_800), amount: crate::market::wad(1.0) };
    market.stage.vault(trader, give).expect("a transfer of options");
    let id = request(market, other, U256::from(SHARE)).expect("a request");
    let cancel = IERC4626::cancelRedeemRequestCall { requestId: id, controller: other };
    market.stage.vault(other, cancel).expect("a cancellation");
    assert!(redeem_all(market, lp) > U256::ZERO, "what was processed is paid");
    let claim = IVault::claimCall { series: vec![settled], receiver: trader };
    assert!(market.stage.vault(trader, claim).expect("a claim") > U256::ZERO);
    market.stage.vault(market.stage.actors.guardian, IVault::pauseCall {}).expect("a pause");
    let venue = market.stage.venue;
    market
        .stage
        .vault(market.stage.actors.guardian, IVault::removeVenueCall { venue })
        .expect("a venue less");
    market.stage.ask(IERC4626::totalAssetsCall {}).expect("a view that never reverts");
    let max = market.stage.ask(IERC4626::maxDepositCall { receiver: lp }).expect("a view that never reverts");
    assert_eq!(max, U256::ZERO);
    market.stage.chain.world.restore(&base);
}

/// The market of `asked`, with a redemption that was processed, an expiry that was settled and nothing claimed of either, and a writer.
fn half_out() -> (Market, Address, Address, U256) {
    let (mut market, lp) = asked();
    let writer = market.stage.writer("writer", 50_000.0).expect("an account");
    let half = shares_of(&mut market, lp) / U256::from(2);
    request(&mut market, lp, half).expect("a request");
    market.move_to(START + DAY, SPOT);
    process(&mut market).expect("processed");
    let (near, trader) = (market.expiries[0], market.trader);
    market.move_to(near - HOUR, SPOT);
    let round_id = market.stage.last_round().expect("a round");
    market.move_to(near + HOUR, SPOT);
    market.stage.vault(trader, IVault::settleCall { expiry: near, roundId: round_id }).expect("settled");
    // The last word before the feed breaks: a request that waits to be processed.
    let waiting = market.lp;
    request(&mut market, waiting, U256::from(SHARE)).expect("a request");
    let now = market.now();
    market.move_to(now + DAY, SPOT);
    (market, lp, writer, series(near, 2_500, false))
}

#[test]
fn c01_a_price_feed_that_breaks_stops_what_needs_a_price_and_no_exit() {
    let (mut market, lp, writer, settled) = half_out();
    let feed = market.stage.feed;
    let good = replace(&mut market, feed);
    for mode in [REVERT, SHORT, EMPTY, BURN] {
        set_mode(&mut market, feed, mode);
        refuses_what_needs_a_price(&mut market, writer, &IVault::FeedFailed { feed });
        exits_work(&mut market, lp, settled);
    }
    let now = U256::from(market.now());
    for answer in [I256::ZERO, I256::MINUS_ONE, I256::MIN] {
        let call = Bad::setAnswerCall { answer, startedAt: now, updatedAt: now };
        market.stage.chain.send(lp, feed, call).expect("an answer");
        refuses_what_needs_a_price(&mut market, writer, &IVault::PriceNotPositive { answer });
        exits_work(&mut market, lp, settled);
    }
    let answer = I256::try_from(280_000_000_000_i64).expect("an answer");
    let old = now - U256::from(2 * HOUR + 1);
    let call = Bad::setAnswerCall { answer, startedAt: old, updatedAt: old };
    market.stage.chain.send(lp, feed, call).expect("an answer");
    let stale = IVault::PriceStale { updatedAt: old, timestamp: now, maxAge: U256::from(2 * HOUR) };
    refuses_what_needs_a_price(&mut market, writer, &stale);
    exits_work(&mut market, lp, settled);

    market.stage.chain.world.set_code(feed, good);
    market.stage.push_price(SPOT).expect("a round");
    process(&mut market).expect("the feed is back, and so is all that waited");
    market.trade(&[(market.call(2_800), 1.0)]).expect("a trade");
}

#[test]
fn c01_a_feed_that_breaks_over_an_expiry_only_delays_the_settlement() {
    let outcome = |broken: bool| {
        let (mut market, _) = asked();
        let (near, trader, feed) = (market.expiries[0], market.trader, market.stage.feed);
        market.move_to(near - HOUR, 2_700.0);
        let round_id = market.stage.last_round().expect("a round");
        market.stage.chain.world.warp(near + HOUR);
        market.stage.push_price(3_300.0).expect("a round");
        if broken {
            let good = replace(&mut market, feed);
            for mode in [REVERT, SHORT, EMPTY, BURN] {
                set_mode(&mut market, feed, mode);
                let settle = IVault::settleCall { expiry: near, roundId: round_id };
                market.refuses(IVault::FeedFailed { feed }, |market| market.stage.vault(trader, settle));
            }
            market.stage.chain.world.set_code(feed, good);
            market.stage.chain.world.warp(near + 30 * DAY);
        }
        let settle = IVault::settleCall { expiry: near, roundId: round_id };
        let price = market.stage.vault(trader, settle).expect("a settlement");
        let claim = IVault::claimCall { series: vec![series(near, 2_500, false)], receiver: trader };
        (price, market.stage.vault(trader, claim).expect("a claim"))
    };
    assert_eq!(outcome(true), outcome(false));
    assert_eq!(outcome(true).1, usdc(400.0));
}

fn set_sequencer(market: &mut Market, answer: i64, since: u64) {
    let (owner, feed) = (market.stage.actors.owner, market.stage.sequencer);
    let answer = I256::try_from(answer).expect("an answer");
    let call = SequencerFeed::setCall { answer, startedAt: U256::from(since) };
    market.stage.chain.send(owner, feed, call).expect("a status");
}

#[test]
fn c02_after_an_outage_nothing_trades_before_the_grace_is_over_and_the_expiry_settles_by_its_own_round() {
    let (mut market, lp, writer, settled) = half_out();
    let call = market.call(2_800);
    // Down, from before the second expiry until after it; the feed stands still meanwhile.
    let (far, trader) = (market.expiries[1], market.trader);
    market.move_to(far - HOUR, 2_900.0);
    let last = market.stage.last_round().expect("a round");
    set_sequencer(&mut market, 1, far - HOUR / 2);
    market.stage.chain.world.warp(far - HOUR / 4);
    let down = IVault::SequencerDown { since: U256::from(far - HOUR / 2) };
    refuses_what_needs_a_price(&mut market, writer, &down);
    exits_work(&mut market, lp, settled);

    let up = far + 5 * HOUR;
    market.stage.chain.world.warp(up);
    set_sequencer(&mut market, 0, up);
    market.stage.push_price(3_400.0).expect("the first round after it");
    let first = market.stage.last_round().expect("a round");
    let wrong = IVault::settleCall { expiry: far, roundId: first };
    assert!(market.stage.vault(trader, wrong).is_err(), "the round after the outage is not the expiry's");
    let right = IVault::settleCall { expiry: far, roundId: last };
    let price = market.stage.vault(trader, right).expect("settled inside the grace period");
    assert_eq!(price, crate::market::wad(2_900.0));
    let claim = IVault::claimCall { series: vec![call], receiver: trader };
    assert_eq!(market.stage.vault(trader, claim).expect("a claim"), usdc(300.0));

    let grace = IVault::SequencerGracePeriod { upSince: U256::from(up), openFrom: U256::from(up + HOUR) };
    market.stage.chain.world.warp(up + HOUR);
    market.stage.push_price(3_400.0).expect("a round");
    market.refuses(grace, |market| market.deposit(1_000.0));
    market.stage.chain.world.warp(up + HOUR + 1);
    market.deposit(1_000.0).expect("a deposit the second after");
}

#[test]
fn c02_a_sequencer_feed_that_breaks_or_was_never_started_is_an_outage() {
    let (mut market, lp, writer, settled) = half_out();
    set_sequencer(&mut market, 0, 0);
    refuses_what_needs_a_price(&mut market, writer, &IVault::SequencerDown { since: U256::ZERO });
    let feed = market.stage.sequencer;
    replace(&mut market, feed);
    for mode in [REVERT, SHORT, EMPTY, BURN] {
        set_mode(&mut market, feed, mode);
        refuses_what_needs_a_price(&mut market, writer, &IVault::FeedFailed { feed });
        exits_work(&mut market, lp, settled);
    }
}

#[test]
fn c15_publishers_that_fall_silent_widen_every_quote_until_trading_stops_and_exits_stay_open() {
    let (mut market, lp, _, settled) = half_out();
    let (call, published) = (market.call(2_800), market.now());
    let mut last = U256::ZERO;
    for hours in 0..6 {
        market.stage.chain.world.warp(published + hours * HOUR);
        market.stage.push_price(SPOT).expect("a round");
        let spread = market.quote(&[(call, 1.0)]).expect("a quote").spread;
        // Up to one heartbeat a surface is fresh, and vega falls a little; then each heartbeat missed adds to it.
        assert!(hours < 2 || spread > last + last / U256::from(20), "{hours} h: {spread} {last}");
        last = spread;
    }
    market.stage.chain.world.warp(published + 6 * HOUR);
    market.stage.push_price(SPOT).expect("a round");
    let expiry = market.expiries[1];
    let stale =
        || IVault::SurfaceStale { expiry, updatedAt: U256::from(published), maxAge: U256::from(6 * HOUR) };
    market.refuses(stale(), |market| market.trade(&[(call, 1.0)]));
    market.refuses(stale(), |market| market.trade(&[(call, -1.0)]));
    // Marks go on with the last surface: shares are still processed, hedges still due, claims still paid.
    process(&mut market).expect("processed");
    assert!(redeem_all(&mut market, lp) > U256::ZERO);
    market.stage.need().expect("the desk still marks");
    let claim = IVault::claimCall { series: vec![settled], receiver: market.trader };
    market.stage.vault(market.trader, claim).expect("a claim");
}

/// Publishers who sign anything push the vols as far as the feed lets them, `rounds` times in an interval; what somebody gains who bought
/// before and sells back after, in micro-USD, and how much NAV moved by it.
fn pushed_by_hostile_publishers(rounds: u32, up: bool) -> (i128, U256) {
    let mut market = Market::limited(default_profile(), default_limits());
    let legs = [(market.call(2_800), 5.0)];
    let nav = market.nav().mid.into_raw();
    let paid = market.trade(&legs).expect("a purchase");
    let start = market.now();
    for round in 1..=rounds {
        market.stage.chain.world.warp(start + u64::from(round) * 60);
        let now = market.now();
        let mut best = 0.8;
        // The farthest flat surface that the feed takes, by halves.
        let (mut low, mut high) = (0.8, if up { 0.9 } else { 0.7 });
        let base = market.stage.chain.world.snapshot();
        for _ in 0..20 {
            let vol = (low + high) / 2.0;
            let slices = market.expiries.map(|expiry| slice(expiry, now, vol, SPOT)).to_vec();
            let taken = market.stage.publish(slices).is_ok();
            market.stage.chain.world.restore(&base);
            if taken {
                (low, best) = (vol, vol);
            } else {
                high = vol;
            }
        }
        let slices = market.expiries.map(|expiry| slice(expiry, now, best, SPOT)).to_vec();
        market.stage.publish(slices).expect("the farthest that is taken");
    }
    let got = market.trade(&[(legs[0].0, -5.0)]).expect("a sale");
    let gained = -(i128::try_from(paid).expect("small") + i128::try_from(got).expect("small"));
    (gained, nav)
}

#[test]
fn c15_hostile_publishers_move_an_interval_by_one_step_and_their_friends_gain_nothing_by_it() {
    for up in [true, false] {
        for rounds in [1, 10, 29] {
            let (gained, nav) = pushed_by_hostile_publishers(rounds, up);
            // One step of vol is what the spread was made for: there and back costs more than it brings.
            assert!(gained < 0, "{rounds} updates, up {up}: gained {gained} micro-USD of {nav}");
        }
    }
}

#[test]
fn c15_what_hostile_publishers_take_in_an_interval_is_a_step_of_the_books_vega_and_no_more() {
    const STEP: f64 = 0.005;
    let mut market = Market::limited(default_profile(), default_limits());
    let (limits, call) = (default_limits(), market.call(2_800));
    // Their friends buy what every round lets them.
    for round in 1..=3 {
        market.stage.chain.world.warp(START + round);
        market.stage.push_price(SPOT).expect("a round");
        while market.trade(&[(call, 1.0)]).is_ok() {}
    }
    let mut vol = 0.8;
    for interval in 1..=4_u64 {
        market.stage.chain.world.warp(START + interval * HOUR / 2);
        let (now, expiries, greeks, before) =
            (market.now(), market.expiries, market.greeks(), market.nav().mid);
        let wild = expiries.map(|expiry| slice(expiry, now, vol + 2.0 * STEP, SPOT)).to_vec();
        let refused = market.stage.publish(wild).expect_err("two steps at once");
        assert!(
            matches!(refused.surface_error(), Some(ISurface::ISurfaceErrors::StepAboveLimit(_))),
            "{refused}"
        );
        // A step at the wings is less of one at the money.
        vol += STEP / 1.2;
        market.stage.publish(expiries.map(|expiry| slice(expiry, now, vol, SPOT)).to_vec()).expect("a step");
        let wild = expiries.map(|expiry| slice(expiry, now, vol + STEP, SPOT)).to_vec();
        assert!(market.stage.publish(wild).is_err(), "a second step in the same interval");
        let lost = f64::from((before - market.nav().mid).into_raw()) / 1e6;
        let vega = f64::from(greeks.vega.unsigned_abs()) / 1e18;
        assert!(lost > 0.0 && lost <= vega * STEP, "{lost} of {vega}");
        // The caps bound what it can be of: no expiry of the book has more vega than this.
        assert!(vega <= 2.0 * f64::from(limits.maxVega), "{vega}");
    }
}

#[test]
fn c01_round_ids_beyond_every_phase_settle_nothing() {
    let (mut market, _) = asked();
    let (near, trader) = (market.expiries[0], market.trader);
    market.move_to(near + HOUR, SPOT);
    for id in [U80::ZERO, U80::MAX, U80::from(1), U80::from(1_u128 << 64), U80::from(u64::MAX)] {
        let settle = IVault::settleCall { expiry: near, roundId: id };
        let failure = market.stage.vault(trader, settle).expect_err("no such round");
        assert_eq!(failure.data()[..4], IVault::RoundNotStraddling::SELECTOR, "{failure}");
    }
}
