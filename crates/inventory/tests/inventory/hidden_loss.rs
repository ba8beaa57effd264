//! Books from an optimiser that looks for losses which the grid does not see, against a dense search over spot at expiry.

use inventory::{MOVES, Pnl, SPOTS, Shock, VOLS, grid_pnl, hedge_part, worst_case, worst_loss};
use options::{Market, Moves, Quoted, Scale, Slice, Stress, StrikeGrid, Terminal, Totals};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::market::DAY;

const SPOT: f64 = 2_000.0;
const SPOT_E8: u64 = 200_000_000_000;
const SPOT_MICRO: u64 = 2_000_000_000;
/// Three times spot, the grid's last.
const TOP: u64 = 3 * SPOT_MICRO;
const GRID: StrikeGrid = StrikeGrid { base: 200_000_000, step: 75_000_000, count: 64 };
/// The dense search: every 7 USD; the optimiser looks at every 25.
const DENSE: u64 = 7;
const COARSE: u64 = 25;

/// One expiry of a book: net lots by strike, one lot of one unit, all of them calls.
struct Expiry {
    seconds: u32,
    slice: Slice,
    lots: [i32; 64],
}

impl Expiry {
    fn random(random: &mut ChaCha8Rng) -> Self {
        let seconds = random.random_range(1..60) * DAY;
        let variance = random.random_range(0.3_f64..1.0).powi(2) * f64::from(seconds) / 31_536_000.0;
        let a = (variance * 2_f64.powi(36)) as i64;
        let slice = Slice { a, b: 0, rho: 0, m: 0, s: 1, forward: SPOT_MICRO, updated_at: 0 };
        let mut lots = [0; 64];
        for _ in 0..random.random_range(1..6) {
            lots[random.random_range(0..64)] = random.random_range(-500..=500);
        }
        Self { seconds, slice, lots }
    }

    /// The market once `gone` seconds have passed and spot is at `spot` [1e-8 USD].
    fn market(&self, spot: u64, gone: u32) -> Market {
        Market::new(spot, self.seconds - gone, 0, &self.slice, self.seconds).unwrap()
    }

    fn strikes(&self) -> impl Iterator<Item = (u64, i32)> {
        let strikes = (0..64).map(|index| GRID.strike(index).unwrap());
        strikes.zip(self.lots).filter(|(_, lots)| *lots != 0)
    }

    /// Value and delta [lots x Q62].
    fn marked(&self, market: &Market) -> Totals {
        let mut sums = Totals::default();
        for (strike, lots) in self.strikes() {
            sums.add(lots, &Quoted { greeks: market.call(strike), moved: [0; 2] });
        }
        sums
    }

    fn payoff(&self, spot: f64) -> f64 {
        self.strikes().map(|(strike, lots)| f64::from(lots) * (spot - strike as f64 * 1e-6).max(0.0)).sum()
    }
}

/// A book with its hedge [lots, Q32].
struct Book {
    expiries: Vec<Expiry>,
    hedge: i128,
}

impl Book {
    fn random(random: &mut ChaCha8Rng) -> Self {
        let expiries: Vec<_> = (0..random.random_range(1..=3)).map(|_| Expiry::random(random)).collect();
        let mut book = Self { expiries, hedge: 0 };
        // Hedged, but for an error.
        let error = f64::from(random.random_range(-20..=20));
        book.hedge = -book.marks().iter().map(|sums| sums.delta >> 30).sum::<i128>()
            + (error * 2_f64.powi(32)) as i128;
        book
    }

    fn marks(&self) -> Vec<Totals> {
        self.expiries.iter().map(|expiry| expiry.marked(&expiry.market(SPOT_E8, 0))).collect()
    }

    fn value(&self) -> f64 {
        let value: f64 = self.marks().iter().map(|sums| sums.value as f64 / 2_f64.powi(62) * SPOT).sum();
        value + self.hedged(SPOT)
    }

    fn hedged(&self, spot: f64) -> f64 {
        self.hedge as f64 / 2_f64.powi(32) * spot
    }

    /// P&L of the grid [lots x micro-USD].
    fn grid(&self) -> Pnl {
        let moves = Moves::new(&MOVES).unwrap();
        let mut stress = Stress::default();
        for expiry in &self.expiries {
            let scales = Shock::DEFAULT.changes(expiry.seconds).map(|change| Scale::new(change).unwrap());
            let market = expiry.market(SPOT_E8, 0);
            for (strike, lots) in expiry.strikes() {
                stress.add(&market, &moves, &scales, strike, lots);
            }
        }
        let values = stress.values(&moves).unwrap();
        let here = values[1][4];
        let changes = values.map(|row| row.map(|value| ((value - here) * i128::from(SPOT_MICRO)) >> 30));
        grid_pnl(&changes, (self.hedge * i128::from(SPOT_MICRO)) >> 32, &MOVES).unwrap()
    }

