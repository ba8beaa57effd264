//! `mutants`: see `scripts/mutants`.
#![allow(clippy::disallowed_methods, reason = "sums of counts")]

mod cases;
mod check;
mod compile;
mod find;
mod judge;
mod measure;
mod mutant;
mod plan;
mod report;
mod select;
mod snapshot;
mod store;
mod tree;
mod trial;
mod weave;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;

use crate::mutant::{Mutant, hash};
use crate::plan::{GROUPS, Group};
use crate::select::Selection;
use crate::store::{Fate, Store};

/// Judges mutants of the sources by the tests that reach them.
///
/// All mutants are woven into one build; a switch says which of them is alive. Results are kept as they become known, so that a run that is
/// stopped goes on where it was, and are written to snapshots/mutants for every source of which all are known.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    /// Only this group: pure or contracts
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    #[command(flatten)]
    selection: Selection,
    /// Stops after so many minutes
    #[arg(long, value_name = "M")]
    minutes: Option<u64>,
    /// Judges what survives few cases of each property by all of its cases, which takes hours
    #[arg(long)]
    all: bool,
    /// Judges nothing: tells and writes what earlier runs found
    #[arg(long)]
    known: bool,
    /// Judges nothing: whether the results are those of the accounting, authorisation and oracle sources as they are
    #[arg(long)]
    check: bool,
    /// Judges nothing: writes into this folder what the tests deploy in the place of the contracts, which run natively
    #[arg(long, value_name = "FOLDER")]
    stand_ins: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("mutants: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is well.
fn run(cli: &Cli) -> Result<bool> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    if cli.check {
        return check::guarded(&root);
    }
    if let Some(folder) = &cli.stand_ins {
        GROUPS
            .iter()
            .filter(|group| group.natively)
            .try_for_each(|group| tree::stand_ins(folder, &target(&root), group))?;
        return Ok(true);
    }
    let until = cli.minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let mut well = true;
    for group in GROUPS.iter().filter(|group| cli.group.as_deref().is_none_or(|name| name == group.name)) {
        well &= judged(cli, &root, group, until)?;
    }
    Ok(well)
}

/// Where everything is built.
fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Judges a group; whether nothing survives without a reason.
fn judged(cli: &Cli, root: &Path, group: &Group, until: Option<Instant>) -> Result<bool> {
    let recorded = recorded(root, group)?;
    if cli.selection.changed && !select::any_changed(root, &recorded)? {
        println!("mutants: nothing changed in {}", group.name);
        return Ok(true);
    }
    let target = target(root);
    let store = Store::open(&target.join("mutants/results.jsonl"))?;
    let mutants = mutant::list(root, &target, &[group.listed, group.second].concat())?;
    // What is judged a second time is what survived.
    let mut selected = cli.selection.of(root, &mutants, &recorded)?;
    selected.retain(|mutant| {
        let second = group.second.contains(&&*mutant.package);
        !second || matches!(store.fate(mutant), Some(Fate::Survived { .. }))
    });
    let judges = judges(root, group)?;
    let session =
        Session { root, target: &target, group, judges: &judges, store: &store, until, all: cli.all };
    if !cli.known && selected.iter().any(|mutant| session.wants(mutant)) {
        session.judge(&selected)?;
    }
    report::table(&selected, &store);
    // What a later group of this run judges once more is told then.
    let again = cli.group.is_none() && GROUPS.iter().any(|later| later.second.contains(&group.listed[0]));
    let bare = if again { 0 } else { report::survivors(&selected, &store, &recorded) };
    record(root, &mutants, &store, recorded)?;
    Ok(bare == 0)
}

/// A run of a group.
struct Session<'a> {
    root: &'a Path,
    target: &'a Path,
    group: &'a Group,
    judges: &'a str,
    store: &'a Store,
    until: Option<Instant>,
    all: bool,
}

