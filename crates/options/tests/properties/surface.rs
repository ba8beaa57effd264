//! Book mode on slices without arbitrage: no butterfly and no calendar spread costs less than nothing.

use options::{Greeks, Market, Slice};
use proptest::prelude::*;

use crate::cases::{CASES, between};
use crate::double::{Double, ONE, ZERO};
use crate::errors::{self, Scale, close, close_coarse};
use crate::reference::{Point, YEAR};

/// A market that sees one expiry.
#[derive(Clone, Copy, Debug)]
struct State {
    /// [1e-8 USD]
    spot: u64,
    seconds: u32,
    /// Q30
    rate: i32,
    slice: Slice,
    slice_seconds: u32,
}

fn q(x: f64, bits: i32) -> i64 {
    (x * 2_f64.powi(bits)).round() as i64
}

/// Gatheral and Jacquier's natural form, theta (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)) / 2, in raw terms.
fn natural(theta: f64, rho: f64, phi: f64, forward: f64) -> Slice {
    let flat = (1.0 - rho * rho).sqrt();
    Slice {
        a: q(theta / 2.0 * flat * flat, 36),
        b: q(theta * phi / 2.0, 36),
        rho: q(rho, 22) as i32,
        m: q(-rho / phi, 28) as i32,
        s: q(flat / phi, 36),
        forward: (forward * 1e6) as u64,
        updated_at: 0,
    }
}

impl State {
    fn market(&self) -> Market {
        let State { spot, seconds, rate, slice, slice_seconds } = *self;
        Market::new(spot, seconds, rate, &slice, slice_seconds).expect("a market")
    }

    fn spot_usd(&self) -> f64 {
        self.spot as f64 / 1e8
    }

    fn rate(&self) -> f64 {
        f64::from(self.rate) / 2_f64.powi(30)
    }

    /// Total variance at a strike with its first two derivatives by log-strike.
    fn variance(&self, strike: f64) -> [f64; 3] {
        let Slice { a, b, rho, m, s, forward, .. } = self.slice;
        let [a, b, s] = [a, b, s].map(|word| word as f64 / 2_f64.powi(36));
        let (rho, m) = (f64::from(rho) / 2_f64.powi(22), f64::from(m) / 2_f64.powi(28));
        let x = (strike / forward as f64).ln() - m;
        let root = x.hypot(s);
        let left = f64::from(self.seconds) / f64::from(self.slice_seconds);
        [a + b * (rho * x + root), b * (rho + x / root), b * s * s / root.powi(3)].map(|w| w * left)
    }

    /// Gatheral's g, which the density of the spot at expiry has as a factor, at a strike [micro-USD].
    fn g(&self, strike: f64) -> f64 {
        let [w, slope, bend] = self.variance(strike);
        let years = f64::from(self.seconds) / YEAR;
        let k = (strike / 1e6 / self.spot_usd()).ln() - self.rate() * years;
        (1.0 - k * slope / (2.0 * w)).powi(2) - slope * slope / 4.0 * (1.0 / w + 0.25) + bend / 2.0
    }

    /// Largest error of a call at a strike [2^-62].
    fn error(&self, strike: u64) -> i128 {
        let value = errors::real(self.market().strike_value(strike));
        errors::book_call(self.variance(strike as f64)[0].sqrt(), value)
    }

    /// The option in the reference's terms: its vol is the slice's.
    fn point(&self, strike: u64) -> Point {
        let Slice { a, b, rho, m, s, forward, .. } = self.slice;
        let k = (Double::word(strike, 0) / Double::word(forward, 0)).ln() - Double::word(m, 28);
        let s = Double::word(s, 36);
        let slope = Double::word(rho, 22) * k + (k * k + s * s).sqrt();
        let published = Double::word(a, 36) + Double::word(b, 36) * slope;
        let left = Double::word(self.seconds, 0) / Double::word(self.slice_seconds, 0);
        let years = Double::word(self.seconds, 0) / YEAR.into();
        Point {
            spot: ONE,
            strike: Double::word(i128::from(strike) * 100, 0) / Double::word(self.spot, 0),
            years,
            vol: (published * left / years).sqrt(),
            rate: Double::word(self.rate, 30),
            carry: ZERO,
        }
    }
}

/// Slices that pass the check, from minutes to a year, some of them with butterfly arbitrage in a wing; the forward has moved since.
fn states() -> impl Strategy<Value = State> {
    let times = (between((3_600.0, YEAR)), 0.02..=1.0_f64);
    let shape = (between((0.2, 2.0)), -0.8..=0.6_f64, between((0.05, 1.3)));
    let inputs = (between((500.0, 100_000.0)), times, shape, 0.0..=0.1_f64, -0.03..=0.03_f64);
    inputs.prop_filter_map("a slice", |(spot, (time, left), (vol, rho, bend), rate, moved)| {
        let theta = vol * vol * time / YEAR;
        // Without arbitrage where theta phi (1 + |rho|) < 4 and theta phi^2 (1 + |rho|) <= 4.
        let most = 4.0 / (theta * (1.0 + rho.abs()));
        let phi = (bend * most.min(most.sqrt())).max(0.3);
        let slice = natural(theta, rho, phi, spot * (1.0 + moved));
        slice.check().ok()?;
        let seconds = ((time * left) as u32).max(60);
        let (spot, slice_seconds) = ((spot * 1e8) as u64, (time as u32).max(seconds));
        Some(State { spot, seconds, rate: q(rate, 30) as i32, slice, slice_seconds })
    })
}

