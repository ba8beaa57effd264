//! Takes out what does not compile.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::mutant::Mutant;
use crate::plan::Group;
use crate::tree::{Tree, Weaving};
use crate::weave::Place;

/// Rounds of the compiler: it reports types before lifetimes, and a crate before those that use it.
const ROUNDS: usize = 30;
/// A match that does not cover every value, which the compiler says of what is matched.
const NOT_COVERED: &str = "E0004";

/// Mutants without a switch.
#[derive(Default)]
pub struct Out {
    /// Their own code does not compile.
    pub unviable: HashSet<u32>,
    /// Only the switch is what does not compile, and why.
    pub left: HashMap<u32, String>,
}

impl Out {
    fn all(&self) -> HashSet<u32> {
        self.unviable.iter().chain(self.left.keys()).copied().collect()
    }
}

/// Weaves until what is woven compiles; `keep` is given what is out after each round.
///
/// # Errors
/// When an error cannot be laid to a mutant.
pub fn settle(
    tree: &Tree,
    group: &Group,
    mutants: &[Mutant],
    mut out: Out,
    keep: impl Fn(&Out) -> Result<()>,
) -> Result<()> {
    for _ in 0..ROUNDS {
        let weaving = tree.weave(mutants, &out.all())?;
        out.unviable.extend(&weaving.unviable);
        out.left.extend(weaving.left.iter().map(|(number, why)| (*number, (*why).to_owned())));
        // What compiled once need not be shown to compile again.
        let settled = tree.root.with_file_name("settled");
        if fs::read_to_string(&settled).is_ok_and(|text| text == weaving.text) {
            return keep(&out);
        }
        let errors = check(tree, group)?;
        if errors.is_empty() {
            fs::write(settled, weaving.text)?;
            return keep(&out);
        }
        let before = out.all().len();
        for error in &errors {
            if !lay(error, &weaving, &mut out) {
                eprintln!("mutants: of none: {}", error.rendered.as_deref().unwrap_or_default());
            }
        }
        keep(&out)?;
        eprintln!("mutants: {} errors, {} mutants out", errors.len(), out.all().len());
        if out.all().len() == before {
            bail!("the woven tree does not compile:\n{}", errors[0].rendered.as_deref().unwrap_or_default());
        }
    }
    bail!("the woven tree does not compile in {ROUNDS} rounds")
}

/// Finds whose error it is, if any mutant's.
fn lay(error: &Message, weaving: &Weaving, out: &mut Out) -> bool {
    let code = error.code.as_ref().map_or("", |code| &code.code);
    let (first, others): (Vec<&Span>, _) = error.spans.iter().partition(|span| span.is_primary);
    for span in first.into_iter().chain(others) {
        let Some((places, at)) = woven(span, &weaving.places) else { continue };
        let around = |place: &&Place| place.range.start <= at && at < place.range.end;
        let Some(place) = places.iter().filter(around).min_by_key(|place| place.range.len()) else {
            continue;
        };
        if code == NOT_COVERED || (place.own && span.is_primary) {
            out.unviable.extend(&place.mutants);
        } else {
            let why = format!("{code} {}", error.message);
            out.left.extend(place.mutants.iter().map(|number| (*number, why.clone())));
        }
        return true;
    }
    false
}

/// The woven file of a span, and where in it; for one in a macro, where that is used.
fn woven<'a>(span: &Span, places: &'a BTreeMap<String, Vec<Place>>) -> Option<(&'a [Place], usize)> {
    if let Some(expansion) = &span.expansion {
        return woven(&expansion.span, places);
    }
    places.get(&plain(&span.file_name)).map(|places| (&**places, span.byte_start))
}

/// A path without the steps back in it.
fn plain(path: &str) -> String {
    let mut plain = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain.join("/")
}

#[derive(Deserialize)]
struct Line {
    reason: String,
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    message: String,
    code: Option<Code>,
    spans: Vec<Span>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    is_primary: bool,
    expansion: Option<Expansion>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Box<Span>,
}

/// The errors of the woven packages.
fn check(tree: &Tree, group: &Group) -> Result<Vec<Message>> {
    let mut command = tree.cargo();
    command.args(["check", "--offline", "--keep-going", "--lib", "--message-format=json"]);
    command.args(group.woven.iter().map(|package| format!("--package={package}")));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stderr = child.stderr.take().context("no stream")?;
    let said = std::thread::spawn(move || std::io::read_to_string(stderr).unwrap_or_default());
    let mut errors = Vec::new();
    for line in BufReader::new(child.stdout.take().context("no stream")?).lines() {
        let Ok(Line { reason, message: Some(message) }) = serde_json::from_str(&line?) else { continue };
        if reason == "compiler-message" && message.level.starts_with("error") && !message.spans.is_empty() {
            errors.push(message);
        }
    }
    let said = said.join().unwrap_or_default();
    if !child.wait()?.success() && errors.is_empty() {
        bail!("cargo check: {said}");
    }
    Ok(errors)
}
