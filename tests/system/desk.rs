//! Plans of the hedging desk: what they may do, what they are paid, and who may not do what the desk may.

use alloy_sol_types::{SolCall as _, SolError as _, SolValue as _};
use demo::stage::{name_satellite, Failure};
use host::alloy_primitives::{Address, Bytes, FixedBytes, B256, I256, U256};
use interfaces::desk::IHedgeDesk::{self, Leg, Need, Plan};
use interfaces::external::IToken;
use interfaces::vault::IVault;

use crate::hedge::skewed;
use crate::market::{events, signed, usdc, Market, DAY, HOUR, SPOT, START};

const DESK: IVault::Satellite = IVault::Satellite::Desk;

pub(crate) fn need(market: &mut Market) -> Need {
    market.stage.need().expect("the state of the hedge")
}

/// A plan of one leg through the market's venue.
fn plan(market: &mut Market, size: I256) -> Plan {
    let venue = market.stage.venue;
    market.stage.plan(venue, size).expect("a price")
}

fn run(market: &mut Market, plan: Plan) -> Result<(I256, U256), Failure> {
    let keeper = market.stage.actors.keeper;
    let done = market.stage.hedge(keeper, IHedgeDesk::rebalanceCall { plan })?;
    Ok((done.size, done.reward))
}

pub(crate) fn poke(market: &mut Market) {
    let anyone = market.stage.actors.arbitrageur;
    market.stage.hedge(anyone, IHedgeDesk::pokeCall {}).expect("a look");
}

/// A market whose hedge has been due for `seconds`, seen from the start.
pub(crate) fn waited(seconds: u64) -> Market {
    let mut market = skewed();
    poke(&mut market);
    let now = market.now();
    market.move_to(now + seconds, SPOT);
    market
}

#[test]
fn the_desk_sees_what_the_lens_sees() {
    let mut market = skewed();
    let (need, hedge) = (need(&mut market), crate::hedge::due(&mut market));
    assert_eq!((need.position, need.target), (hedge.position, hedge.target));
    assert_eq!((need.inner, need.outer, need.due), (hedge.inner, hedge.outer, hedge.size));
    assert_eq!(need.deviation, hedge.reachable - hedge.position);
    assert_eq!((need.seasoned, need.slip), (U256::ZERO, U256::from(2_000)));
    assert!(need.budget > U256::ZERO);
}

#[test]
fn a_plan_hedges_to_the_edge_and_is_paid_what_it_saved() {
    let mut market = waited(HOUR);
    let before = need(&mut market);
    assert!(before.seasoned > U256::ZERO && before.since == U256::from(START), "{before:?}");
    let plan = plan(&mut market, before.due);
    let (keeper, desk) = (market.stage.actors.keeper, market.stage.desk);
    let (held, nav) = (market.usdc_of(keeper), market.nav().mid);
    let call = IHedgeDesk::rebalanceCall { plan };
    let (done, receipt) = market.stage.chain.send_for_receipt(keeper, desk, call).expect("a hedge");
    assert_eq!(done.size, before.due);
    let [told] = events::<IHedgeDesk::Rebalanced>(&receipt.logs, desk).try_into().expect("one event");
    assert_eq!((told.payee, told.size, told.reward), (keeper, before.due, done.reward));
    assert_eq!(market.usdc_of(keeper) - held, done.reward);
    assert!(done.reward > U256::ZERO && done.reward < told.benefit, "{} of {}", done.reward, told.benefit);
    // NAV fell by what the venue cost and by the reward, to the unit of a price.
    let fell = nav - market.nav().mid;
    let spent = told.cost + I256::from_raw(done.reward);
    assert!((fell - spent).abs() <= I256::from_raw(U256::from(2)), "{fell} {spent}");
    let after = need(&mut market);
    assert!(after.due.is_zero() && after.budget < before.budget, "{after:?}");
}

