//! Hedges by position: the desk has the broker trade, the vault counts what it holds.

use alloy_sol_types::SolCall as _;
use book::Brokered;
use demo::stage::positions::{CAP, FEE, PERP_MARGIN, SHORT_MARGIN, TIMEOUT};
use demo::stage::{default_profile, Failure};
use host::alloy_primitives::{Address, B256, I256, U256};
use host::{Receipt, Tx};
use interfaces::broker::IBroker::{self, Held};
use interfaces::desk::IHedgeDesk;
use interfaces::erc4626::IERC4626;
use interfaces::position::IPositionVenue;
use interfaces::vault::IVault;

use crate::market::{signed, usdc, wad, wide_limits, Market, HOUR, SPOT, START};
use crate::venue_perp::Perp;
use crate::venue_short::{dollars, Short};

/// A market whose broker may be short on Aave.
pub(crate) fn with_aave() -> Short {
    let market = Market::bare(default_profile(), wide_limits());
    let broker = market.stage.broker;
    let mut short = Short::serving(market, broker, broker);
    short.market.stage.seat(short.venue, SHORT_MARGIN).expect("a venue");
    populate(&mut short.market);
    short
}

/// A market whose broker may order at a perpetuals exchange.
pub(crate) fn with_perp() -> Perp {
    let market = Market::bare(default_profile(), wide_limits());
    let broker = market.stage.broker;
    let mut perp = Perp::serving(market, broker, broker);
    perp.market.stage.seat(perp.venue, PERP_MARGIN).expect("a venue");
    populate(&mut perp.market);
    let keeper = perp.market.stage.actors.keeper;
    perp.market.stage.chain.world.set_balance(keeper, wad(10.0));
    perp
}

pub(crate) fn populate(market: &mut Market) {
    market.deposit(1_000_000.0).expect("a deposit");
    for expiry in market.expiries {
        market.list(expiry, 1_800.0, 100.0, 21).expect("a listed expiry");
    }
    market.publish();
}

/// Buys puts, until a short hedge is due; sells them where there are fewer than none.
pub(crate) fn skew(market: &mut Market, puts: f64) {
    let mut left = puts;
    for strike in [2_800, 2_700, 2_900, 2_600] {
        let (put, size) = (market.put(strike), left.abs().min(15.0).copysign(left));
        if size != 0.0 {
            market.trade(&[(put, size)]).expect("puts");
        }
        left -= size;
    }
}

pub(crate) fn held(market: &mut Market) -> Held {
    let price = market.stage.ask(IVault::spotCall {}).expect("a price").price;
    market.stage.broker_view(IBroker::heldCall { price }).expect("what is held")
}

/// Hedges all that is due with a position.
pub(crate) fn hedge(market: &mut Market, venue: Address, ether: u64) -> Result<(B256, I256, U256), Failure> {
    let size = market.stage.need()?.due;
    hedge_of(market, venue, size, ether)
}

pub(crate) fn hedge_of(
    market: &mut Market,
    venue: Address,
    size: I256,
    ether: u64,
) -> Result<(B256, I256, U256), Failure> {
    let receipt = receipt_of(market, venue, size, ether)?;
    let done = IHedgeDesk::rebalancePositionCall::abi_decode_returns(&receipt.output).expect("an answer");
    Ok((done.key, done.size, done.reward))
}

/// The same, for its gas.
pub(crate) fn receipt_of(
    market: &mut Market,
    venue: Address,
    size: I256,
    ether: u64,
) -> Result<Receipt, Failure> {
    let plan = market.stage.plan(venue, size)?;
    let data = IHedgeDesk::rebalancePositionCall { plan }.abi_encode().into();
    let (from, to) = (market.stage.actors.keeper, Some(market.stage.desk));
    let tx = Tx { from, to, value: U256::from(ether), data, gas_limit: 20_000_000 };
    Ok(market.stage.chain.world.call_with(tx)?)
}

pub(crate) fn vault_nav(market: &mut Market) -> f64 {
    dollars(market.nav().mid)
}

