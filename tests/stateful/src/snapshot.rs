//! `snapshots/reliability.json`: what ran, by name. A test fails when it is not what the file says; with `UPDATE_SNAPSHOTS` set it writes its own figures.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../snapshots/reliability.json")
}

/// Compares figures with the file's, or writes them into it. Others in the file stay.
///
/// # Errors
/// A figure that differs.
pub fn keep(figures: &[(&str, u64)]) -> Result<()> {
    let text = std::fs::read_to_string(path()).unwrap_or_else(|_| "{}".into());
    let mut all: BTreeMap<String, Value> =
        serde_json::from_str(&text).context("snapshots/reliability.json")?;
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        for (name, figure) in figures {
            all.insert((*name).into(), (*figure).into());
        }
        let text = serde_json::to_string_pretty(&all)? + "\n";
        return std::fs::write(path(), text).context("snapshots/reliability.json");
    }
    for (name, figure) in figures {
        let kept = all.get(*name).and_then(Value::as_u64);
        ensure!(kept == Some(*figure), "{name} is {figure}, the snapshot says {kept:?}");
    }
    Ok(())
}