#[test]
fn a_skew_that_was_just_made_is_paid_its_gas_and_no_more() {
    let mut market = skewed();
    let due = need(&mut market).due;
    let plan = plan(&mut market, due);
    let (_, reward) = run(&mut market, plan).expect("a hedge");
    assert!(reward <= U256::from(2_000_000), "{reward}");
    let mut market = waited(0);
    let now = market.now();
    market.move_to(now + 300, SPOT);
    let young = need(&mut market);
    assert_eq!(young.seasoned, U256::ZERO, "trades of the last ten minutes do not count");
    market.move_to(now + 601, SPOT);
    assert!(need(&mut market).seasoned > U256::ZERO);
}

#[test]
fn plans_that_are_stale_late_empty_long_or_go_the_wrong_way() {
    let mut market = waited(HOUR);
    let due = need(&mut market).due;
    let good = plan(&mut market, due);
    let refused = |market: &mut Market, plan: Plan, error: Vec<u8>| {
        let before = market.digests();
        let failure = run(market, plan).expect_err("a refusal");
        assert_eq!(failure.data(), error, "{failure}");
        assert_eq!(market.digests(), before, "a refused plan changed something");
    };
    let now = U256::from(market.now());
    let late = Plan { deadline: now - U256::ONE, ..good.clone() };
    let error = IHedgeDesk::DeadlinePassed { deadline: late.deadline, timestamp: now };
    refused(&mut market, late, error.abi_encode());
    let stale = Plan { spot: good.spot + U256::ONE, ..good.clone() };
    let error = IHedgeDesk::PlanStale { spot: good.spot, planned: stale.spot };
    refused(&mut market, stale, error.abi_encode());
    let empty = Plan { legs: vec![], ..good.clone() };
    refused(&mut market, empty, IHedgeDesk::NoLegs {}.abi_encode());
    let long = Plan { legs: vec![good.legs[0].clone(); 5], ..good.clone() };
    let error = IHedgeDesk::TooManyLegs { legs: U256::from(5), limit: U256::from(4) };
    refused(&mut market, long, error.abi_encode());
    let wrong = plan(&mut market, -due);
    let failure = run(&mut market, wrong).expect_err("the wrong way");
    assert_eq!(failure.data()[..4], IHedgeDesk::HedgeWrongWay::SELECTOR);
    let dust = plan(&mut market, signed(0.001));
    let failure = run(&mut market, dust).expect_err("dust");
    assert_eq!(failure.data()[..4], IHedgeDesk::HedgeTooSmall::SELECTOR);
    let far = plan(&mut market, due + due / I256::try_from(2).expect("two"));
    let failure = run(&mut market, far).expect_err("too far");
    assert_eq!(failure.data()[..4], IHedgeDesk::FarEdgeCrossed::SELECTOR, "{failure}");
    let stranger =
        Plan { legs: vec![Leg { venue: market.stage.feed, ..good.legs[0].clone() }], ..good.clone() };
    let failure = run(&mut market, stranger).expect_err("no venue");
    assert_eq!(failure.data()[..4], IVault::VenueNotAllowed::SELECTOR);
    run(&mut market, good.clone()).expect("a hedge");
    let again = run(&mut market, good).expect_err("nothing is due");
    assert_eq!(again.data()[..4], IHedgeDesk::HedgeNotDue::SELECTOR);
}

#[test]
fn a_venue_beyond_slip_is_refused_until_slip_has_widened() {
    let mut market = skewed();
    poke(&mut market);
    // A pool 30 basis points dear: within slip(t) once it has widened that far.
    market.stage.arbitrage(SPOT * 1.003).expect("a pool away from the feed");
    let due = need(&mut market).due;
    let early = plan(&mut market, due);
    let failure = run(&mut market, early).expect_err("too dear");
    assert_eq!(failure.data()[..4], IHedgeDesk::SlipAboveCap::SELECTOR, "{failure}");
    let now = market.now();
    market.stage.chain.world.warp(now + HOUR);
    market.stage.push_price(SPOT).expect("a round");
    market.publish();
    let due = need(&mut market).due;
    let later = plan(&mut market, due);
    run(&mut market, later).expect("a hedge at slip(t)");
}

