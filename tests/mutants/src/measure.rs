//! What each test reaches and how long it takes while no mutant is alive.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

use crate::judge::{Alive, Cases, Ended, Test, noted};
use crate::mutant::hash;
use crate::tree::Tree;

/// Tests that run at a time.
pub const WORKERS: usize = 2;
/// No test is this slow.
const ENDLESS: Duration = Duration::from_secs(1_800);

/// A test without mutants.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Measure {
    /// With how many cases it passes: all of them where it counts what its cases come to.
    pub cases: Cases,
    /// With those [seconds]
    pub time: f64,
    /// The mutants that the test then reaches.
    pub reached: Vec<u32>,
}

/// A line of what is kept.
#[derive(Deserialize, Serialize)]
struct Line {
    /// The executables.
    of: String,
    test: String,
    measure: Measure,
}

/// Runs every test without mutants, but those that an earlier run of these executables has.
///
/// # Errors
/// When a test fails: then nothing can be judged by it.
pub fn measure(tree: &Tree, tests: &[Test], kept: &Path) -> Result<Vec<Measure>> {
    let of = fingerprint(tests)?;
    let mut known: HashMap<String, Measure> = HashMap::new();
    for line in fs::read_to_string(kept).unwrap_or_default().lines() {
        if let Ok(line) = serde_json::from_str::<Line>(line)
            && line.of == of
        {
            known.insert(line.test, line.measure);
        }
    }
    let folder = tree.root.with_file_name("reached");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let bar = ProgressBar::new(tests.len() as u64);
    let file = Mutex::new(OpenOptions::new().create(true).append(true).open(kept)?);
    let measures = each(tests.len(), |at| {
        bar.inc(1);
        let test = tests[at].title();
        if let Some(measure) = known.get(&test) {
            return Ok(measure.clone());
        }
        let measure = one(tree, &tests[at], &folder.join(at.to_string()))?;
        let line = serde_json::to_string(&Line { of: of.clone(), test, measure: measure.clone() })?;
        writeln!(file.lock().ok().context("a worker stopped")?, "{line}")?;
        Ok(measure)
    })?;
    bar.finish_and_clear();
    Ok(measures)
}

fn one(tree: &Tree, test: &Test, file: &Path) -> Result<Measure> {
    for cases in [Cases::Few, Cases::All] {
        let (ended, time) = test.run(tree, Alive::None(file), cases, ENDLESS)?;
        if ended == Ended::Passed {
            return Ok(Measure { cases, time: time.as_secs_f64(), reached: noted(file)? });
        }
    }
    bail!("{} fails without a mutant", test.title())
}

/// How long a test takes with all cases.
///
/// # Errors
/// When it fails.
pub fn with_all(tree: &Tree, test: &Test) -> Result<Duration> {
    let (ended, time) = test.run(tree, Alive::Mutant(0), Cases::All, ENDLESS)?;
    if ended != Ended::Passed {
        bail!("{} fails without a mutant", test.title());
    }
    Ok(time)
}

fn fingerprint(tests: &[Test]) -> Result<String> {
    let executables: BTreeSet<&Path> = tests.iter().map(|test| &*test.executable).collect();
    let mut all = String::new();
    for executable in executables {
        let found = fs::metadata(executable)?;
        let age = found.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
        all += &format!("{} {age} {}\n", executable.display(), found.len());
    }
    Ok(hash(all.as_bytes(), 64))
}

/// The results of `run` for 0 to `count`, by [`WORKERS`] at a time.
///
/// # Errors
/// The first error of `run`.
pub fn each<T: Send>(count: usize, run: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<(usize, Result<T>)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        return;
                    }
                    let result = run(at);
                    if result.is_err() {
                        next.store(count, Ordering::Relaxed);
                    }
                    if let Ok(mut found) = found.lock() {
                        found.push((at, result));
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().ok().context("a worker stopped")?;
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, result)| result).collect()
}