    /// What all expiries lose at settlement, each at its worst [lots x micro-USD, rounded up].
    fn settlement(&self) -> i128 {
        let marks = self.marks();
        let deltas: Vec<i128> = marks.iter().map(|sums| sums.delta >> 30).collect();
        let mut sum = 0;
        for (index, (expiry, mark)) in self.expiries.iter().zip(&marks).enumerate() {
            let part = hedge_part(&deltas, self.hedge, index).unwrap();
            let line = Terminal::new(&GRID, expiry.lots.into_iter(), (0, 0), part, [0, TOP]).unwrap();
            let now = ((mark.value >> 30) + part) * i128::from(SPOT_MICRO);
            sum += now - line.least;
        }
        (sum >> 32) + 1
    }

    /// The worst loss over a dense set of spots at which every expiry settles.
    fn dense(&self, step: u64) -> f64 {
        let now = self.value();
        let loss = |spot: f64| {
            let payoff: f64 = self.expiries.iter().map(|expiry| expiry.payoff(spot)).sum();
            now - payoff - self.hedged(spot)
        };
        (0..=6_000 / step).map(|place| loss((place * step) as f64)).fold(0.0, f64::max)
    }

    /// The worst loss over spots when the first expiry settles and the others live on.
    fn dense_at_the_first(&self) -> f64 {
        let now = self.value();
        let first = self.expiries.iter().map(|expiry| expiry.seconds).min().unwrap();
        let loss = |spot: u64| {
            let dollars = spot as f64 * 1e-8;
            let later: f64 = self
                .expiries
                .iter()
                .map(|expiry| match expiry.seconds == first {
                    true => expiry.payoff(dollars),
                    false => {
                        expiry.marked(&expiry.market(spot, first)).value as f64 / 2_f64.powi(62) * dollars
                    }
                })
                .sum();
            now - later - self.hedged(dollars)
        };
        (1..=50).map(|step| loss(step * 70 * 100_000_000)).fold(0.0, f64::max)
    }

    /// Changes one position, and hedges again what that does to delta.
    fn changed(&self, random: &mut ChaCha8Rng) -> Self {
        let delta = |book: &Self| book.marks().iter().map(|sums| sums.delta >> 30).sum::<i128>();
        let expiries = self.expiries.iter().map(|expiry| Expiry { lots: expiry.lots, ..*expiry }).collect();
        let mut next = Self { expiries, hedge: self.hedge };
        let place = random.random_range(0..next.expiries.len());
        next.expiries[place].lots[random.random_range(0..64)] = random.random_range(-500..=500);
        next.hedge += delta(self) - delta(&next);
        next
    }
}

/// Loss that the grid does not see.
fn hidden(book: &Book) -> f64 {
    book.dense(COARSE) - worst_loss(&book.grid()).0 as f64 * 1e-6
}

#[test]
fn no_loss_hides_from_the_worst_case() {
    let mut random = ChaCha8Rng::seed_from_u64(90);
    let (mut hiding, mut seen, mut sum) = (0, 0.0_f64, 0.0);
    for _ in 0..10_000 {
        let mut book = Book::random(&mut random);
        let mut best = hidden(&book);
        for _ in 0..8 {
            let next = book.changed(&mut random);
            let found = hidden(&next);
            if found > best {
                (book, best) = (next, found);
            }
        }
        let worst = worst_case(&book.grid(), book.settlement()) as f64 * 1e-6;
        let dense = book.dense(DENSE).max(book.dense_at_the_first());
        assert!(dense <= worst * (1.0 + 1e-9) + 1e-3, "{dense} {worst} {best}");
        hiding += usize::from(best > 0.01 * worst);
        seen = seen.max(dense / worst);
        sum += dense / worst;
    }
    // The optimiser does find what the grid misses, and the worst case is not far above what happens.
    println!("{hiding} hide a loss; dense over worst case: {seen:.6} at most, {:.3} on average", sum / 1e4);
    assert!(hiding > 8_000, "{hiding}");
    assert!(seen > 0.999, "{seen}");
}

#[test]
fn a_short_butterfly_between_two_spots_of_the_grid_is_seen() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut expiry = Expiry::random(&mut random);
    expiry.lots = [0; 64];
    // Centred at 3,800: 90 % up.
    for (index, lots) in [(47, -100), (48, 200), (49, -100)] {
        expiry.lots[index] = lots;
    }
    let book = Book { expiries: vec![expiry], hedge: 0 };
    let grid = worst_loss(&book.grid()).0;
    let worst = worst_case(&book.grid(), book.settlement());
    assert!(grid < 100_000_000, "{grid}");
    // A hundred butterflies 75 wide, less what they are worth now.
    assert!(worst.abs_diff(7_500_000_000) < 100_000_000, "{worst}");
    assert_eq!(book.grid().len() * book.grid()[0].len(), SPOTS * VOLS);
}
