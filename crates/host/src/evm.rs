//! The seam between revm and programs.
//!
//! revm asks its precompiles first at every call, after the checkpoint and the transfer of value: there a program is recognised by its
//! code and run. Frames run in a loop of the host's own, for a transaction as for a program that calls out, on one context and journal.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, LazyLock};

use alloy_primitives::{Address, B256, Bytes};
use revm::bytecode::{Bytecode, opcode};
use revm::context::result::{EVMError, ExecutionResult, HaltReason};
use revm::context::{BlockEnv, CfgEnv, Evm, FrameStack, Journal, TxEnv};
use revm::context_interface::{ContextTr, JournalTr, LocalContextTr};
use revm::database::{CacheDB, EmptyDB};
use revm::handler::instructions::EthInstructions;
use revm::handler::{EthFrame, EthPrecompiles, FrameResult, Handler, ItemOrResult, PrecompileProvider};
use revm::interpreter::instructions::{control, host};
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::interpreter_action::FrameInit;
use revm::interpreter::interpreter_types::LoopControl;
use revm::interpreter::{
    CallInputs, CreateInputs, FrameInput, Instruction, InstructionContext, InstructionExecResult,
    InstructionResult, InterpreterAction, InterpreterResult, SharedMemory,
};
use revm::primitives::AddressSet;
use revm::primitives::hardfork::SpecId;

use crate::code::{is_program, is_stylus};
use crate::engine::NATIVE_STACK;
use crate::frame;
use crate::lifecycle::Refusal;
use crate::mock::{self, Mock};
use crate::native::Natives;
use crate::precompiles::{self, Chain};
use crate::price::Pages;
use crate::program::Programs;
use crate::trace::Recorder;

/// revm's context on an in-memory state.
pub(crate) type Context =
    revm::context::Context<BlockEnv, TxEnv, CfgEnv, CacheDB<EmptyDB>, Journal<CacheDB<EmptyDB>>, Recorder>;
type Instructions = EthInstructions<EthInterpreter, Context>;
/// revm with programs.
pub(crate) type Machine = Evm<Context, (), Instructions, Stylus, EthFrame<EthInterpreter>>;

/// Rules of the EVM side.
pub(crate) const SPEC: SpecId = SpecId::PRAGUE;

/// Native stack that a program and what it calls need at most before the next one grows it, and by how much it grows [bytes].
const STACK_LEFT: usize = NATIVE_STACK + (1 << 20);
const STACK_STEP: usize = 2 * NATIVE_STACK;

const STATE: &str = "an in-memory state does not fail";

static INSTRUCTIONS: LazyLock<Instructions> = LazyLock::new(instructions);

/// What the Stylus side keeps: programs and mocks for good, the rest for a transaction.
#[derive(Clone)]
pub(crate) struct Stylus {
    pub(crate) programs: Programs,
    pub(crate) mocks: HashMap<Address, Arc<Mock>>,
    pub(crate) natives: Natives,
    /// Whether whoever sends value is given it first.
    pub(crate) free_value: bool,
    pub(crate) pages: Pages,
    /// Open calls that act as an address, delegated ones not counted.
    pub(crate) open: HashMap<Address, u32>,
    /// Ink of the program that ended last.
    pub(crate) ink_used: u64,
    /// Why the program that could not run last could not.
    pub(crate) refusal: Option<(Address, Refusal)>,
    pub(crate) chain: Chain,
    precompiles: EthPrecompiles,
    warm: AddressSet,
}

impl Stylus {
    pub(crate) fn new() -> Self {
        let precompiles = EthPrecompiles::new(SPEC);
        let warm = precompiles.warm_addresses().iter().copied().chain(precompiles::ADDRESSES).collect();
        Self {
            programs: Programs::new(),
            mocks: HashMap::new(),
            natives: Natives::default(),
            free_value: false,
            pages: Pages::default(),
            open: HashMap::new(),
            ink_used: 0,
            refusal: None,
            chain: Chain::default(),
            precompiles,
            warm,
        }
    }

