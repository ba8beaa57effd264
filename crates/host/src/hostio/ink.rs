//! What every host function does: pay, read and write the program's memory, stop.

use alloy_primitives::{Address, U256};
use wasmi::{Caller, Error, Val};

use crate::frame::{Frame, Stop};
use crate::price::INK_PER_GAS;

/// A host function's view of the running program.
pub(super) type Vm<'c, 'a> = Caller<'c, Frame<'a>>;

/// Ends the program.
pub(super) fn stop<T>(vm: &mut Vm<'_, '_>, why: Stop) -> Result<T, Error> {
    vm.data_mut().stop = Some(why);
    Err(Error::new("stopped by the host"))
}

/// Ink left.
pub(super) fn ink_left(vm: &Vm<'_, '_>) -> u64 {
    let ink = vm.data().ink.expect("set before the program starts");
    ink.get(vm).i64().unwrap_or_default() as u64
}

fn set_ink(vm: &mut Vm<'_, '_>, left: u64) {
    let ink = vm.data().ink.expect("set before the program starts");
    ink.set(vm, Val::I64(left as i64)).expect("ink is a mutable i64");
}

/// Whole gas left.
pub(super) fn gas_left(vm: &Vm<'_, '_>) -> u64 {
    ink_left(vm) / INK_PER_GAS
}

/// Pays ink, or stops with none left.
pub(super) fn pay(vm: &mut Vm<'_, '_>, ink: u64) -> Result<(), Error> {
    match ink_left(vm).checked_sub(ink) {
        Some(left) => {
            set_ink(vm, left);
            Ok(())
        }
        None => {
            set_ink(vm, 0);
            stop(vm, Stop::OutOfInk)
        }
    }
}

/// Pays gas.
pub(super) fn pay_gas(vm: &mut Vm<'_, '_>, gas: u64) -> Result<(), Error> {
    pay(vm, gas.saturating_mul(INK_PER_GAS))
}

/// Stops unless that much gas is left; takes none of it.
pub(super) fn require_gas(vm: &mut Vm<'_, '_>, gas: u64) -> Result<(), Error> {
    if ink_left(vm) < gas.saturating_mul(INK_PER_GAS) { pay(vm, u64::MAX) } else { Ok(()) }
}

/// Bytes of the program's memory; out of bounds is a failure.
pub(super) fn read(vm: &mut Vm<'_, '_>, at: u32, length: u32) -> Result<Vec<u8>, Error> {
    let memory = vm.data().memory.expect("set before the program starts");
    let range = at as usize..at as usize + length as usize;
    match memory.data(&vm).get(range).map(<[u8]>::to_vec) {
        Some(bytes) => Ok(bytes),
        None => stop(vm, Stop::Failure),
    }
}

/// Writes to the program's memory.
pub(super) fn write(vm: &mut Vm<'_, '_>, at: u32, bytes: &[u8]) -> Result<(), Error> {
    let memory = vm.data().memory.expect("set before the program starts");
    let range = at as usize..at as usize + bytes.len();
    let written = memory.data_mut(&mut *vm).get_mut(range).map(|target| target.copy_from_slice(bytes));
    if written.is_none() { stop(vm, Stop::Failure) } else { Ok(()) }
}

/// A word of the program's memory.
pub(super) fn read_word(vm: &mut Vm<'_, '_>, at: u32) -> Result<U256, Error> {
    Ok(U256::from_be_slice(&read(vm, at, 32)?))
}

/// An address in the program's memory.
pub(super) fn read_address(vm: &mut Vm<'_, '_>, at: u32) -> Result<Address, Error> {
    Ok(Address::from_slice(&read(vm, at, 20)?))
}
