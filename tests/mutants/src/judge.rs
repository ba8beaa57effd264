//! The tests of the woven tree, each by itself.

use std::collections::HashSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::plan::Group;
use crate::tree::Tree;

/// Cases of each property where there are few; most have 100,000.
pub const FEW: u32 = 250;
/// A test has this many times as long as without a mutant, and this much more, of its processor's time.
const TIMES: u32 = 5;
const MORE: Duration = Duration::from_secs(5);
/// By the clock it has this many times that.
const CLOCK: u32 = 8;
/// Most data of a test [KiB]
const MOST_DATA: u32 = 6 << 20;
/// Signals of the limits.
const STOPPED: [i32; 2] = [9, 24];

/// A test of an executable.
#[derive(Clone, Debug)]
pub struct Test {
    pub executable: PathBuf,
    /// Where it runs.
    pub directory: PathBuf,
    /// Package and target.
    pub of: String,
    pub name: String,
}

/// How many cases a property has.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Cases {
    /// [`FEW`], or a hundredth where a runner is told how many.
    Few,
    /// As it is written.
    All,
}

/// What lives while a test runs.
#[derive(Clone, Copy, Debug)]
pub enum Alive<'a> {
    Mutant(u32),
    /// None; which of them the test reaches is written to a file.
    None(&'a Path),
}

/// How a test ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    Passed,
    Failed,
    TimedOut,
}

impl Test {
    /// Package, target and name.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.of, self.name)
    }

    /// Runs the test; how it ended, and after how long.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(
        &self,
        tree: &Tree,
        alive: Alive<'_>,
        cases: Cases,
        limit: Duration,
    ) -> Result<(Ended, Duration)> {
        let start = Instant::now();
        Ok((together(&[self], tree, alive, cases, limit, Stdio::null())?, start.elapsed()))
    }
}

/// Runs tests of one executable in one process, until one fails; how they ended, and the name of that one.
///
/// # Errors
/// When they cannot be started.
pub fn until_one_fails(
    tests: &[&Test],
    tree: &Tree,
    alive: Alive<'_>,
    cases: Cases,
    limit: Duration,
) -> Result<(Ended, Option<String>)> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let said = tree.root.with_file_name(format!("said-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    let ended = together(tests, tree, alive, cases, limit, fs::File::create(&said)?.into())?;
    let text = String::from_utf8_lossy(&fs::read(&said)?).into_owned();
    fs::remove_file(said)?;
    let failed = |line: &str| line.strip_prefix("test ")?.strip_suffix(" ... FAILED").map(str::to_owned);
    let name = text.lines().find_map(failed);
    Ok((ended, name.and_then(|name| tests.iter().find(|test| test.name == name)).map(|test| test.title())))
}

fn together(
    tests: &[&Test],
    tree: &Tree,
    alive: Alive<'_>,
    cases: Cases,
    limit: Duration,
    said: Stdio,
) -> Result<Ended> {
    let first = tests.first().context("no test")?;
    let limits =
        format!("ulimit -t {} && ulimit -d {MOST_DATA} && exec \"$0\" \"$@\"", limit.as_secs().max(1));
    let mut command = Command::new("sh");
    command.args(["-c", &limits]).arg(&first.executable).args(tests.iter().map(|test| &test.name));
    command.args(["--exact", "--test-threads=1", "-Zunstable-options", "--fail-fast"]);
    command.current_dir(&first.directory).stdin(Stdio::null()).stdout(said).stderr(Stdio::null());
    // The harness takes its unstable option from whoever says this.
    command.env("CARGO_TARGET_DIR", &tree.target).env("RUST_BACKTRACE", "0").env("RUSTC_BOOTSTRAP", "1");
    if let Some(folder) = &tree.modules {
        command.env("WASM_FOLDER", folder);
    }
    command.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1").env("PROPTEST_MAX_SHRINK_ITERS", "0");
    // The same cases each time, so that results are.
    command.env("PROPTEST_RNG_SEED", "1").env_remove("PROPTEST_CASES");
    if cases == Cases::Few {
        command.env("PROPTEST_CASES", FEW.to_string()).env("MUTANT_FEW", "1");
    }
    match alive {
        Alive::Mutant(number) => command.env("MUTANT", number.to_string()),
        Alive::None(file) => command.env("MUTANT_REACHED", file),
    };
    let child = command.spawn().with_context(|| first.executable.display().to_string())?;
    wait(child, Instant::now() + limit * CLOCK)
}

/// How long a test may take that takes `usual`.
#[must_use]
pub fn limit(usual: Duration) -> Duration {
    usual * TIMES + MORE
}

fn wait(mut child: Child, until: Instant) -> Result<Ended> {
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait()? {
            let stopped = status.signal().is_some_and(|signal| STOPPED.contains(&signal));
            let ended = if stopped { Ended::TimedOut } else { Ended::Failed };
            return Ok(if status.success() { Ended::Passed } else { ended });
        }
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
            return Ok(Ended::TimedOut);
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

#[derive(Deserialize)]
struct Artefact {
    reason: String,
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Builds the judges; every test that they have, the slow ones among them if wished.
///
/// # Errors
/// When the tree does not build, or an executable does not list its tests.
pub fn build(tree: &Tree, group: &Group, with_slow: bool) -> Result<Vec<Test>> {
    let mut command = tree.cargo();
    command
        .args(["test", "--no-run", "--offline", "--message-format=json-render-diagnostics"])
        .args(group.judges);
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("the woven tree does not build");
    }
    let mut tests = Vec::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let artefact: Artefact = serde_json::from_str(line)?;
        let tested = artefact.profile.is_some_and(|profile| profile.test);
        if artefact.reason != "compiler-artifact" || !tested {
            continue;
        }
        let (executable, target) =
            (artefact.executable.context("no executable")?, artefact.target.context("no target")?);
        let manifest = artefact.manifest_path.context("no manifest")?;
        let directory = manifest.parent().context("no folder")?.to_owned();
        let package = directory.file_name().unwrap_or_default().to_string_lossy();
        let kind = if target.kind.iter().any(|kind| kind == "test") { &*target.name } else { "unit" };
        let of = format!("{package}::{kind}");
        for name in names(&executable, &directory)? {
            let begins = |names: &[&str]| names.iter().any(|begin| name.starts_with(begin));
            if begins(group.without) || (!with_slow && begins(group.slow)) {
                continue;
            }
            tests.push(Test {
                executable: executable.clone(),
                directory: directory.clone(),
                of: of.clone(),
                name,
            });
        }
    }
    Ok(tests)
}

fn names(executable: &Path, directory: &Path) -> Result<Vec<String>> {
    let listed = |ignored: &[&str]| -> Result<HashSet<String>> {
        let output = Command::new(executable)
            .args(["--list", "--format=terse"])
            .args(ignored)
            .current_dir(directory)
            .env("MUTANT", "0")
            .output()?;
        let text = String::from_utf8(output.stdout)?;
        Ok(text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
    };
    let ignored = listed(&["--ignored"])?;
    let mut names: Vec<String> = listed(&[])?.into_iter().filter(|name| !ignored.contains(name)).collect();
    names.sort();
    Ok(names)
}

/// The mutants that a run noted.
///
/// # Errors
/// When the file cannot be read.
pub fn noted(file: &Path) -> Result<Vec<u32>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(file)?;
    Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
}