#[test]
fn without_a_venue_nothing_is_short_and_with_one_as_much_as_its_cap() {
    let mut bare = Market::open();
    let put = bare.put(2_800);
    let failure = bare.trade(&[(put, 15.0)]).expect_err("a short hedge");
    assert_eq!(failure.name(), "HedgeCapacityExceeded");

    let mut short = with_aave();
    skew(&mut short.market, 15.0);
    // Half a delta each: beyond 400,000 USD of short hedges at the lower end of the reserve move.
    let put = short.market.put(2_800);
    let failure = (0..40).find_map(|_| short.market.trade(&[(put, 18.0)]).err()).expect("beyond the cap");
    assert_eq!(failure.name(), "HedgeCapacityExceeded");
}

/// What the vault tells its engine of the broker.
fn told(market: &mut Market) -> Option<Brokered> {
    let words = market.stage.ask(IVault::wordsCall {}).expect("words");
    let words: Vec<_> = words.iter().map(|word| word.0).collect();
    book::Request::decode(&words).expect("a request").brokered
}

#[test]
fn the_engine_is_told_what_may_be_short_and_the_margin_that_it_takes() {
    assert_eq!(told(&mut Market::open()), None);
    let mut short = with_aave();
    let nothing = Brokered { value: 0, equity: 0, short: CAP, margin: SHORT_MARGIN };
    assert_eq!(told(&mut short.market), Some(nothing));
    skew(&mut short.market, 60.0);
    let venue = short.venue;
    hedge(&mut short.market, venue, 0).expect("a hedge");
    let held = held(&mut short.market);
    let equity = i64::try_from(held.equity).expect("64 bits");
    let Some(Brokered { value, .. }) = told(&mut short.market) else { panic!("nothing is held") };
    assert_eq!(told(&mut short.market), Some(Brokered { value, equity, ..nothing }));
    assert!((value as f64 / 1e6 + f64::from(held.size.unsigned_abs()) / 1e18 * SPOT).abs() < 0.01, "{value}");
}

#[test]
fn a_hedge_by_position_makes_the_book_neutral_and_costs_what_it_says() {
    let mut short = with_aave();
    skew(&mut short.market, 60.0);
    let (venue, keeper) = (short.venue, short.market.stage.actors.keeper);
    let need = short.market.stage.need().expect("a need");
    assert!(need.due.is_negative() && need.target.is_negative());
    let (nav, purse) = (vault_nav(&mut short.market), short.market.usdc_of(keeper));

    let (key, size, reward) = hedge(&mut short.market, venue, 0).expect("a hedge");
    assert_eq!((key, size), (B256::ZERO, need.due));
    let held = held(&mut short.market);
    assert_eq!((held.size, held.pending), (need.due, I256::ZERO));
    let worth = f64::from(need.due.unsigned_abs()) / 1e18 * SPOT;
    // 70 % margin, less the haircut of 0.2 % and the pool's fee and impact.
    let equity = dollars(held.equity);
    assert!((equity / worth - 0.7).abs() < 0.005, "{equity} of {worth}");
    let after = short.market.stage.need().expect("a need");
    assert_eq!((after.due, after.position), (I256::ZERO, need.due));
    let lost = nav - vault_nav(&mut short.market);
    assert!((0.0..worth * 0.004).contains(&lost), "{lost} of {worth}");
    assert_eq!(short.market.usdc_of(keeper) - purse, reward);

    // What the price takes from the book it gives to the position.
    let before = vault_nav(&mut short.market);
    let later = short.market.now() + 600;
    short.market.move_to(later, SPOT * 0.99);
    let moved = vault_nav(&mut short.market) - before;
    assert!(moved.abs() < 0.06 * worth * 0.01, "{moved}");
}

