//! The state as text, to be saved and loaded.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use revm::bytecode::Bytecode;
use revm::context_interface::ContextTr;
use revm::state::AccountInfo;
use serde::{Deserialize, Serialize};

use super::World;

/// An account in full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpedAccount {
    /// Next nonce.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Code.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: BTreeMap<U256, U256>,
}

impl World {
    /// Every account that is not empty, with the records of activated programs.
    pub fn dump(&mut self) -> BTreeMap<Address, DumpedAccount> {
        let mut known: Vec<Address> = self.state().cache.accounts.keys().copied().collect();
        known.sort_unstable();
        let accounts = known.into_iter().map(|address| (address, self.dump_account(address)));
        accounts.filter(|(_, account)| *account != DumpedAccount::default()).collect()
    }

    /// An account in full.
    pub fn dump_account(&mut self, address: Address) -> DumpedAccount {
        let info = self.info(address);
        let code = self.code(address);
        let slots = self.machine.ctx.db().cache.accounts.get(&address).map(|account| &account.storage);
        let storage = slots.into_iter().flatten().filter(|(_, value)| !value.is_zero());
        DumpedAccount {
            nonce: info.nonce,
            balance: info.balance,
            code,
            storage: storage.map(|(slot, value)| (*slot, *value)).collect(),
        }
    }

    /// Puts dumped accounts in the place of those at the same addresses; others stay.
    pub fn load(&mut self, accounts: &BTreeMap<Address, DumpedAccount>) {
        for (address, account) in accounts {
            let old = self.dump_account(*address).storage;
            for slot in old.keys().filter(|slot| !account.storage.contains_key(*slot)) {
                self.set_storage(*address, *slot, U256::ZERO);
            }
            let info =
                AccountInfo { nonce: account.nonce, balance: account.balance, ..AccountInfo::default() };
            self.put(*address, info.with_code(bytecode(account.code.clone())));
            for (slot, value) in &account.storage {
                self.set_storage(*address, *slot, *value);
            }
        }
    }

    /// Puts these slots in the place of all that an account has.
    pub fn replace_storage(&mut self, account: Address, slots: &BTreeMap<B256, B256>) {
        for slot in self.dump_account(account).storage.into_keys() {
            self.set_storage(account, slot, U256::ZERO);
        }
        for (slot, value) in slots {
            self.set_storage(account, (*slot).into(), (*value).into());
        }
    }
}

/// Code as revm wants it: a delegation is told by its first bytes.
pub(super) fn bytecode(code: Bytes) -> Bytecode {
    Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code))
}
