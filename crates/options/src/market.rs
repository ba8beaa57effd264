//! Black-76 with greeks: everything that the strikes of one expiry share, and one strike.
//!
//! F = S e^{rT}, D = e^{-rT}, so that F D = S. With x = ln(K / F), w the total variance left and sd = sqrt w:
//! d1 = -x / sd + sd / 2, d2 = d1 - sd, call / S = N(d1) - (K D / S) N(d2). Since (K D / S) n(d2) = n(d1), both tails come from one
//! exponential: the upper tail at d1 is n(d1) R(|d1|), and (K D / S) times the tail at d2 is n(d1) R(|d2|), R being Mills' ratio.

use core::num::Wrapping;

use maths::{ONE, Root, Word, density, exp_signed, ln, mills, mul, root};

use crate::slice::Slice;

/// A year of 365 days [s].
const YEAR: u32 = 31_536_000;
/// ln 100 in Q57: from 1e-8 USD to micro-USD.
const LN_100: Word = Wrapping(663_674_967_474_997_953);
/// Below this time gamma and theta are those of this time [s]: gamma at the money has no bound at expiry.
const RISK_FLOOR: u32 = 3_600;
/// |d| beyond which a tail is nothing: 8.5 in Q59.
const CUT: i64 = 17 << 58;
/// Log-moneyness beyond which a slice is flat: 7 in Q57.
const WING: i64 = 7 << 57;
/// Total variance below which an option is worth its intrinsic value, 2^-46 in Q58: an sd of 1.2e-7.
const NO_VARIANCE: i64 = 1 << 12;

/// Price and greeks of one option, per unit of the underlying, in units of spot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Greeks {
    /// price / S [Q62]; a put on a strike far above spot exceeds a 64-bit word
    pub price: i128,
    /// Change of the price with spot [Q62]
    pub delta: i64,
    /// gamma S [Q48], of at least an hour to expiry
    pub gamma: i64,
    /// vega / S for vol 1.00 [Q62]
    pub vega: i64,
    /// theta / S for a year [Q48], of at least an hour to expiry
    pub theta: i64,
}

/// Why there is no market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Spot is zero or 2^54 and more.
    Spot,
    /// More than ten years to expiry, or more than there were at publication.
    Time,
    /// |rate| is 1.0 and more, or |rate x time| 0.5 and more.
    Rate,
}

/// What the strikes of one expiry share at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Market {
    slice: Svi,
    /// ln of the forward now, and when the slice was published [Q57 of micro-USD]
    ln_forward: Word,
    ln_published: Word,
    /// Part of the slice's time that is left [Q62]
    time_left: Word,
    /// D / S for a strike in micro-USD [Q110]
    strike_factor: u128,
    /// sqrt T [Q60], 1 / (2 T) [Q50]
    root_time: Word,
    half_inverse_time: Word,
    /// sqrt of time over the risk floor, at most 1 [Q62]
    gamma_floor: Word,
    /// [Q61]
    rate: Word,
}

/// A slice in the formats of the kernel.
#[derive(Clone, Copy, Debug)]
struct Svi {
    /// [Q58]
    a: Word,
    /// [Q61]
    b: Word,
    /// [Q62]
    rho: Word,
    /// [Q57]
    m: Word,
    /// s^2 [Q56]
    s_squared: Word,
}

impl Market {
    /// The market of an expiry `seconds` away, at `spot` (1e-8 USD), under `rate` (Q30 per year, continuous), with a slice that was published
    /// `slice_seconds` before the expiry and passes [`Slice::check`].
    ///
    /// Between publications variance runs off in proportion to time at each strike (sticky strike).
    ///
    /// # Errors
    /// Whatever is out of range, as [`Error`] says.
    pub fn new(spot: u64, seconds: u32, rate: i32, slice: &Slice, slice_seconds: u32) -> Result<Self, Error> {
        if spot == 0 || spot >> 54 != 0 {
            return Err(Error::Spot);
        }
        if seconds > slice_seconds || slice_seconds == 0 || slice_seconds / 10 > YEAR {
            return Err(Error::Time);
        }
        let growth = growth(rate, seconds).ok_or(Error::Rate)?;
        let discount = exp_signed(growth);
        // D 2^62 x 100 x 2^48 < 2^118.
        let scaled = u128::from(discount.0.unsigned_abs()).saturating_mul(100) << 48;
        // Below 16 years in Q58, which has its root in Q60.
        let time = ratio(seconds, YEAR, 26);
        let risk_time = seconds.max(RISK_FLOOR);
        Ok(Self {
            slice: Svi::new(slice),
            ln_forward: ln(spot) - LN_100 + growth,
            ln_published: ln(slice.forward),
            time_left: ratio(seconds, slice_seconds, 30),
            strike_factor: scaled.checked_div(spot.into()).unwrap_or_default(),
            root_time: root(time.0.unsigned_abs()).root,
            half_inverse_time: ratio(YEAR, risk_time, 17),
            gamma_floor: floor_factor(seconds),
            rate: Wrapping(i64::from(rate)) << 31,
        })
    }

