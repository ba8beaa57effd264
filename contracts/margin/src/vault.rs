//! What the margin contract asks its vault and the vault's risk engine, and what it tells the vault.

use alloc::vec::Vec;

use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::SolCall;
use book::{Request, ANSWER};
use interfaces::contract::token::word;
use interfaces::contract::{array_calldata, calldata, Words};
use interfaces::engine::IRiskEngine;
use interfaces::vault::IVault;
use interfaces::words::{int, to_i128, to_u128, uint};
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;

use crate::account::Leg;
use crate::error::{OrOverflow, Result, Unmarked};
use crate::Margin;

const WORD: usize = 32;
/// Words of the engine's answer.
const MARGINED: usize = 4;
/// Words of the longest refusal of either, and more: a selector and at most five.
const REFUSAL: usize = 6;

/// What the engine says of an account [micro-USD].
pub(crate) struct Margined {
    pub(crate) value: i128,
    pub(crate) initial: u128,
    pub(crate) maintenance: u128,
    pub(crate) uncovered: u128,
}

impl Margin {
    /// What the vault tells its engine, with a price. Without one, the vault's `spot` says why.
    pub(crate) fn told(&self) -> core::result::Result<Request, Unmarked> {
        let vault = self.vault.get();
        let answer = self.read(vault, &calldata(&IVault::wordsCall {}), ANSWER)?;
        let request = Request::answered(&answer).ok_or_else(|| Unmarked::failed(vault))?;
        if request.spot == 0 {
            self.read(vault, &calldata(&IVault::spotCall {}), 2)?;
            return Err(Unmarked::failed(vault));
        }
        Ok(request)
    }

    /// The margin of an account's book.
    pub(crate) fn margined(&self, request: &Request) -> core::result::Result<Margined, Unmarked> {
        let engine = self.engine.get();
        let data = array_calldata(IRiskEngine::marginCall::SELECTOR, &request.encode());
        let answer = self.read(engine, &data, MARGINED)?;
        let words = answer.as_chunks::<WORD>().0;
        let read = |at: usize| words.get(at).map(|word| U256::from_be_bytes(*word));
        let uint = |at| read(at).and_then(to_u128);
        let value = words.first().and_then(|word| to_i128(I256::from_be_bytes(*word)));
        match (value, uint(1), uint(2), uint(3)) {
            (Some(value), Some(initial), Some(maintenance), Some(uncovered)) => {
                Ok(Margined { value, initial, maintenance, uncovered })
            }
            _ => Err(Unmarked::failed(engine)),
        }
    }

    /// What options of settled series cost whoever wrote them [USDC].
    pub(crate) fn payoff(&self, legs: &[Leg]) -> Result<u128> {
        let vault = self.vault.get();
        let head = [uint(WORD.try_into().unwrap_or_default())];
        let data = legs_calldata(IVault::payoffCall::SELECTOR, &head, legs.iter().map(Leg::owned));
        match self.read(vault, &data, 1) {
            Ok(answer) => word(&answer).and_then(to_u128).or_overflow(),
            Err(unmarked) => unmarked.refuse(),
        }
    }

    /// Sells `legs` to the vault, negative sizes, or buys them back: the premium that the account pays.
    pub(crate) fn trade(
        &self,
        account: Address,
        legs: impl Iterator<Item = (U256, I256)>,
        max_premium: I256,
        deadline: U256,
    ) -> Result<i128> {
        let account = U256::from_be_bytes(account.into_word().0);
        let head = [account, uint(128), max_premium.into_raw(), deadline];
        let answer = self.act(&legs_calldata(IVault::writeForCall::SELECTOR, &head, legs))?;
        let premium = answer.first_chunk::<WORD>().map(|word| I256::from_be_bytes(*word));
        premium.and_then(to_i128).or_overflow()
    }

    /// Tells the vault something.
    pub(crate) fn tell<C: SolCall>(&self, call: &C) -> Result<()>
    where
        for<'a> C::Token<'a>: Words,
    {
        self.act(&calldata(call)).map(|_| ())
    }

    /// A call of the vault that changes state; its refusal ends this one.
    fn act(&self, data: &[u8]) -> Result<Vec<u8>> {
        let vault = self.vault.get();
        // SAFETY: the storage cache is flushed first and the lock keeps the vault out of this contract's storage.
        let answer = unsafe {
            let size = REFUSAL.saturating_mul(WORD);
            RawCall::new(self.vm()).limit_return_data(0, size).flush_storage_cache().call(vault, data)
        };
        answer.or_else(|refusal| refused(vault, refusal).refuse())
    }

    /// At most `words` words of an answer without leave to write.
    pub(crate) fn read(
        &self,
        to: Address,
        data: &[u8],
        words: usize,
    ) -> core::result::Result<Vec<u8>, Unmarked> {
        let size = words.max(REFUSAL).saturating_mul(WORD);
        // SAFETY: a static call cannot change storage, so no cached value goes stale.
        let answer = unsafe { RawCall::new_static(self.vm()).limit_return_data(0, size).call(to, data) };
        answer.map_err(|refusal| refused(to, refusal))
    }
}

/// A refusal as it came; one without data is a failure.
fn refused(by: Address, data: Vec<u8>) -> Unmarked {
    if data.is_empty() {
        Unmarked::failed(by)
    } else {
        Unmarked::Refused(data)
    }
}

/// Calldata of a method with legs: the words of its head, and the array behind them.
fn legs_calldata(selector: [u8; 4], head: &[U256], legs: impl Iterator<Item = (U256, I256)>) -> Vec<u8> {
    let mut data = selector.to_vec();
    let mut put = |number: U256| data.extend_from_slice(&number.to_be_bytes::<WORD>());
    head.iter().for_each(|number| put(*number));
    let legs: Vec<_> = legs.collect();
    put(uint(u128::try_from(legs.len()).unwrap_or_default()));
    for (series, size) in legs {
        put(series);
        put(size.into_raw());
    }
    data
}

impl Leg {
    /// As the vault has legs: what is owed is a positive size.
    fn owned(&self) -> (U256, I256) {
        (uint(self.series), int(i128::try_from(self.size).unwrap_or(i128::MAX)))
    }
}
