//! What was deployed: a JSON file of addresses, written after each of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// Addresses of a market's programs by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The chain they are on.
    pub chain_id: u64,
    /// The programs.
    pub programs: BTreeMap<String, Address>,
    #[serde(skip)]
    path: PathBuf,
}

impl Record {
    /// Reads a record, or begins one.
    ///
    /// # Errors
    /// A file that is no record, or one of another chain.
    pub fn open(path: &Path, chain_id: u64) -> Result<Self> {
        if !path.exists() {
            return Ok(Self { chain_id, path: path.to_owned(), ..Self::default() });
        }
        let record = Self::load(path)?;
        let found = record.chain_id;
        ensure!(found == chain_id, "{} is of chain {found}, not {chain_id}", path.display());
        Ok(record)
    }

    /// Reads a record.
    ///
    /// # Errors
    /// A file that is missing or no record.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let record: Self = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        Ok(Self { path: path.to_owned(), ..record })
    }

    /// The address of a program, if it was deployed.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Address> {
        self.programs.get(name).copied()
    }

    /// The address of a program.
    ///
    /// # Errors
    /// When it was not deployed.
    pub fn at(&self, name: &str) -> Result<Address> {
        self.get(name).with_context(|| format!("{name} is not in {}", self.path.display()))
    }

    /// Notes a program, on disk before anything else is sent.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn note(&mut self, name: &str, address: Address) -> Result<()> {
        self.programs.insert(name.to_owned(), address);
        let text = serde_json::to_string_pretty(self)? + "\n";
        let beside = self.path.with_extension("tmp");
        std::fs::write(&beside, text).with_context(|| beside.display().to_string())?;
        std::fs::rename(&beside, &self.path).with_context(|| self.path.display().to_string())
    }
}
