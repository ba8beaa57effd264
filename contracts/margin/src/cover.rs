//! What accounts leave uncovered: kept for each and in sum, and told to the vault whenever it changes.

use alloy_primitives::{Address, U64};
use interfaces::margin::IMargin::{AuctionEnded, MarginTooLow, UncoveredAboveLimit, UncoveredSet};
use interfaces::vault::IVault;
use interfaces::words::{int, uint};
use stylus_sdk::prelude::*;

use crate::account::{number, Account};
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::health::Health;
use crate::Margin;

/// Who brought about a change of what is uncovered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The account, which must keep the limits, and whose vault must bear it.
    Account,
    /// The market: the change is recorded whatever it is.
    Market,
}

impl Margin {
    /// What all accounts leave uncovered [USDC].
    pub(crate) fn total(&self) -> u64 {
        number(&self.uncovered)
    }

    /// Keeps what an account leaves uncovered. An auction that does not go on ends.
    pub(crate) fn note(&mut self, owner: Address, account: &mut Account, health: &Health) -> Result<()> {
        let after = u64::try_from(health.uncovered).or_overflow()?;
        let others = self.total().saturating_sub(account.uncovered);
        let total = others.checked_add(after).or_overflow()?;
        if account.uncovered != after {
            account.uncovered = after;
            self.uncovered.set(U64::from_limbs([total]));
            let (uncovered, total) = (uint(after.into()), uint(total.into()));
            emit(self.vm(), &UncoveredSet { account: owner, uncovered, total });
        }
        if account.since != 0 && !self.in_auction(account, health) {
            account.since = 0;
            emit(self.vm(), &AuctionEnded { account: owner });
        }
        Ok(())
    }

    /// Tells the vault of the sum if it is not `before`.
    pub(crate) fn tell_total(&self, before: u64, cause: Cause) -> Result<()> {
        let total = self.total();
        if total == before {
            return Ok(());
        }
        let borne = cause == Cause::Account && total > before;
        self.tell(&IVault::coverAccountsCall { uncovered: uint(total.into()), borne })
    }

    /// Keeps the limits of what is uncovered, where `account` or the sum left more of it than `before`.
    pub(crate) fn require_limits(&self, owner: Address, account: &Account, before: [u64; 2]) -> Result<()> {
        let [own, all] = before;
        let limits = [number(&self.account_limit), number(&self.total_limit)];
        let after = [(owner, account.uncovered, own), (Address::ZERO, self.total(), all)];
        for ((whose, uncovered, before), limit) in after.into_iter().zip(limits) {
            ensure(uncovered <= before || uncovered <= limit, || UncoveredAboveLimit {
                account: whose,
                uncovered: uint(uncovered.into()),
                limit: uint(limit.into()),
            })?;
        }
        Ok(())
    }

    /// Ends what an account did: marked, within its limits, told to the vault and stored.
    pub(crate) fn conclude(
        &mut self,
        owner: Address,
        mut account: Account,
        health: &Health,
        cause: Cause,
    ) -> Result<()> {
        let before = [account.uncovered, self.total()];
        self.note(owner, &mut account, health)?;
        if cause == Cause::Account {
            self.require_limits(owner, &account, before)?;
        }
        self.save(owner, &account)?;
        let [_, total] = before;
        self.tell_total(total, cause)
    }
}

/// An account may open and take out with its initial margin alone.
pub(crate) fn require_initial(account: Address, health: &Health) -> Result<()> {
    ensure(health.is_initial(), || MarginTooLow {
        account,
        equity: int(health.equity),
        initial: uint(health.initial),
    })
}
