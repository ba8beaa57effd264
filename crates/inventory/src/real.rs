//! A non-negative number with 64 significant bits, for weights whose size spans a hundred binary orders.
//!
//! Every operation truncates: its result is at most the exact one, short of it by less than 2^-63 of it. Truncation is
//! monotone, so a product never falls when a factor grows. Products are built from 64-bit words, because WebAssembly has
//! no wider multiplication and a call for one costs more than the whole product.

/// `mantissa` x 2^`exponent`, with `mantissa` zero or 2^63 and more.
///
/// Exponents start within 256 of zero and no weight has more than 20 factors, so exponents stay far inside i32.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Real {
    mantissa: u64,
    exponent: i32,
}

impl Real {
    pub(crate) const ZERO: Self = Self { mantissa: 0, exponent: 0 };

    /// `value` x 2^`exponent`, exact.
    pub(crate) const fn new(value: u64, exponent: i32) -> Self {
        if value == 0 {
            return Self::ZERO;
        }
        // Zeros are fewer than 64 because the value is not zero, so the shift drops nothing.
        let zeros = value.leading_zeros();
        Self { mantissa: value.wrapping_shl(zeros), exponent: exponent.wrapping_sub_unsigned(zeros) }
    }

    /// `value` x 2^`exponent`, to its top 64 bits.
    pub(crate) const fn wide(value: u128, exponent: i32) -> Self {
        let (high, low) = halves(value);
        if high == 0 {
            return Self::new(low, exponent);
        }
        let zeros = high.leading_zeros();
        // The bits of the low half that move up; a shift by 64 would be one too far for a word.
        let carried = (low >> 1).wrapping_shr(63_u32.wrapping_sub(zeros));
        Self {
            mantissa: high.wrapping_shl(zeros) | carried,
            exponent: exponent.wrapping_add(64).wrapping_sub_unsigned(zeros),
        }
    }

    pub(crate) const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The product.
    ///
    /// By halves of 32 bits; no sum reaches 2^64, as (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1. Unless a factor is zero the high
    /// word is 2^62 or more, so at most one zero leads it, and the next bit of the product takes its place.
    pub(crate) const fn times(self, other: Self) -> Self {
        const LOW: u64 = 0xffff_ffff;
        let (a1, a0) = (self.mantissa >> 32, self.mantissa & LOW);
        let (b1, b0) = (other.mantissa >> 32, other.mantissa & LOW);
        let first = a1.wrapping_mul(b0).wrapping_add(a0.wrapping_mul(b0) >> 32);
        let second = a0.wrapping_mul(b1).wrapping_add(first & LOW);
        let high = a1.wrapping_mul(b1).wrapping_add(first >> 32).wrapping_add(second >> 32);

        let exponent = self.exponent.wrapping_add(other.exponent).wrapping_add(64);
        if high >> 63 == 0 {
            Self { mantissa: high << 1 | (second >> 31 & 1), exponent: exponent.wrapping_sub(1) }
        } else {
            Self { mantissa: high, exponent }
        }
    }

    /// The quotient; `None` when `other` is zero.
    pub(crate) const fn over(self, other: Self) -> Option<Self> {
        // The mantissa moves up by 64 bits, so the quotient has 64 or more.
        match (join(self.mantissa, 0)).checked_div(join(0, other.mantissa)) {
            Some(quotient) => {
                Some(Self::wide(quotient, self.exponent.wrapping_sub(64).wrapping_sub(other.exponent)))
            }
            None => None,
        }
    }

    /// The sum.
    pub(crate) const fn plus(self, other: Self) -> Self {
        let (great, small) = if self.exponent < other.exponent { (other, self) } else { (self, other) };
        if great.mantissa == 0 || small.mantissa == 0 {
            return if great.mantissa == 0 { small } else { great };
        }
        let down = great.exponent.wrapping_sub(small.exponent).unsigned_abs();
        let sum = join(0, great.mantissa).wrapping_add(join(0, small.mantissa).unbounded_shr(down));
        Self::wide(sum, great.exponent)
    }

    /// The difference; zero when `other` is greater. Its error is 2^-62 of `self`.
    pub(crate) const fn minus(self, other: Self) -> Self {
        if other.mantissa == 0 || other.exponent > self.exponent {
            return if other.mantissa == 0 { self } else { Self::ZERO };
        }
        let down = self.exponent.wrapping_sub(other.exponent).unsigned_abs();
        let less = join(other.mantissa, 0).unbounded_shr(down);
        Self::wide(join(self.mantissa, 0).saturating_sub(less), self.exponent.wrapping_sub(64))
    }

    /// The whole part of the number x 2^`bits`; `None` when it exceeds u128.
    pub(crate) fn floor(self, bits: i32) -> Option<u128> {
        let exponent = self.exponent.wrapping_add(bits);
        let size = exponent.unsigned_abs();
        if exponent <= 0 {
            return Some(self.mantissa.checked_shr(size).unwrap_or(0).into());
        }
        if size <= 64 || self.mantissa == 0 {
            return Some(u128::from(self.mantissa).wrapping_shl(size));
        }
        None
    }

    /// The square root, short of it by less than 2^-62 of it.
    pub(crate) fn sqrt(self) -> Self {
        let (radicand, exponent) = self.radicand(2);
        Self::wide(maths::sqrt_u128(radicand), exponent)
    }

