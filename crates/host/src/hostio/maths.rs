//! 256-bit arithmetic and keccak.

use alloy_primitives::{U256, keccak256};
use wasmi::{Error, Linker};

use super::ink::{Vm, pay, read, read_word, write};
use crate::frame::Frame;
use crate::price::{self, HOSTIO, POINTER};

const MODULE: &str = "vm_hooks";

pub(super) fn define(linker: &mut Linker<Frame<'_>>) -> Result<(), Error> {
    let mut two = |name: &str, price: fn(U256) -> u64, of: fn(U256, U256) -> U256| {
        linker
            .func_wrap(MODULE, name, move |mut vm: Vm<'_, '_>, a: u32, b: u32| -> Result<(), Error> {
                let second = read_word(&mut vm, b)?;
                pay(&mut vm, HOSTIO + 3 * POINTER + price(second))?;
                let result = of(read_word(&mut vm, a)?, second);
                write(&mut vm, a, &result.to_be_bytes::<32>())
            })
            .map(|_| ())
    };
    two("math_div", |_| 20_000, |a, b| a.checked_div(b).unwrap_or_default())?;
    two("math_mod", |_| 20_000, |a, b| a.checked_rem(b).unwrap_or_default())?;
    two("math_pow", |b| 3_000 + 17_500 * (1 + b.byte_len() as u64), |a, b| a.wrapping_pow(b))?;
    let mut three = |name: &str, price: u64, of: fn(U256, U256, U256) -> U256| {
        linker
            .func_wrap(MODULE, name, move |mut vm: Vm<'_, '_>, a: u32, b: u32, c: u32| -> Result<(), Error> {
                pay(&mut vm, HOSTIO + 4 * POINTER + price)?;
                let (x, y, z) = (read_word(&mut vm, a)?, read_word(&mut vm, b)?, read_word(&mut vm, c)?);
                write(&mut vm, a, &of(x, y, z).to_be_bytes::<32>())
            })
            .map(|_| ())
    };
    three("math_add_mod", 21_000, |a, b, c| a.add_mod(b, c))?;
    three("math_mul_mod", 24_100, |a, b, c| a.mul_mod(b, c))?;
    linker.func_wrap(
        MODULE,
        "native_keccak256",
        |mut vm: Vm<'_, '_>, at: u32, length: u32, dest: u32| -> Result<(), Error> {
            pay(&mut vm, price::keccak(length.into()))?;
            let hash = keccak256(read(&mut vm, at, length)?);
            write(&mut vm, dest, hash.as_slice())
        },
    )?;
    Ok(())
}
