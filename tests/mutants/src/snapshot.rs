//! The results that are committed: a file for each package, and in it for each source what its mutants came to.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::mutant::{Mutant, hash};
use crate::store::{Fate, Store};

/// Of one source.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Source {
    pub sha256: String,
    pub mutants: usize,
    pub caught: usize,
    pub timed_out: usize,
    /// They do not compile.
    pub unviable: usize,
    /// They have no switch: what the compiler itself computes, for the most part.
    pub not_judged: usize,
    pub survived: Vec<Survivor>,
    /// Functions with mutants, and the hash of their text.
    pub functions: BTreeMap<String, String>,
}

/// A mutant that no test catches.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Survivor {
    pub mutant: String,
    /// The line that it changes.
    pub line: String,
    /// How many tests reach it.
    pub tests: usize,
    /// Why no test could catch it, or need not.
    pub reason: String,
}

/// The sources of a package.
pub type Package = BTreeMap<String, Source>;

/// Where the results of a package are.
#[must_use]
pub fn file(root: &Path, package: &str) -> PathBuf {
    root.join("snapshots/mutants").join(format!("{package}.json"))
}

/// The results of a package; empty without any.
///
/// # Errors
/// When they are none.
pub fn read(root: &Path, package: &str) -> Result<Package> {
    let file = file(root, package);
    if !file.exists() {
        return Ok(Package::new());
    }
    serde_json::from_str(&fs::read_to_string(&file)?).with_context(|| file.display().to_string())
}

/// Writes the results of a package.
///
/// # Errors
/// When they cannot be written.
pub fn write(root: &Path, name: &str, package: &Package) -> Result<()> {
    let file = file(root, name);
    fs::create_dir_all(file.parent().context("a file in no folder")?)?;
    Ok(fs::write(file, serde_json::to_string_pretty(package)? + "\n")?)
}

/// The SHA-256 of a source.
///
/// # Errors
/// When it cannot be read.
pub fn sha256(root: &Path, source: &str) -> Result<String> {
    Ok(hash(&fs::read(root.join(source)).with_context(|| source.to_owned())?, 64))
}

/// How a survivor is named.
#[must_use]
pub fn name(mutant: &Mutant) -> String {
    if mutant.nth == 1 { mutant.what.clone() } else { format!("{} #{}", mutant.what, mutant.nth) }
}

/// What the mutants of one source came to, with the reasons that `old` gives; none while the fate of one is not known.
///
/// # Errors
/// When the source cannot be read.
pub fn source(
    root: &Path,
    file: &str,
    mutants: &[&Mutant],
    store: &Store,
    old: Option<&Source>,
) -> Result<Option<Source>> {
    let mut reasons: HashMap<(&str, &str), &str> = HashMap::new();
    for known in old.iter().flat_map(|old| &old.survived) {
        reasons.insert((&known.mutant, &known.line), &known.reason);
    }
    let mut source = Source { sha256: sha256(root, file)?, mutants: mutants.len(), ..Source::default() };
    for mutant in mutants {
        if let Some(function) = &mutant.function {
            // Two of one name are told apart by their texts.
            let texts = source.functions.entry(function.name.clone()).or_default();
            if !texts.contains(&function.text) {
                texts.push_str(if texts.is_empty() { "" } else { " " });
                texts.push_str(&function.text);
            }
        }
        match store.fate(mutant) {
            None => return Ok(None),
            Some(Fate::Caught { .. }) => source.caught += 1,
            Some(Fate::TimedOut { .. }) => source.timed_out += 1,
            Some(Fate::Unviable) => source.unviable += 1,
            Some(Fate::Left { .. }) => source.not_judged += 1,
            Some(Fate::Survived { tests, .. }) => {
                let (name, line) = (name(mutant), mutant.source.clone());
                let reason =
                    reasons.get(&(&*name, &*line)).map_or_else(String::new, |reason| (*reason).to_owned());
                source.survived.push(Survivor { mutant: name, line, tests: tests.values().sum(), reason });
            }
        }
    }
    Ok(Some(source))
}