#[test]
fn a_position_is_closed_again_and_the_vault_asks_no_more() {
    let mut short = with_aave();
    skew(&mut short.market, 40.0);
    let venue = short.venue;
    hedge(&mut short.market, venue, 0).expect("a hedge");
    skew(&mut short.market, -40.0);
    let later = short.market.now() + HOUR;
    short.market.move_to(later, SPOT);
    let need = short.market.stage.need().expect("a need");
    assert!(need.due.is_positive());
    // To the last unit, not to the band's edge: as the broker says it, because the desk counts in money.
    let whole = -held(&mut short.market).size;
    let failure = hedge_of(&mut short.market, venue, whole + I256::ONE, 0).expect_err("more than is owed");
    assert!(!failure.data().is_empty());
    hedge_of(&mut short.market, venue, whole, 0).expect("the end of the position");
    let anyone = short.market.stage.actors.arbitrageur;
    let collected =
        short.market.stage.broker(anyone, IBroker::collectCall { venue }).expect("what lies over");
    assert!(collected > usdc(10_000.0));
    let (told, nav) = (held(&mut short.market), short.market.nav());
    assert_eq!((told.size, nav.broker), (I256::ZERO, I256::ZERO));
    let failure = short.market.stage.broker(anyone, IBroker::collectCall { venue }).expect_err("nothing");
    assert_eq!(failure.name(), "NothingToCollect");
}

#[test]
fn an_order_counts_until_it_is_done_gone_or_overdue() {
    let mut perp = with_perp();
    skew(&mut perp.market, 60.0);
    let venue = perp.venue;
    let need = perp.market.stage.need().expect("a need");
    let nav = vault_nav(&mut perp.market);
    let (key, size, reward) = hedge(&mut perp.market, venue, FEE).expect("an order");
    assert!(!key.is_zero() && size.is_zero() && reward.is_zero());
    // In flight: margin is still the vault's, nothing is hedged twice, and J knows that nothing is hedged yet.
    let flying = held(&mut perp.market);
    assert!(flying.size.is_zero());
    let apart = (flying.pending - need.due).unsigned_abs();
    assert!(apart < wad(1e-6), "{} against {}", flying.pending, need.due);
    assert!((nav - vault_nav(&mut perp.market)).abs() < 1e-5);
    let pending = perp.market.stage.need().expect("a need");
    assert!(pending.due.is_zero() && (pending.position - flying.pending).unsigned_abs() < wad(1e-6));
    let failure = hedge_of(&mut perp.market, venue, need.due, FEE).expect_err("a second order");
    assert_eq!(failure.name(), "HedgeNotDue");

    perp.at(key, SPOT);
    let done = perp.market.stage.need().expect("a need");
    assert!(done.due.is_zero());
    let told = held(&mut perp.market);
    assert_eq!((told.pending, told.pendingSince), (I256::ZERO, U256::ZERO));
    assert!((told.size - need.due).unsigned_abs() < wad(1e-6));
}

#[test]
fn an_order_that_never_fills_blocks_nothing_for_longer_than_patience() {
    let mut perp = with_perp();
    skew(&mut perp.market, 60.0);
    let venue = perp.venue;
    let (key, ..) = hedge(&mut perp.market, venue, FEE).expect("an order");
    let rules =
        perp.market.stage.chain.view(perp.market.stage.desk, IHedgeDesk::rulesCall {}).expect("rules");
    let later = perp.market.now() + u64::from(rules.orderPatience) + 1;
    perp.market.move_to(later, SPOT);
    let need = perp.market.stage.need().expect("a need");
    assert!(need.due.is_negative(), "an overdue order does not count");
    // It must go before there is another.
    let failure = hedge(&mut perp.market, venue, FEE).expect_err("two orders");
    assert_eq!(failure.name(), "CallFailed");
    let (anyone, timeout) = (perp.market.stage.actors.arbitrageur, u64::from(TIMEOUT));
    perp.market.move_to(START + timeout + HOUR, SPOT);
    perp.send(anyone, venue, IPositionVenue::cancelCall { key }).expect("a cancellation");
    assert!(perp.market.stage.need().expect("a need").due.is_negative());
    hedge(&mut perp.market, venue, FEE).expect("another order");
}

