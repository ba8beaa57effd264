//! The vault's own re-entrancy lock, in transient storage.
//!
//! The SDK refuses a re-entered program before any method runs, with empty data, and announces that this guard will go. The lock stays:
//! it closes every state-changing method and the views of price, book and NAV while the vault has called out, with a typed error.

use alloy_primitives::B256;
use interfaces::vault::IVault::ReentrantCall;

use crate::amounts::uint;
use crate::error::{ensure, Result};

#[link(wasm_import_module = "vm_hooks")]
unsafe extern "C" {
    fn transient_load_bytes32(key: *const u8, dest: *mut u8);
    fn transient_store_bytes32(key: *const u8, value: *const u8);
}

/// Transient slots of the lock and of what may be paid for hedges; only this program's frames see them.
const LOCK: B256 = B256::ZERO;
const GRANT: B256 = B256::with_last_byte(1);

/// Refuses while a state-changing method is under way.
pub(crate) fn check() -> Result<()> {
    ensure(load(LOCK).is_zero(), || ReentrantCall {})
}

/// Takes the lock. A method that fails after this needs no release: its revert undoes the store.
pub(crate) fn take() -> Result<()> {
    check()?;
    store(LOCK, B256::with_last_byte(1));
    Ok(())
}

/// Releases the lock: the last act of every method that took it.
pub(crate) fn release() {
    store(LOCK, B256::ZERO);
}

/// What may still be paid for the hedges of this transaction [micro-USD].
pub(crate) fn grant() -> u128 {
    let [.., high, low] = load(GRANT).0.as_chunks::<8>().0[..] else { return 0 };
    u128::from(u64::from_be_bytes(high)) << 64 | u128::from(u64::from_be_bytes(low))
}

/// Sets what may still be paid.
pub(crate) fn set_grant(amount: u128) {
    store(GRANT, B256::from(uint(amount)));
}

fn load(slot: B256) -> B256 {
    let mut state = B256::ZERO;
    // SAFETY: both pointers are to 32 bytes that live across the call.
    unsafe { transient_load_bytes32(slot.as_ptr(), state.as_mut_ptr()) };
    state
}

fn store(slot: B256, state: B256) {
    // SAFETY: both pointers are to 32 bytes that live across the call.
    unsafe { transient_store_bytes32(slot.as_ptr(), state.as_ptr()) };
}
