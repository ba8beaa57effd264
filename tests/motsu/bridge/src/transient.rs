//! Transient storage. The contracts declare these hostios by hand, because the SDK does not; here they are for native code.

use crate::{shims, world};
use alloy_primitives::{Address, B256};

/// # Safety
/// `key` points to 32 bytes to read, `dest` to 32 bytes to write.
#[unsafe(no_mangle)]
unsafe extern "C" fn transient_load_bytes32(key: *const u8, dest: *mut u8) {
    // SAFETY: see above.
    let key = B256::from(unsafe { key.cast::<[u8; 32]>().read() });
    let value = world::with(|world| world.transient_load(contract(), key));
    // SAFETY: see above.
    unsafe { dest.cast::<[u8; 32]>().write(value.0) };
}

/// # Safety
/// `key` and `value` point to 32 bytes to read.
#[unsafe(no_mangle)]
unsafe extern "C" fn transient_store_bytes32(key: *const u8, value: *const u8) {
    // SAFETY: see above.
    let (key, value) = unsafe { (key.cast::<[u8; 32]>().read(), value.cast::<[u8; 32]>().read()) };
    world::with(|world| world.transient_store(contract(), B256::from(key), B256::from(value)));
}

fn contract() -> Address {
    shims::contract_address()
}