    /// Forgets what belongs to one transaction.
    pub(crate) fn next_transaction(&mut self) {
        self.pages = Pages::default();
        self.open.clear();
        self.ink_used = 0;
        self.refusal = None;
    }
}

impl PrecompileProvider<Context> for Stylus {
    type Output = InterpreterResult;

    fn set_spec(&mut self, spec: SpecId) -> bool {
        PrecompileProvider::<Context>::set_spec(&mut self.precompiles, spec)
    }

    fn run(
        &mut self,
        context: &mut Context,
        inputs: &CallInputs,
    ) -> Result<Option<InterpreterResult>, String> {
        if let Some(mock) = self.mocks.get(&inputs.bytecode_address) {
            return Ok(Some(mock::answer(mock, &inputs.input.bytes(context), inputs.gas_limit)));
        }
        let (hash, code) = &inputs.known_bytecode;
        if is_program(code.original_byte_slice()) {
            let run = || frame::run(context, self, inputs, *hash);
            return Ok(Some(stacker::maybe_grow(STACK_LEFT, STACK_STEP, run)));
        }
        if let Some(result) = precompiles::run(context, self, inputs) {
            return Ok(Some(result));
        }
        PrecompileProvider::<Context>::run(&mut self.precompiles, context, inputs)
    }

    fn warm_addresses(&self) -> &AddressSet {
        &self.warm
    }
}

/// revm's own way to run a transaction, on the host's loop over frames.
struct Arbitrum;

impl Handler for Arbitrum {
    type Evm = Machine;
    type Error = EVMError<Infallible>;
    type HaltReason = HaltReason;

    fn run_exec_loop(&mut self, machine: &mut Machine, first: FrameInit) -> Result<FrameResult, Self::Error> {
        Ok(frames(&mut machine.ctx, &mut machine.precompiles, first))
    }
}

/// Runs the transaction that is set in the context; its changes stay in the journal.
pub(crate) fn transact(machine: &mut Machine) -> Result<ExecutionResult, EVMError<Infallible>> {
    Arbitrum.run(machine)
}

/// How a call or creation ended.
pub(crate) struct Ended {
    pub(crate) success: bool,
    pub(crate) gas_left: u64,
    pub(crate) refund: i64,
    pub(crate) output: Bytes,
    pub(crate) created: Option<Address>,
}

/// A call on the open journal.
pub(crate) fn call(context: &mut Context, stylus: &mut Stylus, inputs: CallInputs) -> Ended {
    if stylus.free_value
        && let Some(value) = inputs.transfer_value()
    {
        context.journal_mut().balance_incr(inputs.caller, value).expect(STATE);
    }
    run(context, stylus, FrameInput::Call(Box::new(inputs)))
}

/// A creation on the open journal.
pub(crate) fn create(context: &mut Context, stylus: &mut Stylus, inputs: CreateInputs) -> Ended {
    run(context, stylus, FrameInput::Create(Box::new(inputs)))
}

/// Code of an account, with its hash.
pub(crate) fn code(context: &mut Context, account: Address) -> (B256, Bytecode) {
    let loaded = context.journal_mut().load_account_with_code(account).expect(STATE);
    (loaded.info.code_hash, loaded.info.code.clone().unwrap_or_default())
}

fn run(context: &mut Context, stylus: &mut Stylus, frame_input: FrameInput) -> Ended {
    let buffer = context.local().shared_memory_buffer().clone();
    let mut memory = SharedMemory::new_with_buffer(buffer);
    let child = memory.new_child_context();
    let depth = context.journal().depth();
    let result = frames(context, stylus, FrameInit { depth, memory: child, frame_input });
    memory.free_child_context();
    let (result, created) = match result {
        FrameResult::Call(outcome) => (outcome.result, None),
        FrameResult::Create(outcome) => (outcome.result, outcome.address),
    };
    let success = result.result.is_ok();
    let kept = success || result.result.is_revert();
    Ended {
        success,
        gas_left: if kept { result.gas.remaining() } else { 0 },
        refund: if success { result.gas.refunded() } else { 0 },
        output: result.output,
        created,
    }
}

