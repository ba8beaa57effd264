//! Calls of a venue's adapter to the protocol: what it refuses and what it answers wrongly are typed errors.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, FixedBytes, U256};
use stylus_sdk::{call::RawCall, host::VM, prelude::*};

use super::{Result, fail};
use crate::position::IPositionVenue::{BadAnswer, CallFailed};

/// The most gas that a reading may take: a protocol that burns more has answered badly, and the caller keeps what is left.
const READ_GAS: u64 = 2_000_000;
/// Bytes of revert data that are looked at: a selector, an offset, a length and the first word of a text.
const REFUSAL: usize = 100;
/// Selector of `Error(string)`.
const ERROR_TEXT: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];

/// A contract that an adapter calls.
#[derive(Clone, Copy, Debug)]
pub struct Callee(pub Address);

impl Callee {
    /// Calls it with `value` wei; the first word of the answer, zero when there is none.
    ///
    /// # Errors
    /// `CallFailed`, `BadAnswer` when it has no code.
    pub fn call(self, vm: &VM, value: U256, data: &[u8]) -> Result<U256> {
        // SAFETY: the storage cache is flushed first, and the lock keeps the callee out of the contract's storage.
        let answer = unsafe {
            RawCall::new_with_value(vm, value)
                .limit_return_data(0, REFUSAL)
                .flush_storage_cache()
                .call(self.0, data)
        };
        match answer {
            Ok(answer) if answer.is_empty() && vm.code_size(self.0) == 0 => self.answered_badly(data),
            Ok(answer) => Ok(nth(&answer, 0).unwrap_or_default()),
            Err(refusal) => {
                fail(CallFailed { callee: self.0, method: method(data), reason: reason(&refusal) })
            }
        }
    }

    /// Word `at` of what a static call answers.
    ///
    /// # Errors
    /// `BadAnswer`.
    pub fn read(self, vm: &VM, data: &[u8], at: usize) -> Result<U256> {
        match nth(&self.read_all(vm, data, at.saturating_add(1)), at) {
            Some(word) => Ok(word),
            None => self.answered_badly(data),
        }
    }

    /// Address that a static call answers in word `at`.
    ///
    /// # Errors
    /// `BadAnswer`.
    pub fn read_address(self, vm: &VM, data: &[u8], at: usize) -> Result<Address> {
        self.read(vm, data, at).map(|word| Address::from_word(B256::from(word)))
    }

    /// Up to `words` words of what a static call answers; none when it fails.
    #[must_use]
    pub fn read_all(self, vm: &VM, data: &[u8], words: usize) -> Vec<u8> {
        let size = words.saturating_mul(32);
        // SAFETY: a static call cannot change storage, so no cached value goes stale.
        let answer =
            unsafe { RawCall::new_static(vm).gas(READ_GAS).limit_return_data(0, size).call(self.0, data) };
        answer.unwrap_or_default()
    }

    /// Refuses an answer.
    ///
    /// # Errors
    /// `BadAnswer`.
    pub fn answered_badly<T>(self, data: &[u8]) -> Result<T> {
        fail(BadAnswer { callee: self.0, method: method(data) })
    }
}

/// Word `at` of an answer.
#[must_use]
pub fn nth(answer: &[u8], at: usize) -> Option<U256> {
    answer.get(at.checked_mul(32)?..)?.first_chunk::<32>().map(|word| U256::from_be_bytes(*word))
}

fn method(data: &[u8]) -> FixedBytes<4> {
    data.first_chunk::<4>().copied().unwrap_or_default().into()
}

/// The text of `Error(string)`, cut to a word; else the error's selector.
fn reason(refusal: &[u8]) -> B256 {
    let selector = refusal.first_chunk::<4>().copied().unwrap_or_default();
    let told = if selector == ERROR_TEXT { refusal.get(68..) } else { Some(&selector[..]) };
    let mut reason = B256::ZERO;
    for (to, from) in reason.iter_mut().zip(told.unwrap_or_default()) {
        *to = *from;
    }
    reason
}
