//! Price and greeks through the ABI against 50-digit references, at 500 points.

use demo::stage::{default_limits, default_profile, Config, Stage};
use host::alloy_primitives::{I256, U256};
use interfaces::lens::ILens;
use interfaces::surface::ISurface::SurfaceSlice;
use interfaces::vault::IVault;
use serde_json::Value;

use crate::market::series;

/// Largest error that is allowed: of price and theta per spot, of delta, of gamma times spot, of vega per spot.
const LIMIT: f64 = 2e-14;

fn number(value: &Value) -> i128 {
    value.as_i64().expect("a whole number").into()
}

/// `units` of 2^-bits with 18 decimals, to the nearest: the vault rounds it back to the same units.
fn wad(units: i128, bits: u32) -> I256 {
    let half = 1_i128 << (bits - 1);
    I256::try_from((units * 1_000_000_000_000_000_000 + half) >> bits).expect("18 decimals")
}

/// A decimal string with 18 decimals, cut off.
fn decimal(value: &Value) -> i128 {
    let text = value.as_str().expect("a decimal");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = format!("{fraction:0<18.18}");
    sign * (whole.parse::<i128>().expect("digits") * 1_000_000_000_000_000_000
        + fraction.parse::<i128>().expect("digits"))
}

/// A stage with one listed expiry and its slice, at the case's time and price.
fn staged(case: &Value) -> Stage {
    let (slice, grid) = (&case["slice"], &case["grid"]);
    let start = number(&slice["updated_at"]) as u64;
    let config = Config { start, price: 2_000.0, profile: default_profile(), limits: default_limits() };
    let mut stage = Stage::deploy(&config).expect("the stage is set");
    let expiry = number(&case["expiry"]) as u64;
    let micro = |value: &Value| U256::from(number(value) as u128 * 1_000_000_000_000);
    let (base, step, count) = (micro(&grid["base"]), micro(&grid["step"]), number(&grid["count"]) as u8);
    let curator = stage.actors.curator;
    stage.vault(curator, IVault::listExpiryCall { expiry, base, step, count }).expect("a listing");
    let one = SurfaceSlice {
        expiry,
        rate: wad(number(&case["rate_q30"]), 30),
        a: wad(number(&slice["a"]), 36),
        b: wad(number(&slice["b"]), 36),
        rho: wad(number(&slice["rho"]), 22),
        m: wad(number(&slice["m"]), 28),
        s: wad(number(&slice["s"]), 36),
        forward: micro(&slice["forward"]),
    };
    stage.publish(vec![one]).expect("a surface");
    stage.chain.world.warp(number(&case["now"]) as u64);
    let (owner, feed) = (stage.actors.owner, stage.feed);
    let answer = I256::try_from(number(&case["spot_e8"])).expect("a price");
    stage.chain.send(owner, feed, demo::stage::PriceFeed::pushCall { answer }).expect("a round");
    stage
}

/// Differences from the reference as fractions: price, delta, gamma, vega, theta.
fn errors(greeks: &ILens::Greeks, reference: &Value, spot: f64) -> [f64; 5] {
    let off = |value: I256, name: &str| {
        (i128::try_from(value).expect("18 decimals") - decimal(&reference[name])).unsigned_abs() as f64 / 1e18
    };
    [
        off(greeks.value, "price") / spot,
        off(greeks.delta, "delta"),
        off(greeks.gamma, "gamma") * spot,
        off(greeks.vega, "vega") / spot,
        off(greeks.theta, "theta") / spot,
    ]
}

#[test]
fn price_and_greeks_equal_the_reference_at_500_points() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/options/vault.json");
    let cases: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(path).expect("vectors")).expect("JSON");
    let (mut worst, mut points) = ([0.0_f64; 5], 0);
    for case in &cases {
        let mut stage = staged(case);
        let (expiry, spot) = (number(&case["expiry"]) as u64, number(&case["spot_e8"]) as f64 / 1e8);
        for point in case["points"].as_array().expect("points") {
            for (name, put) in [("call", false), ("put", true)] {
                let micro = number(&point["strike"]) as u64;
                let id = series(expiry, 0, put) | U256::from(u128::from(micro) << 8);
                let greeks =
                    stage.look(ILens::seriesGreeksCall { vault: stage.vault, series: id }).expect("greeks");
                let errors = errors(&greeks, &point[name], spot);
                worst = std::array::from_fn(|index| worst[index].max(errors[index]));
                points += 1;
            }
        }
    }
    println!(
        "{points} points: price / S {:.1e}, delta {:.1e}, gamma S {:.1e}, vega / S {:.1e}, theta / S {:.1e}",
        worst[0], worst[1], worst[2], worst[3], worst[4]
    );
    assert_eq!(points, 500);
    assert!(worst.iter().all(|error| *error <= LIMIT), "{worst:?}");
}
