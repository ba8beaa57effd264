//! Hourly prices from a CSV file: read, checked and laid on an hourly clock.
//!
//! A file that cannot be trusted is refused with its name, the line and the reason. A gap of up to six hours is an outage of the feed
//! and stays one: nothing is interpolated.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;

/// Seconds of an hour.
pub const HOUR: u64 = 3_600;
/// Longest outage that the replay lives through.
pub const MAX_GAP: u64 = 6 * HOUR;
/// Range of prices that the market can list strikes for [USD].
const RANGE: std::ops::RangeInclusive<f64> = 0.01..=10_000_000.0;

const TIME_NAMES: [&str; 10] = [
    "timestamp",
    "time",
    "date",
    "datetime",
    "date_time",
    "unix",
    "unix timestamp",
    "unix_timestamp",
    "open time",
    "open_time",
];
const CLOSE_NAMES: [&str; 5] = ["close", "close price", "close_price", "closing price", "price"];

/// One row of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Unix seconds.
    pub time: u64,
    /// USD.
    pub close: f64,
    /// Line of the file, from 1.
    pub line: u64,
}

/// A gap in the prices: the feed is silent from one row to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Time of the row before.
    pub from: u64,
    /// Time of the row after.
    pub to: u64,
    /// Line of the row after.
    pub line: u64,
}

/// A price file that passed every check.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// Where they came from.
    pub path: PathBuf,
    /// Strictly ascending in time.
    pub points: Vec<Point>,
    /// Gaps over an hour, at most six.
    pub outages: Vec<Outage>,
}

/// Why prices were refused.
#[derive(Debug, PartialEq, Eq)]
pub struct PriceError {
    path: PathBuf,
    line: Option<u64>,
    reason: String,
}

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for PriceError {}

/// One hour of the replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hour {
    /// Unix seconds, a whole hour.
    pub time: u64,
    /// The last price of the hour that ends here; none while the feed is out.
    pub price: Option<f64>,
}

impl Prices {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// The first thing wrong with the file.
    pub fn read(path: &Path) -> Result<Self, PriceError> {
        let bytes = std::fs::read(path).map_err(|error| PriceError {
            path: path.into(),
            line: None,
            reason: format!("cannot be read: {}", plain(&error)),
        })?;
        Self::parse(path, &bytes)
    }

    /// Checks the content of a file.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, PriceError> {
        let fault = |line, reason: String| PriceError { path: path.into(), line: Some(line), reason };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let header = reader.headers().map_err(|error| fault(1, csv_reason(&error)))?.clone();
        let time_column = column(&header, &TIME_NAMES)
            .ok_or_else(|| fault(1, "no column named timestamp, time, date or datetime".into()))?;
        let close_column =
            column(&header, &CLOSE_NAMES).ok_or_else(|| fault(1, "no column named close".into()))?;

