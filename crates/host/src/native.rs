//! Programs that run as native code: the sources of a program, compiled for this machine, on the host functions that its WASM has.
//!
//! What computes is another compiler's code, and nothing else differs: storage with its cache, calls, logs, transient storage, rollback and
//! the re-entrancy count are the host's. So one transaction run both ways must answer, write and log the same. Ink is the exception: native code
//! pays for host functions alone. A program that asks for gas is answered from a tape of what its WASM was told ([`World::record_gas`]).

use std::collections::VecDeque;
use std::sync::OnceLock;

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::engine::Exit;
use crate::frame::{Frame, Stop};
use crate::hostio::{Hostio, Vm, calls, environment, state};
use crate::price::STACK_WORDS;
use crate::world::World;

/// Native code of a program. It is given its calldata, and answers with return data, or with revert data; none is a trap.
pub type Native = fn(&mut NativeFrame<'_, '_>, Vec<u8>) -> Option<Result<Vec<u8>, Vec<u8>>>;

/// The native code of a module, by [`module_hash`](crate::module_hash).
pub type FindNative = fn(&B256) -> Option<Native>;

/// What every world of the process runs natively from its beginning.
static EVERYWHERE: OnceLock<FindNative> = OnceLock::new();

/// From now on worlds begin with their programs run natively, where `find` knows their code. The first such call of a process counts.
pub fn run_natively_everywhere(find: FindNative) {
    EVERYWHERE.get_or_init(|| find);
}

/// Which programs run natively, and the tape of gas.
#[derive(Clone)]
pub(crate) struct Natives {
    on: bool,
    find: Option<FindNative>,
    tape: Tape,
}

impl Default for Natives {
    fn default() -> Self {
        let find = EVERYWHERE.get().copied();
        Self { on: find.is_some(), find, tape: Tape::Off }
    }
}

/// What programs were told of the gas that is left.
#[derive(Clone, Default)]
enum Tape {
    #[default]
    Off,
    Record(Vec<u64>),
    Play(VecDeque<u64>),
}

impl Natives {
    /// The native code that runs for a program now, if any does.
    pub(crate) fn get(&self, module: &B256) -> Option<Native> {
        self.find.filter(|_| self.on).and_then(|find| find(module))
    }

    /// What a program is told when this much gas is left.
    pub(crate) fn gas(&mut self, left: u64) -> u64 {
        match &mut self.tape {
            Tape::Off => left,
            Tape::Record(told) => {
                told.push(left);
                left
            }
            Tape::Play(told) => told.pop_front().unwrap_or(left),
        }
    }
}

impl World {
    /// Names native code for programs by their modules.
    pub fn find_natives(&mut self, find: FindNative) {
        self.machine.precompiles.natives.find = Some(find);
    }

    /// Runs programs that have native code natively, or as WASM again.
    pub fn run_natively(&mut self, on: bool) {
        self.machine.precompiles.natives.on = on;
    }

    /// From now on keeps what programs are told of their gas.
    pub fn record_gas(&mut self) {
        self.machine.precompiles.natives.tape = Tape::Record(Vec::new());
    }

    /// Tells programs of their gas from a tape.
    pub fn replay_gas(&mut self, told: Vec<u64>) {
        self.machine.precompiles.natives.tape = Tape::Play(told.into());
    }

    /// Ends the tape: what was recorded, or what was not played.
    pub fn take_gas(&mut self) -> Vec<u64> {
        match std::mem::take(&mut self.machine.precompiles.natives.tape) {
            Tape::Off => Vec::new(),
            Tape::Record(told) => told,
            Tape::Play(rest) => rest.into(),
        }
    }
}

/// A frame as native code sees it. A host function that ends the program answers none, and so does every one after it: the code may go on, but
/// nothing of it counts.
pub struct NativeFrame<'f, 'a> {
    frame: &'f mut Frame<'a>,
    memory: Vec<u8>,
    ink: u64,
    stop: Option<Stop>,
}

/// Where the answer of a host function is put, behind its arguments.
const ANSWER: u32 = 96;
/// Where the data of a call or a log begins.
const DATA: u32 = 128;

