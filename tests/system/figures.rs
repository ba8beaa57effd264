//! The figures of SECURITY.md are those of `snapshots/reliability.json`, which the tests that measure them keep.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::documents::{root, rows, text};

/// Rows of the table of a section of SECURITY.md, without its head, and numbers without their commas.
fn table(section: &str) -> Vec<Vec<String>> {
    let text = text("SECURITY.md");
    let rows = rows(&text, section);
    let row = |row: &Vec<&str>| row.iter().map(|cell| cell.replace(',', "")).collect();
    rows.iter().skip(1).map(row).collect()
}

fn snapshot() -> BTreeMap<String, Value> {
    serde_json::from_str(&text("snapshots/reliability.json")).expect("JSON")
}

#[test]
fn every_figure_of_the_snapshot_stands_in_security_as_it_is() {
    let figure = |row: Vec<String>| (row[0].clone(), row[1].trim_end_matches(" %").to_owned());
    let told: BTreeMap<String, String> = table("Figures").into_iter().map(figure).collect();
    let kept = snapshot().into_iter().map(|(name, figure)| (name, figure.to_string())).collect();
    assert_eq!(told, kept);
}

#[test]
fn as_many_fault_drills_are_counted_as_faults_have_drills() {
    assert_eq!(snapshot()["fault_drills"], table("Fault drills").len() as u64);
}

/// Mutants, caught, survived, and those of them with a reason, of a package; what does not compile or could not be judged is left out.
fn mutants(results: &Value) -> [u64; 4] {
    let mut sum = [0; 4];
    for file in results.as_object().expect("files").values() {
        let count = |name: &str| file[name].as_u64().expect("a count");
        let survived = file["survived"].as_array().expect("a list");
        let explained = survived.iter().filter(|one| one["reason"] != "").count() as u64;
        let (caught, survived) = (count("caught") + count("timed_out"), survived.len() as u64);
        assert_eq!(count("mutants") - count("unviable") - count("not_judged"), caught + survived);
        for (sum, part) in sum.iter_mut().zip([caught + survived, caught, survived, explained]) {
            *sum += part;
        }
    }
    sum
}

fn score([judged, caught, ..]: [u64; 4]) -> String {
    format!("{:.1} %", 100.0 * caught as f64 / judged as f64)
}

#[test]
fn the_scores_of_mutants_are_those_of_their_results() {
    let mut whole = [0; 4];
    let mut counted = Vec::new();
    for entry in std::fs::read_dir(root().join("snapshots/mutants")).expect("results") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        let results = serde_json::from_str(&text(&format!("snapshots/mutants/{name}.json"))).expect("JSON");
        let sum = mutants(&results);
        if sum[0] == 0 {
            continue;
        }
        whole.iter_mut().zip(sum).for_each(|(whole, part)| *whole += part);
        counted.push((name.to_owned(), sum));
    }
    counted.sort();
    counted.push(("all".into(), whole));
    let row = |(name, sum): (String, [u64; 4])| -> Vec<String> {
        let cells = sum.map(|count| count.to_string());
        [vec![name], cells.to_vec(), vec![score(sum)]].concat()
    };
    let counted: Vec<_> = counted.into_iter().map(row).collect();
    assert_eq!(table("Mutants"), counted, "as the table is to be");
    assert_eq!(format!("{} %", snapshot()["mutation_score"]), score(whole));
}