#[test]
fn a_venue_that_does_not_answer_stops_marks_until_it_is_quarantined() {
    let mut perp = with_perp();
    skew(&mut perp.market, 60.0);
    let venue = perp.venue;
    let (key, ..) = hedge(&mut perp.market, venue, FEE).expect("an order");
    perp.at(key, SPOT);
    let equity = perp.market.nav().broker;
    // The exchange's store loses its code.
    let (store, code) = (perp.store, perp.market.stage.chain.world.code(perp.store));
    perp.market.stage.chain.world.set_code(store, vec![0xfe].into());
    let put = perp.market.put(2_800);
    let failure = perp.market.trade(&[(put, -1.0)]).expect_err("no mark");
    assert_eq!(failure.name(), "BrokerFailed");
    perp.market.stage.ask(IERC4626::totalAssetsCall {}).expect("a view that never fails");
    let failure = perp.market.deposit(1.0).expect_err("no deposit");
    assert_eq!(failure.name(), "BrokerFailed");

    let (guardian, owner) = (perp.market.stage.actors.guardian, perp.market.stage.actors.owner);
    let call = IBroker::quarantineCall { venue };
    let stranger = perp.market.trader;
    let failure = perp.market.stage.broker(stranger, call.clone()).err().expect("not theirs");
    assert_eq!(failure.name(), "OnlyGuardian");
    let before = perp.market.stage.ask(IVault::pausedCall {}).expect("a flag");
    perp.market.stage.broker(guardian, call).expect("a quarantine");
    perp.market.trade(&[(put, -1.0)]).expect("a sale");
    assert_eq!(perp.market.stage.ask(IVault::pausedCall {}).expect("a flag"), before);
    assert!(perp.market.nav().broker.is_zero(), "it counts for nothing");
    let failure = hedge(&mut perp.market, venue, FEE).err();
    assert!(failure.is_some(), "and takes nothing new");

    // The store comes back: the owner may name the venue again, and what it holds comes back slowly, not at once.
    perp.market.stage.chain.world.set_code(store, code);
    perp.market.stage.broker(guardian, IBroker::checkpointCall {}).expect("a checkpoint");
    perp.market
        .stage
        .broker(owner, IBroker::setVenueCall { venue, cap: CAP, margin: PERP_MARGIN })
        .expect("again");
    perp.market.stage.broker(guardian, IBroker::checkpointCall {}).expect("a checkpoint");
    let counted = perp.market.nav().broker;
    assert!(counted < equity / I256::try_from(10).expect("ten"), "{counted} of {equity}");
}

#[test]
fn a_gift_to_a_position_moves_no_share_price_at_once() {
    let mut perp = with_perp();
    skew(&mut perp.market, 60.0);
    let venue = perp.venue;
    let (key, ..) = hedge(&mut perp.market, venue, FEE).expect("an order");
    perp.at(key, SPOT);
    let keeper = perp.market.stage.actors.keeper;
    perp.market.stage.broker(keeper, IBroker::checkpointCall {}).expect("a checkpoint");
    let before = perp.market.share_price();
    let giver = perp.market.stage.funded("giver", 100_000.0).expect("a giver");
    let gift = interfaces::external::IToken::transferCall { to: venue, value: usdc(50_000.0) };
    let token = perp.market.stage.usdc;
    perp.market.stage.chain.send(giver, token, gift).expect("a gift");
    assert_eq!(perp.market.share_price(), before);
    // A fifth of position and margin a year: in a day, below a part in a thousand of them.
    let later = perp.market.now() + 3_600;
    perp.market.stage.chain.world.warp(later);
    assert!(perp.market.share_price() < before * 1.0001);
    // Brought back, it is cash like any other: then it counts.
    let amount = perp.market.stage.broker(keeper, IBroker::collectCall { venue }).expect("what lies over");
    assert!(amount >= usdc(49_000.0), "{amount}");
}

