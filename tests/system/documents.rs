//! SECURITY.md and RUNBOOK.md name nothing that is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).expect(file)
}

/// Every Rust source of the repository that may hold a test.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !["target", "node_modules", "vendor"].contains(&name) && !name.starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Names of all tests and invariants of the stateful sequences, and of all files that hold some.
fn tests() -> (BTreeSet<String>, BTreeSet<String>) {
    let mut paths = Vec::new();
    for folder in ["tests", "crates", "src", "contracts"] {
        sources(&root().join(folder), &mut paths);
    }
    let (mut names, mut files) = (BTreeSet::new(), BTreeSet::new());
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a source");
        // An attribute of a test may stand lines before its name, and macros make some names of a block.
        let invariants = path.components().any(|part| part.as_os_str() == "invariants");
        let mut marked = false;
        for line in text.lines().map(str::trim) {
            marked |= invariants || line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let line = ["pub(super) ", "pub(crate) ", "pub "]
                .iter()
                .find_map(|to| line.strip_prefix(to))
                .unwrap_or(line);
            let Some(rest) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")) else {
                continue;
            };
            if marked {
                names.insert(rest.split(['(', '<']).next().unwrap_or_default().to_owned());
                files.insert(path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned());
                marked = false;
            }
        }
    }
    (names, files)
}

/// What stands between backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether a word reads as the name of a test or of a file of them.
fn is_name(word: &str) -> bool {
    let plain = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_' || letter == ':'
    };
    word.chars().all(plain) && word.contains('_')
}

/// Rows of the tables under a heading, each the texts of its cells.
pub(crate) fn rows<'t>(text: &'t str, heading: &str) -> Vec<Vec<&'t str>> {
    let under = text.split("\n## ").find(|part| part.lines().next() == Some(heading)).expect(heading);
    let lines = under.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    lines.map(|line| line.split(" | ").collect()).collect()
}

/// Tests that a cell names; panics over one that there is not.
fn tests_of<'t>(cell: &'t str, names: &BTreeSet<String>) -> Vec<&'t str> {
    let found: Vec<&str> = quoted(cell).collect();
    for word in &found {
        assert!(names.contains(*word), "no test {word}: {cell}");
    }
    found
}

#[test]
fn every_test_that_the_tables_of_security_name_is_there() {
    let (names, files) = tests();
    let (text, mut count) = (text("SECURITY.md"), 0);
    for line in text.lines().filter(|line| line.starts_with('|')) {
        for word in quoted(line).filter(|word| is_name(word)) {
            let name = word.rsplit("::").next().unwrap_or_default();
            assert!(names.contains(name) || files.contains(name), "no test {word}: {line}");
            count += 1;
        }
    }
    assert!(count > 300, "{count} names");
}

#[test]
fn every_bad_input_has_its_tests() {
    let (text, (names, _)) = (text("SECURITY.md"), tests());
    let (mut inputs, mut tables) = (BTreeSet::new(), 0);
    for row in rows(&text, "Bad inputs") {
        let [input, outcome, cell] = row[..] else { panic!("{row:?}") };
        if input == "input" {
            tables += 1;
            continue;
        }
        assert!(inputs.insert(input) && !outcome.is_empty(), "{input}");
        assert!(!tests_of(cell, &names).is_empty(), "{input} has no test");
    }
    assert!(tables == 4 && inputs.len() > 60, "{tables} tables of {} inputs", inputs.len());
}

#[test]
fn every_fault_has_its_drills_and_every_drill_stands_in_its_row() {
    let text = text("SECURITY.md");
    let (names, _) = tests();
    let mut rows = BTreeMap::new();
    for row in self::rows(&text, "Fault drills").iter().skip(1) {
        let [number, fault, _, contract, _, keeper] = row[..] else { panic!("{row:?}") };
        let number: u32 = number.strip_prefix('C').and_then(|number| number.parse().ok()).expect(number);
        let told = [tests_of(contract, &names), tests_of(keeper, &names)];
        assert!(!fault.is_empty() && rows.insert(number, told).is_none(), "C{number} twice");
    }
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), (1..=18).collect::<Vec<_>>());
    // Nothing of the contracts is in the faults of nodes and of the machine; re-entry and roles are not the keeper's.
    for (number, [contract, keeper]) in &rows {
        assert_eq!(contract.is_empty(), [12, 18].contains(number), "C{number}: {contract:?}");
        assert_eq!(keeper.is_empty(), [5, 17].contains(number), "C{number}: {keeper:?}");
    }
    let drills: Vec<&String> = names.iter().filter(|name| drill(name).is_some()).collect();
    for name in &drills {
        for number in drill(name).expect("a drill") {
            let there = rows[&number].iter().flatten().any(|word| word == name);
            assert!(there, "{name} is not in the row of C{number}");
        }
    }
    let numbers: BTreeSet<u32> = drills.iter().filter_map(|name| drill(name)).flatten().collect();
    assert_eq!(numbers, (1..=18).collect(), "a fault without a test of its number");
}

