//! Which mutants a run is about.

use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use clap::Args;
use glob::Pattern;

use crate::mutant::Mutant;
use crate::snapshot::{Package, sha256};

/// The mutants of a run: all of these conditions hold.
#[derive(Args)]
pub struct Selection {
    /// Only sources that one of these patterns matches
    #[arg(long, num_args = 1.., value_name = "GLOB")]
    files: Vec<String>,
    /// Only functions that are not as they were when their results were written
    #[arg(long)]
    pub changed: bool,
    /// Only the kth of n parts
    #[arg(long, value_name = "k/n")]
    shard: Option<Shard>,
}

/// A part of the mutants.
#[derive(Clone, Copy)]
struct Shard {
    /// From 0.
    part: usize,
    of: usize,
}

impl FromStr for Shard {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (part, of) = text.split_once('/').context("a shard is k/n")?;
        let (part, of): (usize, usize) = (part.parse()?, of.parse()?);
        if part == 0 || part > of {
            bail!("a shard is from 1/n to n/n");
        }
        Ok(Self { part: part - 1, of })
    }
}

impl Selection {
    /// Those of `mutants` that are meant.
    ///
    /// # Errors
    /// When a pattern is none, or a source cannot be read.
    pub fn of<'a>(&self, root: &Path, mutants: &'a [Mutant], recorded: &Package) -> Result<Vec<&'a Mutant>> {
        let patterns = self.files.iter().map(|file| Pattern::new(file)).collect::<Result<Vec<_>, _>>()?;
        let mut selected = Vec::new();
        for mutant in mutants {
            let named = patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(&mutant.file));
            if named && (!self.changed || changed(root, mutant, recorded)?) {
                selected.push(mutant);
            }
        }
        if let Some(Shard { part, of }) = self.shard {
            selected = selected.into_iter().skip(part).step_by(of).collect();
        }
        Ok(selected)
    }
}

/// Whether any source is not the one whose results are recorded.
///
/// # Errors
/// When a source cannot be read.
pub fn any_changed(root: &Path, recorded: &Package) -> Result<bool> {
    for (file, source) in recorded {
        if !root.join(file).exists() || sha256(root, file)? != source.sha256 {
            return Ok(true);
        }
    }
    Ok(recorded.is_empty())
}

fn changed(root: &Path, mutant: &Mutant, recorded: &Package) -> Result<bool> {
    let Some(source) = recorded.get(&mutant.file) else { return Ok(true) };
    if sha256(root, &mutant.file)? == source.sha256 {
        return Ok(false);
    }
    let function = mutant.function.as_ref();
    Ok(function.is_none_or(|function| {
        source.functions.get(&function.name).is_none_or(|texts| !texts.contains(&function.text))
    }))
}
