//! What `scripts/price` prints: rows of decimals through the kernel's WASM, against the references of `tests/vectors`.

use demo::pricing::{COLUMNS, FIGURES};

/// Largest errors: of prices over spot; of delta, gamma times spot and sd, vega and a year's theta over spot.
const PRICE: f64 = 1e-15;
const GREEKS: f64 = 1e-14;
/// Decimals of what is printed, and of the references that are used.
const PRINTED: usize = 20;

/// A row of the references.
struct Row {
    /// [1e-8 USD]
    spot: i128,
    /// sd of ln S
    deviation: f64,
    /// As the program takes it.
    written: String,
    /// Of spot: call, put, delta, gamma, vega, theta.
    truth: [i128; 6],
}

/// `units` / 10^`decimals`, exactly.
fn decimal(units: i128, decimals: usize) -> String {
    let scale = 10_u128.pow(decimals as u32);
    let (whole, fraction) = (units.unsigned_abs() / scale, units.unsigned_abs() % scale);
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}{whole}.{fraction:0>decimals$}")
}

/// A word in Q60 with 24 decimals: closer to it than to any other.
fn word(word: i128) -> String {
    let (whole, rest) = (word.abs() >> 60, word.abs() & ((1 << 60) - 1));
    // rest 10^24 / 2^60 in two steps of 10^12, each of which stays within 128 bits.
    let high = rest * 1_000_000_000_000;
    let low = (high & ((1 << 60) - 1)) * 1_000_000_000_000;
    let fraction = (high >> 60) * 1_000_000_000_000 + (low >> 60);
    decimal(word.signum() * (whole * 10_i128.pow(24) + fraction), 24)
}

/// A decimal in units of 10^-20, what is beyond cut off.
fn units(text: &str) -> i128 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').expect("a point");
    let fraction = &fraction[..PRINTED];
    sign * format!("{whole}{fraction}").parse::<i128>().expect("digits")
}

/// Every twentieth option without carry.
fn rows() -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/options/terms.csv");
    let table = std::fs::read_to_string(path).expect("vectors");
    let fields = table.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let plain = fields.filter(|fields| fields[4] == "0");
    plain.step_by(20).map(|fields| row(&fields)).collect()
}

fn row(fields: &[&str]) -> Row {
    let number = |index: usize| fields[index].parse::<i128>().expect("a whole number");
    let (spot, seconds, vol) = (number(0), number(2), number(5));
    let written = [decimal(spot, 8), decimal(number(1), 6), seconds.to_string(), word(vol), word(number(3))];
    let deviation = vol as f64 / 2_f64.powi(60) * (seconds as f64 / 31_536_000.0).sqrt();
    let truth = [6, 7, 8, 10, 11, 12].map(|index| units(fields[index]));
    Row { spot, deviation, written: written.join(","), truth }
}

/// What `scripts/price` prints for a file.
fn price(csv: &str) -> String {
    let rows = demo::pricing::read(csv.as_bytes()).expect("good rows");
    demo::pricing::price(&rows).expect("prices")
}

/// Differences of printed figures from the reference.
fn errors(row: &Row, printed: &[i128]) -> [f64; 6] {
    let unit = 10_f64.powi(PRINTED as i32);
    let per_usd = 100_000_000;
    let of_spot = |figure: usize| {
        let usd = row.truth[figure] / 100 * row.spot / (per_usd / 100);
        (printed[figure] - usd) as f64 / unit / (row.spot as f64 / 1e8)
    };
    let delta = (printed[2] - row.truth[2]) as f64 / unit;
    let gamma = (printed[3] * row.spot / per_usd - row.truth[3]) as f64 / unit * row.deviation;
    [of_spot(0), of_spot(1), delta, gamma, of_spot(4), of_spot(5)].map(f64::abs)
}

#[test]
fn a_table_is_priced_by_the_wasm_to_the_reference() {
    let rows = rows();
    let header = COLUMNS.join(",");
    let csv: String = [header.clone()]
        .into_iter()
        .chain(rows.iter().map(|row| row.written.clone()))
        .collect::<Vec<_>>()
        .join("\n");
    let printed = price(&csv);
    let mut lines = printed.lines();
    assert_eq!(lines.next(), Some(format!("{header},{}", FIGURES.join(",")).as_str()));
    let mut worst = [0.0_f64; 6];
    let mut priced = 0;
    for (row, line) in rows.iter().zip(lines) {
        let figures = line.strip_prefix(&format!("{},", row.written)).expect("the row comes back");
        let figures: Vec<i128> = figures.split(',').map(units).collect();
        let errors = errors(row, &figures);
        worst = std::array::from_fn(|index| worst[index].max(errors[index]));
        priced += 1;
    }
    println!("{priced} rows: {worst:?}");
    assert_eq!(priced, rows.len());
    assert!(priced >= 50, "{priced} rows");
    assert!(worst[0] <= PRICE && worst[1] <= PRICE, "{worst:?}");
    assert!(worst[2..].iter().all(|worst| *worst <= GREEKS), "{worst:?}");
}

/// The header and the row of the README, as printed.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = include_str!("../../README.md");
    let header = format!("{},{}", COLUMNS.join(","), FIGURES.join(","));
    let (_, rest) = readme.split_once(&format!("{header}\n")).expect("the header");
    let row = rest.lines().next().expect("a row");
    let terms: Vec<_> = row.split(',').take(COLUMNS.len()).collect();
    let printed = price(&format!("{}\n{}\n", COLUMNS.join(","), terms.join(",")));
    assert_eq!(printed, format!("{header}\n{row}\n"));
}

#[test]
fn one_bad_row_of_many_prices_none() {
    let csv = format!("{}\n2800,2800,3600,0.8,0\n2800,2800,3600,9,0\n", COLUMNS.join(","));
    let faults = demo::pricing::read(csv.as_bytes()).expect_err("a fault");
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].to_string(), "line 3, vol: \"9\" is not below 8");
}
