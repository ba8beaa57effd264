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

/// Gas of a strike in book mode with a smile: 56 strikes after the first eight of an expiry.
fn strike(kernel: &mut Kernel, function: Function) -> f64 {
    let (a, b, rho, m, s) = (600_000_000, 2_700_000_000, -1_000_000, 1_000_000, 5_000_000_000);
    let slice = Slice { a, b, rho, m, s, forward: 2_800_000_000, updated_at: 0 };
    slice.check().expect("a slice");
    let header = [280_000_000_000, 2_592_000, 1 << 25, 2_600_000, 1_800_000_000, 25_000_000];
    let slot: Vec<u8> = (0..8_i32).flat_map(|lots| (-1_000 - lots).to_be_bytes()).collect();
    let first = [header.to_vec(), words(&slice.pack()), words(&slot)].concat();
    kernel.gas_of(function, &first, &words(&slot.repeat(7))).expect("gas") / 56.0
}

/// Adds the kernel's figures: the dearest of some options, a strike of a book, and the elementary functions.
pub(crate) fn figures(gas: &mut Figures) {
    let mut kernel = Kernel::deploy().expect("the kernel's program");
    let mut tell = |name: &str, figure: f64| {
        let rounded = Number::from_f64((figure * 100.0).round() / 100.0).expect("a number");
        gas.insert(format!("kernel_{name}"), rounded);
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
