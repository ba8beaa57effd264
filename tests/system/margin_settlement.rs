//! Settlement of what accounts have written: holders are paid gross, accounts pay in, and the vault bears what they lack.

use alloy_sol_types::SolCall as _;
use demo::stage::Failure;
use host::alloy_primitives::aliases::U80;
use host::alloy_primitives::{Address, I256, U256};
use host::Tx;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use crate::insolvency::{record, strained_after, GAP};
use crate::margin::{account, accounts, near, plain, write};
use crate::market::{events, series, usdc, Market, DAY, HOUR, START};

/// A market whose first expiry has passed at `price`: four calls at 2,500 held, of which an account with `usd` has written two.
fn expired(usd: f64, price: f64) -> (Market, Address, U80) {
    let mut market = Market::open();
    let call = series(market.expiries[0], 2_500, false);
    market.trade(&[(call, 4.0)]).expect("a purchase");
    let writer = market.stage.writer("writer", usd).expect("an account");
    write(&mut market, writer, &[(call, 2.0)]).expect("written");
    let expiry = market.expiries[0];
    let round = market.past(expiry, [price; 2]);
    (market, writer, round)
}

fn settle(market: &mut Market, round: U80) {
    let (anyone, expiry) = (market.stage.actors.arbitrageur, market.expiries[0]);
    market.stage.vault(anyone, IVault::settleCall { expiry, roundId: round }).expect("a settlement");
}

fn pay_in(market: &mut Market, writer: Address) -> (U256, U256) {
    let (anyone, expiry) = (market.stage.actors.arbitrageur, market.expiries[0]);
    let call = IMargin::settleAccountCall { account: writer, expiry };
    let paid = market.stage.margin(anyone, call).expect("a payment");
    (paid.due, paid.paid)
}

#[test]
fn holders_are_owed_gross_and_the_account_pays_its_part() {
    let (mut market, writer, round) = expired(10_000.0, 2_700.0);
    let before = market.nav();
    settle(&mut market, round);
    let nav = market.nav();
    assert_eq!((nav.owed, nav.receivable), (usdc(800.0), usdc(400.0)));
    let moved = (nav.mid - before.mid).abs();
    assert!(moved <= I256::try_from(2_u8).expect("small"), "a settlement at the mark moved NAV by {moved}");

    let cash = account(&mut market, writer).cash;
    let (vault, margin) = (market.stage.vault, market.stage.margin);
    let (anyone, expiry) = (market.stage.actors.arbitrageur, market.expiries[0]);
    let call = IMargin::settleAccountCall { account: writer, expiry };
    let (_, receipt) = market.stage.chain.send_for_receipt(anyone, margin, call).expect("a payment");
    let [settled] = events::<IMargin::AccountSettled>(&receipt.logs, margin).try_into().expect("one event");
    assert_eq!((settled.due, settled.paid), (usdc(400.0), usdc(400.0)));
    let [paid] = events::<IVault::PayoffReceived>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((paid.due, paid.paid), (usdc(400.0), usdc(400.0)));
    let after = account(&mut market, writer);
    assert_eq!((after.cash, after.series, after.uncovered), (cash - usdc(400.0), U256::ZERO, U256::ZERO));
    assert_eq!(accounts(&mut market), (U256::ZERO, U256::ZERO));
    assert_eq!(market.nav().cash - nav.cash, usdc(400.0));
    assert_eq!(market.nav().mid, nav.mid);

    let id = series(market.expiries[0], 2_500, false);
    let claim = IVault::claimCall { series: vec![id], receiver: market.trader };
    assert_eq!(market.stage.vault(market.trader, claim).expect("a claim"), usdc(800.0));
    assert_eq!(market.nav().owed, U256::ZERO);
}

