//! The demo's own books: what traders hold, what LPs put in, and where the P&L came from.

use std::collections::BTreeMap;

use crate::market::{ExpiryBook, Fill, Greeks, Kind, Nav, Quote, Series};
use crate::traders::{Holding, Style};

/// Positions of all traders, kept apart from the vault: its ghost.
#[derive(Clone, Debug, Default)]
pub struct Ghost {
    held: Vec<BTreeMap<Series, i64>>,
}

impl Ghost {
    /// Nobody holds anything.
    #[must_use]
    pub fn new(traders: usize) -> Self {
        Self { held: vec![BTreeMap::new(); traders] }
    }

    /// Books an executed trade.
    pub fn trade(&mut self, trader: usize, series: Series, lots: i64) {
        let held = self.held[trader].entry(series).or_default();
        *held += lots;
        if *held == 0 {
            self.held[trader].remove(&series);
        }
    }

    /// Takes an account's claimed series off.
    pub fn claimed(&mut self, trader: usize, series: &[Series]) {
        self.held[trader].retain(|one, _| !series.contains(one));
    }

    /// What an account holds.
    #[must_use]
    pub fn holdings(&self, trader: usize) -> Vec<Holding> {
        let held = self.held[trader].iter();
        held.map(|(series, lots)| Holding { series: *series, lots: *lots }).collect()
    }

    /// Series of an account that expired at `expiry`.
    #[must_use]
    pub fn expired(&self, trader: usize, expiry: u64) -> Vec<Series> {
        self.held[trader].keys().filter(|series| series.expiry == expiry).copied().collect()
    }

    /// Open lots by series.
    #[must_use]
    pub fn open(&self) -> BTreeMap<Series, i64> {
        let mut open = BTreeMap::new();
        for (series, lots) in self.held.iter().flatten() {
            *open.entry(*series).or_default() += lots;
        }
        open
    }

    /// What the vault should store for one of its expiries.
    #[must_use]
    pub fn mirror(&self, book: &ExpiryBook) -> ExpiryBook {
        let (mut net, mut puts, mut put_index_sum) = (vec![0; usize::from(book.grid.count)], 0, 0);
        for (series, lots) in self.open().into_iter().filter(|(series, _)| series.expiry == book.expiry) {
            let index = (series.strike.saturating_sub(book.grid.base) / book.grid.step.max(1)) as usize;
            if let Some(slot) = net.get_mut(index) {
                *slot -= lots;
            }
            if series.kind == Kind::Put {
                puts -= lots;
                put_index_sum -= lots * index as i64;
            }
        }
        ExpiryBook { net, puts, put_index_sum, ..book.clone() }
    }
}

/// Where an hour's P&L came from [USD].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// What trades paid above model value, less the fee: risk charge and spread.
    pub premium: f64,
    /// The fee on every trade.
    pub fees: f64,
    /// Net delta times the move of spot: what hedging left.
    pub delta: f64,
    /// Pool fee and slippage of the hedges.
    pub hedging: f64,
    /// Time value earned less the cost of curvature.
    pub theta_gamma: f64,
    /// The rest of the re-mark: moves of the surface and higher orders.
    pub vol: f64,
}

impl Parts {
    /// Names, in the order of [`Parts::values`].
    pub const NAMES: [&'static str; 6] =
        ["premium", "fees", "theta and gamma", "vol", "delta after hedges", "hedging cost"];

    /// In the order of [`Parts::NAMES`].
    #[must_use]
    pub fn values(&self) -> [f64; 6] {
        [self.premium, self.fees, self.theta_gamma, self.vol, self.delta, self.hedging]
    }

    /// The whole.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.values().iter().fold(0.0, |sum, part| sum + part)
    }
}

