//! What the kernel takes: gas of its functions in its own program, on the same host as everything else.

use demo::kernel::{Function, Kernel};
use options::{Kind, Slice, Terms};
use serde_json::Number;

use crate::costs::Figures;

/// 1.0 in Q62.
const ONE: i64 = 1 << 62;

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

/// The options of the reference table, as records of [`Function::Value`].
fn table() -> Vec<[u64; 6]> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/options/terms.csv");
    let table = std::fs::read_to_string(path).expect("the table");
    let record = |line: &str| {
        let mut fields = line.split(',').map(|field| field.parse::<i64>().expect("a word").cast_unsigned());
        std::array::from_fn(|_| fields.next().expect("six words"))
    };
    table.lines().skip(1).map(record).collect()
}

/// The option of a record, and its vol.
fn terms([spot, strike, seconds, rate, carry, vol]: [u64; 6]) -> (Terms, u64) {
    let seconds = u32::try_from(seconds).expect("seconds");
    (Terms { spot, strike, seconds, rate: rate.cast_signed(), carry: carry.cast_signed() }, vol)
}

/// The words of a wide number.
fn halves(number: i128) -> [u64; 2] {
    [number, number >> 64].map(|part| part as u64)
}

/// Gas of the implied vols of an option's call and put, none where vega is below a millionth of spot.
fn implied(kernel: &mut Kernel, record: [u64; 6]) -> Option<[f64; 2]> {
    let (terms, vol) = terms(record);
    let value = terms.value(vol).expect("a value");
    if value.vega < ONE / 1_000_000 {
        return None;
    }
    let [spot, strike, seconds, rate, carry, _] = record;
    Some([(0, value.call.into()), (1, value.put)].map(|(kind, price): (u64, i128)| {
        let [low, high] = halves(price);
        let record = [spot, strike, seconds, rate, carry, kind, low, high];
        let kind = if kind == 0 { Kind::Call } else { Kind::Put };
        let (answer, _) = kernel.run(Function::Implied, &record).expect("a vol");
        assert_eq!(answer, [1, terms.implied_vol(kind, price).expect("a vol")], "{terms:?}");
        kernel.gas_of(Function::Implied, &[], &record).expect("gas")
    }))
}

/// Gas of 27 scenarios of four expiries with 16 strikes each, beyond those of no expiry.
fn stress(kernel: &mut Kernel) -> f64 {
    let expiries = [604_800, 2_592_000, 5_184_000, 15_552_000].map(|seconds| {
        let (header, slot) = expiry(seconds, 2_600_000_000);
        [header, words(&slot.repeat(2))].concat()
    });
    kernel.gas_of(Function::Stress, &[], &expiries.concat()).expect("gas")
}

/// Adds the kernel's figures: the dearest of the reference table's options and of their implied vols, a strike of a book, and the elementary
/// functions. A record of an option is counted without what reading it and writing its answer takes by themselves.
pub(crate) fn figures(gas: &mut Figures) {
    let mut kernel = Kernel::deploy().expect("the kernel's program");
    let rounded = |figure: f64| Number::from_f64((figure * 100.0).round() / 100.0).expect("a number");
    gas.insert("stress_27x64".into(), rounded(stress(&mut kernel)));
    let mut tell = |name: &str, figure: f64| {
        gas.insert(format!("kernel_{name}"), rounded(figure));
    };
    let sample: Vec<[u64; 6]> = table().into_iter().step_by(7).collect();
    let dearest = |gas: Vec<f64>| gas.into_iter().fold(0.0, f64::max);
    let read = kernel.gas_of(Function::Copy, &[], &[0; 6]).expect("gas");
    for (name, carried) in [("price_greeks", false), ("price_greeks_with_carry", true)] {
        let records = sample.iter().filter(|record| (record[4] != 0) == carried);
        let gas = records.map(|record| kernel.gas_of(Function::Value, &[], record).expect("gas"));
        tell(name, dearest(gas.collect()) - read);
    }
    let vols = sample.iter().filter_map(|record| implied(&mut kernel, *record)).flatten().collect();
    tell("implied_vol", dearest(vols));
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

#[test]
fn the_program_answers_what_the_crate_does() {
    let mut kernel = Kernel::deploy().expect("the kernel's program");
    for records in table().chunks(150) {
        let (answers, _) = kernel.run(Function::Value, records.as_flattened()).expect("values");
        for (record, answer) in records.iter().zip(answers.as_chunks::<12>().0) {
            let (terms, vol) = terms(*record);
            let value = terms.value(vol).expect("a value");
            let words = [
                value.call,
                value.call_delta,
                value.put_delta,
                value.gamma,
                value.vega,
                value.call_theta,
                value.put_theta,
                value.vanna,
                value.volga,
            ]
            .map(i64::cast_unsigned);
            let [status, call, put_low, put_high, greeks @ ..] = answer;
            assert_eq!(
                ([*status, *call], [*put_low, *put_high]),
                ([1, words[0]], halves(value.put)),
                "{terms:?}"
            );
            assert_eq!(greeks, &words[1..], "{terms:?}");
        }
    }
}
