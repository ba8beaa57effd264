//! Whether the committed results are those of the sources as they are.

use std::path::Path;

use anyhow::Result;

use crate::plan::{GROUPS, GUARDED};
use crate::snapshot::{Package, read, sha256};

/// Whether the results of every source that counts money, decides who may do what, or reads a price are of that source as it is; prints which
/// are not.
///
/// # Errors
/// When results or sources cannot be read.
pub fn guarded(root: &Path) -> Result<bool> {
    let mut recorded = Package::new();
    for package in GROUPS.iter().flat_map(|group| group.listed) {
        recorded.extend(read(root, package)?);
    }
    let mut well = true;
    for file in GUARDED {
        let known = recorded.get(*file);
        if known.is_none_or(|known| sha256(root, file).ok().as_ref() != Some(&known.sha256)) {
            println!("mutants: {file} changed since its mutants were judged: scripts/mutants --files {file}");
            well = false;
        }
    }
    Ok(well)
}