/// The faults that a test's name begins with: `c03_c04_a_venue`.
fn drill(name: &str) -> Option<Vec<u32>> {
    let number = |part: &&str| part.len() == 3 && part.starts_with('c');
    let numbers: Vec<u32> =
        name.split('_').take_while(|part| number(part)).map_while(|part| part[1..].parse().ok()).collect();
    (!numbers.is_empty()).then_some(numbers)
}

/// A list of types as `cast` takes it.
fn types(parameters: &Value) -> String {
    let list = parameters.as_array().expect("parameters").iter().map(|one| {
        let name = one["type"].as_str().expect("a type");
        name.strip_prefix("tuple").map_or(name.into(), |rest| types(&one["components"]) + rest)
    });
    format!("({})", list.collect::<Vec<String>>().join(","))
}

/// Every function of the interfaces: its signature, and what it returns.
fn functions() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("abi")).expect("abi") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let entries: Vec<Value> =
            serde_json::from_str(&std::fs::read_to_string(path).expect("an ABI")).expect("JSON");
        for one in entries.iter().filter(|one| one["type"] == "function") {
            let name = one["name"].as_str().expect("a name");
            all.insert(format!("{name}{}", types(&one["inputs"])), types(&one["outputs"]));
        }
    }
    all
}

/// Where the list of types that begins a text ends.
fn list(text: &str) -> &str {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        if depth == 0 {
            return &text[..=at];
        }
    }
    panic!("{text} does not end");
}

#[test]
fn every_call_of_the_runbook_is_one_of_the_contracts() {
    let (text, known, mut count) = (text("RUNBOOK.md"), functions(), 0);
    for verb in ["cast send ", "cast call "] {
        for call in text.split(verb).skip(1) {
            let signature = call.split('"').nth(1).expect("a signature");
            let (name, rest) =
                signature.split_once('(').unwrap_or_else(|| panic!("{signature} is no function"));
            let arguments = list(&signature[name.len()..]);
            let answer = &signature[name.len() + arguments.len()..];
            let returns = known.get(&format!("{name}{arguments}"));
            let returns = returns.unwrap_or_else(|| panic!("{signature} is in no interface ({rest})"));
            assert!(verb == "cast send " || answer == returns, "{signature} returns {returns}");
            count += 1;
        }
    }
    assert!(count > 25, "{count} calls");
}

#[test]
fn every_command_of_the_runbook_is_there() {
    let text = text("RUNBOOK.md");
    let (deploy, keeper) = (self::text("crates/deploy/src/main.rs"), self::text("crates/keeper/src/main.rs"));
    let mut count = 0;
    for command in text.split("scripts/").skip(1) {
        let mut words = command.split([' ', '`', '\n', '.', ',']).filter(|word| !word.is_empty());
        let name = words.next().expect("a name");
        assert!(root().join("scripts").join(name).is_file(), "scripts/{name}");
        let asked = words.next().unwrap_or_default().to_owned();
        let capital = asked.get(..1).unwrap_or_default().to_uppercase() + asked.get(1..).unwrap_or_default();
        let source = match name {
            "deploy" => &deploy,
            "keeper" => &keeper,
            _ => continue,
        };
        let there = [",", " {"].iter().any(|end| source.contains(&format!("    {capital}{end}")));
        assert!(there || asked == "(daily)", "scripts/{name} {asked}");
        count += 1;
    }
    assert!(count > 10, "{count} commands");
    for file in text.split('`').filter(|word| word.contains('/') && word.ends_with(".md")) {
        assert!(root().join(file).is_file(), "{file}");
    }
}