impl Session<'_> {
    /// Whether there is something to find out about a mutant.
    fn wants(&self, mutant: &Mutant) -> bool {
        let few_only = matches!(self.store.fate(mutant), Some(Fate::Survived { all: false, .. }));
        self.store.is_open(mutant, self.group.name, self.judges) || (self.all && few_only)
    }

    fn judge(&self, selected: &[&Mutant]) -> Result<()> {
        let mutants: Vec<Mutant> = selected.iter().map(|mutant| (*mutant).clone()).collect();
        let tree = tree::Tree::new(self.root, self.target, self.group, &mutants)?;
        self.settle(&tree, &mutants)?;
        eprintln!("mutants: building the tests");
        let tests = judge::build(&tree, self.group, self.all)?;
        eprintln!("mutants: {} tests, each once without a mutant", tests.len());
        let measures = measure::measure(&tree, &tests, &tree.root.with_file_name("measured.jsonl"))?;
        let (store, group) = (self.store, (self.group.name, self.judges));
        let court = trial::Court::new(&tree, (&tests, &measures), (store, group), selected, self.until);
        court.with_few(selected)?;
        if self.all { court.with_all(selected) } else { Ok(()) }
    }

    /// Weaves, and keeps what cannot be woven.
    fn settle(&self, tree: &tree::Tree, mutants: &[Mutant]) -> Result<()> {
        let mut out = compile::Out::default();
        for mutant in mutants {
            match self.store.fate(mutant) {
                Some(Fate::Unviable) => drop(out.unviable.insert(mutant.number)),
                Some(Fate::Left { why }) => drop(out.left.insert(mutant.number, why)),
                _ => {}
            }
        }
        eprintln!("mutants: weaving {} mutants of {}", mutants.len(), self.group.name);
        compile::settle(tree, self.group, mutants, out, |out| {
            for mutant in mutants.iter().filter(|mutant| self.store.fate(mutant).is_none()) {
                if out.unviable.contains(&mutant.number) {
                    self.store.keep(mutant, Fate::Unviable)?;
                } else if let Some(why) = out.left.get(&mutant.number) {
                    self.store.keep(mutant, Fate::Left { why: why.clone() })?;
                }
            }
            Ok(())
        })
    }
}

/// The committed results of a group, by source.
fn recorded(root: &Path, group: &Group) -> Result<snapshot::Package> {
    let mut all = snapshot::Package::new();
    for package in group.listed.iter().chain(group.second) {
        all.extend(snapshot::read(root, package)?);
    }
    Ok(all)
}

/// A hash of the sources of the tests.
fn judges(root: &Path, group: &Group) -> Result<String> {
    let output =
        Command::new("git").args(["ls-files", "-z", "--"]).args(group.sources).current_dir(root).output()?;
    let mut all = String::new();
    for file in String::from_utf8(output.stdout)?.split('\0').filter(|file| file.ends_with(".rs")) {
        all += &snapshot::sha256(root, file)?;
    }
    Ok(hash(all.as_bytes(), 16))
}

/// Writes the results of every source of which all are known, and keeps those of the others.
fn record(root: &Path, mutants: &[Mutant], store: &Store, mut recorded: snapshot::Package) -> Result<()> {
    let mut files: BTreeMap<(&str, &str), Vec<&Mutant>> = BTreeMap::new();
    for mutant in mutants {
        files.entry((&mutant.package, &mutant.file)).or_default().push(mutant);
    }
    let mut packages: BTreeMap<&str, snapshot::Package> = BTreeMap::new();
    for ((package, file), mutants) in files {
        let old = recorded.remove(file);
        let new = snapshot::source(root, file, &mutants, store, old.as_ref())?.or(old);
        if let Some(source) = new {
            packages.entry(package).or_default().insert(file.to_owned(), source);
        }
    }
    for (name, package) in packages {
        snapshot::write(root, name, &package).with_context(|| name.to_owned())?;
    }
    Ok(())
}
