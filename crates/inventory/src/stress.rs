//! Scenarios, and the worst loss over them and over the payoffs at settlement.
//!
//! Losses of the grid are measured against the book as it stands; it is valued by the caller, in money, in every scenario. Since a loss can hide
//! between two spots of a grid, the terminal payoff of each expiry is looked at besides, at spot 0, at every strike and beyond the last.

use core::num::Wrapping;

use maths::{Word, exp, ln, mul, mul_div_up, shift};

/// Spots of the grid.
pub const SPOTS: usize = 9;
/// Vols of the grid: down, as it is, up.
pub const VOLS: usize = 3;
/// Relative moves of spot [1e-6].
pub const MOVES: [i32; SPOTS] =
    [-800_000, -400_000, -200_000, -100_000, 0, 100_000, 200_000, 400_000, 2_000_000];

/// P&L of a book in each scenario [micro-USD].
pub type Pnl = [[i128; SPOTS]; VOLS];

/// One in millionths.
const MILLION: i128 = 1_000_000;
const DAY: u32 = 86_400;
/// ln of 30 days in seconds, in Q57.
const LN_MONTH: Word = Wrapping(2_128_284_499_081_130_031);
/// 0.4 in Q62.
const POWER: Word = Wrapping(1_844_674_407_370_955_162);

/// How far vol moves: relative to itself, for an expiry 30 days away, and at most [1e-6].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shock {
    /// Up at 30 days.
    pub up: u32,
    /// Up at most.
    pub most_up: u32,
    /// Down at 30 days.
    pub down: u32,
    /// Down at most.
    pub most_down: u32,
}

impl Shock {
    /// A quarter up and a fifth down at 30 days; at most double and at most down to 0.4.
    pub const DEFAULT: Self = Self { up: 250_000, most_up: 1_000_000, down: 200_000, most_down: 600_000 };

    /// Relative changes of the vol of an expiry [1e-6]: down, none, up, each the move at 30 days times (30 d / t)^0.4, t at most 90 days.
    ///
    /// To the nearest. An expiry less than a minute away counts as a minute away.
    #[must_use]
    pub fn changes(&self, seconds: u32) -> [i32; VOLS] {
        let months = LN_MONTH - ln(seconds.clamp(60, 90 * DAY).into());
        // From Q57 to Q60: at most 0.4 x 10.7 in magnitude.
        let factor = exp((Wrapping(0) - mul(months, POWER)) << 3);
        let change = |at_month: u32, most: u32| {
            // Moves below 2^32 in Q20, times a mantissa below 1.42, times a power of two of at most 2^7.
            let scaled = mul(Wrapping(i64::from(at_month)) << 20, factor.mantissa);
            let scaled = shift(scaled, Wrapping(0) - factor.halvings);
            i32::try_from((scaled.0.saturating_add(1 << 19) >> 20).min(most.into())).unwrap_or(i32::MAX)
        };
        [change(self.down, self.most_down).saturating_neg(), 0, change(self.up, self.most_up)]
    }
}

/// P&L of the grid: the change of the book's value in each scenario, and what a hedge worth `hedge` now makes of spot's move, rounded down.
///
/// `None` where a sum leaves 128 bits.
#[must_use]
pub fn grid_pnl(changes: &Pnl, hedge: i128, moves: &[i32; SPOTS]) -> Option<Pnl> {
    let mut pnl = *changes;
    for row in &mut pnl {
        for (value, by) in row.iter_mut().zip(moves) {
            let hedged = hedge.checked_mul((*by).into())?.checked_div_euclid(MILLION)?;
            *value = value.checked_add(hedged)?;
        }
    }
    Some(pnl)
}

/// The loss in the worst scenario, 0 where none loses, and where that is: indices of vol and spot, the first of several.
#[must_use]
pub fn worst_loss(pnl: &Pnl) -> (u128, [usize; 2]) {
    let mut worst = (0, [0, 0]);
    for (vol, row) in pnl.iter().enumerate() {
        for (spot, value) in row.iter().enumerate() {
            let loss = loss_of(*value);
            if loss > worst.0 {
                worst = (loss, [vol, spot]);
            }
        }
    }
    worst
}

/// The worst loss of a book: the greater of its worst in the grid and of what its expiries lose at settlement, each with its part of the hedge at its
/// own worst spot ([`hedge_part`]).
#[must_use]
pub fn worst_case(pnl: &Pnl, settlement: i128) -> u128 {
    worst_loss(pnl).0.max(u128::try_from(settlement).unwrap_or_default())
}

/// What is lost at a P&L.
pub(crate) fn loss_of(pnl: i128) -> u128 {
    if pnl < 0 { pnl.unsigned_abs() } else { 0 }
}

/// The part of a hedge that stands against one of several expiries, whose deltas are `deltas`, in the same unit: the opposite of its delta, and an
/// equal part of what the hedge leaves open. The parts sum to the hedge, to the unit.
///
/// With these parts the least terminal values of the expiries may be added up: a live expiry with its part of the hedge is worth an average of its
/// terminal values, so never less than the least, whatever spot does and whenever; and each may meet its own worst spot. `None` for an index
/// without an expiry, or a sum beyond 128 bits.
#[must_use]
pub fn hedge_part(deltas: &[i128], hedge: i128, index: usize) -> Option<i128> {
    let mut open = hedge;
    for delta in deltas {
        open = open.checked_add(*delta)?;
    }
    let count = i128::try_from(deltas.len()).ok()?;
    let each = open.checked_div_euclid(count)?;
    let rest = if index == 0 { open.checked_rem_euclid(count)? } else { 0 };
    each.checked_add(rest)?.checked_sub(*deltas.get(index)?)
}

/// Whether NAV bears the losses: NAV - worst loss - what accounts leave uncovered >= `buffer` [1e-6] of NAV, rounded against the vault.
///
/// The least NAV that does is the error: what is missing, in micro-USD.
///
/// # Errors
/// The shortfall; `u128::MAX` where there is no NAV at all, or a sum leaves 128 bits.
pub fn check_solvency(nav: i128, worst_loss: u128, uncovered: u128, buffer: u32) -> Result<(), u128> {
    let Ok(nav) = u128::try_from(nav) else { return Err(u128::MAX) };
    let reserve = mul_div_up(nav, buffer.into(), MILLION.unsigned_abs());
    let needed = worst_loss.checked_add(uncovered).and_then(|sum| sum.checked_add(reserve?));
    match needed {
        Some(needed) if needed <= nav => Ok(()),
        Some(needed) => Err(needed.saturating_sub(nav)),
        None => Err(u128::MAX),
    }
}

/// The most that may be paid out of NAV [micro-USD]: what is left passes [`check_solvency`], and one micro-dollar less would not. Nothing where NAV
/// does not pass it now.
#[must_use]
pub fn payable(nav: i128, worst_loss: u128, uncovered: u128, buffer: u32) -> u128 {
    let kept = MILLION.unsigned_abs().saturating_sub(buffer.into());
    let losses = worst_loss.checked_add(uncovered);
    let least = losses.and_then(|losses| mul_div_up(losses, MILLION.unsigned_abs(), kept));
    let nav = u128::try_from(nav).unwrap_or_default();
    least.map_or(0, |least| nav.saturating_sub(least))
}
