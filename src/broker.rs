//! Hedges that a broker holds as positions at venues, and the margin that it has for them (`abi/IBroker.sol`).
//!
//! The vault asks the broker in every mark, and only while it holds something. What the positions are worth is the broker's word, which it
//! takes from the venues and bounds; while it does not answer, nothing that needs a mark goes through. It is trusted with the margin that it was
//! sent; what it may trade, for whom and with how much is its own code's to keep.

use alloc::vec::Vec;

use ::book::{signed_value_at, Brokered};
use alloy_primitives::{I256, U256};
use interfaces::broker::IBroker::heldCall;
use interfaces::vault::IVault::{BrokerFailed, BrokerInUse, MarginMoved, OnlyBroker};
use stylus_sdk::prelude::*;

use crate::amounts::{to_u128, uint, MILLION, WAD_PER_PRICE};
use crate::error::{calldata, emit, ensure, OrOverflow, Result};
use crate::lock;
use crate::risk::numbers;
use crate::satellite::BROKER;
use crate::state::{Session, Vault};
use crate::token::static_call;

/// Bytes of the answer that the vault reads.
const HELD: usize = 64;

/// What the broker holds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Positions {
    /// [1e-18]
    pub(crate) size: i128,
    /// None while nothing is held and nothing may be short.
    pub(crate) brokered: Option<Brokered>,
}

impl Positions {
    /// What closing them would bring [micro-USD].
    pub(crate) fn equity(&self) -> i128 {
        self.brokered.unwrap_or_default().equity.into()
    }
}

impl Vault {
    /// Puts what is in the pool and at the broker into a session with a price; false while the broker fails.
    pub(crate) fn place(&self, session: &mut Session) -> Result<bool> {
        session.pool = self.pooled()?;
        let positions = self.positions_at(session.price.spot);
        session.positions = positions.unwrap_or_default();
        Ok(positions.is_some())
    }

    fn positions_at(&self, spot: u64) -> Option<Positions> {
        let (short, margin) = self.short_terms();
        let nothing = Brokered { short, margin, ..Brokered::default() };
        if !self.is_brokered() || spot == 0 {
            return Some(Positions { size: 0, brokered: (short > 0).then_some(nothing) });
        }
        let price = uint(u128::from(spot).saturating_mul(WAD_PER_PRICE));
        let data = calldata(&heldCall { price });
        let answer = static_call(self.vm(), self.satellite(&BROKER), &data, HELD)?;
        let numbers = numbers(&answer)?;
        let [size, equity] = numbers[..] else { return None };
        let value = signed_value_at(spot, size, size < 0)?;
        let brokered = Brokered { value, equity: i64::try_from(equity).ok()?, ..nothing };
        Some(Positions { size, brokered: Some(brokered) })
    }

    /// The same, refused while nobody knows what the positions are worth.
    pub(crate) fn require_places(&self, session: &mut Session) -> Result<()> {
        let placed = self.place(session)?;
        ensure(placed, || BrokerFailed { broker: self.satellite(&BROKER) })
    }

    /// Refuses while the broker holds anything.
    pub(crate) fn require_closed(&self) -> Result<()> {
        ensure(!self.is_brokered(), || BrokerInUse { broker: self.satellite(&BROKER) })
    }

    /// What rewards of this transaction may be grows by the slippage cap of what was hedged for `value`.
    pub(crate) fn grant(&self, max_slippage: u32, value: u128) -> Result<()> {
        let more = maths::mul_div_down(value, max_slippage.into(), MILLION).or_overflow()?;
        lock::set_grant(lock::grant().checked_add(more).or_overflow()?);
        Ok(())
    }
}

/// The broker's side. `abi/IVault.sol` is the manual.
#[public]
pub trait Margining {
    /// Sends margin, or takes it back.
    fn move_margin(&mut self, amount: I256, value: U256, open: bool, short: u32, margin: u16) -> Result<()>;
}

#[public]
impl Margining for Vault {
    fn move_margin(&mut self, amount: I256, value: U256, open: bool, short: u32, margin: u16) -> Result<()> {
        lock::take()?;
        let (caller, broker) = (self.vm().msg_sender(), self.satellite(&BROKER));
        ensure(caller == broker, || OnlyBroker { caller, broker })?;
        let (cash, value) = (to_u128(amount.unsigned_abs()).or_overflow()?, to_u128(value).or_overflow()?);
        let (vm, asset) = (self.vm().clone(), self.asset_token());
        self.grant(self.settings().profile.maxSlippage, value)?;
        self.store_brokered(open, short, margin);
        emit(&vm, &MarginMoved { amount, open, short_: short, margin });
        if amount.is_negative() {
            self.credit_cash(cash)?;
            asset.pull(&vm, broker, cash)?;
        } else {
            self.debit_free(cash)?;
            asset.push(&vm, broker, cash)?;
        }
        lock::release();
        Ok(())
    }
}
