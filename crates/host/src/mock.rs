//! Contracts that answer by rote.

use std::collections::HashMap;

use alloy_primitives::{Address, Bytes};
use revm::interpreter::{Gas, InstructionResult, InterpreterResult};

use crate::world::World;

/// What a mocked contract answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Gas it uses, exactly; a call with less of it uses up all it has and fails without data.
    pub gas: u64,
    /// Return or revert data.
    pub data: Bytes,
    /// Whether it reverts.
    pub revert: bool,
}

/// A contract that answers by the first four bytes of its calldata. A call without an answer fails without data and uses no gas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mock {
    /// Answers by selector; calldata shorter than four bytes is its own selector.
    pub answers: HashMap<Vec<u8>, Answer>,
    /// The answer to every other selector.
    pub otherwise: Option<Answer>,
}

impl World {
    /// Puts a contract at an address that answers by rote; its code is the one byte `fe`.
    pub fn set_mock(&mut self, account: Address, mock: Mock) {
        self.set_code(account, Bytes::from_static(&[0xfe]));
        self.machine.precompiles.mocks.insert(account, mock.into());
    }
}

/// Answers one call.
pub(crate) fn answer(mock: &Mock, calldata: &[u8], gas_limit: u64) -> InterpreterResult {
    let selector = calldata.get(..4).unwrap_or(calldata);
    let mut gas = Gas::new(gas_limit);
    let Some(answer) = mock.answers.get(selector).or(mock.otherwise.as_ref()) else {
        return InterpreterResult { result: InstructionResult::Revert, gas, output: Bytes::new() };
    };
    if answer.gas > gas_limit {
        gas.spend_all();
        return InterpreterResult { result: InstructionResult::OutOfGas, gas, output: Bytes::new() };
    }
    let _ = gas.record_regular_cost(answer.gas);
    let result = if answer.revert { InstructionResult::Revert } else { InstructionResult::Return };
    InterpreterResult { result, gas, output: answer.data.clone() }
}
