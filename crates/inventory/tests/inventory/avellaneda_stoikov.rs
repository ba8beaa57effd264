//! The 2008 paper's tables from the vault's own quotes, exactly and by simulation, and the closed form with inventory bounds.
//!
//! A dealer quotes an asset with arithmetic mid, sigma 2, from 100, over a horizon of 1 in 200 steps. An order at a distance d from the mid comes
//! with probability 140 e^{-1.5 d} dt, capped at 1. What an inventory q shifts the quotes by is J(q) - J(q - 1) and J(q + 1) - J(q) of this crate, with
//! the time left as the horizon of delta; to it comes the paper's (1/g) ln(1 + g/k), which is the dealer's and not a risk charge. The published
//! third table has g = 1. The symmetric dealer quotes the same spread, averaged over time, round the mid.

use inventory::{Coefficients, Exposure, Profile};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::market::USD;

const SIGMA: f64 = 2.0;
const RATE: f64 = 140.0;
const DECAY: f64 = 1.5;
const STEPS: u32 = 200;
const DT: f64 = 1.0 / STEPS as f64;
/// Inventories that the tables hold, from -BOUND to BOUND.
const BOUND: usize = 60;
const STATES: usize = 2 * BOUND + 1;

/// The cash delta of one unit of inventory [micro-USD], and the price of 1 in J's micro-USD.
const UNIT: i128 = 1_000_000 * USD;
const PRICE: f64 = 1e9;

/// Risk aversion, the inventory strategy or the symmetric one, and mean profit, its std and the std of the final inventory.
const TABLE: [(f64, bool, [f64; 3]); 6] = [
    (0.1, true, [64.8925, 6.5432, 2.9268]),
    (0.1, false, [68.2228, 13.4558, 8.3994]),
    (0.01, true, [68.3996, 8.9606, 5.2125]),
    (0.01, false, [68.6661, 13.6775, 8.7117]),
    (1.0, true, [31.4545, 4.8379, 1.6414]),
    (1.0, false, [43.6853, 10.7332, 5.1714]),
];

/// The risk that an inventory of `q` units adds over a time: g s^2 t q^2 / 2 of J, in prices.
fn risk(g: f64, time: f64, q: i128) -> f64 {
    // A vol of 1 and a horizon in years are the time; g per USD is such that g D^2 is g sigma^2 in prices.
    let aversion = g * SIGMA * SIGMA * PRICE / (UNIT as f64).powi(2) * 1e24;
    let profile = Profile {
        risk_aversion: aversion.round() as u64,
        vol: 1_000_000,
        delta_horizon: (time * 31_536_000.0).round() as u32,
        ..Profile::default()
    };
    let state = Exposure { delta: q * UNIT, ..Default::default() };
    Coefficients::new(&profile).risk(&state).unwrap() as f64 / PRICE
}

/// Distances of ask and bid from the mid at each step and inventory.
struct Quotes(Vec<[f64; 2]>);

impl Quotes {
    fn new(g: f64, inventory: bool) -> Self {
        let extra = (1.0 + g / DECAY).ln() / g;
        let time = |step: u32| f64::from(STEPS - step) * DT;
        let mean = (0..STEPS).map(|step| risk(g, time(step), 1)).sum::<f64>() / f64::from(STEPS);
        let mut table = Vec::new();
        for step in 0..STEPS {
            let profile = |q: i128| risk(g, time(step), q);
            for state in 0..STATES {
                let q = state as i128 - BOUND as i128;
                let here = profile(q);
                table.push(if inventory {
                    [extra + profile(q - 1) - here, extra + profile(q + 1) - here]
                } else {
                    [extra + mean; 2]
                });
            }
        }
        Self(table)
    }

    fn at(&self, step: u32, state: usize) -> [f64; 2] {
        self.0[step as usize * STATES + state]
    }
}

/// The chance that an order reaches a distance in one step.
fn chance(distance: f64) -> f64 {
    (RATE * (-DECAY * distance).exp() * DT).min(1.0)
}