/// The state at the end of an hour, and what it earned since the last one.
#[derive(Clone, Debug, Default)]
pub struct HourRecord {
    /// Unix seconds of the price.
    pub time: u64,
    /// USD.
    pub spot: f64,
    /// Simple return since the last record.
    pub spot_return: f64,
    /// NAV at mid [USD].
    pub nav: f64,
    /// USD a share.
    pub share_price: f64,
    /// LP P&L [USD].
    pub pnl: f64,
    /// LP P&L without the hedges [USD].
    pub unhedged: f64,
    /// Its parts.
    pub parts: Parts,
    /// Net delta before hedging [USD].
    pub delta_before: f64,
    /// Net delta after it [USD].
    pub delta_after: f64,
    /// Delta of the options book [USD].
    pub book_delta: f64,
    /// Half-widths of the band [USD].
    pub inner: f64,
    /// See `inner`.
    pub outer: f64,
    /// Cash gamma: change of cash delta for a move of 1 % [USD].
    pub gamma: f64,
    /// USD per point of vol.
    pub vega: f64,
    /// Realised vol of the fast average.
    pub realised: f64,
    /// Whether the target was out of the venue's reach.
    pub at_limit: bool,
    /// Hedges filled.
    pub hedges: usize,
}

/// Turns marks of the vault into P&L, hour by hour.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    last: Option<Mark>,
    /// Money that LPs brought since the last record, less what they took [USD].
    flows: f64,
    /// Premium over value since the last record, without the fee [USD].
    premium: f64,
    fees: f64,
    /// Cash of the hedges since the last record, positive received [USD].
    hedge_cash: f64,
    hedges: usize,
}

/// A mark at the end of an hour.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Unix seconds.
    pub time: u64,
    /// USD.
    pub spot: f64,
    /// NAV.
    pub nav: Nav,
    /// Greeks of the book.
    pub greeks: Greeks,
    /// Hedge held, units.
    pub position: f64,
}

impl Accounts {
    /// LPs brought (positive) or were credited a redemption (negative) [micro-USD].
    pub fn flow(&mut self, micro: i128) {
        self.flows += usd(micro);
    }

    /// A trade was made; the fee is in USD.
    pub fn trade(&mut self, quote: &Quote, fee: f64) {
        self.premium += usd(quote.premium - quote.value) - fee;
        self.fees += fee;
    }

    /// A hedge was filled.
    pub fn hedge(&mut self, fill: &Fill) {
        self.hedge_cash -= fill.size * fill.price;
        self.hedges += 1;
    }

    /// Closes the hour at a mark: P&L, P&L without hedges and parts. None for the first mark.
    pub fn close(&mut self, mark: Mark) -> Option<HourRecord> {
        let since = std::mem::take(self);
        self.last = Some(mark);
        let last = since.last?;
        let change = mark.spot - last.spot;
        let pnl = usd(mark.nav.mid - last.nav.mid) - since.flows;
        let hedge_pnl = mark.position * mark.spot - last.position * last.spot + since.hedge_cash;

        let years = mark.time.saturating_sub(last.time) as f64 / crate::black_scholes::YEAR;
        let greeks = last.greeks;
        let mut parts = Parts {
            premium: since.premium,
            fees: since.fees,
            delta: (greeks.delta + last.position) * change,
            hedging: hedge_pnl - last.position * change,
            theta_gamma: greeks.theta * years + greeks.gamma * change * change / 2.0,
            vol: 0.0,
        };
        parts.vol = pnl - parts.total();
        Some(HourRecord {
            time: mark.time,
            spot: mark.spot,
            spot_return: change / last.spot,
            nav: usd(mark.nav.mid),
            pnl,
            unhedged: pnl - hedge_pnl,
            parts,
            gamma: mark.greeks.gamma * mark.spot * mark.spot / 100.0,
            vega: mark.greeks.vega / 100.0,
            book_delta: mark.greeks.delta * mark.spot,
            hedges: since.hedges,
            ..HourRecord::default()
        })
    }
}

/// Volume by what it was, in vega [USD per 1.00 of vol].
#[derive(Clone, Debug, Default)]
pub struct Volume {
    /// Calls, puts.
    pub kinds: [f64; 2],
    /// Bought, sold back.
    pub sides: [f64; 2],
    /// By style.
    pub styles: [f64; 3],
    /// By expiry.
    pub expiries: BTreeMap<u64, f64>,
    /// Trades by style.
    pub trades: [u64; 3],
    /// Premium that changed hands either way [USD].
    pub premium: f64,
    /// Notional [USD].
    pub notional: f64,
}

