//! The contracts' own sources as native code, on the host functions of the simulated host.

use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::slice;
use std::sync::LazyLock;

use alloy_primitives::{Address, B256, U256, keccak256};
use anyhow::Result;
use demo::stage::artifacts;
use host::{Native, NativeFrame};
use stylus_sdk::ArbResult;
use stylus_sdk::host::VM;
use stylus_sdk::stylus_core::{
    AccountAccess, BlockAccess, CalldataAccess, ChainAccess, CryptographyAccess, Host, MemoryAccess,
    MessageAccess, MeteringAccess, RawLogAccess, StorageAccess, UnsafeCallAccess, UnsafeDeploymentAccess,
};

/// A frame whose lifetimes are the call's.
type Frame = NativeFrame<'static, 'static>;

thread_local! {
    /// The frame that runs now.
    static FRAME: Cell<*mut Frame> = const { Cell::new(ptr::null_mut()) };
}

/// Every program of ours: its artefact, and its native code.
const PROGRAMS: [(&str, Native); 10] = [
    ("equipoise_vault", |frame, data| enter(frame, data, native_vault::entrypoint)),
    ("risk_engine", |frame, data| enter(frame, data, native_engine::main)),
    ("hedge_desk", |frame, data| enter(frame, data, native_desk::main)),
    ("margin", |frame, data| enter(frame, data, native_margin::main)),
    ("surface_feed", |frame, data| enter(frame, data, native_surface::main)),
    ("uniswap_v3_venue", |frame, data| enter(frame, data, native_venue::main)),
    ("broker", |frame, data| enter(frame, data, native_broker::main)),
    ("lens", |frame, data| enter(frame, data, native_lens::main)),
    ("aave_short", |frame, data| enter(frame, data, native_short::main)),
    ("perp_venue", |frame, data| enter(frame, data, native_perp::main)),
];

/// The same by the modules that they stand for.
static BY_MODULE: LazyLock<HashMap<B256, Native>> = LazyLock::new(|| {
    let named = PROGRAMS.into_iter().map(|(name, native)| {
        let module = host::module_hash(&artifacts::wasm(name)?)?;
        Ok((module, native))
    });
    named.collect::<Result<_>>().unwrap_or_else(|missing| panic!("{missing:?}"))
});

/// The native code of a module of ours.
#[must_use]
pub fn find(module: &B256) -> Option<Native> {
    BY_MODULE.get(module).copied()
}

/// What the SDK's entry point does: refuse to be re-entered, run, flush.
fn enter(
    frame: &mut NativeFrame<'_, '_>,
    calldata: Vec<u8>,
    main: fn(Vec<u8>, VM) -> ArbResult,
) -> Option<Result<Vec<u8>, Vec<u8>>> {
    if frame.msg_reentrant()? {
        return Some(Err(Vec::new()));
    }
    let outer = FRAME.replace(ptr::from_mut(frame).cast());
    let run = AssertUnwindSafe(|| {
        let result = main(calldata, VM { host: Box::new(Forward) });
        Forward.flush_cache(false);
        result
    });
    let ended = catch_unwind(run);
    FRAME.set(outer);
    ended.ok()
}

/// Runs a host function of the running frame. One that ends the program unwinds to [`enter`], without a message.
fn ask<T>(of: impl FnOnce(&mut Frame) -> Option<T>) -> T {
    // SAFETY: `enter` borrows the frame for as long as its code runs, nested frames have pointers of their own, and no two borrows overlap.
    let answer = of(unsafe { &mut *FRAME.get() });
    answer.unwrap_or_else(|| resume_unwind(Box::new("stopped by the host")))
}

/// # Safety
/// `pointer` points to the 20 bytes of an address.
unsafe fn address(pointer: *const u8) -> Address {
    // SAFETY: see above.
    Address::from(unsafe { pointer.cast::<[u8; 20]>().read() })
}

/// The host of a native contract: the frame that runs now.
#[derive(Clone)]
struct Forward;

impl Host for Forward {}

// SAFETY: what the pointers point to is read as the host functions read it.
unsafe impl UnsafeCallAccess for Forward {
    unsafe fn call_contract(
        &self,
        to: *const u8,
        data: *const u8,
        length: usize,
        value: *const u8,
        gas: u64,
        returned: &mut usize,
    ) -> u8 {
        // SAFETY: the caller's pointers are an address, a word and `length` bytes.
        let (to, data, value) =
            unsafe { (address(to), slice::from_raw_parts(data, length), value.cast::<[u8; 32]>().read()) };
        let (status, size) = ask(|frame| frame.call(to, data, U256::from_be_bytes(value), gas));
        *returned = size;
        status
    }

    unsafe fn static_call_contract(
        &self,
        to: *const u8,
        data: *const u8,
        length: usize,
        gas: u64,
        returned: &mut usize,
    ) -> u8 {
        // SAFETY: as for a call.
        let (to, data) = unsafe { (address(to), slice::from_raw_parts(data, length)) };
        let (status, size) = ask(|frame| frame.static_call(to, data, gas));
        *returned = size;
        status
    }

    unsafe fn delegate_call_contract(
        &self,
        _: *const u8,
        _: *const u8,
        _: usize,
        _: u64,
        _: &mut usize,
    ) -> u8 {
        panic!("no contract of ours calls by delegation")
    }
}

