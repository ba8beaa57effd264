//! Book mode: everything that the strikes of one expiry share, and one strike with its vol from the surface.

use core::num::Wrapping;

use maths::{ONE, Root, Word, abs, cut, ln, max, mul, mul_near, normal, reciprocal, root, shift, shl, shr};

use crate::black::{Black, Deviation, Kappa, Moneyness, Scaled, coarse, delta, rounded};
use crate::forward::{Forward, ForwardError, RISK_FLOOR, TEN_YEARS, fault, floor_factor, root_years};
use crate::slice::Slice;

/// A year in seconds, over 2^25 [Q62]
const YEAR: Word = Wrapping(4_334_274_836_692_992_000);
/// ln 100 in Q57: from 1e-8 USD to micro-USD.
const LN_100: Word = Wrapping(663_674_967_474_997_953);
/// Log-moneyness beyond which a slice is flat: 7 in Q57.
const WING: Word = Wrapping(7 << 57);
/// Total variance below which an option is worth its intrinsic value, 2^-46 in Q58: an sd of 1.2e-7.
const NO_VARIANCE: Word = Wrapping(1 << 12);
/// Leading zeros of a variance below 32 in Q36, where a slice has no room to be scaled.
const ROOM: u32 = 23;

/// Price and greeks of one option, per unit of the underlying, in units of spot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Greeks {
    /// price / S [Q62]; a put on a strike far above spot exceeds a 64-bit word
    pub price: i128,
    /// Change of the price with spot [Q62]
    pub delta: i64,
    /// gamma S [Q50], of at least an hour to expiry
    pub gamma: i64,
    /// vega / S for vol 1.00 [Q62]
    pub vega: i64,
    /// theta / S for a year [Q50], of at least an hour to expiry
    pub theta: i64,
    /// Change of delta with vol 1.00 [Q50]
    pub vanna: i64,
    /// Change of vega / S with vol 1.00 [Q50]
    pub volga: i64,
}

/// An option with what its delta would be elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quoted {
    /// Here.
    pub greeks: Greeks,
    /// Its delta at two moved spots [Q62]
    pub moved: [i64; 2],
}

/// Why there is no market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no such forward.
    Forward(ForwardError),
    /// More time to expiry than there was at publication, or more than ten years then, or none.
    Time,
}

/// What the strikes of one expiry share at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Market {
    slice: Svi,
    forward: Forward,
    /// ln of the forward now over that at publication [Q57]
    drift: Word,
    /// sqrt T [Q60]
    root_time: Word,
    /// The same; the mantissa is in (0.364, 0.730).
    root_years: Scaled,
    /// 1 / (2 T), as of an hour at least
    decay: Scaled,
    /// sqrt of time over the risk floor, at most 1 [Q62]
    gamma_floor: Word,
    /// [Q60]
    rate: i64,
}

