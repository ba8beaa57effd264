//! Trades at one state of the market, on the crate that prices them: `book`, which the risk engine runs on chain. What it admits the vault charges, to
//! the unit, so a million closed sequences here are a million of the vault's premiums.

use book::{Header, Mark, Order, Place, Spots, Stored, price, slots};
use inventory::Profile;
use options::{Kind, Slice, StrikeGrid};

use crate::dice::Dice;

/// A day [s], and an hour.
const DAY: u32 = 86_400;
/// When every market is looked at [unix seconds].
const NOW: u32 = 1_651_363_200;
/// Most lots of an order.
const MOST: u64 = 1_800;

/// A market with a book of its own.
pub struct Market {
    profile: Profile,
    mark: Mark,
    hedge: i128,
    strikes: [u8; 2],
}

/// How a sequence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// What the trader paid in sum, negative where they gained [micro-USD].
    pub paid: i128,
    /// Trades.
    pub trades: u32,
}

impl Market {
    /// The market of a seed: its profile, price, surface, book and hedge.
    ///
    /// # Panics
    /// When a market is made that cannot be marked.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let spot = dice.range(800, 6_000) * 100_000_000;
        let profile = profile(&mut dice);
        let mut strikes = [0; 2];
        let mut stored = Vec::new();
        for (index, count) in strikes.iter_mut().enumerate() {
            *count = dice.range(3, 11) as u8;
            let days = dice.range(1, 20) as u32 + 20 * index as u32;
            stored.push(expiry(&mut dice, index, NOW + days * DAY, spot, *count));
        }
        let spots = Spots::here(10_000_000_000_000_000, spot).expect("a price");
        let mark = Mark::new(stored.into_iter(), spots, NOW).expect("a book that can be marked");
        let hedge = (i128::from(dice.range(0, 800_000)) - 300_000) * 1_000_000;
        Self { profile, mark, hedge, strikes }
    }

    /// The sequence of a seed: up to six trades of one or two orders, then all of it back.
    ///
    /// # Panics
    /// When a trade cannot be priced.
    #[must_use]
    pub fn trip(&self, seed: u64) -> Trip {
        let mut dice = Dice::new(seed);
        let (mut mark, mut held) = (self.mark.clone(), Vec::<Order>::new());
        let mut trip = Trip { paid: 0, trades: 0 };
        for _ in 0..dice.range(1, 6) {
            let orders: Vec<Order> = (0..dice.range(1, 2)).map(|_| self.order(&mut dice)).collect();
            let twice = matches!(&orders[..], [a, b] if same(a, b));
            let orders = if twice { &orders[..1] } else { &orders[..] };
            trip.trade(self, &mut mark, orders);
            held.extend(orders);
        }
        while let Some(order) = held.pop() {
            let (of_it, rest): (Vec<Order>, Vec<Order>) = held.iter().partition(|other| same(other, &order));
            held = rest;
            let mut lots = of_it.iter().fold(order.lots, |sum, other| sum + other.lots);
            while lots != 0 {
                let part = lots.clamp(-(MOST as i32), MOST as i32);
                trip.trade(self, &mut mark, &[Order { lots: -part, ..order }]);
                lots -= part;
            }
        }
        trip
    }

    fn order(&self, dice: &mut Dice) -> Order {
        let index = dice.below(2) as usize;
        let strike = dice.below(self.strikes[index].into()) as u8;
        let most = dice.pick(&[5, 200, MOST]);
        let lots = dice.range(1, most) as i32;
        let kind = if dice.percent(50) { Kind::Call } else { Kind::Put };
        let lots = if dice.percent(60) { lots } else { -lots };
        Order { place: Place { index, strike }, kind, lots }
    }
}

impl Trip {
    fn trade(&mut self, market: &Market, mark: &mut Mark, orders: &[Order]) {
        let priced = price(&market.profile, mark, orders, market.hedge).expect("a premium");
        self.paid += priced.quote.premium;
        self.trades += 1;
    }
}

fn same(a: &Order, b: &Order) -> bool {
    (a.place.index, a.place.strike, a.kind) == (b.place.index, b.place.strike, b.kind)
}

fn profile(dice: &mut Dice) -> Profile {
    let mut of = |all: &[u32]| dice.pick(all);
    Profile {
        risk_aversion: u64::from(of(&[1, 4, 40])) * 1_000_000_000_000,
        vol: of(&[400_000, 800_000, 1_500_000]),
        delta_horizon: of(&[900, 3_600, 14_400]),
        gamma_horizon: of(&[0, 86_400]),
        carry_horizon: of(&[0, 86_400]),
        vega_horizon: of(&[0, 86_400]),
        vol_of_vol: of(&[0, 50_000, 100_000]),
        hedge_cost: of(&[0, 800]),
        deviation: of(&[0, 1_000, 5_000]),
        vol_step: of(&[0, 5_000]),
        fee: of(&[0, 300]),
        surface_heartbeat: 3_600,
        max_surface_age: 21_600,
        hedge_fixed_cost: 500_000,
        min_band: 500,
        max_band: 50_000,
    }
}

/// An expiry with random lots round the money.
fn expiry(dice: &mut Dice, index: usize, expiry: u32, spot: u64, count: u8) -> Stored {
    let (micro, step) = (spot / 100, spot / 100 / 20 / 1_000_000 * 1_000_000);
    let base = micro / 1_000_000 * 1_000_000 - step * u64::from(count / 2);
    let grid = StrikeGrid { base, step, count };
    let header = Header { expiry, grid, put_lots: 0, put_index_sum: 0 };
    let age = dice.range(0, 3_000) as u32;
    let (vol, years) = (dice.real(0.3, 1.5), f64::from(expiry - NOW) / 31_536_000.0);
    let variance = vol * vol * years * 2_f64.powi(36);
    let slice = Slice {
        a: (variance * 0.8) as i64,
        b: variance as i64,
        rho: (-0.1 * 2_f64.powi(22)) as i32,
        m: 0,
        s: (0.2 * 2_f64.powi(36)) as i64,
        forward: micro,
        updated_at: NOW - age,
    };
    let mut stored = Stored {
        index,
        header,
        slice: Some(slice),
        rate: 0,
        lots: vec![[0; 32]; slots(&header).into()],
        depth: None,
    };
    for strike in 0..count {
        let lots = dice.range(0, 4_000) as i32 - 3_000;
        let put = dice.percent(30);
        let word = &mut stored.lots[usize::from(strike / 8)];
        book::add_lots(word, strike, lots).expect("lots");
        if put {
            stored.header.add_puts(strike, lots).expect("puts");
        }
    }
    stored
}
