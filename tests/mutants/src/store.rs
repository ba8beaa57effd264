//! What became of each mutant, kept line by line as it becomes known, so that a run that is stopped goes on where it was.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::mutant::Mutant;

/// What became of a mutant.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// A test fails.
    Caught { by: String },
    /// A test takes too long.
    TimedOut { by: String },
    /// It does not compile.
    Unviable,
    /// It has no switch.
    Left { why: String },
    /// Every test that reaches it passes.
    Survived {
        /// How many those are, by group.
        tests: BTreeMap<String, usize>,
        /// Whether properties had all of their cases.
        all: bool,
        /// A hash of the tests' sources, by group: others may catch it.
        judges: BTreeMap<String, String>,
    },
}

/// A mutant and the text of its function.
type Key = (String, String);

#[derive(Deserialize, Serialize)]
struct Line {
    mutant: String,
    text: String,
    fate: Fate,
}

/// The fates that are known.
pub struct Store {
    known: Mutex<(HashMap<Key, Fate>, File)>,
}

fn key(mutant: &Mutant) -> Key {
    (mutant.key(), mutant.text().to_owned())
}

/// What is known once both are: runs of two groups may go on at once, and what one catches is caught.
fn after(before: Fate, fate: Fate) -> Fate {
    match (before, fate) {
        (before @ (Fate::Caught { .. } | Fate::TimedOut { .. }), Fate::Survived { .. }) => before,
        (
            Fate::Survived { tests: mut counts, judges: mut hashes, .. },
            Fate::Survived { tests, all, judges },
        ) => {
            counts.extend(tests);
            hashes.extend(judges);
            Fate::Survived { tests: counts, all, judges: hashes }
        }
        (_, fate) => fate,
    }
}

impl Store {
    /// Reads what earlier runs found.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(file: &Path) -> Result<Self> {
        let mut known = HashMap::new();
        for line in fs::read_to_string(file).unwrap_or_default().lines() {
            // The last line of a run that was stopped may be half a line.
            if let Ok(Line { mutant, text, fate }) = serde_json::from_str(line) {
                let key = (mutant, text);
                let fate = match known.remove(&key) {
                    Some(before) => after(before, fate),
                    None => fate,
                };
                known.insert(key, fate);
            }
        }
        fs::create_dir_all(file.parent().context("a file in no folder")?)?;
        let file = OpenOptions::new().create(true).append(true).open(file)?;
        Ok(Self { known: Mutex::new((known, file)) })
    }

    /// What became of a mutant; none if that is not known.
    pub fn fate(&self, mutant: &Mutant) -> Option<Fate> {
        self.known.lock().ok()?.0.get(&key(mutant)).cloned()
    }

    /// Whether a group whose tests have the hash `judges` may find something new about a mutant.
    pub fn is_open(&self, mutant: &Mutant, group: &str, judges: &str) -> bool {
        match self.fate(mutant) {
            None => true,
            Some(Fate::Survived { judges: before, .. }) => {
                before.get(group).is_none_or(|before| before != judges)
            }
            Some(_) => false,
        }
    }

    /// Keeps what became of a mutant.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, mutant: &Mutant, fate: Fate) -> Result<()> {
        let mut known = self.known.lock().ok().context("a worker stopped")?;
        let (name, text) = key(mutant);
        let line =
            serde_json::to_string(&Line { mutant: name.clone(), text: text.clone(), fate: fate.clone() })?;
        writeln!(known.1, "{line}")?;
        known.0.insert((name, text), fate);
        Ok(())
    }
}
