//! One case on a world of its own.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use super::Difference;
use super::compare::Comparison;
use super::format::{Answer, Call, Case, Fixed, Selector};
use crate::code;
use crate::mock::{self, Mock};
use crate::session::{Environment, Session, SessionCall};
use crate::world::World;

/// Runs a case and returns what is not as measured.
pub(super) fn case(fixed: &Fixed, case: &Case, wasm: &[Vec<u8>]) -> Vec<Difference> {
    let mut comparison = Comparison::new(&case.name);
    let mut world = World::new();
    for ((address, program), wasm) in case.programs.iter().zip(wasm) {
        let packed = || code::whole(&code::compress(wasm));
        world.set_code(*address, case.environment.code.get(address).cloned().unwrap_or_else(packed));
        let activated = world.activate(*address);
        comparison.activation(&program.activation, &activated);
        world.set_cached(*address, case.environment.cached);
    }
    for (address, slots) in &case.environment.storage {
        for (slot, value) in slots {
            world.set_storage(*address, *slot, *value);
        }
    }
    for (address, answers) in &case.environment.mocks {
        world.set_mock(*address, mock(answers));
        world.set_code(*address, fixed.code_of_mock.clone());
    }
    let mut session = world.session();
    session.set_free_value(true);
    for (index, call) in case.calls.iter().enumerate() {
        comparison.begin_call(index, call.label.as_deref());
        run(&mut session, &mut comparison, environment(fixed, case, call), call);
    }
    comparison.differences
}

fn run(session: &mut Session<'_>, comparison: &mut Comparison, environment: Environment, call: &Call) {
    session.set_environment(environment);
    if call.new_transaction {
        session.next_transaction(&[call.to, call.caller]);
    }
    let result = session.call(SessionCall {
        from: call.caller,
        to: call.to,
        value: call.value,
        data: call.calldata.clone(),
        gas_limit: call.gas_limit,
        read_only: call.read_only,
    });
    comparison.call(&call.expected, &result);
    for (account, slots) in &call.expected.storage_after {
        for (slot, expected) in slots {
            let got = session.storage(*account, *slot);
            comparison.equal(&storage_field(*account), expected, &got);
        }
    }
}

fn storage_field(account: Address) -> String {
    format!("storage_after.{account:#x}")
}

fn environment(fixed: &Fixed, case: &Case, call: &Call) -> Environment {
    Environment {
        block_number: case.environment.block_number,
        timestamp: call.timestamp,
        base_fee: fixed.block_basefee.saturating_to(),
        gas_price: fixed.tx_gas_price.saturating_to(),
        coinbase: fixed.block_coinbase,
        gas_limit: fixed.block_gas_limit,
        chain_id: fixed.chain_id,
    }
}

fn mock(answers: &BTreeMap<Selector, Answer>) -> Mock {
    let mut mock = Mock::default();
    for (selector, answer) in answers {
        let answer =
            mock::Answer { gas: answer.gas, data: answer.return_data.clone(), revert: answer.revert };
        match selector {
            Selector::Other => mock.otherwise = Some(answer),
            Selector::Bytes(bytes) => drop(mock.answers.insert(bytes.clone(), answer)),
        }
    }
    mock
}
