//! Logs alone tell the whole state: long histories followed by an indexer, compared with the contracts hour by hour.

use demo::live::Live;
use demo::prices::Prices;
use demo::replay::{self, Liquidity, Observer, Progress, Scenario};
use demo::stage::positions::SHORT_MARGIN;
use demo::stage::{default_limits, default_profile, Config};
use demo::traders::Flow;
use demo::windows::{committed, most_volatile, HISTORY};
use host::alloy_primitives::{Address, I256, U256};
use interfaces::broker::IBroker;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use crate::broker::skew;
use crate::hedge::due;
use crate::indexer::Index;
use crate::margin::write;
use crate::market::{series, usdc, wad, wide_limits, Market, DAY, HOUR, SPOT};
use crate::redeem::{process, redeem_all, request, shares_of};
use crate::venue_short::Short;

struct Silent;

impl Observer for Silent {
    fn hour(&mut self, _: &Progress<'_>) {}
}

fn a_replay(prices: &Prices, start: u64, days: u64) -> (Live, Index) {
    let window = prices.window(Some(start), days, HISTORY).expect("a window");
    let price = window.hours.iter().find_map(|hour| hour.price).expect("a price");
    let config = Config { start, price, profile: default_profile(), limits: default_limits() };
    let mut market = Live::deploy(&config, 9, 4).expect("a market");
    market.stage.chain.world.keep_logs();
    let (flow, liquidity) = (Flow::default(), Liquidity::default());
    let scenario = Scenario { window, seed: 3, flow, liquidity, sniper: None };
    replay::run(&mut market, &scenario, &mut Silent).expect("a replay");
    let logs = market.stage.chain.world.take_logs();
    let mut index = Index::default();
    index.follow(&market.stage, &logs);
    (market, index)
}

#[test]
fn a_month_of_logs_is_the_state_of_the_market_after_it() {
    let prices = committed().expect("the committed prices");
    let start = most_volatile(&prices, 1)[0];
    let (mut market, index) = a_replay(&prices, start, 30);
    index.agrees(&mut market.stage);
    println!("{:?}", index.seen);
    for event in ["Traded(address,uint256,int256)", "Settled(uint64,uint256,uint80,uint256)"] {
        assert!(index.seen.get(event).is_some_and(|count| *count > 3), "{event}: {:?}", index.seen);
    }
    assert!(index.seen.values().sum::<usize>() > 2_000, "{:?}", index.seen);
}

/// A market whose logs are followed from its first deposit on.
struct Followed {
    market: Market,
    index: Index,
}

impl Followed {
    fn open() -> Self {
        let profile = IVault::Profile { redeemDelay: 4 * HOUR as u32, ..default_profile() };
        let mut market = Market::bare(profile, wide_limits());
        market.stage.chain.world.keep_logs();
        market.deposit(1_000_000.0).expect("a deposit");
        for expiry in market.expiries {
            market.list(expiry, 1_800.0, 100.0, 21).expect("a listed expiry");
        }
        market.publish();
        Self { market, index: Index::default() }
    }

    /// Follows what happened since and compares.
    fn check(&mut self) {
        let logs = self.market.stage.chain.world.take_logs();
        self.market.stage.chain.world.keep_logs();
        self.index.follow(&self.market.stage, &logs);
        self.index.agrees(&mut self.market.stage);
    }

