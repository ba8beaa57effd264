//! Liquidation of margin accounts.

use demo::stage::Failure;
use host::alloy_primitives::{Address, I256, U256};
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use crate::margin::{account, accounts, health, near, open, plain, usd, write};
use crate::market::{events, usdc, wad, Market, HOUR};

/// An account with `usd` that has written four calls at 2,800, at `price` an hour later, and a bidder with a large account.
fn moved(usd: f64, price: f64) -> (Market, [Address; 2]) {
    let (mut market, writer) = open(usd);
    let series = market.call(2_800);
    write(&mut market, writer, &[(series, 4.0)]).expect("written");
    let bidder = market.stage.writer("bidder", 200_000.0).expect("an account");
    let later = market.now() + HOUR;
    market.move_to(later, price);
    (market, [writer, bidder])
}

fn liquidate(market: &mut Market, account: Address) -> Result<(), Failure> {
    let anyone = market.stage.actors.keeper;
    market.stage.margin(anyone, IMargin::liquidateCall { account }).map(|_| ())
}

fn bid(market: &mut Market, bidder: Address, account: Address, part: u32) -> Result<I256, Failure> {
    let call = IMargin::bidCall { account, part: U256::from(part), maxPrice: I256::MAX };
    market.stage.margin(bidder, call)
}

/// Price of the whole account, and the most of it that may be taken.
fn auction(market: &mut Market, account: Address) -> (I256, u32) {
    let asked = market.stage.margin_view(IMargin::auctionOfCall { account }).expect("an auction");
    (asked.price, u32::try_from(asked.part).expect("a part"))
}

/// Goes on by `seconds` at the same price.
fn wait(market: &mut Market, seconds: u64, price: f64) {
    let later = market.now() + seconds;
    market.move_to(later, price);
}

/// Cash of both accounts, and what the margin contract holds: the same.
fn cash(market: &mut Market, accounts: [Address; 2]) -> U256 {
    let sum = accounts.map(|one| account(market, one).cash).iter().fold(U256::ZERO, |sum, cash| sum + cash);
    assert_eq!(sum, market.usdc_of(market.stage.margin));
    sum
}

#[test]
fn a_healthy_account_is_left_alone() {
    let (mut market, [writer, bidder]) = moved(10_000.0, 2_900.0);
    let IMargin::Health { equity, maintenance, .. } = health(&mut market, writer);
    let error = IMargin::NotLiquidatable { account: writer, equity, maintenance };
    market.refuses(error, |market| liquidate(market, writer));
    market.refuses(IMargin::NoAuction { account: writer }, |market| bid(market, bidder, writer, 1));
    let asked = market.stage.margin_view(IMargin::auctionOfCall { account: writer });
    assert!(asked.is_err());
}

#[test]
fn a_part_of_a_short_account_is_taken_until_the_rest_has_its_margin() {
    let (mut market, [writer, bidder]) = moved(10_000.0, 4_000.0);
    let before = health(&mut market, writer);
    assert!(usd(before.equity) > 0.0 && before.equity.into_raw() < before.maintenance);
    liquidate(&mut market, writer).expect("an auction");
    let since = account(&mut market, writer).auctionSince;
    assert_eq!(since, U256::from(market.now()));
    let running = IMargin::AuctionRunning { account: writer, since };
    market.refuses(running, |market| liquidate(market, writer));

    let (start, _) = auction(&mut market, writer);
    near(usd(start), 0.98 * usd(before.equity), 1e-6);
    wait(&mut market, 1_800, 4_000.0);
    let (asked, part) = auction(&mut market, writer);
    near(usd(asked), 0.49 * usd(health(&mut market, writer).equity), 1e-3);
    assert!(0 < part && part < 1_000_000, "{part}");
    let limit = U256::from(part);
    let beyond = IMargin::PartOutOfRange { part: limit + U256::from(1), limit };
    market.refuses(beyond, |market| bid(market, bidder, writer, part + 1));
    market.refuses(IMargin::PartOutOfRange { part: U256::ZERO, limit }, |market| {
        bid(market, bidder, writer, 0)
    });

    let (whole, total) = (cash(&mut market, [writer, bidder]), accounts(&mut market).1);
    let price = bid(&mut market, bidder, writer, part).expect("a part");
    near(usd(price), usd(asked) * f64::from(part) / 1e6, 1e-6);
    assert_eq!(cash(&mut market, [writer, bidder]), whole);
    assert!(accounts(&mut market).1 <= total);
    let book = |market: &mut Market, account| {
        market.stage.margin_view(IMargin::bookOfCall { account }).expect("a book")[0].size
    };
    let sizes = [writer, bidder].map(|one| book(&mut market, one));
    assert_eq!(sizes[0] + sizes[1], I256::from_raw(wad(4.0)));
    // Lots are rounded up, so the rest has its margin, and the auction is over.
    let after = health(&mut market, writer);
    assert!(after.equity.into_raw() >= after.initial, "{after:?}");
    assert_eq!(account(&mut market, writer).auctionSince, U256::ZERO);
}

