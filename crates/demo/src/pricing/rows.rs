//! Rows of a CSV file as options, or all that is wrong with them.

use std::fmt;

use alloy_primitives::U256;
use options::{ForwardError, Terms, TermsError};

use super::decimal::Decimal;

/// The header, and the order of a row.
pub const COLUMNS: [&str; 5] = ["spot", "strike", "seconds", "vol", "rate"];
/// Most rows of a file.
const MOST_ROWS: usize = 1_000_000;
/// Most of K / S: beyond 2^24 forwards, of which this is fewer at any rate, the kernel cuts what a put is worth.
const MOST_MONEYNESS: u128 = 1 << 21;

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// As written.
    pub fields: [String; 5],
    /// In the kernel's units; no carry.
    pub terms: Terms,
    /// [Q60]
    pub vol: u64,
}

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: u64,
    /// None where the whole line is wrong.
    pub column: Option<&'static str>,
    /// In words, with the bound.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ", {column}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

fn whole(line: u64, reason: impl Into<String>) -> Fault {
    Fault { line, column: None, reason: reason.into() }
}

/// The rows of a file.
///
/// # Errors
/// Every fault of every row: there are no rows unless all of them are good.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Vec<Fault>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    let mut lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    let expected = COLUMNS.join(",");
    let (first, header) = lines.next().ok_or_else(|| vec![whole(1, format!("no header: {expected}"))])?;
    if !fields(header).eq(COLUMNS) {
        return Err(vec![whole(first, format!("the header must be {expected}"))]);
    }
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (number, line) in lines {
        if rows.len() == MOST_ROWS {
            faults.push(whole(number, format!("more than {MOST_ROWS} rows")));
            break;
        }
        match row(number, line) {
            Ok(row) => rows.push(row),
            Err(fault) => faults.extend(fault),
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// Fields between commas, without the spaces round them; there is nothing in a row of numbers that would be quoted.
fn fields(line: &[u8]) -> impl Iterator<Item = String> {
    line.split(|byte| *byte == b',').map(|field| String::from_utf8_lossy(field.trim_ascii()).into_owned())
}

/// One row; every fault of its fields, then of what they are together.
fn row(line: u64, text: &[u8]) -> Result<Row, Vec<Fault>> {
    let fields = <[String; 5]>::try_from(fields(text).collect::<Vec<_>>())
        .map_err(|fields| vec![whole(line, format!("{} fields, not {}", fields.len(), COLUMNS.len()))])?;
    let words: Vec<_> = COLUMNS.iter().zip(&fields).map(|(column, field)| word(column, field)).collect();
    let faults: Vec<Fault> = COLUMNS
        .iter()
        .zip(&fields)
        .zip(&words)
        .filter_map(|((column, field), word)| {
            let reason = format!("{field:?} {}", word.as_ref().err()?);
            Some(Fault { line, column: Some(column), reason })
        })
        .collect();
    let words: Vec<i128> = words.into_iter().flatten().collect();
    let &[spot, strike, seconds, vol, rate] = words.as_slice() else { return Err(faults) };
    let terms = Terms {
        spot: natural(spot),
        strike: natural(strike),
        seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        rate: i64::try_from(rate).unwrap_or(i64::MAX),
        carry: 0,
    };
    let vol = natural(vol);
    if let Some((index, bound)) = beyond(&terms, vol) {
        let (column, reason) = (Some(COLUMNS[index]), format!("{:?} {bound}", fields[index]));
        return Err(vec![Fault { line, column, reason }]);
    }
    Ok(Row { fields, terms, vol })
}

/// What exceeds the type exceeds the kernel's bound as well, which then says so.
fn natural(number: i128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A field in the kernel's unit.
fn word(column: &str, field: &str) -> Result<i128, String> {
    let decimal = Decimal::parse(field)?;
    if decimal.negative && column != "rate" {
        return Err("is negative".into());
    }
    let magnitude = match column {
        "spot" => decimal.units(8)?,
        "strike" => decimal.units(6)?,
        "seconds" => decimal.units(0)?,
        _ => decimal.binary(60),
    };
    let magnitude = i128::try_from(magnitude.min(U256::from(i128::MAX))).unwrap_or(i128::MAX);
    Ok(if decimal.negative { -magnitude } else { magnitude })
}

/// The column that the kernel refuses or cuts, and its bound.
fn beyond(terms: &Terms, vol: u64) -> Option<(usize, &'static str)> {
    let error = match terms.value(vol) {
        Ok(_) if u128::from(terms.strike) * 100 > u128::from(terms.spot) * MOST_MONEYNESS => {
            return Some((1, "is more than 2097152 times spot"));
        }
        Ok(_) => return None,
        Err(error) => error,
    };
    Some(match error {
        TermsError::Forward(ForwardError::Spot) => (0, "is not above 0 and at most 180143985.09481984"),
        TermsError::Strike => (1, "is not above 0 and at most 281474976.710656"),
        TermsError::Forward(ForwardError::Time) => (2, "is above 315360000"),
        TermsError::Vol => (3, "is not below 8"),
        TermsError::Forward(ForwardError::Rate) => {
            (4, "is not below 4 in magnitude, and below 2 once multiplied by the years")
        }
    })
}
