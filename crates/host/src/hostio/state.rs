//! Storage, accounts and logs.

use alloy_primitives::{Address, B256, Bytes, LogData, U256};
use revm::context_interface::context::SStoreResult;
use revm::context_interface::{ContextTr, JournalTr};
use revm::primitives::Log;

use super::Vm;
use crate::frame::Stop;
use crate::price::{self, EVM_API, HOSTIO, INK_PER_GAS, POINTER};

const COLD_SLOAD: u64 = 2_100;
const WARM: u64 = 100;
const COLD_ACCOUNT: u64 = 2_600;
const CODE_ACCESS: u64 = 700;
/// Gas that must be left to load a slot: a cold load, the API and the dearest read tier.
const LOAD_SENTRY: u64 = COLD_SLOAD + 5 + 10;
/// Gas that must be left to flush, and with the dearest write tier to write.
const FLUSH_SENTRY: u64 = 2_300;
const STATE: &str = "an in-memory state does not fail";

pub(crate) fn storage_load_bytes32(vm: &mut Vm<'_, '_>, key: u32, dest: u32) -> Result<(), Stop> {
    vm.pay(HOSTIO + 2 * POINTER)?;
    vm.require_gas(LOAD_SENTRY)?;
    let key = vm.read_word(key)?;
    let frame = &mut *vm.frame;
    let mut gas = frame.cache.read_tier();
    let value = match frame.cache.get(key) {
        Some(value) => value,
        None => {
            let loaded = frame.context.journal_mut().sload(frame.address, key).expect(STATE);
            gas += if loaded.is_cold { COLD_SLOAD } else { WARM } + EVM_API / INK_PER_GAS;
            frame.cache.loaded(key, loaded.data);
            frame.context.chain.read(key, loaded.data);
            loaded.data
        }
    };
    vm.pay_gas(gas)?;
    vm.write_word(dest, value)
}

pub(crate) fn storage_cache_bytes32(vm: &mut Vm<'_, '_>, key: u32, value: u32) -> Result<(), Stop> {
    vm.pay(HOSTIO + 2 * POINTER)?;
    vm.require_gas(FLUSH_SENTRY + 10)?;
    let (key, value) = (vm.read_word(key)?, vm.read_word(value)?);
    let gas = vm.frame.cache.write_tier();
    vm.pay_gas(gas)?;
    vm.frame.cache.set(key, value);
    Ok(())
}

pub(crate) fn storage_flush_cache(vm: &mut Vm<'_, '_>, clear: u32) -> Result<(), Stop> {
    vm.pay(HOSTIO + EVM_API)?;
    vm.require_gas(FLUSH_SENTRY)?;
    flush(vm)?;
    if clear != 0 {
        vm.frame.cache.clear();
    }
    Ok(())
}

fn flush(vm: &mut Vm<'_, '_>) -> Result<(), Stop> {
    if !vm.frame.cache.is_dirty() {
        return Ok(());
    }
    if vm.frame.read_only {
        return Err(Stop::Failure);
    }
    let available = vm.gas_left();
    let mut spent = 0_u64;
    for (key, value) in vm.frame.cache.take_dirty() {
        let frame = &mut *vm.frame;
        let stored = frame.context.journal_mut().sstore(frame.address, key, value).expect(STATE);
        let (cost, refund) = store_cost(&stored.data, stored.is_cold);
        frame.context.chain.wrote(key, value);
        frame.refund += refund;
        spent += cost;
        if spent > available {
            return vm.pay(u64::MAX);
        }
    }
    vm.pay_gas(spent)
}

/// SSTORE after EIP-2929 and EIP-3529: gas and change of the refund.
fn store_cost(result: &SStoreResult, cold: bool) -> (u64, i64) {
    const SET: u64 = 20_000;
    const RESET: u64 = 2_900;
    const CLEAR: i64 = 4_800;
    let (original, present, new) = (result.original_value, result.present_value, result.new_value);
    let access = if cold { COLD_SLOAD } else { 0 };
    if new == present {
        return (access + WARM, 0);
    }
    if original == present {
        let clear = if !original.is_zero() && new.is_zero() { CLEAR } else { 0 };
        return (access + if original.is_zero() { SET } else { RESET }, clear);
    }
    let mut refund = 0;
    if !original.is_zero() {
        if present.is_zero() {
            refund -= CLEAR;
        } else if new.is_zero() {
            refund += CLEAR;
        }
    }
    if new == original {
        refund += if original.is_zero() { (SET - WARM) as i64 } else { (RESET - WARM) as i64 };
    }
    (access + WARM, refund)
}

