//! The replay: a market lives through hours of real prices.
//!
//! Each hour, in this order: the feed is updated and arbitrage follows it; what expired is settled and claimed; expiries are listed and
//! the surface published; the keeper hedges; traders and LPs come; the keeper hedges again; the hour is marked and checked. The price
//! does not move inside an hour, so the hedge of the hour's end stands against the whole of the next move.

mod checks;
mod people;
mod snipe;

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail};
use publisher::{Curve, Follower};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use crate::calendar;
use crate::invariants::{Invariants, Rule};
use crate::ledger::{Accounts, Ghost, HourRecord, Mark, Volume};
use crate::market::{Failure, Grid, Hedge, Market, Outcome};
use crate::prices::{HOUR, Hour, Window};
use crate::traders::{Flow, Listed, Style};

pub use people::Liquidity;
pub use snipe::{Snipe, Sniper};

/// Seconds into the hour at which the surface is published, and at which the keeper acts last.
const PUBLISHED_AT: u64 = 30;
const CLOSED_AT: u64 = 3_540;

/// Refusals that an hour without a price explains.
const STALE: [&str; 4] = ["PriceStale", "NoPrice", "SurfaceStale", "SettlementPending"];
/// Why a hedge that is due waits: no cash for it, or a pool further from a lagging feed than the desk's cap allows so early.
const WAITS: [&str; 2] = ["InsufficientLiquidity", "SlipAboveCap"];

/// What is replayed.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Prices before and in the replay.
    pub window: Window,
    /// Seed of all randomness.
    pub seed: u64,
    /// Traders.
    pub flow: Flow,
    /// LPs.
    pub liquidity: Liquidity,
    /// Whether somebody knows the next price.
    pub sniper: Option<Sniper>,
}

/// Watches the replay.
pub trait Observer {
    /// After every hour.
    fn hour(&mut self, progress: &Progress<'_>);
}

/// Where the replay stands.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Hours done.
    pub done: usize,
    /// Hours in all.
    pub of: usize,
    /// Unix seconds.
    pub time: u64,
    /// The last marked hour.
    pub last: Option<&'a HourRecord>,
    /// What came out so far.
    pub outcome: &'a Results,
    /// Live expiries.
    pub live: usize,
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Marked hours.
    pub records: Vec<HourRecord>,
    /// How the rules fared.
    pub invariants: Invariants,
    /// What was traded.
    pub volume: Volume,
    /// Arrivals that asked for a quote, by style.
    pub quotes: [u64; 3],
    /// Quotes that did not beat the trader's own value.
    pub declined: u64,
    /// Typed refusals by call and error.
    pub refusals: BTreeMap<(&'static str, String), u64>,
    /// Feed updates by cause: deviation, heartbeat.
    pub updates: [u64; 2],
    /// Hours without a price.
    pub silent_hours: u64,
    /// Hedges: count, notional [USD].
    pub hedges: (u64, f64),
    /// Expiries settled.
    pub settled: u64,
    /// Paid to holders of settled series [USD].
    pub claimed: f64,
    /// Deposits: count, USD.
    pub deposits: (u64, f64),
    /// Redemptions: count, USD.
    pub redemptions: (u64, f64),
    /// What a sniper did.
    pub snipes: Vec<Snipe>,
}

/// The state of a replay.
struct Replay<'m, M: Market> {
    market: &'m mut M,
    scenario: &'m Scenario,
    rng: ChaCha12Rng,
    publisher: Follower,
    listed: Vec<Listing>,
    rounds: Vec<(u128, u64)>,
    pushed: Option<(u64, f64)>,
    prices: Vec<(u64, f64)>,
    /// Trades of the feed's round.
    dealt: Vec<snipe::Dealt>,
    ghost: Ghost,
    accounts: Accounts,
    lps: people::Lps,
    results: Results,
}

/// A listed expiry; its slice from the first publication on.
#[derive(Clone, Copy, Debug)]
struct Listing {
    expiry: u64,
    grid: Grid,
    slice: Option<Curve>,
    /// When the slice was published [unix seconds]
    published: u64,
}

