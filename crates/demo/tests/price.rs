//! `price` itself: a file with any bad row is refused with exit code 2 and each fault's line, before the kernel is looked for.

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn price(rows: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_price"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("price starts");
    child.stdin.take().expect("a pipe").write_all(rows).expect("rows are written");
    child.wait_with_output().expect("price ends")
}

fn assert_refused(rows: impl AsRef<[u8]>, faults: &[&str]) {
    let output = price(rows.as_ref());
    let said = String::from_utf8(output.stderr).expect("text");
    let expected: String = faults.iter().map(|fault| format!("price: standard input{fault}\n")).collect();
    assert_eq!(said, expected);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty());
}

/// Rows under a good header, the first of them good.
fn under_header(rows: &str) -> String {
    format!("spot,strike,seconds,vol,rate\n2800,2800,3600,0.8,0\n{rows}")
}

#[test]
fn a_missing_file() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_price")).arg("nowhere/rows.csv").output().expect("price starts");
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(said.starts_with("price: nowhere/rows.csv: cannot be read: "), "{said}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_header_that_is_missing_or_another() {
    assert_refused("", &[", line 1: no header: spot,strike,seconds,vol,rate"]);
    let another = [", line 1: the header must be spot,strike,seconds,vol,rate"];
    assert_refused("2800,2800,3600,0.8,0\n", &another);
    assert_refused("strike,spot,seconds,vol,rate\n", &another);
    assert_refused([0xff, 0xfe, 0x00], &another);
}

#[test]
fn a_row_of_another_width() {
    assert_refused(under_header("1,2\n"), &[", line 3: 2 fields, not 5"]);
    assert_refused(under_header("\n\n1,1,1,1,0,0\n"), &[", line 5: 6 fields, not 5"]);
}

#[test]
fn every_bad_field_of_every_bad_row() {
    let rows = "-1,1e3,1.5,,0x1\n2800,2800,3600,0.8,0\n1.123456789,1.1234567,1,-1,1\n";
    let faults = [
        ", line 3, spot: \"-1\" is negative",
        ", line 3, strike: \"1e3\" is no decimal number",
        ", line 3, seconds: \"1.5\" has 1 decimals, at most 0",
        ", line 3, vol: \"\" is no decimal number",
        ", line 3, rate: \"0x1\" is no decimal number",
        ", line 5, spot: \"1.123456789\" has 9 decimals, at most 8",
        ", line 5, strike: \"1.1234567\" has 7 decimals, at most 6",
        ", line 5, vol: \"-1\" is negative",
    ];
    assert_refused(under_header(rows), &faults);
}

#[test]
fn a_field_beyond_its_bound() {
    let spot = "is not above 0 and at most 180143985.09481984";
    let strike = "is not above 0 and at most 281474976.710656";
    let rate = "is not below 4 in magnitude, and below 2 once multiplied by the years";
    for (row, fault) in [
        ("0,1,1,1,0", format!("spot: \"0\" {spot}")),
        ("180143985.09481985,1,1,1,0", format!("spot: \"180143985.09481985\" {spot}")),
        ("999999999999999,1,1,1,0", format!("spot: \"999999999999999\" {spot}")),
        ("1,0.000000,1,1,0", format!("strike: \"0.000000\" {strike}")),
        ("1000,281474976.710657,1,1,0", format!("strike: \"281474976.710657\" {strike}")),
        ("1,2097152.000001,1,1,0", "strike: \"2097152.000001\" is more than 2097152 times spot".into()),
        ("1,1,315360001,1,0", "seconds: \"315360001\" is above 315360000".into()),
        ("1,1,4294967296,1,0", "seconds: \"4294967296\" is above 315360000".into()),
        ("1,1,1,8,0", "vol: \"8\" is not below 8".into()),
        ("1,1,1,1,4", format!("rate: \"4\" {rate}")),
        ("1,1,1,1,-999999999999999", format!("rate: \"-999999999999999\" {rate}")),
        ("1,1,315360000,1,-0.21", format!("rate: \"-0.21\" {rate}")),
    ] {
        assert_refused(under_header(row), &[&format!(", line 3, {fault}")]);
    }
}

#[test]
fn a_number_of_too_many_digits() {
    let long = "9".repeat(100_000);
    let faults = [
        format!(", line 3, spot: \"{long}\" has 100000 digits before the point, at most 15"),
        format!(", line 3, vol: \"0.{long}\" has 100000 decimals, at most 30"),
    ];
    assert_refused(under_header(&format!("{long},1,1,0.{long},0\n")), &faults.each_ref().map(String::as_str));
}

#[test]
fn more_faults_than_are_shown() {
    let output = price(under_header(&"1\n".repeat(100)).as_bytes());
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(said.lines().count(), 21);
    assert!(said.ends_with("price: standard input: and 80 more\n"), "{said}");
}