#[test]
fn accounts_owe_for_the_puts_that_they_wrote_and_for_no_others() {
    let mut market = Market::open();
    let expiry = market.expiries[0];
    let (call, put) = (series(expiry, 2_500, false), series(expiry, 2_500, true));
    market.trade(&[(call, 12.0), (put, 4.0)]).expect("a purchase");
    let writer = market.stage.writer("writer", 10_000.0).expect("an account");
    write(&mut market, writer, &[(put, 1.0)]).expect("written");
    write(&mut market, writer, &[(put, 1.0)]).expect("and more");
    let round = market.past(expiry, [2_300.0; 2]);
    settle(&mut market, round);
    let nav = market.nav();
    assert_eq!((nav.owed, nav.receivable), (usdc(800.0), usdc(400.0)));
    assert_eq!(pay_in(&mut market, writer), (usdc(400.0), usdc(400.0)));
}

#[test]
fn what_was_written_goes_with_its_expiry() {
    let (mut market, writer, round) = expired(10_000.0, 2_700.0);
    let owner = market.stage.actors.owner;
    settle(&mut market, round);
    pay_in(&mut market, writer);
    // The same place, another expiry.
    let next = crate::market::expiry(14);
    market.list(next, 2_000.0, 50.0, 21).expect("a listing");
    market.publish();
    let id = series(next, 2_500, false);
    market.trade(&[(id, 4.0)]).expect("a purchase");
    write(&mut market, writer, &[(id, 1.0)]).expect("written");
    let round = market.past(next, [2_600.0; 2]);
    market.stage.vault(owner, IVault::settleCall { expiry: next, roundId: round }).expect("a settlement");
    assert_eq!(accounts(&mut market).0, usdc(100.0));
    assert_eq!(market.nav().owed, usdc(1_200.0), "800 of the first expiry, 400 of this one");
    let call = IMargin::settleAccountCall { account: writer, expiry: next };
    let paid = market.stage.margin(owner, call).expect("a payment");
    assert_eq!((paid.due, paid.paid), (usdc(100.0), usdc(100.0)));

    // Nothing is left of either, so another margin contract may come.
    let (which, contract_) = (IVault::Satellite::Margin, market.stage.surface);
    market.stage.vault(owner, IVault::setSatelliteCall { which, contract_ }).expect("a proposal");
    let due = market.now() + 2 * DAY;
    market.stage.chain.world.warp(due);
    market.stage.vault(owner, IVault::acceptSatelliteCall { which }).expect("accepted");
}

const MARGIN: IVault::Satellite = IVault::Satellite::Margin;

fn accept(market: &mut Market) -> Result<(), Failure> {
    let anyone = market.stage.actors.arbitrageur;
    market.stage.vault(anyone, IVault::acceptSatelliteCall { which: MARGIN }).map(|_| ())
}

/// A market whose first expiry has settled below every strike that was written, with another margin contract that may be accepted.
fn worthless(usd: f64) -> (Market, Address) {
    let (mut market, writer, round) = expired(usd, 2_400.0);
    settle(&mut market, round);
    let (owner, contract_) = (market.stage.actors.owner, market.stage.surface);
    let name = IVault::setSatelliteCall { which: MARGIN, contract_ };
    market.stage.vault(owner, name).expect("a proposal");
    let due = market.now() + 2 * DAY;
    market.stage.chain.world.warp(due);
    market.stage.push_price(2_400.0).expect("a round");
    (market, writer)
}

#[test]
fn an_account_whose_options_expired_worthless_leaves_after_the_contract_was_replaced() {
    let (mut market, writer) = worthless(200_000.0);
    assert_eq!(accounts(&mut market), (U256::ZERO, U256::ZERO), "all was covered");
    accept(&mut market).expect("nothing is open, owed or uncovered");
    let take = |amount| IMargin::withdrawCall { amount, account: writer, receiver: writer };
    let due = IMargin::SettlementDue { account: writer, expiry: market.expiries[0] };
    market.refuses(due, |market| market.stage.margin(writer, take(U256::ONE)));

    let (vault, margin) = (market.stage.vault, market.stage.margin);
    let (anyone, expiry) = (market.stage.actors.arbitrageur, market.expiries[0]);
    let call = IMargin::settleAccountCall { account: writer, expiry };
    let (paid, receipt) = market.stage.chain.send_for_receipt(anyone, margin, call).expect("settled");
    assert_eq!((paid.due, paid.paid), (U256::ZERO, U256::ZERO));
    let told = events::<IMargin::AccountSettled>(&receipt.logs, margin);
    assert_eq!(told.len(), 1);
    assert!(events::<IVault::PayoffReceived>(&receipt.logs, vault).is_empty());
    let (cash, before) = (account(&mut market, writer).cash, market.usdc_of(writer));
    market.stage.margin(writer, take(cash)).expect("all of it");
    assert_eq!(market.usdc_of(writer) - before, cash);
    assert_eq!(market.usdc_of(margin), U256::ZERO);
}

