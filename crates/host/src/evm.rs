//! The seam between revm and programs.
//!
//! revm asks its precompiles first at every call, after the checkpoint and the transfer of value: there a program is recognised by its
//! code and run. A program that calls out runs revm's frames in a loop of its own, on the same context and journal.

use std::collections::HashMap;

use alloy_primitives::{Address, Bytes};
use revm::bytecode::opcode;
use revm::context::{BlockEnv, CfgEnv, FrameStack, Journal, TxEnv};
use revm::context_interface::{ContextTr, JournalTr, LocalContextTr};
use revm::database::{CacheDB, EmptyDB};
use revm::handler::instructions::EthInstructions;
use revm::handler::{EthFrame, EthPrecompiles, FrameResult, ItemOrResult, PrecompileProvider};
use revm::interpreter::instructions::control;
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::interpreter_action::FrameInit;
use revm::interpreter::interpreter_types::LoopControl;
use revm::interpreter::{
    CallInputs, CreateInputs, FrameInput, Instruction, InstructionContext, InstructionResult,
    InterpreterAction, InterpreterResult, SharedMemory,
};
use revm::primitives::AddressSet;
use revm::primitives::hardfork::SpecId;

use crate::code::{is_program, is_stylus};
use crate::frame;
use crate::lifecycle::Refusal;
use crate::precompiles::{self, Chain};
use crate::price::Pages;
use crate::program::Programs;

/// revm's context on an in-memory state.
pub(crate) type Context =
    revm::context::Context<BlockEnv, TxEnv, CfgEnv, CacheDB<EmptyDB>, Journal<CacheDB<EmptyDB>>, ()>;

/// Rules of the EVM side.
pub(crate) const SPEC: SpecId = SpecId::PRAGUE;

/// Native stack that a program and what it calls need at most before the next one grows it, and by how much it grows [bytes].
const STACK_LEFT: usize = 1 << 20;
const STACK_STEP: usize = 4 << 20;

/// What the Stylus side keeps: programs for good, the rest for a transaction.
#[derive(Clone)]
pub(crate) struct Stylus {
    pub(crate) programs: Programs,
    pub(crate) pages: Pages,
    /// Open calls that act as an address, delegated ones not counted.
    pub(crate) open: HashMap<Address, u32>,
    /// Ink of the program that ended last.
    pub(crate) ink_used: u64,
    pub(crate) block_gas_limit: u64,
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
            pages: Pages::default(),
            open: HashMap::new(),
            ink_used: 0,
            block_gas_limit: 1 << 50,
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

/// The instructions, of which RETURN refuses to create code that begins with EF, unless it is a program or a part of one.
pub(crate) fn instructions() -> EthInstructions<EthInterpreter, Context> {
    let mut instructions = EthInstructions::new_mainnet_with_spec(SPEC);
    let gas = instructions.gas_table()[usize::from(opcode::RETURN)];
    instructions.insert_instruction(opcode::RETURN, Instruction::new(return_from), gas);
    instructions
}

fn return_from(context: InstructionContext<'_, Context, EthInterpreter>) -> Result<(), InstructionResult> {
    let InstructionContext { interpreter, host } = context;
    let ended = control::ret(InstructionContext { interpreter: &mut *interpreter, host });
    let creates = interpreter.input.bytecode_address.is_none();
    if let (true, Some(InterpreterAction::Return(result))) = (creates, interpreter.bytecode.action())
        && result.output.first() == Some(&0xef)
        && !is_stylus(&result.output)
    {
        let refused = InstructionResult::CreateContractStartingWithEF;
        result.result = refused;
        result.output = Bytes::new();
        return Err(refused);
    }
    ended
}

/// How a sub-call ended.
pub(crate) struct Ended {
    pub(crate) success: bool,
    pub(crate) gas_left: u64,
    pub(crate) refund: i64,
    pub(crate) output: Bytes,
    pub(crate) created: Option<Address>,
}

/// A call from a program.
pub(crate) fn call(context: &mut Context, stylus: &mut Stylus, inputs: CallInputs) -> Ended {
    run(context, stylus, FrameInput::Call(Box::new(inputs)))
}

/// A creation from a program.
pub(crate) fn create(context: &mut Context, stylus: &mut Stylus, inputs: CreateInputs) -> Ended {
    run(context, stylus, FrameInput::Create(Box::new(inputs)))
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
    const STATE: &str = "an in-memory state does not fail";
    type Error = revm::context_interface::context::ContextError<core::convert::Infallible>;
    let instructions = instructions();
    let mut stack: FrameStack<EthFrame<EthInterpreter>> = FrameStack::new();
    let mut init = first;
    loop {
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
                if stack.index().is_none() {
                    return result;
                }
                stack.get().return_result::<_, Error>(context, result).expect(STATE);
            }
            let frame = stack.get();
            let action = frame.interpreter.run_plain(
                instructions.instruction_table(),
                instructions.gas_table(),
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
