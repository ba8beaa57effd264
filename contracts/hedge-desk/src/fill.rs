//! The standing auction.

use alloy_primitives::{Address, B256, I256, U256};
use interfaces::desk::IHedgeDesk::{CashBeyondLimit, HedgeFilled};
use interfaces::vault::IVault::hedgeCall;
use interfaces::words::{to_i128, uint};
use stylus_sdk::prelude::*;

use crate::error::{emit, ensure, OrOverflow, Result};
use crate::market::Done;
use crate::HedgeDesk;

impl HedgeDesk {
    /// Takes the other side of `size` at the auction's price: the cash of the fill.
    pub(crate) fn fill(&mut self, size: I256, limit: U256, receiver: Address, data: B256) -> Result<U256> {
        let market = self.market()?;
        let units = to_i128(size).or_overflow()?;
        let buying = units > 0;
        let signed = market.counted(units)?;
        let value = signed.unsigned_abs();
        let discount = market.discount(value)?;
        let cash = market.terms(buying, value, discount)?;
        let fair = if buying { uint(cash) >= limit } else { uint(cash) <= limit };
        ensure(fair, || CashBeyondLimit { cash: uint(cash), limit })?;
        // They follow from the terms.
        market.verify(&Done { size: signed, cost: discount }, 0, 0)?;

        self.note(&market, market.trigger.deviation.saturating_sub(signed));
        let filler = self.vm().msg_sender();
        let terms = hedgeCall { venue: receiver, size, cashLimit: uint(cash), payer: filler, data };
        let swapped = self.hedge(&terms)?;
        ensure(swapped == cash, || CashBeyondLimit { cash: uint(cash), limit: uint(swapped) })?;
        emit(self.vm(), &HedgeFilled { filler, receiver, size, cash: uint(cash) });
        Ok(uint(cash))
    }
}
