//! Calls to tokens: every answer is checked, every movement is measured.
//!
//! TOKEN REQUIREMENTS: tokens are fixed at construction. They must not take a fee, rebase or call back; a token that
//! does is refused by the balance checks or by the lock, never absorbed.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use stylus_sdk::{call::RawCall, host::VM, prelude::*};

use super::{OrOverflow, Result, calldata, ensure, fail};
use crate::external::IToken;
use crate::vault::IVault::{TokenFailed, TokenShort};
use crate::words::{to_u128, uint};

/// A token that is trusted no further than its balances show.
#[derive(Clone, Copy, Debug)]
pub struct Token(pub Address);

impl Token {
    /// Balance of `account`.
    ///
    /// # Errors
    /// `TokenFailed`.
    pub fn balance(self, vm: &VM, account: Address) -> Result<u128> {
        let data = calldata(&IToken::balanceOfCall { account });
        match static_word(vm, self.0, &data) {
            Some(word) => to_u128(word).or_overflow(),
            None => fail(TokenFailed { token: self.0 }),
        }
    }

    /// What `spender` may take from `owner`, at most all that 128 bits hold.
    ///
    /// # Errors
    /// `TokenFailed`.
    pub fn allowance(self, vm: &VM, owner: Address, spender: Address) -> Result<u128> {
        match static_word(vm, self.0, &calldata(&IToken::allowanceCall { owner, spender })) {
            Some(word) => Ok(to_u128(word).unwrap_or(u128::MAX)),
            None => fail(TokenFailed { token: self.0 }),
        }
    }

    /// Decimals of the token.
    ///
    /// # Errors
    /// `TokenFailed`.
    pub fn decimals(self, vm: &VM) -> Result<u128> {
        let word = static_word(vm, self.0, &calldata(&IToken::decimalsCall {}));
        word.and_then(to_u128).map_or_else(|| fail(TokenFailed { token: self.0 }), Ok)
    }

    /// Pulls `value` from `from` into the contract and checks that all of it arrived.
    ///
    /// # Errors
    /// `TokenFailed`, `TokenShort`.
    pub fn pull(self, vm: &VM, from: Address, value: u128) -> Result<()> {
        let own = vm.contract_address();
        let before = self.balance(vm, own)?;
        self.act(vm, &calldata(&IToken::transferFromCall { from, to: own, value: uint(value) }))?;
        let received = self.balance(vm, own)?.checked_sub(before).or_overflow()?;
        if received == value { Ok(()) } else { self.short(value, received) }
    }

    /// Refuses what falls short.
    ///
    /// # Errors
    /// `TokenShort`.
    #[inline(never)]
    pub fn short(self, expected: u128, received: u128) -> Result<()> {
        fail(TokenShort { token: self.0, expected: uint(expected), received: uint(received) })
    }

    /// Sends `value` from the contract.
    ///
    /// # Errors
    /// `TokenFailed`.
    pub fn push(self, vm: &VM, to: Address, value: u128) -> Result<()> {
        if value == 0 {
            return Ok(());
        }
        self.act(vm, &calldata(&IToken::transferCall { to, value: uint(value) }))
    }

    /// Lets `spender` take `value` from the contract.
    ///
    /// # Errors
    /// `TokenFailed`.
    pub fn approve(self, vm: &VM, spender: Address, value: U256) -> Result<()> {
        self.act(vm, &calldata(&IToken::approveCall { spender, value }))
    }

    /// Calls the token and accepts `true`, or no answer at all from a contract that has code.
    fn act(self, vm: &VM, data: &[u8]) -> Result<()> {
        // SAFETY: the storage cache is flushed first and the lock keeps the callee out of the contract's storage.
        let answer =
            unsafe { RawCall::new(vm).limit_return_data(0, 32).flush_storage_cache().call(self.0, data) };
        let accepted = match answer {
            Ok(data) if data.is_empty() => vm.code_size(self.0) > 0,
            Ok(data) => word(&data) == Some(U256::ONE),
            Err(_) => false,
        };
        ensure(accepted, || TokenFailed { token: self.0 })
    }
}

/// The first word that a static call answers, none when it fails or answers less.
#[must_use]
pub fn static_word(vm: &VM, to: Address, data: &[u8]) -> Option<U256> {
    static_call(vm, to, data, 32).as_deref().and_then(word)
}

/// Up to `size` bytes of a static call's answer, none when it fails.
#[must_use]
pub fn static_call(vm: &VM, to: Address, data: &[u8], size: usize) -> Option<Vec<u8>> {
    // SAFETY: a static call cannot change storage, so no cached value goes stale.
    unsafe { RawCall::new_static(vm).limit_return_data(0, size).call(to, data) }.ok()
}

/// The first word of `data`.
#[must_use]
pub fn word(data: &[u8]) -> Option<U256> {
    data.first_chunk::<32>().map(|bytes| U256::from_be_bytes(*bytes))
}
