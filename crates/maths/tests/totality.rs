//! Every word has an answer: no function panics on any input, and the exact ones are exact on all of them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "test arithmetic stays far inside its types; a panic is a failed test"
)]

use core::num::Wrapping;

use maths::{Word, cbrt_u128, mul_div_down, mul_div_up, mul_shift_ceil, mul_shift_floor, sqrt_u128};
use proptest::prelude::*;

/// Of any magnitude, so that few bits are met as often as many.
fn wide() -> impl Strategy<Value = u128> {
    (any::<u128>(), 0..128_u32).prop_map(|(number, down)| number >> down)
}

fn signed() -> impl Strategy<Value = i128> {
    (any::<i128>(), 0..128_u32).prop_map(|(number, down)| (number >> down).max(-i128::MAX))
}

fn word() -> impl Strategy<Value = Word> {
    (any::<i64>(), 0..64_u32).prop_map(|(number, down)| Wrapping(number >> down))
}

/// The 256-bit product, by quarters, as (high, low).
fn product(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = (1 << 64) - 1;
    let part = |x: u128, y: u128| (x & LOW) * (y & LOW);
    let (low, high) = (part(a, b), part(a >> 64, b >> 64));
    let (one, other) = (part(a >> 64, b), part(a, b >> 64));
    let middle = (low >> 64) + (one & LOW) + (other & LOW);
    (high + (one >> 64) + (other >> 64) + (middle >> 64), middle << 64 | low & LOW)
}

/// a + b < 2^256 as (high, low).
fn sum((high, low): (u128, u128), more: u128) -> (u128, u128) {
    let (low, carry) = low.overflowing_add(more);
    (high + u128::from(carry), low)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// Outside its domain a function of words answers something, wrapped.
    #[test]
    fn any_word_has_an_answer(x in word(), y in word(), v in any::<u64>()) {
        let _ = (maths::exp(x), maths::exp_neg(x), maths::density(x), maths::cdf(x), maths::mills(x));
        let _ = (maths::log(x), maths::ln(v), maths::normal(v), maths::reciprocal(x), maths::root(v).root());
        let _ = (maths::mul(x, y), maths::mul_near(x, y), maths::abs(x), maths::mask(x), maths::pick(x, y, x));
        let _ = (maths::min(x, y), maths::max(x, y), maths::cut(x, y));
        let _ = (maths::shl(x, y), maths::shr(x, y), maths::shr_near(x, y), maths::shift(x, y));
    }

    /// x y 2^-62: at most six units below, and to the nearest but for one part in 2^27 of a unit.
    #[test]
    fn products_of_words_are_what_they_say(x in word(), y in word()) {
        let exact = i128::from(x.0) * i128::from(y.0);
        prop_assume!(exact.unsigned_abs() < 1 << 124);
        let off = exact - (i128::from(maths::mul(x, y).0) << 62);
        prop_assert!((0..6 << 62).contains(&off), "{off}");
        let off = exact - (i128::from(maths::mul_near(x, y).0) << 62);
        prop_assert!(off.abs() <= (1 << 61) + (1 << 35), "{off}");
    }

    #[test]
    fn integer_roots_are_exact(x in wide()) {
        let root = sqrt_u128(x);
        prop_assert!(root * root <= x);
        prop_assert!((root + 1).checked_mul(root + 1).is_none_or(|square| square > x));
        let root = cbrt_u128(x);
        prop_assert!(root * root * root <= x);
        prop_assert!((root + 1).checked_pow(3).is_none_or(|cube| cube > x));
    }

    #[test]
    fn quotients_are_exact_or_none(a in wide(), b in wide(), d in wide()) {
        let exact = product(a, b);
        let (down, up) = (mul_div_down(a, b, d), mul_div_up(a, b, d));
        let Some(quotient) = down else {
            // No quotient where it would need more than 128 bits: a b >= d 2^128.
            prop_assert!(d == 0 || exact.0 >= d);
            prop_assert_eq!(up, None);
            return Ok(());
        };
        let least = product(quotient, d);
        prop_assert!(least <= exact && exact < sum(least, d), "{quotient}");
        let next = if least == exact { Some(quotient) } else { quotient.checked_add(1) };
        prop_assert_eq!(up, next);
    }

    #[test]
    fn shifted_products_are_exact_or_none(x in signed(), y in wide(), shift in 0..128_u32) {
        let exact = product(x.unsigned_abs(), y);
        let shifted = |number: u128| product(number, 1 << shift);
        let floor = mul_shift_floor(x, y, shift);
        prop_assert_eq!(floor, mul_shift_ceil(-x, y, shift).map(|ceil| -ceil));
        let Some(floor) = floor else {
            // No number where its magnitude, rounded down, would need more than 127 bits.
            prop_assert!(exact >= shifted(1 << 127));
            return Ok(());
        };
        if x < 0 {
            prop_assert!(floor <= 0 && exact <= shifted(floor.unsigned_abs()));
            prop_assert!(exact == (0, 0) || exact > shifted(floor.unsigned_abs() - 1), "{floor}");
        } else {
            prop_assert!(floor >= 0 && exact >= shifted(floor.unsigned_abs()));
            prop_assert!(exact < shifted(floor.unsigned_abs() + 1), "{floor}");
        }
    }
}

/// Products of powers of two, whose bits all leave at one end or all come in at the other.
#[test]
fn a_shift_moves_every_bit_of_a_product() {
    for (x, y, shift, floor) in [
        (1 << 100, 1 << 100, 0, None),
        (1 << 100, 1 << 100, 73, None),
        (1 << 100, 1 << 100, 74, Some(1 << 126)),
        (-(1 << 100), 1 << 100, 74, Some(-(1 << 126))),
        (-(1 << 100), (1 << 100) + 1, 100, Some(-(1 << 100) - 1)),
        (1 << 100, 1 << 100, 10, None),
        (1 << 120, 1 << 60, 127, Some(1 << 53)),
        (7, 3, 1, Some(10)),
        (-7, 3, 1, Some(-11)),
        (-8, 2, 4, Some(-1)),
        (-5, 1, 0, Some(-5)),
    ] {
        assert_eq!(mul_shift_floor(x, y, shift), floor, "{x} {y} {shift}");
    }
    assert_eq!((mul_shift_ceil(7, 3, 1), mul_shift_ceil(-7, 3, 1)), (Some(11), Some(-10)));
}
