//! What Solidity's libraries take for what `maths` and `options` compute, on the same host: gas held against `snapshots/solidity.json`.
//!
//! Gas is of a whole call less the same call of an identity, so calldata, dispatch and answer cancel; it is the median of 32 inputs.
//! Errors are against f64: 1.1e-16, half of its last place, is the least that one can say.

use alloy_sol_types::{sol, SolCall};
use demo::stage::Chain;
use host::alloy_primitives::{Address, I256};
use host::World;

use crate::costs::{hold, Figures};
use crate::market::signed;

const INPUTS: u32 = 32;
/// Largest error that is allowed: relative, or of an option's figures in units of spot. Gamma has 18 decimals, so gamma times a spot of
/// 3,200 is good to 3.2e-15 at best; all else is ten times better.
const LIMIT: f64 = 4e-15;

sol! {
    interface Primitive {
        function at(int256 x) external pure returns (int256);
    }

    interface BlackScholes {
        function at(int256 spot, int256 strike, int256 time, int256 vol, int256 rate) external pure returns (int256 call, int256 delta, int256 gamma, int256 vega, int256 theta);
    }
}

/// A line of the table.
struct Row {
    library: &'static str,
    primitive: &'static str,
    gas: u32,
    error: f64,
}

/// What a library's numbers are counted in.
#[derive(Clone, Copy)]
enum Format {
    Wad,
    Binary64,
}

impl Format {
    /// Exact for multiples of 2^-9.
    fn encode(self, number: f64) -> I256 {
        match self {
            Self::Wad => signed(number),
            Self::Binary64 => I256::try_from((number * 2_f64.powi(64)) as i128).expect("64.64"),
        }
    }

    /// To the nearest f64.
    fn decode(self, number: I256) -> f64 {
        match self {
            Self::Wad => format!("{number}e-18").parse().expect("18 decimals"),
            Self::Binary64 => i128::try_from(number).expect("64.64") as f64 / 2_f64.powi(64),
        }
    }
}

/// A chain to put the libraries on.
struct Desk {
    chain: Chain,
    owner: Address,
}

impl Desk {
    fn open() -> Self {
        let mut world = World::new();
        let owner = world.account("owner");
        Self { chain: Chain { world }, owner }
    }

    /// Answers of a contract, and the median gas of what it does beyond an identity of the same signature.
    fn measure<C: SolCall>(&mut self, name: &str, identity: &str, calls: &[C]) -> (Vec<C::Return>, u32) {
        let [contract, identity] =
            [name, identity].map(|name| self.chain.create(self.owner, name, &[]).expect(name));
        let mut answers = Vec::new();
        let mut gas = Vec::new();
        for call in calls {
            let [whole, nothing] = [contract, identity]
                .map(|to| self.chain.world.view(self.owner, to, call.abi_encode()).expect(name));
            answers.push(C::abi_decode_returns(&whole.output).expect("an answer"));
            gas.push(whole.execution_gas - nothing.execution_gas);
        }
        gas.sort_unstable();
        (answers, u32::try_from(gas[gas.len() / 2]).expect("a primitive's gas"))
    }
}

fn largest(errors: impl Iterator<Item = f64>) -> f64 {
    errors.map(f64::abs).fold(f64::EPSILON / 2.0, f64::max)
}

/// Every library's exp from -5 to 10.5, and ln and sqrt from 1/32 to 63.
fn primitives(desk: &mut Desk) -> Vec<Row> {
    let halves: Vec<f64> = (0..INPUTS).map(|index| (f64::from(index) - 10.0) / 2.0).collect();
    let positive: Vec<f64> =
        (0..INPUTS).map(|index| f64::from((2 * index + 1) * (index + 1)) / 32.0).collect();
    let kinds = [
        ("exp", "Exp", f64::exp as fn(f64) -> f64, &halves),
        ("ln", "Ln", f64::ln, &positive),
        ("sqrt", "Sqrt", f64::sqrt, &positive),
    ];
    let libraries = [
        ("solady", "Solady", Format::Wad),
        ("solmate", "Solmate", Format::Wad),
        ("prb", "Prb", Format::Wad),
        ("abdk", "Abdk", Format::Binary64),
    ];
    let mut rows = Vec::new();
    for (primitive, suffix, exact, inputs) in kinds {
        for (library, prefix, format) in libraries {
            let calls: Vec<_> = inputs.iter().map(|x| Primitive::atCall { x: format.encode(*x) }).collect();
            let (answers, gas) = desk.measure(&format!("{prefix}{suffix}"), "Identity", &calls);
            let pairs = answers.iter().zip(inputs);
            let error = largest(pairs.map(|(answer, x)| (format.decode(*answer) - exact(*x)) / exact(*x)));
            rows.push(Row { library, primitive, gas, error });
        }
    }
    rows
}

