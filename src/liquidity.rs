//! What the vault can still hedge and still pay: the limits of every trade.
//!
//! A spot hedge cannot be short and is bought with free cash, so the hedge that the book asks for must lie between nothing and what the
//! vault holds plus what free cash buys, at the feed's price and after a reserve move either way. A trade that moves it further out is
//! refused; one that moves it back is not.

use ::book::Position;
use interfaces::vault::IVault::{HedgeCapacityExceeded, InsufficientLiquidity};

use crate::amounts::{int, uint, MILLION};
use crate::error::{ensure, OrOverflow, Result};

/// What is at hand.
#[derive(Clone, Copy)]
pub(crate) struct Resources {
    /// Cash that is owed to nobody; negative when claims wait for hedges to be sold [micro-USD]
    pub(crate) free: i128,
    /// Value of the hedges at the feed's price [micro-USD]
    pub(crate) hedge: u128,
    /// Reserve move [1e-6]
    pub(crate) reserve: u32,
}

/// How far out of reach the needed hedge is at the worst of the three spots.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shortfall {
    /// Short hedge that spot cannot hold [micro-USD]
    short: u128,
    /// Cash missing to buy the hedge [micro-USD]
    cash: u128,
    /// Cash that hedging asks for at the worst spot [micro-USD]
    needed: u128,
}

impl Resources {
    /// Once `premium` is paid to the vault, or by it [micro-USD].
    pub(crate) fn after(&self, premium: i128) -> Result<Self> {
        let free = self.free.checked_add(premium).or_overflow()?;
        ensure(premium >= 0 || free >= 0, || InsufficientLiquidity {
            needed: uint(premium.unsigned_abs()),
            available: uint(positive(&self.free)),
        })?;
        Ok(Self { free, ..*self })
    }

    /// The shortfall of a book.
    pub(crate) fn shortfall(&self, position: &Position) -> Result<Shortfall> {
        let reserve = u128::from(self.reserve);
        let down = MILLION.checked_sub(reserve).or_overflow()?;
        let up = MILLION.checked_add(reserve).or_overflow()?;
        let [below, above] = position.reserve.or_overflow()?;
        let mut worst = Shortfall::default();
        for (delta, move_) in [(&position.delta, MILLION), (&below, down), (&above, up)] {
            let target = delta.checked_neg().or_overflow()?;
            let held = self.hedge.checked_mul(move_).or_overflow()? / MILLION;
            let cost = target.checked_sub_unsigned(held).or_overflow()?;
            let missing = cost.checked_sub(self.free).or_overflow()?;
            worst.short = worst.short.max(positive(delta));
            worst.needed = worst.needed.max(positive(&cost));
            worst.cash = worst.cash.max(positive(&missing).min(positive(&cost)));
        }
        Ok(worst)
    }

    /// Free cash that hedging does not ask for [micro-USD].
    pub(crate) fn spendable(&self, position: &Position) -> Result<u128> {
        Ok(positive(&self.free).saturating_sub(self.shortfall(position)?.needed))
    }
}

/// Refuses a change of state from `before` to `after` that moves the needed hedge further out of reach.
pub(crate) fn check(before: &Shortfall, after: &Shortfall, free: i128) -> Result<()> {
    let wider = after.short > before.short;
    ensure(after.short == 0 || !wider, || HedgeCapacityExceeded {
        needed: int(i128::try_from(after.short).unwrap_or(i128::MAX).saturating_neg()),
        available: int(0),
    })?;
    ensure(after.cash == 0 || after.cash <= before.cash, || InsufficientLiquidity {
        needed: uint(after.needed),
        available: uint(positive(&free)),
    })
}

/// The number, or nothing if it is negative.
pub(crate) fn positive(number: &i128) -> u128 {
    u128::try_from(*number).unwrap_or_default()
}