#[test]
fn an_account_without_equity_is_taken_whole_and_the_vault_pays_no_more_than_is_uncovered() {
    let (mut market, [writer, bidder]) = moved(10_000.0, 7_000.0);
    let before = health(&mut market, writer);
    assert!(before.equity.is_negative());
    liquidate(&mut market, writer).expect("an auction");
    assert_eq!(auction(&mut market, writer), (I256::ZERO, 1_000_000));
    wait(&mut market, 3_600, 7_000.0);
    let now = health(&mut market, writer);
    let (asked, _) = auction(&mut market, writer);
    // All of the missing equity, and a tenth of the initial margin.
    near(usd(asked), usd(now.equity) - 0.1 * plain(now.initial), 1e-6);
    assert!((-asked).into_raw() <= now.uncovered);

    let (vault_cash, whole) = (market.nav().cash, cash(&mut market, [writer, bidder]));
    let call = IMargin::bidCall { account: writer, part: U256::from(1_000_000), maxPrice: asked };
    let (margin, vault) = (market.stage.margin, market.stage.vault);
    let (price, receipt) = market.stage.chain.send_for_receipt(bidder, margin, call).expect("all of it");
    assert_eq!(price, asked);
    let [paid] = events::<IVault::UncoveredPaid>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!(paid.amount, (-asked).into_raw());
    let [taken] = events::<IMargin::Taken>(&receipt.logs, margin).try_into().expect("one event");
    assert_eq!((taken.account, taken.bidder, taken.price), (writer, bidder, asked));
    assert_eq!(vault_cash - market.nav().cash, paid.amount);
    assert_eq!(cash(&mut market, [writer, bidder]), whole + paid.amount);
    let empty = account(&mut market, writer);
    assert_eq!((empty.cash, empty.series, empty.uncovered), (U256::ZERO, U256::ZERO, U256::ZERO));
    assert_eq!(empty.auctionSince, U256::ZERO);
    assert_eq!(accounts(&mut market).1, account(&mut market, bidder).uncovered);
}

#[test]
fn the_vault_pays_nothing_for_an_account_with_equity_however_long_nobody_bids() {
    let (mut market, [writer, bidder]) = moved(10_000.0, 4_000.0);
    liquidate(&mut market, writer).expect("an auction");
    wait(&mut market, HOUR, 4_000.0);
    assert!(usd(health(&mut market, writer).equity) > 0.0);
    assert_eq!(auction(&mut market, writer), (I256::ZERO, 1_000_000));
    let before = market.nav().cash;
    assert_eq!(bid(&mut market, bidder, writer, 1_000_000).expect("all of it"), I256::ZERO);
    assert_eq!(market.nav().cash, before);
}

#[test]
fn an_account_that_has_just_its_maintenance_margin_is_left_alone() {
    let (mut market, [writer, _]) = moved(10_000.0, 4_000.0);
    let IMargin::Health { equity, maintenance, .. } = health(&mut market, writer);
    let missing = maintenance - equity.into_raw();
    let put_in = |market: &mut Market, amount| {
        let call = IMargin::depositCall { amount, account: writer };
        market.stage.margin(writer, call).expect("a deposit");
    };
    put_in(&mut market, missing - U256::ONE);
    let base = market.stage.chain.world.snapshot();
    liquidate(&mut market, writer).expect("a micro-dollar short");
    market.stage.chain.world.restore(&base);
    put_in(&mut market, U256::ONE);
    let equity = I256::from_raw(maintenance);
    let error = IMargin::NotLiquidatable { account: writer, equity, maintenance };
    market.refuses(error, |market| liquidate(market, writer));
}

