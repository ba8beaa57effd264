//! A surface from past prices alone, for a market without quotes.
//!
//! Variance is the mean of four EWMAs of squared log returns scaled to their time step, times a premium, and the same for every expiry. The
//! weights are equal because fitted ones were worse: on the committed BTC prices, weights fitted by QLIKE to 2017-09 to 2018-08 gave 0.82, 0.68 and
//! 0.97 from 2018-09 to 2019-10 (1, 7 and 30 days ahead), equal ones 0.81, 0.58 and 0.83. The skew is fixed.

use std::collections::BTreeMap;

use options::{Slice, StrikeGrid, SurfaceError};

use crate::approach::{Wanted, approach};
use crate::curve::Curve;

const DAY: f64 = 86_400.0;
/// 365 days [s]
pub(crate) const YEAR: f64 = 365.0 * DAY;
/// Half-lives of the averages [s].
const HALF_LIVES: [f64; 4] = [0.5 * DAY, 2.0 * DAY, 8.0 * DAY, 32.0 * DAY];
/// Implied variance over realised.
const PREMIUM: f64 = 1.15;
/// Vols that are ever published.
const RANGE: (f64, f64) = (0.25, 2.5);
/// Tilt, and curvature of the power law phi = eta / sqrt(theta): no butterfly where eta (1 + |rho|) <= 2.
const RHO: f64 = -0.1;
const ETA: f64 = 0.6;

/// An exponentially weighted average of variance per year.
#[derive(Clone, Copy, Debug)]
struct Ewma {
    half_life: f64,
    sum: f64,
    weight: f64,
}

impl Ewma {
    fn update(&mut self, step: f64, variance: f64) {
        let keep = (-std::f64::consts::LN_2 * step / self.half_life).exp();
        self.sum = keep * self.sum + (1.0 - keep) * variance;
        self.weight = keep * self.weight + (1.0 - keep);
    }

    /// Free of the bias of the start; zero before two prices.
    fn variance(&self) -> f64 {
        if self.weight > 0.0 { self.sum / self.weight } else { 0.0 }
    }
}

/// Realised variance as prices come in.
#[derive(Clone, Debug)]
pub struct Realised {
    averages: [Ewma; 4],
    last: Option<(u64, f64)>,
}

impl Default for Realised {
    fn default() -> Self {
        let averages = HALF_LIVES.map(|half_life| Ewma { half_life, sum: 0.0, weight: 0.0 });
        Self { averages, last: None }
    }
}

impl Realised {
    /// Takes in a price at a time [unix seconds]; one that is not later than the last is no news.
    pub fn observe(&mut self, time: u64, price: f64) {
        let Some((before, old)) = self.last else {
            self.last = Some((time, price));
            return;
        };
        if time > before {
            let step = (time - before) as f64;
            let variance = (price / old).ln().powi(2) * YEAR / step;
            self.averages.iter_mut().for_each(|average| average.update(step, variance));
            self.last = Some((time, price));
        }
    }

    /// Realised vol.
    #[must_use]
    pub fn vol(&self) -> f64 {
        (self.averages.iter().map(Ewma::variance).sum::<f64>() / 4.0).sqrt()
    }

    /// The curve of an expiry in `seconds`, round `forward` [USD].
    #[must_use]
    pub fn curve(&self, seconds: f64, forward: f64) -> Curve {
        let vol = (self.vol() * PREMIUM.sqrt()).clamp(RANGE.0, RANGE.1);
        let theta = vol * vol * seconds / YEAR;
        Curve::essvi(theta, RHO, ETA / theta.sqrt(), forward)
    }
}

/// A publisher that follows realised vol, and remembers what it published.
#[derive(Clone, Debug)]
pub struct Follower {
    realised: Realised,
    step: f64,
    published: BTreeMap<u64, Slice>,
}

impl Follower {
    /// For a feed that lets no vol move by more than `step` from one update to the next.
    #[must_use]
    pub fn new(step: f64) -> Self {
        Self { realised: Realised::default(), step, published: BTreeMap::new() }
    }

    /// Takes in a price.
    pub fn observe(&mut self, time: u64, price: f64) {
        self.realised.observe(time, price);
    }

    /// Realised vol.
    #[must_use]
    pub fn realised(&self) -> f64 {
        self.realised.vol()
    }

    /// Slices of the expiries that have not passed, by expiry: as near as the feed lets them come to what the averages ask for.
    ///
    /// # Errors
    /// What the feed would refuse whatever the step.
    pub fn surface(
        &self,
        now: u64,
        spot: f64,
        expiries: &BTreeMap<u64, StrikeGrid>,
    ) -> Result<Vec<(u64, Slice)>, (usize, SurfaceError)> {
        let live = || expiries.range(now + 1..);
        let wanted = live().map(|(expiry, grid)| Wanted {
            expiry: *expiry as u32,
            grid: *grid,
            curve: self.realised.curve((expiry - now) as f64, spot),
            base: self.published.get(expiry).copied(),
        });
        let slices = approach(&wanted.collect::<Vec<_>>(), now as u32, most(self.step))?;
        Ok(live().map(|(expiry, _)| *expiry).zip(slices).collect())
    }

    /// Takes in what the feed took.
    pub fn published(&mut self, slices: &[(u64, Slice)]) {
        self.published = slices.iter().copied().collect();
    }
}

