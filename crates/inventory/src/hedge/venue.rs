//! What a hedge costs at a venue.

use super::{MILLION, at_rate_up};

/// A venue at one moment, for one side.
#[derive(Clone, Copy, Debug)]
pub struct Venue<'a> {
    /// Paid once for any hedge: gas, order fee [micro-USD].
    pub fixed: u128,
    /// Fee [1e-6]: of what goes into a pool, of the size elsewhere.
    pub fee: u32,
    /// Most that may be hedged here [micro-USD].
    pub cap: u128,
    /// What the fee leaves out.
    pub curve: Curve<'a>,
}

/// Price impact of a venue. Its marginal cost never falls with size.
#[derive(Clone, Copy, Debug)]
pub enum Curve<'a> {
    /// A constant product of reserves, or the current range of concentrated ones, `cap` being the range's end.
    Pool(Pool),
    /// Cost beyond the oracle's price at rising sizes, a straight line from nothing and between them; nothing is available
    /// beyond the last. See [`Venue::check`].
    Sampled(&'a [(u128, u128)]),
}

/// Reserves of a pool, virtual ones where liquidity is concentrated [micro-USD].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Of the underlying, at the oracle's price.
    pub base: u128,
    /// Of USDC. Equal to `base` where the pool's price is the oracle's.
    pub quote: u128,
}

impl Venue<'_> {
    /// What a hedge of `size` costs here beyond the oracle's price, fixed cost aside [micro-USD, rounded up]; below zero at a
    /// venue whose price is better.
    ///
    /// `None` for more than [`Venue::room`], and beyond 126 bits.
    #[must_use]
    pub fn cost(&self, size: u128, buying: bool) -> Option<i128> {
        if size == 0 {
            return Some(0);
        }
        if size > self.room() {
            return None;
        }
        match self.curve {
            Curve::Pool(pool) => pool.cost(size, self.fee, buying),
            Curve::Sampled(points) => {
                signed(sampled(points, size)?)?.checked_add(signed(at_rate_up(size, self.fee)?)?)
            }
        }
    }

    /// Most that can be hedged here: the cap, and where the curve is sampled, its last point.
    #[must_use]
    pub fn room(&self) -> u128 {
        match self.curve {
            Curve::Pool(_) => self.cap,
            Curve::Sampled(points) => self.cap.min(points.last().map_or(0, |last| last.0)),
        }
    }

    /// Whether the curve is one: sizes rise, and so do the slopes between them, or stay.
    #[must_use]
    pub fn check(&self) -> bool {
        let Curve::Sampled(points) = self.curve else { return u128::from(self.fee) < MILLION };
        let (mut from, mut slope) = ((0_u128, 0_u128), (1_u128, 0_u128));
        for point in points {
            let (Some(run), Some(rise)) = (point.0.checked_sub(from.0), point.1.checked_sub(from.1)) else {
                return false;
            };
            // rise / run >= slope.1 / slope.0
            let (Some(left), Some(right)) = (rise.checked_mul(slope.0), slope.1.checked_mul(run)) else {
                return false;
            };
            if run == 0 || left < right {
                return false;
            }
            (from, slope) = (*point, (run, rise));
        }
        u128::from(self.fee) < MILLION
    }
}

impl Pool {
    fn cost(self, size: u128, fee: u32, buying: bool) -> Option<i128> {
        let kept = MILLION.checked_sub(fee.into())?;
        if buying {
            let left = self.base.checked_sub(size)?;
            let input = maths::mul_div_up(self.quote, size, left)?;
            signed(maths::mul_div_up(input, MILLION, kept)?)?.checked_sub(signed(size)?)
        } else {
            let input = maths::mul_div_down(size, kept, MILLION)?;
            let output = maths::mul_div_down(self.quote, input, self.base.checked_add(input)?)?;
            signed(size)?.checked_sub(signed(output)?)
        }
    }
}

/// The sampled cost at `size`, rounded up.
fn sampled(points: &[(u128, u128)], size: u128) -> Option<u128> {
    let mut from = (0_u128, 0_u128);
    for to in points {
        if size <= to.0 {
            let (run, rise) = (to.0.checked_sub(from.0)?, to.1.checked_sub(from.1)?);
            return from.1.checked_add(maths::mul_div_up(rise, size.checked_sub(from.0)?, run)?);
        }
        from = *to;
    }
    None
}

fn signed(amount: u128) -> Option<i128> {
    i128::try_from(amount).ok()
}