#[test]
fn the_vault_pays_nothing_for_an_account_that_lacks_nothing() {
    let (mut market, [writer, bidder]) = moved(10_000.0, 7_000.0);
    liquidate(&mut market, writer).expect("an auction");
    wait(&mut market, 3 * HOUR, 7_000.0);
    let missing = -health(&mut market, writer).equity;
    let paid = auction(&mut market, writer).0;
    assert!(paid < -missing, "the missing equity and a margin for carrying the book: {paid}");
    let deposit = IMargin::depositCall { amount: missing.into_raw(), account: writer };
    market.stage.margin(writer, deposit).expect("a deposit");
    assert_eq!(health(&mut market, writer).equity, I256::ZERO);
    // Put up anew, nobody has anything for it.
    nobody_bids(&mut market, bidder, writer);
    liquidate(&mut market, writer).expect("an auction");
    assert_eq!(auction(&mut market, writer), (I256::ZERO, 1_000_000));

    let (margin, vault) = (market.stage.margin, market.stage.vault);
    let call = IMargin::bidCall { account: writer, part: U256::from(1_000_000), maxPrice: I256::ZERO };
    let (price, receipt) = market.stage.chain.send_for_receipt(bidder, margin, call).expect("all of it");
    assert_eq!(price, I256::ZERO);
    assert!(events::<IVault::UncoveredPaid>(&receipt.logs, vault).is_empty());
}

/// Asserts that a mark ends the auction of an account.
#[track_caller]
fn ends_when_marked(market: &mut Market, owner: Address) {
    let (margin, anyone) = (market.stage.margin, market.stage.actors.keeper);
    let call = IMargin::refreshCall { account: owner };
    let (_, receipt) = market.stage.chain.send_for_receipt(anyone, margin, call).expect("a mark");
    let [ended] = events::<IMargin::AuctionEnded>(&receipt.logs, margin).try_into().expect("one event");
    assert_eq!(ended.account, owner);
    assert_eq!(account(market, owner).auctionSince, U256::ZERO);
}

#[test]
fn an_auction_lapses_when_the_account_has_its_margin_again() {
    let (mut market, [writer, bidder]) = moved(10_000.0, 4_000.0);
    liquidate(&mut market, writer).expect("an auction");
    wait(&mut market, HOUR, 2_800.0);
    let IMargin::Health { equity, initial, .. } = health(&mut market, writer);
    let lapsed = IMargin::AuctionLapsed { account: writer, equity, initial };
    market.refuses(lapsed, |market| bid(market, bidder, writer, 1));
    ends_when_marked(&mut market, writer);
}

/// Asserts that nobody bids for an account, and that nothing is asked for it.
#[track_caller]
fn nobody_bids(market: &mut Market, bidder: Address, account: Address) {
    let none = || IMargin::NoAuction { account };
    market.refuses(none(), |market| bid(market, bidder, account, 1));
    market.refuses(none(), |market| market.stage.margin_view(IMargin::auctionOfCall { account }));
}

#[test]
fn an_auction_does_not_outlive_its_time_where_the_account_was_well_since() {
    let (mut market, [writer, bidder]) = moved(10_000.0, 4_000.0);
    liquidate(&mut market, writer).expect("an auction");
    // The price comes back, and nobody marks the account.
    wait(&mut market, HOUR / 2, 2_800.0);
    let well = health(&mut market, writer);
    assert!(well.equity.into_raw() >= well.initial, "{well:?}");
    // Then it lacks initial margin, not maintenance margin.
    wait(&mut market, HOUR / 2 - 1, 3_400.0);
    let IMargin::Health { equity, initial, maintenance, .. } = health(&mut market, writer);
    assert!(maintenance <= equity.into_raw() && equity.into_raw() < initial, "{equity} {initial}");
    nobody_bids(&mut market, bidder, writer);
    let IMargin::Health { equity, maintenance, .. } = health(&mut market, writer);
    let error = IMargin::NotLiquidatable { account: writer, equity, maintenance };
    market.refuses(error, |market| liquidate(market, writer));
    ends_when_marked(&mut market, writer);
}

