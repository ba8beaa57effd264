//! 256-bit arithmetic and keccak.

use alloy_primitives::{U256, keccak256};

use super::Vm;
use crate::frame::Stop;
use crate::price::{self, HOSTIO, POINTER};

pub(crate) fn math_div(vm: &mut Vm<'_, '_>, value: u32, divisor: u32) -> Result<(), Stop> {
    two(vm, value, divisor, |_| 20_000, |a, b| a.checked_div(b).unwrap_or_default())
}

pub(crate) fn math_mod(vm: &mut Vm<'_, '_>, value: u32, modulus: u32) -> Result<(), Stop> {
    two(vm, value, modulus, |_| 20_000, |a, b| a.checked_rem(b).unwrap_or_default())
}

pub(crate) fn math_pow(vm: &mut Vm<'_, '_>, value: u32, exponent: u32) -> Result<(), Stop> {
    let price = |exponent: U256| 3_000 + 17_500 * (1 + exponent.byte_len() as u64);
    two(vm, value, exponent, price, |a, b| a.wrapping_pow(b))
}

pub(crate) fn math_add_mod(vm: &mut Vm<'_, '_>, value: u32, addend: u32, modulus: u32) -> Result<(), Stop> {
    three(vm, [value, addend, modulus], 21_000, |[a, b, m]| a.add_mod(b, m))
}

pub(crate) fn math_mul_mod(
    vm: &mut Vm<'_, '_>,
    value: u32,
    multiplier: u32,
    modulus: u32,
) -> Result<(), Stop> {
    three(vm, [value, multiplier, modulus], 24_100, |[a, b, m]| a.mul_mod(b, m))
}

pub(crate) fn native_keccak256(vm: &mut Vm<'_, '_>, at: u32, length: u32, dest: u32) -> Result<(), Stop> {
    vm.pay(price::keccak(length.into()))?;
    let hash = keccak256(vm.read(at, length)?);
    vm.write(dest, hash.as_slice())
}

fn two(
    vm: &mut Vm<'_, '_>,
    a: u32,
    b: u32,
    price: impl Fn(U256) -> u64,
    of: impl Fn(U256, U256) -> U256,
) -> Result<(), Stop> {
    let second = vm.read_word(b)?;
    vm.pay(HOSTIO + 3 * POINTER + price(second))?;
    let result = of(vm.read_word(a)?, second);
    vm.write_word(a, result)
}

fn three(vm: &mut Vm<'_, '_>, at: [u32; 3], price: u64, of: impl Fn([U256; 3]) -> U256) -> Result<(), Stop> {
    vm.pay(HOSTIO + 4 * POINTER + price)?;
    let operands = [vm.read_word(at[0])?, vm.read_word(at[1])?, vm.read_word(at[2])?];
    vm.write_word(at[0], of(operands))
}
