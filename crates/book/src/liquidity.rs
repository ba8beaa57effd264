//! What the vault can still hedge and still pay: the limits of every trade.
//!
//! A spot hedge cannot be short and is bought with free cash, so the hedge that the book asks for must lie between what a broker carries short,
//! nothing without one, and what the vault holds plus what free cash buys, at the feed's price and after a reserve move either way. A trade
//! that moves it further out is refused; one that moves it back is not.

use crate::brokered::Brokered;
use crate::engine::Rules;
use crate::position::Position;
use crate::request::Request;
use crate::{OrOverflow, Result};

const MILLION: i128 = 1_000_000;

/// What is at hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resources {
    /// Cash that is owed to nobody; negative when claims wait for hedges to be sold [micro-USD]
    pub(crate) free: i128,
    /// Value of the hedges at the feed's price [micro-USD]
    pub(crate) hedge: i128,
    /// What of them is positions at a broker.
    pub(crate) brokered: Brokered,
    /// Reserve move [1e-6]
    pub(crate) reserve: u32,
}

/// How far out of reach the needed hedge is at the worst of the three spots.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shortfall {
    /// Short hedge that spot cannot hold [micro-USD]
    short: u128,
    /// Cash missing to buy the hedge [micro-USD]
    cash: u128,
    /// Cash that hedging asks for at the worst spot [micro-USD]
    pub(crate) needed: u128,
}

impl Resources {
    pub(crate) fn new(rules: &Rules, request: &Request) -> Self {
        let brokered = request.brokered.unwrap_or_default();
        Self { free: request.free, hedge: request.hedge.value, brokered, reserve: rules.reserve }
    }

    /// Once `premium` is paid to the vault, or by it [micro-USD].
    pub(crate) fn after(&self, premium: i128) -> core::result::Result<Self, Unreachable> {
        let free = self.free.saturating_add(premium);
        if premium < 0 && free < 0 {
            let available = positive(self.free);
            return Err(Unreachable::Cash { needed: premium.unsigned_abs(), available });
        }
        Ok(Self { free, ..*self })
    }

    /// The shortfall of a book.
    pub(crate) fn shortfall(&self, position: &Position) -> Result<Shortfall> {
        let reserve = i128::from(self.reserve);
        let down = MILLION.checked_sub(reserve).or_overflow()?;
        let up = MILLION.checked_add(reserve).or_overflow()?;
        let [below, above] = position.reserve.or_overflow()?;
        let (credit, shortable) = (self.brokered.credit().or_overflow()?, self.brokered.shortable());
        let mut worst = Shortfall::default();
        for (delta, move_) in [(&position.delta, MILLION), (&below, down), (&above, up)] {
            let target = delta.checked_neg().or_overflow()?;
            let held = self.hedge.checked_mul(move_).or_overflow()?.div_euclid(MILLION);
            let cost = target.checked_sub(held).or_overflow()?.checked_sub(credit).or_overflow()?;
            let margin = match (*delta).min(shortable) {
                short @ 1.. => self.brokered.missing(short).or_overflow()?,
                _ => 0,
            };
            let cost = cost.max(margin);
            let missing = cost.checked_sub(self.free).or_overflow()?;
            worst.short = worst.short.max(positive(delta.saturating_sub(shortable)));
            worst.needed = worst.needed.max(positive(cost));
            worst.cash = worst.cash.max(positive(missing).min(positive(cost)));
        }
        Ok(worst)
    }
}

/// Why a trade cannot be hedged or paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// The hedge would have to be short.
    Short {
        /// By how much [micro-USD]
        short: u128,
    },
    /// The hedge, or the premium, would take more cash than there is.
    Cash {
        /// [micro-USD]
        needed: u128,
        /// [micro-USD]
        available: u128,
    },
}

/// Refuses a change of state from `before` to `after` that moves the needed hedge further out of reach.
pub(crate) fn check(
    before: &Shortfall,
    after: &Shortfall,
    free: i128,
) -> core::result::Result<(), Unreachable> {
    if after.short > before.short {
        return Err(Unreachable::Short { short: after.short });
    }
    if after.cash > before.cash {
        return Err(Unreachable::Cash { needed: after.needed, available: positive(free) });
    }
    Ok(())
}

/// The number, or nothing if it is negative.
fn positive(number: i128) -> u128 {
    u128::try_from(number).unwrap_or_default()
}
