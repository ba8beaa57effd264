//! The publisher: a surface from past prices alone.
//!
//! Two EWMAs of squared log returns scaled to their time step: a fast one (half-life 3 days) that the shortest expiry follows, and a
//! slow one (30 days) to which longer expiries revert. The variance premium and the skew are fixed, and each update goes as far as the
//! feed's own checks let it.

use std::collections::BTreeMap;

use options::{Slice, StrikeGrid, SurfaceError};
use publisher::{Curve, Wanted, approach};

use crate::black_scholes::YEAR;
use crate::market::Grid;

const DAY: f64 = 86_400.0;
/// Half-life of the fast average [s].
const FAST: f64 = 3.0 * DAY;
/// Half-life of the slow average [s].
const SLOW: f64 = 30.0 * DAY;
/// Time over which forward variance reverts from the fast to the slow average [s].
const REVERSION: f64 = 10.0 * DAY;
/// Implied variance over realised.
const PREMIUM: f64 = 1.15;
/// Vols that are ever published.
const RANGE: (f64, f64) = (0.25, 2.5);
/// Skew: correlation and curvature of the SSVI power law phi = eta / sqrt(theta).
const RHO: f64 = -0.1;
const ETA: f64 = 0.6;

/// An exponentially weighted average of variance per year.
#[derive(Clone, Copy, Debug)]
pub struct Ewma {
    half_life: f64,
    sum: f64,
    weight: f64,
    last: Option<(u64, f64)>,
}

impl Ewma {
    /// An average that knows nothing yet; the half-life in seconds.
    #[must_use]
    pub fn new(half_life: f64) -> Self {
        Self { half_life, sum: 0.0, weight: 0.0, last: None }
    }

    /// Takes in a price.
    pub fn update(&mut self, time: u64, price: f64) {
        if let Some((before, old)) = self.last.replace((time, price)) {
            let step = time.saturating_sub(before) as f64;
            if step > 0.0 {
                let keep = (-std::f64::consts::LN_2 * step / self.half_life).exp();
                let variance = (price / old).ln().powi(2) * YEAR / step;
                self.sum = keep * self.sum + (1.0 - keep) * variance;
                self.weight = keep * self.weight + (1.0 - keep);
            }
        }
    }

    /// Variance per year, free of the bias of the start; zero before two prices.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.weight > 0.0 { self.sum / self.weight } else { 0.0 }
    }
}

/// The publisher of one market.
#[derive(Clone, Debug)]
pub struct Publisher {
    fast: Ewma,
    slow: Ewma,
    step: f64,
    published: BTreeMap<u64, Slice>,
}

impl Publisher {
    /// A publisher for a feed that lets no vol move by more than `step` from one update to the next.
    #[must_use]
    pub fn new(step: f64) -> Self {
        Self { fast: Ewma::new(FAST), slow: Ewma::new(SLOW), step, published: BTreeMap::new() }
    }

    /// Takes in a price.
    pub fn observe(&mut self, time: u64, price: f64) {
        self.fast.update(time, price);
        self.slow.update(time, price);
    }

    /// Vol that the averages ask for at a time to expiry in seconds.
    #[must_use]
    pub fn vol(&self, seconds: f64) -> f64 {
        let (fast, slow) = (self.fast.variance(), self.slow.variance());
        let x = (seconds / REVERSION).max(1e-9);
        let average = (1.0 - (-x).exp()) / x;
        (PREMIUM * (slow + (fast - slow) * average)).sqrt().clamp(RANGE.0, RANGE.1)
    }

    /// Realised vol of the fast average.
    #[must_use]
    pub fn realised(&self) -> f64 {
        self.fast.variance().sqrt()
    }

    /// Slices of the live expiries, by expiry: as near as the feed lets them come to what the averages ask for.
    ///
    /// # Errors
    /// What the feed would refuse whatever the step.
    pub fn surface(
        &self,
        now: u64,
        spot: f64,
        expiries: &BTreeMap<u64, Grid>,
    ) -> Result<Vec<(u64, Slice)>, (usize, SurfaceError)> {
        let live: Vec<(u64, Grid)> =
            expiries.range(now + 1..).map(|(expiry, grid)| (*expiry, *grid)).collect();
        let wanted = live.iter().map(|(expiry, grid)| {
            let seconds = (expiry - now) as f64;
            let theta = self.vol(seconds).powi(2) * seconds / YEAR;
            Wanted {
                expiry: *expiry as u32,
                grid: StrikeGrid { base: grid.base, step: grid.step, count: grid.count },
                curve: Curve::essvi(theta, RHO, ETA / theta.sqrt(), spot),
                base: self.published.get(expiry).copied(),
            }
        });
        let most = (self.step * 2_f64.powi(47)) as u64;
        let slices = approach(&wanted.collect::<Vec<_>>(), now as u32, most)?;
        Ok(live.into_iter().map(|(expiry, _)| expiry).zip(slices).collect())
    }

