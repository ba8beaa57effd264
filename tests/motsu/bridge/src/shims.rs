//! motsu's shims: hostios for native code, which motsu defines and no crate declares for SDK 0.10.

use alloy_primitives::{Address, B256, U256};

unsafe extern "C" {
    fn storage_load_bytes32(key: *const u8, dest: *mut u8);
    fn storage_cache_bytes32(key: *const u8, value: *const u8);
    #[link_name = "msg_sender"]
    fn load_msg_sender(dest: *mut u8);
    #[link_name = "msg_value"]
    fn load_msg_value(dest: *mut u8);
    #[link_name = "contract_address"]
    fn load_contract_address(dest: *mut u8);
    fn chainid() -> u64;
    #[link_name = "emit_log"]
    fn write_log(data: *const u8, len: usize, topics: usize);
    fn account_codehash(address: *const u8, dest: *mut u8);
    fn account_balance(address: *const u8, dest: *mut u8);
    #[link_name = "call_contract"]
    fn route_call(
        contract: *const u8,
        calldata: *const u8,
        calldata_len: usize,
        value: *const u8,
        gas: u64,
        return_data_len: *mut usize,
    ) -> u8;
}

/// What a shim writes to the 20 or 32 bytes that it is given.
fn read<const N: usize>(shim: impl FnOnce(*mut u8)) -> [u8; N] {
    let mut bytes = [0; N];
    shim(bytes.as_mut_ptr());
    bytes
}

/// A slot of the running contract.
pub(crate) fn load(key: U256) -> B256 {
    let key = key.to_be_bytes::<32>();
    // SAFETY: both pointers are to 32 bytes that live across the call.
    B256::from(read(|dest| unsafe { storage_load_bytes32(key.as_ptr(), dest) }))
}

/// Stores in the running contract.
pub(crate) fn store(key: U256, value: B256) {
    let key = key.to_be_bytes::<32>();
    // SAFETY: both pointers are to 32 bytes that live across the call.
    unsafe { storage_cache_bytes32(key.as_ptr(), value.as_ptr()) };
}

/// Who called.
pub(crate) fn msg_sender() -> Address {
    // SAFETY: 20 bytes are written to as many.
    Address::from(read(|dest| unsafe { load_msg_sender(dest) }))
}

/// Wei sent with the call.
pub(crate) fn msg_value() -> U256 {
    // SAFETY: 32 bytes are written to as many.
    U256::from_be_bytes(read::<32>(|dest| unsafe { load_msg_value(dest) }))
}

/// The running contract.
pub(crate) fn contract_address() -> Address {
    // SAFETY: 20 bytes are written to as many.
    Address::from(read(|dest| unsafe { load_contract_address(dest) }))
}

/// The chain's id.
pub(crate) fn chain_id() -> u64 {
    // SAFETY: nothing is passed.
    unsafe { chainid() }
}

/// Writes a log: topics first, then data.
pub(crate) fn emit_log(data: &[u8], topics: usize) {
    // SAFETY: the pointer is to as many bytes as it says.
    unsafe { write_log(data.as_ptr(), data.len(), topics) };
}

/// One hash for accounts with code, another for those without.
pub(crate) fn code_hash(account: Address) -> B256 {
    // SAFETY: 20 bytes are read, 32 written to as many.
    B256::from(read(|dest| unsafe { account_codehash(account.as_ptr(), dest) }))
}

/// Wei of an account.
pub(crate) fn balance(account: Address) -> U256 {
    // SAFETY: 20 bytes are read, 32 written to as many.
    U256::from_be_bytes(read::<32>(|dest| unsafe { account_balance(account.as_ptr(), dest) }))
}

/// Calls another contract. Its answer is fetched from the world: motsu's is not always true.
pub(crate) fn call(to: Address, data: &[u8], value: U256) {
    let value = value.to_be_bytes::<32>();
    let mut ignored = 0;
    // SAFETY: the pointers are to an address, to as many bytes as said and to a word, which live across the call.
    unsafe { route_call(to.as_ptr(), data.as_ptr(), data.len(), value.as_ptr(), u64::MAX, &mut ignored) };
}