/// A strike some standard deviations from spot, and within the 7 of log-moneyness to the slice's centre beyond which the kernel's is flat.
fn strike(state: &State, part: f64) -> u64 {
    let sd = state.variance(state.spot_usd() * 1e6)[0].sqrt();
    let centre = f64::from(state.slice.m) / 2_f64.powi(28);
    let reach = 6.5 - centre.abs();
    (state.spot_usd() * (part * sd).clamp(-reach, reach).exp() * 1e6) as u64
}

fn wide(greeks: &Greeks) -> i128 {
    greeks.price
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: CASES, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn a_book_prices_by_its_slice(state in states(), part in -4.0..=4.0_f64) {
        let strike = strike(&state, part);
        let most = errors::real(state.error(strike));
        let (call, point) = (state.market().call(strike), state.point(strike));
        close(call.price, 62, point.call().0, most).map_err(TestCaseError::fail)?;
    }

    /// All greeks, which are at the vol of the strike: the slice does not move with spot or vol.
    #[test]
    fn a_book_has_the_greeks_of_its_slice(state in states(), part in -4.0..=4.0_f64) {
        let strike = strike(&state, part);
        let (call, point) = (state.market().call(strike), state.point(strike));
        prop_assume!(point.years.to_f64() > errors::RISK_FLOOR);
        let truth = point.derivatives();
        let scale = Scale { vol: point.vol.to_f64(), years: point.years.to_f64() };
        let more = 1.0 + errors::BOOK / scale.deviation();
        let hold = || {
            close(call.delta, 62, truth.delta, scale.delta() * more)?;
            close(call.vega, 62, truth.vega, scale.vega() * more)?;
            close_coarse(call.gamma, truth.gamma, scale.gamma() * more)?;
            close_coarse(call.theta, truth.theta, scale.theta() * more)?;
            close_coarse(call.vanna, truth.vanna, scale.vanna() * more)?;
            close_coarse(call.volga, truth.volga, scale.volga() * more)
        };
        hold().map_err(TestCaseError::fail)?;
    }

    /// Where g is not negative between three strikes, their butterfly is worth at least nothing.
    #[test]
    fn a_butterfly_costs_at_least_nothing(state in states(), part in -4.0..=4.0_f64, wing in between((1e-4, 0.5))) {
        let middle = strike(&state, part);
        let step = ((middle as f64 * wing) as u64).max(1);
        let dense = (-16..=16).map(|n| middle as f64 + step as f64 * f64::from(n) / 16.0);
        prop_assume!(dense.map(|strike| state.g(strike)).fold(f64::MAX, f64::min) >= 0.0);
        let (market, strikes) = (state.market(), [middle - step, middle, middle + step]);
        let [low, mid, high] = strikes.map(|strike| wide(&market.call(strike)));
        let error = strikes.map(|strike| state.error(strike)).into_iter().max().expect("three");
        prop_assert!(low - 2 * mid + high >= -4 * error, "{} below {}", low - 2 * mid + high, -4 * error);
    }

    /// A later expiry whose total variance is nowhere less, at the strike that has the same moneyness there or just below it.
    #[test]
    fn a_calendar_spread_costs_at_least_nothing(
        state in states(), part in -4.0..=4.0_f64, more in (0.0..=0.1_f64, 1.0..=1.2_f64, between((1.0, YEAR)))
    ) {
        let (level, slope, time) = more;
        let mut later = state;
        later.seconds = state.slice_seconds.saturating_add(time as u32);
        later.slice_seconds = later.seconds;
        later.slice.a += q(level, 36);
        later.slice.b = (later.slice.b as f64 * slope) as i64;
        prop_assume!(later.slice.check().is_ok());
        let near = strike(&state, part);
        let grown = state.rate() * f64::from(later.seconds - state.seconds) / YEAR;
        // The near one's forward has moved from the slice's as the far one's has, so the log-strikes differ by what the rate brings.
        later.slice.forward = (state.slice.forward as f64 * grown.exp()) as u64;
        let far = (near as f64 * grown.exp() * (1.0 - 1e-12)) as u64;
        let (soon, late) = (wide(&state.market().call(near)), wide(&later.market().call(far)));
        prop_assert!(late >= soon - state.error(near) - later.error(far), "{soon} {late}");
    }

    /// As variance runs off in proportion to time at each strike, an option of one slice loses with time where the rate is not negative.
    #[test]
    fn time_takes_from_every_call(state in states(), part in -4.0..=4.0_f64, less in 0.0..=1.0_f64) {
        let mut later = state;
        later.seconds = ((f64::from(state.seconds) * less) as u32).max(1);
        let strike = strike(&state, part);
        let (soon, late) = (wide(&later.market().call(strike)), wide(&state.market().call(strike)));
        prop_assert!(late >= soon - state.error(strike) - later.error(strike), "{soon} {late}");
    }

    #[test]
    fn parity_of_a_book_is_exact(state in states(), part in -8.0..=8.0_f64) {
        let strike = strike(&state, part);
        let market = state.market();
        let (call, put) = (market.call(strike), market.put(strike));
        prop_assert_eq!(put.price - call.price, market.strike_value(strike) - (1 << 62));
        prop_assert_eq!(call.delta - put.delta, 1 << 62);
        prop_assert_eq!((call.gamma, call.vega), (put.gamma, put.vega));
        prop_assert!(call.price >= 0 && put.price >= 0 && call.price <= 1 << 62, "{:?} {:?}", call, put);
        let point = state.point(strike);
        let most = errors::FORWARD * point.strike_value().to_f64().max(1.0);
        close(market.strike_value(strike), 62, point.strike_value(), most).map_err(TestCaseError::fail)?;
    }
}
