//! Accounts as stored: cash, what they have written, and their state. No external calls.
//!
//! | slot | fields |
//! |---|---|
//! | 0 | cash 8, uncovered 8 [micro-USD], start of the auction 8 [s], series 1 |
//! | each series | id 16, size written 16 [18 decimals] |

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, I256, U256, U64, U8};
use interfaces::margin::IMargin::{InsufficientCash, NotWritten, TooManySeries, Written};
use interfaces::words::{int, to_i128, to_u128, uint};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageArray, StorageB256, StorageU64, StorageU8};

use crate::error::{ensure, OrOverflow, Result};
use crate::Margin;

/// Most series of an account: each is read and marked whenever it does anything.
pub(crate) const MAX_SERIES: usize = 16;

/// An account in storage.
#[storage]
pub struct Stored {
    cash: StorageU64,
    uncovered: StorageU64,
    since: StorageU64,
    series: StorageU8,
    legs: StorageArray<StorageB256, 16>,
}

/// Options of a series that an account has written.
#[derive(Clone, Copy)]
pub(crate) struct Leg {
    pub(crate) series: u128,
    /// [18 decimals]
    pub(crate) size: u128,
}

/// An account while a method works on it.
#[derive(Clone, Default)]
pub(crate) struct Account {
    /// [USDC]
    pub(crate) cash: u64,
    /// The most that it could fail to pay, when it was last marked [USDC]
    pub(crate) uncovered: u64,
    /// When its auction began, zero while there is none [s]
    pub(crate) since: u64,
    /// By series, each once and none of nothing.
    pub(crate) legs: Vec<Leg>,
}

impl Leg {
    fn pack(self) -> B256 {
        let mut word = [0; 32];
        let (series, size) = word.split_at_mut(16);
        series.copy_from_slice(&self.series.to_be_bytes());
        size.copy_from_slice(&self.size.to_be_bytes());
        B256::from(word)
    }

    fn unpack(word: B256) -> Self {
        let [series, size] = word.0.as_chunks::<16>().0 else { return Self { series: 0, size: 0 } };
        Self { series: u128::from_be_bytes(*series), size: u128::from_be_bytes(*size) }
    }

    /// When it expires [unix seconds].
    pub(crate) fn expiry(&self) -> u64 {
        options::Series::from_id(self.series).map_or(0, |series| series.expiry.into())
    }
}

impl Account {
    /// Writes `size` more of a series, or takes back as much: what is written then.
    pub(crate) fn change(&mut self, series: U256, size: I256) -> Result<u128> {
        let (id, by) = (to_u128(series).or_overflow()?, to_i128(size).or_overflow()?);
        let at = self.legs.iter().position(|leg| leg.series == id);
        let written = at.and_then(|at| self.legs.get(at)).map_or(0, |leg| leg.size);
        let after = written.checked_add_signed(by);
        let after = after.ok_or(NotWritten { series, size: size.unsigned_abs(), written: uint(written) })?;
        match at {
            Some(at) if after == 0 => {
                self.legs.swap_remove(at);
            }
            Some(at) => self.legs.get_mut(at).or_overflow()?.size = after,
            None if after == 0 => {}
            None => {
                let limit = uint(u128::try_from(MAX_SERIES).unwrap_or_default());
                ensure(self.legs.len() < MAX_SERIES, || TooManySeries { limit })?;
                self.legs.push(Leg { series: id, size: after });
            }
        }
        Ok(after)
    }

    /// Pays `amount`, or receives what is negative.
    pub(crate) fn pay(&mut self, amount: i128) -> Result<()> {
        let left = i128::from(self.cash).checked_sub(amount).or_overflow()?;
        ensure(left >= 0, || InsufficientCash {
            needed: uint(amount.unsigned_abs()),
            cash: uint(self.cash.into()),
        })?;
        self.cash = u64::try_from(left).or_overflow()?;
        Ok(())
    }

    /// The book as the ABI has it.
    pub(crate) fn written(&self) -> Vec<Written> {
        let each = self.legs.iter();
        let size = |leg: &Leg| int(i128::try_from(leg.size).unwrap_or(i128::MAX));
        each.map(|leg| Written { series: uint(leg.series), size: size(leg) }).collect()
    }
}

impl Margin {
    /// An account out of storage.
    pub(crate) fn account(&self, owner: Address) -> Account {
        let stored = self.accounts.getter(owner);
        let [series] = *stored.series.get().as_limbs();
        let legs = (0..usize::try_from(series).unwrap_or_default())
            .map(|at| Leg::unpack(stored.legs.get(at).unwrap_or_default()));
        Account {
            cash: number(&stored.cash),
            uncovered: number(&stored.uncovered),
            since: number(&stored.since),
            legs: legs.collect(),
        }
    }

    /// An account into storage.
    pub(crate) fn save(&mut self, owner: Address, account: &Account) -> Result<()> {
        let mut stored = self.accounts.setter(owner);
        let [before] = *stored.series.get().as_limbs();
        stored.cash.set(U64::from_limbs([account.cash]));
        stored.uncovered.set(U64::from_limbs([account.uncovered]));
        stored.since.set(U64::from_limbs([account.since]));
        let count = u64::try_from(account.legs.len()).or_overflow()?;
        stored.series.set(U8::from_limbs([count]));
        for (at, leg) in account.legs.iter().enumerate() {
            stored.legs.setter(at).or_overflow()?.set(leg.pack());
        }
        for at in account.legs.len()..usize::try_from(before).or_overflow()? {
            stored.legs.setter(at).or_overflow()?.set(B256::ZERO);
        }
        Ok(())
    }
}

/// A stored number.
pub(crate) fn number(slot: &StorageU64) -> u64 {
    let [number] = *slot.get().as_limbs();
    number
}
