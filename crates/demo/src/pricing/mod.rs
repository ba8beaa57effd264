//! Options of a CSV file, priced by the kernel's own WASM on the host.

mod decimal;
mod rows;

use alloy_primitives::U256;
use anyhow::{Result, ensure};

use crate::kernel::{Function, Kernel};

pub use rows::{COLUMNS, Fault, Row, read};

/// What is appended to a row.
pub const FIGURES: [&str; 6] = ["call", "put", "delta", "gamma", "vega", "theta"];
/// Rows that one call of the program takes.
const AT_ONCE: usize = 128;
/// Words of a record and of its answer.
const RECORD: usize = 6;
const ANSWER: usize = 12;
/// 1e-8 USD in a USD.
const PER_USD: u64 = 100_000_000;

/// The rows with their figures, under a header.
///
/// # Errors
/// When the program has not been built, fails, or refuses a row.
pub fn price(rows: &[Row]) -> Result<String> {
    let mut kernel = Kernel::deploy()?;
    let mut text = [COLUMNS.as_slice(), &FIGURES].concat().join(",") + "\n";
    for some in rows.chunks(AT_ONCE) {
        let words: Vec<u64> = some.iter().flat_map(record).collect();
        let (answers, _) = kernel.run(Function::Value, &words)?;
        let (answers, rest) = answers.as_chunks::<ANSWER>();
        ensure!(answers.len() == some.len() && rest.is_empty(), "the program left rows unanswered");
        for (row, answer) in some.iter().zip(answers) {
            ensure!(answer[0] == 1, "the program refuses {}", row.fields.join(","));
            text += &format!("{},{}\n", row.fields.join(","), figures(row.terms.spot, answer).join(","));
        }
    }
    Ok(text)
}

fn record(row: &Row) -> [u64; RECORD] {
    let terms = row.terms;
    [
        terms.spot,
        terms.strike,
        terms.seconds.into(),
        terms.rate.cast_unsigned(),
        terms.carry.cast_unsigned(),
        row.vol,
    ]
}

/// In USD, of the words in units of spot; gamma per USD.
fn figures(spot: u64, answer: &[u64; ANSWER]) -> [String; 6] {
    let [_, call, low, high, delta, _, gamma, vega, theta, ..] = *answer;
    let word = |word: u64| i128::from(word.cast_signed());
    let put = word(high) << 64 | i128::from(low);
    let fine = |word| decimal::text(word, spot.into(), U256::from(PER_USD) << 62);
    [
        fine(word(call)),
        fine(put),
        decimal::text(word(delta), 1, U256::ONE << 62),
        decimal::text(word(gamma), PER_USD.into(), U256::from(spot) << 50),
        fine(word(vega)),
        decimal::text(word(theta), spot.into(), U256::from(PER_USD) << 50),
    ]
}