/// Mean profit, its std and the std of the final inventory, by the probability, mean and mean square of wealth at each inventory.
fn exact(quotes: &Quotes) -> [f64; 3] {
    let mut moments = vec![[0.0; 3]; STATES];
    moments[BOUND] = [1.0, 0.0, 0.0];
    for step in 0..STEPS {
        let mut next = vec![[0.0; 3]; STATES];
        for (state, &[mass, mean, square]) in moments.iter().enumerate().filter(|(_, [mass, ..])| *mass > 0.0)
        {
            let [ask, bid] = quotes.at(step, state);
            let (up, down) = (chance(bid), chance(ask));
            for (sold, bought, odds) in [
                (0_u8, 0_u8, (1.0 - up) * (1.0 - down)),
                (1, 0, down * (1.0 - up)),
                (0, 1, up * (1.0 - down)),
                (1, 1, up * down),
            ] {
                let gain = f64::from(sold) * ask + f64::from(bought) * bid;
                let to = (state + bought as usize).saturating_sub(sold as usize).min(STATES - 1);
                let q = to as f64 - BOUND as f64;
                // The mid moves by sigma sqrt(dt) either way, which wealth feels through q.
                let variance = q * q * SIGMA * SIGMA * DT;
                next[to][0] += odds * mass;
                next[to][1] += odds * (mean + gain * mass);
                next[to][2] += odds * (square + 2.0 * gain * mean + (gain * gain + variance) * mass);
            }
        }
        moments = next;
    }
    let sums =
        |f: &dyn Fn(usize, &[f64; 3]) -> f64| moments.iter().enumerate().map(|(i, m)| f(i, m)).sum::<f64>();
    let (mean, square) = (sums(&|_, m| m[1]), sums(&|_, m| m[2]));
    let q = |i: usize| i as f64 - BOUND as f64;
    let (q_mean, q_square) = (sums(&|i, m| q(i) * m[0]), sums(&|i, m| q(i) * q(i) * m[0]));
    [mean, (square - mean * mean).sqrt(), (q_square - q_mean * q_mean).sqrt()]
}

/// The same by simulation, with the standard error of each.
fn simulated(quotes: &Quotes, paths: u32) -> ([f64; 3], [f64; 3]) {
    let mut random = ChaCha8Rng::seed_from_u64(2008);
    let (mut profits, mut finals) = (Vec::new(), Vec::new());
    for _ in 0..paths {
        let (mut cash, mut mid, mut state) = (0.0, 100.0, BOUND);
        for step in 0..STEPS {
            let [ask, bid] = quotes.at(step, state);
            let word: u64 = random.random();
            let [first, second] = [word >> 33, word & 0x7fff_ffff].map(|part| part as f64 / 2_f64.powi(31));
            if first < chance(ask) {
                cash += mid + ask;
                state -= 1;
            }
            if second < chance(bid) {
                cash -= mid - bid;
                state += 1;
            }
            mid += SIGMA * DT.sqrt() * if word >> 31 & 1 == 0 { 1.0 } else { -1.0 };
        }
        let q = state as f64 - BOUND as f64;
        profits.push(cash + q * mid);
        finals.push(q);
    }
    let moments = |of: &[f64]| {
        let n = of.len() as f64;
        let mean = of.iter().sum::<f64>() / n;
        let central = |power: i32| of.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
        let std = central(2).sqrt();
        (mean, std, std / n.sqrt(), (central(4) / central(2) - central(2)).max(0.0).sqrt() / (2.0 * n.sqrt()))
    };
    let ((mean, std, mean_error, std_error), (_, q_std, _, q_error)) = (moments(&profits), moments(&finals));
    ([mean, std, q_std], [mean_error, std_error, q_error])
}

#[test]
fn quotes_shift_as_the_papers_do() {
    for (g, time) in [(0.1, 1.0), (0.01, 0.5), (1.0, 0.25)] {
        let half = g * SIGMA * SIGMA * time / 2.0;
        for q in -20..=20_i128 {
            let (ask, bid) =
                (risk(g, time, q - 1) - risk(g, time, q), risk(g, time, q + 1) - risk(g, time, q));
            let expected = |sign: f64| (1.0 + sign * 2.0 * q as f64) * half;
            assert!((ask - expected(-1.0)).abs() <= 1e-9 * expected(-1.0).abs() + 3.0 / PRICE);
            assert!((bid - expected(1.0)).abs() <= 1e-9 * expected(1.0).abs() + 3.0 / PRICE);
        }
    }
}

#[test]
fn the_tables_follow_exactly_from_the_vaults_quotes() {
    for (g, inventory, expected) in TABLE {
        let found = exact(&Quotes::new(g, inventory));
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(
                (found / expected - 1.0).abs() < 1e-3,
                "g = {g}, inventory {inventory}: {found} {expected}"
            );
        }
    }
}