#[test]
fn a_margin_contract_stays_while_anything_is_counted_as_uncovered() {
    let (mut market, writer) = worthless(8_500.0);
    let (receivable, uncovered) = accounts(&mut market);
    assert!(receivable.is_zero() && !uncovered.is_zero());
    let in_use = IVault::MarginInUse { expiries: U256::ZERO, receivable };
    market.refuses(in_use, accept);
    assert_eq!(pay_in(&mut market, writer), (U256::ZERO, U256::ZERO));
    assert_eq!(accounts(&mut market), (U256::ZERO, U256::ZERO));
    accept(&mut market).expect("nothing is open, owed or uncovered");
}

#[test]
fn an_account_that_cannot_pay_pays_what_it_has_and_the_rest_is_the_vaults_loss() {
    let (mut market, writer, round) = expired(10_000.0, 9_000.0);
    settle(&mut market, round);
    let nav = market.nav();
    assert_eq!((nav.owed, nav.receivable), (usdc(26_000.0), usdc(13_000.0)));
    // Redemptions count on what accounts can be sure to pay alone.
    let doubtful = nav.receivable.min(accounts(&mut market).1);
    assert!(doubtful > U256::ZERO);
    assert_eq!(nav.low, nav.mid - I256::from_raw(nav.riskReserve + nav.unvested + doubtful));
    let cash = account(&mut market, writer).cash;
    assert!(cash < usdc(13_000.0));
    assert_eq!(pay_in(&mut market, writer), (usdc(13_000.0), cash));
    let after = market.nav();
    assert_eq!((after.receivable, after.cash), (U256::ZERO, nav.cash + cash));
    assert_eq!(nav.mid - after.mid, I256::from_raw(usdc(13_000.0) - cash));
    let empty = account(&mut market, writer);
    assert_eq!((empty.cash, empty.series, empty.uncovered), (U256::ZERO, U256::ZERO, U256::ZERO));
    assert_eq!(accounts(&mut market), (U256::ZERO, U256::ZERO));
}

#[test]
fn an_account_with_an_expired_series_does_nothing_before_it_pays() {
    let (mut market, writer, round) = expired(10_000.0, 2_700.0);
    let expiry = market.expiries[0];
    let due = || IMargin::SettlementDue { account: writer, expiry };
    let take = IMargin::withdrawCall { amount: usdc(1.0), account: writer, receiver: writer };
    market.refuses(due(), |market| market.stage.margin(writer, take.clone()));
    let early = IMargin::settleAccountCall { account: writer, expiry };
    let not_settled = IVault::NotSettled { series: series(expiry, 2_500, false) };
    market.refuses(not_settled, |market| market.stage.margin(writer, early));
    settle(&mut market, round);
    market.refuses(due(), |market| market.stage.margin(writer, take.clone()));
    market.refuses(due(), |market| market.stage.margin(writer, IMargin::refreshCall { account: writer }));
    pay_in(&mut market, writer);
    market.stage.margin(writer, take).expect("cash");
    let again = IMargin::settleAccountCall { account: writer, expiry };
    let nothing = IMargin::NothingToSettle { account: writer, expiry };
    market.refuses(nothing, |market| market.stage.margin(writer, again));
}