#[test]
fn margin_is_put_right_by_anyone_and_by_a_tenth_only() {
    let mut short = with_aave();
    skew(&mut short.market, 60.0);
    let (venue, anyone) = (short.venue, short.market.stage.actors.arbitrageur);
    hedge(&mut short.market, venue, 0).expect("a hedge");
    let failure =
        short.market.stage.broker(anyone, IBroker::tendCall { venue }).expect_err("as it should be");
    assert_eq!(failure.name(), "NothingToTend");
    short.market.move_to(START + HOUR, SPOT * 1.12);
    let before = (held(&mut short.market), short.market.nav());
    short.market.stage.broker(anyone, IBroker::tendCall { venue }).expect("more margin");
    let after = (held(&mut short.market), short.market.nav());
    assert_eq!(after.0.size, before.0.size);
    let (grown, paid) = (after.0.equity - before.0.equity, before.1.cash - after.1.cash);
    assert!(grown.is_positive() && (dollars(grown) - f64::from(paid) / 1e6).abs() < 1e-5);
    let moved = dollars(after.1.mid) - dollars(before.1.mid);
    assert!(moved.abs() < 1e-4, "{moved}");
    let worth = f64::from(after.0.size.unsigned_abs()) / 1e18 * SPOT * 1.12;
    assert!((dollars(after.0.equity) / worth - 0.7).abs() < 1e-3);
}

#[test]
fn each_door_is_for_whom_it_says() {
    let mut short = with_aave();
    let (venue, trader, owner) = (short.venue, short.market.trader, short.market.stage.actors.owner);
    let (desk, broker) = (short.market.stage.desk, short.market.stage.broker);
    let limit = wad(SPOT * 0.999);
    let call = IBroker::adjustCall { venue, size: signed(-1.0), limitPrice: limit };
    let failure = short.market.stage.broker(trader, call).expect_err("not theirs");
    assert_eq!(failure.name(), "OnlyDesk");
    let call =
        IVault::moveMarginCall { amount: I256::ONE, value: U256::ZERO, open: true, short_: 1, margin: 1 };
    short.market.refuses(IVault::OnlyBroker { caller: trader, broker }, |m| m.stage.vault(trader, call));
    let call = IBroker::setVenueCall { venue, cap: CAP, margin: PERP_MARGIN };
    let failure = short.market.stage.broker(trader, call.clone()).err().expect("not theirs");
    assert_eq!(failure.name(), "OnlyOwner");
    // With shares there is notice: until it is over the venue takes nothing new.
    short.market.stage.broker(owner, call).expect("other settings");
    skew_off(&mut short.market);
    for (wrong, margin) in [(desk, PERP_MARGIN), (venue, 1), (venue, 1_000_001)] {
        let call = IBroker::setVenueCall { venue: wrong, cap: CAP, margin };
        assert!(short.market.stage.broker(owner, call).is_err(), "{wrong} {margin}");
    }
}

/// A book that asks for a short hedge is refused while no venue may be used.
fn skew_off(market: &mut Market) {
    let put = market.put(2_800);
    let failure = market.trade(&[(put, 15.0)]).expect_err("no venue yet");
    assert_eq!(failure.name(), "HedgeCapacityExceeded");
}

#[test]
fn another_broker_is_short_of_nothing_before_it_has_a_venue() {
    let mut short = with_aave();
    let owner = short.market.stage.actors.owner;
    let (which, contract_) = (IVault::Satellite::Broker, short.market.lp);
    short.market.stage.vault(owner, IVault::setSatelliteCall { which, contract_ }).expect("a proposal");
    let later = short.market.now() + 2 * 86_400;
    short.market.move_to(later, SPOT);
    short.market.stage.vault(owner, IVault::acceptSatelliteCall { which }).expect("accepted");
    assert_eq!(told(&mut short.market), None);
    let put = short.market.put(2_800);
    let failure = short.market.trade(&[(put, 15.0)]).expect_err("a short hedge");
    assert_eq!(failure.name(), "HedgeCapacityExceeded");
}

#[test]
fn another_broker_waits_until_everything_is_closed() {
    let mut short = with_aave();
    skew(&mut short.market, 60.0);
    let venue = short.venue;
    hedge(&mut short.market, venue, 0).expect("a hedge");
    let owner = short.market.stage.actors.owner;
    let (which, contract_) = (IVault::Satellite::Broker, short.market.lp);
    short.market.stage.vault(owner, IVault::setSatelliteCall { which, contract_ }).expect("a proposal");
    let later = short.market.now() + 3 * 86_400;
    short.market.move_to(later, SPOT);
    let broker = short.market.stage.broker;
    short.market.refuses(IVault::BrokerInUse { broker }, |market| {
        market.stage.vault(owner, IVault::acceptSatelliteCall { which })
    });
}