#[test]
fn the_tables_follow_by_simulation_of_a_hundred_thousand_paths() {
    for (g, inventory, expected) in TABLE {
        let (found, errors) = simulated(&Quotes::new(g, inventory), 100_000);
        println!("g = {g}, inventory {inventory}: {found:.4?} +- {errors:.4?}");
        for ((found, expected), error) in found.into_iter().zip(expected).zip(errors) {
            assert!(
                (found - expected).abs() < 4.0 * error,
                "g = {g}, inventory {inventory}: {found} {expected} {error}"
            );
        }
    }
}

/// With inventory held within bounds for good, the optimal quotes come from the leading eigenvector of a tridiagonal matrix (Gueant, Lehalle and
/// Fernandez-Tapia 2013): k (distance - (1/g) ln(1 + g/k)) is ln v_q - ln v_{q+1} for the bid, ln v_q - ln v_{q-1} for the ask.
fn bounded(g: f64, bound: usize) -> Vec<f64> {
    let alpha = DECAY / 2.0 * g * SIGMA * SIGMA;
    let eta = RATE * (1.0 + g / DECAY).powf(-(1.0 + DECAY / g));
    let states = 2 * bound + 1;
    let mut v = vec![1.0; states];
    let shift = alpha * (bound as f64).powi(2) + 2.0 * eta;
    for _ in 0..400_000 {
        let next: Vec<f64> = (0..states)
            .map(|i| {
                let q = i as f64 - bound as f64;
                let beside = if i > 0 { v[i - 1] } else { 0.0 } + if i + 1 < states { v[i + 1] } else { 0.0 };
                (shift - alpha * q * q) * v[i] + eta * beside
            })
            .collect();
        let norm = next.iter().copied().fold(0.0, f64::max);
        v = next.into_iter().map(|x| x / norm).collect();
    }
    v
}

#[test]
fn the_closed_form_with_inventory_bounds_is_j_with_the_stationary_horizon() {
    let (g, bound) = (0.1, 30);
    let v = bounded(g, bound);
    let extra = (1.0 + g / DECAY).ln() / g;
    // The stationary quotes' slope per unit of inventory, and the horizon that gives J the same: p / (g sigma^2).
    let slope = (SIGMA * SIGMA * g / (2.0 * DECAY * RATE) * (1.0 + g / DECAY).powf(1.0 + DECAY / g)).sqrt();
    let horizon = slope / (g * SIGMA * SIGMA);
    for q in -10..=10_i128 {
        let at = |q: i128| v[(q + bound as i128) as usize].ln();
        let (bid, ask) = (extra + (at(q) - at(q + 1)) / DECAY, extra + (at(q) - at(q - 1)) / DECAY);
        let closed = |sign: f64| extra + (1.0 + sign * 2.0 * q as f64) / 2.0 * slope;
        // J with that horizon is the closed form, to the rounding of the horizon to a second of its 41 days.
        let j = |step: i128| extra + risk(g, horizon, q + step) - risk(g, horizon, q);
        assert!((j(1) - closed(1.0)).abs() < 1e-6 && (j(-1) - closed(-1.0)).abs() < 1e-6);
        // The closed form is the continuous limit of the exact one: within 1 % of the spread ten units from either bound.
        assert!((bid - closed(1.0)).abs() < 0.01 * 2.0 * extra, "{q}: {bid} {}", closed(1.0));
        assert!((ask - closed(-1.0)).abs() < 0.01 * 2.0 * extra, "{q}: {ask} {}", closed(-1.0));
    }
}

#[test]
fn the_bound_keeps_inventory_within_it() {
    // At the bound the side that would pass it is not quoted at all: its v is nothing. One short of it, the quote that leads away is dearer than
    // the closed form's by what the bound takes from the future.
    let (g, bound) = (0.1, 4);
    let v = bounded(g, bound);
    let distance = |from: usize, to: usize| (v[from].ln() - v[to].ln()) / DECAY;
    let steps: Vec<f64> = (bound..2 * bound).map(|i| distance(i, i + 1)).collect();
    assert!(steps.windows(2).all(|pair| pair[0] < pair[1]));
    let wide = bounded(g, 30);
    let free = (wide[30 + 3].ln() - wide[30 + 4].ln()) / DECAY;
    assert!(steps[3] > 2.0 * free, "{} {free}", steps[3]);
}
