//! Writing options from a margin account, closing them, and taking cash out.

use demo::stage::Failure;
use host::alloy_primitives::{Address, I256, U256};
use interfaces::erc6909::IERC6909;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use crate::market::{events, signed, usdc, wad, Market, SPOT};

/// A market in which a trader holds ten calls at 2,800, and somebody has `usd` in a margin account.
pub(crate) fn open(usd: f64) -> (Market, Address) {
    let mut market = Market::open();
    market.trade(&[(market.call(2_800), 10.0)]).expect("a purchase");
    let writer = market.stage.writer("writer", usd).expect("an account");
    (market, writer)
}

pub(crate) fn written(legs: &[(U256, f64)]) -> Vec<IMargin::Written> {
    legs.iter().map(|(series, size)| IMargin::Written { series: *series, size: signed(*size) }).collect()
}

/// Writes at any premium: what the account received.
pub(crate) fn write(market: &mut Market, account: Address, legs: &[(U256, f64)]) -> Result<I256, Failure> {
    let (legs, deadline) = (written(legs), U256::MAX);
    let call = IMargin::writeCall { account, legs, minPremium: -I256::MAX, deadline };
    market.stage.margin(account, call)
}

pub(crate) fn withdraw(market: &mut Market, account: Address, usd: f64) -> Result<(), Failure> {
    let call = IMargin::withdrawCall { amount: usdc(usd), account, receiver: account };
    market.stage.margin(account, call).map(|_| ())
}

pub(crate) fn account(market: &mut Market, account: Address) -> IMargin::Account {
    market.stage.margin_view(IMargin::accountOfCall { account }).expect("an account")
}

pub(crate) fn health(market: &mut Market, account: Address) -> IMargin::Health {
    market.stage.margin_view(IMargin::healthCall { account }).expect("a mark")
}

/// What accounts owe the vault, and what the vault counts as uncovered.
pub(crate) fn accounts(market: &mut Market) -> (U256, U256) {
    let IVault::accountsReturn { receivable, uncovered } =
        market.stage.ask(IVault::accountsCall {}).expect("numbers");
    (receivable, uncovered)
}

/// USD of a number with 6 decimals.
pub(crate) fn usd(number: I256) -> f64 {
    i128::try_from(number).expect("a small number") as f64 / 1e6
}

pub(crate) fn plain(number: U256) -> f64 {
    usd(I256::from_raw(number))
}

#[track_caller]
pub(crate) fn near(left: f64, right: f64, part: f64) {
    assert!((left - right).abs() <= part * right.abs().max(1e-3), "{left} is not near {right}");
}

#[test]
fn writing_sells_to_the_vault_at_its_quote_and_makes_no_token() {
    let (mut market, writer) = open(10_000.0);
    let (series, margin, vault) = (market.call(2_800), market.stage.margin, market.stage.vault);
    let supply =
        |market: &mut Market| market.stage.ask(IERC6909::totalSupplyCall { id: series }).expect("a supply");
    let (open_before, cash_before, book_before) = (supply(&mut market), market.nav().cash, market.book());
    let quote = market.quote(&[(series, -4.0)]).expect("a quote");

    let call = IMargin::writeCall {
        account: writer,
        legs: written(&[(series, 4.0)]),
        minPremium: -quote.premium,
        deadline: U256::MAX,
    };
    let chain = &mut market.stage.chain;
    let (received, receipt) = chain.send_for_receipt(writer, margin, call).expect("written");
    assert_eq!(received, -quote.premium);
    let [traded] = events::<IVault::Traded>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((traded.account, traded.series, traded.size), (writer, series, signed(-4.0)));
    let [settled] = events::<IMargin::PremiumSettled>(&receipt.logs, margin).try_into().expect("one event");
    assert_eq!((settled.account, settled.premium), (writer, quote.premium));

    let cash = usdc(10_000.0) + received.into_raw();
    assert_eq!((account(&mut market, writer).cash, market.usdc_of(margin)), (cash, cash));
    assert_eq!(market.nav().cash, cash_before - received.into_raw());
    assert_eq!(supply(&mut market), open_before);
    let book = market.stage.margin_view(IMargin::bookOfCall { account: writer }).expect("a book");
    assert_eq!(book, written(&[(series, 4.0)]));
    let net = |books: Vec<interfaces::lens::ILens::ExpiryBook>| -> I256 {
        books.iter().flat_map(|one| one.netSizes.clone()).fold(I256::ZERO, |sum, size| sum + size)
    };
    assert_eq!(net(market.book()) - net(book_before), signed(4.0));
}

#[test]
fn the_margin_is_the_worst_weighted_loss_and_the_vault_knows_what_it_leaves_open() {
    let (mut market, writer) = open(10_000.0);
    let series = market.call(2_800);
    write(&mut market, writer, &[(series, 4.0)]).expect("written");
    let (health, account) = (health(&mut market, writer), account(&mut market, writer));
    let value = usd(market.quote(&[(series, 4.0)]).expect("a quote").value);
    near(usd(health.equity), plain(account.cash) - value, 1e-6);
    // At three times spot the calls are intrinsic value; a deep scenario weighs 0.35.
    let deep = 4.0 * (2.0 * SPOT + SPOT - 2_800.0) - value;
    near(plain(health.initial), 0.35 * deep, 1e-2);
    near(plain(health.maintenance), 0.7 * plain(health.initial), 1e-6);
    near(plain(health.uncovered), deep - usd(health.equity), 1e-2);
    assert_eq!(account.uncovered, health.uncovered);
    assert_eq!(accounts(&mut market), (U256::ZERO, health.uncovered));
}

