//! One option at a time: call and put with greeks from spot, strike, time, vol, rate and carry.

use core::num::Wrapping;

use maths::{ONE, Word, max, mul, mul_near, reciprocal, root, shift, shl, shr_near};

use crate::black::{Black, Deviation, Kappa, Moneyness, Scaled, coarse, rounded};
use crate::forward::{
    Forward, ForwardError, RISK_FLOOR, fault, floor_factor, half_per_root_year, holding, root_years,
};

/// An sd below this power of two is none: 4e-16, whose time value is below 2e-16 of spot.
const NO_DEVIATION: Word = Wrapping(-51);

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// S [1e-8 USD], in (0, 2^54]
    pub spot: u64,
    /// K [micro-USD], in (0, 2^48]
    pub strike: u64,
    /// Time to expiry [s], at most ten years
    pub seconds: u32,
    /// Continuous rate of discount [Q60 / year]
    pub rate: i64,
    /// Continuous carry: what holding spot yields [Q60 / year]
    pub carry: i64,
}

/// Why an option has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermsError {
    /// There is no such forward.
    Forward(ForwardError),
    /// The strike is zero or above 2^48.
    Strike,
    /// Vol is 8.0 and more.
    Vol,
}

/// Call and put, in units of spot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// [Q62]; call - put = F D / S - K D / S, to the last bit
    pub call: i64,
    /// [Q62]; a put on a strike far above spot exceeds a word, and one beyond 2^24 forwards is cut at less than twice that
    pub put: i128,
    /// Change of the call with spot [Q62]
    pub call_delta: i64,
    /// Change of the put with spot [Q62]
    pub put_delta: i64,
    /// gamma S [Q50], of at least an hour to expiry
    pub gamma: i64,
    /// vega / S for vol 1.00 [Q62]
    pub vega: i64,
    /// theta / S of the call for a year [Q50], of at least an hour to expiry
    pub call_theta: i64,
    /// theta / S of the put for a year [Q50], of at least an hour to expiry
    pub put_theta: i64,
    /// Change of delta with vol 1.00 [Q50]
    pub vanna: i64,
    /// Change of vega / S with vol 1.00 [Q50]
    pub volga: i64,
}

/// Vol and the root of time in the forms that one option needs.
struct Horizon {
    deviation: Deviation,
    /// sqrt T [Q60]
    root_time: Word,
    /// vol / (2 sqrt T), as of an hour at least
    decay: Scaled,
    /// 1 / vol
    per_vol: Scaled,
    /// What gamma keeps of itself in the last hour [Q62]
    floor: Word,
}

impl Horizon {
    /// None without time or vol, or with less than [`NO_DEVIATION`] of both.
    ///
    /// The mantissa t of sqrt T is in (0.364, 0.730); vol = v 2^(4 - zeros), v in [1/2, 1). Their product has
    /// one to three leading zeros as Q62 and is brought to [1, 2).
    #[inline(always)]
    fn new(vol: u64, seconds: u32) -> Option<Self> {
        let zeros = vol.leading_zeros();
        let v = Wrapping((vol.wrapping_shl(zeros) >> 2).cast_signed());
        let v_exponent = Wrapping(4) - Wrapping(i64::from(zeros));
        let root = root(seconds.into());
        let Scaled { mantissa: t, exponent: t_exponent } = root_years(&root);

        let product = mul_near(v, t);
        let up = Wrapping(i64::from(product.0.leading_zeros())) - Wrapping(1);
        let sd = shl(product, up);
        let exponent = v_exponent + t_exponent - up;
        // Negative where there is no vol, no time, or too little of both.
        let some = Wrapping(vol.cast_signed()) - Wrapping(1);
        let time = Wrapping(i64::from(seconds)) - Wrapping(1);
        if (some | time | (exponent - NO_DEVIATION)).0 < 0 {
            return None;
        }
        let inverse = Scaled { mantissa: reciprocal(sd), exponent: Wrapping(0) - exponent };
        let per_root = half_per_root_year(&root);
        let mut decay = mul_near(v, per_root.mantissa);
        let mut floor = ONE;
        if seconds < RISK_FLOOR {
            floor = floor_factor(seconds);
            decay = mul_near(decay, mul_near(floor, floor));
        }
        Some(Self {
            deviation: Deviation { half: shr_near(sd, Wrapping(6) - exponent), inverse },
            root_time: shift(t, t_exponent - Wrapping(2)),
            decay: Scaled { mantissa: decay, exponent: v_exponent + per_root.exponent },
            per_vol: Scaled { mantissa: mul(t, inverse.mantissa), exponent: t_exponent + inverse.exponent },
            floor,
        })
    }

    /// Value and greeks that do not depend on rate and carry.
    #[inline(always)]
    fn unit(&self, black: &Black) -> Unit {
        let vega = mul_near(black.density, self.root_time) << 2;
        let decay = mul_near(black.density, self.decay.mantissa);
        let [vanna, volga] = black.second_order(vega, &self.per_vol);
        Unit {
            call: black.call,
            delta: black.delta,
            gamma: black.gamma(self.floor, &self.deviation),
            vega,
            decay: coarse(decay, self.decay.exponent),
            vanna,
            volga,
        }
    }
}

