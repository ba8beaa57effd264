//! Functions of words, which wrap outside their domains and never panic, and the exact ones of money.
#![no_main]

use core::num::Wrapping;

use libfuzzer_sys::fuzz_target;
use maths::{cbrt_u128, mul_div_down, mul_div_up, sqrt_u128};

fuzz_target!(|input: (i64, i64, u64, [u128; 3])| {
    let (x, y, v, [a, b, d]) = input;
    let (x, y) = (Wrapping(x), Wrapping(y));
    let _ = (maths::exp(x), maths::exp_neg(x), maths::density(x), maths::cdf(x), maths::mills(x));
    let _ = (maths::log(x), maths::ln(v), maths::normal(v), maths::reciprocal(x), maths::root(v).root());
    let _ = (maths::mul(x, y), maths::mul_near(x, y), maths::abs(x), maths::mask(x), maths::pick(x, y, x));
    let _ = (maths::min(x, y), maths::max(x, y), maths::cut(x, y));
    let _ = (maths::shl(x, y), maths::shr(x, y), maths::shr_near(x, y), maths::shift(x, y));

    let root = sqrt_u128(a);
    assert!(root * root <= a && (root + 1).checked_pow(2).is_none_or(|square| square > a));
    let root = cbrt_u128(a);
    assert!(root * root * root <= a && (root + 1).checked_pow(3).is_none_or(|cube| cube > a));
    let (down, up) = (mul_div_down(a, b, d), mul_div_up(a, b, d));
    if let (Some(down), Some(product)) = (down, a.checked_mul(b)) {
        assert!(down * d <= product && product - down * d < d);
        assert_eq!(up, Some(product.div_ceil(d)));
    }
});
