//! Judges mutants: the tests that reach one are run while it lives, the quick ones first, until one fails.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

use crate::judge::{self, Alive, Cases, Ended, Test, limit};
use crate::measure::{self, Measure, each};
use crate::mutant::Mutant;
use crate::plan::GUARDED;
use crate::store::{Fate, Store};
use crate::tree::Tree;

/// Tests of a first batch.
const FIRST: usize = 4;

/// The tests, and what they do without a mutant.
pub struct Court<'a> {
    tree: &'a Tree,
    tests: &'a [Test],
    measures: &'a [Measure],
    store: &'a Store,
    /// The tests' group, and the hash of their sources.
    group: (&'a str, &'a str),
    /// When to stop.
    until: Option<Instant>,
    /// How many mutants of a function a test has caught, and of a file.
    caught: Mutex<HashMap<(usize, String), u32>>,
    /// How much each test is about a file: each of the mutants there that it reaches counts the less, the more tests reach it.
    about: HashMap<String, Vec<f64>>,
}

impl<'a> Court<'a> {
    /// A court for `mutants`.
    #[must_use]
    pub fn new(
        tree: &'a Tree,
        (tests, measures): (&'a [Test], &'a [Measure]),
        (store, group): (&'a Store, (&'a str, &'a str)),
        mutants: &[&Mutant],
        until: Option<Instant>,
    ) -> Self {
        let mut reaching: HashMap<u32, u32> = HashMap::new();
        for number in measures.iter().flat_map(|measure| &measure.reached) {
            *reaching.entry(*number).or_default() += 1;
        }
        let files: HashMap<u32, &str> = mutants.iter().map(|mutant| (mutant.number, &*mutant.file)).collect();
        let mut about: HashMap<String, Vec<f64>> = HashMap::new();
        for (at, measure) in measures.iter().enumerate() {
            for number in &measure.reached {
                let (Some(file), Some(count)) = (files.get(number), reaching.get(number)) else { continue };
                let of = about.entry((*file).to_owned()).or_insert_with(|| vec![0.0; tests.len()]);
                of[at] += 1.0 / f64::from(*count);
            }
        }
        Self { tree, tests, measures, store, group, until, caught: Mutex::default(), about }
    }

    /// Judges those of `mutants` that these tests have not judged, with few cases of each property
    ///
    /// # Errors
    /// When a test cannot be run, or a result cannot be kept.
    pub fn with_few(&self, mutants: &[&Mutant]) -> Result<()> {
        let open = |mutant: &&Mutant| self.store.is_open(mutant, self.group.0, self.group.1);
        let mut unknown: Vec<&Mutant> = mutants.iter().copied().filter(open).collect();
        unknown.sort_by_key(|mutant| (self.store.fate(mutant).is_some(), !GUARDED.contains(&&*mutant.file)));
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
        for batch in self.batches(&tests) {
            let (mut cases, mut usual) = (Cases::Few, Duration::ZERO);
            for at in &batch {
                let (of, time) = how(*at, &self.measures[*at])?;
                usual += time;
                if of == Cases::All {
                    cases = of;
                }
            }
            all &= cases == Cases::All;
            let together: Vec<&Test> = batch.iter().map(|at| &self.tests[*at]).collect();
            let alive = Alive::Mutant(mutant.number);
            let (ended, by) = judge::until_one_fails(&together, self.tree, alive, cases, limit(usual))?;
            if ended == Ended::Passed {
                continue;
            }
            let named = batch.iter().find(|at| by.as_ref().is_some_and(|by| self.tests[**at].title() == *by));
            self.remember(mutant, *named.unwrap_or(&batch[0]))?;
            let by = by.unwrap_or_else(|| format!("one of {} from {} on", batch.len(), together[0].title()));
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

    /// Tests that run together: of one executable, with few cases or all; a few at first, then more.
    fn batches(&self, tests: &[usize]) -> Vec<Vec<usize>> {
        let mut batches: Vec<Vec<usize>> = Vec::new();
        for at in tests {
            let kind = |at: usize| (&self.tests[at].executable, self.measures[at].cases);
            let most = FIRST << batches.len().min(3);
            match batches.last_mut() {
                Some(last) if last.len() < most && kind(last[0]) == kind(*at) => last.push(*at),
                _ => batches.push(vec![*at]),
            }
        }
        batches
    }

    /// The tests that reach a mutant: those first that take little time for how much they are about its file, and for what they caught nearby.
    fn reaching(&self, mutant: &Mutant) -> Result<Vec<usize>> {
        let caught = self.caught.lock().ok().context("a worker stopped")?;
        let [function, file] = near(mutant);
        let mut tests = Vec::new();
        for (at, measure) in self.measures.iter().enumerate() {
            if measure.reached.contains(&mutant.number) {
                let count =
                    |of: &String| f64::from(caught.get(&(at, of.clone())).copied().unwrap_or_default());
                let about = self.about.get(&mutant.file).map_or(0.0, |about| about[at]);
                // A start of a process is 10 ms.
                let cost = measure.time + 0.01;
                let gain = (0.05 + about) * (1.0 + 10.0 * count(&function) + 4.0 * count(&file));
                tests.push((cost / gain, at));
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