/// Runs native code on a frame with this much ink, which only host functions use.
pub(crate) fn run(native: Native, frame: &mut Frame<'_>, ink: u64) -> Exit {
    let calldata = frame.calldata.to_vec();
    let mut native_frame = NativeFrame { frame, memory: vec![0; DATA as usize], ink, stop: None };
    let ended = native(&mut native_frame, calldata);
    let (ink_left, stop) = (native_frame.ink, native_frame.stop);
    let returned = ended.map(|ended| {
        let status = i32::from(ended.is_err());
        frame.result = ended.unwrap_or_else(|data| data);
        status
    });
    Exit { returned, stop, metered: 0, ink_left, stack_words_left: STACK_WORDS, memory_pages: 0 }
}

impl NativeFrame<'_, '_> {
    fn enter<T>(
        &mut self,
        hostio: Hostio,
        run: impl FnOnce(&mut Vm<'_, '_>) -> Result<T, Stop>,
    ) -> Option<T> {
        if self.stop.is_some() {
            return None;
        }
        let (result, left) = Vm::enter(self.frame, &mut self.memory, self.ink, hostio, run);
        self.ink = left;
        result.map_err(|stop| self.stop = Some(stop)).ok()
    }

    fn put(&mut self, at: u32, bytes: &[u8]) {
        let end = at as usize + bytes.len();
        self.memory.resize(self.memory.len().max(end), 0);
        self.memory[at as usize..end].copy_from_slice(bytes);
    }

    fn word(&self) -> U256 {
        U256::from_be_slice(&self.memory[ANSWER as usize..ANSWER as usize + 32])
    }

    fn address(&self) -> Address {
        Address::from_slice(&self.memory[ANSWER as usize..ANSWER as usize + 20])
    }

    /// A slot.
    pub fn storage_load(&mut self, key: U256) -> Option<U256> {
        self.put(0, &key.to_be_bytes::<32>());
        self.enter(Hostio::storage_load_bytes32, |vm| state::storage_load_bytes32(vm, 0, ANSWER))?;
        Some(self.word())
    }

    /// Writes a slot into the frame's cache.
    pub fn storage_cache(&mut self, key: U256, value: U256) -> Option<()> {
        self.put(0, &key.to_be_bytes::<32>());
        self.put(32, &value.to_be_bytes::<32>());
        self.enter(Hostio::storage_cache_bytes32, |vm| state::storage_cache_bytes32(vm, 0, 32))
    }

    /// Writes the frame's cache to the state.
    pub fn storage_flush(&mut self, clear: bool) -> Option<()> {
        self.enter(Hostio::storage_flush_cache, |vm| state::storage_flush_cache(vm, clear.into()))
    }

    /// A transient slot.
    pub fn transient_load(&mut self, key: U256) -> Option<U256> {
        self.put(0, &key.to_be_bytes::<32>());
        self.enter(Hostio::transient_load_bytes32, |vm| state::transient_load_bytes32(vm, 0, ANSWER))?;
        Some(self.word())
    }

    /// Writes a transient slot.
    pub fn transient_store(&mut self, key: U256, value: U256) -> Option<()> {
        self.put(0, &key.to_be_bytes::<32>());
        self.put(32, &value.to_be_bytes::<32>());
        self.enter(Hostio::transient_store_bytes32, |vm| state::transient_store_bytes32(vm, 0, 32))
    }

    /// Writes a log: its topics, then its data.
    pub fn emit_log(&mut self, data: &[u8], topics: u32) -> Option<()> {
        self.put(DATA, data);
        let length = data.len() as u32;
        self.enter(Hostio::emit_log, |vm| state::emit_log(vm, DATA, length, topics))
    }

    /// Calls a contract: its status, and the length of what it returned.
    pub fn call(&mut self, to: Address, data: &[u8], value: U256, gas: u64) -> Option<(u8, usize)> {
        self.put(0, to.as_slice());
        self.put(32, &value.to_be_bytes::<32>());
        self.put(DATA, data);
        let length = data.len() as u32;
        let status = self
            .enter(Hostio::call_contract, |vm| calls::call_contract(vm, 0, DATA, length, 32, gas, ANSWER))?;
        Some((status as u8, self.returned_length()))
    }

    /// Calls a contract that may change nothing.
    pub fn static_call(&mut self, to: Address, data: &[u8], gas: u64) -> Option<(u8, usize)> {
        self.put(0, to.as_slice());
        self.put(DATA, data);
        let length = data.len() as u32;
        let status = self.enter(Hostio::static_call_contract, |vm| {
            calls::static_call_contract(vm, 0, DATA, length, gas, ANSWER)
        })?;
        Some((status as u8, self.returned_length()))
    }

