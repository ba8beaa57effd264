//! The margin of an account: its own book, short options with negative lots, in the vault's scenarios and at settlement.
//!
//! The request that asks for it holds the account's book in place of the vault's, the account's cash as free cash, and no hedge.

use inventory::{Exposed, MOVES, MarginRule};
use maths::mul_div_up;

use crate::engine::Rules;
use crate::mark::{Mark, Spots};
use crate::request::Request;
use crate::stress::{changes, settlement, top};
use crate::{Error, OrOverflow, Result};

const MILLION: u128 = 1_000_000;

/// An account at one instant, in micro-USD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margined {
    /// Model value of its book, negative when it is short.
    pub value: i128,
    /// Equity that it needs to write or to take out.
    pub initial: u128,
    /// Equity that it needs not to be liquidated.
    pub maintenance: u128,
    /// The most that its equity would not cover, over all scenarios and at settlement, deep ones at full weight.
    pub uncovered: u128,
}

/// Margins the book of a request as a portfolio. Losses are rounded up, the value down.
///
/// # Errors
/// Beyond the domain of the kernels, an expiry without a slice, and more lots than the scenarios have room for.
pub fn margin(rules: &Rules, mut request: Request) -> Result<Margined> {
    let stored = core::mem::take(&mut request.stored);
    let spots = Spots::here(rules.lot, request.spot)?;
    let mark = Mark::new(stored.into_iter(), spots, request.now)?;
    if let Some(bare) = mark.expiries.iter().find(|expiry| expiry.market.is_none()) {
        return Err(Error::SurfaceMissing { expiry: bare.stored.header.expiry });
    }
    let value = mark.position()?.value;
    let exposed = exposed(&mark)?;
    let margin = inventory::margin(&MarginRule::DEFAULT, &exposed).or_overflow()?;
    let equity = request.free.checked_add(value).or_overflow()?;
    let scenarios = inventory::uncovered(&exposed.pnl, equity);
    let uncovered = scenarios.iter().flatten().fold(0, |most: u128, loss| most.max(*loss));
    let settled = i128::try_from(exposed.deep_settlement).or_overflow()?.checked_sub(equity).or_overflow()?;
    let uncovered = uncovered.max(u128::try_from(settled).unwrap_or_default());
    Ok(Margined { value, initial: margin.initial, maintenance: margin.maintenance, uncovered })
}

fn exposed(mark: &Mark) -> Result<Exposed> {
    let none = |_| Some(0);
    let [_, low, .., high, deep_high] = MOVES;
    let at = |move_: i32| -> Result<u64> {
        let part = u128::try_from(i64::from(move_).saturating_add(1_000_000)).or_overflow()?;
        u64::try_from(mul_div_up(top(mark, 1)?.into(), part, MILLION).or_overflow()?).or_overflow()
    };
    // The lowest spot of the grid is above 0, where settlement is looked at.
    let (ordinary, deep) = ([at(low)?, at(high)?], [0, at(deep_high)?]);
    let short = mark.expiries.iter().flat_map(|expiry| expiry.stored.each_lots());
    let lots = short.fold(0_i128, |sum, lots| sum.saturating_add(lots.unsigned_abs().into()));
    Ok(Exposed {
        pnl: changes(mark)?,
        settlement: settlement(mark, none, |_| ordinary)?.0,
        deep_settlement: settlement(mark, none, |_| deep)?.0,
        short_notional: u128::try_from(mark.spots.mid.scale.ceil(lots, 0)?).or_overflow()?,
    })
}