    /// K D / S [Q62]: the strike's present value in units of spot.
    #[must_use]
    pub fn strike_value(&self, strike: u64) -> i128 {
        let product = u128::from(strike).saturating_mul(self.strike_factor) >> 48;
        i128::try_from(product).unwrap_or(i128::MAX)
    }

    /// The call.
    #[must_use]
    pub fn call(&self, strike: u64) -> Greeks {
        let ln_strike = ln(strike);
        let variance = mul(self.slice.variance(ln_strike - self.ln_published), self.time_left);
        let value = self.strike_value(strike);
        if variance.0 < NO_VARIANCE {
            return intrinsic(value);
        }
        let root = root(variance.0.unsigned_abs());
        self.black(ln_strike - self.ln_forward, root, value)
    }

    /// The put, by parity: put = call - 1 + K D / S.
    #[must_use]
    pub fn put(&self, strike: u64) -> Greeks {
        let call = self.call(strike);
        let value = self.strike_value(strike);
        let theta = self.carry(value).saturating_add(call.theta.into());
        Greeks {
            price: call.price.saturating_add(value).saturating_sub(ONE.0.into()).max(0),
            delta: (Wrapping(call.delta) - ONE).0,
            theta: i64::try_from(theta).unwrap_or(if theta < 0 { i64::MIN } else { i64::MAX }),
            ..call
        }
    }

    /// Carry of a strike's present value: r K D / S [Q48].
    pub(crate) fn carry(&self, value: i128) -> i128 {
        value.saturating_mul(i128::from((self.rate >> 31).0)) >> 44
    }

    #[inline(always)]
    fn black(&self, x: Word, root: Root, value: i128) -> Greeks {
        // sd in Q60 from variance in Q58; half of it in Q59.
        let sd = root.root;
        let half = sd >> 2;
        let centre = moneyness(x, &root);
        let d1 = Wrapping((centre + half).0.clamp(-CUT, CUT));
        let d2 = Wrapping((centre - half).0.clamp(-CUT, CUT));
        let density = density(d1);
        let tail1 = mul(density, mills(absolute(d1)));
        let tail2 = mul(density, mills(absolute(d2)));
        let strike = saturated(value);
        let delta = if d1.0 < 0 { tail1 } else { ONE - tail1 };
        let paid = if d2.0 < 0 { tail2 } else { strike - tail2 };
        let floor = (ONE - strike).0.max(0);
        let price = (delta - paid).0.clamp(floor, ONE.0);
        let decay = mul(mul(density, sd), self.half_inverse_time);
        let carry = mul(delta - Wrapping(price), self.rate) >> 13;
        Greeks {
            price: price.into(),
            delta: delta.0,
            gamma: gamma(mul(density, self.gamma_floor), &root),
            vega: (mul(density, self.root_time) << 2).0,
            theta: (Wrapping(0) - decay - carry).0,
        }
    }
}

impl Svi {
    fn new(slice: &Slice) -> Self {
        let s = Wrapping(slice.s) << 23;
        Self {
            a: Wrapping(slice.a) << 22,
            b: Wrapping(slice.b) << 25,
            rho: Wrapping(i64::from(slice.rho)) << 40,
            m: Wrapping(i64::from(slice.m)) << 29,
            s_squared: mul(s, s),
        }
    }

