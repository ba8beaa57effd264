//! Storage, accounts and logs.

use alloy_primitives::{Address, B256, Bytes, LogData, U256};
use revm::context_interface::{ContextTr, JournalTr};
use revm::primitives::Log;
use wasmi::{Error, Linker};

use super::ink::{Vm, gas_left, pay, pay_gas, read, read_address, read_word, require_gas, stop, write};
use crate::frame::{Frame, Stop};
use crate::price::{self, EVM_API, HOSTIO, INK_PER_GAS, POINTER};

const MODULE: &str = "vm_hooks";
const COLD_SLOAD: u64 = 2_100;
const WARM: u64 = 100;
const COLD_ACCOUNT: u64 = 2_600;
const CODE_ACCESS: u64 = 700;
/// Gas that must be left to load a slot: a cold load, the API and the dearest read tier.
const LOAD_SENTRY: u64 = COLD_SLOAD + 5 + 10;
/// Gas that must be left to flush, and with the dearest write tier to write.
const FLUSH_SENTRY: u64 = 2_300;

pub(super) fn define(linker: &mut Linker<Frame<'_>>) -> Result<(), Error> {
    storage(linker)?;
    transient(linker)?;
    accounts(linker)?;
    linker.func_wrap(MODULE, "emit_log", |mut vm: Vm<'_, '_>, at: u32, length: u32, topics: u32| {
        emit_log(&mut vm, at, length, topics)
    })?;
    Ok(())
}

fn storage(linker: &mut Linker<Frame<'_>>) -> Result<(), Error> {
    linker.func_wrap(
        MODULE,
        "storage_load_bytes32",
        |mut vm: Vm<'_, '_>, key: u32, dest: u32| -> Result<(), Error> {
            pay(&mut vm, HOSTIO + 2 * POINTER)?;
            require_gas(&mut vm, LOAD_SENTRY)?;
            let key = read_word(&mut vm, key)?;
            let mut gas = vm.data_mut().cache.read_tier();
            let value = match vm.data().cache.get(key) {
                Some(value) => value,
                None => {
                    let frame = vm.data_mut();
                    let loaded = frame
                        .context
                        .journal_mut()
                        .sload(frame.address, key)
                        .expect("the state is in memory");
                    gas += if loaded.is_cold { COLD_SLOAD } else { WARM } + EVM_API / INK_PER_GAS;
                    frame.cache.loaded(key, loaded.data);
                    loaded.data
                }
            };
            pay_gas(&mut vm, gas)?;
            write(&mut vm, dest, &value.to_be_bytes::<32>())
        },
    )?;
    linker.func_wrap(
        MODULE,
        "storage_cache_bytes32",
        |mut vm: Vm<'_, '_>, key: u32, value: u32| -> Result<(), Error> {
            pay(&mut vm, HOSTIO + 2 * POINTER)?;
            require_gas(&mut vm, FLUSH_SENTRY + 10)?;
            let (key, value) = (read_word(&mut vm, key)?, read_word(&mut vm, value)?);
            let gas = vm.data_mut().cache.write_tier();
            pay_gas(&mut vm, gas)?;
            vm.data_mut().cache.set(key, value);
            Ok(())
        },
    )?;
    linker.func_wrap(
        MODULE,
        "storage_flush_cache",
        |mut vm: Vm<'_, '_>, clear: u32| -> Result<(), Error> {
            pay(&mut vm, HOSTIO + EVM_API)?;
            require_gas(&mut vm, FLUSH_SENTRY)?;
            flush(&mut vm)?;
            if clear != 0 {
                vm.data_mut().cache.clear();
            }
            Ok(())
        },
    )?;
    Ok(())
}

fn flush(vm: &mut Vm<'_, '_>) -> Result<(), Error> {
    if !vm.data().cache.is_dirty() {
        return Ok(());
    }
    if vm.data().read_only {
        return stop(vm, Stop::Failure);
    }
    let available = gas_left(vm);
    let dirty = vm.data_mut().cache.take_dirty();
    let mut spent = 0_u64;
    for (key, value) in dirty {
        let frame = vm.data_mut();
        let stored =
            frame.context.journal_mut().sstore(frame.address, key, value).expect("the state is in memory");
        let (cost, refund) = store_cost(&stored.data, stored.is_cold);
        frame.refund += refund;
        spent += cost;
        if spent > available {
            return pay(vm, u64::MAX);
        }
    }
    pay_gas(vm, spent)?;
    if gas_left(vm) == 0 { pay(vm, u64::MAX) } else { Ok(()) }
}

