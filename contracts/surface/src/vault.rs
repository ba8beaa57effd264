//! What the feed asks its vault.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use book::Header;
use interfaces::contract::{calldata, ensure, fail, Result, Words};
use interfaces::erc20::IERC20;
use interfaces::surface::ISurface::{OnlyOwner, VaultFailed};
use interfaces::vault::IVault;
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;

use crate::SurfaceFeed;

const WORD: usize = 32;
/// Words of a profile and of limits, and the places in them of the fields that are read.
const PROFILE: usize = 23;
const VOL_STEP: usize = 10;
const MAX_SURFACE_AGE: usize = 15;
const LIMITS: usize = 14;
const SURFACE_INTERVAL: usize = 0;

/// What the vault asks of a surface.
pub(crate) struct Terms {
    /// Most that a vol may move [1e-6]
    pub(crate) vol_step: u32,
    /// [s]
    pub(crate) max_age: u32,
    /// [s]
    pub(crate) interval: u32,
    /// Its expiries, by time.
    pub(crate) headers: Vec<Header>,
}

impl SurfaceFeed {
    /// What the vault asks of a surface now.
    pub(crate) fn terms(&self) -> Result<Terms> {
        let profile = self.ask(&IVault::profileCall {}, PROFILE)?;
        let vol_step = self.number(&profile, VOL_STEP)?;
        let max_age = self.number(&profile, MAX_SURFACE_AGE)?;
        Ok(Terms { vol_step, max_age, interval: self.interval()?, headers: self.headers()? })
    }

    /// Age from which a surface may be what steps count against [s].
    pub(crate) fn interval(&self) -> Result<u32> {
        let limits = self.ask(&IVault::limitsCall {}, LIMITS)?;
        self.number(&limits, SURFACE_INTERVAL)
    }

    fn headers(&self) -> Result<Vec<Header>> {
        let most = book::MAX_EXPIRIES.saturating_add(2).saturating_mul(WORD);
        let answer = self.call_vault(&calldata(&IVault::headersCall {}), most)?;
        let words = answer.get(2_usize.saturating_mul(WORD)..).unwrap_or_default();
        let (words, rest) = words.as_chunks::<WORD>();
        let count = self.number(&answer, 1)?;
        let whole = self.number(&answer, 0)? == 32 && usize::try_from(count) == Ok(words.len());
        ensure(whole && rest.is_empty(), || VaultFailed { vault: self.vault.get() })?;
        let mut headers: Vec<Header> = words.iter().map(Header::unpack).collect();
        headers.sort_unstable_by_key(|header| header.expiry);
        Ok(headers)
    }

    /// Refuses a caller that is not the vault's owner.
    pub(crate) fn require_owner(&self) -> Result<()> {
        let answer = self.ask(&IVault::roleCall { which: IVault::Role::Owner }, 1)?;
        let owner = answer.get(12..).unwrap_or_default();
        let owner = Address::from_slice(owner);
        let caller = self.vm().msg_sender();
        ensure(caller == owner, || OnlyOwner { caller, owner })
    }

    /// Whether the vault has shares.
    pub(crate) fn has_shares(&self) -> Result<bool> {
        let supply = self.ask(&IERC20::totalSupplyCall {}, 1)?;
        Ok(supply.iter().any(|byte| *byte != 0))
    }

    /// An answer of `words` words.
    fn ask<C: SolCall>(&self, call: &C, words: usize) -> Result<Vec<u8>>
    where
        for<'a> C::Token<'a>: Words,
    {
        let size = words.saturating_mul(WORD);
        let answer = self.call_vault(&calldata(call), size)?;
        ensure(answer.len() == size, || VaultFailed { vault: self.vault.get() })?;
        Ok(answer)
    }

    fn call_vault(&self, data: &[u8], size: usize) -> Result<Vec<u8>> {
        let vault = self.vault.get();
        // SAFETY: a static call cannot change storage, so no cached value goes stale.
        let answer = unsafe { RawCall::new_static(self.vm()).limit_return_data(0, size).call(vault, data) };
        answer.map_or_else(|_| fail(VaultFailed { vault }), Ok)
    }

    /// Word `index` of an answer, which must be below 2^32.
    fn number(&self, answer: &[u8], index: usize) -> Result<u32> {
        let start = index.saturating_mul(WORD);
        let word = answer.get(start..).and_then(|rest| rest.first_chunk::<WORD>());
        let number = word.and_then(|word| u32::try_from(U256::from_be_bytes(*word)).ok());
        number.map_or_else(|| fail(VaultFailed { vault: self.vault.get() }), Ok)
    }
}