#[test]
fn automation_networks_come_through_their_own_doors() {
    let mut market = waited(HOUR);
    let (desk, keeper) = (market.stage.desk, market.stage.actors.keeper);
    let check = IHedgeDesk::checkUpkeepCall(Bytes::new());
    let told = market.stage.chain.view(desk, check).expect("a check");
    assert!(told.upkeepNeeded);
    let payload = market.stage.chain.view(desk, IHedgeDesk::checkerCall {}).expect("a payload");
    let performed = IHedgeDesk::performUpkeepCall { performData: told.performData.clone() }.abi_encode();
    assert!(payload.canExec && payload.execPayload == performed, "{payload:?}");
    for id in [0x01ff_c9a7_u32, 0x805f_2132] {
        let call = IHedgeDesk::supportsInterfaceCall { interfaceId: FixedBytes(id.to_be_bytes()) };
        assert!(market.stage.chain.view(desk, call).expect("an answer"));
    }
    let base = market.stage.chain.world.snapshot();
    let doors: [Vec<u8>; 4] = [
        performed.clone(),
        // As PowerPool calls, with a word behind.
        [performed.as_slice(), &[7; 32]].concat(),
        IHedgeDesk::performUpkeepCall { performData: Bytes::new() }.abi_encode(),
        IHedgeDesk::onReportCall { metadata: vec![1; 64].into(), report: told.performData }.abi_encode(),
    ];
    for data in doors {
        market.stage.chain.world.restore(&base);
        let paid = market.usdc_of(keeper);
        market.stage.chain.world.call(keeper, desk, data).expect("a hedge");
        assert!(need(&mut market).due.is_zero());
        assert!(market.usdc_of(keeper) > paid, "whoever calls is paid");
    }
    let check = IHedgeDesk::checkUpkeepCall(Bytes::new());
    assert!(!market.stage.chain.view(desk, check.clone()).expect("a check").upkeepNeeded);
    let now = market.now();
    market.stage.chain.world.warp(now + DAY);
    assert!(!market.stage.chain.view(desk, check).expect("no price is no failure").upkeepNeeded);
}

#[test]
fn what_the_desk_may_do_is_for_the_desk_alone() {
    let mut market = waited(HOUR);
    let (stranger, desk, venue) = (market.stage.actors.keeper, market.stage.desk, market.stage.venue);
    let due = need(&mut market).due;
    let error = || IVault::OnlyDesk { caller: stranger, desk };
    for payer in [Address::ZERO, stranger] {
        let call = order(venue, due, U256::MAX, payer);
        market.refuses(error(), |market| market.stage.vault(stranger, call));
    }
    let call = IVault::payRewardCall { payee: stranger, amount: U256::ONE };
    market.refuses(error(), |market| market.stage.vault(stranger, call));
}

/// What the desk tells the vault.
fn order(venue: Address, size: I256, cash_limit: U256, payer: Address) -> IVault::hedgeCall {
    IVault::hedgeCall { venue, size, cashLimit: cash_limit, payer, data: B256::ZERO }
}

/// A market whose desk is an account, to do what a hostile desk would.
fn usurped() -> (Market, Address) {
    let mut market = skewed();
    let (owner, desk) = (market.stage.actors.owner, market.stage.actors.arbitrageur);
    let old = market.stage.desk;
    market.stage.vault(owner, name_satellite(DESK, desk)).expect("a proposal");
    let due = U256::from(START + 2 * DAY);
    let told = market.stage.ask(IVault::satelliteCall { which: DESK }).expect("a desk");
    assert_eq!((told.contract_, told.proposed, told.acceptFrom), (old, desk, due));
    let error = IVault::SatelliteNotDue { acceptFrom: due, timestamp: U256::from(START) };
    market.refuses(error, |market| market.stage.vault(owner, IVault::acceptSatelliteCall { which: DESK }));
    market.move_to(START + 2 * DAY, SPOT);
    market.stage.vault(market.trader, IVault::acceptSatelliteCall { which: DESK }).expect("a desk");
    (market, desk)
}