/// A slice in the formats of the kernel, run off to the time that is left.
///
/// Variance is scaled by 4^`scale`, so that a short expiry's has as many digits as a long one's.
#[derive(Clone, Copy, Debug)]
struct Svi {
    scale: Word,
    /// [`NO_VARIANCE`], scaled
    least: Word,
    /// [Q58]
    a: Word,
    /// [Q62]
    b: Word,
    /// [Q62]
    rho: Word,
    /// [Q57]
    m: Word,
    /// [Q58]
    s: Word,
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
        if seconds > slice_seconds || slice_seconds == 0 || slice_seconds > TEN_YEARS {
            return Err(Error::Time);
        }
        let rate = i64::from(rate) << 30;
        let forward = Forward::new(spot, seconds, rate, 0, 0);
        let forward = forward.ok_or_else(|| Error::Forward(fault(spot, seconds)))?;
        let time = Time::new(seconds);
        Ok(Self {
            slice: Svi::new(slice, fraction(seconds, slice_seconds)),
            drift: ln(spot) - LN_100 + (forward.growth >> 3) - ln(slice.forward),
            forward,
            root_time: time.root,
            root_years: time.years,
            decay: time.decay,
            gamma_floor: floor_factor(seconds),
            rate,
        })
    }

    /// K D / S [Q62]: the strike's present value in units of spot.
    #[must_use]
    pub fn strike_value(&self, strike: u64) -> i128 {
        self.moneyness(strike).kappa().wide
    }

    /// The call.
    #[must_use]
    pub fn call(&self, strike: u64) -> Greeks {
        self.quoted(strike, None).1.greeks
    }

    /// The put, by parity: put = call - 1 + K D / S.
    #[must_use]
    pub fn put(&self, strike: u64) -> Greeks {
        self.put_and_moved(strike, None).greeks
    }

    /// The call, and its delta once spot has moved by a factor of e^`moves` [Q57], |move| < 0.7, vol by strike unchanged.
    #[must_use]
    pub fn call_and_moved(&self, strike: u64, moves: Option<[Word; 2]>) -> Quoted {
        self.quoted(strike, moves).1
    }

    /// As [`Market::call_and_moved`] for the put.
    #[must_use]
    pub fn put_and_moved(&self, strike: u64, moves: Option<[Word; 2]>) -> Quoted {
        let (kappa, call) = self.quoted(strike, moves);
        let [below, above] = call.moved.map(|delta| (Wrapping(delta) - ONE).0);
        let moved = if moves.is_some() { [below, above] } else { call.moved };
        Quoted { greeks: self.parity(&kappa, &call.greeks), moved }
    }

    /// One body for all that price a single strike.
    #[inline(never)]
    fn quoted(&self, strike: u64, moves: Option<[Word; 2]>) -> (Kappa, Quoted) {
        let money = self.moneyness(strike);
        let (greeks, root) = self.priced(&money);
        let moved = moves.map_or([0; 2], |moves| moved_deltas(money, root, moves));
        (money.kappa(), Quoted { greeks, moved })
    }

    /// A book's call, and its moved deltas if they are asked for: inlined where strikes are summed.
    #[inline(always)]
    pub(crate) fn summand(&self, strike: u64, moves: Option<[Word; 2]>) -> (Greeks, Option<[i64; 2]>) {
        let money = self.moneyness(strike);
        let (greeks, root) = self.priced(&money);
        (greeks, moves.map(|moves| moved_deltas(money, root, moves)))
    }

    #[inline(always)]
    fn parity(&self, kappa: &Kappa, call: &Greeks) -> Greeks {
        Greeks {
            price: call.price.wrapping_sub(ONE.0.into()).wrapping_add(kappa.wide),
            delta: (Wrapping(call.delta) - ONE).0,
            theta: (Wrapping(call.theta) + Forward::interest(kappa, self.rate)).0,
            ..*call
        }
    }

    /// Carry of a strike's present value: r K D / S [Q50].
    pub(crate) fn carry(&self, value: i128) -> i128 {
        value.saturating_mul((self.rate >> 30).into()) >> 42
    }

    #[inline(always)]
    fn moneyness(&self, strike: u64) -> Moneyness {
        Moneyness::new(strike.wrapping_mul(100), self.forward.factor)
    }

    /// Where a strike stands to the forward, and its sd: without variance, the least that counts as any.
    pub(crate) fn standing(&self, strike: u64) -> (Moneyness, Deviation) {
        let money = self.moneyness(strike);
        let variance = max(self.slice.variance(money.log57 + self.drift), self.slice.least);
        let root = root(variance.0.unsigned_abs());
        (money, deviation(&Root { pairs: root.pairs + self.slice.scale, ..root }))
    }

    /// The call at a strike, and the sd that it was priced with, none without variance.
    #[inline(always)]
    fn priced(&self, money: &Moneyness) -> (Greeks, Option<Root>) {
        let kappa = money.word();
        let variance = self.slice.variance(money.log57 + self.drift);
        if variance < self.slice.least {
            return (intrinsic(money, kappa), None);
        }
        let root = root(variance.0.unsigned_abs());
        let root = Root { pairs: root.pairs + self.slice.scale, ..root };
        let deviation = deviation(&root);
        let black = Black::new(money, &deviation, kappa);
        // sd = sqrt M 2^(3 - pairs).
        let decay = mul(mul(black.density, root.mantissa), self.decay.mantissa);
        let decay = coarse(decay, self.decay.exponent + Wrapping(3) - root.pairs);
        let paid = mul(black.delta - black.call, Wrapping(self.rate));
        let vega = mul_near(black.density, self.root_time) << 2;
        let Scaled { mantissa, exponent } = self.root_years;
        let inverse = &deviation.inverse;
        let per_vol =
            Scaled { mantissa: mul(mantissa, inverse.mantissa), exponent: exponent + inverse.exponent };
        let [vanna, volga] = black.second_order(vega, &per_vol);
        let greeks = Greeks {
            price: black.call.0.into(),
            delta: black.delta.0,
            gamma: black.gamma(self.gamma_floor, &deviation).0,
            vega: vega.0,
            theta: (Wrapping(0) - decay - rounded(paid)).0,
            vanna: vanna.0,
            volga: volga.0,
        };
        (greeks, Some(root))
    }
}

