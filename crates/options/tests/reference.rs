//! Prices and greeks against references of 50 decimals, the largest errors asserted.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss
)]

use options::{Greeks, Market};
use serde_json::Value;

#[path = "../../maths/tests/decimal/mod.rs"]
mod decimal;
use decimal::error;
mod golden;
use golden::{integer, load, slice};

fn market(state: &Value) -> Market {
    let slice = slice(&state["slice"]);
    let (spot, rate) = (integer(&state["spot_e8"]), integer(&state["rate_q30"]));
    let (seconds, slice_seconds) = (integer(&state["seconds"]), integer(&state["slice_seconds"]));
    Market::new(spot, seconds, rate, &slice, slice_seconds).unwrap()
}

/// The largest errors of a set of options, in units of spot.
#[derive(Debug, Default)]
struct Worst {
    price: f64,
    /// Of prices above 1e-4 of spot.
    relative: f64,
    delta: f64,
    /// gamma S sd
    gamma: f64,
    vega: f64,
    theta: f64,
}

impl Worst {
    fn add(&mut self, greeks: &Greeks, truth: &Value, sd: f64) {
        let off = |word: i128, bits, key: &str| error(word, bits, truth[key].as_str().unwrap()).abs();
        let price = off(greeks.price, 62, "price");
        let size: f64 = truth["price"].as_str().unwrap().parse().unwrap();
        self.price = self.price.max(price);
        if size > 1e-4 {
            self.relative = self.relative.max(price / size);
        }
        self.delta = self.delta.max(off(greeks.delta.into(), 62, "delta"));
        self.gamma = self.gamma.max(off(greeks.gamma.into(), 50, "gamma") * sd);
        self.vega = self.vega.max(off(greeks.vega.into(), 62, "vega"));
        self.theta = self.theta.max(off(greeks.theta.into(), 50, "theta"));
    }
}

/// The sd at a strike, by its slice.
fn deviation(state: &Value, strike: u64) -> f64 {
    let real = |value: &Value, bits| value.as_f64().unwrap() / 2_f64.powi(bits);
    let slice = &state["slice"];
    let [a, b, s] = ["a", "b", "s"].map(|field| real(&slice[field], 36));
    let (rho, m) = (real(&slice["rho"], 22), real(&slice["m"], 28));
    let x = (strike as f64 / real(&slice["forward"], 0)).ln() - m;
    let left = real(&state["seconds"], 0) / real(&state["slice_seconds"], 0);
    ((a + b * (rho * x + x.hypot(s))) * left).sqrt()
}

fn worst(domain: &str) -> Worst {
    let mut worst = Worst::default();
    for state in load("options").iter().filter(|state| state["domain"] == domain) {
        let market = market(state);
        for point in state["points"].as_array().unwrap() {
            let strike = integer(&point["strike"]);
            let (call, put) = (market.call(strike), market.put(strike));
            let sd = deviation(state, strike);
            worst.add(&call, &point["call"], sd);
            worst.add(&put, &point["put"], sd);
        }
    }
    println!("{domain}: {worst:?}");
    worst
}

#[test]
fn prices_and_greeks_match_in_the_promised_domain() {
    let worst = worst("inside");
    assert!(worst.price < 2e-17);
    assert!(worst.relative < 1e-14);
    assert!(worst.delta < 2e-16);
    assert!(worst.gamma < 1e-15);
    assert!(worst.vega < 2e-17);
    // Beyond 8.5 deviations decay is what it is there: 8e-17 vol / 2 sqrt T.
    assert!(worst.theta < 2e-14);
}

#[test]
fn prices_and_greeks_stay_close_far_outside_it() {
    let worst = worst("outside");
    assert!(worst.price < 2e-16);
    assert!(worst.delta < 2e-16);
    assert!(worst.gamma < 1e-14);
    assert!(worst.vega < 2e-16);
}
