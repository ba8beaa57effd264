//! What cargo-stylus does to a compiled program before it goes on chain.
//!
//! The text round trip shortens the table index that LLVM writes at full width in `call_indirect`, which activation would refuse; custom
//! sections go.

use crate::error::DeployError;

/// The program as it is deployed.
pub(crate) fn normalise(wasm: &[u8]) -> Result<Vec<u8>, DeployError> {
    let text = wasmprinter::print_bytes(wasm).map_err(|error| DeployError::Malformed(error.to_string()))?;
    let wasm = wat::parse_str(text).map_err(|error| DeployError::Malformed(error.to_string()))?;
    strip(&wasm)
}

fn strip(wasm: &[u8]) -> Result<Vec<u8>, DeployError> {
    let mut module = wasm_encoder::Module::new();
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|error| DeployError::Malformed(error.to_string()))?;
        if let Some((id, range)) = payload.as_section()
            && id != 0
        {
            let data = &wasm[range.start as usize..range.end as usize];
            module.section(&wasm_encoder::RawSection { id, data });
        }
    }
    Ok(module.finish())
}
