//! A file with all of its mutants in it, each behind a switch.
//!
//! What is changed is text, so that every byte that no mutant touches stays. An operand appears once in what an operation becomes, so that
//! mutants within mutants do not multiply it.

use std::collections::HashSet;
use std::ops::Range;

use anyhow::{Context, Result};

use crate::cases;
use crate::find;
use crate::mutant::Mutant;

/// A piece of what a part of the source becomes.
#[derive(Debug)]
pub(crate) enum Piece {
    Text(String),
    /// A part of the source, with what is woven in there.
    Source(Range<usize>),
    /// What only runs while a mutant is alive.
    Own(u32, Vec<Piece>),
}

/// A part of the source and what it becomes. One that comes later lies within one that comes before it, or beside it.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pub(crate) range: Range<usize>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) mutants: Vec<u32>,
}

/// Where in a woven text mutants are.
#[derive(Clone, Debug)]
pub struct Place {
    pub range: Range<usize>,
    pub mutants: Vec<u32>,
    /// Whether nothing but the one mutant's own code is there.
    pub own: bool,
}

/// A woven file.
#[derive(Debug)]
pub struct Woven {
    pub text: String,
    pub places: Vec<Place>,
    /// Mutants that the language does not allow.
    pub unviable: Vec<u32>,
    /// Mutants that have no switch, and why.
    pub left: Vec<(u32, &'static str)>,
}

/// Weaves `mutants` of one file into its `source`.
///
/// # Errors
/// When the source is not Rust.
pub fn weave(source: &str, mutants: &[&Mutant]) -> Result<Woven> {
    let file = syn::parse_file(source).context("a source that does not parse")?;
    let found = find::find(source, &file, mutants);
    let mut emitter = Emitter {
        source,
        rewrites: &found.rewrites,
        text: String::with_capacity(source.len() * 2),
        places: Vec::new(),
    };
    emitter.emit(&(0..source.len()), 0);
    let Emitter { text, places, .. } = emitter;
    let mut left = found.left;
    let woven: HashSet<u32> = places.iter().flat_map(|place| place.mutants.iter().copied()).collect();
    let known = |number| woven.contains(&number) || found.unviable.contains(&number);
    let lost = mutants.iter().map(|mutant| mutant.number).filter(|number| !known(*number));
    left.extend(
        lost.filter(|lost| left.iter().all(|(number, _)| number != lost))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|number| (number, "within what another mutant copies")),
    );
    Ok(Woven { text, places, unviable: found.unviable, left })
}

/// A test's source in which the cases of a runner may be few; those of `proptest!` follow the environment.
///
/// # Errors
/// When the source is not Rust.
pub fn fewer(source: &str) -> Result<String> {
    let file = syn::parse_file(source).context("a test that does not parse")?;
    let mut emitter = Emitter {
        source,
        rewrites: &cases::find(&file),
        text: String::with_capacity(source.len()),
        places: Vec::new(),
    };
    emitter.emit(&(0..source.len()), 0);
    Ok(emitter.text)
}

struct Emitter<'a> {
    source: &'a str,
    rewrites: &'a [Rewrite],
    text: String,
    places: Vec<Place>,
}

impl Emitter<'_> {
    /// Writes a part of the source with those of the rewrites from `first` on that lie in it.
    fn emit(&mut self, range: &Range<usize>, first: usize) {
        let rewrites = self.rewrites;
        let within = |at: &usize| {
            let inner = &rewrites[*at].range;
            range.start <= inner.start && inner.end <= range.end
        };
        let mut inside: Vec<usize> = (first..rewrites.len()).filter(within).collect();
        inside.sort_by_key(|at| (rewrites[*at].range.start, *at));
        let mut done = range.start;
        for at in inside {
            let rewrite = &rewrites[at];
            if rewrite.range.start < done {
                continue;
            }
            self.text.push_str(&self.source[done..rewrite.range.start]);
            self.place(rewrite.mutants.clone(), false, |emitter| emitter.pieces(&rewrite.pieces, at + 1));
            done = rewrite.range.end;
        }
        self.text.push_str(&self.source[done..range.end]);
    }

    fn pieces(&mut self, pieces: &[Piece], first: usize) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.text.push_str(text),
                Piece::Source(range) => self.emit(range, first),
                Piece::Own(number, pieces) => {
                    self.place(vec![*number], true, |emitter| emitter.pieces(pieces, first));
                }
            }
        }
    }

    fn place(&mut self, mutants: Vec<u32>, own: bool, write: impl FnOnce(&mut Self)) {
        let start = self.text.len();
        write(self);
        self.places.push(Place { range: start..self.text.len(), mutants, own });
    }
}

#[cfg(test)]
#[path = "weave_tests.rs"]
mod tests;
