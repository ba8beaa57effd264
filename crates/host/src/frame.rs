//! One call of a program: overhead, memory, ink, and how it ends.

use alloy_primitives::{Address, B256, Bytes, U256};
use revm::context_interface::ContextTr;
use revm::interpreter::{CallInputs, Gas, InstructionResult, InterpreterResult};
use wasmi::{Global, Memory, Store, Val};

use crate::evm::{Context, Stylus};
use crate::hostio;
use crate::lifecycle;
use crate::meter;
use crate::price::{INK_PER_GAS, STACK_WORDS, return_data_floor};
use crate::program::Program;
use crate::storage::StorageCache;

/// Why a host function ended the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The program called `exit_early`.
    Exit(u32),
    OutOfInk,
    /// The host refused: the program fails without data.
    Failure,
}

/// State of a running program.
pub(crate) struct Frame<'a> {
    pub(crate) context: &'a mut Context,
    pub(crate) stylus: &'a mut Stylus,
    pub(crate) address: Address,
    pub(crate) caller: Address,
    pub(crate) value: U256,
    pub(crate) read_only: bool,
    pub(crate) calldata: Bytes,
    pub(crate) result: Vec<u8>,
    pub(crate) cache: StorageCache,
    pub(crate) returned: Bytes,
    pub(crate) refund: i64,
    pub(crate) last_code: Option<(Address, Bytes)>,
    pub(crate) stop: Option<Stop>,
    pub(crate) memory: Option<Memory>,
    pub(crate) ink: Option<Global>,
}

/// How a program ended.
struct Ending {
    ink_left: u64,
    outcome: Outcome,
    result: Vec<u8>,
    refund: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Success,
    Revert,
    Failure,
    OutOfInk,
    OutOfStack,
}

/// Runs the program with this code hash for a call of revm's.
pub(crate) fn run(
    context: &mut Context,
    stylus: &mut Stylus,
    inputs: &CallInputs,
    hash: B256,
) -> InterpreterResult {
    let gas_limit = inputs.gas_limit;
    let spent = |result| InterpreterResult {
        result,
        gas: Gas::new_spent_with_reservoir(gas_limit, 0),
        output: Bytes::new(),
    };
    let code = inputs.known_bytecode.1.original_byte_slice();
    let (program, record) = match lifecycle::callable(context, stylus, hash, code) {
        Ok(found) => found,
        Err(refusal) => {
            stylus.refusal = Some((inputs.bytecode_address, refusal));
            return spent(InstructionResult::OpcodeNotFound);
        }
    };
    let cached = stylus.programs.touch(hash, record.cached);
    let open_before = stylus.pages.open;
    let (start, start_cached) = record.start_gas();
    let start = if cached { start_cached } else { start };
    let overhead = stylus.pages.grow(record.footprint).saturating_add(start);
    let Some(gas) = gas_limit.checked_sub(overhead) else {
        stylus.pages.open = open_before;
        return spent(InstructionResult::OutOfGas);
    };
    let delegate = inputs.scheme.is_delegate_call() || inputs.scheme.is_call_code();
    if !delegate {
        *stylus.open.entry(inputs.target_address).or_default() += 1;
    }
    let ending = execute(context, stylus, inputs, &program, gas.saturating_mul(INK_PER_GAS));
    if !delegate {
        *stylus.open.entry(inputs.target_address).or_default() -= 1;
    }
    stylus.pages.open = open_before;
    stylus.ink_used = gas.saturating_mul(INK_PER_GAS) - ending.ink_left;
    settle(gas_limit, ending)
}