/// SSTORE after EIP-2929 and EIP-3529: gas and change of the refund.
fn store_cost(result: &revm::context_interface::context::SStoreResult, cold: bool) -> (u64, i64) {
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

fn transient(linker: &mut Linker<Frame<'_>>) -> Result<(), Error> {
    const INK: u64 = HOSTIO + 2 * POINTER + EVM_API;
    linker.func_wrap(
        MODULE,
        "transient_load_bytes32",
        |mut vm: Vm<'_, '_>, key: u32, dest: u32| -> Result<(), Error> {
            pay(&mut vm, INK)?;
            pay_gas(&mut vm, WARM)?;
            let key = read_word(&mut vm, key)?;
            let frame = vm.data_mut();
            let value = frame.context.journal_mut().tload(frame.address, key);
            write(&mut vm, dest, &value.to_be_bytes::<32>())
        },
    )?;
    linker.func_wrap(
        MODULE,
        "transient_store_bytes32",
        |mut vm: Vm<'_, '_>, key: u32, value: u32| -> Result<(), Error> {
            pay(&mut vm, INK)?;
            pay_gas(&mut vm, WARM)?;
            let (key, value) = (read_word(&mut vm, key)?, read_word(&mut vm, value)?);
            if vm.data().read_only {
                return stop(&mut vm, Stop::Failure);
            }
            let frame = vm.data_mut();
            frame.context.journal_mut().tstore(frame.address, key, value);
            Ok(())
        },
    )?;
    Ok(())
}

/// Balance, code hash, code and coldness of an account.
struct Account {
    balance: U256,
    hash: B256,
    code: Bytes,
    gas: u64,
}

fn account(vm: &mut Vm<'_, '_>, address: Address) -> Account {
    let frame = vm.data_mut();
    let loaded = frame.context.journal_mut().load_account_with_code(address).expect("the state is in memory");
    let gas = if loaded.is_cold { COLD_ACCOUNT } else { WARM };
    let hash = if loaded.is_empty() { B256::ZERO } else { loaded.info.code_hash };
    let code = loaded.info.code.as_ref().map(|code| code.original_bytes()).unwrap_or_default();
    Account { balance: loaded.info.balance, hash, code, gas }
}

fn accounts(linker: &mut Linker<Frame<'_>>) -> Result<(), Error> {
    linker.func_wrap(
        MODULE,
        "account_balance",
        |mut vm: Vm<'_, '_>, address: u32, dest: u32| -> Result<(), Error> {
            pay(&mut vm, HOSTIO + 2 * POINTER + EVM_API)?;
            let address = read_address(&mut vm, address)?;
            let found = account(&mut vm, address);
            pay_gas(&mut vm, found.gas)?;
            write(&mut vm, dest, &found.balance.to_be_bytes::<32>())
        },
    )?;
    linker.func_wrap(
        MODULE,
        "account_codehash",
        |mut vm: Vm<'_, '_>, address: u32, dest: u32| -> Result<(), Error> {
            pay(&mut vm, HOSTIO + 2 * POINTER + EVM_API)?;
            let address = read_address(&mut vm, address)?;
            let found = account(&mut vm, address);
            pay_gas(&mut vm, found.gas)?;
            write(&mut vm, dest, found.hash.as_slice())
        },
    )?;
    linker.func_wrap(
        MODULE,
        "account_code_size",
        |mut vm: Vm<'_, '_>, address: u32| -> Result<u32, Error> {
            pay(&mut vm, HOSTIO + EVM_API)?;
            Ok(code(&mut vm, address)?.len() as u32)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "account_code",
        |mut vm: Vm<'_, '_>, address: u32, offset: u32, size: u32, dest: u32| -> Result<u32, Error> {
            pay(&mut vm, HOSTIO + EVM_API)?;
            let code = code(&mut vm, address)?;
            pay(&mut vm, price::write(code.len() as u64))?;
            let from = (offset as usize).min(code.len());
            let to = from.saturating_add(size as usize).min(code.len());
            write(&mut vm, dest, &code[from..to])?;
            Ok((to - from) as u32)
        },
    )?;
    Ok(())
}

/// Code of an account; the one last read in the frame is free of account gas.
fn code(vm: &mut Vm<'_, '_>, address: u32) -> Result<Bytes, Error> {
    let address = read_address(vm, address)?;
    if let Some((last, code)) = &vm.data().last_code
        && *last == address
    {
        return Ok(code.clone());
    }
    let found = account(vm, address);
    pay_gas(vm, CODE_ACCESS + found.gas)?;
    vm.data_mut().last_code = Some((address, found.code.clone()));
    Ok(found.code)
}

fn emit_log(vm: &mut Vm<'_, '_>, at: u32, length: u32, topics: u32) -> Result<(), Error> {
    pay(vm, HOSTIO + EVM_API)?;
    if topics > 4 || length < 32 * topics {
        return stop(vm, Stop::Failure);
    }
    pay(vm, price::read(length.into()))?;
    let gas = 375 * (1 + u64::from(topics)) + 8 * u64::from(length - 32 * topics);
    pay_gas(vm, gas)?;
    let bytes = read(vm, at, length)?;
    if vm.data().read_only {
        return stop(vm, Stop::Failure);
    }
    let (head, data) = bytes.split_at(32 * topics as usize);
    let topics = head.chunks_exact(32).map(B256::from_slice).collect();
    let frame = vm.data_mut();
    let address = frame.address;
    frame
        .context
        .journal_mut()
        .log(Log { address, data: LogData::new_unchecked(topics, data.to_vec().into()) });
    Ok(())
}