    /// The cube root, short of it by less than 2^-40 of it.
    pub(crate) fn cbrt(self) -> Self {
        let (radicand, exponent) = self.radicand(3);
        Self::wide(maths::cbrt_u128(radicand), exponent)
    }

    /// The number as `radicand` x 2^(`degree` x exponent), with 126 or more bits in the radicand.
    fn radicand(self, degree: i32) -> (u128, i32) {
        // The shift is 62 and the remainder of the exponent: at most 63 for the square, 64 for the cube.
        let exponent = self.exponent.wrapping_sub(62).checked_div_euclid(degree).unwrap_or(0);
        let shift = self.exponent.wrapping_sub(exponent.wrapping_mul(degree));
        (u128::from(self.mantissa).wrapping_shl(shift.unsigned_abs()), exponent)
    }
}

/// High and low word of a u128, without a cast.
const fn halves(value: u128) -> (u64, u64) {
    let [a, b, c, d, e, f, g, h, low @ ..] = value.to_be_bytes();
    (u64::from_be_bytes([a, b, c, d, e, f, g, h]), u64::from_be_bytes(low))
}

/// The inverse of [`halves`].
const fn join(high: u64, low: u64) -> u128 {
    let [a, b, c, d, e, f, g, h] = high.to_be_bytes();
    let [i, j, k, l, m, n, o, p] = low.to_be_bytes();
    u128::from_be_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a panic is a failed test")]
mod tests {
    use proptest::prelude::*;

    use super::Real;

    /// A word of any length.
    fn word() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64_u32).prop_map(|(word, shift)| word >> shift)
    }

    /// `x` with all but its top 64 bits cleared.
    fn truncated(x: u128) -> u128 {
        let dropped = 64_u32.saturating_sub(x.leading_zeros());
        x >> dropped << dropped
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn a_product_is_the_exact_one_truncated(a in word(), b in word()) {
            let product = Real::new(a, 0).times(Real::new(b, 0));
            prop_assert_eq!(product.floor(0), Some(truncated(u128::from(a) * u128::from(b))));
        }

        #[test]
        fn a_sum_and_a_difference_are_the_exact_ones_truncated(a in word(), b in word(), up in 0..60_i32) {
            let (x, y) = (Real::new(a, 0), Real::new(b, up));
            let (a, b) = (u128::from(a), u128::from(b) << up);
            let near = |real: Real, exact: u128, scale: u128| {
                real.floor(0).is_some_and(|value| value <= exact + (scale >> 62) && exact - value.min(exact) <= 1 + (scale >> 62))
            };
            prop_assert!(near(x.plus(y), a + b, a + b) && near(y.plus(x), a + b, a + b));
            prop_assert!(near(x.minus(y), a.saturating_sub(b), a) && near(y.minus(x), b.saturating_sub(a), b));
        }

        #[test]
        fn a_wide_number_keeps_its_top_64_bits(a: u128, shift in 0..128_u32) {
            prop_assert_eq!(Real::wide(a >> shift, 0).floor(0), Some(truncated(a >> shift)));
        }

        #[test]
        fn a_quotient_is_the_exact_one_truncated(a in word(), b in 1..=u64::MAX) {
            let quotient = Real::new(a, 0).over(Real::new(b, 0)).unwrap();
            // Below 2^64 the whole part is exact; with 64 more bits it keeps the top 64.
            prop_assert_eq!(quotient.floor(0), Some((a / b).into()));
            let exact = (u128::from(a) << 64) / u128::from(b);
            prop_assert_eq!(quotient.floor(64), Some(truncated(exact)));
        }

        #[test]
        fn roots_stay_below_and_near(a in 1..=u64::MAX) {
            let value = |real: Real| real.floor(60).unwrap();
            let root = Real::new(a, 0).sqrt();
            let square = value(root.times(root));
            prop_assert!(square <= u128::from(a) << 60 && (u128::from(a) << 60) - square <= u128::from(a));
            let root = Real::new(a, 0).cbrt();
            let cube = value(root.times(root).times(root));
            prop_assert!(cube <= u128::from(a) << 60 && (u128::from(a) << 60) - cube <= u128::from(a) << 22);
        }
    }

    /// Whatever the exponent: none is that of nothing.
    #[test]
    fn nothing_changes_no_sum() {
        for exponent in [-200, -64, 0, 64] {
            let x = Real::new(5, exponent);
            for sum in [x.plus(Real::ZERO), Real::ZERO.plus(x), x.minus(Real::ZERO)] {
                assert_eq!(sum.floor(-exponent), Some(5), "2^{exponent}");
            }
            assert_eq!(Real::ZERO.minus(x).floor(-exponent), Some(0));
        }
        assert_eq!(Real::ZERO.plus(Real::ZERO).floor(64), Some(0));
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!(Real::new(1, 128).floor(0), None);
        assert_eq!(Real::new(1, 127).floor(0), Some(1 << 127));
        assert_eq!(Real::new(1, -1).floor(0), Some(0));
        assert_eq!(Real::new(0, 300).floor(0), Some(0));
        assert!(Real::new(1, 0).over(Real::ZERO).is_none());
    }
}
