//! What was deployed: a JSON file of addresses, written after each of them, and of what was sent to create one and is not known to be mined.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// A transaction that creates, noted before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its hash.
    pub hash: B256,
    /// Who sends it.
    pub sender: Address,
    /// Its nonce.
    pub nonce: u64,
    /// Hash of its data: a run that wants other data sends another transaction.
    pub data: B256,
    /// When it was signed [unix seconds]
    pub since: u64,
}

/// Addresses of a market's programs by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The chain they are on.
    pub chain_id: u64,
    /// The programs.
    pub programs: BTreeMap<String, Address>,
    /// Transactions on the way to programs that are not there yet, by their step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pending: BTreeMap<String, Pending>,
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

    /// Notes a program, on disk before anything else is sent; what was on the way to it is done with.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn note(&mut self, name: &str, address: Address) -> Result<()> {
        self.programs.insert(name.to_owned(), address);
        let part =
            |step: &str| step.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
        self.pending.retain(|step, _| !part(step));
        self.save()
    }

    /// Notes a transaction, on disk before it is sent.
    ///
    /// # Errors
    /// As [`Record::note`].
    pub(crate) fn begin(&mut self, step: &str, pending: Pending) -> Result<()> {
        self.pending.insert(step.to_owned(), pending);
        self.save()
    }

    /// Forgets a transaction that will not be mined, or is not wanted any more.
    ///
    /// # Errors
    /// As [`Record::note`].
    pub(crate) fn forget(&mut self, step: &str) -> Result<()> {
        self.pending.remove(step);
        self.save()
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn save(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        let beside = self.path.with_extension("tmp");
        std::fs::write(&beside, text).with_context(|| beside.display().to_string())?;
        std::fs::rename(&beside, &self.path).with_context(|| self.path.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_transactions_is_as_it_always_was() {
        let text = "{\"chain_id\":7,\"programs\":{\"vault\":\"0x0707070707070707070707070707070707070707\"}}";
        let record: Record = serde_json::from_str(text).expect("a record");
        assert_eq!(record.get("vault"), Some(Address::repeat_byte(7)));
        assert!(record.pending.is_empty());
        assert_eq!(serde_json::to_string(&record).expect("JSON"), text);
    }

    #[test]
    fn what_was_on_the_way_to_a_program_is_forgotten_with_it() {
        let path = std::env::temp_dir().join(format!("equipoise-record-{}.json", std::process::id()));
        let mut record = Record::open(&path, 7).expect("a record");
        let (hash, sender) = (B256::repeat_byte(1), Address::repeat_byte(2));
        let pending = Pending { hash, sender, nonce: 3, data: B256::ZERO, since: 4 };
        for step in ["vault", "vault: fragment 1 of 2", "vault two", "venue vault"] {
            record.begin(step, pending).expect("written");
        }
        assert_eq!(Record::load(&path).expect("read"), record);
        record.note("vault", Address::repeat_byte(7)).expect("written");
        let left: Vec<String> = Record::load(&path).expect("read").pending.into_keys().collect();
        assert_eq!(left, ["vault two", "venue vault"]);
        record.forget("venue vault").expect("written");
        assert_eq!(Record::load(&path).expect("read").pending.len(), 1);
        std::fs::remove_file(path).expect("removed");
    }
}
