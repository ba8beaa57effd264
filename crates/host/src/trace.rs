//! What happened in a call: a tree of frames, EVM and program alike.

mod print;
mod record;

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256};

use crate::engine::Exit;
use crate::hostio::{SIGNATURES, Uses};
use crate::price::INK_PER_GAS;
use crate::world::World;

pub(crate) use record::Recorder;

/// How a frame came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// A call, also the one that a transaction makes.
    Call,
    /// A call that may change nothing.
    StaticCall,
    /// Foreign code on the caller's own storage, with its sender and value.
    DelegateCall,
    /// Foreign code on the caller's own storage.
    CallCode,
    /// A creation at an address made of the creator's nonce.
    Create,
    /// A creation at an address made of a salt and the init code.
    Create2,
}

impl FrameKind {
    /// The opcode's name, as geth's call tracer writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "CALL",
            Self::StaticCall => "STATICCALL",
            Self::DelegateCall => "DELEGATECALL",
            Self::CallCode => "CALLCODE",
            Self::Create => "CREATE",
            Self::Create2 => "CREATE2",
        }
    }
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned or exited with 0.
    Success,
    /// It returned or exited with another code; its data is kept.
    Revert,
    /// It trapped or the host refused what it asked for: no data, gas left is returned.
    Failure,
    /// All gas of the call is used up.
    OutOfInk,
    /// All gas of the call is used up.
    OutOfStack,
    /// The gas did not cover the overhead and all of it is used up.
    NotStarted,
    /// It ended well, but the gas did not cover the floor of its return data and all of it is used up.
    FloorNotCovered,
}

/// One host function in one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostioUse {
    /// Its name.
    pub name: &'static str,
    /// Completed calls.
    pub count: u64,
    /// Ink between entry and exit; of a call, the callee's too.
    pub ink: u64,
}

/// The program side of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramRun {
    /// How it ended.
    pub outcome: Outcome,
    /// Gas charged before it started: start and initial memory; 0 if it did not start.
    pub overhead_gas: u64,
    /// Ink from its first instruction to its end, callees included.
    pub ink_used: u64,
    /// Words of stack left at the end.
    pub stack_words_left: u32,
    /// Pages of memory at the end.
    pub memory_pages: u32,
    /// Host functions that it used.
    pub hostios: Vec<HostioUse>,
}

impl ProgramRun {
    pub(crate) fn not_started() -> Self {
        Self {
            outcome: Outcome::NotStarted,
            overhead_gas: 0,
            ink_used: 0,
            stack_words_left: 0,
            memory_pages: 0,
            hostios: Vec::new(),
        }
    }

    pub(crate) fn new(outcome: Outcome, overhead_gas: u64, ink: u64, exit: &Exit, uses: &Uses) -> Self {
        let used = SIGNATURES.iter().zip(uses).filter(|(_, used)| used.count > 0);
        Self {
            outcome,
            overhead_gas,
            ink_used: ink - exit.ink_left,
            stack_words_left: exit.stack_words_left,
            memory_pages: exit.memory_pages,
            hostios: used
                .map(|(host, used)| HostioUse { name: host.name, count: used.count, ink: used.ink })
                .collect(),
        }
    }
}

/// One frame of a call, with the frames that it opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// How it came about.
    pub kind: FrameKind,
    /// Who opened it.
    pub from: Address,
    /// Whose code ran; of a creation, the new contract, or zero if it failed.
    pub to: Address,
    /// Wei it carried; of a delegate call, the wei that the program sees.
    pub value: U256,
    /// Calldata or init code.
    pub input: Bytes,
    /// Return data, revert data or deployed code.
    pub output: Bytes,
    /// Gas it was given.
    pub gas_limit: u64,
    /// Gas it used, refunds not deducted.
    pub gas_used: u64,
    /// Why it failed; none if it did not.
    pub error: Option<String>,
    /// What a Stylus program did; none for EVM code.
    pub program: Option<ProgramRun>,
    /// Slots of the acting account that were read from the state, with their first value.
    pub reads: BTreeMap<U256, U256>,
    /// Slots of the acting account that were written to the state, with their last value; undone if the frame failed.
    pub writes: BTreeMap<U256, U256>,
    /// Frames that it opened, in order.
    pub calls: Vec<Self>,
}

impl World {
    /// Whether calls leave a trace behind. It costs time; the figures are the same.
    pub fn set_tracing(&mut self, tracing: bool) {
        self.machine.ctx.chain.on = tracing;
    }

    /// Takes the trace of the last transaction, whether or not it succeeded; none if it was not traced or ran no frame.
    pub fn take_trace(&mut self) -> Option<Trace> {
        self.machine.ctx.chain.take()
    }
}

impl Trace {
    /// Ink of the whole frame: overhead and run of a program, gas of EVM code at ten thousand a gas.
    #[must_use]
    pub fn ink(&self) -> u64 {
        match &self.program {
            Some(run) if run.outcome != Outcome::NotStarted => {
                run.overhead_gas.saturating_mul(INK_PER_GAS).saturating_add(run.ink_used)
            }
            _ => self.gas_used.saturating_mul(INK_PER_GAS),
        }
    }

    /// Uses of host functions in the frame and all below it, by name.
    #[must_use]
    pub fn hostios(&self) -> BTreeMap<&'static str, HostioUse> {
        let mut sum = BTreeMap::new();
        self.add_hostios(&mut sum);
        sum
    }

    fn add_hostios(&self, sum: &mut BTreeMap<&'static str, HostioUse>) {
        for used in self.program.iter().flat_map(|run| &run.hostios) {
            let entry = sum.entry(used.name).or_insert(HostioUse { count: 0, ink: 0, ..*used });
            entry.count += used.count;
            entry.ink += used.ink;
        }
        for call in &self.calls {
            call.add_hostios(sum);
        }
    }
}
