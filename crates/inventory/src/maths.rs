//! Stand-ins until the crate `maths` provides these functions.

pub(crate) fn mul_div_up(a: u128, b: u128, divisor: u128) -> Option<u128> {
    let product = a.checked_mul(b)?;
    product.checked_div(divisor)?.checked_add(u128::from(product.checked_rem(divisor)? != 0))
}

pub(crate) fn sqrt_u128(x: u128) -> u128 {
    greatest(64, |root| root.checked_mul(root).is_some_and(|square| square <= x))
}

pub(crate) fn cbrt_u128(x: u128) -> u128 {
    greatest(43, |root| {
        root.checked_mul(root).and_then(|square| square.checked_mul(root)).is_some_and(|cube| cube <= x)
    })
}

fn greatest(bits: u32, holds: impl Fn(u128) -> bool) -> u128 {
    let mut root = 0;
    for bit in (0..bits).rev() {
        let candidate = root | 1_u128.wrapping_shl(bit);
        if holds(candidate) {
            root = candidate;
        }
    }
    root
}
