//! Windows of a price file to look at: the most volatile ones, or those that somebody names.

use std::path::Path;

use crate::prices::{HOUR, PriceError, Prices};

/// Days of a window.
pub const DAYS: u64 = 30;
/// Hours of prices before a window that the first published vol is made of.
pub const HISTORY: u64 = 14 * 24;

const DAY: u64 = 24 * HOUR;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The committed prices.
///
/// # Errors
/// When they cannot be read.
pub fn committed() -> Result<Prices, PriceError> {
    Prices::read(&Path::new(ROOT).join("data/btc-usd-1h.csv"))
}

/// The committed prices and the starts of their most volatile windows, or those that `EQUIPOISE_PRICES` names: a file, from the
/// root of the repository, then starts as unix seconds or dates, all separated by commas.
///
/// # Errors
/// When the prices cannot be read, or a start is none.
pub fn chosen(count: usize) -> Result<(Prices, Vec<u64>), PriceError> {
    let Ok(given) = std::env::var("EQUIPOISE_PRICES") else {
        let prices = committed()?;
        let starts = most_volatile(&prices, count);
        return Ok((prices, starts));
    };
    let mut parts = given.split(',');
    let prices = Prices::read(&Path::new(ROOT).join(parts.next().unwrap_or_default()))?;
    let starts = parts.map(|start| {
        let time = crate::prices::parse_time(start);
        time.ok_or_else(|| prices.fault(None, format!("{start:?} in EQUIPOISE_PRICES is no start")))
    });
    let starts = starts.collect::<Result<_, _>>()?;
    Ok((prices, starts))
}

/// Starts of the most volatile windows that do not overlap, the most volatile first.
#[must_use]
pub fn most_volatile(prices: &Prices, count: usize) -> Vec<u64> {
    let squares: Vec<(u64, f64)> = prices
        .points
        .windows(2)
        .map(|pair| (pair[1].time, (pair[1].close / pair[0].close).ln().powi(2)))
        .collect();
    let (first, last) = (prices.points[0].time, prices.points[prices.points.len() - 1].time);
    let starts = (first.div_ceil(DAY) * DAY + HISTORY * HOUR..=last - DAYS * DAY).step_by(DAY as usize);
    let mut windows: Vec<(u64, f64)> = starts
        .map(|start| {
            let inside = squares.iter().filter(|(time, _)| (start..start + DAYS * DAY).contains(time));
            (start, inside.fold(0.0, |sum, (_, square)| sum + square))
        })
        .collect();
    windows.sort_by(|x, y| y.1.total_cmp(&x.1));
    let mut chosen: Vec<u64> = Vec::new();
    for (start, _) in windows {
        if chosen.len() < count && chosen.iter().all(|other| start.abs_diff(*other) >= DAYS * DAY) {
            chosen.push(start);
        }
    }
    chosen
}