    /// w [Q58] at k [Q57], never negative.
    ///
    /// |k - m| is cut at 7 so that, in Q59, b (rho x + root) <= 2 x 14 stays below the 32 of Q58 and x^2 below the 128 of Q56.
    #[inline(always)]
    fn variance(&self, k: Word) -> Word {
        let x = Wrapping((k - self.m).0.clamp(-WING, WING)) << 2;
        let square = mul(x, x) + self.s_squared;
        let hyperbola = root(square.0.unsigned_abs()).root;
        let slope = mul(x, self.rho) + hyperbola;
        Wrapping((self.a + mul(self.b, slope)).0.max(0))
    }
}

/// -x / sd in Q59, cut to +-2 CUT: with sd^2 = M 2^(6 - 2 pairs), 1 / sd = 2 h 2^(pairs - 3).
#[inline(always)]
fn moneyness(x: Word, root: &Root) -> Word {
    let product = Wrapping(0) - mul(x, root.half_inverse);
    let limit = CUT.unbounded_shr(root.pairs);
    if product.0 > limit {
        Wrapping(CUT)
    } else if product.0 < limit.wrapping_neg() {
        Wrapping(CUT.wrapping_neg())
    } else {
        Wrapping(product.0.unbounded_shl(root.pairs))
    }
}

/// density / sd in Q48, at most the largest word: density times h in Q62, times 2^(pairs - 2), down 14 bits.
#[inline(always)]
fn gamma(density: Word, root: &Root) -> i64 {
    let product = mul(density, root.half_inverse).0;
    match 16_u32.checked_sub(root.pairs) {
        Some(down) => product.unbounded_shr(down),
        None => product.saturating_mul(1_i64.unbounded_shl(root.pairs.wrapping_sub(16))),
    }
}

/// Without variance: the intrinsic value on the forward; delta 1, 0, or 1/2 at the money; no gamma, no vega, no theta.
fn intrinsic(value: i128) -> Greeks {
    let one = i128::from(ONE.0);
    let price = one.saturating_sub(value).max(0);
    let delta = match value.cmp(&one) {
        core::cmp::Ordering::Less => ONE.0,
        core::cmp::Ordering::Equal => (ONE >> 1).0,
        core::cmp::Ordering::Greater => 0,
    };
    Greeks { price, delta, ..Greeks::default() }
}

/// rate x time in Q57, none when it is 0.5 or more.
fn growth(rate: i32, seconds: u32) -> Option<Word> {
    let product = i64::from(rate).checked_mul(seconds.into())?;
    let whole = product.checked_div(YEAR.into())?;
    let rest = product.checked_rem(YEAR.into())?;
    // whole is in Q30 and below 2^29 when the result is; the rest adds 27 more bits.
    if whole.unsigned_abs() >> 29 != 0 || rate.unsigned_abs() >> 30 != 0 {
        return None;
    }
    let fine = rest.checked_mul(1 << 27)?.checked_div(YEAR.into())?;
    Some((Wrapping(whole) << 27) + Wrapping(fine))
}

/// numerator / denominator in Q(32 + fine), in two divisions; numerator / denominator < 2^(31 - fine).
fn ratio(numerator: u32, denominator: u32, fine: u32) -> Word {
    let (top, bottom) = (u64::from(numerator) << 32, u64::from(denominator));
    let whole = top.checked_div(bottom).unwrap_or_default();
    let rest = top.checked_rem(bottom).unwrap_or_default();
    let more = rest.unbounded_shl(fine).checked_div(bottom).unwrap_or_default();
    Wrapping((whole.unbounded_shl(fine) | more).cast_signed())
}

/// sqrt(min(1, seconds / floor)) in Q62.
fn floor_factor(seconds: u32) -> Word {
    if seconds >= RISK_FLOOR {
        return ONE;
    }
    // The ratio in Q58 has its root in Q60.
    root(ratio(seconds, RISK_FLOOR, 26).0.unsigned_abs()).root << 2
}

#[inline(always)]
fn absolute(x: Word) -> Word {
    Wrapping(x.0.wrapping_abs())
}

/// A number of units of spot as a word, cut at 2.
#[inline(always)]
fn saturated(value: i128) -> Word {
    Wrapping(i64::try_from(value).unwrap_or(i64::MAX))
}
