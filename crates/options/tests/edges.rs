//! Where a formula bends: no time, no vol, far strikes, the intrinsic bound, rates of either sign. Expected values have 50 decimals.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss
)]

use options::Terms;
use serde_json::Value;

#[path = "../../maths/tests/decimal/mod.rs"]
mod decimal;
use decimal::error;

/// Most of a greek in Q50.
const MOST: f64 = 2_048.0;

/// One option of the vectors.
struct Case {
    terms: Terms,
    vol: u64,
    truth: Value,
}

fn cases(edge: &str) -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/options/edges.json");
    let edges: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let natural = |case: &Value, key: &str| case[key].as_u64().unwrap();
    let signed = |case: &Value, key: &str| case[key].as_i64().unwrap();
    let options = edges[edge].as_array().unwrap();
    let read = |case: &Value| Case {
        terms: Terms {
            spot: natural(case, "spot"),
            strike: natural(case, "strike"),
            seconds: natural(case, "seconds").try_into().unwrap(),
            rate: signed(case, "rate"),
            carry: signed(case, "carry"),
        },
        vol: natural(case, "vol"),
        truth: case["value"].clone(),
    };
    options.iter().map(read).collect()
}

/// Largest errors of an edge, absolute: of prices over S (a put's over K D / S where that is above 1), deltas, gamma S times sd where that is
/// below 1, vega / S, thetas / S over what a year's interest on the strike and the decay are where they are above 1, vanna and volga times vol
/// where that is below 1.
#[derive(Debug, Default)]
struct Worst {
    price: f64,
    delta: f64,
    gamma: f64,
    vega: f64,
    theta: f64,
    vanna: f64,
    volga: f64,
}

fn larger(worst: &mut f64, off: f64) {
    *worst = worst.max(off.abs());
}

impl Case {
    fn truth(&self, key: &str) -> &str {
        self.truth[key].as_str().unwrap()
    }

    fn real(&self, key: &str) -> f64 {
        self.truth(key).parse().unwrap()
    }

    /// The error of a greek in Q50, which is cut to what that holds.
    fn coarse(&self, word: i64, key: &str) -> f64 {
        let real = self.real(key);
        if real.abs() < MOST {
            return error(word.into(), 50, self.truth(key));
        }
        word as f64 / 2_f64.powi(50) - MOST.copysign(real)
    }

    fn add_to(&self, worst: &mut Worst) {
        let value = self.terms.value(self.vol).unwrap();
        let fine = |word: i128, key: &str| error(word, 62, self.truth(key));
        let vol = self.vol as f64 / 2_f64.powi(60);
        let sd = vol * (f64::from(self.terms.seconds) / 31_536_000.0).sqrt();
        // Without vol all three are zero, to the last bit.
        let (per_sd, per_vol) = if sd > 0.0 { (sd.min(1.0), vol.min(1.0)) } else { (1.0, 1.0) };
        let strike = self.real("put") - self.real("call") + self.real("call_delta") - self.real("put_delta");
        let rates = (self.real("put_theta") - self.real("call_theta")).abs();

        larger(&mut worst.price, fine(value.call.into(), "call"));
        larger(&mut worst.price, fine(value.put, "put") / strike.max(1.0));
        larger(&mut worst.delta, fine(value.call_delta.into(), "call_delta"));
        larger(&mut worst.delta, fine(value.put_delta.into(), "put_delta"));
        larger(&mut worst.gamma, self.coarse(value.gamma, "gamma") * per_sd);
        larger(&mut worst.vega, fine(value.vega.into(), "vega"));
        for (word, key) in [(value.call_theta, "call_theta"), (value.put_theta, "put_theta")] {
            let size = self.real(key).abs().min(MOST).max(rates).max(1.0);
            larger(&mut worst.theta, self.coarse(word, key) / size);
        }
        larger(&mut worst.vanna, self.coarse(value.vanna, "vanna") * per_vol);
        larger(&mut worst.volga, self.coarse(value.volga, "volga") * per_vol);
    }
}

