//! The book that a replay left in the vault, hour by hour.

use super::Step;
use crate::ledger::HourRecord;

/// The steps between marked hours: what the LPs earned without hedges, and the delta and gamma that the book had.
#[must_use]
pub fn own(records: &[HourRecord]) -> Vec<Step> {
    let pairs = records.windows(2);
    pairs
        .map(|pair| Step {
            time: pair[0].time,
            delta: pair[0].book_delta,
            // A record's gamma is for 1 %.
            gamma: 100.0 * pair[0].gamma,
            pnl: pair[1].unhedged,
            spot_return: pair[1].spot_return,
        })
        .collect()
}
