//! What `scripts/build` made: the contracts' WASM and the Solidity artefacts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use alloy_primitives::{Address, Bytes, hex};
use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Deserialize)]
struct Artefact {
    bytecode: String,
    /// Where the addresses of libraries belong, in bytes.
    #[serde(default)]
    links: BTreeMap<String, Vec<usize>>,
}

fn target() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Creation bytecode of a Solidity contract.
///
/// # Errors
/// When the artefact is missing or malformed.
pub fn bytecode(name: &str) -> Result<Bytes> {
    linked(name, &[])
}

/// Creation bytecode of a Solidity contract that calls libraries.
///
/// # Errors
/// When the artefact is missing or malformed, or a library that it calls is not among `libraries`.
pub fn linked(name: &str, libraries: &[(&str, Address)]) -> Result<Bytes> {
    let file = target().join("solidity").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&file).with_context(|| missing(&file))?;
    let artefact: Artefact = serde_json::from_str(&text).with_context(|| format!("{}", file.display()))?;
    let mut code = hex::decode(artefact.bytecode).with_context(|| format!("{}", file.display()))?;
    for (library, places) in artefact.links {
        let known = libraries.iter().find(|(name, _)| *name == library);
        let (_, address) = known.with_context(|| format!("{name} calls {library}"))?;
        for place in places {
            let hole = code.get_mut(place..).and_then(|rest| rest.first_chunk_mut::<20>());
            *hole.with_context(|| format!("{name} ends before {place}"))? = address.into_array();
        }
    }
    Ok(code.into())
}

/// Release WASM of a contract, as the compiler left it; `WASM_FOLDER` names another folder than the compiler's.
///
/// # Errors
/// When it has not been built.
pub fn wasm(name: &str) -> Result<Vec<u8>> {
    let built = || target().join("wasm32-unknown-unknown/release");
    let folder = std::env::var_os("WASM_FOLDER").map_or_else(built, PathBuf::from);
    let file = folder.join(format!("{name}.wasm"));
    std::fs::read(&file).with_context(|| missing(&file))
}

fn missing(file: &std::path::Path) -> String {
    format!("{} is missing: run scripts/build", file.display())
}
