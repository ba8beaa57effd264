//! The program itself: a price file that cannot be trusted ends it with exit code 2 and one line, before anything is deployed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn demo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_demo")).args(arguments).output().expect("the demo starts")
}

fn file(name: &str, rows: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, format!("timestamp,close\n{rows}")).expect("a file");
    path
}

fn assert_refused(path: &Path, what: &str) {
    let output = demo(&["--prices", path.to_str().expect("a plain path"), "--days", "1"]);
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(said, format!("demo: {}{what}\n", path.display()));
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_missing_file() {
    assert_refused(Path::new("nowhere/prices.csv"), ": cannot be read: there is no such file");
}

#[test]
fn a_malformed_row() {
    assert_refused(&file("malformed.csv", "3600,1\n7200\n"), ", line 3: 1 fields where the header has 2");
    assert_refused(&file("words.csv", "3600,high\n"), ", line 2: close \"high\" is no number");
}

#[test]
fn unsorted_times() {
    let reason = "unsorted: 1970-01-01 01:00 UTC after 1970-01-01 02:00 UTC on line 2; times must ascend";
    assert_refused(&file("unsorted.csv", "7200,1\n3600,1\n"), &format!(", line 3: {reason}"));
}

#[test]
fn duplicate_times() {
    let reason = "duplicate timestamp 1970-01-01 01:00 UTC, as on line 2";
    assert_refused(&file("duplicate.csv", "3600,1\n3600,1\n"), &format!(", line 3: {reason}"));
}

#[test]
fn a_price_of_zero() {
    assert_refused(&file("zero.csv", "3600,1\n7200,0\n"), ", line 3: a price of zero");
}

#[test]
fn a_gap_over_six_hours() {
    let reason = "a gap of 7.0 hours since 1970-01-01 01:00 UTC: over 6 hours";
    assert_refused(&file("gap.csv", "3600,1\n28800,1\n"), &format!(", line 3: {reason}"));
}

#[test]
fn a_file_that_ends_too_early() {
    let reason = "prices start at 1970-01-01 00:00 UTC: the first vol needs 336 hours of them before 1970-01-01 00:00 UTC";
    let rows: String = (0..25).map(|hour| format!("{},1\n", hour * 3_600)).collect();
    assert_refused(&file("short.csv", &rows), &format!(", line 2: {reason}"));
}

#[test]
fn options_that_make_no_sense() {
    for arguments in [["--days", "0"], ["--days", "many"], ["--from", "soon"], ["--speed", "9"]] {
        assert_eq!(demo(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}
