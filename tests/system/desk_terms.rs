//! What the desk says and pays, to the unit: its views, its clock's event, and the cost of hedges by position.

use alloy_sol_types::{SolCall, SolError as _, SolValue as _};
use demo::stage::default_profile;
use host::alloy_primitives::{Address, Bytes, FixedBytes, I256, U256};
use host::{Receipt, Tx};
use interfaces::desk::IHedgeDesk::{self, Leg, Plan, Rebalanced};
use interfaces::vault::IVault;

use crate::broker::{held, skew, with_aave};
use crate::desk::{need, waited};
use crate::desk_fill::{fill, filler};
use crate::hedge::skewed;
use crate::market::{events, signed, wad, wide_limits, Market, DAY, HOUR, SPOT, START};
use crate::venue_short::Short;

/// The price cap at once [1e-6].
const SLIP: u64 = 2_000;

/// A view of the desk: what it answered, and the answer's bytes.
fn answered<C: SolCall>(market: &mut Market, call: C) -> (C::Return, Bytes) {
    let (from, desk) = (market.stage.actors.keeper, market.stage.desk);
    let receipt = market.stage.chain.world.view(from, desk, call.abi_encode()).expect("an answer");
    (C::abi_decode_returns(&receipt.output).expect("of its type"), receipt.output)
}

fn poke(market: &mut Market) -> Vec<IHedgeDesk::HedgeDue> {
    let (anyone, desk) = (market.stage.actors.arbitrageur, market.stage.desk);
    let sent = market.stage.chain.send_for_receipt(anyone, desk, IHedgeDesk::pokeCall {});
    events(&sent.expect("a look").1.logs, desk)
}

/// Value of a size at a price, rounded away from zero [micro-USD].
fn worth(size: I256, price: f64) -> U256 {
    (size.unsigned_abs() * wad(price)).div_ceil(U256::from(10).pow(U256::from(30)))
}

#[test]
fn the_desk_says_whom_it_serves_and_which_interfaces_it_has() {
    let mut market = Market::open();
    let vault = market.stage.vault;
    assert_eq!(answered(&mut market, IHedgeDesk::vaultCall {}).0, vault);
    // ERC-165: the last is none by definition.
    for (id, has) in
        [(0x01ff_c9a7_u32, true), (0x805f_2132, true), (0x805f_2133, false), (0, false), (0xffff_ffff, false)]
    {
        let call = IHedgeDesk::supportsInterfaceCall { interfaceId: FixedBytes(id.to_be_bytes()) };
        assert_eq!(answered(&mut market, call).0, has, "{id:08x}");
    }
}

#[test]
fn what_automation_networks_are_handed_is_a_plan_for_all_that_is_due_in_whole_words() {
    let mut market = waited(HOUR);
    let (due, spot) = (need(&mut market).due, wad(SPOT));
    let (told, bytes) = answered(&mut market, IHedgeDesk::checkUpkeepCall(Bytes::new()));
    assert!(told.upkeepNeeded);
    assert_eq!(bytes, (true, told.performData.clone()).abi_encode_params());
    let plan = Plan::abi_decode(&told.performData).expect("a plan");
    let legs = vec![Leg { venue: Address::ZERO, size: due, limitPrice: U256::ZERO }];
    let deadline = U256::from(market.now() + 600);
    assert_eq!(plan, Plan { legs, spot, deadline, payee: Address::ZERO });
    // Four bytes more than whole words, padded.
    let (payload, bytes) = answered(&mut market, IHedgeDesk::checkerCall {});
    assert_eq!(bytes, (true, payload.execPayload.clone()).abi_encode_params());
    assert_eq!(payload.execPayload.len() % 32, 4);

    let mut market = Market::open();
    let nothing = (false, Bytes::new()).abi_encode_params();
    assert_eq!(answered(&mut market, IHedgeDesk::checkUpkeepCall(Bytes::new())).1, nothing);
    assert_eq!(answered(&mut market, IHedgeDesk::checkerCall {}).1, nothing);
}

#[test]
fn a_hedge_that_is_due_is_told_once_when_it_is_first_seen() {
    let mut market = Market::open();
    assert_eq!(poke(&mut market), [], "nothing is due");
    let mut market = skewed();
    let said = need(&mut market);
    let [told] = poke(&mut market).try_into().expect("one event");
    let usd = |size: U256| f64::from(size) / 1e18 * SPOT;
    assert!((f64::from(told.deviation.into_raw()) / 1e6 - usd(said.deviation.into_raw())).abs() < 2e-6);
    assert!((f64::from(told.outer) / 1e6 - usd(said.outer)).abs() < 2e-6);
    assert_eq!(poke(&mut market), [], "it was seen before");
    let now = market.now();
    market.move_to(now + HOUR, SPOT);
    assert_eq!(poke(&mut market), [], "and is due all the while");
    assert_eq!(need(&mut market).since, U256::from(START));
}

