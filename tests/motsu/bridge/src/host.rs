//! The host that bridged contracts see. Storage, logs, balances and the message come from motsu's shims;
//! time, origin, static calls, re-entrancy and the return data buffer are the bridge's.

use std::panic::resume_unwind;
use std::slice;

use alloy_primitives::{Address, B256, U256};
use stylus_sdk::stylus_core::{
    AccountAccess, BlockAccess, CalldataAccess, ChainAccess, CryptographyAccess, Host, MemoryAccess,
    MessageAccess, MeteringAccess, RawLogAccess, StorageAccess, UnsafeCallAccess, UnsafeDeploymentAccess,
};

use crate::{shims, world};

/// What account_code answers for a bridged contract: a Stylus prefix.
const CODE: [u8; 4] = [0xef, 0xf0, 0x00, 0x00];
/// Gas and ink are not metered.
const PLENTY: u64 = 1 << 50;
const INK_PRICE: u32 = 10_000;

/// See the module.
#[derive(Clone)]
pub(crate) struct Native;

/// Ends the frame as a forbidden act does on chain: nothing kept, no data. The bridge catches it; no message is printed.
fn trap() -> ! {
    resume_unwind(Box::new("trap"))
}

fn require_writable() {
    if world::with(|world| world.is_read_only()) {
        trap();
    }
}

/// Whether a contract of this chain is at `account`: motsu answers the hash of no code for all others.
pub(crate) fn has_code(account: Address) -> bool {
    shims::code_hash(account) != alloy_primitives::KECCAK256_EMPTY
}

/// One call: checks what motsu would panic on, announces it to the world, lets motsu route it and fetches the true answer.
fn call(to: Address, data: &[u8], value: U256, read_only: bool, length: &mut usize) -> u8 {
    let payer = shims::contract_address();
    if !value.is_zero() {
        require_writable();
    }
    let (status, size) = if !has_code(to) {
        assert!(value.is_zero(), "the bridge cannot send value to {to}, which has no code");
        world::with(|world| world.receive(Ok(Vec::new())))
    } else if shims::balance(payer) < value {
        world::with(|world| world.receive(Err(Vec::new())))
    } else {
        let leaving = world::with(|world| world.leave(payer, shims::msg_sender(), read_only));
        shims::call(to, data, value);
        world::with(|world| world.come_back(leaving))
    };
    *length = size;
    status
}

/// The slots of the running contract that hold something.
pub(crate) fn storage() -> Vec<(U256, B256)> {
    let slots = world::with(|world| world.slots(shims::contract_address()));
    let stored = slots.into_iter().map(|slot| (slot, shims::load(slot)));
    stored.filter(|(_, word)| !word.is_zero()).collect()
}

/// # Safety
/// `pointer` points to the 20 bytes of an address.
unsafe fn address(pointer: *const u8) -> Address {
    // SAFETY: see above.
    Address::from(unsafe { pointer.cast::<[u8; 20]>().read() })
}

impl Host for Native {}

// SAFETY: the shims read what the pointers point to, as the hostios do.
unsafe impl UnsafeCallAccess for Native {
    unsafe fn call_contract(
        &self,
        to: *const u8,
        data: *const u8,
        data_len: usize,
        value: *const u8,
        _gas: u64,
        outs_len: &mut usize,
    ) -> u8 {
        // SAFETY: the caller's pointers are a hostio's: an address, a word, and `data_len` bytes.
        unsafe {
            let value = U256::from_be_bytes(value.cast::<[u8; 32]>().read());
            call(address(to), slice::from_raw_parts(data, data_len), value, false, outs_len)
        }
    }

    unsafe fn static_call_contract(
        &self,
        to: *const u8,
        data: *const u8,
        data_len: usize,
        _gas: u64,
        outs_len: &mut usize,
    ) -> u8 {
        // SAFETY: as for a call.
        unsafe { call(address(to), slice::from_raw_parts(data, data_len), U256::ZERO, true, outs_len) }
    }

    unsafe fn delegate_call_contract(
        &self,
        to: *const u8,
        _data: *const u8,
        _data_len: usize,
        _gas: u64,
        _outs_len: &mut usize,
    ) -> u8 {
        // SAFETY: `to` is a hostio's pointer to an address.
        panic!("the bridge has no delegate calls: {}", unsafe { address(to) })
    }
}

