//! Slices fitted to quotes: eSSVI, one expiry after the other.
//!
//! The fit is the one of Corbetta, Cohort, Laachir & Martini (2019): theta is tied to the quote nearest the money, so that at each tilt rho one
//! number is left, psi = theta phi, found by golden section inside the bounds theta phi (1 + |rho|) < 4 and theta phi^2 (1 + |rho|) <= 4 that keep
//! a slice free of butterflies; rho is searched on a grid that is refined twice.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::curve::Curve;
use crate::realised::YEAR;

/// A row of a quotes CSV.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Quote {
    /// When it was seen [unix seconds]
    pub time: u64,
    /// [unix seconds]
    pub expiry: u64,
    /// [USD]
    pub strike: f64,
    /// Implied vol, a year, as a fraction.
    pub vol: f64,
    /// Forward at that time [USD]
    pub forward: f64,
}

/// Reads quotes and keeps the last of each strike at or before `now`: what is later is not seen.
///
/// # Errors
/// A row that is malformed or out of range, with its line.
pub fn read(csv: impl Read, now: u64) -> Result<BTreeMap<u64, Vec<Quote>>> {
    let mut last: BTreeMap<(u64, u64), Quote> = BTreeMap::new();
    for (index, row) in csv::Reader::from_reader(csv).into_deserialize().enumerate() {
        let line = index + 2;
        let quote: Quote = row.with_context(|| format!("line {line}"))?;
        let Quote { strike, vol, forward, .. } = quote;
        ensure!(strike > 0.0 && strike.is_finite(), "line {line}: strike {strike}");
        ensure!(forward > 0.0 && forward.is_finite(), "line {line}: forward {forward}");
        ensure!(vol > 0.0 && vol < 10.0, "line {line}: vol {vol}");
        let key = (quote.expiry, strike.to_bits());
        let newer = last.get(&key).is_none_or(|kept| kept.time <= quote.time);
        if quote.time <= now && quote.expiry > now && newer {
            last.insert(key, quote);
        }
    }
    let mut expiries: BTreeMap<u64, Vec<Quote>> = BTreeMap::new();
    for quote in last.into_values() {
        expiries.entry(quote.expiry).or_default().push(quote);
    }
    Ok(expiries)
}

/// Fits a slice to the quotes of one expiry; none without quotes. The forward is the newest quote's.
#[must_use]
pub fn fit(quotes: &[Quote], now: u64) -> Option<Curve> {
    let forward = quotes.iter().max_by_key(|quote| quote.time)?.forward;
    let money = |quote: &&Quote| (quote.strike / forward).ln().abs();
    let anchor = quotes.iter().min_by(|x, y| money(x).total_cmp(&money(y)))?;
    let years = anchor.expiry.checked_sub(now).filter(|seconds| *seconds > 0)? as f64 / YEAR;
    let (k, w) = ((anchor.strike / forward).ln(), anchor.vol * anchor.vol * years);
    let curve = |rho: f64, part: f64| {
        let tilted = 1.0 + rho.abs();
        // psi (1 + |rho|) < 4 and psi^2 (1 + |rho|) <= 4 theta.
        let psi = part * (4.0 / tilted).min((4.0 * w / tilted).sqrt());
        let theta = (w - rho * psi * k).max(w / 4.0);
        Curve::essvi(theta, rho, psi / theta, forward)
    };
    let error = |curve: &Curve| {
        let off = |quote: &Quote| (curve.variance(quote.strike) / years).max(0.0).sqrt() - quote.vol;
        quotes.iter().map(|quote| off(quote).powi(2)).sum::<f64>()
    };
    let at = |rho: f64| {
        let part = golden(1e-4, 0.99, |part| error(&curve(rho, part)));
        (error(&curve(rho, part)), rho, part)
    };
    let (mut centre, mut width) = (0.0, 0.98);
    let mut best = (f64::INFINITY, 0.0, 0.5);
    for _ in 0..3 {
        let tilts = (-14..=14).map(|step| (centre + width * f64::from(step) / 14.0).clamp(-0.98, 0.98));
        best = tilts.map(at).fold(best, |best, one| if one.0 < best.0 { one } else { best });
        (centre, width) = (best.1, width / 14.0);
    }
    Some(curve(best.1, best.2))
}

/// Where a function with one valley is least between two numbers.
fn golden(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_895;
    for _ in 0..40 {
        let (left, right) = (high - RATIO * (high - low), low + RATIO * (high - low));
        if f(left) < f(right) { high = right } else { low = left }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;
    const EXPIRY: u64 = NOW + 30 * 86_400;

    fn quotes(curve: &Curve) -> Vec<Quote> {
        let years = (EXPIRY - NOW) as f64 / YEAR;
        let quote = |step: u32| {
            let strike = 1_400.0 + 100.0 * f64::from(step);
            let vol = (curve.variance(strike) / years).sqrt();
            Quote { time: NOW, expiry: EXPIRY, strike, vol, forward: 2_000.0 }
        };
        (0..16).map(quote).collect()
    }

    #[test]
    fn a_slice_of_the_family_comes_back_from_its_quotes() {
        for (rho, part) in [(-0.3, 0.5), (0.2, 0.3), (-0.7, 0.7), (0.0, 0.1)] {
            let theta = 0.6_f64.powi(2) * (EXPIRY - NOW) as f64 / YEAR;
            let phi = part * (4.0 / (theta * (1.0 + f64::abs(rho)))).sqrt();
            let quotes = quotes(&Curve::essvi(theta, rho, phi, 2_000.0));
            let fitted = fit(&quotes, NOW).expect("a fit");
            let years = (EXPIRY - NOW) as f64 / YEAR;
            for quote in &quotes {
                let vol = (fitted.variance(quote.strike) / years).sqrt();
                assert!(
                    (vol - quote.vol).abs() < 0.003,
                    "rho {rho}: {} is {vol}, not {}",
                    quote.strike,
                    quote.vol
                );
            }
            assert_eq!(fitted.stored(NOW as u32).check(), Ok(()));
        }
    }

    #[test]
    fn quotes_later_than_the_clock_are_not_seen() {
        let csv = format!(
            "time,expiry,strike,vol,forward\n{NOW},{EXPIRY},2000,0.6,2000\n{},{EXPIRY},2000,0.9,2100\n",
            NOW + 1
        );
        let seen = read(csv.as_bytes(), NOW).expect("quotes");
        assert_eq!(seen[&EXPIRY].len(), 1);
        assert_eq!(seen[&EXPIRY][0].vol.to_bits(), 0.6_f64.to_bits());
        assert!(read(csv.as_bytes(), NOW - 1).expect("none yet").is_empty());
        assert!(read(csv.as_bytes(), EXPIRY).expect("passed").is_empty());
        let newer = read(csv.as_bytes(), NOW + 1).expect("quotes");
        assert_eq!(newer[&EXPIRY][0].forward.to_bits(), 2_100_f64.to_bits());
    }

    #[test]
    fn bad_rows_are_named_by_their_line() {
        for row in [
            "1,2,0,0.5,1",
            "1,2,1,0,1",
            "1,2,1,11,1",
            "1,2,1,0.5,-1",
            "1,2,NaN,0.5,1",
            "1,2,1,0.5",
            "x,2,1,1,1",
        ] {
            let csv = format!("time,expiry,strike,vol,forward\n{row}\n");
            let error = read(csv.as_bytes(), 5).expect_err(row);
            assert!(format!("{error:#}").contains("line"), "{error:#}");
        }
    }
}
