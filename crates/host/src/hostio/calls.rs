//! Calls to other contracts, creation, and what they return.

use alloy_primitives::{Address, Bytes, U256};
use revm::context_interface::{ContextTr, CreateScheme, JournalTr};
use revm::interpreter::{CallInput, CallInputs, CallScheme, CallValue, CreateInputs};

use super::Vm;
use crate::evm::{self, Ended};
use crate::frame::Stop;
use crate::price::{self, EVM_API, HOSTIO, POINTER};

const WARM: u64 = 100;
const COLD: u64 = 2_600;
const VALUE: u64 = 9_000;
const STIPEND: u64 = 2_300;
const NEW_ACCOUNT: u64 = 25_000;
const CREATE: u64 = 32_000;
/// Status that a program sees for any failed call.
const FAILED: u32 = 2;

/// A call that a program asks for.
struct Request {
    scheme: CallScheme,
    to: Address,
    input: Bytes,
    value: U256,
    gas: u64,
}

pub(crate) fn call_contract(
    vm: &mut Vm<'_, '_>,
    to: u32,
    data: u32,
    length: u32,
    value: u32,
    gas: u64,
    returned: u32,
) -> Result<u32, Stop> {
    let value = Some(value);
    call(vm, CallScheme::Call, to, (data, length), value, gas, returned)
}

pub(crate) fn delegate_call_contract(
    vm: &mut Vm<'_, '_>,
    to: u32,
    data: u32,
    length: u32,
    gas: u64,
    returned: u32,
) -> Result<u32, Stop> {
    call(vm, CallScheme::DelegateCall, to, (data, length), None, gas, returned)
}

pub(crate) fn static_call_contract(
    vm: &mut Vm<'_, '_>,
    to: u32,
    data: u32,
    length: u32,
    gas: u64,
    returned: u32,
) -> Result<u32, Stop> {
    call(vm, CallScheme::StaticCall, to, (data, length), None, gas, returned)
}

fn pay_request(vm: &mut Vm<'_, '_>, pointers: u64, length: u32) -> Result<(), Stop> {
    vm.pay(HOSTIO + pointers * POINTER + EVM_API + 2 * price::read(length.into()))
}

fn call(
    vm: &mut Vm<'_, '_>,
    scheme: CallScheme,
    to: u32,
    (data, length): (u32, u32),
    value: Option<u32>,
    gas: u64,
    returned: u32,
) -> Result<u32, Stop> {
    pay_request(vm, 3, length)?;
    let value = value.map_or(Ok(U256::ZERO), |at| vm.read_word(at))?;
    let to = vm.read_address(to)?;
    let input = Bytes::copy_from_slice(vm.read(data, length)?);
    let (output, status) = forward(vm, Request { scheme, to, input, value, gas })?;
    finish(vm, returned, output)?;
    Ok(status)
}

/// Pays for a call and makes it.
fn forward(vm: &mut Vm<'_, '_>, request: Request) -> Result<(Bytes, u32), Stop> {
    let carries_value = !request.value.is_zero();
    if vm.frame.read_only && carries_value {
        return Ok((Bytes::new(), FAILED));
    }
    let target =
        vm.frame.context.journal_mut().load_account(request.to).expect("an in-memory state does not fail");
    let mut base = if target.is_cold { COLD } else { WARM };
    if carries_value {
        base += VALUE + if target.is_empty() { NEW_ACCOUNT } else { 0 };
    }
    let available = vm.gas_left();
    if base > available {
        vm.pay_gas(available)?;
        return Ok((Bytes::new(), FAILED));
    }
    let rest = available - base;
    let forwarded = request.gas.min(rest - rest.div_ceil(64));
    let limit = forwarded + if carries_value { STIPEND } else { 0 };
    let inputs = call_inputs(vm, request, limit);
    let ended = evm::call(vm.frame.context, vm.frame.stylus, inputs);
    absorb(vm, &ended);
    // The stipend is paid for where it is used.
    vm.pay_gas(base + limit - ended.gas_left)?;
    Ok((ended.output, if ended.success { 0 } else { FAILED }))
}

fn call_inputs(vm: &mut Vm<'_, '_>, request: Request, gas_limit: u64) -> CallInputs {
    let frame = &mut *vm.frame;
    let Request { scheme, to, input, value, .. } = request;
    let delegate = scheme == CallScheme::DelegateCall;
    CallInputs {
        input: CallInput::Bytes(input),
        return_memory_offset: 0..0,
        gas_limit,
        reservoir: 0,
        bytecode_address: to,
        known_bytecode: evm::code(frame.context, to),
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
        vm.frame.refund += ended.refund;
    }
}

/// Keeps what a sub-call returned and tells the program its length.
fn finish(vm: &mut Vm<'_, '_>, length_at: u32, output: Bytes) -> Result<(), Stop> {
    vm.write(length_at, &(output.len() as u32).to_le_bytes())?;
    vm.frame.returned = output;
    Ok(())
}

pub(crate) fn read_return_data(vm: &mut Vm<'_, '_>, dest: u32, offset: u32, size: u32) -> Result<u32, Stop> {
    vm.pay(HOSTIO + EVM_API)?;
    let data = vm.frame.returned.clone();
    let from = (offset as usize).min(data.len());
    let to = from.saturating_add(size as usize).min(data.len());
    vm.pay(price::write((to - from) as u64))?;
    vm.write(dest, &data[from..to])?;
    Ok((to - from) as u32)
}

pub(crate) fn return_data_size(vm: &mut Vm<'_, '_>) -> Result<u32, Stop> {
    vm.pay(HOSTIO)?;
    Ok(vm.frame.returned.len() as u32)
}

pub(crate) fn create1(
    vm: &mut Vm<'_, '_>,
    code: u32,
    length: u32,
    value: u32,
    contract: u32,
    returned: u32,
) -> Result<(), Stop> {
    pay_request(vm, 3, length)?;
    let value = vm.read_word(value)?;
    create(vm, (code, length), value, CreateScheme::Create, contract, returned)
}

pub(crate) fn create2(
    vm: &mut Vm<'_, '_>,
    code: u32,
    length: u32,
    value: u32,
    salt: u32,
    contract: u32,
    returned: u32,
) -> Result<(), Stop> {
    pay_request(vm, 4, length)?;
    let (value, salt) = (vm.read_word(value)?, vm.read_word(salt)?);
    vm.pay_gas(6 * u64::from(length).div_ceil(32))?;
    create(vm, (code, length), value, CreateScheme::Create2 { salt }, contract, returned)
}

fn create(
    vm: &mut Vm<'_, '_>,
    (code, length): (u32, u32),
    value: U256,
    scheme: CreateScheme,
    contract: u32,
    returned: u32,
) -> Result<(), Stop> {
    if vm.frame.read_only {
        return Err(Stop::Failure);
    }
    let init_code = Bytes::copy_from_slice(vm.read(code, length)?);
    vm.pay_gas(CREATE + 2 * u64::from(length).div_ceil(32))?;
    let available = vm.gas_left();
    let limit = available - available / 64;
    let frame = &mut *vm.frame;
    let inputs = CreateInputs::new(frame.address, scheme, value, init_code, limit, 0);
    let ended = evm::create(frame.context, frame.stylus, inputs);
    absorb(vm, &ended);
    vm.pay_gas(limit - ended.gas_left)?;
    let created = ended.created.filter(|_| ended.success).unwrap_or_default();
    vm.write(contract, created.as_slice())?;
    finish(vm, returned, if ended.success { Bytes::new() } else { ended.output })
}
