//! A slice in the numbers of the ABI: 18 decimals, to the stored grid and back.

use crate::slice::{Slice, SliceError};

/// 1.0 with 18 decimals.
const WAD: i128 = 1_000_000_000_000_000_000;
/// 18-decimal units in a micro-USD.
const PER_MICRO: u128 = 1_000_000_000_000;
/// Largest rate either way: over two years it makes half of what a forward may grow by.
const MOST_RATE: u128 = 500_000_000_000_000_000;
/// Bits of the stored grid.
const VARIANCE: u32 = 36;
const RHO: u32 = 22;
const SHIFT: u32 = 28;
const RATE: u32 = 30;

/// Parameters of a slice and its rate, each with 18 decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Continuous rate of forward and discount, per year, at most a half either way.
    pub rate: i128,
    /// Level of variance.
    pub a: i128,
    /// Slope of the wings.
    pub b: i128,
    /// Tilt.
    pub rho: i128,
    /// Centre.
    pub m: i128,
    /// Curvature.
    pub s: i128,
    /// [USD]
    pub forward: u128,
}

impl Published {
    /// The slice and the rate [Q30] as stored, published at `updated_at`: each parameter to the nearest of its grid, the forward down.
    ///
    /// # Errors
    /// `Range`, for a parameter that has no place on its grid and a rate beyond its bound. The other bounds are [`Slice::check`]'s.
    pub fn stored(&self, updated_at: u32) -> Result<(Slice, i32), SliceError> {
        if self.rate.unsigned_abs() > MOST_RATE {
            return Err(SliceError::Range);
        }
        let slice = || {
            let slice = Slice {
                a: units(self.a, VARIANCE)?,
                b: units(self.b, VARIANCE)?,
                rho: narrow(units(self.rho, RHO))?,
                m: narrow(units(self.m, SHIFT))?,
                s: units(self.s, VARIANCE)?,
                forward: u64::try_from(self.forward / PER_MICRO).ok()?,
                updated_at,
            };
            Some((slice, narrow(units(self.rate, RATE))?))
        };
        slice().ok_or(SliceError::Range)
    }

    /// A stored slice and its rate [Q30], each number rounded down.
    #[must_use]
    pub fn of(slice: &Slice, rate: i32) -> Self {
        Self {
            rate: wad(rate.into(), RATE),
            a: wad(slice.a, VARIANCE),
            b: wad(slice.b, VARIANCE),
            rho: wad(slice.rho.into(), RHO),
            m: wad(slice.m.into(), SHIFT),
            s: wad(slice.s, VARIANCE),
            forward: u128::from(slice.forward).wrapping_mul(PER_MICRO),
        }
    }
}

/// `number` (18 decimals) on a grid of 2^-bits, to the nearest.
fn units(number: i128, bits: u32) -> Option<i64> {
    let scaled = number.checked_mul(1_i128.checked_shl(bits)?)?;
    i64::try_from(scaled.checked_add(WAD / 2)?.checked_div_euclid(WAD)?).ok()
}

/// `number` of 2^-bits with 18 decimals, rounded down; the product is below 2^123.
#[must_use]
pub fn wad(number: i64, bits: u32) -> i128 {
    i128::from(number).wrapping_mul(WAD).unbounded_shr(bits)
}

fn narrow(number: Option<i64>) -> Option<i32> {
    i32::try_from(number?).ok()
}
