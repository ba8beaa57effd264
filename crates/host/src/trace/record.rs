//! Recording of frames while a transaction runs.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256};
use revm::context_interface::CreateScheme;
use revm::handler::FrameResult;
use revm::interpreter::{CallScheme, FrameInput};

use super::{FrameKind, ProgramRun, Trace};

/// Frames that are open, outermost first, and the last one that closed outermost. Records nothing until it is switched on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) on: bool,
    open: Vec<Trace>,
    last: Option<Trace>,
}

impl Recorder {
    /// A frame begins; `input` is its calldata or init code.
    pub(crate) fn open(&mut self, frame: &FrameInput, input: Bytes) {
        if !self.on {
            return;
        }
        let (kind, from, to, value, gas_limit) = match frame {
            FrameInput::Call(call) => {
                let kind = match call.scheme {
                    CallScheme::Call => FrameKind::Call,
                    CallScheme::CallCode => FrameKind::CallCode,
                    CallScheme::DelegateCall => FrameKind::DelegateCall,
                    CallScheme::StaticCall => FrameKind::StaticCall,
                };
                let from = if kind == FrameKind::DelegateCall { call.target_address } else { call.caller };
                (kind, from, call.bytecode_address, call.value.get(), call.gas_limit)
            }
            FrameInput::Create(create) => {
                let kind = match create.scheme() {
                    CreateScheme::Create2 { .. } => FrameKind::Create2,
                    _ => FrameKind::Create,
                };
                (kind, create.caller(), Address::ZERO, create.value(), create.gas_limit())
            }
            FrameInput::Empty => return,
        };
        self.open.push(Trace {
            kind,
            from,
            to,
            value,
            input,
            output: Bytes::new(),
            gas_limit,
            gas_used: 0,
            error: None,
            program: None,
            reads: BTreeMap::new(),
            writes: BTreeMap::new(),
            calls: Vec::new(),
        });
    }

    /// The innermost frame ends.
    pub(crate) fn close(&mut self, result: &FrameResult) {
        let Some(mut frame) = self.open.pop() else { return };
        let (ended, created) = match result {
            FrameResult::Call(outcome) => (&outcome.result, None),
            FrameResult::Create(outcome) => (&outcome.result, outcome.address),
        };
        frame.output = ended.output.clone();
        let failed = !ended.result.is_ok();
        let kept = !failed || ended.result.is_revert();
        frame.gas_used = frame.gas_limit - if kept { ended.gas.remaining() } else { 0 };
        if failed {
            frame.error = Some(match &frame.program {
                Some(run) => format!("{:?}", run.outcome),
                None => format!("{:?}", ended.result),
            });
        } else if let Some(created) = created {
            frame.to = created;
        }
        match self.open.last_mut() {
            Some(parent) => parent.calls.push(frame),
            None => self.last = Some(frame),
        }
    }

    /// The innermost frame's program ended.
    pub(crate) fn program(&mut self, run: ProgramRun) {
        if let Some(frame) = self.open.last_mut() {
            frame.program = Some(run);
        }
    }

    /// The innermost frame read a slot from the state.
    pub(crate) fn read(&mut self, slot: U256, value: U256) {
        if let Some(frame) = self.open.last_mut() {
            frame.reads.entry(slot).or_insert(value);
        }
    }

    /// The innermost frame wrote a slot to the state.
    pub(crate) fn wrote(&mut self, slot: U256, value: U256) {
        if let Some(frame) = self.open.last_mut() {
            frame.writes.insert(slot, value);
        }
    }

    /// The last outermost frame.
    pub(crate) fn take(&mut self) -> Option<Trace> {
        self.last.take()
    }

    /// Forgets everything, before a transaction.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
        self.last = None;
    }
}