/// Replays a scenario on a market.
///
/// # Errors
/// What the host or the demo could not do; the vault's own refusals are results, not errors.
pub fn run<M: Market>(market: &mut M, scenario: &Scenario, observer: &mut dyn Observer) -> Result<Results> {
    let mut publisher = Follower::new(market.vol_step());
    let mut prices = Vec::new();
    for hour in &scenario.window.past {
        if let Some(price) = hour.price {
            publisher.observe(hour.time, price);
            prices.push((hour.time, price));
        }
    }
    let mut replay = Replay {
        rng: ChaCha12Rng::seed_from_u64(scenario.seed),
        publisher,
        listed: Vec::new(),
        rounds: Vec::new(),
        pushed: None,
        prices,
        dealt: Vec::new(),
        ghost: Ghost::new(market.traders()),
        accounts: Accounts::default(),
        lps: people::Lps::new(market.lps()),
        results: Results::default(),
        market,
        scenario,
    };
    let hours = &scenario.window.hours;
    for (done, hour) in hours.iter().enumerate() {
        let ahead = hours[done..].iter().take(7).rev().find_map(|later| later.price);
        replay.hour(hour, ahead).with_context(|| format!("at {}", crate::prices::show(hour.time)))?;
        observer.hour(&Progress {
            done: done + 1,
            of: hours.len(),
            time: hour.time,
            last: replay.results.records.last(),
            outcome: &replay.results,
            live: replay.listed.len(),
        });
    }
    Ok(replay.results)
}

