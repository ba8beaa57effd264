//! Hedges that are positions at a broker's venues and not the underlying itself: they cost margin and may be short.

use inventory::hedge::{Order, Reach};

use crate::request::Request;
use crate::value::signed_value_at;

const MILLION: i128 = 1_000_000;

/// The positions at the feed's price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brokered {
    /// Their value, negative when short [micro-USD]
    pub value: i128,
    /// What closing them would bring, with their margin [micro-USD]
    pub equity: i64,
    /// The most that may be short [USD]
    pub short: u32,
    /// Margin that a position takes [1e-6]
    pub margin: u32,
}

impl Brokered {
    /// What buying needs no cash for: what a short was sold for, with its margin [micro-USD].
    pub(crate) fn credit(&self) -> Option<i128> {
        Some(self.fold()?.max(0))
    }

    /// What the vault has at the broker beside what the positions are worth [micro-USD].
    pub(crate) fn fold(&self) -> Option<i128> {
        i128::from(self.equity).checked_sub(self.value)
    }

    /// The most that may be short [micro-USD].
    pub(crate) fn shortable(&self) -> i128 {
        i128::from(self.short).saturating_mul(MILLION)
    }

    /// Cash that a position of `size` takes beside the equity that is there [micro-USD].
    pub(crate) fn missing(&self, size: i128) -> Option<i128> {
        let margin = size.checked_mul(self.margin.into())?.checked_div(MILLION)?.checked_add(1)?;
        margin.checked_sub(self.equity.into())
    }
}

impl Request {
    /// What venues have still to execute, `pending` [1e-18] since `placed`, in money; none beyond 128 bits.
    #[must_use]
    pub fn ordered(&self, pending: i128, placed: u32) -> Option<Order> {
        Some(Order { size: signed_value_at(self.spot, pending, false)?, placed })
    }

    /// How far hedges reach: down to what can be carried short, up to what free cash buys; none beyond 128 bits.
    #[must_use]
    pub fn reach(&self) -> Option<Reach> {
        let (free, brokered) = (self.free.max(0), self.brokered.unwrap_or_default());
        let cash = free.checked_add(i128::from(brokered.equity).max(0))?;
        let carried = cash.checked_mul(MILLION)?.checked_div(brokered.margin.max(1).into())?;
        let low = brokered.shortable().min(carried).checked_neg()?;
        let high = self.hedge.value.checked_add(free)?.checked_add(brokered.credit()?)?;
        Some(Reach { low, high: high.max(0) })
    }
}
