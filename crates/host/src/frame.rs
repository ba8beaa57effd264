//! One call of a program: overhead, memory, ink, and how it ends.

use alloy_primitives::{Address, B256, Bytes, U256};
use revm::interpreter::{CallInputs, Gas, InstructionResult, InterpreterResult};

use crate::engine::Exit;
use crate::evm::{Context, Stylus};
use crate::hostio::{SIGNATURES, Use, Uses};
use crate::lifecycle::{self, Record};
use crate::meter;
use crate::native::{self, Native};
use crate::price::{INK_PER_GAS, return_data_floor};
use crate::program::Program;
use crate::storage::StorageCache;
use crate::trace::{Outcome, ProgramRun};

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
    pub(crate) uses: Uses,
}

/// How a program ended.
struct Ending {
    run: ProgramRun,
    output: Bytes,
    gas_used: u64,
    refund: i64,
}

/// Runs the program with this code hash for a call of revm's.
pub(crate) fn run(
    context: &mut Context,
    stylus: &mut Stylus,
    inputs: &CallInputs,
    hash: B256,
) -> InterpreterResult {
    let gas_limit = inputs.gas_limit;
    let code = inputs.known_bytecode.1.original_byte_slice();
    let (program, record) = match lifecycle::callable(context, stylus, hash, code) {
        Ok(found) => found,
        Err(refusal) => {
            stylus.refusal = Some((inputs.bytecode_address, refusal));
            let gas = Gas::new_spent_with_reservoir(gas_limit, 0);
            return InterpreterResult {
                result: InstructionResult::OpcodeNotFound,
                gas,
                output: Bytes::new(),
            };
        }
    };
    let pages_before = stylus.pages.open;
    let overhead = overhead(stylus, &record, hash);
    let ending = match gas_limit.checked_sub(overhead) {
        Some(gas) => {
            let delegate = inputs.scheme.is_delegate_call() || inputs.scheme.is_call_code();
            if !delegate {
                *stylus.open.entry(inputs.target_address).or_default() += 1;
            }
            let native = stylus.natives.get(&program.hash);
            let ending = execute(context, stylus, inputs, (&program, native), gas);
            if !delegate {
                *stylus.open.entry(inputs.target_address).or_default() -= 1;
            }
            ending
        }
        None => {
            Ending { run: ProgramRun::not_started(), output: Bytes::new(), gas_used: gas_limit, refund: 0 }
        }
    };
    stylus.pages.open = pages_before;
    stylus.ink_used = ending.run.ink_used;
    settle(context, gas_limit, ending)
}

/// Gas of starting the program; it counts as called in this block whether or not the gas is there.
fn overhead(stylus: &mut Stylus, record: &Record, hash: B256) -> u64 {
    let cached = stylus.programs.touch(hash, record.cached);
    stylus.pages.grow(record.footprint).saturating_add(record.overhead(cached))
}

/// Turns the ending into a result of revm's.
fn settle(context: &mut Context, gas_limit: u64, ending: Ending) -> InterpreterResult {
    let Ending { run, output, gas_used, refund } = ending;
    let mut gas = Gas::new(gas_limit);
    let _ = gas.record_regular_cost(gas_used);
    if run.outcome == Outcome::Success {
        gas.record_refund(refund);
    }
    let result = match run.outcome {
        Outcome::Success => InstructionResult::Return,
        Outcome::Revert | Outcome::Failure => InstructionResult::Revert,
        Outcome::OutOfStack => InstructionResult::CallTooDeep,
        Outcome::OutOfInk | Outcome::NotStarted | Outcome::FloorNotCovered => InstructionResult::OutOfGas,
    };
    context.chain.program(run);
    InterpreterResult { result, gas, output }
}

fn execute(
    context: &mut Context,
    stylus: &mut Stylus,
    inputs: &CallInputs,
    (program, native): (&Program, Option<Native>),
    gas: u64,
) -> Ending {
    let calldata = inputs.input.bytes(context);
    let ink = gas.saturating_mul(INK_PER_GAS);
    let mut frame = Frame {
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
        uses: [Use::default(); SIGNATURES.len()],
    };
    let exit = match native {
        Some(native) => native::run(native, &mut frame, ink),
        None => program.module.run(&mut frame, ink),
    };
    let Frame { result, refund, uses, .. } = frame;
    let mut outcome = outcome(&exit);
    let kept = matches!(outcome, Outcome::Success | Outcome::Revert);
    let mut output: Bytes = if kept { result.into() } else { Bytes::new() };
    let overhead = inputs.gas_limit - gas;
    let metered = inputs.gas_limit - exit.ink_left / INK_PER_GAS;
    let mut gas_used = metered.max(return_data_floor(output.len()));
    if gas_used > inputs.gas_limit {
        outcome = Outcome::FloorNotCovered;
        output = Bytes::new();
    }
    if !matches!(outcome, Outcome::Success | Outcome::Revert | Outcome::Failure) {
        gas_used = inputs.gas_limit;
    }
    Ending { run: ProgramRun::new(outcome, overhead, ink, &exit, &uses), output, gas_used, refund }
}

fn outcome(exit: &Exit) -> Outcome {
    match (exit.returned, exit.stop, exit.metered) {
        (_, Some(Stop::OutOfInk), _) | (_, _, meter::OUT_OF_INK) => Outcome::OutOfInk,
        (_, _, meter::OUT_OF_STACK) => Outcome::OutOfStack,
        (_, Some(Stop::Exit(0)), _) | (Some(0), None, _) => Outcome::Success,
        (_, Some(Stop::Exit(_)), _) | (Some(_), None, _) => Outcome::Revert,
        _ => Outcome::Failure,
    }
}