    fn returned_length(&self) -> usize {
        let bytes = &self.memory[ANSWER as usize..ANSWER as usize + 4];
        bytes.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte))
    }

    /// Part of what the last call returned.
    pub fn return_data(&mut self, offset: usize, size: usize) -> Option<Vec<u8>> {
        let size = size.min(self.frame.returned.len());
        self.put(DATA, &vec![0; size]);
        let length = self.enter(Hostio::read_return_data, |vm| {
            calls::read_return_data(vm, DATA, offset as u32, size as u32)
        })?;
        Some(self.memory[DATA as usize..DATA as usize + length as usize].to_vec())
    }

    /// Length of what the last call returned.
    pub fn return_data_size(&mut self) -> Option<usize> {
        self.enter(Hostio::return_data_size, calls::return_data_size).map(|size| size as usize)
    }

    /// Who called.
    pub fn msg_sender(&mut self) -> Option<Address> {
        self.enter(Hostio::msg_sender, |vm| environment::msg_sender(vm, ANSWER))?;
        Some(self.address())
    }

    /// Wei sent with the call.
    pub fn msg_value(&mut self) -> Option<U256> {
        self.enter(Hostio::msg_value, |vm| environment::msg_value(vm, ANSWER))?;
        Some(self.word())
    }

    /// Whether the program is called inside a call of itself.
    pub fn msg_reentrant(&mut self) -> Option<bool> {
        self.enter(Hostio::msg_reentrant, environment::msg_reentrant).map(|reentrant| reentrant != 0)
    }

    /// The address that the program acts as.
    pub fn contract_address(&mut self) -> Option<Address> {
        self.enter(Hostio::contract_address, |vm| environment::contract_address(vm, ANSWER))?;
        Some(self.address())
    }

    /// Who signed the transaction.
    pub fn tx_origin(&mut self) -> Option<Address> {
        self.enter(Hostio::tx_origin, |vm| environment::tx_origin(vm, ANSWER))?;
        Some(self.address())
    }

    /// The block's time [unix seconds].
    pub fn block_timestamp(&mut self) -> Option<u64> {
        self.enter(Hostio::block_timestamp, environment::block_timestamp)
    }

    /// The L1 block's number.
    pub fn block_number(&mut self) -> Option<u64> {
        self.enter(Hostio::block_number, environment::block_number)
    }

    /// The block's base fee [wei per gas].
    pub fn block_basefee(&mut self) -> Option<U256> {
        self.enter(Hostio::block_basefee, |vm| environment::block_basefee(vm, ANSWER))?;
        Some(self.word())
    }

    /// The chain's id.
    pub fn chain_id(&mut self) -> Option<u64> {
        self.enter(Hostio::chainid, environment::chainid)
    }

    /// Whole gas left, or what the tape says.
    pub fn evm_gas_left(&mut self) -> Option<u64> {
        self.enter(Hostio::evm_gas_left, environment::evm_gas_left)
    }

    /// Wei of an account.
    pub fn balance(&mut self, account: Address) -> Option<U256> {
        self.put(0, account.as_slice());
        self.enter(Hostio::account_balance, |vm| state::account_balance(vm, 0, ANSWER))?;
        Some(self.word())
    }

    /// Hash of an account's code.
    pub fn code_hash(&mut self, account: Address) -> Option<B256> {
        self.put(0, account.as_slice());
        self.enter(Hostio::account_codehash, |vm| state::account_codehash(vm, 0, ANSWER))?;
        Some(self.word().into())
    }

    /// Length of an account's code.
    pub fn code_size(&mut self, account: Address) -> Option<usize> {
        self.put(0, account.as_slice());
        self.enter(Hostio::account_code_size, |vm| state::account_code_size(vm, 0)).map(|size| size as usize)
    }

    /// Code of an account.
    pub fn code(&mut self, account: Address) -> Option<Bytes> {
        let size = self.code_size(account)? as u32;
        self.put(DATA, &vec![0; size as usize]);
        let length =
            self.enter(Hostio::account_code, |vm| state::account_code(vm, 0, 0, size, DATA))? as usize;
        Some(Bytes::copy_from_slice(&self.memory[DATA as usize..DATA as usize + length]))
    }
}
