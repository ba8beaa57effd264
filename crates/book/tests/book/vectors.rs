//! Books on the markets of the vectors: their values have 50 decimals.

use book::{Error, Header, Hedge, Mark, Spots, Stored, add_lots, slots, stress};
use options::{Kind, StrikeGrid};
use serde_json::Value;

use crate::golden::{integer, load, slice};
use crate::stage::LOT;

/// Lots of a book, by turns.
const LOTS: [i32; 7] = [700, -350, 1_150, -20, 5, -2_000, 64];

fn real(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// A state of `vault.json` with lots on each of its options, and what these come to by the vectors: value, delta, gamma, vega and theta
/// [micro-USD of spot where they have one].
fn book(state: &Value) -> (Stored, [f64; 5]) {
    let grid = &state["grid"];
    let grid = StrikeGrid {
        base: integer(&grid["base"]),
        step: integer(&grid["step"]),
        count: integer(&grid["count"]),
    };
    let mut header = Header { expiry: integer(&state["expiry"]), grid, put_lots: 0, put_index_sum: 0 };
    let mut lots = vec![[0; 32]; slots(&header).into()];
    let (spot, mut sums, mut turns) =
        (integer::<u64>(&state["spot_e8"]) as f64 / 1e8, [0.0; 5], LOTS.iter().cycle());
    for (strike, point) in (0_u8..).zip(state["points"].as_array().unwrap()) {
        assert_eq!(grid.strike(strike), Some(integer(&point["strike"])));
        for (option, kind) in [("call", Kind::Call), ("put", Kind::Put)] {
            let count = *turns.next().unwrap();
            add_lots(&mut lots[usize::from(strike / 8)], strike, count).unwrap();
            if matches!(kind, Kind::Put) {
                header.add_puts(strike, count).unwrap();
            }
            let money =
                [("price", 1.0), ("delta", spot), ("gamma", spot * spot), ("vega", 1.0), ("theta", 1.0)];
            for (sum, (name, unit)) in sums.iter_mut().zip(money) {
                *sum += f64::from(count) * LOT as f64 / 1e12 * real(&point[option][name]) * unit;
            }
        }
    }
    let (slice, rate) = (Some(slice(&state["slice"])), integer(&state["rate_q30"]));
    (Stored { index: 0, header, slice, rate, lots, depth: None }, sums)
}

fn near(name: &str, said: i128, truth: f64, error: f64) {
    assert!((said as f64 - truth).abs() <= error, "{name}: {said}, not {truth}");
}

/// Of 50 options on books of up to a million USD: to a micro-USD of rounding, and the kernel's last digits for gamma and theta.
#[test]
fn a_book_is_worth_what_its_options_are() {
    for state in load("vault") {
        let (stored, [value, delta, gamma, vega, theta]) = book(&state);
        let spots = Spots::here(LOT, integer(&state["spot_e8"])).unwrap();
        let mark = Mark::new([stored].into_iter(), spots, integer(&state["now"])).unwrap();
        let position = mark.position().unwrap();
        near("value", position.value, value, 1.1);
        near("delta", position.delta, delta, 1.1);
        near("gamma", position.gamma, gamma, 1.1 + gamma.abs() * 1e-12);
        near("vega", position.vega().unwrap(), vega, 1.1);
        let years = mark.spots.mid.scale.floor(mark.totals().theta, 50).unwrap();
        near("theta", years, theta, 1.1 + theta.abs() * 1e-12);
        assert_eq!(position.reserve, None, "nobody asked what a reserve move does");
        for (strike, point) in (0_u8..).zip(state["points"].as_array().unwrap()) {
            for (option, kind) in [("call", Kind::Call), ("put", Kind::Put)] {
                let quoted = mark.expiries[0].strike(strike, kind).unwrap();
                let worth = quoted.greeks.price as f64 / 2_f64.powi(62)
                    * integer::<u64>(&state["spot_e8"]) as f64
                    / 1e2;
                near(option, worth as i128, real(&point[option]["price"]) * 1e6, 1.1);
                near(
                    option,
                    quoted.greeks.delta.into(),
                    real(&point[option]["delta"]) * 2_f64.powi(62),
                    2_f64.powi(12),
                );
                assert_eq!(quoted.moved, [0, 0]);
            }
        }
        assert_eq!(mark.expiries[0].strike(25, Kind::Call), Err(Error::Overflow), "beyond the grid");
    }
}

/// Five options, each of an expiry of its own, in scenarios of spot and vol: to three billionths of spot an option, there and here.
#[test]
fn a_book_under_stress_loses_what_its_options_do() {
    let mut scenarios = 0;
    for state in load("stress") {
        let [seconds, published]: [u32; 2] = [integer(&state["seconds"]), integer(&state["slice_seconds"])];
        let slice = slice(&state["slice"]);
        let (expiry, spot) = (slice.updated_at + published, integer::<u64>(&state["spot_e8"]));
        let points = state["points"].as_array().unwrap();
        let stored = |(index, point): (usize, &Value)| {
            let grid = StrikeGrid { base: integer(&point["strike"]), step: 1, count: 1 };
            let mut header = Header { expiry, grid, put_lots: 0, put_index_sum: 0 };
            // Every other is a put.
            header.add_puts(0, if index % 2 == 0 { 0 } else { LOTS[index] }).unwrap();
            let mut lots = vec![[0; 32]];
            add_lots(&mut lots[0], 0, LOTS[index]).unwrap();
            Stored { index, header, slice: Some(slice), rate: integer(&state["rate_q30"]), lots, depth: None }
        };
        let stored = points.iter().enumerate().map(stored);
        let mark = Mark::new(stored, Spots::here(LOT, spot).unwrap(), expiry - seconds).unwrap();
        let unit = LOT as f64 / 1e18 * spot as f64 / 1e2;
        let hedge = Hedge { lots: 0, value: -3_000_000_000 };
        for (vol, change) in state["changes"].as_array().unwrap().iter().enumerate() {
            for (place, by) in state["moves"].as_array().unwrap().iter().enumerate() {
                let by: i32 = integer(by);
                let moved = f64::from(by) / 1e6;
                let pnl = |(index, point): (usize, &Value)| {
                    let change = real(&point["calls"][vol][place]) - real(&point["calls"][1][4]);
                    let put = if index % 2 == 0 { 0.0 } else { moved };
                    f64::from(LOTS[index]) * (change - put) * unit
                };
                let truth: f64 = points.iter().enumerate().map(pnl).sum::<f64>() + hedge.value as f64 * moved;
                let lots: i32 = LOTS[..5].iter().map(|lots| lots.abs()).sum();
                let error = 2.0 + 3e-9 * f64::from(lots) * unit * (1.0 + (1.0 + moved).max(1.0));
                near("p&l", stress(&mark, &hedge, by, integer(change)).unwrap(), truth, error);
                scenarios += 1;
            }
        }
    }
    assert!(scenarios >= 400, "{scenarios}");
}
