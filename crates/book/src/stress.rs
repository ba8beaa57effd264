//! What the book with its hedges can lose: in the scenarios of the grid, and at settlement.

use alloc::vec::Vec;

use inventory::{MOVES, Pnl, Shock, grid_pnl, hedge_part, worst_loss};
use maths::mul_div_up;
use options::{Moves, Scale, Stress, StressError, Terminal};

use crate::mark::{ExpiryMark, Mark};
use crate::{Error, OrOverflow, Result};

/// Bits below a lot in which hedges and settlement values are counted.
const HEDGE: u32 = 32;
/// 1.0 with 18 decimals.
const WAD: u128 = 1_000_000_000_000_000_000;
/// Values of the grid are in Q30 of spot.
const GRID: u32 = 30;
/// Indices of no move of vol and of spot.
const STILL: [usize; 2] = [1, 4];
/// Settlement is looked at up to this many times spot, as the grid is.
const TOP: u64 = 3;

/// A position in the underlying against the book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hedge {
    /// Its size [lots, Q32]
    pub lots: i128,
    /// Its value at the feed's price [micro-USD]
    pub value: i128,
}

/// The worst that can happen to a book with its hedges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// The greater of the two below [micro-USD]
    pub worst: u128,
    /// P&L in each scenario [micro-USD]
    pub grid: Pnl,
    /// What all expiries lose at settlement, each at its own worst spot [micro-USD]
    pub settlement: u128,
    /// Change of the settlement value with spot beyond the last strike [lots, Q32]; where it is negative a loss has no bound.
    pub slope: i128,
}

/// The worst loss over the 27 scenarios and over the terminal payoffs, from spot 0 to three times spot and at every strike.
///
/// # Errors
/// More than 2^30 lots, or a number beyond its width.
pub fn worst_case(mark: &Mark, hedge: &Hedge) -> Result<Loss> {
    let grid = grid_pnl(&changes(mark)?, hedge.value, &MOVES).or_overflow()?;
    let top = top(mark, TOP)?;
    let deltas = deltas(mark);
    let part = |index| hedge_part(&deltas, hedge.lots, index);
    let (settlement, slope) = settlement(mark, part, |last| [0, top.max(last)])?;
    let worst = worst_loss(&grid).0.max(settlement);
    Ok(Loss { worst, grid, settlement, slope })
}

/// Change of the book's value in each scenario of the grid [micro-USD].
pub(crate) fn changes(mark: &Mark) -> Result<Pnl> {
    let values = values(mark, &MOVES, |expiry| Shock::DEFAULT.changes(expiry.seconds))?;
    let [vol, spot] = STILL;
    let here = values.get(vol).and_then(|row| row.get(spot)).copied().or_overflow()?;
    let mut changes = Pnl::default();
    for (row, values) in changes.iter_mut().zip(&values) {
        for (change, value) in row.iter_mut().zip(values) {
            *change = mark.spots.mid.scale.floor(value.checked_sub(here).or_overflow()?, GRID)?;
        }
    }
    Ok(changes)
}

/// P&L of book and hedge in one scenario: spot moved by `spot` and every vol by `vol`, relative [1e-6].
///
/// # Errors
/// A scenario outside the kernel's domain, and as [`worst_case`].
pub fn stress(mark: &Mark, hedge: &Hedge, spot: i32, vol: i32) -> Result<i128> {
    let mut moves = [0; options::SPOTS];
    *moves.last_mut().or_overflow()? = spot;
    let values = values(mark, &moves, |_| [0, 0, vol])?;
    let [[here, ..], _, [.., there]] = values;
    let change = mark.spots.mid.scale.floor(there.checked_sub(here).or_overflow()?, GRID)?;
    let by = hedge.value.checked_mul(spot.into()).or_overflow()?.div_euclid(1_000_000);
    change.checked_add(by).or_overflow()
}

/// Values of the book in each scenario [lots x Q30 of spot].
fn values(
    mark: &Mark,
    moves: &[i32; options::SPOTS],
    changes: impl Fn(&ExpiryMark) -> [i32; options::VOLS],
) -> Result<[[i128; options::SPOTS]; options::VOLS]> {
    let moves = Moves::new(moves).map_err(fault)?;
    let mut stress = Stress::default();
    for expiry in &mark.expiries {
        let Some(market) = &expiry.market else { continue };
        let [down, still, up] = changes(expiry);
        let scale = |change| Scale::new(change).map_err(fault);
        let scales = [scale(down)?, scale(still)?, scale(up)?];
        let header = &expiry.stored.header;
        for (slot, word) in (0_u8..).zip(&expiry.stored.lots) {
            stress.add_slot(market, &moves, &scales, &header.grid, slot, word);
        }
        stress.add_puts(market, &header.grid, header.put_lots, header.put_index_sum);
    }
    stress.values(&moves).map_err(fault)
}

fn fault(error: StressError) -> Error {
    match error {
        StressError::Lots { lots, limit } => Error::Lots { lots, limit },
        StressError::Factor { .. } => Error::Overflow,
    }
}

/// `times` the spot of a mark, rounded up [micro-USD].
pub(crate) fn top(mark: &Mark, times: u64) -> Result<u64> {
    let top = u128::from(mark.spots.mid.at).checked_mul(times.into()).or_overflow()?.div_ceil(100);
    u64::try_from(top).or_overflow()
}

/// Deltas of the live expiries [lots, Q32].
fn deltas(mark: &Mark) -> Vec<i128> {
    let live = mark.expiries.iter().filter(|expiry| expiry.market.is_some());
    live.map(|expiry| expiry.sums.delta >> 30).collect()
}

/// What all expiries lose at settlement against their marks, each with its part of a hedge at its own worst spot of those that `range` gives for its
/// last strike [micro-USD, rounded up], and the slope of all beyond their last strikes.
pub(crate) fn settlement(
    mark: &Mark,
    part: impl Fn(usize) -> Option<i128>,
    range: impl Fn(u64) -> [u64; 2],
) -> Result<(u128, i128)> {
    let live = || mark.expiries.iter().filter(|expiry| expiry.market.is_some());
    let (mut loss, mut slope) = (0_i128, 0_i128);
    for (index, expiry) in live().enumerate() {
        let header = &expiry.stored.header;
        let part = part(index).or_overflow()?;
        let puts = (header.put_lots, header.put_index_sum);
        let last = header.grid.strike(header.grid.count.saturating_sub(1)).or_overflow()?;
        let line = Terminal::new(&header.grid, expiry.stored.each_lots(), puts, part, range(last));
        let line = line.or_overflow()?;
        let now = (expiry.sums.value >> 30).checked_add(1).or_overflow()?.checked_add(part).or_overflow()?;
        // From Q32 of 1e-8 USD to Q32 micro-USD.
        let now = now.checked_mul(mark.spots.mid.at.into()).or_overflow()?.div_euclid(100);
        loss = loss.checked_add(now).or_overflow()?.checked_sub(line.least).or_overflow()?;
        slope = slope.checked_add(line.slope).or_overflow()?;
    }
    let loss = u128::try_from(loss).unwrap_or_default();
    let loss = mul_div_up(loss, mark.spots.lot.into(), WAD << HEDGE).or_overflow()?;
    Ok((loss, slope))
}