impl Volume {
    /// Counts a trade.
    pub fn add(&mut self, series: Series, lots: i64, style: Style, vega: f64) {
        self.kinds[usize::from(series.kind == Kind::Put)] += vega;
        self.sides[usize::from(lots < 0)] += vega;
        let style = style as usize;
        self.styles[style] += vega;
        self.trades[style] += 1;
        *self.expiries.entry(series.expiry).or_default() += vega;
    }

    /// All vega traded.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.sides[0] + self.sides[1]
    }

    /// A share of all vega.
    #[must_use]
    pub fn share(&self, part: f64) -> f64 {
        if self.total() > 0.0 { part / self.total() } else { 0.0 }
    }

    /// The greatest share of calls, puts, purchases and sales.
    #[must_use]
    pub fn widest_side(&self) -> f64 {
        let parts = self.kinds.iter().chain(&self.sides);
        parts.fold(0.0, |most: f64, part| most.max(self.share(*part)))
    }
}

/// USD of micro-USD.
#[must_use]
pub fn usd(micro: i128) -> f64 {
    micro as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Series = Series { expiry: 1, strike: 110, kind: Kind::Call };
    const PUT: Series = Series { expiry: 1, strike: 120, kind: Kind::Put };

    fn book(net: Vec<i64>, puts: i64, put_index_sum: i64) -> ExpiryBook {
        let grid = crate::market::Grid { base: 100, step: 10, count: 3 };
        ExpiryBook { expiry: 1, grid, net, puts, put_index_sum }
    }

    #[test]
    fn the_mirror_of_the_ghost_is_the_book_the_vault_should_store() {
        let mut ghost = Ghost::new(2);
        ghost.trade(0, CALL, 5);
        ghost.trade(1, CALL, 2);
        ghost.trade(1, PUT, 4);
        ghost.trade(0, CALL, -1);
        assert_eq!(ghost.mirror(&book(vec![], 0, 0)), book(vec![0, -6, -4], -4, -8));
        assert_eq!(ghost.expired(1, 1), [CALL, PUT]);
        ghost.claimed(1, &[CALL, PUT]);
        assert_eq!(ghost.open(), BTreeMap::from([(CALL, 4)]));
    }

    #[test]
    fn parts_sum_to_the_pnl_and_the_hedge_is_taken_out_of_the_unhedged_path() {
        let mut accounts = Accounts::default();
        let nav = |mid| Nav { mid, ..Nav::default() };
        let greeks = Greeks { delta: -2.0, gamma: -0.1, theta: 8_760.0, ..Greeks::default() };
        let first = Mark { time: 0, spot: 100.0, nav: nav(1_000_000_000), greeks, position: 2.0 };
        assert!(accounts.close(first).is_none());

        accounts.flow(50_000_000);
        accounts.trade(&Quote { premium: 12_000_000, value: 10_000_000, charge: 0, spread: 2_000_000 }, 0.5);
        accounts.hedge(&Fill { size: 1.0, price: 111.0 });
        let last = Mark { time: 3_600, spot: 110.0, nav: nav(1_047_000_000), position: 3.0, ..first };
        let record = accounts.close(last).expect("a record");

        assert!((record.pnl + 3.0).abs() < 1e-9);
        // 2 held through a rise of 10, and 1 bought a dollar too dear.
        assert!((record.unhedged - (-3.0 - 19.0)).abs() < 1e-9);
        assert_eq!((record.parts.premium, record.parts.fees), (1.5, 0.5));
        assert_eq!((record.parts.delta, record.parts.hedging), (0.0, -1.0));
        assert!((record.parts.theta_gamma - (1.0 - 5.0)).abs() < 1e-9);
        assert!((record.parts.total() - record.pnl).abs() < 1e-9);
    }

    #[test]
    fn shares_of_volume_are_by_vega() {
        let mut volume = Volume::default();
        volume.add(CALL, 3, Style::Noise, 30.0);
        volume.add(PUT, -1, Style::Informed, 10.0);
        assert_eq!(volume.share(volume.styles[2]), 0.25);
        assert_eq!(volume.widest_side(), 0.75);
        assert_eq!(volume.trades, [1, 0, 1]);
    }
}
