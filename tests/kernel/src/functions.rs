//! The functions by their byte.

use core::num::Wrapping;

use options::{Kind, Market, Moves, Scale, Slice, Stress, StrikeGrid, Terms, Totals};

type Word = [u8; 8];

fn unsigned(word: Word) -> u64 {
    u64::from_le_bytes(word)
}

fn signed(word: Word) -> i64 {
    i64::from_le_bytes(word)
}

fn short(word: Word) -> u32 {
    u32::try_from(unsigned(word)).unwrap_or(u32::MAX)
}

/// The halves of a wide number.
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "halves are cut")]
fn halves(number: i128) -> [i64; 2] {
    [number as i64, (number >> 64) as i64]
}

/// Runs the function that the first byte names over the records after it; the length of the answers, none for malformed calldata.
#[must_use]
pub fn run(calldata: &[u8], output: &mut [u8]) -> Option<usize> {
    let (function, data) = calldata.split_first()?;
    let (words, rest) = data.as_chunks::<8>();
    if !rest.is_empty() {
        return None;
    }
    let (answers, _) = output.as_chunks_mut::<8>();
    let written = match function {
        0 => each(words, answers, value),
        1 | 2 => book(words, *function == 2, answers)?,
        3 => each(words, answers, |[x]| [maths::exp_neg(Wrapping(signed(x))).0]),
        4 => each(words, answers, |[x]| [maths::ln(unsigned(x)).0]),
        5 => each(words, answers, |[x]| [maths::root(unsigned(x)).root().0]),
        6 => each(words, answers, |[x]| [maths::cdf(Wrapping(signed(x))).0]),
        7 => stress(words, answers)?,
        8 => each(words, answers, implied),
        9 => each(words, answers, |[a, b, c, d, e, f]| [a, b, c, d, e, f, a, b, c, d, e, f].map(signed)),
        _ => return None,
    };
    Some(written.wrapping_mul(8))
}

/// Answers every record; the number of words written.
#[inline(always)]
fn each<const N: usize, const M: usize>(
    words: &[Word],
    answers: &mut [Word],
    function: impl Fn([Word; N]) -> [i64; M],
) -> usize {
    let (records, _) = words.as_chunks::<N>();
    let (answers, _) = answers.as_chunks_mut::<M>();
    for (record, answer) in records.iter().zip(answers) {
        *answer = function(*record).map(i64::to_le_bytes);
    }
    records.len().wrapping_mul(M)
}

fn terms([spot, strike, seconds, rate, carry]: [Word; 5]) -> Terms {
    Terms {
        spot: unsigned(spot),
        strike: unsigned(strike),
        seconds: short(seconds),
        rate: signed(rate),
        carry: signed(carry),
    }
}

fn implied([spot, strike, seconds, rate, carry, kind, low, high]: [Word; 8]) -> [i64; 2] {
    let kind = if unsigned(kind) == 0 { Kind::Call } else { Kind::Put };
    let price = i128::from(signed(high)) << 64 | i128::from(unsigned(low));
    match terms([spot, strike, seconds, rate, carry]).implied_vol(kind, price) {
        Ok(vol) => [1, vol.cast_signed()],
        Err(_) => [0; 2],
    }
}

fn value([spot, strike, seconds, rate, carry, vol]: [Word; 6]) -> [i64; 12] {
    let terms = terms([spot, strike, seconds, rate, carry]);
    let Ok(value) = terms.value(unsigned(vol)) else { return [0; 12] };
    let [low, high] = halves(value.put);
    [
        1,
        value.call,
        low,
        high,
        value.call_delta,
        value.put_delta,
        value.gamma,
        value.vega,
        value.call_theta,
        value.put_theta,
        value.vanna,
        value.volga,
    ]
}

/// What a header says.
fn expiry(header: &[Word; 10]) -> Option<(Market, StrikeGrid)> {
    let [spot, seconds, rate, published, base, step, a, b, c, d] = *header;
    let slice = Slice::unpack([a, b, c, d].as_flattened().try_into().ok()?);
    let grid = StrikeGrid { base: unsigned(base), step: unsigned(step), count: 64 };
    let rate = i32::try_from(signed(rate)).ok()?;
    Some((Market::new(unsigned(spot), short(seconds), rate, &slice, short(published)).ok()?, grid))
}

/// A header of ten words, then slots of four.
fn book(words: &[Word], moved: bool, answers: &mut [Word]) -> Option<usize> {
    let (header, slots) = words.split_first_chunk::<10>()?;
    let (market, grid) = expiry(header)?;
    let move_ = maths::ONE >> 8;
    let moves = moved.then_some([Wrapping(0) - move_, move_]);
    let mut totals = Totals::default();
    for (slot, word) in (0_u8..).zip(slots.as_chunks::<4>().0) {
        totals.add_slot(&market, moves, &grid, slot, word.as_flattened().try_into().ok()?);
    }
    let Totals { value, delta, gamma, vega, theta, vanna, volga, moved: [below, above] } = totals;
    let sums = [value, delta, gamma, vega, theta, vanna, volga, below, above].map(halves);
    let answer = answers.first_chunk_mut::<19>()?;
    *answer = [[0; 8]; 19];
    let (first, rest) = answer.split_first_mut()?;
    *first = 1_i64.to_le_bytes();
    for (place, word) in rest.iter_mut().zip(sums.as_flattened()) {
        *place = word.to_le_bytes();
    }
    Some(19)
}

/// Expiries of a header and two slots each.
fn stress(words: &[Word], answers: &mut [Word]) -> Option<usize> {
    let moves = Moves::new(&inventory::MOVES).ok()?;
    let mut stress = Stress::default();
    for record in words.as_chunks::<18>().0 {
        let (header, slots) = record.split_first_chunk::<10>()?;
        let (market, grid) = expiry(header)?;
        let [_, seconds, ..] = *header;
        let [down, flat, up] = inventory::Shock::DEFAULT.changes(short(seconds));
        let scales = [Scale::new(down).ok()?, Scale::new(flat).ok()?, Scale::new(up).ok()?];
        for (slot, word) in (0_u8..).zip(slots.as_chunks::<4>().0) {
            stress.add_slot(&market, &moves, &scales, &grid, slot, word.as_flattened().try_into().ok()?);
        }
    }
    let values = stress.values(&moves).ok()?;
    let answer = answers.first_chunk_mut::<27>()?;
    for (place, value) in answer.iter_mut().zip(values.as_flattened()) {
        *place = i64::try_from(*value).ok()?.to_le_bytes();
    }
    Some(27)
}
