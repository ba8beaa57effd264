//! Validation: the features that are on, and the name of the one that is missing.

use wasmparser::{BinaryReaderError, Parser, Payload, Validator, WasmFeatures};

use super::{Rule, reject};
use crate::error::DeployError;

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
    valid(wasm, ALLOWED).or_else(|error| reject(broken(wasm), error.to_string()))
}

/// The rule that an invalid module breaks: the one feature without which it is invalid though all others are on.
fn broken(wasm: &[u8]) -> Rule {
    if !readable(wasm) {
        return Rule::Malformed;
    }
    if valid(wasm, WasmFeatures::all()).is_err() {
        return Rule::Invalid;
    }
    let needs = |feature: WasmFeatures| valid(wasm, WasmFeatures::all().difference(feature)).is_err();
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

fn valid(wasm: &[u8], features: WasmFeatures) -> Result<(), BinaryReaderError> {
    Validator::new_with_features(features).validate_all(wasm).map(|_| ())
}
