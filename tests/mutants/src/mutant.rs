//! The mutants, as `cargo mutants` lists them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The version whose list the results are of.
pub const CARGO_MUTANTS: &str = "27.1.0";

/// What is changed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
pub enum Genre {
    /// A function returns a value at once.
    FnValue,
    /// Another operator of two operands, assignments among them.
    BinaryOperator,
    /// A sign or negation less.
    UnaryOperator,
    /// An arm of a match less.
    MatchArm,
    /// A guard that is always or never true.
    MatchArmGuard,
    /// A field less, where the rest of a structure comes from another.
    StructField,
}

/// A function with mutants.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    pub returns: String,
    /// Of its text, documentation included: the first eight digits of its SHA-256.
    pub text: String,
}

/// One change to one place.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// From 1, what the woven build knows it by.
    pub number: u32,
    pub package: String,
    pub file: String,
    /// What `cargo mutants` says of it, without the place.
    pub what: String,
    /// Which of those of that description in its file, from 1.
    pub nth: usize,
    pub genre: Genre,
    /// What is replaced, in bytes of the file.
    pub span: Range<usize>,
    pub replacement: String,
    /// None in a constant.
    pub function: Option<Function>,
    /// Where, from 1.
    pub line: usize,
    /// What stands there.
    pub source: String,
}

impl Mutant {
    /// What stays when lines are added above: file, description, count.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}: {} #{}", self.file, self.what, self.nth)
    }

    /// The text that its fate depends on; empty in a constant.
    #[must_use]
    pub fn text(&self) -> &str {
        self.function.as_ref().map_or("", |function| &function.text)
    }
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    package: String,
    file: String,
    genre: Genre,
    span: Span,
    replacement: String,
    function: Option<ListedFunction>,
}

#[derive(Deserialize)]
struct ListedFunction {
    function_name: String,
    return_type: String,
    span: Span,
}

#[derive(Deserialize)]
struct Span {
    start: Place,
    end: Place,
}

/// Line and column in characters, both from 1.
#[derive(Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

/// The mutants of `packages`, numbered.
///
/// # Errors
/// When `cargo mutants` cannot be installed, or its list is not of the files there are.
pub fn list(root: &Path, target: &Path, packages: &[&str]) -> Result<Vec<Mutant>> {
    let mut command = Command::new(tool(target)?);
    command.args(["mutants", "--list", "--json"]).current_dir(root);
    for package in packages {
        command.args(["--package", package]);
    }
    let output = command.output()?;
    if !output.status.success() {
        bail!("cargo mutants: {}", String::from_utf8_lossy(&output.stderr));
    }
    numbered(serde_json::from_slice(&output.stdout)?, |file| {
        std::fs::read_to_string(root.join(file)).with_context(|| file.to_owned())
    })
}

/// `cargo mutants` of the right version, which is installed below `target` where it is nowhere else.
fn tool(target: &Path) -> Result<PathBuf> {
    let home = target.join("mutants/tools");
    let installed = home.join("bin/cargo-mutants");
    for tool in [PathBuf::from("cargo-mutants"), installed.clone()] {
        let version = Command::new(&tool).args(["mutants", "--version"]).output();
        if version.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains(CARGO_MUTANTS)) {
            return Ok(tool);
        }
    }
    eprintln!("mutants: cargo-mutants {CARGO_MUTANTS} is installed in {}", home.display());
    let mut command = Command::new("cargo");
    command.args(["install", "cargo-mutants", "--version", CARGO_MUTANTS, "--locked", "--quiet", "--root"]);
    if !command.arg(&home).status()?.success() {
        bail!("cargo install cargo-mutants --version {CARGO_MUTANTS} --locked");
    }
    Ok(installed)
}

fn numbered(listed: Vec<Listed>, read: impl Fn(&str) -> Result<String>) -> Result<Vec<Mutant>> {
    let mut texts: BTreeMap<String, Text> = BTreeMap::new();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut mutants = Vec::with_capacity(listed.len());
    for (number, listed) in (1..).zip(listed) {
        if !texts.contains_key(&listed.file) {
            texts.insert(listed.file.clone(), Text::new(read(&listed.file)?));
        }
        let text = &texts[&listed.file];
        let what = listed.name.splitn(4, ':').nth(3).context("a name without a place")?.trim().to_owned();
        let nth = counts.entry((listed.file.clone(), what.clone())).or_default();
        *nth += 1;
        let function = match listed.function {
            Some(function) => {
                let text = hash(text.between(&function.span)?.1.as_bytes(), 8);
                Some(Function { name: function.function_name, returns: function.return_type, text })
            }
            None => None,
        };
        mutants.push(Mutant {
            number,
            package: listed.package,
            what,
            nth: *nth,
            genre: listed.genre,
            span: text.between(&listed.span)?.0,
            replacement: listed.replacement,
            function,
            line: listed.span.start.line,
            source: text.line(listed.span.start.line).trim().to_owned(),
            file: listed.file,
        });
    }
    Ok(mutants)
}

/// The first `digits` of the SHA-256 of `bytes`.
#[must_use]
pub fn hash(bytes: &[u8], digits: usize) -> String {
    let mut hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    hex.truncate(digits);
    hex
}

/// A file, and where its lines begin.
struct Text {
    text: String,
    lines: Vec<usize>,
}

impl Text {
    fn new(text: String) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, lines }
    }

    fn line(&self, line: usize) -> &str {
        self.lines
            .get(line.wrapping_sub(1))
            .map_or("", |at| self.text[*at..].lines().next().unwrap_or_default())
    }

    fn at(&self, place: &Place) -> Result<usize> {
        let start = self.lines.get(place.line.wrapping_sub(1)).context("a line that is not there")?;
        let mut columns =
            self.text[*start..].char_indices().map(|(at, _)| at).chain([self.text.len() - start]);
        Ok(start + columns.nth(place.column.wrapping_sub(1)).context("a column that is not there")?)
    }

    fn between(&self, span: &Span) -> Result<(Range<usize>, &str)> {
        let range = self.at(&span.start)?..self.at(&span.end)?;
        let text = self.text.get(range.clone()).context("a span that is none")?;
        Ok((range, text))
    }
}
