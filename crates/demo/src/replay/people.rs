//! Traders and LPs of the replay.

use anyhow::Result;
use rand::Rng;

use super::{Replay, STALE};
use crate::invariants::Rule;
use crate::ledger::usd;
use crate::market::Market;
use crate::prices::HOUR;
use crate::traders::{self, Order, Style, View};

/// Refusals that a trade must expect: the limits of the book and of a round, and a silent feed.
const TRADE_LIMITS: [&str; 11] = [
    "HedgeCapacityExceeded",
    "InsufficientLiquidity",
    "SolvencyTooLow",
    "DeltaCapExceeded",
    "GammaCapExceeded",
    "VegaCapExceeded",
    "RoundDeltaExceeded",
    "RoundVegaExceeded",
    "PriceStale",
    "SurfaceStale",
    "SeriesExpired",
];

/// How LPs come and go.
#[derive(Clone, Copy, Debug)]
pub struct Liquidity {
    /// What the first LP brings [USD].
    pub start: f64,
    /// Chance of a deposit in an hour, by anyone but the first LP.
    pub deposit: f64,
    /// Range of a deposit as a share of `start`.
    pub deposit_size: (f64, f64),
    /// Chance of a redemption in an hour.
    pub redemption: f64,
    /// Hours from a request to the first try to have it processed.
    pub patience: u64,
}

impl Default for Liquidity {
    fn default() -> Self {
        Self {
            start: 3_000_000.0,
            deposit: 1.0 / 60.0,
            deposit_size: (0.02, 0.08),
            redemption: 1.0 / 72.0,
            patience: 30,
        }
    }
}

/// What LPs are waiting for, and what their shares should be.
#[derive(Debug)]
pub(super) struct Lps {
    waiting: Vec<Option<u64>>,
    /// Assets of processed redemptions that nobody has taken [micro-USD]
    owed: i128,
    pub(super) supply: u128,
    unit: Option<f64>,
}

impl Lps {
    pub(super) fn new(count: usize) -> Self {
        Self { waiting: vec![None; count], owed: 0, supply: 0, unit: None }
    }

    /// Shares that cost a dollar at first.
    pub(super) fn unit(&self) -> f64 {
        self.unit.unwrap_or(1.0)
    }
}

