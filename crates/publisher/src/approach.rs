//! The nearest surface to a wanted one that the contract takes.
//!
//! What the step cap leaves room for is found between two surfaces: the wanted one, and the base run off to now, which moves no vol at all
//! and stays free of arbitrage. Each slice goes as far of that way as its own checks let it; if the slices then cross in time, all go a smaller
//! part of it.

use options::{Entry, Slice, StrikeGrid, SurfaceError, check_rate, check_surface};

use crate::curve::Curve;

/// Halvings of the way to the wanted slice.
const HALVINGS: u32 = 24;
/// Parts of the way that all slices go if they cross in time.
const PARTS: [f64; 5] = [1.0, 0.5, 0.25, 0.125, 0.0];
/// By how much a slice without a base is raised or lowered at a time, until it fits between its neighbours, and how often at most.
const LEVEL: f64 = 1.01;
const LEVELS: i32 = 100;

/// What a publisher wants of an expiry.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// [unix seconds]
    pub expiry: u32,
    /// Its strikes.
    pub grid: StrikeGrid,
    /// The slice to get to.
    pub curve: Curve,
    /// The slice that the step counts against, none for a new expiry.
    pub base: Option<Slice>,
}

impl Wanted {
    fn entry(&self, now: u32, slice: Slice) -> Entry {
        let to_expiry = |time: u32| self.expiry.saturating_sub(time);
        let last = self.base.map(|base| (base, to_expiry(base.updated_at)));
        Entry { slice, seconds: to_expiry(now), grid: self.grid, last }
    }

    /// The slice `weight` of the way from the base, run off to now, to the wanted one.
    fn between(&self, now: u32, weight: f64) -> Slice {
        let Some(base) = &self.base else { return self.curve.stored(now) };
        let left = |time: u32| f64::from(self.expiry.saturating_sub(time));
        let run_off = Curve::from(base).scaled(left(now) / left(base.updated_at).max(1.0));
        run_off.towards(&self.curve, weight).stored(now)
    }

    /// How far towards the wanted slice this one can go by itself.
    fn reach(&self, now: u32, most: u64) -> f64 {
        let passes = |weight| self.entry(now, self.between(now, weight)).check(None, most).is_ok();
        if passes(1.0) {
            return 1.0;
        }
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            if passes(middle) { low = middle } else { high = middle }
        }
        low
    }
}

/// The slices to publish at `now`, for expiries in order, so that no listed vol moves by more than `most` [Q47].
///
/// # Errors
/// Index of the slice that cannot be brought between its neighbours, and what the contract would say of it.
pub fn approach(wanted: &[Wanted], now: u32, most: u64) -> Result<Vec<Slice>, (usize, SurfaceError)> {
    let reaches: Vec<f64> = wanted.iter().map(|one| one.reach(now, most)).collect();
    let mut refusal = None;
    for part in PARTS {
        let entries = wanted.iter().zip(&reaches);
        let entries = entries.map(|(one, reach)| one.entry(now, one.between(now, reach * part)));
        let mut entries: Vec<Entry> = entries.collect();
        fit_new(wanted, now, most, &mut entries);
        match check_surface(&entries, most) {
            Ok(_) => return Ok(entries.into_iter().map(|entry| entry.slice).collect()),
            Err(error) => refusal = Some(error),
        }
    }
    refusal.map_or_else(|| Ok(Vec::new()), Err)
}

/// The rate as near to none as the contract takes it `seconds` before expiry, where the one before is this [Q30 / year].
pub fn towards_none(before: i32, seconds: u32, most: u64) -> i32 {
    let whole = check_rate(before, 0, seconds, u64::MAX).unwrap_or(u64::MAX);
    let change = i128::from(before) * i128::from(most) / i128::from(whole.max(most).max(1));
    before - change as i32
}

/// Raises or lowers each slice without a base, as little as will do, until it fits between its neighbours.
fn fit_new(wanted: &[Wanted], now: u32, most: u64, entries: &mut [Entry]) {
    for (index, one) in wanted.iter().enumerate().filter(|(_, one)| one.base.is_none()) {
        let neighbours = entries.to_vec();
        let earlier = index.checked_sub(1).and_then(|before| neighbours.get(before));
        // A neighbour that is new as well has its turn later.
        let later = wanted.get(index + 1).filter(|later| later.base.is_some());
        let later = later.and_then(|_| neighbours.get(index + 1));
        let fits = |entry: &Entry| {
            entry.check(earlier, most).is_ok()
                && later.is_none_or(|later| later.check(Some(entry), u64::MAX).is_ok())
        };
        // As wanted, higher or lower; else in the shape of the neighbour before, higher, or of the one after, lower.
        let near =
            (0..LEVELS).flat_map(|level| [level, -level]).map(|level| one.curve.scaled(LEVEL.powi(level)));
        let above = earlier
            .into_iter()
            .flat_map(|entry| (1..LEVELS).map(|level| Curve::from(&entry.slice).scaled(LEVEL.powi(level))));
        let below = later
            .into_iter()
            .flat_map(|entry| (1..LEVELS).map(|level| Curve::from(&entry.slice).scaled(LEVEL.powi(-level))));
        let mut tried = near.chain(above).chain(below).map(|curve| one.entry(now, curve.stored(now)));
        if let (Some(entry), Some(slot)) = (tried.find(fits), entries.get_mut(index)) {
            *slot = entry;
        }
    }
}
