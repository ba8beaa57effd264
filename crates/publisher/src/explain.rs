//! What the feed would refuse of an update, found with the contract's own checks: everything, not only the first fault.

use std::fmt;

use alloy_primitives::Address;
use options::{Arbitrage, Entry, SurfaceError, check_rate};

use crate::feed::State;
use crate::message::{Signed, Update};

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is at fault: the update, a signature or an expiry.
    pub place: String,
    /// Name of the contract's error.
    pub error: &'static str,
    /// The numbers.
    pub detail: String,
}

impl Fault {
    fn new(place: impl fmt::Display, error: &'static str, detail: String) -> Self {
        Self { place: place.to_string(), error, detail }
    }
}

/// Everything that the feed would refuse at `now` [unix seconds]. With no signatures given, those are not looked at.
#[must_use]
pub fn explain(state: &State, update: &Update, signatures: Option<&[Signed]>, now: u64) -> Vec<Fault> {
    let mut faults = moment(state, update, now);
    if let Some(signatures) = signatures {
        faults.extend(signers(state, signatures));
    }
    faults.extend(expiries(state, update));
    faults.extend(surface(state, update));
    faults
}

fn moment(state: &State, update: &Update, now: u64) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut tell = |error, detail| faults.push(Fault::new("update", error, detail));
    let Update { timestamp, nonce, .. } = *update;
    if nonce <= state.nonce {
        tell("NonceNotAbove", format!("{nonce}, the last is {}", state.nonce));
    }
    if timestamp > now {
        tell("UpdateFromFuture", format!("{timestamp}, it is {now}"));
    }
    if timestamp < state.timestamp {
        tell("UpdateBeforeLast", format!("{timestamp}, the last is of {}", state.timestamp));
    }
    if now.saturating_sub(timestamp) > state.max_age.into() {
        tell("UpdateTooOld", format!("{} s old, at most {} s", now - timestamp, state.max_age));
    }
    faults
}

fn signers(state: &State, signatures: &[Signed]) -> Vec<Fault> {
    let strangers = signatures.iter().filter(|one| !state.publishers.contains(&one.signer));
    let mut faults: Vec<Fault> =
        strangers.map(|one| Fault::new("signatures", "NotPublisher", one.signer.to_string())).collect();
    let mut known: Vec<Address> = signatures.iter().map(|one| one.signer).collect();
    known.retain(|signer| state.publishers.contains(signer));
    known.sort_unstable();
    known.dedup();
    if state.threshold == 0 {
        faults.push(Fault::new("signatures", "NoPublishers", "the feed has none".into()));
    } else if known.len() < state.threshold.into() {
        let detail = format!("{} of {}", known.len(), state.threshold);
        faults.push(Fault::new("signatures", "TooFewSignatures", detail));
    }
    faults
}

fn expiries(state: &State, update: &Update) -> Vec<Fault> {
    let mut faults = Vec::new();
    for pair in update.slices.windows(2) {
        let (previous, expiry) = (pair[0].expiry, pair[1].expiry);
        if expiry <= previous {
            faults.push(Fault::new(expiry, "SlicesNotAscending", format!("after {previous}")));
        }
    }
    for slice in &update.slices {
        if !state.live.iter().any(|live| u64::from(live.expiry) == slice.expiry) {
            faults.push(Fault::new(slice.expiry, "ExpiryNotLive", "the vault has none such".into()));
        }
    }
    for live in &state.live {
        if !update.slices.iter().any(|slice| slice.expiry == u64::from(live.expiry)) {
            faults.push(Fault::new(live.expiry, "SliceMissing", "the vault lists it".into()));
        }
    }
    faults
}

fn surface(state: &State, update: &Update) -> Vec<Fault> {
    let time = u32::try_from(update.timestamp).unwrap_or(u32::MAX);
    let mut faults = Vec::new();
    let mut earlier: Option<Entry> = None;
    for live in &state.live {
        let Some(slice) = update.slices.iter().find(|slice| slice.expiry == u64::from(live.expiry)) else {
            continue;
        };
        let Some((stored, rate)) = slice.stored(time) else {
            faults.push(Fault::new(live.expiry, "SliceInvalid", "a number out of its range".into()));
            continue;
        };
        let to_expiry = |time: u32| live.expiry.saturating_sub(time);
        let last = live.base.map(|(base, _)| (base, to_expiry(base.updated_at)));
        let entry = Entry { slice: stored, seconds: to_expiry(time), grid: live.grid, last };
        // Each check by itself: alone, then against the one before, then against the last, and the rate.
        let alone = Entry { last: None, ..entry };
        let one = alone.check(None, 0).err();
        let pair = one.is_none().then(|| alone.check(earlier.as_ref(), 0).err()).flatten();
        let step = one.is_none().then(|| entry.check(None, state.most()).err()).flatten();
        let before = live.base.map_or(rate, |(_, before)| before);
        let turn = check_rate(before, rate, entry.seconds, state.most()).err().map(SurfaceError::Step);
        let found = [one, pair, step, turn].into_iter().flatten();
        faults.extend(found.map(|error| told(state, live.expiry, &error)));
        if one.is_none() {
            earlier = Some(alone);
        }
    }
    faults
}

fn told(state: &State, expiry: u32, error: &SurfaceError) -> Fault {
    let scaled = |number: i64, bits: i32| number as f64 / 2_f64.powi(bits);
    let usd = |strike: u64| strike as f64 / 1e6;
    let (error, detail) = match error {
        SurfaceError::Order => ("SlicesNotAscending", "not later than the one before".into()),
        SurfaceError::Slice(fault) => ("SliceInvalid", format!("{fault:?}")),
        SurfaceError::Step(step) => {
            let (from, to) = (scaled(step.from, 47), scaled(step.to, 47));
            let limit = f64::from(state.vol_step) / 1e6;
            let detail = match usd(step.strike) {
                0.0 => format!("rate: ln of the forward moves by {to:.6}, at most {limit}"),
                strike => format!("strike {strike}: vol {from:.6} to {to:.6}, at most {limit} apart"),
            };
            ("StepAboveLimit", detail)
        }
        SurfaceError::Arbitrage(Arbitrage::Butterfly { strike, density }) => {
            ("ButterflyArbitrage", format!("strike {}: g = {:.6}", usd(*strike), scaled(*density, 40)))
        }
        SurfaceError::Arbitrage(Arbitrage::Wing { by }) => {
            ("WingArbitrage", format!("a wing {:.9} flatter than the expiry before", scaled(*by, 36)))
        }
        SurfaceError::Arbitrage(Arbitrage::Calendar { by }) => {
            ("CalendarArbitrage", format!("total variance {:.9} short of the expiry before", scaled(*by, 36)))
        }
    };
    Fault::new(expiry, error, detail)
}

/// The faults as a table for a terminal.
#[must_use]
pub fn table(faults: &[Fault]) -> String {
    if faults.is_empty() {
        return "the feed would take it\n".into();
    }
    let rows: Vec<[&str; 3]> =
        faults.iter().map(|fault| [fault.place.as_str(), fault.error, fault.detail.as_str()]).collect();
    let head = [["where", "error", "numbers"]];
    let width =
        |column: usize| head.iter().chain(&rows).map(|row| row[column].len()).max().unwrap_or_default();
    let (place, error) = (width(0), width(1));
    let lines = head.iter().chain(&rows).map(|[x, y, z]| format!("{x:<place$}  {y:<error$}  {z}\n"));
    lines.collect()
}
