//! The publisher: a surface from past prices alone.
//!
//! Two EWMAs of squared log returns scaled to their time step: a fast one (half-life 3 days) that the shortest expiry follows, and a
//! slow one (30 days) to which longer expiries revert. The variance premium and the skew are fixed, and no update moves a vol by more
//! than the step that the vault's spread floor covers.

use std::collections::BTreeMap;

use crate::black_scholes::YEAR;
use crate::market::Slice;

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
    published: BTreeMap<u64, f64>,
}

impl Publisher {
    /// A publisher that moves no vol by more than `step` in one update.
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

    /// Slices of the live expiries.
    pub fn publish(&mut self, now: u64, spot: f64, expiries: &[u64]) -> Vec<Slice> {
        self.published.retain(|expiry, _| *expiry > now);
        let live = expiries.iter().copied().filter(|expiry| *expiry > now);
        let slices = live.map(|expiry| {
            let seconds = (expiry - now) as f64;
            let wanted = self.vol(seconds);
            let vol = match self.published.get(&expiry) {
                Some(last) => wanted.clamp(last - self.step, last + self.step),
                None => wanted,
            };
            self.published.insert(expiry, vol);
            slice(expiry, spot, vol * vol * seconds / YEAR)
        });
        slices.collect::<Vec<_>>()
    }
}

/// The SSVI slice with total variance `theta` at the money, as raw SVI.
fn slice(expiry: u64, spot: f64, theta: f64) -> Slice {
    let phi = ETA / theta.sqrt();
    let tilt = 1.0 - RHO * RHO;
    Slice {
        expiry,
        a: theta / 2.0 * tilt,
        b: theta * phi / 2.0,
        rho: RHO,
        m: -RHO / phi,
        s: tilt.sqrt() / phi,
        forward: spot,
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

    #[test]
    fn future_prices_change_no_slice() {
        let now = 100;
        let slices = |future: f64| {
            let mut publisher = Publisher::new(0.01);
            let mut published = Vec::new();
            for (hour, (time, price)) in prices(200).into_iter().enumerate() {
                let price = if hour > now { price * future } else { price };
                publisher.observe(time, price);
                published.push(publisher.publish(time, price, &[86_400 * 20, 86_400 * 30]));
            }
            published
        };
        let (one, other) = (slices(1.0), slices(1.7));
        assert_eq!(one[..=now], other[..=now]);
        assert_ne!(one[now + 1], other[now + 1]);
    }

    #[test]
    fn no_update_moves_a_vol_by_more_than_the_step() {
        let mut publisher = Publisher::new(0.01);
        let expiry = 86_400 * 30;
        let mut last = None;
        for (time, price) in prices(100).into_iter().chain([(100 * 3_600, 50.0), (101 * 3_600, 90.0)]) {
            publisher.observe(time, price);
            let slice = publisher.publish(time, price, &[expiry])[0];
            let vol = (slice.variance(price) * YEAR / (expiry - time) as f64).sqrt();
            if let Some(last) = last.replace(vol) {
                assert!((vol - last).abs() <= 0.01 + 1e-12, "{last} to {vol}");
            }
        }
    }

    #[test]
    fn slices_keep_the_bounds_of_the_wings() {
        for theta in [1e-5, 1e-3, 0.1, 2.0] {
            let slice = slice(0, 100.0, theta);
            assert!(slice.b * (1.0 + slice.rho.abs()) <= 2.0);
            assert!((slice.variance(100.0) / theta - 1.0).abs() < 1e-12);
            assert!(slice.variance(20.0) > 0.0 && slice.variance(500.0) > 0.0);
        }
    }
}