/// A call in units of F D.
#[derive(Clone, Copy)]
struct Unit {
    call: Word,
    delta: Word,
    gamma: Word,
    vega: Word,
    decay: Word,
    vanna: Word,
    volga: Word,
}

impl Unit {
    /// Without variance: the intrinsic value on the forward; delta 1, 0, or 1/2 at the money; no gamma, vega or decay.
    fn intrinsic(money: &Moneyness, kappa: &Kappa) -> Self {
        let [gamma, vega, decay, vanna, volga] = [Wrapping(0); 5];
        let call = max(ONE - kappa.word, Wrapping(0));
        Self { call, delta: Wrapping(money.intrinsic_delta()), gamma, vega, decay, vanna, volga }
    }

    /// In units of spot, F D / S being `holding`. The call keeps its bound, so that the put that parity makes of it is not negative.
    fn spent(&self, kappa: &Kappa, holding: Word) -> (Self, Kappa) {
        let of = |word: Word| mul_near(word, holding);
        let strike = kappa.spent(holding);
        let least = i128::from(holding.0).wrapping_sub(strike.wide);
        let call = of(self.call).0.max(i64::try_from(least).unwrap_or_default());
        let unit = Self {
            call: Wrapping(call),
            delta: of(self.delta),
            gamma: of(self.gamma),
            vega: of(self.vega),
            decay: of(self.decay),
            vanna: of(self.vanna),
            volga: of(self.volga),
        };
        (unit, strike)
    }
}

impl Terms {
    /// Call and put at a vol [Q60].
    ///
    /// # Errors
    /// Whatever is out of range, as [`TermsError`] says.
    #[inline(always)]
    pub fn value(&self, vol: u64) -> Result<Value, TermsError> {
        let money = self.moneyness(vol >> 63).ok_or_else(|| self.fault(vol))?;
        let kappa = money.kappa();
        let unit = match Horizon::new(vol, self.seconds) {
            Some(horizon) => horizon.unit(&Black::new(&money, &horizon.deviation, kappa.word)),
            None => Unit::intrinsic(&money, &kappa),
        };
        if self.carry != 0 {
            return self.with_carry(&unit, &kappa);
        }
        Ok(self.complete(&unit, &kappa, ONE))
    }

    /// Where the strike stands to the forward, unless something is out of range.
    #[inline(always)]
    pub(crate) fn moneyness(&self, beyond: u64) -> Option<Moneyness> {
        let beyond = beyond | self.strike.wrapping_sub(1) >> 48;
        let forward = Forward::new(self.spot, self.seconds, self.rate, self.carry, beyond)?;
        Some(Moneyness::new(self.strike.wrapping_mul(100), forward.factor))
    }

    /// The first fault of terms that have one.
    #[cold]
    pub(crate) fn fault(&self, vol: u64) -> TermsError {
        if self.strike.wrapping_sub(1) >> 48 != 0 {
            return TermsError::Strike;
        }
        if vol >> 63 != 0 {
            return TermsError::Vol;
        }
        TermsError::Forward(fault(self.spot, self.seconds))
    }

    /// F D / S [Q62]
    pub(crate) fn holding(&self) -> Result<Word, TermsError> {
        if self.carry == 0 {
            return Ok(ONE);
        }
        holding(self.carry, self.seconds).ok_or(TermsError::Forward(ForwardError::Rate))
    }

    #[cold]
    fn with_carry(&self, unit: &Unit, kappa: &Kappa) -> Result<Value, TermsError> {
        let holding = self.holding()?;
        let (unit, strike) = unit.spent(kappa, holding);
        Ok(self.complete(&unit, &strike, holding))
    }

    /// Adds the put, by parity, and what rate and carry do to theta, to a call in units of spot; K D / S is `strike`, F D / S `holding`.
    #[inline(always)]
    fn complete(&self, unit: &Unit, strike: &Kappa, holding: Word) -> Value {
        let (rate, carry) = (Wrapping(self.rate), Wrapping(self.carry));
        let yielded = |word| if self.carry == 0 { Wrapping(0) } else { rounded(mul(word, carry)) };
        let paid = rounded(mul(unit.delta - unit.call, rate));
        let call_theta = yielded(unit.delta) - paid - unit.decay;
        let put_theta = call_theta + Forward::interest(strike, self.rate) - yielded(holding);
        Value {
            call: unit.call.0,
            put: i128::from((unit.call - holding).0).wrapping_add(strike.wide),
            call_delta: unit.delta.0,
            put_delta: (unit.delta - holding).0,
            gamma: unit.gamma.0,
            vega: unit.vega.0,
            call_theta: call_theta.0,
            put_theta: put_theta.0,
            vanna: unit.vanna.0,
            volga: unit.volga.0,
        }
    }
}
