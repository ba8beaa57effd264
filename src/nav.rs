//! NAV and its parts.

use interfaces::vault::IVault::Nav;

use crate::amounts::{int, uint};
use crate::error::{OrOverflow, Result};
use crate::liquidity::positive;
use crate::pool::Pooled;
use crate::risk::Position;
use crate::state::{small, Session, Vault};

/// NAV and its parts.
pub(crate) struct NavParts {
    pub(crate) cash: u128,
    pub(crate) owed: u128,
    pub(crate) hedge: u128,
    pub(crate) book: i128,
    pub(crate) reserve: u128,
    pub(crate) unvested: u128,
    pub(crate) pool: Pooled,
    /// What margin accounts owe, and what they could fail to pay.
    pub(crate) receivable: u64,
    pub(crate) uncovered: u64,
    /// What closing the positions at the broker would bring.
    pub(crate) broker: i128,
    pub(crate) mid: i128,
}

impl NavParts {
    /// NAV at mid; zero when liabilities exceed assets.
    pub(crate) fn mid(&self) -> u128 {
        positive(&self.mid)
    }

    /// NAV at mid less what has not vested.
    pub(crate) fn vested(&self) -> i128 {
        self.mid.saturating_sub_unsigned(self.unvested)
    }

    /// NAV less J, less what has not vested and what of the receivable accounts could fail to pay: what a share is redeemed at.
    pub(crate) fn fair(&self) -> i128 {
        let doubtful = self.receivable.min(self.uncovered);
        self.vested().saturating_sub_unsigned(self.reserve).saturating_sub(doubtful.into())
    }

    /// The same without what cannot be withdrawn from the pool now: the most that redemptions are paid.
    pub(crate) fn low(&self) -> i128 {
        self.fair().saturating_sub_unsigned(self.stuck())
    }

    /// NAV at mid, likewise: what bears a loss.
    pub(crate) fn liquid(&self) -> i128 {
        self.mid.saturating_sub_unsigned(self.stuck())
    }

    /// What cannot be withdrawn from the pool now.
    fn stuck(&self) -> u128 {
        self.pool.value.saturating_sub(self.pool.liquid)
    }
}

impl Vault {
    /// NAV of the marked book.
    pub(crate) fn nav_parts(&self, session: &Session, position: &Position) -> Result<NavParts> {
        let hedge = self.hedge_value(session.price.spot)?;
        let reserve = position.risk;
        let free = self.free_cash()?;
        let pool = session.pool;
        let assets = hedge.checked_add(pool.value).or_overflow()?;
        let mid =
            free.checked_add_unsigned(assets).or_overflow()?.checked_add(position.value).or_overflow()?;
        let (receivable, uncovered) = (self.receivable(), self.uncovered());
        let broker = session.positions.equity();
        let mid = mid.checked_add(receivable.into()).or_overflow()?.checked_add(broker).or_overflow()?;
        let cash = small(self.cash.get());
        let unvested = self.unvested(session)?;
        let (owed, book) = (self.owed()?, position.value);
        Ok(NavParts { cash, owed, hedge, book, reserve, unvested, pool, receivable, uncovered, broker, mid })
    }

    /// NAV as a struct of the ABI.
    pub(crate) fn nav_view(&self) -> Result<Nav> {
        let session = self.session()?;
        let nav = self.nav_parts(&session, &self.mark(&session)?)?;
        Ok(Nav {
            cash: uint(nav.cash),
            owed: uint(nav.owed),
            hedge: uint(nav.hedge),
            book: int(nav.book),
            riskReserve: uint(nav.reserve),
            unvested: uint(nav.unvested),
            pool: uint(nav.pool.value),
            poolLiquid: uint(nav.pool.liquid),
            receivable: uint(nav.receivable.into()),
            broker: int(nav.broker),
            mid: int(nav.mid),
            low: int(nav.low()),
        })
    }
}