pub(crate) fn transient_load_bytes32(vm: &mut Vm<'_, '_>, key: u32, dest: u32) -> Result<(), Stop> {
    pay_transient(vm)?;
    let key = vm.read_word(key)?;
    let value = vm.frame.context.journal_mut().tload(vm.frame.address, key);
    vm.write_word(dest, value)
}

pub(crate) fn transient_store_bytes32(vm: &mut Vm<'_, '_>, key: u32, value: u32) -> Result<(), Stop> {
    pay_transient(vm)?;
    let (key, value) = (vm.read_word(key)?, vm.read_word(value)?);
    if vm.frame.read_only {
        return Err(Stop::Failure);
    }
    vm.frame.context.journal_mut().tstore(vm.frame.address, key, value);
    Ok(())
}

fn pay_transient(vm: &mut Vm<'_, '_>) -> Result<(), Stop> {
    vm.pay(HOSTIO + 2 * POINTER + EVM_API)?;
    vm.pay_gas(WARM)
}

/// Balance, code hash, code and coldness of an account.
struct Account {
    balance: U256,
    hash: B256,
    code: Bytes,
    gas: u64,
}

fn account(vm: &mut Vm<'_, '_>, address: Address) -> Account {
    let loaded = vm.frame.context.journal_mut().load_account_with_code(address).expect(STATE);
    let gas = if loaded.is_cold { COLD_ACCOUNT } else { WARM };
    let hash = if loaded.is_empty() { B256::ZERO } else { loaded.info.code_hash };
    let code = loaded.info.code.as_ref().map(|code| code.original_bytes()).unwrap_or_default();
    Account { balance: loaded.info.balance, hash, code, gas }
}

pub(crate) fn account_balance(vm: &mut Vm<'_, '_>, address: u32, dest: u32) -> Result<(), Stop> {
    vm.pay(HOSTIO + 2 * POINTER + EVM_API)?;
    let address = vm.read_address(address)?;
    let found = account(vm, address);
    vm.pay_gas(found.gas)?;
    vm.write_word(dest, found.balance)
}

pub(crate) fn account_codehash(vm: &mut Vm<'_, '_>, address: u32, dest: u32) -> Result<(), Stop> {
    vm.pay(HOSTIO + 2 * POINTER + EVM_API)?;
    let address = vm.read_address(address)?;
    let found = account(vm, address);
    vm.pay_gas(found.gas)?;
    vm.write(dest, found.hash.as_slice())
}

pub(crate) fn account_code_size(vm: &mut Vm<'_, '_>, address: u32) -> Result<u32, Stop> {
    vm.pay(HOSTIO + EVM_API)?;
    Ok(code(vm, address)?.len() as u32)
}

pub(crate) fn account_code(
    vm: &mut Vm<'_, '_>,
    address: u32,
    offset: u32,
    size: u32,
    dest: u32,
) -> Result<u32, Stop> {
    vm.pay(HOSTIO + EVM_API)?;
    let code = code(vm, address)?;
    vm.pay(price::write(code.len() as u64))?;
    let from = (offset as usize).min(code.len());
    let to = from.saturating_add(size as usize).min(code.len());
    vm.write(dest, &code[from..to])?;
    Ok((to - from) as u32)
}

/// Code of an account; the one last read in the frame is free of account gas.
fn code(vm: &mut Vm<'_, '_>, address: u32) -> Result<Bytes, Stop> {
    let address = vm.read_address(address)?;
    if let Some((last, code)) = &vm.frame.last_code
        && *last == address
    {
        return Ok(code.clone());
    }
    let found = account(vm, address);
    vm.pay_gas(CODE_ACCESS + found.gas)?;
    vm.frame.last_code = Some((address, found.code.clone()));
    Ok(found.code)
}

pub(crate) fn emit_log(vm: &mut Vm<'_, '_>, at: u32, length: u32, topics: u32) -> Result<(), Stop> {
    vm.pay(HOSTIO + EVM_API)?;
    if topics > 4 || length < 32 * topics {
        return Err(Stop::Failure);
    }
    vm.pay(price::read(length.into()))?;
    vm.pay_gas(375 * (1 + u64::from(topics)) + 8 * u64::from(length - 32 * topics))?;
    let (head, data) = vm.read(at, length)?.split_at(32 * topics as usize);
    let data =
        LogData::new_unchecked(head.chunks_exact(32).map(B256::from_slice).collect(), data.to_vec().into());
    if vm.frame.read_only {
        return Err(Stop::Failure);
    }
    let address = vm.frame.address;
    vm.frame.context.journal_mut().log(Log { address, data });
    Ok(())
}
