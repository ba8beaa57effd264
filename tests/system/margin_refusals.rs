//! Everything that margin accounts and the vault's side of them refuse.

use alloy_sol_types::SolError;
use demo::stage::{default_profile, name_satellite, Failure, UNCOVERED_LIMITS};
use host::alloy_primitives::{Address, I256, U256};
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use crate::margin::{account, accounts, open, write, written};
use crate::market::{legs_of, series, usdc, wad, wide_limits, Market, DAY, HOUR, SPOT};

fn vault_of<C: alloy_sol_types::SolCall>(
    market: &mut Market,
    from: Address,
    call: C,
) -> Result<C::Return, Failure> {
    market.stage.vault(from, call)
}

#[test]
fn the_margin_contract_alone_writes_covers_and_pays() {
    let (mut market, writer) = open(10_000.0);
    let (margin, legs) = (market.stage.margin, legs_of(&[(market.call(2_800), -1.0)]));
    for caller in [writer, market.stage.actors.owner] {
        let error = || IVault::OnlyMargin { caller, margin };
        let (account, max, deadline) = (writer, I256::MAX, U256::MAX);
        let call = IVault::writeForCall { account, legs: legs.clone(), maxPremium: max, deadline };
        market.refuses(error(), |market| vault_of(market, caller, call));
        let call = IVault::coverAccountsCall { uncovered: U256::ZERO, borne: false };
        market.refuses(error(), |market| vault_of(market, caller, call));
        let call = IVault::receivePayoffCall { due: U256::MAX, paid: U256::ZERO };
        market.refuses(error(), |market| vault_of(market, caller, call));
        let call = IVault::payUncoveredCall { amount: U256::ZERO };
        market.refuses(error(), |market| vault_of(market, caller, call));
    }
}

const MARGIN: IVault::Satellite = IVault::Satellite::Margin;

#[test]
fn a_margin_contract_waits_two_days_and_for_the_last_one_to_be_empty() {
    let (mut market, writer) = open(10_000.0);
    let (owner, stranger, series) = (market.stage.actors.owner, market.trader, market.call(2_800));
    let name = |margin| name_satellite(MARGIN, margin);
    let role = IVault::Role::Owner;
    let other = market.stage.surface;
    let not_owner = IVault::NotAuthorised { caller: stranger, role };
    market.refuses(not_owner, |market| vault_of(market, stranger, name(other)));
    market.refuses(IVault::ZeroAddress {}, |market| vault_of(market, owner, name(Address::ZERO)));
    let none = IVault::SatelliteNotDue { acceptFrom: U256::ZERO, timestamp: U256::from(market.now()) };
    market.refuses(none, |market| vault_of(market, stranger, IVault::acceptSatelliteCall { which: MARGIN }));

    write(&mut market, writer, &[(series, 1.0)]).expect("written");
    vault_of(&mut market, owner, name(other)).expect("a proposal");
    let due = market.now() + 2 * DAY;
    let view = market.stage.ask(IVault::satelliteCall { which: MARGIN }).expect("a margin contract");
    assert_eq!((view.contract_, view.proposed), (market.stage.margin, other));
    assert_eq!(view.acceptFrom, U256::from(due));
    let early = IVault::SatelliteNotDue { acceptFrom: U256::from(due), timestamp: U256::from(market.now()) };
    market.refuses(early, |market| vault_of(market, stranger, IVault::acceptSatelliteCall { which: MARGIN }));
    market.stage.chain.world.warp(due);
    let in_use = IVault::MarginInUse { expiries: U256::from(1), receivable: U256::ZERO };
    market
        .refuses(in_use, |market| vault_of(market, stranger, IVault::acceptSatelliteCall { which: MARGIN }));
}

#[test]
fn an_empty_margin_contract_gives_way() {
    let (mut market, _) = open(10_000.0);
    let (owner, stranger, other) = (market.stage.actors.owner, market.trader, market.stage.surface);
    vault_of(&mut market, owner, name_satellite(MARGIN, other)).expect("a proposal");
    let due = market.now() + 2 * DAY;
    market.stage.chain.world.warp(due);
    vault_of(&mut market, stranger, IVault::acceptSatelliteCall { which: MARGIN }).expect("accepted");
    let view = market.stage.ask(IVault::satelliteCall { which: MARGIN }).expect("a margin contract");
    assert_eq!((view.contract_, view.proposed, view.acceptFrom), (other, Address::ZERO, U256::ZERO));
}

