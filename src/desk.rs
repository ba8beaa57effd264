//! What the hedging desk may do: the contract that says when the book is hedged, by whom and at what price (`abi/IHedgeDesk.sol`).
//!
//! The vault keeps custody. It alone moves cash and hedges, measures what came back, and holds every price inside the slippage cap of the
//! profile, whatever the desk says; in one transaction, rewards are at most what that cap leaves of what was hedged. So a desk that errs or is
//! hostile costs the vault no more than twice the cap on what is traded, and can hedge no further than what is held and what cash is free.
//!
//! The delta of recent trades is kept for it, because what a trader made young is nobody's to be paid for.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, I256, U256};
use interfaces::vault::IVault::{OnlyDesk, RewardAboveCap, RewardPaid};
use inventory::hedge::{SEASONING, SPANS};
use stylus_sdk::prelude::*;

use crate::amounts::{to_u128, uint};
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::hedging::Party;
use crate::liquidity::positive;
use crate::lock;
use crate::satellite::DESK;
use crate::state::Vault;

impl Vault {
    fn require_desk(&self) -> Result<()> {
        let (caller, desk) = (self.vm().msg_sender(), self.satellite(&DESK));
        ensure(caller == desk, || OnlyDesk { caller, desk })
    }
}

/// What the desk may do. `abi/IVault.sol` is the manual.
#[public]
pub trait Desk {
    /// Delta of recent trades.
    fn young_trades(&self) -> Vec<B256>;
    /// Hedges through a venue, or with a filler: cash paid or received.
    fn hedge(
        &mut self,
        venue: Address,
        size: I256,
        cash_limit: U256,
        payer: Address,
        data: B256,
    ) -> Result<U256>;
    /// Pays for hedges of this transaction.
    fn pay_reward(&mut self, payee: Address, amount: U256) -> Result<()>;
}

#[public]
impl Desk for Vault {
    fn young_trades(&self) -> Vec<B256> {
        let age = self.now().saturating_sub(self.throttle.last().into());
        let spans = if age < SEASONING.into() { SPANS } else { 0 };
        (0..spans).map(|place| self.young.get(place).unwrap_or_default()).collect()
    }

    fn hedge(
        &mut self,
        venue: Address,
        size: I256,
        cash_limit: U256,
        payer: Address,
        data: B256,
    ) -> Result<U256> {
        lock::take()?;
        self.require_desk()?;
        let session = self.session()?;
        let party = match (payer.is_zero(), venue.is_zero()) {
            (true, true) => Party::Venue(self.default_venue.get()),
            (true, false) => Party::Venue(venue),
            (false, _) => Party::Filler { payer, receiver: venue, data },
        };

        let (cash, value) = self.hedge_with(&session, &party, size, cash_limit)?;
        self.grant(session.profile.maxSlippage, value)?;
        lock::release();
        Ok(uint(cash))
    }

    fn pay_reward(&mut self, payee: Address, amount: U256) -> Result<()> {
        lock::take()?;
        self.require_desk()?;
        let (reward, granted) = (to_u128(amount).or_overflow()?, lock::grant());
        self.need_free(reward)?;
        let most = granted.min(positive(&self.free_cash()?));
        ensure(reward <= most, || RewardAboveCap { reward: amount, most: uint(most) })?;

        lock::set_grant(granted.saturating_sub(reward));
        self.debit_cash(reward)?;
        emit(self.vm(), &RewardPaid { payee, amount });
        let vm = self.vm().clone();
        self.asset_token().push(&vm, payee, reward)?;
        lock::release();
        Ok(())
    }
}
