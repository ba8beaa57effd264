//! A slice in floating point.

use options::Slice;

/// Total variance by log-moneyness, raw SVI: w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2)), k = ln(strike / forward).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Level.
    pub a: f64,
    /// Slope of the wings.
    pub b: f64,
    /// Tilt.
    pub rho: f64,
    /// Centre.
    pub m: f64,
    /// Curvature.
    pub s: f64,
    /// [USD]
    pub forward: f64,
}

impl Curve {
    /// The slice of the surface family eSSVI (Hendriks & Martini 2019; Gatheral & Jacquier 2014) with total variance `theta` at the money, tilt
    /// `rho` and curvature `phi`.
    #[must_use]
    pub fn essvi(theta: f64, rho: f64, phi: f64, forward: f64) -> Self {
        let tilt = 1.0 - rho * rho;
        Self {
            a: theta / 2.0 * tilt,
            b: theta * phi / 2.0,
            rho,
            m: -rho / phi,
            s: tilt.sqrt() / phi,
            forward,
        }
    }

    /// Total variance at a strike [USD].
    #[must_use]
    pub fn variance(&self, strike: f64) -> f64 {
        let x = (strike / self.forward).ln() - self.m;
        self.a + self.b * (self.rho * x + x.hypot(self.s))
    }

    /// The same curve with all of its variance times `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self { a: self.a * factor, b: self.b * factor, ..*self }
    }

    /// The curve a part `weight` of the way to another, parameter by parameter.
    #[must_use]
    pub fn towards(&self, other: &Self, weight: f64) -> Self {
        let mix = |from: f64, to: f64| from + (to - from) * weight;
        Self {
            a: mix(self.a, other.a),
            b: mix(self.b, other.b),
            rho: mix(self.rho, other.rho),
            m: mix(self.m, other.m),
            s: mix(self.s, other.s),
            forward: mix(self.forward, other.forward),
        }
    }

    /// As the contract stores it, published at `updated_at`: every parameter to the nearest of its grid. What is out of range stays out of
    /// range, for the contract's check to find.
    #[must_use]
    pub fn stored(&self, updated_at: u32) -> Slice {
        let grid = |number: f64, bits: i32| (number * 2_f64.powi(bits)).round();
        Slice {
            a: grid(self.a, 36) as i64,
            b: grid(self.b, 36) as i64,
            rho: grid(self.rho, 22) as i32,
            m: grid(self.m, 28) as i32,
            s: grid(self.s, 36) as i64,
            forward: (self.forward * 1e6).round() as u64,
            updated_at,
        }
    }
}

impl From<&Slice> for Curve {
    fn from(slice: &Slice) -> Self {
        let number = |units: i64, bits: i32| units as f64 / 2_f64.powi(bits);
        Self {
            a: number(slice.a, 36),
            b: number(slice.b, 36),
            rho: number(slice.rho.into(), 22),
            m: number(slice.m.into(), 28),
            s: number(slice.s, 36),
            forward: slice.forward as f64 / 1e6,
        }
    }
}