/// A step of vol as the contract counts it [Q47], rounded down.
pub(crate) fn most(step: f64) -> u64 {
    (step * 2_f64.powi(47)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;

    fn prices(count: u64) -> Vec<(u64, f64)> {
        let price = |hour: u64| 100.0 * (1.0 + 0.01 * ((hour * hour) as f64).sin());
        (0..count).map(|hour| (hour * HOUR, price(hour))).collect()
    }

    fn vol_of(slice: &Slice, expiry: u64, strike: u64) -> f64 {
        slice.vol(strike, expiry as u32 - slice.updated_at) as f64 / 2_f64.powi(47)
    }

    fn expiries(days: &[u64]) -> BTreeMap<u64, StrikeGrid> {
        let grid = StrikeGrid { base: 50_000_000, step: 2_000_000, count: 50 };
        days.iter().map(|day| (86_400 * day, grid)).collect()
    }

    fn publish(follower: &mut Follower, time: u64, price: f64, days: &[u64]) -> Vec<(u64, Slice)> {
        follower.observe(time, price);
        let slices = follower.surface(time, price, &expiries(days)).expect("a surface");
        follower.published(&slices);
        slices
    }

    #[test]
    fn a_constant_step_gives_its_own_variance_from_the_second_price_on() {
        let mut realised = Realised::default();
        for hour in 0..50_i32 {
            realised.observe(u64::from(hour.unsigned_abs()) * HOUR, 100.0 * 1.01_f64.powi(hour));
            if hour > 0 {
                let expected = 1.01_f64.ln() * 8_760_f64.sqrt();
                assert!((realised.vol() / expected - 1.0).abs() < 1e-9);
            }
        }
        let vol = realised.vol();
        realised.observe(49 * HOUR, 1.0);
        assert_eq!(realised.vol().to_bits(), vol.to_bits(), "no news");
    }

    #[test]
    fn half_of_the_weight_is_gone_after_the_half_life() {
        let mut ewma = Ewma { half_life: 72.0, sum: 1.0, weight: 1.0 };
        (0..72).for_each(|_| ewma.update(1.0, 0.0));
        assert!((ewma.variance() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn future_prices_change_no_slice() {
        let now = 100;
        let slices = |future: f64| {
            let mut follower = Follower::new(0.01);
            let priced = prices(200).into_iter().enumerate();
            let priced =
                priced.map(|(hour, (time, price))| (time, if hour > now { price * future } else { price }));
            priced.map(|(time, price)| publish(&mut follower, time, price, &[20, 30])).collect::<Vec<_>>()
        };
        let (one, other) = (slices(1.0), slices(1.7));
        assert_eq!(one[..=now], other[..=now]);
        assert_ne!(one[now + 1], other[now + 1]);
    }

    #[test]
    fn no_update_moves_a_listed_vol_by_more_than_the_step() {
        let mut follower = Follower::new(0.01);
        let mut last: Vec<(u64, Slice)> = Vec::new();
        for (time, price) in prices(100).into_iter().chain([(100 * HOUR, 50.0), (101 * HOUR, 90.0)]) {
            let slices = publish(&mut follower, time, price, &[5, 30]);
            for ((expiry, new), (_, old)) in slices.iter().zip(&last) {
                for strike in (50_000_000..150_000_000).step_by(2_000_000) {
                    let (from, to) = (vol_of(old, *expiry, strike), vol_of(new, *expiry, strike));
                    assert!((to - from).abs() <= 0.01, "{from} to {to}");
                }
            }
            last = slices;
        }
    }

    #[test]
    fn a_surface_gets_to_where_the_averages_want_it() {
        let mut follower = Follower::new(0.01);
        for (time, price) in prices(40) {
            publish(&mut follower, time, price, &[30]);
        }
        let before = follower.realised();
        for hour in 40..400 {
            let swing = if hour % 2 == 0 { 100.0 } else { 102.0 };
            publish(&mut follower, hour * HOUR, swing, &[30]);
        }
        let (expiry, slice) = publish(&mut follower, 400 * HOUR, 100.0, &[30])[0];
        let wanted = follower.realised() * PREMIUM.sqrt();
        let vol = vol_of(&slice, expiry, 100_000_000);
        assert!(
            (vol - wanted).abs() < 0.01 && (follower.realised() - before).abs() > 0.05,
            "{vol} {wanted} {before}"
        );
    }

    #[test]
    fn an_expiry_listed_beside_lagging_ones_is_fitted_between_them() {
        let mut follower = Follower::new(0.001);
        for hour in 0..200 {
            let swing = if hour % 2 == 0 { 100.0 } else { 103.0 };
            publish(&mut follower, hour * HOUR, swing, &[20, 40]);
        }
        for hour in 200..240 {
            publish(&mut follower, hour * HOUR, 100.0, &[20, 40]);
        }
        let slices = publish(&mut follower, 240 * HOUR, 100.0, &[20, 21, 40]);
        assert_eq!(slices.len(), 3);
        let vols: Vec<f64> =
            slices.iter().map(|(expiry, slice)| vol_of(slice, *expiry, 100_000_000)).collect();
        let wanted = follower.realised() * PREMIUM.sqrt();
        assert!(vols[0] < wanted * 0.8 || vols[0] > wanted * 1.2, "the neighbours lag: {vols:?} {wanted}");
        assert!((vols[1] / vols[0] - 1.0).abs() < 0.1, "{vols:?}");
    }
}