#[test]
fn a_hostile_desk_takes_no_more_than_the_cap() {
    let (mut market, desk) = usurped();
    let most = |reward: u64, most: u64| IVault::RewardAboveCap {
        reward: U256::from(reward),
        most: U256::from(most),
    };
    let pay = |amount: u64| IVault::payRewardCall { payee: desk, amount: U256::from(amount) };
    market.refuses(most(1, 0), |market| market.stage.vault(desk, pay(1)));
    // A fill at any price is one at the cap of a per cent.
    let (vault, venue, underlying) = (market.stage.vault, market.stage.venue, market.stage.underlying);
    for spender in [vault, desk] {
        let allow = IToken::approveCall { spender, value: U256::MAX };
        market.stage.chain.send(desk, underlying, allow).expect("an allowance");
    }
    let base = market.stage.chain.world.snapshot();
    let cash = market.stage.vault(desk, order(desk, signed(0.01), U256::MAX, desk)).expect("a fill");
    assert_eq!(cash, U256::from(28_280_000_u64));
    market.stage.chain.world.restore(&base);
    // Nobody else pays, whatever they let the vault take: not who trades, and not the margin contract.
    let (trader, margin, token) = (market.trader, market.stage.margin, market.stage.usdc);
    market.stage.vault(desk, order(desk, signed(0.01), U256::MAX, desk)).expect("a fill");
    for payer in [trader, margin] {
        let all = market.stage.chain.token_balance(token, payer).expect("a balance").max(usdc(28.0));
        let error = IVault::TokenShort { token, expected: all, received: U256::ZERO };
        market.refuses(error, |market| market.stage.vault(desk, order(desk, signed(-0.01), all, payer)));
    }
    market.stage.chain.world.restore(&base);
    market.stage.vault(desk, order(venue, signed(1.0), U256::MAX, Address::ZERO)).expect("a hedge");
    // What was granted for it is gone with its transaction.
    market.refuses(most(1, 0), |market| market.stage.vault(desk, pay(1)));
}

#[test]
fn rules_have_bounds_and_are_fixed_once_there_are_shares() {
    let mut market = Market::bare(demo::stage::default_profile(), crate::market::wide_limits());
    let (owner, desk, stranger) = (market.stage.actors.owner, market.stage.desk, market.trader);
    let rules = market.stage.chain.view(desk, IHedgeDesk::rulesCall {}).expect("rules");
    let other = IHedgeDesk::Rules { slipBase: 1_500, budgetSpan: 43_200, ..rules.clone() };
    let set = |rules: &IHedgeDesk::Rules| IHedgeDesk::setRulesCall { rules_: rules.clone() };
    let failure = market.stage.hedge(stranger, set(&other)).err().expect("not the owner");
    assert_eq!(failure.data(), IHedgeDesk::OnlyOwner { caller: stranger, owner }.abi_encode());
    let wrong = [
        (IHedgeDesk::Rules { seasoning: 601, ..rules.clone() }, 0, 601),
        (IHedgeDesk::Rules { slipMax: 60_000, ..rules.clone() }, 5, 60_000),
        (IHedgeDesk::Rules { budgetSpan: 1, ..rules.clone() }, 15, 1),
    ];
    for (rules, index, value) in wrong {
        let failure = market.stage.hedge(owner, set(&rules)).err().expect("out of range");
        let error = IHedgeDesk::RuleOutOfRange::abi_decode(&failure.data()).expect("a range");
        assert_eq!((error.index, error.value), (U256::from(index), U256::from(value)));
    }
    market.stage.hedge(owner, set(&other)).expect("other rules");
    assert_eq!(market.stage.chain.view(desk, IHedgeDesk::rulesCall {}).expect("rules"), other);
    market.deposit(1.0).expect("a deposit");
    let failure = market.stage.hedge(owner, set(&rules)).err().expect("locked");
    assert_eq!(failure.data()[..4], IHedgeDesk::RulesLocked::SELECTOR);
    let arguments = (desk, U256::ONE).abi_encode_params();
    let data = [stylus_constructor(), arguments].concat();
    let again = market.stage.chain.world.call(owner, desk, data);
    assert!(again.is_err(), "a second construction");
}

fn stylus_constructor() -> Vec<u8> {
    host::alloy_primitives::keccak256("stylus_constructor()")[..4].to_vec()
}