// SAFETY: nothing is done.
unsafe impl UnsafeDeploymentAccess for Forward {
    unsafe fn create1(&self, _: *const u8, _: usize, _: *const u8, _: *mut u8, _: *mut usize) {
        panic!("no contract of ours creates another")
    }

    unsafe fn create2(&self, _: *const u8, _: usize, _: *const u8, _: *const u8, _: *mut u8, _: *mut usize) {
        panic!("no contract of ours creates another")
    }
}

impl StorageAccess for Forward {
    fn storage_load_bytes32(&self, key: U256) -> B256 {
        ask(|frame| frame.storage_load(key)).into()
    }

    unsafe fn storage_cache_bytes32(&self, key: U256, value: B256) {
        ask(|frame| frame.storage_cache(key, value.into()));
    }

    fn flush_cache(&self, clear: bool) {
        ask(|frame| frame.storage_flush(clear));
    }
}

impl RawLogAccess for Forward {
    fn emit_log(&self, input: &[u8], topics: usize) {
        ask(|frame| frame.emit_log(input, topics as u32));
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

impl CalldataAccess for Forward {
    /// The entry point is given its input.
    fn read_args(&self, _: usize) -> Vec<u8> {
        Vec::new()
    }

    fn read_return_data(&self, offset: usize, size: Option<usize>) -> Vec<u8> {
        ask(|frame| frame.return_data(offset, size.unwrap_or(usize::MAX)))
    }

    fn return_data_size(&self) -> usize {
        ask(Frame::return_data_size)
    }

    /// The entry point returns its output.
    fn write_result(&self, _: &[u8]) {}
}

impl MessageAccess for Forward {
    fn msg_reentrant(&self) -> bool {
        ask(Frame::msg_reentrant)
    }

    fn msg_sender(&self) -> Address {
        ask(Frame::msg_sender)
    }

    fn msg_value(&self) -> U256 {
        ask(Frame::msg_value)
    }

    fn tx_origin(&self) -> Address {
        ask(Frame::tx_origin)
    }
}

impl BlockAccess for Forward {
    fn block_basefee(&self) -> U256 {
        ask(Frame::block_basefee)
    }

    fn block_coinbase(&self) -> Address {
        host::SEQUENCER
    }

    fn block_gas_limit(&self) -> u64 {
        u64::MAX
    }

    fn block_number(&self) -> u64 {
        ask(Frame::block_number)
    }

    fn block_timestamp(&self) -> u64 {
        ask(Frame::block_timestamp)
    }
}

impl AccountAccess for Forward {
    fn balance(&self, account: Address) -> U256 {
        ask(|frame| frame.balance(account))
    }

    fn contract_address(&self) -> Address {
        ask(Frame::contract_address)
    }

    fn code(&self, account: Address) -> Vec<u8> {
        ask(|frame| frame.code(account)).to_vec()
    }

    fn code_size(&self, account: Address) -> usize {
        ask(|frame| frame.code_size(account))
    }

    fn code_hash(&self, account: Address) -> B256 {
        ask(|frame| frame.code_hash(account))
    }
}

impl ChainAccess for Forward {
    fn chain_id(&self) -> u64 {
        ask(Frame::chain_id)
    }
}

impl CryptographyAccess for Forward {
    fn native_keccak256(&self, input: &[u8]) -> B256 {
        keccak256(input)
    }
}

impl MemoryAccess for Forward {
    fn pay_for_memory_grow(&self, _: u16) {}
}

impl MeteringAccess for Forward {
    fn evm_gas_left(&self) -> u64 {
        ask(Frame::evm_gas_left)
    }

    fn evm_ink_left(&self) -> u64 {
        ask(Frame::evm_gas_left)
    }

    fn tx_gas_price(&self) -> U256 {
        ask(Frame::block_basefee)
    }

    fn tx_ink_price(&self) -> u32 {
        10_000
    }
}

/// Transient storage, which the contracts declare by hand. What ends the program here cannot unwind through C: the frame remembers it, and the
/// next host function unwinds.
///
/// # Safety
/// `key` points to 32 bytes to read, `dest` to 32 bytes to write.
#[unsafe(no_mangle)]
unsafe extern "C" fn transient_load_bytes32(key: *const u8, dest: *mut u8) {
    // SAFETY: see above, and `ask` for the frame.
    unsafe {
        let key = U256::from_be_bytes(key.cast::<[u8; 32]>().read());
        let value = (*FRAME.get()).transient_load(key).unwrap_or_default();
        dest.cast::<[u8; 32]>().write(value.to_be_bytes());
    }
}

/// # Safety
/// `key` and `value` point to 32 bytes to read.
#[unsafe(no_mangle)]
unsafe extern "C" fn transient_store_bytes32(key: *const u8, value: *const u8) {
    // SAFETY: see above, and `ask` for the frame.
    unsafe {
        let key = U256::from_be_bytes(key.cast::<[u8; 32]>().read());
        let value = U256::from_be_bytes(value.cast::<[u8; 32]>().read());
        let _ = (*FRAME.get()).transient_store(key, value);
    }
}
