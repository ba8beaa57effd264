//! Judges mutants: the tests that reach one are run while it lives, the quick ones first, until one fails.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

use crate::judge::{Alive, Cases, Ended, Test, limit};
use crate::measure::{self, Measure, each};
use crate::mutant::Mutant;
use crate::store::{Fate, Store};
use crate::tree::Tree;

/// The tests, and what they do without a mutant.
pub struct Court<'a> {
    pub tree: &'a Tree,
    pub tests: &'a [Test],
    pub measures: &'a [Measure],
    pub store: &'a Store,
    /// The tests' group, and the hash of their sources.
    pub group: (&'a str, &'a str),
    /// When to stop.
    pub until: Option<Instant>,
    /// How many mutants of a function a test has caught, and of a file.
    pub caught: Mutex<HashMap<(usize, String), u32>>,
}

impl Court<'_> {
    /// Judges those of `mutants` that these tests have not judged, with few cases of each property
    ///
    /// # Errors
    /// When a test cannot be run, or a result cannot be kept.
    pub fn with_few(&self, mutants: &[&Mutant]) -> Result<()> {
        let open = |mutant: &&Mutant| self.store.is_open(mutant, self.group.0, self.group.1);
        let unknown: Vec<&Mutant> = mutants.iter().copied().filter(open).collect();
        self.try_each(&unknown, "few cases", |mutant| {
            self.judge(mutant, |_, measure| Ok((measure.cases, Duration::from_secs_f64(measure.time))))
        })
    }

    /// Judges those of `mutants` that survived few cases by all of them.
    ///
    /// # Errors
    /// As [`Court::with_few`].
    pub fn with_all(&self, mutants: &[&Mutant]) -> Result<()> {
        let survived =
            |mutant: &&Mutant| matches!(self.store.fate(mutant), Some(Fate::Survived { all: false, .. }));
        let survived: Vec<&Mutant> = mutants.iter().copied().filter(survived).collect();
        let known: Vec<OnceLock<Duration>> = self.tests.iter().map(|_| OnceLock::new()).collect();
        self.try_each(&survived, "all cases", |mutant| {
            self.judge(mutant, |at, _| {
                if let Some(usual) = known[at].get() {
                    return Ok((Cases::All, *usual));
                }
                let usual = measure::with_all(self.tree, &self.tests[at])?;
                Ok((Cases::All, *known[at].get_or_init(|| usual)))
            })
        })
    }

    /// Runs the tests that reach a mutant until one fails; `how` says with how many cases, and how long each then takes.
    fn judge(
        &self,
        mutant: &Mutant,
        how: impl Fn(usize, &Measure) -> Result<(Cases, Duration)>,
    ) -> Result<Fate> {
        let tests = self.reaching(mutant)?;
        let mut all = true;
        for at in &tests {
            let (cases, usual) = how(*at, &self.measures[*at])?;
            all &= cases == Cases::All;
            let ended = self.tests[*at].run(self.tree, Alive::Mutant(mutant.number), cases, limit(usual))?.0;
            if ended == Ended::Passed {
                continue;
            }
            self.remember(mutant, *at)?;
            let by = self.tests[*at].title();
            return Ok(if ended == Ended::Failed { Fate::Caught { by } } else { Fate::TimedOut { by } });
        }
        let (mut counts, mut judges) = match self.store.fate(mutant) {
            Some(Fate::Survived { tests, judges, .. }) => (tests, judges),
            _ => Default::default(),
        };
        let (group, of) = self.group;
        counts.insert(group.to_owned(), tests.len());
        judges.insert(group.to_owned(), of.to_owned());
        Ok(Fate::Survived { tests: counts, all, judges })
    }

    /// The tests that reach a mutant: those first that take little time for what they have caught nearby.
    fn reaching(&self, mutant: &Mutant) -> Result<Vec<usize>> {
        let caught = self.caught.lock().ok().context("a worker stopped")?;
        let [function, file] = near(mutant);
        let mut tests = Vec::new();
        for (at, measure) in self.measures.iter().enumerate() {
            if measure.reached.contains(&mutant.number) {
                let count =
                    |of: &String| f64::from(caught.get(&(at, of.clone())).copied().unwrap_or_default());
                // A start of a process is 10 ms.
                tests
                    .push(((measure.time + 0.01) / (1.0 + 10.0 * count(&function) + 2.0 * count(&file)), at));
            }
        }
        tests.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        Ok(tests.into_iter().map(|(_, at)| at).collect())
    }

    fn remember(&self, mutant: &Mutant, test: usize) -> Result<()> {
        let mut caught = self.caught.lock().ok().context("a worker stopped")?;
        for of in near(mutant) {
            *caught.entry((test, of)).or_default() += 1;
        }
        Ok(())
    }

    fn try_each(
        &self,
        mutants: &[&Mutant],
        what: &str,
        judge: impl Fn(&Mutant) -> Result<Fate> + Sync,
    ) -> Result<()> {
        let bar = bar(mutants.len(), what);
        each(mutants.len(), |at| {
            if self.until.is_some_and(|until| Instant::now() > until) {
                return Ok(());
            }
            let mutant = mutants[at];
            let fate = judge(mutant)?;
            if matches!(fate, Fate::Survived { .. }) {
                bar.set_message(format!("{}:{} {}", mutant.file, mutant.line, mutant.what));
            }
            self.store.keep(mutant, fate)?;
            bar.inc(1);
            Ok(())
        })?;
        bar.finish_and_clear();
        Ok(())
    }
}

/// The function of a mutant and its file.
fn near(mutant: &Mutant) -> [String; 2] {
    let function = mutant.function.as_ref().map_or("", |function| &function.name);
    [format!("{} {function}", mutant.file), mutant.file.clone()]
}

fn bar(length: usize, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    let style = ProgressStyle::with_template(
        "{bar:32} {pos}/{len} mutants, {prefix}  {elapsed} (left {eta})  {wide_msg}",
    );
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(what.to_owned());
    bar
}
