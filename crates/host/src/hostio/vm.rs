//! What every host function does: pay, read and write the program's memory, stop.

use alloy_primitives::{Address, U256};

use super::{Hostio, Use};
use crate::frame::{Frame, Stop};
use crate::price::INK_PER_GAS;

/// A host function's view of the running program.
pub(crate) struct Vm<'v, 'a> {
    pub(crate) frame: &'v mut Frame<'a>,
    memory: &'v mut [u8],
    ink: u64,
}

impl<'v, 'a> Vm<'v, 'a> {
    /// Runs one host function and returns what it returns with the ink that is left.
    pub(crate) fn enter<T>(
        frame: &'v mut Frame<'a>,
        memory: &'v mut [u8],
        ink: u64,
        hostio: Hostio,
        run: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> (Result<T, Stop>, u64) {
        let mut vm = Self { frame, memory, ink };
        let result = run(&mut vm);
        if matches!(result, Ok(_) | Err(Stop::Exit(_))) {
            let Use { count, ink: sum } = &mut vm.frame.uses[hostio as usize];
            *count += 1;
            *sum += ink - vm.ink;
        }
        (result, vm.ink)
    }

    /// Ink left.
    pub(super) fn ink_left(&self) -> u64 {
        self.ink
    }

    /// Whole gas left.
    pub(super) fn gas_left(&self) -> u64 {
        self.ink / INK_PER_GAS
    }

    /// Pays ink, or stops with none left.
    pub(super) fn pay(&mut self, ink: u64) -> Result<(), Stop> {
        let left = self.ink.checked_sub(ink);
        self.ink = left.unwrap_or(0);
        left.map(|_| ()).ok_or(Stop::OutOfInk)
    }

    /// Pays gas.
    pub(super) fn pay_gas(&mut self, gas: u64) -> Result<(), Stop> {
        self.pay(gas.saturating_mul(INK_PER_GAS))
    }

    /// Stops unless that much gas is left; takes none of it.
    pub(super) fn require_gas(&mut self, gas: u64) -> Result<(), Stop> {
        if self.gas_left() < gas { self.pay(u64::MAX) } else { Ok(()) }
    }

    /// Bytes of the program's memory; out of bounds is a failure.
    pub(super) fn read(&self, at: u32, length: u32) -> Result<&[u8], Stop> {
        let range = at as usize..at as usize + length as usize;
        self.memory.get(range).ok_or(Stop::Failure)
    }

    /// Writes to the program's memory.
    pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Stop> {
        let range = at as usize..at as usize + bytes.len();
        self.memory.get_mut(range).ok_or(Stop::Failure)?.copy_from_slice(bytes);
        Ok(())
    }

    /// A word of the program's memory.
    pub(super) fn read_word(&self, at: u32) -> Result<U256, Stop> {
        Ok(U256::from_be_slice(self.read(at, 32)?))
    }

    /// Writes a word.
    pub(super) fn write_word(&mut self, at: u32, word: U256) -> Result<(), Stop> {
        self.write(at, &word.to_be_bytes::<32>())
    }

    /// An address in the program's memory.
    pub(super) fn read_address(&self, at: u32) -> Result<Address, Stop> {
        Ok(Address::from_slice(self.read(at, 20)?))
    }
}