#[test]
fn settlement_of_an_account_waits_for_no_price() {
    let (mut market, writer, round) = expired(10_000.0, 2_700.0);
    settle(&mut market, round);
    let guardian = market.stage.actors.guardian;
    market.stage.vault(guardian, IVault::pauseCall {}).expect("a pause");
    let late = market.now() + 100 * HOUR;
    market.stage.chain.world.warp(late);
    assert_eq!(pay_in(&mut market, writer), (usdc(400.0), usdc(400.0)));
}

#[test]
fn what_is_left_of_an_account_stays_counted_when_one_expiry_settles() {
    let mut market = Market::open();
    let (near, far) = (series(market.expiries[0], 2_500, false), market.call(2_800));
    market.trade(&[(near, 4.0), (far, 4.0)]).expect("a purchase");
    let writer = market.stage.writer("writer", 8_500.0).expect("an account");
    write(&mut market, writer, &[(near, 2.0), (far, 2.0)]).expect("written");
    let expiry = market.expiries[0];
    let round = market.past(expiry, [2_700.0; 2]);
    settle(&mut market, round);
    pay_in(&mut market, writer);
    let (left, health) = (account(&mut market, writer), crate::margin::health(&mut market, writer));
    assert_eq!(left.series, U256::from(1));
    assert!(left.uncovered == health.uncovered && plain(left.uncovered) > 0.0);
    assert_eq!(accounts(&mut market), (U256::ZERO, health.uncovered));
}

/// An account with something left when its options that expire first are worth nothing, and its settlement with this much gas: what it leaves uncovered
/// then, none where it is refused.
fn halved() -> (Market, Address, impl Fn(&mut Market, u64) -> Option<U256>) {
    let mut market = Market::open();
    let (near, far) = (series(market.expiries[0], 3_800, false), market.call(2_800));
    market.trade(&[(near, 4.0), (far, 4.0)]).expect("a purchase");
    let writer = market.stage.writer("writer", 8_500.0).expect("an account");
    write(&mut market, writer, &[(near, 2.0), (far, 2.0)]).expect("written");
    let expiry = market.expiries[0];
    let round = market.past(expiry, [3_300.0; 2]);
    settle(&mut market, round);
    let run = move |market: &mut Market, gas_limit| {
        let data = IMargin::settleAccountCall { account: writer, expiry }.abi_encode().into();
        let (from, to) = (market.stage.actors.arbitrageur, Some(market.stage.margin));
        let base = market.stage.chain.world.snapshot();
        let done = market.stage.chain.world.call_with(Tx { from, to, value: U256::ZERO, data, gas_limit });
        let uncovered = done.ok().map(|_| account(market, writer).uncovered);
        market.stage.chain.world.restore(&base);
        uncovered
    };
    (market, writer, run)
}

/// What is left of the account is marked, or nothing is done: for want of gas alone nobody leaves it as it was.
#[test]
fn a_settlement_with_any_gas_marks_what_is_left_or_does_nothing() {
    let (mut market, writer, run) = halved();
    let before = account(&mut market, writer).uncovered;
    let marked = run(&mut market, 20_000_000).expect("settled");
    assert!(marked != before, "{marked}");
    let done: Vec<_> = (60_000..250_000).step_by(1_000).filter_map(|gas| run(&mut market, gas)).collect();
    assert!(done.iter().all(|uncovered| *uncovered == marked) && done.len() > 10, "{done:?}");
}

#[test]
fn a_settlement_that_can_mark_nothing_has_the_gas_to_know() {
    let (mut market, writer, run) = halved();
    let before = account(&mut market, writer).uncovered;
    let late = market.now() + 100 * HOUR;
    market.stage.chain.world.warp(late);
    assert_eq!(run(&mut market, 900_000), None);
    assert_eq!(run(&mut market, 1_300_000), Some(before));
}

/// A market whose liabilities exceed its assets, with an account of so many USD that wrote five of its puts.
fn ruined(usd: f64) -> (Market, Address) {
    let mut writer = Address::ZERO;
    let mut market = strained_after(|market| {
        writer = market.stage.writer("writer", usd).expect("an account");
        let put = market.put(2_800);
        write(market, writer, &[(put, 5.0)]).expect("written");
    });
    market.stage.chain.world.warp(START + 8 * HOUR);
    for _ in 0..2 {
        market.stage.push_price(GAP).expect("a round");
    }
    market.publish();
    (market, writer)
}

