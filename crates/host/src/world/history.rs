//! What changed in the state, so that it can be undone and done again.

use std::collections::VecDeque;

use alloy_primitives::{Address, U256};
use revm::database::{AccountState, CacheDB, DbAccount, EmptyDB};
use revm::primitives::AddressMap;
use revm::state::{Account, AccountInfo};

/// A point in the history of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// One change; it holds what the state does not hold now: before it is undone the old value, after that the new one.
enum Change {
    Account { address: Address, other: Option<(AccountInfo, AccountState)> },
    Slot { address: Address, slot: U256, other: Option<U256> },
}

/// Changes since the first mark, oldest first.
#[derive(Default)]
pub(super) struct History {
    forgotten: u64,
    changes: VecDeque<Change>,
}

impl History {
    pub(super) fn mark(&self) -> Mark {
        Mark(self.forgotten + self.changes.len() as u64)
    }

    /// Whether the state at this point can still be shown.
    pub(super) fn reaches(&self, mark: Mark) -> bool {
        mark.0 >= self.forgotten && mark <= self.mark()
    }

    pub(super) fn forget(&mut self, before: Mark) {
        while self.forgotten < before.0 && self.changes.pop_front().is_some() {
            self.forgotten += 1;
        }
    }

    /// Notes the account and, of its slots, those that are about to change.
    pub(super) fn note(
        &mut self,
        state: &CacheDB<EmptyDB>,
        address: Address,
        slots: impl IntoIterator<Item = U256>,
    ) {
        let found = state.cache.accounts.get(&address);
        let other = found.map(|account| (account.info.clone(), account.account_state.clone()));
        self.changes.push_back(Change::Account { address, other });
        for slot in slots {
            let other = found.and_then(|account| account.storage.get(&slot)).copied();
            self.changes.push_back(Change::Slot { address, slot, other });
        }
    }

    /// Notes what the outcome of a transaction is about to change.
    pub(super) fn note_outcome(&mut self, state: &CacheDB<EmptyDB>, outcome: &AddressMap<Account>) {
        for (address, account) in outcome.iter().filter(|(_, account)| account.is_touched()) {
            let mut slots: Vec<U256> = account.changed_storage_slots().map(|(slot, _)| *slot).collect();
            if account.is_created() || account.is_selfdestructed() {
                let cleared = state.cache.accounts.get(address);
                slots.extend(cleared.into_iter().flat_map(|account| account.storage.keys().copied()));
                slots.sort_unstable();
                slots.dedup();
            }
            self.note(state, *address, slots);
        }
    }

    /// Undoes all changes since a mark; they are kept, turned round.
    pub(super) fn undo(&mut self, state: &mut CacheDB<EmptyDB>, mark: Mark) {
        let first = self.index(mark);
        for change in self.changes.range_mut(first..).rev() {
            change.swap(state);
        }
    }

    /// Does again what [`History::undo`] undid.
    pub(super) fn redo(&mut self, state: &mut CacheDB<EmptyDB>, mark: Mark) {
        let first = self.index(mark);
        for change in self.changes.range_mut(first..) {
            change.swap(state);
        }
    }

    pub(super) fn truncate(&mut self, mark: Mark) {
        let first = self.index(mark);
        self.changes.truncate(first);
    }

    fn index(&self, mark: Mark) -> usize {
        (mark.0.saturating_sub(self.forgotten) as usize).min(self.changes.len())
    }
}

impl Change {
    fn swap(&mut self, state: &mut CacheDB<EmptyDB>) {
        let accounts = &mut state.cache.accounts;
        match self {
            Self::Account { address, other } => {
                let now = accounts
                    .get(address)
                    .map(|account| (account.info.clone(), account.account_state.clone()));
                match other.take() {
                    Some((info, account_state)) => {
                        let account = accounts.entry(*address).or_default();
                        account.info = info;
                        account.account_state = account_state;
                    }
                    None => {
                        accounts.insert(*address, DbAccount::new_not_existing());
                    }
                }
                *other = now;
            }
            Self::Slot { address, slot, other } => {
                let account = accounts.entry(*address).or_default();
                let now = match other.take() {
                    Some(value) => account.storage.insert(*slot, value),
                    None => account.storage.remove(slot),
                };
                *other = now;
            }
        }
    }
}
