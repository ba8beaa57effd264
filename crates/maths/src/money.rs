//! Exact integer arithmetic for money: 256-bit products, quotients rounded either way, integer roots.

/// floor(a b / d) over the full product; none for d = 0 or when it exceeds 128 bits.
#[must_use]
pub fn mul_div_down(a: u128, b: u128, d: u128) -> Option<u128> {
    mul_div(a, b, d).map(|(quotient, _)| quotient)
}

/// ceil(a b / d), as [`mul_div_down`].
#[must_use]
pub fn mul_div_up(a: u128, b: u128, d: u128) -> Option<u128> {
    let (quotient, remainder) = mul_div(a, b, d)?;
    quotient.checked_add(u128::from(remainder != 0))
}

/// Quotient and remainder of a b by d.
fn mul_div(a: u128, b: u128, d: u128) -> Option<(u128, u128)> {
    let (high, low) = wide_mul(a, b);
    if high >= d {
        return None;
    }
    if high == 0 {
        return Some((low.checked_div(d)?, low.checked_rem(d)?));
    }
    Some(long_division(high, low, d))
}

/// The 256-bit product as (high, low). A partial product of two 64-bit halves is at most 2^128 - 2^65 + 1, so no sum below wraps.
fn wide_mul(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = (1 << 64) - 1;
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let low = a0.wrapping_mul(b0);
    let mid = a1.wrapping_mul(b0).wrapping_add(low >> 64);
    let cross = a0.wrapping_mul(b1).wrapping_add(mid & LOW);
    let high = a1.wrapping_mul(b1).wrapping_add(mid >> 64).wrapping_add(cross >> 64);
    (high, cross << 64 | low & LOW)
}

/// Restoring division of high 2^128 + low by d, high < d: a bit of the quotient in each of 128 steps.
fn long_division(high: u128, low: u128, d: u128) -> (u128, u128) {
    let (mut remainder, mut quotient) = (high, low);
    for _ in 0..128 {
        let carry = remainder >> 127 != 0;
        remainder = remainder << 1 | quotient >> 127;
        quotient <<= 1;
        if carry || remainder >= d {
            remainder = remainder.wrapping_sub(d);
            quotient |= 1;
        }
    }
    (quotient, remainder)
}

/// floor(x y / 2^shift) over the full product, `shift` below 128; none when it does not fit.
#[must_use]
#[inline(never)]
pub fn mul_shift_floor(x: i128, y: u128, shift: u32) -> Option<i128> {
    let (high, low) = wide_mul(x.unsigned_abs(), y);
    let whole = shift_right(high, low, shift)?;
    let lost = shift_left(whole, shift) != (high, low);
    let magnitude = i128::try_from(whole).ok()?;
    if x >= 0 {
        Some(magnitude)
    } else if lost {
        magnitude.checked_neg()?.checked_sub(1)
    } else {
        magnitude.checked_neg()
    }
}

/// ceil(x y / 2^shift), as [`mul_shift_floor`].
#[must_use]
pub fn mul_shift_ceil(x: i128, y: u128, shift: u32) -> Option<i128> {
    mul_shift_floor(x.checked_neg()?, y, shift)?.checked_neg()
}

/// (high, low) >> shift, none when the result exceeds 128 bits; `shift` is below 128.
const fn shift_right(high: u128, low: u128, shift: u32) -> Option<u128> {
    if shift == 0 {
        return if high == 0 { Some(low) } else { None };
    }
    if shift >= 128 || high >> shift != 0 {
        return None;
    }
    Some(high << 128_u32.wrapping_sub(shift) | low >> shift)
}

/// value << shift as (high, low); `shift` is below 128.
const fn shift_left(value: u128, shift: u32) -> (u128, u128) {
    if shift == 0 { (0, value) } else { (value >> 128_u32.wrapping_sub(shift), value << shift) }
}

/// floor(sqrt x), bit by bit.
#[must_use]
pub fn sqrt_u128(x: u128) -> u128 {
    let (mut rest, mut root) = (x, 0_u128);
    let mut bit = 1_u128 << 126;
    while bit > 0 {
        let trial = root.wrapping_add(bit);
        root >>= 1;
        if rest >= trial {
            rest = rest.wrapping_sub(trial);
            root |= bit;
        }
        bit >>= 2;
    }
    root
}

/// floor(cbrt x), three bits a step: 43 steps.
#[must_use]
pub fn cbrt_u128(x: u128) -> u128 {
    let mut root = 0_u128;
    let mut rest = 0_u128;
    let mut digits = 43_u32;
    while digits > 0 {
        digits = digits.wrapping_sub(1);
        rest = rest << 3 | (x.unbounded_shr(digits.wrapping_mul(3)) & 7);
        root <<= 1;
        // (root + 1)^3 - root^3 for the doubled root.
        let step = root.wrapping_mul(root.wrapping_add(1)).wrapping_mul(3).wrapping_add(1);
        if rest >= step {
            rest = rest.wrapping_sub(step);
            root |= 1;
        }
    }
    root
}
