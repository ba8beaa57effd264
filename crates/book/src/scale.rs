//! From lots and kernel words to money.

use maths::{mul_shift_ceil, mul_shift_floor};

use crate::{OrOverflow, Result};

/// Bits of the kernel's words for price, delta and vega.
pub const WORD: u32 = 62;
/// 1.0 as a kernel word.
pub const ONE: i128 = 1 << WORD;
/// Bits of a [`Scale`].
const SCALE: u32 = 32;
/// 1e-18 lots times 1e-8 USD in a micro-USD, with the lot counted in its grain of 1e-9.
const MICRO: u128 = 100_000_000_000;

/// Micro-USD of one lot of the underlying at one spot, as a Q32 number rounded down.
#[derive(Clone, Copy, Debug)]
pub struct Scale(u128);

impl Scale {
    /// Of lots of `lot` [1e-18, a multiple of 1e-9] at `spot` [1e-8 USD].
    ///
    /// # Errors
    /// A product beyond 128 bits.
    pub fn new(lot: u64, spot: u64) -> Result<Self> {
        let product = u128::from(lot / 1_000_000_000).checked_mul(spot.into()).or_overflow()?;
        let shifted = product.checked_mul(1 << SCALE).or_overflow()?;
        shifted.checked_div(MICRO).map(Self).or_overflow()
    }

    /// Micro-USD of `lots` times a kernel word of `bits`, rounded towards minus infinity.
    ///
    /// # Errors
    /// A product beyond 128 bits.
    pub fn floor(self, lots_words: i128, bits: u32) -> Result<i128> {
        mul_shift_floor(lots_words, self.0, bits.saturating_add(SCALE)).or_overflow()
    }

    /// As [`Scale::floor`], rounded towards plus infinity.
    ///
    /// # Errors
    /// A product beyond 128 bits.
    pub fn ceil(self, lots_words: i128, bits: u32) -> Result<i128> {
        mul_shift_ceil(lots_words, self.0, bits.saturating_add(SCALE)).or_overflow()
    }
}