    fn hedge(&mut self) {
        let need = due(&mut self.market);
        if need.needed {
            let venue = self.market.stage.venue;
            self.market.rebalance(venue, need.size).expect("a hedge");
        }
        self.check();
    }
}

fn trades(followed: &mut Followed, week: u64) {
    let market = &mut followed.market;
    let (trader, lp) = (market.trader, market.lp);
    let (ours, put) = (series(week, 2_500, false), series(week, 2_600, true));
    market.trade(&[(ours, 9.0), (put, 3.0), (market.call(2_800), 12.0)]).expect("a trade");
    market.trade(&[(put, -1.0)]).expect("a sale");
    let transfer = IERC6909::transferCall { receiver: lp, id: ours, amount: wad(2.0) };
    market.stage.vault(trader, transfer).expect("a transfer");
    let approve = IERC6909::approveCall { spender: lp, id: ours, amount: wad(1.0) };
    market.stage.vault(trader, approve).expect("an approval");
    let pull = IERC6909::transferFromCall { sender: trader, receiver: lp, id: ours, amount: wad(1.0) };
    market.stage.vault(lp, pull).expect("a transfer");
    followed.check();
    followed.hedge();
}

fn redemptions(followed: &mut Followed) {
    let market = &mut followed.market;
    let (lp, trader) = (market.lp, market.trader);
    let shares = shares_of(market, lp);
    let some = IERC20::transferCall { to: trader, value: shares / U256::from(10) };
    market.stage.vault(lp, some).expect("shares");
    request(market, lp, shares / U256::from(20)).expect("a request");
    request(market, trader, shares / U256::from(30)).expect("a request");
    followed.check();
    let market = &mut followed.market;
    let cancel = IERC4626::cancelRedeemRequestCall { requestId: U256::ONE, controller: trader };
    market.stage.vault(trader, cancel).expect("a cancellation");
    let later = market.now() + 8 * HOUR;
    market.move_to(later, SPOT * 1.01);
    process(market).expect("processed");
    followed.check();
    redeem_all(&mut followed.market, lp);
    followed.check();
}

fn accounts(followed: &mut Followed, week: u64) -> [Address; 3] {
    let market = &mut followed.market;
    let writer = market.stage.writer("writer", 10_000.0).expect("an account");
    let bidder = market.stage.writer("bidder", 200_000.0).expect("an account");
    write(market, writer, &[(market.call(2_800), 4.0)]).expect("written");
    write(market, bidder, &[(series(week, 2_500, false), 2.0)]).expect("written");
    write(market, writer, &[(market.call(2_800), -0.5)]).expect("closed");
    let gambler = market.stage.writer("gambler", 10_000.0).expect("an account");
    write(market, gambler, &[(market.call(2_800), 3.0)]).expect("written");
    followed.check();
    [writer, gambler, bidder]
}

fn liquidation(followed: &mut Followed, [writer, bidder]: [Address; 2]) {
    let market = &mut followed.market;
    let later = market.now() + HOUR;
    market.move_to(later, 4_200.0);
    let anyone = market.stage.actors.keeper;
    market.stage.margin(anyone, IMargin::liquidateCall { account: writer }).expect("an auction");
    followed.check();
    let market = &mut followed.market;
    let later = market.now() + HOUR / 2;
    market.move_to(later, 4_200.0);
    let asked = market.stage.margin_view(IMargin::auctionOfCall { account: writer }).expect("an auction");
    let bid = IMargin::bidCall { account: writer, part: asked.part, maxPrice: I256::MAX };
    market.stage.margin(bidder, bid).expect("a bid");
    followed.check();
    let market = &mut followed.market;
    let free = IMargin::withdrawCall { amount: usdc(1.0), account: bidder, receiver: bidder };
    market.stage.margin(bidder, free).expect("what is spare");
    followed.check();
}

/// An account that owes more than it has is taken whole, and the vault pays for it.
fn bankruptcy(followed: &mut Followed, [gambler, bidder]: [Address; 2]) {
    let market = &mut followed.market;
    let later = market.now() + HOUR;
    market.move_to(later, 7_000.0);
    let anyone = market.stage.actors.keeper;
    market.stage.margin(anyone, IMargin::liquidateCall { account: gambler }).expect("an auction");
    let later = market.now() + HOUR;
    market.move_to(later, 7_000.0);
    let part = U256::from(1_000_000);
    let bid = IMargin::bidCall { account: gambler, part, maxPrice: I256::MAX };
    let price = market.stage.margin(bidder, bid).expect("a bid");
    assert!(price.is_negative(), "{price}");
    followed.check();
}

fn settlement(followed: &mut Followed, week: u64, bidder: Address) {
    let market = &mut followed.market;
    market.move_to(week - HOUR, 2_900.0);
    let round = market.stage.last_round().expect("a round");
    market.move_to(week + HOUR, 2_900.0);
    market.stage.vault(market.trader, IVault::settleCall { expiry: week, roundId: round }).expect("settled");
    followed.check();
    let market = &mut followed.market;
    let settle = IMargin::settleAccountCall { account: bidder, expiry: week };
    market.stage.margin(bidder, settle).expect("paid");
    for holder in [market.trader, market.lp] {
        let claim = IVault::claimCall { series: vec![series(week, 2_500, false)], receiver: holder };
        market.stage.vault(holder, claim).expect("a claim");
    }
    followed.check();
}

fn idle_cash(followed: &mut Followed) {
    let market = &mut followed.market;
    let pool = crate::pool::lending(market, 0);
    market.stage.vault(market.stage.actors.owner, IVault::setPoolCall { pool }).expect("a pool");
    let later = market.now() + 2 * DAY;
    market.move_to(later, 2_850.0);
    crate::pool::invest(market, usdc(100_000.0)).expect("an investment");
    followed.check();
    let curator = followed.market.stage.actors.curator;
    crate::pool::divest(&mut followed.market, curator, usdc(30_000.0)).expect("a part of it");
    followed.check();
}

#[test]
fn every_kind_of_history_is_told_by_its_logs() {
    let mut followed = Followed::open();
    let week = followed.market.expiries[0];
    trades(&mut followed, week);
    redemptions(&mut followed);
    let [writer, gambler, bidder] = accounts(&mut followed, week);
    liquidation(&mut followed, [writer, bidder]);
    followed.hedge();
    bankruptcy(&mut followed, [gambler, bidder]);
    settlement(&mut followed, week, bidder);
    followed.hedge();
    idle_cash(&mut followed);
    let guardian = followed.market.stage.actors.guardian;
    let venue = followed.market.stage.venue;
    followed.market.stage.vault(guardian, IVault::pauseCall {}).expect("a pause");
    followed.market.stage.vault(guardian, IVault::removeVenueCall { venue }).expect("a venue less");
    followed.check();
    let owner = followed.market.stage.actors.owner;
    followed.market.stage.vault(owner, IVault::unpauseCall {}).expect("no pause");
    followed.market.stage.vault(owner, IVault::allowVenueCall { venue }).expect("a venue");
    followed.check();
    assert_eq!(followed.index.seen.len(), UNDERSTOOD, "{:?}", followed.index.seen);
}

/// Events that the indexer reads, all of which this history has.
const UNDERSTOOD: usize = 30;

/// A market whose broker is short on Aave, followed from its first deposit on.
fn brokered() -> (Followed, Address) {
    let mut market = Market::bare(default_profile(), wide_limits());
    market.stage.chain.world.keep_logs();
    let broker = market.stage.broker;
    let Short { mut market, venue, .. } = Short::serving(market, broker, broker);
    market.stage.seat(venue, SHORT_MARGIN).expect("a venue");
    market.deposit(1_000_000.0).expect("a deposit");
    for expiry in market.expiries {
        market.list(expiry, 1_800.0, 100.0, 21).expect("a listed expiry");
    }
    market.publish();
    (Followed { market, index: Index::default() }, venue)
}

#[test]
fn what_goes_to_the_broker_and_comes_back_is_told_too() {
    let (mut followed, venue) = brokered();
    skew(&mut followed.market, 40.0);
    followed.check();
    crate::broker::hedge(&mut followed.market, venue, 0).expect("a hedge");
    followed.check();
    let later = followed.market.now() + HOUR;
    followed.market.move_to(later, SPOT * 0.9);
    let anyone = followed.market.trader;
    followed.market.stage.broker(anyone, IBroker::collectCall { venue }).expect("what lies over");
    followed.check();
    assert!(followed.index.seen["MarginMoved(int256,bool,uint32,uint16)"] > 2, "{:?}", followed.index.seen);
}