/// revm's own loop over frames, on a stack of its own.
fn frames(context: &mut Context, stylus: &mut Stylus, first: FrameInit) -> FrameResult {
    type Error = revm::context_interface::context::ContextError<Infallible>;
    let mut stack: FrameStack<EthFrame<EthInterpreter>> = FrameStack::new();
    let mut init = first;
    loop {
        record(context, &init.frame_input);
        let is_first = stack.index().is_none();
        let slot = if is_first { stack.start_init() } else { stack.get_next() };
        let started = EthFrame::init_with_context(slot, context, stylus, init).expect(STATE);
        let mut result = match started {
            ItemOrResult::Item(token) => {
                // SAFETY: the token was made by this stack, just above.
                unsafe { if is_first { stack.end_init(token) } else { stack.push(token) } }
                None
            }
            ItemOrResult::Result(result) => Some(result),
        };
        init = loop {
            if let Some(result) = result.take() {
                context.chain.close(&result);
                if stack.index().is_none() {
                    return result;
                }
                stack.get().return_result::<_, Error>(context, result).expect(STATE);
            }
            let frame = stack.get();
            let action = frame.interpreter.run_plain(
                INSTRUCTIONS.instruction_table(),
                INSTRUCTIONS.gas_table(),
                context,
            );
            match frame.process_next_action::<_, Error>(context, action).expect(STATE) {
                ItemOrResult::Item(init) => break init,
                ItemOrResult::Result(ended) => {
                    stack.pop();
                    result = Some(ended);
                }
            }
        };
    }
}

fn record(context: &mut Context, frame: &FrameInput) {
    if !context.chain.on {
        return;
    }
    let input = match frame {
        FrameInput::Call(call) => call.input.bytes(context),
        FrameInput::Create(create) => create.init_code().clone(),
        FrameInput::Empty => Bytes::new(),
    };
    context.chain.open(frame, input);
}

/// Ethereum's instructions, with slots recorded, and with a RETURN that lets programs be created.
fn instructions() -> Instructions {
    let mut instructions = Instructions::new_mainnet_with_spec(SPEC);
    let table = instructions.instruction_table_mut();
    table[usize::from(opcode::SLOAD)] = Instruction::new(load);
    table[usize::from(opcode::SSTORE)] = Instruction::new(store);
    table[usize::from(opcode::RETURN)] = Instruction::new(return_from);
    instructions
}

type Running<'a> = InstructionContext<'a, Context, EthInterpreter>;

fn load(running: Running<'_>) -> InstructionExecResult {
    let Running { interpreter, host: context } = running;
    let slot = interpreter.stack.peek(0);
    host::sload(Running { interpreter, host: context })?;
    if let (Ok(slot), Ok(value)) = (slot, interpreter.stack.peek(0)) {
        context.chain.read(slot, value);
    }
    Ok(())
}

fn store(running: Running<'_>) -> InstructionExecResult {
    let Running { interpreter, host: context } = running;
    let (slot, value) = (interpreter.stack.peek(0), interpreter.stack.peek(1));
    host::sstore(Running { interpreter, host: context })?;
    if let (Ok(slot), Ok(value)) = (slot, value) {
        context.chain.wrote(slot, value);
    }
    Ok(())
}

/// Refuses to create code that begins with EF, unless it is a program or a part of one.
fn return_from(running: Running<'_>) -> InstructionExecResult {
    let Running { interpreter, host: context } = running;
    let ended = control::ret(Running { interpreter: &mut *interpreter, host: context });
    let creates = interpreter.input.bytecode_address.is_none();
    if let (true, Some(InterpreterAction::Return(result))) = (creates, interpreter.bytecode.action())
        && result.output.first() == Some(&0xef)
        && !is_stylus(&result.output)
    {
        result.result = InstructionResult::CreateContractStartingWithEF;
        result.output = Bytes::new();
        return Err(result.result);
    }
    ended
}