// SAFETY: nothing is done.
unsafe impl UnsafeDeploymentAccess for Native {
    unsafe fn create1(&self, _: *const u8, _: usize, _: *const u8, _: *mut u8, _: *mut usize) {
        panic!("the bridge does not create contracts from contracts")
    }

    unsafe fn create2(&self, _: *const u8, _: usize, _: *const u8, _: *const u8, _: *mut u8, _: *mut usize) {
        panic!("the bridge does not create contracts from contracts")
    }
}

impl StorageAccess for Native {
    fn storage_load_bytes32(&self, key: U256) -> B256 {
        shims::load(key)
    }

    unsafe fn storage_cache_bytes32(&self, key: U256, value: B256) {
        require_writable();
        world::with(|world| world.note(shims::contract_address(), key));
        shims::store(key, value);
    }

    /// motsu writes through.
    fn flush_cache(&self, _clear: bool) {}
}

impl RawLogAccess for Native {
    fn emit_log(&self, input: &[u8], num_topics: usize) {
        require_writable();
        shims::emit_log(input, num_topics);
    }

    fn raw_log(&self, topics: &[B256], data: &[u8]) -> Result<(), &'static str> {
        if topics.len() > 4 {
            return Err("too many topics");
        }
        let words = topics.iter().flat_map(|topic| topic.0);
        self.emit_log(&words.chain(data.iter().copied()).collect::<Vec<u8>>(), topics.len());
        Ok(())
    }
}

impl CalldataAccess for Native {
    /// The router is given its input.
    fn read_args(&self, _len: usize) -> Vec<u8> {
        Vec::new()
    }

    fn read_return_data(&self, offset: usize, size: Option<usize>) -> Vec<u8> {
        world::with(|world| {
            let rest = world.returned().get(offset..).unwrap_or_default();
            rest[..size.unwrap_or(rest.len()).min(rest.len())].to_vec()
        })
    }

    fn return_data_size(&self) -> usize {
        world::with(|world| world.returned().len())
    }

    /// The router returns its output.
    fn write_result(&self, _data: &[u8]) {}
}

impl MessageAccess for Native {
    fn msg_reentrant(&self) -> bool {
        world::with(|world| world.is_open(shims::contract_address()))
    }

    fn msg_sender(&self) -> Address {
        shims::msg_sender()
    }

    fn msg_value(&self) -> U256 {
        shims::msg_value()
    }

    fn tx_origin(&self) -> Address {
        world::with(|world| world.origin()).unwrap_or_else(|| shims::msg_sender())
    }
}

impl BlockAccess for Native {
    fn block_basefee(&self) -> U256 {
        U256::ZERO
    }

    fn block_coinbase(&self) -> Address {
        Address::ZERO
    }

    fn block_gas_limit(&self) -> u64 {
        PLENTY
    }

    fn block_number(&self) -> u64 {
        world::with(|world| world.block)
    }

    fn block_timestamp(&self) -> u64 {
        world::with(|world| world.timestamp)
    }
}

impl AccountAccess for Native {
    fn balance(&self, account: Address) -> U256 {
        shims::balance(account)
    }

    fn contract_address(&self) -> Address {
        shims::contract_address()
    }

    fn code(&self, account: Address) -> Vec<u8> {
        if has_code(account) { CODE.to_vec() } else { Vec::new() }
    }

    fn code_size(&self, account: Address) -> usize {
        self.code(account).len()
    }

    fn code_hash(&self, account: Address) -> B256 {
        shims::code_hash(account)
    }
}

impl ChainAccess for Native {
    fn chain_id(&self) -> u64 {
        shims::chain_id()
    }
}

impl CryptographyAccess for Native {
    fn native_keccak256(&self, input: &[u8]) -> B256 {
        alloy_primitives::keccak256(input)
    }
}

impl MemoryAccess for Native {
    fn pay_for_memory_grow(&self, _pages: u16) {}
}

impl MeteringAccess for Native {
    fn evm_gas_left(&self) -> u64 {
        PLENTY
    }

    fn evm_ink_left(&self) -> u64 {
        PLENTY
    }

    fn tx_gas_price(&self) -> U256 {
        U256::ZERO
    }

    fn tx_ink_price(&self) -> u32 {
        INK_PRICE
    }
}