impl<M: Market> Replay<'_, M> {
    fn hour(&mut self, hour: &Hour, ahead: Option<f64>) -> Result<()> {
        self.market.warp(hour.time)?;
        match hour.price {
            Some(price) => {
                self.snipe(hour.time, price)?;
                self.price(hour.time, price)?;
            }
            None => self.results.silent_hours += 1,
        }
        let Some((_, spot)) = self.pushed else { return Ok(()) };

        if hour.price.is_some() {
            self.settle(hour.time)?;
            self.list(hour.time, spot)?;
            self.market.warp(hour.time + PUBLISHED_AT)?;
            self.publish(hour.time + PUBLISHED_AT, spot)?;
        }
        let before = self.hedge(hour.time)?;
        self.trade(hour.time, spot, ahead.unwrap_or(spot))?;
        self.market.warp(hour.time + CLOSED_AT)?;
        self.provide(hour.time)?;
        let after = self.hedge(hour.time)?;

        if let (Some(before), Some(_)) = (before, after) {
            self.mark(hour.time, spot, &before)?;
        }
        Ok(())
    }

    /// A price of the market: the feed is updated if it is due, and the pool follows.
    fn price(&mut self, time: u64, price: f64) -> Result<()> {
        self.publisher.observe(time, price);
        self.prices.push((time, price));
        let (moved, old) = match self.pushed {
            None => (true, true),
            Some((at, last)) => {
                ((price / last - 1.0).abs() >= self.market.deviation(), time - at >= self.market.heartbeat())
            }
        };
        if moved || old {
            let round = self.market.push_price(price)?;
            self.dealt.clear();
            self.rounds.push((round, time));
            self.pushed = Some((time, price));
            self.results.updates[usize::from(!moved)] += 1;
        }
        self.market.arbitrage(price)?;
        Ok(())
    }

    /// Settles every expiry that a round straddles, and claims for its holders.
    fn settle(&mut self, time: u64) -> Result<()> {
        let due: Vec<u64> =
            self.listed.iter().map(|one| one.expiry).filter(|expiry| *expiry < time).collect();
        for expiry in due {
            let straddling = self.rounds.windows(2).find(|pair| pair[0].1 <= expiry && expiry < pair[1].1);
            let Some(&[(round, _), _]) = straddling else { continue };
            let settled = self.market.settle(expiry, round);
            if self.expect("settle", &[], settled)?.is_none() {
                continue;
            }
            self.listed.retain(|one| one.expiry != expiry);
            self.results.settled += 1;
            for trader in 0..self.market.traders() {
                let series = self.ghost.expired(trader, expiry);
                if series.is_empty() {
                    continue;
                }
                let paid = self.market.claim(trader, &series);
                if let Some(paid) = self.expect("claim", &[], paid)? {
                    self.ghost.claimed(trader, &series);
                    self.results.claimed += crate::ledger::usd(paid);
                }
            }
            self.collect_fills()?;
        }
        Ok(())
    }

    fn list(&mut self, time: u64, spot: f64) -> Result<()> {
        for expiry in calendar::wanted(time) {
            if self.listed.iter().any(|one| one.expiry == expiry) {
                continue;
            }
            let grid = calendar::grid(spot);
            let done = self.market.list_expiry(expiry, grid);
            if self.expect("list_expiry", &[], done)?.is_some() {
                self.listed.push(Listing { expiry, grid, slice: None, published: 0 });
            }
        }
        Ok(())
    }

    fn publish(&mut self, now: u64, spot: f64) -> Result<()> {
        let expiries = self.listed.iter().map(|one| (one.expiry, one.grid.into())).collect();
        let slices = match self.publisher.surface(now, spot, &expiries) {
            Ok(slices) => slices,
            Err((index, error)) => bail!("no surface that the feed takes: slice {index}: {error:?}"),
        };
        let done = self.market.publish(&slices);
        if self.expect("publish", &[], done)?.is_some() {
            self.publisher.published(&slices);
            for (expiry, slice) in &slices {
                for one in self.listed.iter_mut().filter(|one| one.expiry == *expiry) {
                    (one.slice, one.published) = (Some(Curve::from(slice)), now);
                }
            }
        }
        Ok(())
    }

    /// The keeper: hedges when one is due. Returns the state before, or none when the vault has no price.
    fn hedge(&mut self, time: u64) -> Result<Option<Hedge>> {
        let state = self.market.hedge();
        let Some(before) = self.expect("hedge_needed", &STALE, state)? else { return Ok(None) };
        if !before.needed {
            return Ok(Some(before));
        }
        let done = self.market.rebalance(before.size);
        if self.expect("rebalance", &WAITS, done)?.is_none() {
            return Ok(Some(before));
        }
        self.collect_fills()?;
        let state = self.market.hedge();
        if let Some(after) = self.expect("hedge_needed", &STALE, state)? {
            let inside = !after.needed && after.deviation().abs() <= after.outer * (1.0 + 1e-9) + 1e-9;
            self.results.invariants.check(Rule::HedgeLandsInBand, time, inside, || format!("{after:?}"));
        }
        Ok(Some(before))
    }

    fn collect_fills(&mut self) -> Result<()> {
        for fill in self.market.fills()? {
            self.accounts.hedge(&fill);
            self.results.hedges.0 += 1;
            self.results.hedges.1 += (fill.size * fill.price).abs();
        }
        Ok(())
    }

    /// Marks the hour and checks every rule.
    fn mark(&mut self, time: u64, spot: f64, before: &Hedge) -> Result<()> {
        let (nav, greeks, hedge) = (self.market.nav(), self.market.greeks(), self.market.hedge());
        let (Some(nav), Some(greeks), Some(hedge)) = (
            self.expect("nav", &STALE, nav)?,
            self.expect("greeks", &STALE, greeks)?,
            self.expect("hedge_needed", &STALE, hedge)?,
        ) else {
            return Ok(());
        };
        let supply = self.market.share_supply()?;
        self.check(time, &nav, supply)?;
        let mark = Mark { time, spot, nav, greeks, position: hedge.position };
        if let Some(record) = self.accounts.close(mark) {
            self.results.records.push(HourRecord {
                share_price: record.nav / (supply as f64 / self.lps.unit()),
                delta_before: (before.position - before.target) * spot,
                delta_after: (hedge.position - hedge.target) * spot,
                inner: hedge.inner * spot,
                outer: hedge.outer * spot,
                realised: self.publisher.realised(),
                at_limit: hedge.at_limit(),
                ..record
            });
        }
        Ok(())
    }

    /// Counts a refusal that the situation explains, fails the rule on one that it does not, and stops at anything else.
    fn expect<T>(
        &mut self,
        call: &'static str,
        explained: &[&str],
        outcome: Outcome<T>,
    ) -> Result<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(Failure::Refused(refusal)) => {
                let known = explained.contains(&refusal.name.as_str());
                let time = self.prices.last().map_or(0, |(time, _)| *time);
                self.results.invariants.check(Rule::NoUnexpectedRevert, time, known, || {
                    format!("{call}: {}({})", refusal.name, refusal.detail)
                });
                *self.results.refusals.entry((call, refusal.name)).or_default() += 1;
                Ok(None)
            }
            Err(Failure::Broken(error)) => Err(anyhow!(error).context(call)),
        }
    }

    /// Live expiries as traders see them.
    fn quoted(&self, now: u64) -> Vec<Listed> {
        let live = self.listed.iter().filter(|one| one.expiry > now);
        live.filter_map(|one| Some(Listed { expiry: one.expiry, grid: one.grid, slice: one.slice? }))
            .collect()
    }

    /// Return of the last day over its usual size, squeezed into [-1, 1].
    fn trend(&self, now: u64) -> f64 {
        let Some((_, last)) = self.prices.last() else { return 0.0 };
        let since = self.prices.iter().rev().find(|(time, _)| time + 24 * HOUR <= now);
        let usual = (self.publisher.realised() / 365_f64.sqrt()).max(1e-6);
        since.map_or(0.0, |(_, then)| ((last / then).ln() / usual).tanh())
    }

    /// An account of a style, at random.
    fn account(&mut self, style: Style) -> usize {
        use rand::Rng;
        let accounts: Vec<_> = (0..self.market.traders()).filter(|one| Style::of(*one) == style).collect();
        accounts.get(self.rng.random_range(0..accounts.len().max(1))).copied().unwrap_or_default()
    }
}
