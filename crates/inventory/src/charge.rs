//! The risk charge J.

use crate::real::Real;
use crate::{Exposure, Profile, band, depth, vega};

/// Binary places kept below a micro-USD in each term, so that only the sum of all terms is rounded to a whole one.
const FRACTION: i32 = 24;

/// Quotient of two positive constants. A zero divisor, which no constant below has, would give zero.
const fn quotient(numerator: u64, divisor: Real) -> Real {
    match Real::new(numerator, 0).over(divisor) {
        Some(quotient) => quotient,
        None => Real::ZERO,
    }
}

/// 1e-6: millionths to units, and micro-USD to USD.
const MILLIONTH: Real = quotient(1, Real::new(1_000_000, 0));
/// 1e-12: the square of millionths to units.
const MILLIONTH_SQUARED: Real = quotient(1, Real::new(1_000_000_000_000, 0));
/// One second in years.
const SECOND_IN_YEARS: Real = quotient(1, Real::new(31_536_000, 0));
/// (1/2) 1e-18 1e-6: half of g in 1e-18 per USD, to half of g per micro-USD.
const HALF_AVERSION: Real = quotient(1, Real::wide(2_000_000_000_000_000_000_000_000, 0));
/// 30 d x 1e-12 per day of the horizon: 30e-12 per second of it.
const VEGA_VARIANCE: Real = quotient(30, Real::new(1_000_000_000_000, 0));

/// The weights of J's terms, worked out once from a [`Profile`]; the state before a trade and the state after share them.
///
/// Each term is a non-negative weight times a convex function of one linear form of the state, so J is convex.
///
/// | term | value | stands for |
/// |---|---|---|
/// | delta | (g/2) s^2 h_D D^2 | variance of the delta that waits for its hedge |
/// | gamma | (g/4) (s^2 h_G)^2 G^2 | variance of the gamma P&L of a delta-hedged book |
/// | carry | (g/2) s^2 h_C H^2, H = (3/2 c G^2 / g)^{1/3} | cost of keeping the book in its band for h_C: hedges, and variance inside |
/// | vega | (g/2) h_V sum_ef V_e V_f nu_e nu_f rho_ef | variance from moves of the surface |
/// | depth | (g/2) h_V sum_e nu_e^2 (sum_b V_eb^2 / w_eb - V_e^2) | the same where depth is given to some strikes only; the blend of two such while weights change |
/// | hedging | c D^2 / (2 B) up to the edge B, c (\|D\| - B/2) beyond | cost of hedging what leaves the band |
///
/// The hedging term is a Huber function rather than a smooth root c (sqrt(D^2 + B^2) - B): it needs no root, and beyond B
/// its slope is exactly c, where the root's stays below c. B is the least inner half-width of the band (half of
/// `min_band`), so a hedge always ends at B or further out; one that costs at most c per unit therefore never lowers cash
/// minus J, which a root edge, or an edge beyond the band, would not promise. The delta term goes on beyond the
/// edge because a hedge takes h_D to come.
///
/// The carry term is the exact cost rate of the Whalley-Wilmott band, (g s^2 / 6) (H^2 + H H + H^2), hedges and variance in
/// equal parts at their least sum; it grows with |G|^{4/3}, so it is convex too, and no hedge in the underlying changes it.
///
/// # Rounding
///
/// `(1 - 2^-58) exact - 1.000001 < J <= exact` in micro-USD, where the exact value holds the weights t^{-3/2} of the vega form
/// as rounded (within 2^-33 of the formula's up to ten years), and the carry term is short by 2^-38 of itself more. J is never
/// negative, exactly the same for the opposite state and for every order of the buckets, and grows with |delta| and |gamma|
/// without exception; convexity holds up to a micro-USD, 2^-57 J and 2^-38 of the carry term.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    /// (g/2) s^2 h_D per micro-USD.
    delta: Real,
    /// (g/4) (s^2 h_G)^2 per micro-USD.
    gamma: Real,
    carry: Carry,
    /// (g/2) 30 d nu^2 h_V, h_V in days, per micro-USD.
    vega: Real,
    hedging: Huber,
}