#[test]
fn what_stays_away_from_rest_for_a_day_is_due_inside_the_band() {
    // A hedge has brought the book to the inner edge.
    let mut market = skewed();
    let (size, venue) = (need(&mut market).due, market.stage.venue);
    market.rebalance(venue, size).expect("a hedge");
    let at = |market: &mut Market| {
        let said = need(market);
        (f64::from(said.deviation.unsigned_abs()), f64::from(said.inner), f64::from(said.outer), said)
    };
    // Beyond the inner edge by more than the least hedge of 250 USD, and not beyond the outer.
    let rest = 300.0 / SPOT * 1e18;
    let call = market.call(2_800);
    for _ in 0..200 {
        let (deviation, inner, ..) = at(&mut market);
        if deviation > inner + rest {
            break;
        }
        market.trade(&[(call, 0.1)]).expect("a trade");
    }
    let (deviation, inner, outer, said) = at(&mut market);
    assert!(deviation > inner + rest && deviation < outer && said.due.is_zero(), "{said:?}");
    assert_eq!(poke(&mut market), []);
    market.move_to(START + DAY - 1, SPOT);
    let (deviation, inner, _, said) = at(&mut market);
    assert!(deviation > inner + rest && said.due.is_zero(), "{said:?}");
    market.move_to(START + DAY, SPOT);
    let said = need(&mut market);
    assert!(said.due.is_positive(), "{said:?}");
    assert!((said.deviation.unsigned_abs() - said.inner).abs_diff(said.due.unsigned_abs()) <= U256::ONE);
}

#[test]
fn of_what_is_due_the_trades_of_the_last_minutes_count_for_nothing() {
    let mut market = waited(HOUR);
    let before = need(&mut market);
    let call = market.call(2_800);
    market.trade(&[(call, 6.0)]).expect("a trade");
    let after = need(&mut market);
    let young = after.deviation - before.deviation;
    assert!(young > signed(2.0) && after.due > before.due, "{after:?}");
    // What was due before, seen with the inner edge of now.
    let old = (before.deviation.into_raw() - after.inner).abs_diff(after.seasoned);
    assert!(old < wad(1e-6), "{before:?} {after:?}");
}

#[test]
fn a_fill_of_nothing_goes_nowhere_whatever_its_limit() {
    let mut market = waited(HOUR);
    let (who, due) = (filler(&mut market), need(&mut market).due);
    for limit in [U256::ZERO, U256::from(5), U256::MAX] {
        let failure = fill(&mut market, who, I256::ZERO, limit).expect_err("nothing");
        let error = IHedgeDesk::HedgeWrongWay::abi_decode(&failure.data()).expect("the wrong way");
        assert_eq!(error.size, I256::ZERO, "{failure}");
        assert!(error.due.is_positive() && due.is_positive());
    }
}

#[test]
fn a_fill_that_buys_pays_what_the_desk_said_to_the_unit() {
    let mut market = skewed();
    let (venue, who) = (market.stage.venue, filler(&mut market));
    let size = need(&mut market).due;
    market.rebalance(venue, size).expect("a purchase");
    market.move_to(START + 2 * DAY, SPOT * 0.75);
    let base = market.stage.chain.world.snapshot();
    // A size of whole micro-USD and one between them.
    for less in [0_u64, 1, 238_095_239] {
        market.stage.chain.world.restore(&base);
        let said = need(&mut market);
        assert!(said.due.is_negative());
        let size = said.due + I256::try_from(less).expect("a number");
        let cash = fill(&mut market, who, size, U256::MAX).expect("a fill");
        // Five basis points above the feed's price are the vault's: all of it is young.
        let value = worth(size, SPOT * 0.75);
        assert_eq!(cash, value + (value * U256::from(500)).div_ceil(U256::from(1_000_000)), "{size}");
        if less == 0 {
            assert_eq!(cash, said.cash);
        }
    }
}