#[test]
fn closing_gives_back_what_writing_took_and_costs_the_spread() {
    let (mut market, writer) = open(10_000.0);
    let series = market.call(2_800);
    let digest = market.book();
    let received = write(&mut market, writer, &[(series, 4.0)]).expect("written");
    let paid = write(&mut market, writer, &[(series, -4.0)]).expect("closed");
    assert!(paid.is_negative() && paid + received < I256::ZERO, "{received} {paid}");
    let account = account(&mut market, writer);
    assert_eq!(account.cash, usdc(10_000.0) - (-(paid + received)).into_raw());
    assert_eq!((account.series, account.uncovered), (U256::ZERO, U256::ZERO));
    assert_eq!(accounts(&mut market), (U256::ZERO, U256::ZERO));
    assert_eq!(market.book().len(), digest.len());
    let all = plain(account.cash);
    withdraw(&mut market, writer, all).expect("all of it");
}

#[test]
fn two_legs_that_cannot_both_lose_need_less_than_their_sum() {
    let (mut market, writer) = open(30_000.0);
    let (call, put) = (market.call(2_800), market.put(2_800));
    let other = market.stage.writer("other", 30_000.0).expect("an account");
    write(&mut market, writer, &[(call, 4.0)]).expect("written");
    write(&mut market, other, &[(put, 4.0)]).expect("written");
    let apart = plain(health(&mut market, writer).initial) + plain(health(&mut market, other).initial);
    write(&mut market, writer, &[(put, 4.0)]).expect("written");
    let both = plain(health(&mut market, writer).initial);
    assert!(both < 0.9 * apart, "{both} {apart}");
}

#[test]
fn an_account_without_options_is_worth_its_cash_and_needs_no_margin() {
    let (mut market, writer) = open(10_000.0);
    let vault = market.stage.vault;
    assert_eq!(market.stage.margin_view(IMargin::vaultCall {}).expect("a vault"), vault);
    let equity = I256::from_raw(usdc(10_000.0));
    let nothing =
        IMargin::Health { equity, initial: U256::ZERO, maintenance: U256::ZERO, uncovered: U256::ZERO };
    assert_eq!(health(&mut market, writer), nothing);
    let error = IMargin::NotLiquidatable { account: writer, equity, maintenance: U256::ZERO };
    market.refuses(error, |market| market.stage.margin(writer, IMargin::liquidateCall { account: writer }));
}

#[test]
fn cash_leaves_while_the_initial_margin_stays() {
    let (mut market, writer) = open(10_000.0);
    let series = market.call(2_800);
    write(&mut market, writer, &[(series, 3.0)]).expect("written");
    let before = health(&mut market, writer);
    let spare = before.equity.into_raw() - before.initial;
    let equity = before.equity - I256::from_raw(spare) - I256::ONE;
    let error = IMargin::MarginTooLow { account: writer, equity, initial: before.initial };
    let call = |amount| IMargin::withdrawCall { amount, account: writer, receiver: writer };
    market.refuses(error, |market| market.stage.margin(writer, call(spare + U256::from(1))));
    let held = market.usdc_of(writer);
    market.stage.margin(writer, call(spare)).expect("what is spare");
    assert_eq!(market.usdc_of(writer) - held, spare);
    assert_eq!(accounts(&mut market).1, before.uncovered + spare);
}

#[test]
fn operators_act_for_an_account_and_nobody_else_does() {
    let (mut market, writer) = open(10_000.0);
    let (series, stranger) = (market.call(2_800), market.lp);
    let write = |account| IMargin::writeCall {
        account,
        legs: written(&[(series, 1.0)]),
        minPremium: I256::ZERO,
        deadline: U256::MAX,
    };
    let out = IMargin::withdrawCall { amount: usdc(1.0), account: writer, receiver: stranger };
    let error = || IMargin::NotOperator { account: writer, caller: stranger };
    market.refuses(error(), |market| market.stage.margin(stranger, write(writer)));
    market.refuses(error(), |market| market.stage.margin(stranger, out.clone()));
    let approve = |approved| IMargin::setOperatorCall { operator: stranger, approved };
    market.stage.margin(writer, approve(true)).expect("an operator");
    market.stage.margin(stranger, write(writer)).expect("written for another");
    market.stage.margin(stranger, out.clone()).expect("taken for another");
    let asked = IMargin::isOperatorCall { owner: writer, operator: stranger };
    assert!(market.stage.margin_view(asked.clone()).expect("an answer"));
    market.stage.margin(writer, approve(false)).expect("no operator");
    assert!(!market.stage.margin_view(asked).expect("an answer"));
    market.refuses(error(), |market| market.stage.margin(stranger, out));
}

#[test]
fn what_is_written_lets_the_vault_sell_more() {
    let (mut market, writer) = open(20_000.0);
    let series = market.call(2_800);
    let worst = |market: &mut Market| {
        let call = interfaces::lens::ILens::worstCaseCall { vault: market.stage.vault };
        market.stage.look(call).expect("a loss").loss
    };
    let before = worst(&mut market);
    write(&mut market, writer, &[(series, 5.0)]).expect("written");
    assert!(worst(&mut market) < before);
    assert_eq!(market.stage.ask(IERC6909::totalSupplyCall { id: series }).expect("a supply"), wad(10.0));
}
