//! One option at a time against references of 25 decimals on a grid, the largest errors asserted and kept in `snapshots/accuracy.json`.
//!
//! `UPDATE_SNAPSHOTS=1` writes the file anew.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

use std::collections::BTreeMap;

use options::{Kind, Terms, Value};

#[path = "../../maths/tests/decimal/mod.rs"]
mod decimal;
use decimal::error;

/// Errors by name.
type Errors = BTreeMap<&'static str, Error>;

/// The largest of some errors, and what their mean is made of.
#[derive(Default)]
struct Error {
    worst: f64,
    sum: f64,
    count: u32,
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const ONE: f64 = (1_u64 << 60) as f64;

/// A row of the table: terms, vol, and what they are worth.
struct Row {
    terms: Terms,
    vol: u64,
    truth: Vec<String>,
}

fn rows() -> Vec<Row> {
    let table = std::fs::read_to_string(format!("{FOLDER}/tests/vectors/options/terms.csv")).unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<i64>().unwrap();
        let [spot, strike, vol] = [0, 1, 5].map(|i| number(i).unsigned_abs());
        let seconds = u32::try_from(number(2)).unwrap();
        let terms = Terms { spot, strike, seconds, rate: number(3), carry: number(4) };
        Row { terms, vol, truth: fields[6..].iter().map(|field| (*field).to_owned()).collect() }
    };
    table.lines().skip(1).map(row).collect()
}

fn raise(errors: &mut Errors, name: &'static str, error: f64) {
    let kept = errors.entry(name).or_default();
    kept.worst = kept.worst.max(error.abs());
    kept.sum += error.abs();
    kept.count += 1;
}

impl Row {
    fn number(&self, column: usize) -> f64 {
        self.truth[column].parse().unwrap()
    }

    /// sd of ln S
    fn deviation(&self) -> f64 {
        self.vol as f64 / ONE * (f64::from(self.terms.seconds) / 31_536_000.0).sqrt()
    }

    fn values(&self, errors: &mut Errors) -> Value {
        let value = self.terms.value(self.vol).unwrap();
        let off = |word: i128, bits, column: usize| error(word, bits, &self.truth[column]).abs();
        for (column, price) in [(0, value.call.into()), (1, value.put)] {
            let off = off(price, 62, column);
            raise(errors, "price", off);
            if self.number(column) > 1e-4 {
                raise(errors, "price_relative", off / self.number(column));
            }
        }
        raise(errors, "delta", off(value.call_delta.into(), 62, 2));
        raise(errors, "delta", off(value.put_delta.into(), 62, 3));
        raise(errors, "gamma", off(value.gamma.into(), 50, 4) * self.deviation());
        raise(errors, "vega", off(value.vega.into(), 62, 5));
        raise(errors, "theta", off(value.call_theta.into(), 50, 6));
        raise(errors, "theta", off(value.put_theta.into(), 50, 7));
        raise(errors, "vanna", off(value.vanna.into(), 50, 8));
        raise(errors, "volga", off(value.volga.into(), 50, 9));
        value
    }

    /// Call less put against what they are without vol, where one of them is nothing and the other the forward less the strike [2^-62 of spot].
    fn parity(&self, value: &Value, errors: &mut Errors) {
        let forward = self.terms.value(0).unwrap();
        assert!(forward.call == 0 || forward.put == 0);
        let gap = |value: &Value| i128::from(value.call) - value.put;
        raise(errors, "parity", (gap(value) - gap(&forward)) as f64);
    }

    /// The vol of either price, and its error beyond 2e-15 S / vega.
    fn implied(&self, value: &Value, errors: &mut Errors) {
        let vega = self.number(5);
        if vega < 1e-6 {
            return;
        }
        for (kind, price) in [(Kind::Call, value.call.into()), (Kind::Put, value.put)] {
            let vol = self.terms.implied_vol(kind, price).unwrap();
            let off = vol.abs_diff(self.vol) as f64 / ONE;
            raise(errors, "implied_vol", (off - 2e-15 / vega).max(0.0));
        }
    }
}

/// Holds the largest errors against the snapshot, or writes it.
fn hold(errors: &Errors) {
    let path = format!("{FOLDER}/snapshots/accuracy.json");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        let rounded = |error: &Error| format!("{:.2e}", error.worst).parse().unwrap();
        let rounded: BTreeMap<_, f64> = errors.iter().map(|(name, error)| (*name, rounded(error))).collect();
        std::fs::write(&path, serde_json::to_string_pretty(&rounded).unwrap() + "\n").unwrap();
    }
    let kept: BTreeMap<String, f64> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(kept.len(), errors.len());
    for (name, Error { worst, .. }) in errors {
        assert!(*worst <= kept[*name] * 1.01, "{name}: {} -> {worst}", kept[*name]);
    }
}

#[test]
fn the_grid_matches() {
    let mut errors = Errors::new();
    for row in rows() {
        let value = row.values(&mut errors);
        row.parity(&value, &mut errors);
        row.implied(&value, &mut errors);
    }
    let most = [
        ("price", 1e-15),
        ("price_relative", 1e-12),
        ("delta", 1e-14),
        ("gamma", 1e-14),
        ("vega", 1e-14),
        ("theta", 1e-14),
        ("vanna", 1e-13),
        ("volga", 1e-13),
        ("parity", 0.0),
        ("implied_vol", 1e-10),
    ];
    for (name, most) in most {
        let Error { worst, sum, count } = errors[name];
        println!("{name}: largest {worst:.1e}, mean {:.1e} of {count}", sum / f64::from(count));
        assert!(worst <= most, "{name}: {worst}");
    }
    hold(&errors);
}