#[test]
fn a_hedge_that_earns_nothing_is_paid_nothing() {
    let mut market = Market::bare(default_profile(), wide_limits());
    let (owner, desk) = (market.stage.actors.owner, market.stage.desk);
    let rules = IHedgeDesk::Rules { gasCap: 0, ..answered(&mut market, IHedgeDesk::rulesCall {}).0 };
    market.stage.hedge(owner, IHedgeDesk::setRulesCall { rules_: rules }).expect("no pay for gas");
    market.deposit(1_000_000.0).expect("a deposit");
    market.list(market.expiries[1], 1_800.0, 100.0, 21).expect("a listed expiry");
    market.publish();
    market.trade(&[(market.call(2_800), 18.0)]).expect("a trade");
    let (plan, before) = (market.stage.plan_of_due().expect("a plan"), need(&mut market).budget);
    let (keeper, vault) = (market.stage.actors.keeper, market.stage.vault);
    let call = IHedgeDesk::rebalanceCall { plan };
    let (done, receipt) = market.stage.chain.send_for_receipt(keeper, desk, call).expect("a hedge");
    assert_eq!(done.reward, U256::ZERO);
    assert_eq!(events::<IVault::RewardPaid>(&receipt.logs, vault), []);
    assert_eq!(need(&mut market).budget, before);
}

#[test]
fn a_broker_that_says_nothing_is_named_in_the_error() {
    let mut market = skewed();
    let (broker, keeper) = (market.stage.broker, market.stage.actors.keeper);
    let size = need(&mut market).due;
    let plan = market.stage.plan(market.trader, size).expect("a plan");
    market.stage.chain.world.set_code(broker, vec![0xfe].into());
    market.refuses(IHedgeDesk::VaultFailed { vault: broker }, |market| {
        market.stage.hedge(keeper, IHedgeDesk::rebalancePositionCall { plan })
    });
}

/// Hedges with a position, at a limit: what the desk told of it.
fn by_position(short: &mut Short, size: I256, limit: f64) -> Rebalanced {
    let mut plan = short.market.stage.plan(short.venue, size).expect("a plan");
    plan.legs[0].limitPrice = wad(limit);
    let (from, desk) = (short.market.stage.actors.keeper, short.market.stage.desk);
    let data = IHedgeDesk::rebalancePositionCall { plan }.abi_encode().into();
    let tx = Tx { from, to: Some(desk), value: U256::ZERO, data, gas_limit: 20_000_000 };
    let receipt: Receipt = short.market.stage.chain.world.call_with(tx).expect("a hedge");
    let [told] = events(&receipt.logs, desk).try_into().expect("one event");
    told
}

/// `rate` millionths of a value, rounded down.
fn part(value: U256, rate: u64) -> I256 {
    I256::from_raw(value * U256::from(rate) / U256::from(1_000_000))
}

#[test]
fn a_hedge_by_position_costs_what_its_limit_allows() {
    let mut short = with_aave();
    skew(&mut short.market, 60.0);
    let due = short.market.stage.need().expect("a need").due;
    assert!(due.is_negative());
    let base = short.market.stage.chain.world.snapshot();
    // A sale: at the desk's own limit, at one of the caller's that is closer, and at one beyond the feed's price.
    let value = worth(due, SPOT);
    let told = by_position(&mut short, due, 0.0);
    assert_eq!((told.size, told.cost), (due, part(value, SLIP)));
    short.market.stage.chain.world.restore(&base);
    assert_eq!(by_position(&mut short, due, SPOT * 0.9985).cost, part(value, 1_500));
    short.market.stage.chain.world.restore(&base);
    short.market.stage.arbitrage(SPOT * 1.004).expect("a pool above the feed");
    assert_eq!(by_position(&mut short, due, SPOT * 1.001).cost, -part(value, 1_000));

    // And a purchase.
    skew(&mut short.market, -40.0);
    let later = short.market.now() + HOUR;
    short.market.move_to(later, SPOT);
    let due = short.market.stage.need().expect("a need").due;
    assert!(due.is_positive() && due < -held(&mut short.market).size);
    let value = due.into_raw() * wad(SPOT) / U256::from(10).pow(U256::from(30));
    let base = short.market.stage.chain.world.snapshot();
    assert_eq!(by_position(&mut short, due, 0.0).cost, part(value, SLIP));
    short.market.stage.chain.world.restore(&base);
    short.market.stage.arbitrage(SPOT * 0.996).expect("a pool below the feed");
    assert_eq!(by_position(&mut short, due, SPOT * 0.999).cost, -part(value, 1_000));
}
