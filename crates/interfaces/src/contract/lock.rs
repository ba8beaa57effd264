//! A contract's own re-entrancy lock, in transient storage.
//!
//! The SDK refuses a re-entered program before any method runs, with empty data, and announces that this guard will go. The lock stays:
//! it closes every state-changing method, and the views that a contract keeps from others meanwhile, while the contract has called out, with a
//! typed error.

use super::{Result, ensure};
use crate::vault::IVault::ReentrantCall;
use alloy_primitives::B256;

#[link(wasm_import_module = "vm_hooks")]
unsafe extern "C" {
    fn transient_load_bytes32(key: *const u8, dest: *mut u8);
    fn transient_store_bytes32(key: *const u8, value: *const u8);
}

/// Transient slot of the lock; only this program's frames see it.
const fn slot() -> B256 {
    B256::ZERO
}

/// Refuses while a state-changing method is under way.
///
/// # Errors
/// `ReentrantCall`.
pub fn check() -> Result<()> {
    let (slot, mut state) = (slot(), B256::ZERO);
    // SAFETY: both pointers are to 32 bytes that live across the call.
    unsafe { transient_load_bytes32(slot.as_ptr(), state.as_mut_ptr()) };
    ensure(state.is_zero(), || ReentrantCall {})
}

/// Takes the lock. A method that fails after this needs no release: its revert undoes the store.
///
/// # Errors
/// `ReentrantCall`.
pub fn take() -> Result<()> {
    check()?;
    store(true);
    Ok(())
}

/// Releases the lock: the last act of every method that took it.
pub fn release() {
    store(false);
}

fn store(locked: bool) {
    let (slot, state) = (slot(), B256::with_last_byte(locked.into()));
    // SAFETY: both pointers are to 32 bytes that live across the call.
    unsafe { transient_store_bytes32(slot.as_ptr(), state.as_ptr()) };
}