/// Turns the ending into gas and a result of revm's.
fn settle(gas_limit: u64, ending: Ending) -> InterpreterResult {
    let result = match ending.outcome {
        Outcome::Success => InstructionResult::Return,
        Outcome::Revert | Outcome::Failure => InstructionResult::Revert,
        Outcome::OutOfInk => InstructionResult::OutOfGas,
        Outcome::OutOfStack => InstructionResult::CallTooDeep,
    };
    let mut gas = Gas::new(gas_limit);
    let kept = matches!(ending.outcome, Outcome::Success | Outcome::Revert);
    let output: Bytes = if kept { ending.result.into() } else { Bytes::new() };
    let floor = return_data_floor(output.len());
    let used = gas_limit.saturating_sub(ending.ink_left / INK_PER_GAS).max(floor);
    if matches!(ending.outcome, Outcome::OutOfInk | Outcome::OutOfStack) || used > gas_limit {
        gas.spend_all();
        let result = if ending.outcome == Outcome::OutOfStack { result } else { InstructionResult::OutOfGas };
        return InterpreterResult { result, gas, output: Bytes::new() };
    }
    let _ = gas.record_regular_cost(used);
    if ending.outcome == Outcome::Success {
        gas.record_refund(ending.refund);
    }
    InterpreterResult { result, gas, output }
}

fn execute(
    context: &mut Context,
    stylus: &mut Stylus,
    inputs: &CallInputs,
    program: &Program,
    ink: u64,
) -> Ending {
    let calldata = inputs.input.bytes(context);
    let engine = stylus.programs.engine().clone();
    let length = calldata.len() as i32;
    let frame = Frame {
        context,
        stylus,
        address: inputs.target_address,
        caller: inputs.caller,
        value: inputs.value.get(),
        read_only: inputs.is_static,
        calldata,
        result: Vec::new(),
        cache: StorageCache::default(),
        returned: Bytes::new(),
        refund: 0,
        last_code: None,
        stop: None,
        memory: None,
        ink: None,
    };
    let mut store = Store::new(&engine, frame);
    let instance =
        hostio::linker(&engine).and_then(|linker| linker.instantiate_and_start(&mut store, &program.module));
    let Ok(instance) = instance else {
        return Ending { ink_left: 0, outcome: Outcome::OutOfInk, result: Vec::new(), refund: 0 };
    };
    let (Some(ink_left), Some(stack), Some(status)) = (
        instance.get_global(&store, meter::INK),
        instance.get_global(&store, meter::STACK),
        instance.get_global(&store, meter::STATUS),
    ) else {
        unreachable!("every metered module exports its meters")
    };
    store.data_mut().memory = instance.get_memory(&store, "memory");
    store.data_mut().ink = Some(ink_left);
    ink_left.set(&mut store, Val::I64(ink as i64)).expect("ink is a mutable i64");
    stack.set(&mut store, Val::I32(STACK_WORDS as i32)).expect("stack is a mutable i32");
    let returned = instance
        .get_typed_func::<i32, i32>(&store, "user_entrypoint")
        .and_then(|entry| entry.call(&mut store, length));

    let left = ink_left.get(&store).i64().unwrap_or_default() as u64;
    let metered = status.get(&store).i32().unwrap_or_default();
    let frame = store.into_data();
    let outcome = match (returned, frame.stop, metered) {
        (_, Some(Stop::OutOfInk), _) | (_, _, meter::OUT_OF_INK) => Outcome::OutOfInk,
        (_, _, meter::OUT_OF_STACK) => Outcome::OutOfStack,
        (_, Some(Stop::Exit(0)), _) | (Ok(0), None, _) => Outcome::Success,
        (_, Some(Stop::Exit(_)), _) | (Ok(_), None, _) => Outcome::Revert,
        _ => Outcome::Failure,
    };
    let ink_left = if matches!(outcome, Outcome::OutOfInk | Outcome::OutOfStack) { 0 } else { left };
    Ending { ink_left, outcome, result: frame.result, refund: frame.refund }
}

impl Frame<'_> {
    /// Gas price of a transaction, as a word.
    pub(crate) fn gas_price(&self) -> u128 {
        use revm::context_interface::{Block, Transaction};
        self.context.tx().effective_gas_price(u128::from(self.context.block().basefee()))
    }
}
