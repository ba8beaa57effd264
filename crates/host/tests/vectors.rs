//! The golden vectors on the host, to the unit; and folders that cannot be used.
#![allow(clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use host::vectors::{VectorError, Vectors};
use serde_json::{Value, json};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A folder of its own with one case of the golden vectors, whose index is then changed.
fn folder(name: &str, change: impl Fn(&mut Value)) -> PathBuf {
    let golden = repository("tests/vectors/ink");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::copy(golden.join("empty.wasm"), folder.join("empty.wasm")).expect("the program");
    let index = std::fs::read(golden.join("vectors.json")).expect("the index");
    let mut index: Value = serde_json::from_slice(&index).expect("JSON");
    index["cases"].as_array_mut().expect("cases").retain(|case| case["name"] == "empty");
    change(&mut index);
    std::fs::write(folder.join("vectors.json"), index.to_string()).expect("the index is written");
    folder
}

fn refused(name: &str, change: impl Fn(&mut Value)) -> VectorError {
    let Err(error) = Vectors::read(&folder(name, change)) else { panic!("{name} is used") };
    error
}

fn program(index: &mut Value) -> &mut Value {
    let programs = index["cases"][0]["programs"].as_object_mut().expect("programs");
    programs.values_mut().next().expect("a program")
}

#[test]
fn every_golden_vector_passes_to_the_unit() {
    let report = Vectors::read(&repository("tests/vectors/ink")).expect("the golden vectors").run();
    let differences: Vec<String> = report.differences.iter().map(ToString::to_string).collect();
    assert!(differences.is_empty(), "{differences:#?}");

    let snapshot = std::fs::read(repository("snapshots/host.json")).expect("the snapshot");
    let snapshot: Value = serde_json::from_slice(&snapshot).expect("JSON");
    assert_eq!(snapshot["vectors_passed"], report.passed);
    assert_eq!(snapshot["vectors_total"], report.passed + report.failed);
}

#[test]
fn a_figure_that_differs_is_reported_with_its_place() {
    let folder = folder("different", |index| {
        index["cases"][0]["calls"][0]["expected"]["ink_used"] = json!(1);
        program(index)["activation"]["init_cost"] = json!(2);
    });
    let report = Vectors::read(&folder).expect("a usable folder").run();
    assert_eq!((report.passed, report.failed), (0, 1));
    let [activation, call] = report.differences.as_slice() else { panic!("{:?}", report.differences) };
    assert_eq!((activation.field.as_str(), activation.call.as_deref()), ("init_cost", None));
    assert_eq!((call.field.as_str(), call.call.as_deref()), ("ink_used", Some("0")));
    assert_eq!(call.to_string(), "empty, call 0, ink_used: expected Some(1), got Some(2452)");
}

#[test]
fn a_folder_without_an_index_is_refused() {
    let error = Vectors::read(&repository("tests/vectors/nowhere")).err().expect("refused");
    assert!(matches!(error, VectorError::File { .. }), "{error}");
}

#[test]
fn an_index_that_is_not_json_is_refused() {
    let folder = folder("not-json", |_| {});
    std::fs::write(folder.join("vectors.json"), "{").expect("written");
    let error = Vectors::read(&folder).err().expect("refused");
    assert!(matches!(error, VectorError::Json { .. }), "{error}");
}

#[test]
fn another_format_is_refused() {
    let error = refused("format", |index| index["format"] = json!(2));
    assert!(matches!(error, VectorError::Format { found: 2 }), "{error}");
}

#[test]
fn a_figure_that_nobody_would_check_is_refused() {
    let error = refused("unknown-field", |index| {
        index["cases"][0]["calls"][0]["expected"]["weather"] = json!("fine");
    });
    assert!(matches!(error, VectorError::Json { .. }), "{error}");
}

#[test]
fn rules_that_the_host_does_not_have_are_refused() {
    let error = refused("rules", |index| index["rules"]["ink_price"] = json!(100));
    assert!(matches!(error, VectorError::Rule { rule: "ink_price", found: 100, .. }), "{error}");
}

#[test]
fn other_bytes_than_were_measured_are_refused() {
    let error = refused("hash", |index| program(index)["sha256"] = json!("00"));
    assert!(matches!(error, VectorError::Hash { .. }), "{error}");
}

#[test]
fn a_missing_program_is_refused() {
    let error = refused("missing", |index| program(index)["wasm"] = json!("gone.wasm"));
    assert!(matches!(error, VectorError::File { .. }), "{error}");
}

#[test]
fn a_program_outside_the_folder_is_refused() {
    let error = refused("outside", |index| program(index)["wasm"] = json!("../empty.wasm"));
    assert!(matches!(error, VectorError::Name { .. }), "{error}");
}
