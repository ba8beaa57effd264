//! What anyone may do for an account: mark it, and make it pay for what has settled.

use alloc::vec::Vec;

use alloy_primitives::Address;
use interfaces::margin::IMargin::{AccountSettled, NothingToSettle, WrittenSet};
use interfaces::vault::IVault;
use interfaces::words::uint;
use stylus_sdk::prelude::*;

use crate::account::Leg;
use crate::cover::Cause;
use crate::error::{emit, ensure, OrOverflow, Result, Unmarked};
use crate::Margin;

impl Margin {
    /// Marks an account: what it leaves uncovered is counted anew.
    pub(crate) fn mark_again(&mut self, owner: Address) -> Result<()> {
        let account = self.account(owner);
        let health = self.mark(owner, &account).or_else(Unmarked::refuse)?;
        self.conclude(owner, account, &health, Cause::Market)
    }

    /// Pays the vault for an account's options in a settled expiry, as far as its cash goes: what was due, and what was paid.
    pub(crate) fn settle(&mut self, owner: Address, expiry: u64) -> Result<(u128, u128)> {
        let mut account = self.account(owner);
        let legs = core::mem::take(&mut account.legs).into_iter();
        let (settled, open): (Vec<Leg>, Vec<Leg>) = legs.partition(|leg| leg.expiry() == expiry);
        ensure(!settled.is_empty(), || NothingToSettle { account: owner, expiry })?;
        let due = self.payoff(&settled)?;
        let paid = due.min(account.cash.into());
        account.pay(i128::try_from(paid).or_overflow()?)?;
        account.legs = open;

        for leg in settled {
            let series = uint(leg.series);
            emit(self.vm(), &WrittenSet { account: owner, series, written: uint(0) });
        }
        emit(self.vm(), &AccountSettled { account: owner, expiry, due: uint(due), paid: uint(paid) });
        self.save(owner, &account)?;
        // Where nothing is due, the vault need not hear: accounts leave by this even when another contract has this one's place.
        if due != 0 {
            self.tell(&IVault::receivePayoffCall { due: uint(due), paid: uint(paid) })?;
        }
        // Settlement waits for no price: what cannot be marked now stays as it was marked last.
        if let Some(health) = self.mark_if_any(owner, &account)? {
            self.conclude(owner, account, &health, Cause::Market)?;
        }
        Ok((due, paid))
    }
}
