//! The largest errors against references of 50 decimals, asserted.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss
)]

use core::num::Wrapping;

use serde_json::Value;

mod decimal;
use decimal::{error, q110};

fn vectors(table: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/options/primitives.json");
    let tables: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    tables[table].as_array().unwrap().clone()
}

/// The largest |f(point)| over a table.
fn worst(table: &str, f: impl Fn(&Value) -> f64) -> f64 {
    let worst = vectors(table).iter().map(|point| f(point).abs()).fold(0.0, f64::max);
    println!("{table}: {worst:.2e}");
    worst
}

fn word(point: &Value) -> Wrapping<i64> {
    Wrapping(point["x"].as_i64().unwrap())
}

fn y(point: &Value) -> &str {
    point["y"].as_str().unwrap()
}

#[test]
fn exponentials_match() {
    assert!(worst("exp_neg", |p| error(maths::exp_neg(word(p)).0.into(), 62, y(p))) < 5e-18);
    // The argument is in Q57 in the table and in Q60 here.
    let signed = |p: &Value| {
        let exp = maths::exp(word(p) << 3);
        error(i128::from(exp.mantissa.0) << (1 - exp.halvings.0), 63, y(p))
    };
    assert!(worst("exp_signed", signed) < 5e-18);
    // Relative, with the powers of two that are set apart.
    let apart = |p: &Value| {
        let exp = maths::exp(word(p) << 3);
        let bits = 62 + u32::try_from(exp.halvings.0).unwrap();
        error(exp.mantissa.0.into(), bits, y(p)) / y(p).parse::<f64>().unwrap()
    };
    let inside = |p: &Value| word(p).0 as f64 / 2_f64.powi(57) < 5.1;
    assert!(worst("exp_neg", |p| if inside(p) { apart(p) } else { 0.0 }) < 1e-18);
}

#[test]
fn logarithms_match() {
    assert!(worst("ln", |p| error(maths::ln(p["x"].as_u64().unwrap()).0.into(), 57, y(p))) < 1e-17);
}

#[test]
fn square_roots_match() {
    let beyond_a_unit = |p: &Value| {
        let root = maths::root(p["x"].as_u64().unwrap()).root().0;
        let unit = 2_f64.powi(-62);
        (error(root.into(), 62, &scaled(y(p), 31)).abs() - unit).max(0.0) / (root as f64 * unit)
    };
    assert!(worst("root", beyond_a_unit) < 1e-17);
    let inverse = |p: &Value| {
        let root = maths::root(p["x"].as_u64().unwrap());
        // 1 / sqrt v = 2 h 2^(pairs - 32)
        let h = root.half_inverse.0 as f64 / 2_f64.powi(62) * 2_f64.powi(root.pairs.0 as i32 - 31);
        h / p["inverse"].as_str().unwrap().parse::<f64>().unwrap() - 1.0
    };
    assert!(worst("root", inverse) < 1e-15);
}

/// decimal / 2^bits, exact as a decimal.
fn scaled(decimal: &str, bits: u32) -> String {
    let (whole, fraction) = decimal.split_once('.').unwrap();
    let mut digits: Vec<u8> = format!("{whole:0>12}{fraction}").bytes().map(|digit| digit - b'0').collect();
    for _ in 0..bits {
        let mut rest = 0;
        for digit in &mut digits {
            let value = 10 * rest + *digit;
            (*digit, rest) = (value / 2, value % 2);
        }
        digits.push(5 * rest);
    }
    let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    format!("{}.{}", &text[..12], &text[12..])
}

#[test]
fn the_normal_distribution_matches() {
    let density = |p: &Value| error(maths::density(word(p)).0.into(), 62, p["density"].as_str().unwrap());
    assert!(worst("normal", density) < 1.5e-17);
    // Mills' ratio counts as the tail that the density makes of it.
    let mills = |p: &Value| {
        let density: f64 = p["density"].as_str().unwrap().parse().unwrap();
        error(maths::mills(word(p)).0.into(), 62, p["mills"].as_str().unwrap()) * density
    };
    assert!(worst("normal", mills) < 2e-18);
}

#[test]
fn the_distribution_function_matches_on_either_side() {
    // The tail in Q124, exact but for a unit of Q62 of each factor.
    let part = |p: &Value, name: &str| q110(p[name].as_str().unwrap()) >> 48;
    let tail = |p: &Value| part(p, "density") * part(p, "mills");
    let beside = |cdf: maths::Word, exact: i128| ((i128::from(cdf.0) << 62) - exact) as f64 / 2_f64.powi(124);
    assert!(worst("normal", |p| beside(maths::cdf(Wrapping(0) - word(p)), tail(p))) < 5e-18);
    assert!(worst("normal", |p| beside(maths::cdf(word(p)), (1 << 124) - tail(p))) < 5e-18);
}

#[test]
fn the_short_normal_distribution_matches_to_nine_digits() {
    // The argument is in Q59 in the table and in Q29 here, rounded, which alone moves either by 2.3e-10 at most; beyond 6.5 there is nothing.
    let short = |p: &Value| (word(p) + Wrapping(1 << 29)) >> 30;
    let inside = |p: &Value| word(p) <= Wrapping(13 << 58);
    let density =
        |p: &Value| error(maths::short_density(short(p)).0.into(), 31, p["density"].as_str().unwrap());
    assert!(worst("normal", |p| if inside(p) { density(p) } else { 0.0 }) < 8e-10);
    let mills = |p: &Value| {
        let density: f64 = p["density"].as_str().unwrap().parse().unwrap();
        error(maths::short_mills(short(p)).0.into(), 31, p["mills"].as_str().unwrap()) * density
    };
    assert!(worst("normal", |p| if inside(p) { mills(p) } else { 0.0 }) < 8e-10);
}
