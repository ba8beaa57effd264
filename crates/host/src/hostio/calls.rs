//! Calls to other contracts, creation, and what they return.

use alloy_primitives::{Address, B256, Bytes, U256};
use revm::context_interface::{ContextTr, CreateScheme, JournalTr};
use revm::interpreter::{CallInput, CallInputs, CallScheme, CallValue, CreateInputs};
use wasmi::{Error, Linker};

use super::ink::{Vm, gas_left, pay, pay_gas, read, read_address, read_word, stop, write};
use crate::evm::{self, Ended};
use crate::frame::{Frame, Stop};
use crate::price::{self, EVM_API, HOSTIO, POINTER};

const MODULE: &str = "vm_hooks";
const WARM: u64 = 100;
const COLD: u64 = 2_600;
const VALUE: u64 = 9_000;
const STIPEND: u64 = 2_300;
const NEW_ACCOUNT: u64 = 25_000;
const CREATE: u64 = 32_000;
/// Status that a program sees for any failed call.
const FAILED: u32 = 2;

pub(super) fn define(linker: &mut Linker<Frame<'_>>) -> Result<(), Error> {
    linker.func_wrap(
        MODULE,
        "call_contract",
        |mut vm: Vm<'_, '_>,
         to: u32,
         data: u32,
         length: u32,
         value: u32,
         gas: u64,
         returned: u32|
         -> Result<u32, Error> {
            pay_request(&mut vm, 3, length)?;
            let value = read_word(&mut vm, value)?;
            call(&mut vm, CallScheme::Call, to, (data, length), value, gas, returned)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "delegate_call_contract",
        |mut vm: Vm<'_, '_>,
         to: u32,
         data: u32,
         length: u32,
         gas: u64,
         returned: u32|
         -> Result<u32, Error> {
            pay_request(&mut vm, 3, length)?;
            call(&mut vm, CallScheme::DelegateCall, to, (data, length), U256::ZERO, gas, returned)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "static_call_contract",
        |mut vm: Vm<'_, '_>,
         to: u32,
         data: u32,
         length: u32,
         gas: u64,
         returned: u32|
         -> Result<u32, Error> {
            pay_request(&mut vm, 3, length)?;
            call(&mut vm, CallScheme::StaticCall, to, (data, length), U256::ZERO, gas, returned)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "read_return_data",
        |mut vm: Vm<'_, '_>, dest: u32, offset: u32, size: u32| -> Result<u32, Error> {
            pay(&mut vm, HOSTIO + EVM_API)?;
            let data = vm.data().returned.clone();
            let from = (offset as usize).min(data.len());
            let to = from.saturating_add(size as usize).min(data.len());
            pay(&mut vm, price::write((to - from) as u64))?;
            write(&mut vm, dest, &data[from..to])?;
            Ok((to - from) as u32)
        },
    )?;
    creation(linker)
}

fn pay_request(vm: &mut Vm<'_, '_>, pointers: u64, length: u32) -> Result<(), Error> {
    pay(vm, HOSTIO + pointers * POINTER + EVM_API + 2 * price::read(length.into()))
}

fn call(
    vm: &mut Vm<'_, '_>,
    scheme: CallScheme,
    to: u32,
    (data, length): (u32, u32),
    value: U256,
    gas: u64,
    returned: u32,
) -> Result<u32, Error> {
    let to = read_address(vm, to)?;
    let input: Bytes = read(vm, data, length)?.into();
    if vm.data().read_only && !value.is_zero() {
        return finish(vm, returned, Bytes::new(), FAILED);
    }
    let frame = vm.data_mut();
    let target = frame.context.journal_mut().load_account_with_code(to).expect("the state is in memory");
    let (cold, empty) = (target.is_cold, target.is_empty());
    let code = (target.info.code_hash, target.info.code.clone().unwrap_or_default());
    let mut base = if cold { COLD } else { WARM };
    if !value.is_zero() {
        base += VALUE + if empty { NEW_ACCOUNT } else { 0 };
    }
    let available = gas_left(vm);
    if base > available {
        pay_gas(vm, available)?;
        return finish(vm, returned, Bytes::new(), FAILED);
    }
    let rest = available - base;
    let forwarded = gas.min(rest - rest / 64);
    let stipend = if value.is_zero() { 0 } else { STIPEND };
    let inputs = call_inputs(vm.data(), scheme, to, code, input, value, forwarded + stipend);
    let frame = vm.data_mut();
    let ended = evm::call(frame.context, frame.stylus, inputs);
    let used = base + forwarded - ended.gas_left.min(forwarded + stipend).min(forwarded + stipend);
    absorb(vm, &ended);
    pay_gas(vm, used)?;
    let status = if ended.success { 0 } else { FAILED };
    finish(vm, returned, ended.output, status)
}

fn call_inputs(
    frame: &Frame<'_>,
    scheme: CallScheme,
    to: Address,
    code: (B256, revm::bytecode::Bytecode),
    input: Bytes,
    value: U256,
    gas_limit: u64,
) -> CallInputs {
    let delegate = scheme == CallScheme::DelegateCall;
    CallInputs {
        input: CallInput::Bytes(input),
        return_memory_offset: 0..0,
        gas_limit,
        reservoir: 0,
        bytecode_address: to,
        known_bytecode: code,
        target_address: if delegate { frame.address } else { to },
        caller: if delegate { frame.caller } else { frame.address },
        value: if delegate { CallValue::Apparent(frame.value) } else { CallValue::Transfer(value) },
        scheme,
        is_static: frame.read_only || scheme == CallScheme::StaticCall,
        charged_new_account_state_gas: false,
    }
}

/// Keeps what a sub-call leaves behind.
fn absorb(vm: &mut Vm<'_, '_>, ended: &Ended) {
    if ended.success {
        vm.data_mut().refund += ended.refund;
    }
}

fn finish(vm: &mut Vm<'_, '_>, length_at: u32, output: Bytes, status: u32) -> Result<u32, Error> {
    write(vm, length_at, &(output.len() as u32).to_le_bytes())?;
    vm.data_mut().returned = output;
    Ok(status)
}

fn creation(linker: &mut Linker<Frame<'_>>) -> Result<(), Error> {
    linker.func_wrap(
        MODULE,
        "create1",
        |mut vm: Vm<'_, '_>,
         code: u32,
         length: u32,
         value: u32,
         contract: u32,
         returned: u32|
         -> Result<(), Error> {
            pay_request(&mut vm, 3, length)?;
            let value = read_word(&mut vm, value)?;
            create(&mut vm, (code, length), value, CreateScheme::Create, contract, returned)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "create2",
        |mut vm: Vm<'_, '_>,
         code: u32,
         length: u32,
         value: u32,
         salt: u32,
         contract: u32,
         returned: u32|
         -> Result<(), Error> {
            pay_request(&mut vm, 4, length)?;
            let (value, salt) = (read_word(&mut vm, value)?, read_word(&mut vm, salt)?);
            pay_gas(&mut vm, 6 * u64::from(length).div_ceil(32))?;
            create(&mut vm, (code, length), value, CreateScheme::Create2 { salt }, contract, returned)
        },
    )?;
    Ok(())
}

fn create(
    vm: &mut Vm<'_, '_>,
    (code, length): (u32, u32),
    value: U256,
    scheme: CreateScheme,
    contract: u32,
    returned: u32,
) -> Result<(), Error> {
    if vm.data().read_only {
        return stop(vm, Stop::Failure);
    }
    let init_code: Bytes = read(vm, code, length)?.into();
    pay_gas(vm, CREATE + 2 * u64::from(length).div_ceil(32))?;
    let available = gas_left(vm);
    let limit = available - available / 64;
    let frame = vm.data_mut();
    let inputs = CreateInputs::new(frame.address, scheme, value, init_code, limit, 0);
    let ended = evm::create(frame.context, frame.stylus, inputs);
    absorb(vm, &ended);
    pay_gas(vm, limit - ended.gas_left)?;
    let created = ended.created.filter(|_| ended.success).unwrap_or_default();
    write(vm, contract, created.as_slice())?;
    let output = if ended.success { Bytes::new() } else { ended.output };
    finish(vm, returned, output, 0).map(|_| ())
}
