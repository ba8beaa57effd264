//! A non-negative number with 64 significant bits, for weights whose size spans a hundred binary orders.
//!
//! Every operation truncates: its result is at most the exact one, short of it by less than 2^-63 of it. Truncation is
//! monotone, so a product never falls when a factor grows. Only multiplication is on the path of a trade.

/// `mantissa` x 2^`exponent`, with `mantissa` zero or in [2^63, 2^64) (held in a u128, so that a product of two needs no
/// widening).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Real {
    mantissa: u128,
    exponent: i32,
}

impl Real {
    pub(crate) const ZERO: Self = Self { mantissa: 0, exponent: 0 };

    /// `value` x 2^`exponent`, to its top 64 bits.
    pub(crate) const fn new(value: u128, exponent: i32) -> Self {
        if value == 0 {
            return Self::ZERO;
        }
        let zeros = value.leading_zeros();
        // zeros < 128 because value is not zero, so the shift drops nothing.
        Self {
            mantissa: value.wrapping_shl(zeros) >> 64,
            exponent: exponent.saturating_add(64).saturating_sub_unsigned(zeros),
        }
    }

    /// The product. Two mantissas below 2^64 multiply without overflow.
    pub(crate) const fn times(self, other: Self) -> Self {
        Self::new(self.mantissa.wrapping_mul(other.mantissa), self.exponent.saturating_add(other.exponent))
    }

    /// The quotient; `None` when `other` is zero.
    pub(crate) const fn over(self, other: Self) -> Option<Self> {
        // The mantissa moves up by 64 bits, so the quotient keeps 63 or more.
        match (self.mantissa << 64).checked_div(other.mantissa) {
            Some(quotient) => {
                Some(Self::new(quotient, self.exponent.saturating_sub(64).saturating_sub(other.exponent)))
            }
            None => None,
        }
    }

    /// The whole part of the number x 2^`bits`; `None` when it exceeds u128.
    pub(crate) fn floor(self, bits: i32) -> Option<u128> {
        let exponent = self.exponent.saturating_add(bits);
        if exponent > 64 {
            return if self.mantissa == 0 { Some(0) } else { None };
        }
        if exponent >= 0 {
            return Some(self.mantissa.wrapping_shl(exponent.unsigned_abs()));
        }
        Some(self.mantissa.checked_shr(exponent.unsigned_abs()).unwrap_or(0))
    }

    /// The square root, short of it by less than 2^-62 of it.
    pub(crate) fn sqrt(self) -> Self {
        let (radicand, exponent) = self.radicand(2);
        Self::new(maths::sqrt_u128(radicand), exponent)
    }

    /// The cube root, short of it by less than 2^-41 of it.
    pub(crate) fn cbrt(self) -> Self {
        let (radicand, exponent) = self.radicand(3);
        Self::new(maths::cbrt_u128(radicand), exponent)
    }

    /// The number as `radicand` x 2^(`degree` x exponent), with 125 or more bits in the radicand.
    fn radicand(self, degree: i32) -> (u128, i32) {
        // shift is 62 plus the remainder of the exponent: at most 63 for the square, 64 for the cube.
        let over = self.exponent.saturating_sub(62);
        let exponent = over.checked_div_euclid(degree).unwrap_or(0);
        let shift = self.exponent.saturating_sub(exponent.saturating_mul(degree));
        (self.mantissa.wrapping_shl(shift.unsigned_abs()), exponent)
    }
}