#[test]
fn writing_keeps_to_what_is_there() {
    let (mut market, writer) = open(10_000.0);
    let id = market.call(2_800);
    let close = |market: &mut Market, size: f64| write(market, writer, &[(id, -size)]);
    let error = IMargin::NotWritten { series: id, size: wad(1.0), written: U256::ZERO };
    market.refuses(error, |market| close(market, 1.0));
    write(&mut market, writer, &[(id, 1.0)]).expect("written");
    let error = IMargin::NotWritten { series: id, size: wad(2.0), written: wad(1.0) };
    market.refuses(error, |market| close(market, 2.0));

    let premium = market.quote(&[(id, -1.0)]).expect("a quote").premium;
    let call = |min_premium| IMargin::writeCall {
        account: writer,
        legs: written(&[(id, 1.0)]),
        minPremium: min_premium,
        deadline: U256::MAX,
    };
    for limit in [premium - I256::ONE, -I256::MAX] {
        let error = IVault::PremiumAboveLimit { premium, limit };
        market.refuses(error, |market| market.stage.margin(writer, call(-limit)));
    }
    let now = U256::from(market.now());
    let late = IMargin::writeCall { deadline: now - U256::from(1), ..call(I256::ZERO) };
    let error = IVault::DeadlinePassed { deadline: now - U256::from(1), timestamp: now };
    market.refuses(error, |market| market.stage.margin(writer, late));

    let (guardian, out) = (market.stage.actors.guardian, usdc(100_000.0));
    market.stage.vault(guardian, IVault::pauseCall {}).expect("a pause");
    market.refuses(IVault::EnforcedPause {}, |market| market.stage.margin(writer, call(I256::ZERO)));
    let cash = account(&mut market, writer).cash;
    let call = IMargin::withdrawCall { amount: out, account: writer, receiver: writer };
    market
        .refuses(IMargin::InsufficientCash { needed: out, cash }, |market| market.stage.margin(writer, call));
}

#[test]
fn an_account_with_little_cash_writes_little() {
    let (mut market, writer) = open(1_000.0);
    let id = market.call(2_800);
    let failure = write(&mut market, writer, &[(id, 4.0)]).expect_err("too much");
    assert!(failure.to_string().starts_with("MarginTooLow"), "{failure}");
    assert_eq!(accounts(&mut market), (U256::ZERO, U256::ZERO));
}

#[test]
fn an_account_has_at_most_sixteen_series() {
    let (mut market, writer) = open(100_000.0);
    let strikes = (0..17_u64).map(|at| 1_800 + 100 * at);
    let ids: Vec<U256> = strikes.map(|strike| series(market.expiries[1], strike, true)).collect();
    for legs in ids.chunks(8).take(2) {
        let legs: Vec<_> = legs.iter().map(|id| (*id, 0.01)).collect();
        write(&mut market, writer, &legs).expect("written");
    }
    let last = ids[16];
    let error = IMargin::TooManySeries { limit: U256::from(16) };
    market.refuses(error, |market| write(market, writer, &[(last, 0.01)]));
    // Nothing of another series is not one too many: it is nothing that the vault trades.
    market.refuses(IVault::ZeroSize { series: last }, |market| write(market, writer, &[(last, 0.0)]));
}

#[test]
fn nobody_is_nobodys_account() {
    let (mut market, writer) = open(1_000.0);
    let call = IMargin::depositCall { amount: usdc(1.0), account: Address::ZERO };
    market.refuses(IMargin::ZeroAddress {}, |market| market.stage.margin(writer, call));
    let call = IMargin::withdrawCall { amount: usdc(1.0), account: writer, receiver: Address::ZERO };
    market.refuses(IMargin::ZeroAddress {}, |market| market.stage.margin(writer, call));
    let call = IMargin::depositCall { amount: U256::MAX, account: writer };
    market.refuses(IMargin::ArithmeticOverflow {}, |market| market.stage.margin(writer, call));
    let call = IMargin::depositCall { amount: usdc(1e9), account: writer };
    let token = market.stage.usdc;
    market.refuses(IMargin::TokenFailed { token }, |market| market.stage.margin(writer, call));
}

#[test]
fn nothing_is_marked_without_a_fresh_price_and_surface() {
    let (mut market, writer) = open(10_000.0);
    let id = market.call(2_800);
    write(&mut market, writer, &[(id, 1.0)]).expect("written");
    let published = market.now();
    let later = published + 6 * HOUR;
    market.stage.chain.world.warp(later);
    let take = IMargin::withdrawCall { amount: usdc(1.0), account: writer, receiver: writer };
    let failure = market.stage.margin(writer, take.clone()).err().expect("a stale price");
    assert!(failure.to_string().starts_with("PriceStale"), "{failure}");
    market.stage.push_price(SPOT).expect("a round");
    let (expiry, updated) = (market.expiries[1], U256::from(published));
    let error = IMargin::SurfaceStale { expiry, updatedAt: updated, maxAge: U256::from(6 * HOUR) };
    market.refuses(error, |market| market.stage.margin(writer, take.clone()));
    market.publish();
    market.stage.margin(writer, take).expect("cash");
}

