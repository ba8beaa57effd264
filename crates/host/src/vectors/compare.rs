//! Comparison of every figure of a case.

use std::collections::BTreeMap;
use std::fmt::Debug;

use alloy_primitives::keccak256;

use super::Difference;
use super::format::{Activation, Expected, Hostio};
use crate::activate::Rule;
use crate::error::DeployError;
use crate::program::ProgramInfo;
use crate::session::SessionResult;
use crate::trace::Outcome;
use crate::world::Log;

/// Differences of one case, found so far.
pub(super) struct Comparison {
    case: String,
    call: Option<String>,
    pub(super) differences: Vec<Difference>,
}

impl Comparison {
    pub(super) fn new(case: &str) -> Self {
        Self { case: case.into(), call: None, differences: Vec::new() }
    }

    /// From here on differences belong to this call.
    pub(super) fn begin_call(&mut self, index: usize, label: Option<&str>) {
        self.call = Some(match label {
            Some(label) => format!("{index} ({label})"),
            None => index.to_string(),
        });
    }

    pub(super) fn equal<T: Debug + PartialEq>(&mut self, field: &str, expected: &T, got: &T) {
        if expected != got {
            self.differences.push(Difference {
                case: self.case.clone(),
                call: self.call.clone(),
                field: field.into(),
                expected: format!("{expected:?}"),
                got: format!("{got:?}"),
            });
        }
    }

    pub(super) fn activation(&mut self, expected: &Activation, activated: &Result<ProgramInfo, DeployError>) {
        let rule = match activated {
            Ok(_) => None,
            Err(DeployError::Rejected { rule, .. }) => Some(rule_name(*rule)),
            Err(error) => Some(error.to_string()),
        };
        let result = if activated.is_ok() { "ok" } else { "rejected" };
        self.equal("result", &expected.result.as_str(), &result);
        self.equal("rule", &expected.rule, &rule);
        let info = activated.as_ref().ok();
        if let Some(info) = info {
            self.equal("wasm_bytes", &expected.wasm_bytes, &(info.wasm_bytes as u64));
        }
        let found = info.map(|info| info.activation);
        let found = found.as_ref();
        self.equal("activation_gas", &expected.activation_gas, &found.map(|a| a.activation_gas));
        self.equal("asm_estimate_bytes", &expected.asm_estimate_bytes, &found.map(|a| a.asm_estimate));
        self.equal("footprint_pages", &expected.footprint_pages, &found.map(|a| a.footprint_pages.into()));
        self.equal("init_cost", &expected.init_cost, &found.map(|a| a.init_cost));
        self.equal("cached_init_cost", &expected.cached_init_cost, &found.map(|a| a.cached_init_cost));
        self.equal(
            "overhead_uncached_gas",
            &expected.overhead_uncached_gas,
            &found.map(|a| a.overhead(false)),
        );
        self.equal("overhead_cached_gas", &expected.overhead_cached_gas, &found.map(|a| a.overhead(true)));
    }

    pub(super) fn call(&mut self, expected: &Expected, result: &SessionResult) {
        let output = &result.trace.output;
        if let Some(data) = &expected.return_data {
            self.equal("return_data", data, output);
        }
        if let Some(length) = &expected.return_data_length {
            self.equal("return_data_length", length, &(output.len() as u64));
        }
        if let Some(hash) = &expected.return_data_keccak256 {
            self.equal("return_data_keccak256", hash, &keccak256(output));
        }
        let run = result.trace.program.as_ref();
        let status = run.map_or("no program ran", |run| status(run.outcome));
        self.equal("status", &expected.status.as_str(), &status);
        let started = run.filter(|run| run.outcome != Outcome::NotStarted);
        self.equal("overhead_gas", &expected.overhead_gas, &started.map(|run| run.overhead_gas));
        self.equal("ink_used", &expected.ink_used, &started.map(|run| run.ink_used));
        self.equal("stack_words_left", &expected.stack_words_left, &started.map(|run| run.stack_words_left));
        self.equal("memory_pages", &expected.memory_pages, &started.map(|run| run.memory_pages));
        self.equal("gas_used", &expected.gas_used, &result.gas_used);
        self.equal("refund", &expected.refund, &result.refund);
        self.logs(expected, &result.logs);
        self.hostios(expected, result);
    }

    fn logs(&mut self, expected: &Expected, logs: &[Log]) {
        let expected: Vec<Log> = expected
            .logs
            .iter()
            .map(|log| Log { address: log.address, topics: log.topics.clone(), data: log.data.clone() })
            .collect();
        self.equal("logs", &expected.as_slice(), &logs);
    }

    fn hostios(&mut self, expected: &Expected, result: &SessionResult) {
        let used: BTreeMap<String, Hostio> = result
            .trace
            .hostios()
            .into_values()
            .map(|used| (used.name.into(), Hostio { count: used.count, ink: used.ink }))
            .collect();
        let names: std::collections::BTreeSet<&String> = expected.hostio.keys().chain(used.keys()).collect();
        for name in names {
            let (expected, got) = (expected.hostio.get(name), used.get(name));
            self.equal(&format!("hostio.{name}"), &expected, &got);
        }
    }
}

fn status(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Revert => "revert",
        Outcome::Failure => "failure",
        Outcome::OutOfInk => "out_of_ink",
        Outcome::OutOfStack => "out_of_stack",
        Outcome::NotStarted => "not_started",
        Outcome::FloorNotCovered => "floor_not_covered",
    }
}

/// A rule as the vectors name it: its name here in lower case with underscores.
fn rule_name(rule: Rule) -> String {
    let mut name = String::new();
    for letter in format!("{rule:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
