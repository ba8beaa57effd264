//! Margin of an account that has sold options to the vault, and what becomes of it when the margin is short.
//!
//! An account is margined as a portfolio: its own book in the vault's scenarios and at settlement. Equity is its cash and the model value of its book.

use maths::{mul_div_down, mul_div_up};

use crate::stress::{Pnl, SPOTS, VOLS, loss_of};

/// One in millionths.
const MILLION: u128 = 1_000_000;

/// How accounts are margined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarginRule {
    /// Weight of the grid's first and last spot, and of settlement beyond the spots between them [1e-6]
    pub deep_weight: u32,
    /// Maintenance margin as a part of initial margin [1e-6]
    pub maintenance: u32,
    /// Least initial margin of a short option [1e-6 of spot]
    pub short_minimum: u32,
}

impl MarginRule {
    /// Deep scenarios at 0.35, maintenance at 0.7 of initial margin, 1 % of spot for each short option at least.
    pub const DEFAULT: Self = Self { deep_weight: 350_000, maintenance: 700_000, short_minimum: 10_000 };
}

/// What an account stands to lose, in micro-USD, all at full weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposed {
    /// Its book in each scenario.
    pub pnl: Pnl,
    /// Its worst loss at settlement between the ordinary spots, from the second of the grid to the last but one.
    pub settlement: u128,
    /// Its worst loss at settlement from spot 0 to the last spot of the grid.
    pub deep_settlement: u128,
    /// Spot times the short options, gross.
    pub short_notional: u128,
}

/// Equity that an account needs [micro-USD].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    /// To open or to take out.
    pub initial: u128,
    /// Not to be liquidated.
    pub maintenance: u128,
}

/// The margin of an account: its worst weighted loss, or the least for its short options if that is more. Rounded up.
///
/// `None` where a loss is beyond 128 bits.
#[must_use]
pub fn margin(rule: &MarginRule, exposed: &Exposed) -> Option<Margin> {
    let deep = rule.deep_weight.into();
    let mut initial = exposed.settlement.max(mul_div_up(exposed.deep_settlement, deep, MILLION)?);
    for row in &exposed.pnl {
        for (spot, pnl) in (1..=SPOTS).zip(row) {
            let edge = spot == 1 || spot == SPOTS;
            let loss = loss_of(*pnl);
            initial = initial.max(if edge { mul_div_up(loss, deep, MILLION)? } else { loss });
        }
    }
    initial = initial.max(mul_div_up(exposed.short_notional, rule.short_minimum.into(), MILLION)?);
    Some(Margin { initial, maintenance: mul_div_up(initial, rule.maintenance.into(), MILLION)? })
}

/// What an account leaves uncovered in each scenario, at full weight [micro-USD]: what the vault would lose by it.
#[must_use]
pub fn uncovered(pnl: &Pnl, equity: i128) -> [[u128; SPOTS]; VOLS] {
    pnl.map(|row| row.map(|pnl| loss_of(equity.saturating_add(pnl))))
}

/// A Dutch auction of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auction {
    /// What the price starts below equity [1e-6]
    pub discount: u32,
    /// Time in which the price falls to nothing [s]
    pub solvent: u32,
    /// Time in which it falls on from nothing to what the vault pays at most [s]
    pub insolvent: u32,
}

impl Auction {
    /// A start 2 % below equity, an hour to nothing and an hour to the most that the vault pays.
    pub const DEFAULT: Self = Self { discount: 20_000, solvent: 3_600, insolvent: 3_600 };

    /// The price of the whole account, cash and book, `elapsed` seconds into its auction [micro-USD, rounded up]: who takes a part of it pays that part
    /// of the price to the account, or is paid it by the vault where it is negative.
    ///
    /// A solvent account starts below its equity and falls to nothing in a straight line. Then, and for an account without equity at once, the price
    /// falls from nothing to its (negative) equity less `reserve`, a margin for what it takes to carry the book: somebody takes any account in the end.
    ///
    /// `None` where a number leaves 128 bits, or the auction has no time at all.
    #[must_use]
    pub fn price(&self, equity: i128, reserve: u128, elapsed: u32) -> Option<i128> {
        let (good, time) = match u128::try_from(equity) {
            Ok(good) if elapsed < self.solvent => (good, elapsed),
            Ok(_) => return self.below_nothing(0, reserve, elapsed.saturating_sub(self.solvent)),
            Err(_) => return self.below_nothing(equity.unsigned_abs(), reserve, elapsed),
        };
        let start = mul_div_up(good, MILLION.saturating_sub(self.discount.into()), MILLION)?;
        let left = self.solvent.saturating_sub(time);
        i128::try_from(mul_div_up(start, left.into(), self.solvent.into())?).ok()
    }

    fn below_nothing(&self, owed: u128, reserve: u128, elapsed: u32) -> Option<i128> {
        let most = owed.checked_add(reserve)?;
        let paid = mul_div_down(most, elapsed.min(self.insolvent).into(), self.insolvent.into())?;
        i128::try_from(paid).ok()?.checked_neg()
    }
}

/// The least part of an account [1e-6, rounded up] that must be taken at `price` for the whole, so that the rest has its initial margin.
///
/// Equity and margin of the rest are its part of the whole, and the price of what was taken is its cash: (1 - f) E + f P >= (1 - f) M. All of it where
/// the price is not positive, and nothing where the margin is met.
#[must_use]
pub fn liquidation_part(equity: i128, initial: u128, price: i128) -> Option<u32> {
    let short = i128::try_from(initial).ok()?.checked_sub(equity)?;
    let Ok(short) = u128::try_from(short) else { return Some(0) };
    let Ok(price) = u128::try_from(price) else { return u32::try_from(MILLION).ok() };
    if short == 0 {
        return Some(0);
    }
    u32::try_from(mul_div_up(short, MILLION, short.checked_add(price)?)?).ok()
}
