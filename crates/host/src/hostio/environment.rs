//! What the program can ask of its call, its block and its chain.

use alloy_primitives::U256;
use revm::context_interface::{Block, Cfg, ContextTr, Transaction};

use super::Vm;
use crate::frame::{Frame, Stop};
use crate::price::{self, HOSTIO, INK_PER_GAS, POINTER};

pub(crate) fn read_args(vm: &mut Vm<'_, '_>, at: u32) -> Result<(), Stop> {
    let data = vm.frame.calldata.clone();
    vm.pay(HOSTIO + price::write(data.len() as u64))?;
    vm.write(at, &data)
}

pub(crate) fn write_result(vm: &mut Vm<'_, '_>, at: u32, length: u32) -> Result<(), Stop> {
    vm.pay(HOSTIO + 2 * price::read(length.into()))?;
    vm.frame.result = vm.read(at, length)?.to_vec();
    Ok(())
}

pub(crate) fn exit_early(_: &mut Vm<'_, '_>, status: u32) -> Result<(), Stop> {
    Err(Stop::Exit(status))
}

pub(crate) fn pay_for_memory_grow(vm: &mut Vm<'_, '_>, pages: u32) -> Result<(), Stop> {
    if pages == 0 {
        return vm.pay(HOSTIO);
    }
    let gas = vm.frame.stylus.pages.grow(pages.min(u16::MAX.into()) as u16);
    vm.pay_gas(gas)
}

pub(crate) fn block_gas_limit(vm: &mut Vm<'_, '_>) -> Result<u64, Stop> {
    number(vm, |vm| vm.frame.context.block().gas_limit())
}

pub(crate) fn block_number(vm: &mut Vm<'_, '_>) -> Result<u64, Stop> {
    number(vm, |vm| vm.frame.context.block().number().saturating_to())
}

pub(crate) fn block_timestamp(vm: &mut Vm<'_, '_>) -> Result<u64, Stop> {
    number(vm, |vm| vm.frame.context.block().timestamp().saturating_to())
}

pub(crate) fn chainid(vm: &mut Vm<'_, '_>) -> Result<u64, Stop> {
    number(vm, |vm| vm.frame.context.cfg().chain_id())
}

pub(crate) fn evm_gas_left(vm: &mut Vm<'_, '_>) -> Result<u64, Stop> {
    let left = number(vm, |vm| vm.gas_left())?;
    Ok(vm.frame.stylus.natives.gas(left))
}

pub(crate) fn evm_ink_left(vm: &mut Vm<'_, '_>) -> Result<u64, Stop> {
    number(vm, |vm| vm.ink_left())
}

pub(crate) fn tx_ink_price(vm: &mut Vm<'_, '_>) -> Result<u32, Stop> {
    number(vm, |_| INK_PER_GAS as u32)
}

pub(crate) fn msg_reentrant(vm: &mut Vm<'_, '_>) -> Result<u32, Stop> {
    number(vm, |vm| {
        let open = vm.frame.stylus.open.get(&vm.frame.address);
        u32::from(open.is_some_and(|count| *count > 1))
    })
}

pub(crate) fn msg_sender(vm: &mut Vm<'_, '_>, at: u32) -> Result<(), Stop> {
    word(vm, at, |frame| frame.caller)
}

pub(crate) fn msg_value(vm: &mut Vm<'_, '_>, at: u32) -> Result<(), Stop> {
    word(vm, at, |frame| frame.value.to_be_bytes::<32>())
}

pub(crate) fn contract_address(vm: &mut Vm<'_, '_>, at: u32) -> Result<(), Stop> {
    word(vm, at, |frame| frame.address)
}

pub(crate) fn tx_origin(vm: &mut Vm<'_, '_>, at: u32) -> Result<(), Stop> {
    word(vm, at, |frame| frame.context.tx().caller())
}

pub(crate) fn tx_gas_price(vm: &mut Vm<'_, '_>, at: u32) -> Result<(), Stop> {
    word(vm, at, |frame| {
        let base_fee = u128::from(frame.context.block().basefee());
        U256::from(frame.context.tx().effective_gas_price(base_fee)).to_be_bytes::<32>()
    })
}

pub(crate) fn block_coinbase(vm: &mut Vm<'_, '_>, at: u32) -> Result<(), Stop> {
    word(vm, at, |frame| frame.context.block().beneficiary())
}

pub(crate) fn block_basefee(vm: &mut Vm<'_, '_>, at: u32) -> Result<(), Stop> {
    word(vm, at, |frame| U256::from(frame.context.block().basefee()).to_be_bytes::<32>())
}

/// Answers with a number, as it is after the price is paid.
fn number<T>(vm: &mut Vm<'_, '_>, of: impl Fn(&Vm<'_, '_>) -> T) -> Result<T, Stop> {
    vm.pay(HOSTIO)?;
    Ok(of(vm))
}

/// Answers with bytes in the program's memory.
fn word<B: AsRef<[u8]>>(vm: &mut Vm<'_, '_>, at: u32, of: impl Fn(&Frame<'_>) -> B) -> Result<(), Stop> {
    vm.pay(HOSTIO + POINTER)?;
    let bytes = of(vm.frame);
    vm.write(at, bytes.as_ref())
}