fn worst(edge: &str) -> Worst {
    let mut worst = Worst::default();
    let cases = cases(edge);
    assert!(cases.len() >= 16, "{edge}: {} options", cases.len());
    for case in cases {
        case.add_to(&mut worst);
    }
    println!("{edge}: {worst:?}");
    worst
}

/// Asserts the largest errors of an edge: of prices, of deltas, and of the other greeks.
fn hold(edge: &str, price: f64, delta: f64, greeks: f64) {
    let worst = worst(edge);
    assert!(worst.price <= price && worst.delta <= delta, "{edge}: {worst:?}");
    let others = [worst.gamma, worst.vega, worst.theta, worst.vanna, worst.volga];
    assert!(others.into_iter().fold(0.0, f64::max) <= greeks, "{edge}: {worst:?}");
}

/// The intrinsic value; delta 1, 0, or 1/2 at the money; no gamma, vega or decay, whatever vol is.
#[test]
fn at_expiry_an_option_is_worth_what_it_pays() {
    hold("no_time", 3e-18, 0.0, 1e-15);
}

#[test]
fn the_last_second_is_priced_in_full() {
    hold("last_second", 1e-17, 3e-15, 5e-15);
}

/// Gamma is of at least an hour: it keeps sqrt(T / 1 h) of itself, and decay T / 1 h.
#[test]
fn the_last_hour_bounds_gamma_and_decay() {
    hold("last_hour", 1e-17, 2e-14, 2e-14);
}

/// The intrinsic value on the forward, and the theta that the rates make of it.
#[test]
fn without_vol_an_option_is_worth_its_forward() {
    hold("no_vol", 3e-18, 1e-18, 1e-15);
}

#[test]
fn a_vol_of_a_billionth_is_a_vol() {
    hold("little_vol", 1e-17, 5e-16, 1e-14);
}

#[test]
fn a_vol_of_500_percent_is_priced_to_ten_years() {
    hold("vol_of_500", 1e-17, 2e-17, 3e-14);
}

/// What is paid for the strike is off by 2e-18 of it, not of spot.
#[test]
fn strikes_a_thousand_times_off_are_priced() {
    hold("far_strikes", 2e-16, 2e-17, 3e-14);
}

#[test]
fn a_price_at_its_bound_is_within_rounding_of_it() {
    hold("at_the_bound", 3e-18, 2e-17, 2e-15);
}

#[test]
fn rate_and_carry_may_have_either_sign() {
    hold("rates_of_either_sign", 1e-17, 3e-17, 5e-15);
}

const TERMS: Terms =
    Terms { spot: 280_000_000_000, strike: 2_800_000_000, seconds: 2_592_000, rate: 0, carry: 0 };

/// An sd below 2^-51 counts as none: at the money, where the exact gamma has no bound, gamma is then zero, and its largest just above.
#[test]
fn an_sd_below_the_least_is_none() {
    // sqrt(30 days in years) is 0.2867: vol 2^-49 makes an sd above 2^-51, vol 2^-50 one below.
    let below = TERMS.value(1 << 10).unwrap();
    assert_eq!(below, TERMS.value(0).unwrap());
    assert_eq!((below.gamma, below.vega, below.vanna, below.volga), (0, 0, 0, 0));
    assert_eq!((below.call_delta, below.put_delta), (1 << 61, -(1 << 61)));
    let above = TERMS.value(1 << 11).unwrap();
    assert_eq!(above.gamma, 1 << 61);
    assert!(above.vega > 0);
}

/// N(-8.5) = 9.5e-18 in Q62: what a tail further out counts as.
const TAIL: i64 = 44;

#[test]
fn a_tail_beyond_8_5_deviations_is_the_tail_there() {
    let far = Terms { strike: 1 << 48, seconds: 3_600, ..TERMS };
    let call = far.value(1 << 58).unwrap();
    assert!((0..=TAIL).contains(&call.call) && (0..=TAIL).contains(&call.call_delta), "{call:?}");
    let near = Terms { strike: 1, seconds: 3_600, ..TERMS };
    let put = near.value(1 << 58).unwrap();
    assert!((0..=TAIL.into()).contains(&put.put) && (-TAIL..=0).contains(&put.put_delta), "{put:?}");
}