#[test]
fn in_a_shortfall_accounts_owe_what_their_options_were_worth_and_holders_share_it() {
    let (mut market, writer) = ruined(40_000.0);
    let before = market.nav();
    assert!(before.mid.is_negative(), "{before:?}");
    let put = market.put(2_800);
    let legs = crate::market::legs_of(&[(put, 5.0)]);
    record(&mut market).expect("a record");

    let (receivable, uncovered) = accounts(&mut market);
    let due = market.stage.ask(IVault::payoffCall { legs }).expect("a value");
    near(plain(receivable), 5.0 * (2_800.0 - GAP), 0.02);
    assert!(due >= receivable && due - receivable <= U256::from(5), "{due} {receivable}");
    assert_eq!(uncovered, U256::ZERO);
    assert_eq!(market.nav().owed, before.cash, "what is free is theirs");
    // Claims wait for what the account owes.
    let trader = market.trader;
    let series = vec![market.call(1_800), put, market.put(2_700)];
    let claim = IVault::claimCall { series, receiver: trader };
    let since = U256::from(market.now());
    market.refuses(IVault::InShortfall { since }, |market| market.stage.vault(trader, claim.clone()));

    let call = IMargin::settleAccountCall { account: writer, expiry: market.expiries[1] };
    let anyone = market.stage.actors.arbitrageur;
    let paid = market.stage.margin(anyone, call).expect("a payment");
    assert_eq!((paid.due, paid.paid), (due, due));
    assert_eq!(accounts(&mut market), (U256::ZERO, U256::ZERO));
    assert_eq!(market.nav().owed, before.cash + due, "and so is what it paid");
    market.stage.vault(trader, claim).expect("all claims");
    let left = market.nav().owed - before.owed;
    assert!(left <= U256::from(5), "{left} of the cash stays unclaimed");
}

/// An account that could lose more than it has owes what its options are worth now, and that is not the shares'.
#[test]
fn in_a_shortfall_what_accounts_pay_in_is_the_holders_whatever_they_leave_uncovered() {
    let (mut market, writer) = ruined(9_000.0);
    let before = market.nav();
    let anyone = market.stage.actors.arbitrageur;
    market.stage.margin(anyone, IMargin::refreshCall { account: writer }).expect("a look");
    let (_, uncovered) = accounts(&mut market);
    record(&mut market).expect("a record");
    let (receivable, _) = accounts(&mut market);
    assert!(uncovered > U256::ZERO && receivable > uncovered, "{uncovered} {receivable}");
    assert_eq!(market.nav().owed, before.cash);
    let week = market.now() + 7 * DAY;
    let call = IMargin::settleAccountCall { account: writer, expiry: market.expiries[1] };
    let base = market.stage.chain.world.snapshot();
    let paid = market.stage.margin(anyone, call.clone()).expect("a payment");
    assert_eq!(market.nav().owed, before.cash + paid.paid);
    assert!(market.nav().mid <= I256::ZERO, "shares have nothing: {}", market.nav().mid);

    // Where nobody has it pay in, claims wait for a week; what comes in after that is shared by those that are left.
    market.stage.chain.world.restore(&base);
    let trader = market.trader;
    let claim = |id| IVault::claimCall { series: vec![id], receiver: trader };
    let (first, second) = (market.put(2_800), market.put(2_700));
    market.stage.chain.world.warp(week - 1);
    assert_eq!(market.stage.vault(trader, claim(first)).expect_err("early").name(), "InShortfall");
    market.stage.chain.world.warp(week);
    let early = market.stage.vault(trader, claim(first)).expect("a week later");
    let paid = market.stage.margin(anyone, call).expect("a payment").paid;
    let late = market.stage.vault(trader, claim(second)).expect("another's");
    assert!(early > U256::ZERO && late > U256::ZERO);
    market.stage.push_price(GAP).expect("a round");
    assert_eq!(market.nav().owed, before.cash + paid - early - late);
}
