//! Validation: the features that are on, and the name of the one that is missing.

use wasmparser::{
    BinaryReaderError, FuncValidatorAllocations, Parser, Payload, ValidPayload, Validator, WasmFeatures,
};

use super::{Rule, limit, reject};
use crate::error::DeployError;
use crate::meter;

const VALUES: u64 = 4_096;

/// What a chain's validator takes.
const ALLOWED: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::GC_TYPES);

/// Features that are off and have a rule of their own.
const REFUSED: [(WasmFeatures, Rule); 9] = [
    (WasmFeatures::SIMD.union(WasmFeatures::RELAXED_SIMD), Rule::Simd),
    (WasmFeatures::THREADS, Rule::Threads),
    (WasmFeatures::TAIL_CALL, Rule::TailCall),
    (WasmFeatures::EXCEPTIONS.union(WasmFeatures::LEGACY_EXCEPTIONS), Rule::Exceptions),
    (WasmFeatures::MEMORY64, Rule::Memory64),
    (WasmFeatures::MULTI_MEMORY, Rule::MultiMemory),
    (WasmFeatures::EXTENDED_CONST, Rule::ExtendedConst),
    (WasmFeatures::MULTI_VALUE, Rule::MultiValue),
    (WasmFeatures::REFERENCE_TYPES, Rule::ReferenceTypes),
];

/// Checks that the module is valid with no feature that a chain refuses.
pub(super) fn validate(wasm: &[u8]) -> Result<(), DeployError> {
    match operands(wasm, ALLOWED) {
        Ok(most) => limit(Rule::ValueContention, most, VALUES, "values on the operand stack"),
        Err(error) => reject(broken(wasm), error.to_string()),
    }
}

/// The rule that an invalid module breaks: the one feature without which it is invalid though all others are on.
fn broken(wasm: &[u8]) -> Rule {
    if !readable(wasm) {
        return Rule::Malformed;
    }
    if operands(wasm, WasmFeatures::all()).is_err() {
        return Rule::Invalid;
    }
    let needs = |feature: WasmFeatures| operands(wasm, WasmFeatures::all().difference(feature)).is_err();
    let named = REFUSED.into_iter().find(|(feature, _)| needs(*feature));
    named.map_or(Rule::Feature, |(_, rule)| rule)
}

/// Whether it is a module down to its last instruction.
fn readable(wasm: &[u8]) -> bool {
    Parser::new(0).parse_all(wasm).all(|payload| match payload {
        Ok(Payload::CodeSectionEntry(body)) => {
            body.get_operators_reader().is_ok_and(|operators| operators.into_iter().all(|op| op.is_ok()))
        }
        payload => payload.is_ok(),
    })
}

/// Validates and returns the most values that any function has on its operand stack.
fn operands(wasm: &[u8], features: WasmFeatures) -> Result<u64, BinaryReaderError> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(features);
    let mut allocations = FuncValidatorAllocations::default();
    let mut most = 0;
    for payload in parser.parse_all(wasm) {
        if let ValidPayload::Func(function, body) = validator.payload(&payload?)? {
            let mut checker = function.into_validator(core::mem::take(&mut allocations));
            most = most.max(meter::operands(&mut checker, &body)?);
            allocations = checker.into_allocations();
        }
    }
    Ok(most.into())
}
