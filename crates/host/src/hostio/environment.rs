//! What the program can ask of its call, its block and its chain.

use revm::context_interface::{Block, Cfg, ContextTr, Transaction};
use wasmi::{Error, Linker};

use super::ink::{Vm, gas_left, ink_left, pay, read, stop, write};
use crate::frame::{Frame, Stop};
use crate::price::{self, HOSTIO, INK_PER_GAS, POINTER};

const MODULE: &str = "vm_hooks";

pub(super) fn define(linker: &mut Linker<Frame<'_>>) -> Result<(), Error> {
    call_data(linker)?;
    numbers(linker)?;
    words(linker)
}

fn call_data(linker: &mut Linker<Frame<'_>>) -> Result<(), Error> {
    linker.func_wrap(MODULE, "read_args", |mut vm: Vm<'_, '_>, at: u32| -> Result<(), Error> {
        let data = vm.data().calldata.clone();
        pay(&mut vm, HOSTIO + price::write(data.len() as u64))?;
        write(&mut vm, at, &data)
    })?;
    linker.func_wrap(
        MODULE,
        "write_result",
        |mut vm: Vm<'_, '_>, at: u32, length: u32| -> Result<(), Error> {
            pay(&mut vm, HOSTIO + 2 * price::read(length.into()))?;
            vm.data_mut().result = read(&mut vm, at, length)?;
            Ok(())
        },
    )?;
    linker.func_wrap(MODULE, "exit_early", |mut vm: Vm<'_, '_>, status: u32| -> Result<(), Error> {
        stop(&mut vm, Stop::Exit(status))
    })?;
    linker.func_wrap(
        MODULE,
        "pay_for_memory_grow",
        |mut vm: Vm<'_, '_>, pages: u32| -> Result<(), Error> {
            if pages == 0 {
                return pay(&mut vm, HOSTIO);
            }
            let gas = vm.data_mut().stylus.pages.grow(pages.min(u16::MAX.into()) as u16);
            super::ink::pay_gas(&mut vm, gas)
        },
    )?;
    Ok(())
}

fn numbers(linker: &mut Linker<Frame<'_>>) -> Result<(), Error> {
    let mut number = |name: &str, of: fn(&Vm<'_, '_>) -> u64| {
        linker
            .func_wrap(MODULE, name, move |mut vm: Vm<'_, '_>| -> Result<u64, Error> {
                pay(&mut vm, HOSTIO)?;
                Ok(of(&vm))
            })
            .map(|_| ())
    };
    number("block_gas_limit", |vm| vm.data().stylus.block_gas_limit)?;
    number("block_number", |vm| vm.data().context.block().number().saturating_to())?;
    number("block_timestamp", |vm| vm.data().context.block().timestamp().saturating_to())?;
    number("chainid", |vm| vm.data().context.cfg().chain_id())?;
    number("evm_gas_left", gas_left)?;
    number("evm_ink_left", ink_left)?;
    linker.func_wrap(MODULE, "tx_ink_price", |mut vm: Vm<'_, '_>| -> Result<u32, Error> {
        pay(&mut vm, HOSTIO)?;
        Ok(INK_PER_GAS as u32)
    })?;
    linker.func_wrap(MODULE, "msg_reentrant", |mut vm: Vm<'_, '_>| -> Result<u32, Error> {
        pay(&mut vm, HOSTIO)?;
        let frame = vm.data();
        Ok(u32::from(frame.stylus.open.get(&frame.address).is_some_and(|count| *count > 1)))
    })?;
    linker.func_wrap(MODULE, "return_data_size", |mut vm: Vm<'_, '_>| -> Result<u32, Error> {
        pay(&mut vm, HOSTIO)?;
        Ok(vm.data().returned.len() as u32)
    })?;
    Ok(())
}

fn words(linker: &mut Linker<Frame<'_>>) -> Result<(), Error> {
    let mut word = |name: &str, of: fn(&Frame<'_>) -> Vec<u8>| {
        linker
            .func_wrap(MODULE, name, move |mut vm: Vm<'_, '_>, at: u32| -> Result<(), Error> {
                pay(&mut vm, HOSTIO + POINTER)?;
                let bytes = of(vm.data());
                write(&mut vm, at, &bytes)
            })
            .map(|_| ())
    };
    word("msg_sender", |frame| frame.caller.to_vec())?;
    word("msg_value", |frame| frame.value.to_be_bytes_vec())?;
    word("contract_address", |frame| frame.address.to_vec())?;
    word("tx_origin", |frame| frame.context.tx().caller().to_vec())?;
    word("tx_gas_price", |frame| alloy_primitives::U256::from(frame.gas_price()).to_be_bytes_vec())?;
    word("block_coinbase", |frame| frame.context.block().beneficiary().to_vec())?;
    word("block_basefee", |frame| {
        alloy_primitives::U256::from(frame.context.block().basefee()).to_be_bytes_vec()
    })?;
    Ok(())
}
