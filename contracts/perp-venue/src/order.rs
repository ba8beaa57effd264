//! The one order in flight.

use alloy_primitives::{B256, U64};
use interfaces::contract::{emit, ensure, OrOverflow as _, Result};
use interfaces::position::IPositionVenue::{OrderCleared, OrderOpen, OrderPending, UnknownOrder};
use interfaces::words::uint;
use maths::mul_div_down;
use stylus_sdk::prelude::*;

use crate::position::Side;
use crate::PerpVenue;

/// An order that the exchange still knows.
pub(crate) struct Open {
    increase: bool,
    long: bool,
    /// Dollars of it that are not done, 30 decimals.
    usd: u128,
    collateral: u128,
}

impl Open {
    /// USDC that would come back if it were cancelled.
    pub(crate) fn sent(&self) -> u128 {
        if self.increase {
            self.collateral
        } else {
            0
        }
    }

    /// Whether it adds to the size, and by how much, at `price`: 18 decimals, rounded down.
    pub(crate) fn pending(&self, price: u128, sides: &[Side; 2], grain: u128) -> Result<(bool, u128)> {
        let size = if self.increase {
            mul_div_down(self.usd, PER_DOLLAR, price).or_overflow()?
        } else {
            let [long, short] = sides;
            let side = if self.long { long } else { short };
            let part = self.usd.min(side.usd);
            let units = mul_div_down(side.tokens, part, side.usd.max(1)).or_overflow()?;
            units.checked_mul(grain).or_overflow()?
        };
        Ok((self.increase == self.long, size))
    }
}

/// A dollar's 30 decimals to a size's and a price's 18 each.
const PER_DOLLAR: u128 = 1_000_000;

impl PerpVenue {
    /// The order in flight as the exchange has it; none once it is done.
    pub(crate) fn open_order(&self) -> Result<Option<Open>> {
        let key = self.order.get();
        if key.is_zero() || !self.is_open(key)? {
            return Ok(None);
        }
        Ok(Some(Open {
            increase: self.number_of(key, "ORDER_TYPE")? == 2,
            long: self.flag_of(key, "IS_LONG")?,
            usd: self.number_of(key, "SIZE_DELTA_USD")?,
            collateral: self.number_of(key, "INITIAL_COLLATERAL_DELTA_AMOUNT")?,
        }))
    }

    /// When the order in flight was placed.
    pub(crate) fn placed_at(&self) -> u64 {
        let [since] = self.since.get().into_limbs();
        since
    }

    /// Seconds after which anyone may cancel.
    pub(crate) fn wait(&self) -> u64 {
        let [timeout] = self.timeout.get().into_limbs();
        timeout
    }

    /// Refuses a key that is not the order in flight.
    pub(crate) fn only_known(&self, key: B256) -> Result<()> {
        let pending = self.order.get();
        ensure(!key.is_zero() && key == pending, || UnknownOrder { key, pending })
    }

    /// Forgets an order, which the exchange must have forgotten before.
    pub(crate) fn forget(&mut self, key: B256) -> Result<()> {
        ensure(!self.is_open(key)?, || OrderOpen { key })?;
        self.order.set(B256::ZERO);
        self.since.set(U64::ZERO);
        emit(self.vm(), &OrderCleared { key });
        Ok(())
    }

    /// Makes way for an order: forgets the last if it is done, and refuses if it is not.
    pub(crate) fn make_way(&mut self) -> Result<()> {
        let key = self.order.get();
        if key.is_zero() {
            return Ok(());
        }
        let since = uint(self.placed_at().into());
        ensure(!self.is_open(key)?, || OrderPending { key, since })?;
        self.forget(key)
    }

    /// Remembers an order.
    pub(crate) fn remember(&mut self, key: B256) {
        let now = self.vm().block_timestamp();
        self.order.set(key);
        self.since.set(U64::from_limbs([now]));
    }
}