    /// Takes in what the feed took.
    pub fn published(&mut self, slices: &[(u64, Slice)]) {
        self.published = slices.iter().copied().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(count: u64) -> Vec<(u64, f64)> {
        let price = |hour: u64| 100.0 * (1.0 + 0.01 * ((hour * hour) as f64).sin());
        (0..count).map(|hour| (hour * 3_600, price(hour))).collect()
    }

    #[test]
    fn a_constant_step_gives_its_own_variance_from_the_second_price_on() {
        let mut ewma = Ewma::new(FAST);
        for hour in 0..50_i32 {
            ewma.update(u64::from(hour.unsigned_abs()) * 3_600, 100.0 * 1.01_f64.powi(hour));
            if hour > 0 {
                let expected = 1.01_f64.ln().powi(2) * 8_760.0;
                assert!((ewma.variance() / expected - 1.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn half_of_the_weight_is_gone_after_the_half_life() {
        let mut ewma = Ewma::new(72.0 * 3_600.0);
        ewma.sum = 1.0;
        ewma.weight = 1.0;
        ewma.last = Some((0, 100.0));
        for hour in 1..=72 {
            ewma.update(hour * 3_600, 100.0);
        }
        assert!((ewma.variance() - 0.5).abs() < 1e-12);
    }

    fn expiries(days: &[u64]) -> BTreeMap<u64, Grid> {
        let grid = Grid { base: 50_000_000, step: 2_000_000, count: 50 };
        days.iter().map(|day| (86_400 * day, grid)).collect()
    }

    fn publish(publisher: &mut Publisher, time: u64, price: f64, days: &[u64]) -> Vec<(u64, Slice)> {
        publisher.observe(time, price);
        let slices = publisher.surface(time, price, &expiries(days)).expect("a surface");
        publisher.published(&slices);
        slices
    }

    #[test]
    fn future_prices_change_no_slice() {
        let now = 100;
        let slices = |future: f64| {
            let mut publisher = Publisher::new(0.01);
            let priced = prices(200).into_iter().enumerate();
            let priced =
                priced.map(|(hour, (time, price))| (time, if hour > now { price * future } else { price }));
            let mut one = |(time, price)| publish(&mut publisher, time, price, &[20, 30]);
            priced.map(&mut one).collect::<Vec<_>>()
        };
        let (one, other) = (slices(1.0), slices(1.7));
        assert_eq!(one[..=now], other[..=now]);
        assert_ne!(one[now + 1], other[now + 1]);
    }

    #[test]
    fn no_update_moves_a_listed_vol_by_more_than_the_step() {
        let mut publisher = Publisher::new(0.01);
        let mut last: Vec<(u64, Slice)> = Vec::new();
        for (time, price) in prices(100).into_iter().chain([(100 * 3_600, 50.0), (101 * 3_600, 90.0)]) {
            let slices = publish(&mut publisher, time, price, &[5, 30]);
            for ((expiry, new), (_, old)) in slices.iter().zip(&last) {
                for strike in (50_000_000..150_000_000).step_by(2_000_000) {
                    let vol = |slice: &Slice| {
                        slice.vol(strike, *expiry as u32 - slice.updated_at) as f64 / 2_f64.powi(47)
                    };
                    assert!((vol(new) - vol(old)).abs() <= 0.01, "{} to {}", vol(old), vol(new));
                }
            }
            last = slices;
        }
    }

    #[test]
    fn a_surface_gets_to_where_the_averages_want_it() {
        let mut publisher = Publisher::new(0.01);
        for (time, price) in prices(40) {
            publish(&mut publisher, time, price, &[30]);
        }
        let wanted = publisher.vol(86_400.0 * 30.0 - 39.0 * 3_600.0);
        for hour in 39..300 {
            publish(&mut publisher, hour * 3_600, 100.0, &[30]);
        }
        let (expiry, slice) = publish(&mut publisher, 300 * 3_600, 100.0, &[30])[0];
        let vol = slice.vol(100_000_000, (expiry - 300 * 3_600) as u32) as f64 / 2_f64.powi(47);
        let now = publisher.vol((expiry - 300 * 3_600) as f64);
        assert!((vol - now).abs() < 0.002 && (now - wanted).abs() > 0.05, "{vol} {now} {wanted}");
    }
}
