//! Black-76 and its derivatives by finite differences, in twice the precision of `f64`.

use std::sync::LazyLock;

use options::Terms;

use crate::double::{Double, ONE, PEAK, ZERO};

/// Beyond this |x| a tail is below 1e-38.
const CUT: f64 = 13.0;
/// Enough terms of the series for [`CUT`].
const TERMS: usize = 400;
/// [s]
pub(crate) const YEAR: f64 = 31_536_000.0;
/// Step of a finite difference, as a fraction of the scale on which the price bends: the error of the five-point formulas is this to the
/// fourth power, and what they lose to cancellation is 1e-31 over its square.
const STEP: f64 = 1e-5;

/// 1 / (2 n + 1)
static ODD: LazyLock<Vec<Double>> =
    LazyLock::new(|| (0..TERMS).map(|n| ONE / Double::from((2 * n + 1) as f64)).collect());

pub(crate) fn density(x: Double) -> Double {
    PEAK * (-(x * x).scaled(0.5)).exp()
}

/// N(x) = 1/2 + n(x) (x + x^3 / 3 + x^5 / (3 5) + ...): all terms have one sign, and the absolute error is below 1e-30.
pub(crate) fn normal(x: Double) -> Double {
    if x.abs() > CUT.into() {
        return if x > ZERO { ONE } else { ZERO };
    }
    let square = x * x;
    let (mut term, mut sum) = (x, x);
    for odd in &ODD[1..] {
        term = term * square * *odd;
        sum = sum + term;
        if term.abs() < sum.abs().scaled(1e-34) {
            break;
        }
    }
    ONE.scaled(0.5) + density(x) * sum
}

/// An option in real numbers; a price is in units of the spot that the moneyness refers to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// Spot, 1 unless moved.
    pub(crate) spot: Double,
    /// K over the unmoved spot.
    pub(crate) strike: Double,
    pub(crate) years: Double,
    pub(crate) vol: Double,
    pub(crate) rate: Double,
    pub(crate) carry: Double,
}

/// What the kernel's greeks mean, in units of spot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Derivatives {
    pub(crate) delta: Double,
    pub(crate) gamma: Double,
    pub(crate) vega: Double,
    pub(crate) theta: Double,
    pub(crate) vanna: Double,
    pub(crate) volga: Double,
}

impl Point {
    /// The option of `terms` at `vol` [Q60].
    pub(crate) fn new(terms: &Terms, vol: u64) -> Self {
        let micro = u128::from(terms.strike) * 100;
        Self {
            spot: ONE,
            strike: Double::word(micro as i128, 0) / Double::word(terms.spot, 0),
            years: Double::from(f64::from(terms.seconds)) / YEAR.into(),
            vol: Double::word(vol, 60),
            rate: Double::word(terms.rate, 60),
            carry: Double::word(terms.carry, 60),
        }
    }

    pub(crate) fn deviation(&self) -> Double {
        self.vol * self.years.sqrt()
    }

    /// S e^-cT
    pub(crate) fn holding(&self) -> Double {
        self.spot * (-(self.carry * self.years)).exp()
    }

    /// K D
    pub(crate) fn strike_value(&self) -> Double {
        self.strike * (-(self.rate * self.years)).exp()
    }

    fn d1(&self) -> Double {
        let sd = self.deviation();
        let forward = (self.spot / self.strike).ln() + (self.rate - self.carry) * self.years;
        forward / sd + sd.scaled(0.5)
    }

    /// Call and its delta.
    pub(crate) fn call(&self) -> (Double, Double) {
        let d1 = self.d1();
        let (tail, holding) = (normal(d1), (-(self.carry * self.years)).exp());
        let delta = holding * tail;
        (self.spot * delta - self.strike_value() * normal(d1 - self.deviation()), delta)
    }

    /// The put, from its own formula.
    pub(crate) fn put(&self) -> Double {
        let d1 = self.d1();
        self.strike_value() * normal(self.deviation() - d1) - self.holding() * normal(-d1)
    }

    /// Derivatives of the call by finite differences.
    pub(crate) fn derivatives(&self) -> Derivatives {
        let centre = self.call();
        let step = |scale: Double| scale * STEP.into();
        let by_spot = step(self.deviation().to_f64().min(1.0).into());
        let by_vol = step(self.vol);
        let by_time = step(self.years);
        let spots = stencil(by_spot, |by| Self { spot: self.spot + by, ..*self }.call());
        let vols = stencil(by_vol, |by| Self { vol: self.vol + by, ..*self }.call());
        let times = stencil(by_time, |by| Self { years: self.years + by, ..*self }.call());
        Derivatives {
            delta: slope(spots.map(|point| point.0), by_spot),
            gamma: bend(spots.map(|point| point.0), centre.0, by_spot),
            vega: slope(vols.map(|point| point.0), by_vol),
            theta: -slope(times.map(|point| point.0), by_time),
            vanna: slope(vols.map(|point| point.1), by_vol),
            volga: bend(vols.map(|point| point.0), centre.0, by_vol),
        }
    }
}

/// f at -2, -1, 1 and 2 steps.
fn stencil<T>(step: Double, f: impl Fn(Double) -> T) -> [T; 4] {
    [-2.0, -1.0, 1.0, 2.0].map(|steps| f(step * Double::from(steps)))
}

/// The first derivative.
fn slope([a, b, c, d]: [Double; 4], step: Double) -> Double {
    (a - d + (c - b).scaled(8.0)) / (step * 12.0.into())
}

/// The second derivative.
fn bend([a, b, c, d]: [Double; 4], centre: Double, step: Double) -> Double {
    ((b + c).scaled(16.0) - a - d - centre * 30.0.into()) / (step * step * 12.0.into())
}
