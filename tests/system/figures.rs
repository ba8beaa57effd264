//! The figures of SECURITY.md are those of `snapshots/reliability.json`, which the tests that measure them keep.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

fn text(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file)
}

fn snapshot() -> BTreeMap<String, Value> {
    serde_json::from_str(&text("snapshots/reliability.json")).expect("JSON")
}

#[test]
fn every_figure_of_the_snapshot_stands_in_security_as_it_is() {
    let text = text("SECURITY.md");
    let (_, section) = text.split_once("## Figures").expect("a section");
    let (section, _) = section.split_once("\n## ").expect("a next one");
    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| |"));
    let told: BTreeMap<String, String> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let figure = cells[2].trim_end_matches(" %").replace(',', "");
            (cells[1].to_owned(), figure)
        })
        .collect();
    let kept = snapshot().into_iter().map(|(name, figure)| (name, figure.to_string())).collect();
    assert_eq!(told, kept);
}

#[test]
fn as_many_fault_drills_are_counted_as_faults_have_drills() {
    let text = text("SECURITY.md");
    let drills = text.lines().filter(|line| line.starts_with("| C")).count();
    assert_eq!(snapshot()["fault_drills"], drills as u64);
}