impl<M: Market> Replay<'_, M> {
    /// The hour's arrivals.
    pub(super) fn trade(&mut self, time: u64, spot: f64, later: f64) -> Result<()> {
        let scenario = self.scenario;
        for (moment, style) in traders::arrivals(&mut self.rng, &scenario.flow, 1.0) {
            let now = time + moment;
            let listed = self.quoted(now);
            let view = View {
                now,
                spot,
                trend: self.trend(now),
                later,
                listed: &listed,
                lot: self.market.lot(),
                max_lots: self.market.max_lots(),
            };
            let trader = self.account(style);
            let held = self.ghost.holdings(trader);
            if let Some(order) = traders::decide(&mut self.rng, &scenario.flow, style, &view, &held) {
                self.market.warp(now)?;
                self.place(&view, trader, style, &order)?;
            }
        }
        Ok(())
    }

    /// Asks for a quote and trades if it beats the order's own value.
    fn place(&mut self, view: &View<'_>, trader: usize, style: Style, order: &Order) -> Result<()> {
        self.results.quotes[style as usize] += 1;
        let quote = self.market.quote(order.series, order.lots);
        let Some(quote) = self.expect("quote", &TRADE_LIMITS, quote)? else { return Ok(()) };
        let limit = (order.limit * 1e6).floor() as i128;
        if quote.premium > limit {
            self.results.declined += 1;
            return Ok(());
        }
        let paid = self.market.trade(trader, order.series, order.lots, limit);
        let Some(paid) = self.expect("trade", &TRADE_LIMITS, paid)? else { return Ok(()) };

        let size = order.lots.unsigned_abs() as f64 * view.lot;
        self.results.invariants.check(Rule::TradePaysItsQuote, view.now, paid == quote.premium, || {
            format!("paid {paid}, quoted {}", quote.premium)
        });
        self.ghost.trade(trader, order.series, order.lots);
        self.dealt.push((order.series, order.lots as f64 * view.lot, usd(paid)));
        self.accounts.trade(&quote, size * view.spot * self.market.fee());
        let volume = &mut self.results.volume;
        volume.add(order.series, order.lots, style, size * traders::vega(view, order.series));
        volume.premium += usd(paid.abs());
        volume.notional += size * view.spot;
        Ok(())
    }

    /// LPs: the first deposit, then some come, some ask to leave, and those who asked are processed and paid.
    pub(super) fn provide(&mut self, time: u64) -> Result<()> {
        let liquidity = self.scenario.liquidity;
        if self.lps.supply == 0 {
            return self.deposit(time, 0, liquidity.start);
        }
        let others = self.market.lps().max(2);
        if self.rng.random_bool(liquidity.deposit) {
            let (low, high) = liquidity.deposit_size;
            let assets = liquidity.start * self.rng.random_range(low..high);
            let lp = self.rng.random_range(1..others);
            self.deposit(time, lp, assets)?;
        }
        if self.rng.random_bool(liquidity.redemption) {
            let lp = self.rng.random_range(1..others);
            let part = [2, 3, 4, 4][self.rng.random_range(0..4)];
            self.request(time, lp, part)?;
        }
        let due = |lp: &usize| self.lps.waiting[*lp].is_some_and(|from| time >= from);
        let due: Vec<_> = (0..self.lps.waiting.len()).filter(due).collect();
        if !due.is_empty() {
            self.process(time)?;
        }
        for lp in due {
            self.leave(time, lp)?;
        }
        Ok(())
    }

    fn deposit(&mut self, time: u64, lp: usize, assets: f64) -> Result<()> {
        let micro = (assets * 1e6) as i128;
        let before = self.share_value()?;
        let made = self.market.deposit(lp, micro);
        let Some(made) = self.expect("deposit", &STALE, made)? else { return Ok(()) };
        self.lps.unit.get_or_insert(made as f64 / assets);
        self.lps.supply += made;
        self.accounts.flow(micro);
        self.results.deposits.0 += 1;
        self.results.deposits.1 += assets;
        self.check_undiluted(time, before)
    }

    /// Asks to redeem `quarters` quarters of an LP's shares.
    fn request(&mut self, time: u64, lp: usize, quarters: u128) -> Result<()> {
        let shares = self.market.shares(lp)? * quarters / 4;
        if shares == 0 || self.lps.waiting[lp].is_some() {
            return Ok(());
        }
        let asked = self.market.request_redeem(lp, shares);
        if self.expect("request_redeem", &[], asked)?.is_some() {
            self.lps.waiting[lp] = Some(time + self.scenario.liquidity.patience * HOUR);
        }
        Ok(())
    }

    /// Has the epochs that are ready processed.
    fn process(&mut self, time: u64) -> Result<()> {
        let explained = [
            "PriceStale",
            "SettlementPending",
            "InsufficientLiquidity",
            "RedemptionNotReady",
            "NoPendingRedemption",
        ];
        loop {
            let before = self.share_value()?;
            let processed = self.market.process();
            let processed = self.expect("process_epoch", &explained, processed)?;
            let Some((shares, assets)) = processed else { return Ok(()) };
            self.lps.supply = self.lps.supply.saturating_sub(shares);
            self.lps.owed += assets;
            self.accounts.flow(-assets);
            self.check_undiluted(time, before)?;
        }
    }

    /// Takes what was processed of a request; the rest waits for another hour.
    fn leave(&mut self, time: u64, lp: usize) -> Result<()> {
        let taken = self.market.redeem(lp);
        let Some(taken) = self.expect("redeem", &[], taken)? else { return Ok(()) };
        self.lps.owed -= taken;
        let (owed, waits) = (self.lps.owed, self.market.pending(lp)? > 0);
        self.results.invariants.check(Rule::SharesAccounted, time, owed >= 0, || {
            format!("LP {lp} took {taken}, {owed} more than was processed")
        });
        self.collect_fills()?;
        self.results.redemptions.0 += u64::from(taken > 0);
        self.results.redemptions.1 += usd(taken);
        if !waits {
            self.lps.waiting[lp] = None;
        }
        Ok(())
    }

    /// Micro-USD and shares at this moment; none without a price.
    fn share_value(&mut self) -> Result<Option<(i128, u128)>> {
        let nav = self.market.nav();
        let Some(nav) = self.expect("nav", &STALE, nav)? else { return Ok(None) };
        Ok(Some((nav.mid, self.market.share_supply()?)))
    }

    /// Neither deposits nor redemptions lower the value of a share.
    fn check_undiluted(&mut self, time: u64, before: Option<(i128, u128)>) -> Result<()> {
        let after = self.share_value()?;
        if let (Some((nav, supply)), Some((nav_after, supply_after))) = (before, after)
            && supply > 0
        {
            // A micro-USD of rounding on the whole NAV.
            let (then, now) = (nav as f64 / supply as f64, (nav_after + 1) as f64 / supply_after as f64);
            self.results.invariants.check(Rule::SharesAccounted, time, now >= then * (1.0 - 1e-14), || {
                format!("a share fell from {then} to {now}")
            });
        }
        Ok(())
    }
}
