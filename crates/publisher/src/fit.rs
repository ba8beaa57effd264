//! From data to an update.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::{Context, Result, anyhow, bail, ensure};
use options::Slice;
use serde::Deserialize;

use crate::approach::{Wanted, approach, towards_none};
use crate::feed::{Live, State};
use crate::message::{SliceNumbers, Update};
use crate::quotes::{self, Quote};
use crate::realised::Realised;

/// What a surface is made of.
#[derive(Clone, Debug)]
pub enum Source {
    /// Quotes by expiry, for every live one.
    Quotes(BTreeMap<u64, Vec<Quote>>),
    /// Past prices, and the forward of every expiry [USD]
    Prices(Realised, f64),
}

#[derive(Deserialize)]
struct Price {
    timestamp: u64,
    close: f64,
}

/// Reads a CSV of `timestamp,close` up to `now`: what is later is not seen. The forward is the last price.
///
/// # Errors
/// A row that is malformed, with its line, or fewer than two prices.
pub fn prices(csv: impl Read, now: u64) -> Result<Source> {
    let mut seen: BTreeMap<u64, f64> = BTreeMap::new();
    for (index, row) in csv::Reader::from_reader(csv).into_deserialize().enumerate() {
        let line = index + 2;
        let Price { timestamp, close } = row.with_context(|| format!("line {line}"))?;
        ensure!(close > 0.0 && close.is_finite(), "line {line}: price {close}");
        if timestamp <= now {
            seen.insert(timestamp, close);
        }
    }
    ensure!(seen.len() > 1, "{} prices up to {now}: at least two are needed", seen.len());
    let mut realised = Realised::default();
    seen.iter().for_each(|(time, price)| realised.observe(*time, *price));
    let last = seen.last_key_value().map(|(_, price)| *price).unwrap_or_default();
    Ok(Source::Prices(realised, last))
}

/// The update that a feed in `state` takes at `now` and that comes nearest to the data.
///
/// # Errors
/// An expiry without quotes, or a surface that the feed refuses however it is approached.
pub fn fit(state: &State, source: &Source, chain_id: u64, now: u64) -> Result<Update> {
    let time = u32::try_from(now).context("a time beyond 2106")?;
    let mut wanted = Vec::with_capacity(state.live.len());
    for live in &state.live {
        let expiry = u64::from(live.expiry);
        let curve = match source {
            Source::Prices(realised, forward) => realised.curve((expiry - now) as f64, *forward),
            Source::Quotes(quotes) => {
                let quotes = quotes.get(&expiry).map(Vec::as_slice).unwrap_or_default();
                quotes::fit(quotes, now).ok_or_else(|| anyhow!("no quotes of expiry {expiry}"))?
            }
        };
        wanted.push(Wanted {
            expiry: live.expiry,
            grid: live.grid,
            curve,
            base: live.base.map(|(slice, _)| slice),
        });
    }
    let slices = match approach(&wanted, time, state.most()) {
        Ok(slices) => slices,
        Err((index, error)) => bail!("the feed takes no such slice of {}: {error:?}", wanted[index].expiry),
    };
    let numbers = |(live, slice): (&Live, &Slice)| {
        let before = live.base.map_or(0, |(_, rate)| rate);
        let rate = towards_none(before, live.expiry.saturating_sub(time), state.most());
        SliceNumbers::of(live.expiry.into(), slice, rate)
    };
    let slices = state.live.iter().zip(&slices).map(numbers).collect();
    Ok(Update { chain_id, feed: state.feed, timestamp: now, nonce: state.nonce + 1, slices })
}
