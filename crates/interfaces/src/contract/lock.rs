//! A contract's own re-entrancy lock, in transient storage.
//!
//! The SDK refuses a re-entered program before any method runs, with empty data, and announces that this guard will go. The lock stays:
//! it closes every state-changing method, and the views that a contract keeps from others meanwhile, while the contract has called out, with a
//! typed error.

use super::{Result, ensure};
use crate::vault::IVault::ReentrantCall;
use crate::words::uint;
use alloy_primitives::B256;

#[link(wasm_import_module = "vm_hooks")]
unsafe extern "C" {
    fn transient_load_bytes32(key: *const u8, dest: *mut u8);
    fn transient_store_bytes32(key: *const u8, value: *const u8);
}

/// Transient slots of the lock and of the grant; only this program's frames see them.
const LOCK: B256 = B256::ZERO;
const GRANT: B256 = B256::with_last_byte(1);

/// Refuses while a state-changing method is under way.
///
/// # Errors
/// `ReentrantCall`.
pub fn check() -> Result<()> {
    ensure(load(&LOCK).is_zero(), || ReentrantCall {})
}

/// Takes the lock. A method that fails after this needs no release: its revert undoes the store.
///
/// # Errors
/// `ReentrantCall`.
pub fn take() -> Result<()> {
    check()?;
    store(&LOCK, &B256::with_last_byte(1));
    Ok(())
}

/// Releases the lock: the last act of every method that took it.
pub fn release() {
    store(&LOCK, &B256::ZERO);
}

/// A number that lasts as long as the transaction: what the contract may still do in it for what was done before.
pub fn grant() -> u128 {
    load(&GRANT).last_chunk().copied().map(u128::from_be_bytes).unwrap_or_default()
}

/// Sets that number.
pub fn set_grant(number: u128) {
    store(&GRANT, &B256::from(uint(number)));
}

fn load(slot: &B256) -> B256 {
    let mut word = B256::ZERO;
    // SAFETY: both pointers are to 32 bytes that live across the call.
    unsafe { transient_load_bytes32(slot.as_ptr(), word.as_mut_ptr()) };
    word
}

fn store(slot: &B256, word: &B256) {
    // SAFETY: both pointers are to 32 bytes that live across the call.
    unsafe { transient_store_bytes32(slot.as_ptr(), word.as_ptr()) };
}
