//! What a hostile contract does in the middle of its victim's call: calls whom it likes, and remembers the answer.

use alloy_primitives::{Address, Bytes, U256};
use stylus_sdk::call::RawCall;
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageBytes, StorageU256};

alloy_sol_types::sol! {
    /// The hook of a mock.
    interface IHook {
        /// Sets whom the mock calls, and with what, in the middle of each of its own state-changing calls. The zero address turns it off.
        function setHook(address target, bytes calldata data) external;
        /// How the last call ended: 0 none yet, 1 succeeded, 2 reverted; and its return or revert data.
        function hookAnswer() external view returns (uint256 status, bytes memory data);
    }
}

/// See [`IHook`].
#[storage]
pub struct Hook {
    target: StorageAddress,
    data: StorageBytes,
    status: StorageU256,
    answer: StorageBytes,
}

impl Hook {
    pub(super) fn set(&mut self, target: Address, data: &Bytes) {
        self.target.set(target);
        self.data.set_bytes(data);
        self.status.set(U256::ZERO);
    }

    pub(super) fn fire(&mut self, vm: &VM) {
        let target = self.target.get();
        if target.is_zero() {
            return;
        }
        let data = self.data.get_bytes();
        // SAFETY: nothing of this contract's storage is held across the call.
        let answer = unsafe { RawCall::new(vm).flush_storage_cache().call(target, &data) };
        let (status, data) = match answer {
            Ok(data) => (1, data),
            Err(data) => (2, data),
        };
        self.status.set(U256::from(status));
        self.answer.set_bytes(data);
    }

    pub(super) fn answer(&self) -> (U256, Bytes) {
        (self.status.get(), self.answer.get_bytes().into())
    }
}
