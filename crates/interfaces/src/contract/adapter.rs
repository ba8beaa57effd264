//! What the adapters of venues that hold a position have in common (`abi/IPositionVenue.sol`).

use alloy_primitives::{Address, I256, U256};
use stylus_sdk::{host::VM, prelude::*};

use super::token::Token;
use super::{OrOverflow, Result, ensure, fail};
use crate::position::IPositionVenue::{MarginMissing, OnlyDesk, PriceOutOfRange, SizeNotWhole};
use crate::words::{to_u128, uint};

/// Refuses every caller but the desk.
///
/// # Errors
/// `OnlyDesk`.
pub fn only_desk(vm: &VM, desk: Address) -> Result<()> {
    let caller = vm.msg_sender();
    ensure(caller == desk, || OnlyDesk { caller })
}

/// 18-decimal units in a unit of a token.
///
/// # Errors
/// `TokenFailed`, `ArithmeticOverflow` for a token of more than 18 decimals.
pub fn grain_of(vm: &VM, token: Address) -> Result<u64> {
    let decimals = Token(token).decimals(vm)?;
    let missing = 18_u128.checked_sub(decimals).and_then(|digits| u32::try_from(digits).ok());
    missing.and_then(|digits| 10_u64.checked_pow(digits)).or_overflow()
}

/// A price of the ABI.
///
/// # Errors
/// `PriceOutOfRange` for none, or one of more than 96 bits: products with sizes would overflow.
pub fn price_of(price: U256) -> Result<u128> {
    match to_u128(price).filter(|number| *number > 0 && *number >> 96 == 0) {
        Some(number) => Ok(number),
        None => fail(PriceOutOfRange { price }),
    }
}

/// Token units of a size, of `grain` 18-decimal units each.
///
/// # Errors
/// `SizeNotWhole`, `ArithmeticOverflow`.
pub fn units_of(size: I256, grain: u128) -> Result<u128> {
    let wanted = to_u128(size.unsigned_abs()).or_overflow()?;
    let units = wanted.checked_div(grain).or_overflow()?;
    let whole = units.checked_mul(grain) == Some(wanted);
    ensure(whole, || SizeNotWhole { size, unit: uint(grain) })?;
    Ok(units)
}

/// Refuses when the desk has not sent the margin that it says; `held` reads what lies in the adapter.
///
/// # Errors
/// `MarginMissing`, and those of the reading.
pub fn check_margin(margin: I256, held: impl FnOnce() -> Result<u128>) -> Result<()> {
    if !margin.is_positive() {
        return Ok(());
    }
    let (expected, held) = (margin.into_raw(), uint(held()?));
    ensure(held >= expected, || MarginMissing { expected, held })
}

/// A number with room for a sign.
///
/// # Errors
/// `ArithmeticOverflow`.
pub fn signed(number: u128) -> Result<i128> {
    i128::try_from(number).or_overflow()
}
