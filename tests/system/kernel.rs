//! What the kernel takes: gas of its functions in its own program, on the same host as everything else.

use demo::kernel::{Function, Kernel};
use options::Slice;

use serde_json::Number;

use crate::costs::Figures;

/// One record of a single option; rates and vol in whole percent.
fn option(spot: u64, strike: u64, seconds: u64, rate: u64, vol: u64) -> [u64; 6] {
    let percent = |number: u64| u64::try_from((u128::from(number) << 60) / 100).expect("Q60");
    [spot * 100_000_000, strike * 1_000_000, seconds, percent(rate), 0, percent(vol)]
}

fn words(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect()
}

/// An expiry with a smile `seconds` away and a grid from `base` on, and a slot of eight strikes.
fn expiry(seconds: u64, base: u64) -> (Vec<u64>, Vec<u8>) {
    let (a, b, rho, m, s) = (600_000_000, 2_700_000_000, -1_000_000, 1_000_000, 5_000_000_000);
    let slice = Slice { a, b, rho, m, s, forward: 2_800_000_000, updated_at: 0 };
    slice.check().expect("a slice");
    let header = [280_000_000_000, seconds, 1 << 25, seconds + 8_000, base, 25_000_000];
    let slot = (0..8_i32).flat_map(|lots| (-1_000 - lots).to_be_bytes()).collect();
    ([header.to_vec(), words(&slice.pack())].concat(), slot)
}

/// Gas of a strike in book mode: 56 strikes after the first eight of an expiry.
fn strike(kernel: &mut Kernel, function: Function) -> f64 {
    let (header, slot) = expiry(2_592_000, 1_800_000_000);
    let first = [header, words(&slot)].concat();
    kernel.gas_of(function, &first, &words(&slot.repeat(7))).expect("gas") / 56.0
}

/// Gas of 27 scenarios of four expiries with 16 strikes each, beyond those of no expiry.
fn stress(kernel: &mut Kernel) -> f64 {
    let expiries = [604_800, 2_592_000, 5_184_000, 15_552_000].map(|seconds| {
        let (header, slot) = expiry(seconds, 2_600_000_000);
        [header, words(&slot.repeat(2))].concat()
    });
    kernel.gas_of(Function::Stress, &[], &expiries.concat()).expect("gas")
}

/// Adds the kernel's figures: the dearest of some options, a strike of a book, and the elementary functions.
pub(crate) fn figures(gas: &mut Figures) {
    let mut kernel = Kernel::deploy().expect("the kernel's program");
    let rounded = |figure: f64| Number::from_f64((figure * 100.0).round() / 100.0).expect("a number");
    gas.insert("stress_27x64".into(), rounded(stress(&mut kernel)));
    let mut tell = |name: &str, figure: f64| {
        gas.insert(format!("kernel_{name}"), rounded(figure));
    };
    let options = [
        option(2_800, 2_900, 2_592_000, 5, 80),
        option(2_800, 1_400, 31_536_000, 10, 200),
        option(100_000, 180_000, 7_200, 0, 20),
        option(500, 501, 3_600, 3, 60),
    ];
    let values = options.iter().map(|terms| {
        let (answer, _) = kernel.run(Function::Value, terms).expect("a value");
        assert_eq!(answer[0], 1, "{terms:?}");
        kernel.gas_of(Function::Value, &[], terms).expect("gas")
    });
    tell("price_greeks", values.fold(0.0, f64::max));
    tell("book_strike", strike(&mut kernel, Function::Book));
    tell("book_strike_with_reserve", strike(&mut kernel, Function::BookMoved));
    for (name, function, x) in [
        ("exp", Function::Exp, 1 << 57),
        ("ln", Function::Ln, 12_345_678),
        ("sqrt", Function::Sqrt, 12_345_678),
        ("normal", Function::Normal, 1 << 59),
    ] {
        tell(name, kernel.gas_of(function, &[], &[x]).expect("gas"));
    }
}
