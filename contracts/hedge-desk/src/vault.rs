//! What the desk asks its vault, and what it has it do.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use book::{Request, ANSWER};
use interfaces::contract::{calldata, raise, Words};
use interfaces::desk::IHedgeDesk::{Leg, VaultFailed};
use interfaces::vault::IVault;
use interfaces::words::{to_u128, uint};
use inventory::hedge::{Young, SPANS};
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;

use crate::error::{fail, Fault, OrOverflow, Result};
use crate::HedgeDesk;

const WORD: usize = 32;
/// Units of a size times those of a price, in a micro-USD.
const WAD_PER_MICRO_PRICE: u128 = 1_000_000_000_000_000_000_000_000_000_000;

impl HedgeDesk {
    /// What the vault tells its risk engine.
    pub(crate) fn told(&self) -> core::result::Result<Request, Fault> {
        let fault = || Fault::Vault(self.vault.get());
        let answer = self.look(self.vault.get(), &calldata(&IVault::wordsCall {}), ANSWER);
        answer.as_deref().and_then(Request::answered).ok_or_else(fault)
    }

    /// Delta of the vault's recent trades.
    pub(crate) fn young(&self) -> core::result::Result<Young, Fault> {
        let vault = self.vault.get();
        let answer = self.look(vault, &calldata(&IVault::youngTradesCall {}), SPANS.saturating_add(2));
        let answer = answer.ok_or(Fault::Vault(vault))?;
        let (words, _) = answer.as_chunks::<WORD>();
        Ok(Young::unpack(words.get(2..).unwrap_or_default()))
    }

    /// One word that the vault answers.
    pub(crate) fn ask_word<C: SolCall>(&self, call: &C) -> core::result::Result<U256, Fault>
    where
        for<'a> C::Token<'a>: Words,
    {
        let answer = self.look(self.vault.get(), &calldata(call), 1);
        let word = answer.as_deref().and_then(|data| data.first_chunk::<WORD>().copied());
        word.map(U256::from_be_bytes).ok_or(Fault::Vault(self.vault.get()))
    }

    /// Has the vault trade a leg: the cash that it took or gave.
    pub(crate) fn trade(&mut self, leg: &Leg) -> Result<u128> {
        let Leg { venue, size, limitPrice } = *leg;
        let (buying, price) = (size.is_positive(), to_u128(limitPrice).unwrap_or(u128::MAX));
        let round = if buying { maths::mul_div_down } else { maths::mul_div_up };
        let limit = round(to_u128(size.unsigned_abs()).or_overflow()?, price, WAD_PER_MICRO_PRICE);
        let limit = match (limitPrice.is_zero(), buying) {
            (true, true) => U256::MAX,
            (true, false) => U256::ZERO,
            (false, _) => uint(limit.unwrap_or(u128::MAX)),
        };
        self.hedge(&IVault::hedgeCall {
            venue,
            size,
            cashLimit: limit,
            payer: Address::ZERO,
            data: B256::ZERO,
        })
    }

    /// Has the vault hedge: the cash that it took or gave.
    pub(crate) fn hedge(&mut self, call: &IVault::hedgeCall) -> Result<u128> {
        let answer = self.act(self.vault.get(), U256::ZERO, &calldata(call))?;
        let cash = answer.first_chunk::<WORD>().and_then(|word| to_u128(U256::from_be_bytes(*word)));
        cash.map_or_else(|| fail(VaultFailed { vault: self.vault.get() }), Ok)
    }

    /// Has the vault pay a reward.
    pub(crate) fn pay(&mut self, payee: Address, amount: u128) -> Result<()> {
        let call = calldata(&IVault::payRewardCall { payee, amount: uint(amount) });
        self.act(self.vault.get(), U256::ZERO, &call).map(|_| ())
    }

    /// A static call to the vault or its broker, none when it fails.
    pub(crate) fn look(&self, to: Address, data: &[u8], words: usize) -> Option<Vec<u8>> {
        let size = words.saturating_mul(WORD);
        // SAFETY: a static call cannot change storage, so no cached value goes stale.
        unsafe { RawCall::new_static(self.vm()).limit_return_data(0, size).call(to, data) }.ok()
    }

    /// A call to the vault or its broker; its refusal is the desk's.
    pub(crate) fn act(&mut self, to: Address, value: U256, data: &[u8]) -> Result<Vec<u8>> {
        let call = RawCall::new_with_value(self.vm(), value).limit_return_data(0, 256).flush_storage_cache();
        // SAFETY: the storage cache is flushed first, and the desk does nothing while the callee has called out.
        match unsafe { call.call(to, data) } {
            Ok(answer) => Ok(answer),
            Err(refusal) if refusal.is_empty() => fail(VaultFailed { vault: to }),
            Err(refusal) => raise(&refusal),
        }
    }
}