/// Deltas of a call [Q62] once spot has moved by factors of e^`moves` [Q57].
#[inline(never)]
fn moved_deltas(money: Moneyness, root: Option<Root>, moves: [Word; 2]) -> [i64; 2] {
    let [below, above] = moves.map(|by| money.moved(by));
    match root {
        Some(root) => {
            let deviation = deviation(&root);
            [delta(&below, &deviation).0, delta(&above, &deviation).0]
        }
        None => [below.intrinsic_delta(), above.intrinsic_delta()],
    }
}

impl Svi {
    /// With `left` of the slice's time [Q62].
    ///
    /// Variance is at most |a| + 15.1 b, and [`Slice::check`] keeps it below 21. Scaled, |a| + 32 b is below 32, so that b is below 1; without
    /// room to scale, b is at most 2, a unit less than which is the largest word.
    fn new(slice: &Slice, left: Word) -> Self {
        let most = slice.b.unsigned_abs().wrapping_shl(5).wrapping_add(slice.a.unsigned_abs());
        let scale = Wrapping(i64::from(most.leading_zeros().saturating_sub(ROOM) >> 1));
        let run_off = |word, bits| mul_near(shl(Wrapping(word), (scale << 1) + Wrapping(bits)), left);
        Self {
            scale,
            least: shl(NO_VARIANCE, scale << 1),
            a: run_off(slice.a, 22),
            b: run_off(slice.b, 25).min(ONE - Wrapping(1)) << 1,
            rho: Wrapping(i64::from(slice.rho)) << 40,
            m: Wrapping(i64::from(slice.m)) << 29,
            s: Wrapping(slice.s) << 22,
        }
    }

    /// w [Q58] at k [Q57], never negative.
    ///
    /// |k - m| < 52 is cut at 7, to one unit of the 2^-57 that it is in. With x and s moved up until the larger has 61 bits, their squares are
    /// below 2^60, the hyperbola below 2^61.5 and the slope below (1 + |rho|) times that: its product with b is below 2^62.5.
    #[inline(always)]
    fn variance(&self, k: Word) -> Word {
        let x = cut(k - self.m, WING) << 1;
        let zeros = (abs(x) | self.s).0.leading_zeros();
        let up = Wrapping(i64::from(zeros)) - Wrapping(3);
        let (x, s) = (shl(x, up), shl(self.s, up));
        let square = mul(x, x) + mul(s, s);
        let slope = mul(x, self.rho) + root(square.0.unsigned_abs()).root();
        max(self.a + shr(mul(self.b, slope), up), Wrapping(0))
    }
}

/// With the variance M 2^(6 - 2 pairs): sd / 2 = sqrt M 2^(2 - pairs), 1 / sd = h 2^(pairs - 2).
#[inline(always)]
fn deviation(root: &Root) -> Deviation {
    let up = root.pairs - Wrapping(2);
    Deviation {
        half: shr(root.mantissa, root.pairs + Wrapping(3)),
        inverse: Scaled { mantissa: root.half_inverse, exponent: up },
    }
}

/// Without variance: the intrinsic value on the forward; delta 1, 0, or 1/2 at the money; no gamma, no vega, no theta.
fn intrinsic(money: &Moneyness, kappa: Word) -> Greeks {
    let price = max(ONE - kappa, Wrapping(0)).0.into();
    Greeks { price, delta: money.intrinsic_delta(), ..Greeks::default() }
}

/// Time in the forms that the greeks of an expiry need.
struct Time {
    /// sqrt T [Q60]
    root: Word,
    /// The same; the mantissa is in (0.364, 0.730).
    years: Scaled,
    /// 1 / (2 T), as of an hour at least; the mantissa is in (0.46, 0.94).
    decay: Scaled,
}

impl Time {
    /// 1 / (2 T) = a year / (m 2^(e + 1)).
    fn new(seconds: u32) -> Self {
        let part = root_years(&root(seconds.into()));
        let (m, exponent) = normal(seconds.max(RISK_FLOOR).into());
        Self {
            root: if seconds == 0 { Wrapping(0) } else { shift(part.mantissa, part.exponent - Wrapping(2)) },
            years: part,
            decay: Scaled { mantissa: mul_near(reciprocal(m), YEAR), exponent: Wrapping(24) - exponent },
        }
    }
}

/// part / whole in Q62, part <= whole, in two divisions.
fn fraction(part: u32, whole: u32) -> Word {
    if part == whole {
        return ONE;
    }
    let (top, bottom) = (u64::from(part) << 32, u64::from(whole));
    let high = top.checked_div(bottom).unwrap_or_default();
    let rest = top.checked_rem(bottom).unwrap_or_default();
    let low = (rest << 30).checked_div(bottom).unwrap_or_default();
    Wrapping((high << 30 | low).cast_signed())
}
