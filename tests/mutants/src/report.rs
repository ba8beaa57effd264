//! What is printed at the end.

use std::collections::BTreeMap;

use crate::mutant::Mutant;
use crate::snapshot::Source;
use crate::store::{Fate, Store};

/// A line of the table.
#[derive(Default)]
struct Row {
    mutants: usize,
    caught: usize,
    timed_out: usize,
    unviable: usize,
    left: usize,
    survived: usize,
    unknown: usize,
}

impl Row {
    fn add(&mut self, fate: Option<&Fate>) {
        self.mutants += 1;
        let count = match fate {
            None => &mut self.unknown,
            Some(Fate::Caught { .. }) => &mut self.caught,
            Some(Fate::TimedOut { .. }) => &mut self.timed_out,
            Some(Fate::Unviable) => &mut self.unviable,
            Some(Fate::Left { .. }) => &mut self.left,
            Some(Fate::Survived { .. }) => &mut self.survived,
        };
        *count += 1;
    }

    fn score(&self) -> String {
        score(self.caught + self.timed_out, self.caught + self.timed_out + self.survived)
    }

    fn print(&self, name: &str, width: usize) {
        let Self { mutants, caught, timed_out, unviable, left, survived, unknown } = self;
        let score = self.score();
        println!(
            "{name:<width$}  {mutants:>7}  {caught:>6}  {timed_out:>9}  {unviable:>8}  {left:>10}  {survived:>8}  {unknown:>7}  {score:>7}"
        );
    }
}

/// A part in per cent.
#[must_use]
pub fn score(part: usize, of: usize) -> String {
    if of == 0 { "-".to_owned() } else { format!("{:.1} %", 100.0 * part as f64 / of as f64) }
}

/// Prints what became of mutants, by file.
pub fn table(mutants: &[&Mutant], store: &Store) {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut total = Row::default();
    for mutant in mutants {
        let fate = store.fate(mutant);
        rows.entry(&mutant.file).or_default().add(fate.as_ref());
        total.add(fate.as_ref());
    }
    let width = rows.keys().map(|file| file.len()).max().unwrap_or_default();
    println!(
        "{:<width$}  mutants  caught  timed out  unviable  not judged  survived  unknown    score",
        "file"
    );
    for (file, row) in &rows {
        row.print(file, width);
    }
    total.print("all", width);
}

/// Prints the survivors without a reason; how many those are.
pub fn survivors(mutants: &[&Mutant], store: &Store, recorded: &BTreeMap<String, Source>) -> usize {
    let mut count = 0;
    for mutant in mutants {
        let Some(Fate::Survived { tests, all, .. }) = store.fate(mutant) else { continue };
        let name = crate::snapshot::name(mutant);
        let known = recorded.get(&mutant.file).into_iter().flat_map(|source| &source.survived);
        if known
            .into_iter()
            .any(|known| known.mutant == name && known.line == mutant.source && !known.reason.is_empty())
        {
            continue;
        }
        if count == 0 {
            println!("\nwhat no test catches, for no reason that is written down:");
        }
        count += 1;
        let tests: usize = tests.values().sum();
        let cases = if all { "" } else { ", with few cases" };
        println!(
            "  {}:{} {name} ({tests} tests reach it{cases})\n      {}",
            mutant.file, mutant.line, mutant.source
        );
    }
    count
}
