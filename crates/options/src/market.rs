//! Book mode: everything that the strikes of one expiry share, and one strike with its vol from the surface.

use core::num::Wrapping;

use maths::{ONE, Root, Word, ln, max, mul, mul_near, normal, reciprocal, root, shift, shr};

use crate::black::{Black, Deviation, Kappa, Moneyness, Scaled, coarse, delta, rounded};
use crate::forward::{Forward, ForwardError, RISK_FLOOR, TEN_YEARS, fault, floor_factor, root_years};
use crate::series::StrikeGrid;
use crate::slice::Slice;
use crate::svi::Svi;

/// A year in seconds, over 2^25 [Q62]
const YEAR: Word = Wrapping(4_334_274_836_692_992_000);
/// ln 100 in Q57: from 1e-8 USD to micro-USD.
const LN_100: Word = Wrapping(663_674_967_474_997_953);

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

    /// The present value of the strikes of `lots` options on a grid, `index_sum` the sum of lots times grid index [lots x Q62 of spot].
    pub(crate) fn strikes_value(&self, grid: &StrikeGrid, lots: i64, index_sum: i64) -> i128 {
        let of = |strike: u64, count: i64| self.strike_value(strike).saturating_mul(count.into());
        of(grid.base, lots).saturating_add(of(grid.step, index_sum))
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
        (money, deviation(&self.slice.root(variance)))
    }

    /// The call at a strike, and the sd that it was priced with, none without variance.
    #[inline(always)]
    fn priced(&self, money: &Moneyness) -> (Greeks, Option<Root>) {
        let kappa = money.word();
        let variance = self.slice.variance(money.log57 + self.drift);
        if variance < self.slice.least {
            return (intrinsic(money, kappa), None);
        }
        let root = self.slice.root(variance);
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
