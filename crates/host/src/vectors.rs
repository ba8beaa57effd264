//! Golden vectors: what a chain's own VM did with small programs, replayed on the host and compared to the unit.
//!
//! The format is described beside the vectors themselves, in `tests/vectors/ink/README.md`.

mod compare;
mod format;
mod run;

use std::fmt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use format::{Case, File, Program};

/// Version of the format that is understood.
const FORMAT: u64 = 1;
const INDEX: &str = "vectors.json";

/// A folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VectorError {
    /// A file is not there or not readable.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The index is not JSON, or has fields that are unknown or missing.
    #[error("{}: {error}", .path.display())]
    Json {
        /// The index.
        path: PathBuf,
        /// Where and why.
        error: serde_json::Error,
    },
    /// The index is of another version.
    #[error("format {found}, only {FORMAT} is understood")]
    Format {
        /// The version.
        found: u64,
    },
    /// The vectors were measured under parameters that the host does not have.
    #[error("rule {rule}: {found}, the host has {has}")]
    Rule {
        /// The parameter.
        rule: &'static str,
        /// Of the vectors.
        found: u64,
        /// Of the host.
        has: u64,
    },
    /// A program's bytes are not those that were measured.
    #[error("{case}: {file} has sha256 {found}, the index says {expected}")]
    Hash {
        /// The case.
        case: String,
        /// The program.
        file: String,
        /// Of the index.
        expected: String,
        /// Of the file.
        found: String,
    },
    /// A program's file is not a plain name in the folder.
    #[error("{case}: {file} is not a file name")]
    Name {
        /// The case.
        case: String,
        /// The file.
        file: String,
    },
}

/// One figure that is not as measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The case.
    pub case: String,
    /// The call's place in the case, with its label; none for a figure of activation.
    pub call: Option<String>,
    /// The figure.
    pub field: String,
    /// As measured.
    pub expected: String,
    /// On the host.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = self.call.as_deref().unwrap_or("activation");
        let Self { case, field, expected, got, .. } = self;
        write!(f, "{case}, call {call}, {field}: expected {expected}, got {got}")
    }
}

/// What a run of all cases found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Cases with every figure as measured.
    pub passed: usize,
    /// Cases with a difference.
    pub failed: usize,
    /// All differences, in the cases' order.
    pub differences: Vec<Difference>,
}

/// A folder of vectors, read and checked.
pub struct Vectors {
    file: File,
    wasm: Vec<Vec<Vec<u8>>>,
}

impl Vectors {
    /// Reads a folder: its index and every program that the index names.
    ///
    /// # Errors
    /// When a file is missing, is not what the index says, or the index is not understood.
    pub fn read(folder: &Path) -> Result<Self, VectorError> {
        let path = folder.join(INDEX);
        let text = bytes(&path)?;
        let json = |error| VectorError::Json { path: path.clone(), error };
        let version: format::Version = serde_json::from_slice(&text).map_err(json)?;
        if version.format != FORMAT {
            return Err(VectorError::Format { found: version.format });
        }
        let file: File = serde_json::from_slice(&text).map_err(json)?;
        file.rules.check()?;
        let wasm = file.cases.iter().map(|case| programs(folder, case)).collect::<Result<_, _>>()?;
        Ok(Self { file, wasm })
    }

    /// Runs every case.
    #[must_use]
    pub fn run(&self) -> Report {
        let mut report = Report::default();
        for (case, wasm) in self.file.cases.iter().zip(&self.wasm) {
            let differences = run::case(&self.file.fixed_environment, case, wasm);
            let count = if differences.is_empty() { &mut report.passed } else { &mut report.failed };
            *count += 1;
            report.differences.extend(differences);
        }
        report
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, VectorError> {
    std::fs::read(path).map_err(|error| VectorError::File { path: path.into(), error })
}

fn programs(folder: &Path, case: &Case) -> Result<Vec<Vec<u8>>, VectorError> {
    case.programs.values().map(|program| wasm(folder, case, program)).collect()
}

fn wasm(folder: &Path, case: &Case, program: &Program) -> Result<Vec<u8>, VectorError> {
    let (case, file) = (case.name.clone(), program.wasm.clone());
    if Path::new(&file).file_name() != Some(file.as_ref()) {
        return Err(VectorError::Name { case, file });
    }
    let wasm = bytes(&folder.join(&file))?;
    let found = alloy_primitives::hex::encode(Sha256::digest(&wasm));
    if found != program.sha256 {
        return Err(VectorError::Hash { case, file, expected: program.sha256.clone(), found });
    }
    Ok(wasm)
}