#[test]
fn a_short_account_that_nobody_took_in_time_is_put_up_again_from_the_start_price() {
    let (mut market, [writer, bidder]) = moved(10_000.0, 4_000.0);
    liquidate(&mut market, writer).expect("an auction");
    wait(&mut market, HOUR, 4_000.0);
    let since = account(&mut market, writer).auctionSince;
    let running = IMargin::AuctionRunning { account: writer, since };
    market.refuses(running, |market| liquidate(market, writer));
    assert_eq!(auction(&mut market, writer), (I256::ZERO, 1_000_000));

    wait(&mut market, 1, 4_000.0);
    nobody_bids(&mut market, bidder, writer);
    liquidate(&mut market, writer).expect("another auction");
    assert_eq!(account(&mut market, writer).auctionSince, U256::from(market.now()));
    let equity = usd(health(&mut market, writer).equity);
    let (start, part) = auction(&mut market, writer);
    near(usd(start), 0.98 * equity, 1e-6);
    let price = bid(&mut market, bidder, writer, part).expect("a part");
    near(usd(price), usd(start) * f64::from(part) / 1e6, 1e-6);
}

/// Puts USD into an account: whether that ended its auction.
fn put_in(market: &mut Market, account: Address, usd: f64) -> bool {
    let margin = market.stage.margin;
    let call = IMargin::depositCall { amount: usdc(usd), account };
    let (_, receipt) = market.stage.chain.send_for_receipt(account, margin, call).expect("a deposit");
    let ended = events::<IMargin::AuctionEnded>(&receipt.logs, margin);
    assert!(ended.iter().all(|one| one.account == account));
    ended.len() == 1
}

#[test]
fn a_deposit_saves_an_account_in_auction() {
    let (mut market, [writer, bidder]) = moved(10_000.0, 4_000.0);
    liquidate(&mut market, writer).expect("an auction");
    let since = account(&mut market, writer).auctionSince;
    assert!(!put_in(&mut market, writer, 1.0), "a dollar is not enough");
    assert_eq!(account(&mut market, writer).auctionSince, since);
    assert!(put_in(&mut market, writer, 9_999.0));
    let (after, health) = (account(&mut market, writer), health(&mut market, writer));
    assert_eq!((after.auctionSince, after.uncovered), (U256::ZERO, health.uncovered));
    assert_eq!(accounts(&mut market).1, health.uncovered);
    nobody_bids(&mut market, bidder, writer);
}

#[test]
fn a_deposit_into_an_account_in_auction_waits_for_no_price() {
    let (mut market, [writer, _]) = moved(10_000.0, 4_000.0);
    liquidate(&mut market, writer).expect("an auction");
    let before = account(&mut market, writer);
    let late = market.now() + 100 * HOUR;
    market.stage.chain.world.warp(late);
    assert!(!put_in(&mut market, writer, 10_000.0));
    let after = account(&mut market, writer);
    assert_eq!(after.cash, before.cash + usdc(10_000.0));
    assert_eq!((after.auctionSince, after.uncovered), (before.auctionSince, before.uncovered));
}

#[test]
fn a_bidder_needs_margin_a_price_limit_is_kept_and_nobody_bids_for_their_own() {
    let (mut market, [writer, bidder]) = moved(10_000.0, 4_000.0);
    liquidate(&mut market, writer).expect("an auction");
    let (asked, part) = auction(&mut market, writer);
    market.refuses(IMargin::OwnAccount { account: writer }, |market| bid(market, writer, writer, 1));
    let call = |max_price| IMargin::bidCall { account: writer, part: U256::from(part), maxPrice: max_price };
    let share = (asked * I256::try_from(part).expect("small") + I256::try_from(999_999).expect("small"))
        / I256::try_from(1_000_000).expect("small");
    let limit = share - I256::ONE;
    let above = IMargin::PriceAboveLimit { price: share, limit };
    market.refuses(above, |market| market.stage.margin(bidder, call(limit)));
    let poor = market.stage.writer("poor", 100.0).expect("an account");
    let failure = bid(&mut market, poor, writer, part).expect_err("no margin");
    assert!(failure.to_string().starts_with("MarginTooLow"), "{failure}");
}