impl Coefficients {
    /// Weights of the profile.
    #[must_use]
    pub fn new(profile: &Profile) -> Self {
        let half_aversion = Real::new(profile.risk_aversion, 0).times(HALF_AVERSION);
        let variance_per_year = square(profile.vol.into()).times(MILLIONTH_SQUARED);
        let variance =
            |horizon: u32| variance_per_year.times(Real::new(horizon.into(), 0)).times(SECOND_IN_YEARS);
        let gamma_variance = variance(profile.gamma_horizon);
        let vega_variance = square(profile.vol_of_vol.into())
            .times(Real::new(profile.vega_horizon.into(), 0))
            .times(VEGA_VARIANCE);
        Self {
            delta: half_aversion.times(variance(profile.delta_horizon)),
            gamma: half_aversion.times(gamma_variance).times(gamma_variance).times(Real::new(1, -1)),
            carry: Carry::new(profile, half_aversion.times(variance(profile.carry_horizon))),
            vega: half_aversion.times(vega_variance),
            hedging: Huber::new(profile.hedge_cost, band::least_inner(profile)),
        }
    }

    /// J of a state in micro-USD; 0 at no exposure.
    ///
    /// `None` outside the domain: more than 12 buckets, an expiry's vega beyond i64, depth without a bucket, weights that [`check_weights`] refuses, or a
    /// J beyond 2^104 (2e31) micro-USD. With greeks up to 1e16 micro-USD and a profile that [`Profile::check`] accepts, or vols up to
    /// 10 and horizons up to a year, none of it occurs.
    ///
    /// [`check_weights`]: crate::check_weights
    #[must_use]
    pub fn risk(&self, exposure: &Exposure) -> Option<u128> {
        let delta = exposure.delta.unsigned_abs();
        let gamma_squared = square(exposure.gamma.unsigned_abs());
        let terms = [
            self.delta.times(square(delta)),
            self.gamma.times(gamma_squared),
            self.carry.at(gamma_squared),
            self.hedging.at(delta)?,
        ];
        let mut sum = 0_u128;
        let mut add = |term: Real| {
            sum = sum.checked_add(term.floor(FRACTION)?)?;
            Some(())
        };
        for term in terms {
            add(term)?;
        }
        vega::for_each_square(exposure.vega, |square| add(self.vega.times(square)))?;
        for expiry in exposure.depth {
            let seconds = vega::floored(exposure.vega.get(expiry.bucket)?.seconds);
            depth::for_each_term(expiry, seconds, self.vega, &mut add)?;
        }
        Some(sum >> FRACTION)
    }
}

/// J of a state in micro-USD: [`Coefficients::risk`] for a single state.
#[must_use]
pub fn risk(profile: &Profile, exposure: &Exposure) -> Option<u128> {
    Coefficients::new(profile).risk(exposure)
}

/// x^2 to 64 significant bits.
fn square(x: u128) -> Real {
    let x = Real::wide(x, 0);
    x.times(x)
}

/// `cost` x (`scale` x G^2)^{2/3}.
#[derive(Clone, Copy, Debug)]
struct Carry {
    /// (g/2) s^2 h_C per micro-USD.
    cost: Real,
    /// (3/2) c / g, in micro-USD.
    scale: Real,
}

impl Carry {
    /// No horizon, no cost or no aversion to risk: no carry.
    fn new(profile: &Profile, cost: Real) -> Self {
        // 3/2 x 1e-6 over g x 1e-24: 3/2 x 1e18.
        let scale =
            Real::new(u64::from(profile.hedge_cost), 0).times(Real::new(1_500_000_000_000_000_000, 0));
        match scale.over(Real::new(profile.risk_aversion, 0)) {
            Some(scale) => Self { cost, scale },
            None => Self { cost: Real::ZERO, scale: Real::ZERO },
        }
    }

    /// The root of no scale, or for no cost, is not taken.
    fn at(&self, gamma_squared: Real) -> Real {
        if self.cost.is_zero() {
            return Real::ZERO;
        }
        let width = self.scale.times(gamma_squared).cbrt();
        self.cost.times(width.times(width))
    }
}

/// `slope` x (x^2 / (2 edge) up to the edge, x - edge/2 beyond): convex, with a continuous slope.
#[derive(Clone, Copy, Debug)]
struct Huber {
    /// Half of the slope.
    half_slope: Real,
    /// Half of the slope over the edge; zero, and never read but at 0, when the edge is 0.
    curvature: Real,
    edge: u128,
}

impl Huber {
    /// `slope` in millionths, `edge` in micro-USD.
    fn new(slope: u32, edge: u128) -> Self {
        let half_slope = Real::new(slope.into(), -1).times(MILLIONTH);
        Self { half_slope, curvature: half_slope.over(Real::wide(edge, 0)).unwrap_or(Real::ZERO), edge }
    }

    /// The value at `x`; `None` when `x` leaves 2^127.
    fn at(&self, x: u128) -> Option<Real> {
        if x <= self.edge {
            return Some(self.curvature.times(square(x)));
        }
        Some(self.half_slope.times(Real::wide(x.checked_mul(2)?.checked_sub(self.edge)?, 0)))
    }
}