#[track_caller]
fn above_limit(result: Result<I256, Failure>, account: Address, limit: U256) {
    let data = result.expect_err("a refusal").data();
    let error = IMargin::UncoveredAboveLimit::abi_decode(&data).expect("the error");
    assert_eq!((error.account, error.limit), (account, limit));
    assert!(error.uncovered > limit);
}

#[test]
fn what_accounts_leave_uncovered_has_limits() {
    let (mut market, writer) = open(45_000.0);
    let [own, all] = UNCOVERED_LIMITS.map(U256::from);
    let limits = market.stage.margin_view(IMargin::limitsCall {}).expect("limits");
    assert_eq!((limits.accountLimit, limits.totalLimit), (own, all));
    // Puts deep in the money: little margin for what they cost at nothing.
    let puts = |market: &Market, size| [(market.put(3_700), size), (market.put(3_800), size)];
    let many = puts(&market, 18.0);
    above_limit(write(&mut market, writer, &many), writer, own);
    let some = puts(&market, 16.0);
    write(&mut market, writer, &some).expect("written");
    for who in 0..3 {
        let another = market.stage.writer(&format!("writer {who}"), 45_000.0).expect("an account");
        write(&mut market, another, &some).expect("written");
    }
    let total = accounts(&mut market).1;
    assert!(own < total && total < all);
    let last = market.stage.writer("last", 45_000.0).expect("an account");
    above_limit(write(&mut market, last, &some), Address::ZERO, all);
    assert_eq!(accounts(&mut market).1, total);
}

/// A market with 15,500 USD of shares, and an account with 10,000.
fn small() -> (Market, Address) {
    let mut market = Market::bare(default_profile(), wide_limits());
    market.deposit(15_500.0).expect("a deposit");
    for expiry in market.expiries {
        market.list(expiry, 1_800.0, 100.0, 21).expect("a listed expiry");
    }
    market.publish();
    let writer = market.stage.writer("writer", 10_000.0).expect("an account");
    (market, writer)
}

#[track_caller]
fn too_low<T: std::fmt::Debug>(result: Result<T, Failure>) {
    let failure = result.expect_err("a refusal");
    assert!(failure.to_string().starts_with("SolvencyTooLow"), "{failure}");
}

#[test]
fn the_vaults_nav_bears_what_accounts_leave_uncovered() {
    let (mut market, writer) = small();
    let (put, call) = (market.put(1_800), market.call(3_500));
    market.quote(&[(call, 1.0)]).expect("a quote while nothing is uncovered");
    // A put at 1,800 can cost 1,800: thirteen of them, with 10,000 to stand behind them, more than the shares bear.
    too_low(write(&mut market, writer, &[(put, 13.0)]));
    assert_eq!(accounts(&mut market), (U256::ZERO, U256::ZERO));
    write(&mut market, writer, &[(put, 12.0)]).expect("written");
    too_low(market.quote(&[(call, 1.0)]));
    let equity = crate::margin::health(&mut market, writer);
    assert!(
        equity.equity.into_raw() > equity.initial + usdc(1_500.0),
        "margin is not what binds: {equity:?}"
    );
    too_low(crate::margin::withdraw(&mut market, writer, 1_500.0));
    write(&mut market, writer, &[(put, -12.0)]).expect("closed");
    market.quote(&[(call, 1.0)]).expect("a quote again");
}

#[test]
fn what_the_market_makes_of_accounts_is_recorded_though_nav_does_not_bear_it() {
    let (mut market, writer) = small();
    let call = market.call(3_500);
    for _ in 0..4 {
        market.trade(&[(call, 1.0)]).expect("a purchase");
        write(&mut market, writer, &[(call, 1.0)]).expect("written");
    }
    let before = accounts(&mut market).1;
    let later = market.now() + HOUR;
    market.move_to(later, 1.2 * SPOT);
    // A fifth of spot is three fifths at the highest price that counts, for each of four calls.
    let uncovered = crate::margin::health(&mut market, writer).uncovered;
    assert!(uncovered > before + usdc(6_000.0), "{uncovered} after {before}");
    let anyone = market.stage.actors.keeper;
    market.stage.margin(anyone, IMargin::refreshCall { account: writer }).expect("a mark");
    assert_eq!(accounts(&mut market), (U256::ZERO, uncovered));
    too_low(market.quote(&[(call, 1.0)]));
}