/// Spot, strike, years, vol and rate: strikes from 0.75 to 1.23 of spot, up to a year, vols from 25 % to 122 %.
fn option(index: u32) -> [f64; 5] {
    let [index, time, vol, rate] = [index, index * 7 % 32, index * 13 % 32, index % 5].map(f64::from);
    let spot = 2_048.0 + 37.0 * index;
    [spot, spot * (48.0 + index) / 64.0, (1.0 + time) / 32.0, (8.0 + vol) / 32.0, rate / 64.0]
}

/// A call with all its greeks, in one pass.
fn black_scholes(desk: &mut Desk) -> Row {
    let calls: Vec<_> = (0..INPUTS)
        .map(|index| {
            let [spot, strike, time, vol, rate] = option(index).map(signed);
            BlackScholes::atCall { spot, strike, time, vol, rate }
        })
        .collect();
    let (answers, gas) = desk.measure("SoladyBlackScholes", "IdentityBlackScholes", &calls);
    let errors = answers.iter().zip(0..).flat_map(|(answer, index)| {
        let found = [answer.call, answer.delta, answer.gamma, answer.vega, answer.theta];
        let (inputs, found) = (option(index), found.map(|figure| Format::Wad.decode(figure)));
        let (spot, exact) = (inputs[0], exact_black_scholes(inputs));
        let units = [spot, 1.0, 1.0 / spot, spot, spot];
        (0..5).map(move |figure| (found[figure] - exact[figure]) / units[figure])
    });
    Row { library: "solady", primitive: "black_scholes", gas, error: largest(errors) }
}

/// Call, delta, gamma, vega and theta.
fn exact_black_scholes([spot, strike, time, vol, rate]: [f64; 5]) -> [f64; 5] {
    let deviation = vol * time.sqrt();
    let present = strike * (-rate * time).exp();
    let d1 = ((spot / strike).ln() + rate * time) / deviation + deviation / 2.0;
    let (delta, exercised) = (normal(d1), present * normal(d1 - deviation));
    let vega = spot * density(d1) * time.sqrt();
    let theta = -vega * vol / (2.0 * time) - rate * exercised;
    [spot * delta - exercised, delta, density(d1) / (spot * deviation), vega, theta]
}

fn density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

/// The normal distribution function by its series, and beyond 3 by its continued fraction: not what the contract uses.
fn normal(x: f64) -> f64 {
    let z = x.abs();
    let tail = if z > 3.0 {
        density(z) / (1..100).rev().fold(z, |fraction, k| z + f64::from(k) / fraction)
    } else {
        let (sum, _) = (1..100).fold((z, z), |(sum, term), k| {
            let term = term * z * z / f64::from(2 * k + 1);
            (sum + term, term)
        });
        0.5 - density(z) * sum
    };
    if x > 0.0 {
        1.0 - tail
    } else {
        tail
    }
}

#[test]
fn gas_and_error_of_solidity_libraries() {
    let mut desk = Desk::open();
    let mut rows = primitives(&mut desk);
    rows.push(black_scholes(&mut desk));

    let mut gas = Figures::new();
    println!("{:<10} {:<14} {:>10} {:>10}", "library", "primitive", "median gas", "max error");
    for Row { library, primitive, gas: median, error } in rows {
        println!("{library:<10} {primitive:<14} {median:>10} {error:>10.1e}");
        assert!(error <= LIMIT, "{library} {primitive}: {error:e}");
        gas.insert(format!("{library}_{primitive}"), median.into());
    }
    hold("solidity.json", &gas);
}