        let mut prices = Self { path: path.into(), points: Vec::new(), outages: Vec::new() };
        for record in reader.records() {
            let record = record.map_err(|error| {
                fault(error.position().map_or(1, csv::Position::line), csv_reason(&error))
            })?;
            let line = record.position().map_or(1, csv::Position::line);
            let (time, close) = (&record[time_column], &record[close_column]);
            let time = parse_time(time)
                .ok_or_else(|| fault(line, format!("{time:?} is no unix or ISO timestamp")))?;
            let close: f64 =
                close.parse().map_err(|_| fault(line, format!("close {close:?} is no number")))?;
            prices.push(Point { time, close, line }).map_err(|reason| fault(line, reason))?;
        }
        if prices.points.len() < 2 {
            return Err(fault(1, format!("{} rows of prices: at least two are needed", prices.points.len())));
        }
        Ok(prices)
    }

    fn push(&mut self, point: Point) -> Result<(), String> {
        if !point.close.is_finite() {
            return Err(format!("close {} is no number", point.close));
        }
        if point.close == 0.0 {
            return Err("a price of zero".into());
        }
        if point.close < 0.0 {
            return Err(format!("a negative price, {}", point.close));
        }
        if !RANGE.contains(&point.close) {
            return Err(format!("price {} outside {} to {} USD", point.close, RANGE.start(), RANGE.end()));
        }
        if let Some(before) = self.points.last() {
            if point.time == before.time {
                return Err(format!("duplicate timestamp {}, as on line {}", show(point.time), before.line));
            }
            if point.time < before.time {
                let (time, earlier) = (show(point.time), show(before.time));
                return Err(format!(
                    "unsorted: {time} after {earlier} on line {}; times must ascend",
                    before.line
                ));
            }
            let gap = point.time - before.time;
            if gap > MAX_GAP {
                let hours = gap as f64 / HOUR as f64;
                return Err(format!("a gap of {hours:.1} hours since {}: over 6 hours", show(before.time)));
            }
            if gap > HOUR {
                self.outages.push(Outage { from: before.time, to: point.time, line: point.line });
            }
        }
        self.points.push(point);
        Ok(())
    }

    /// A fault of the file as a whole.
    pub(crate) fn fault(&self, line: Option<u64>, reason: String) -> PriceError {
        PriceError { path: self.path.clone(), line, reason }
    }

    /// The replay's hours, `history` of them before `from` (none: the last `days` of the file) and `days` after it.
    ///
    /// # Errors
    /// When the file does not reach that far, either way.
    pub fn window(&self, from: Option<u64>, days: u64, history: u64) -> Result<Window, PriceError> {
        let (first, last) = (&self.points[0], &self.points[self.points.len() - 1]);
        let end_of_file = last.time / HOUR * HOUR;
        let length = days * 24 * HOUR;
        let start = from.unwrap_or_else(|| end_of_file.saturating_sub(length)) / HOUR * HOUR;
        let end = start + length;
        if end > end_of_file {
            let reason = format!(
                "prices end at {}, before {days} days from {} are over",
                show(last.time),
                show(start)
            );
            return Err(self.fault(Some(last.line), reason));
        }
        if start < first.time.div_ceil(HOUR) * HOUR + history * HOUR {
            let reason = format!(
                "prices start at {}: the first vol needs {history} hours of them before {}",
                show(first.time),
                show(start)
            );
            return Err(self.fault(Some(first.line), reason));
        }
        let hours = self.hours(end);
        let split = hours.partition_point(|hour| hour.time < start);
        let outages = self.outages.iter().filter(|outage| outage.to > start && outage.from < end);
        Ok(Window {
            past: hours[..split].to_vec(),
            hours: hours[split..].to_vec(),
            outages: outages.copied().collect(),
        })
    }

    /// The hourly clock from the first row to `end`.
    fn hours(&self, end: u64) -> Vec<Hour> {
        let mut points = self.points.iter().peekable();
        let start = self.points[0].time.div_ceil(HOUR) * HOUR;
        let mut hours = Vec::new();
        for time in (start..=end).step_by(HOUR as usize) {
            let mut price = None;
            while let Some(point) = points.next_if(|point| point.time <= time) {
                price = (point.time + HOUR > time).then_some(point.close);
            }
            hours.push(Hour { time, price });
        }
        hours
    }
}

/// A stretch of hours to replay.
#[derive(Clone, Debug)]
pub struct Window {
    /// All hours before it: what the first surface may know.
    pub past: Vec<Hour>,
    /// The hours of the replay.
    pub hours: Vec<Hour>,
    /// Gaps inside it.
    pub outages: Vec<Outage>,
}

/// A time for people.
#[must_use]
pub fn show(time: u64) -> String {
    match Timestamp::from_second(i64::try_from(time).unwrap_or(i64::MAX)) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => format!("{time}"),
    }
}

fn column(header: &csv::StringRecord, names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| header.iter().position(|field| field.eq_ignore_ascii_case(name)))
}

/// Unix seconds (milliseconds if it has 12 digits or more), or an ISO date with or without time and offset; UTC without one.
#[must_use]
pub fn parse_time(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        let seconds = if number >= 1e11 { number / 1e3 } else { number };
        return (0.0..4e9).contains(&seconds).then_some(seconds as u64);
    }
    let civil = text.strip_suffix("UTC").unwrap_or(text).trim_end();
    let time = match text.parse::<Timestamp>() {
        Ok(time) => time,
        Err(_) => civil.parse::<DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(),
    };
    u64::try_from(time.as_second()).ok()
}

fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        _ => error.to_string(),
    }
}

fn csv_reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields where the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "not UTF-8 text".into(),
        _ => "malformed CSV".into(),
    }
}

#[cfg(test)]
#[path = "prices_tests.rs"]
mod tests;
