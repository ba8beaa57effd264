//! Epochs of redemptions: requests of a while that share one price and one fill.
//!
//! | from | to | the requests of the epoch |
//! |---|---|---|
//! | first request | a quarter of the delay later: it closes | grow, can be cancelled |
//! | close | half the delay later: it locks | can be cancelled |
//! | lock | the delay after the close | are fixed |
//! | the delay after the close | all is filled | are filled pro rata, each time that anyone asks, as far as free cash goes |
//!
//! Epochs are filled in order, so nobody gains by who calls first. Whoever requests is locked before the price is known: half the delay
//! at least lies between the last chance to cancel and the price. An epoch's cost does not depend on its requests: each takes its part of
//! the epoch's sums when it is claimed.

use alloc::vec::Vec;

use alloy_primitives::{U128, U256};
use interfaces::erc4626::IERC4626::{
    Epoch, EpochProcessed, NoPendingRedemption, RedemptionNotReady, SharesWorthless,
};
use interfaces::vault::IVault::InsufficientLiquidity;
use inventory::{payable, Fill};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageMap, StorageU128};

use crate::amounts::{int, to_u128, uint, MILLION};
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::liquidity::positive;
use crate::shares::{to_assets, Rounding};
use crate::state::{at, decrease, increase, put, small, wide, Row, Vault};

/// Numbers of an epoch: shares requested, shares processed, their assets, and when it was opened.
const REQUESTED: usize = 0;
const PROCESSED: usize = 1;
const ASSETS: usize = 2;
const OPENED_AT: usize = 3;

/// All epochs, numbered from 1.
#[storage]
pub struct Epochs {
    by_id: StorageMap<U128, Row>,
    /// The newest.
    last: StorageU128,
    /// All up to this one are filled.
    filled: StorageU128,
}

impl Epochs {
    /// When an epoch closes, locks and is ready.
    pub(crate) fn times(&self, id: u128, delay: u64) -> [u64; 3] {
        let opened = u64::try_from(at(&self.by_id.getter(wide(id)), OPENED_AT)).unwrap_or_default();
        let closed = opened.saturating_add(delay / 4);
        [closed, closed.saturating_add(delay / 2), closed.saturating_add(delay)]
    }

    /// What was requested in an epoch, and what of it was processed.
    pub(crate) fn fill(&self, id: u128) -> Fill {
        let epoch = self.by_id.getter(wide(id));
        Fill { requested: at(&epoch, REQUESTED), shares: at(&epoch, PROCESSED), assets: at(&epoch, ASSETS) }
    }

    /// The open epoch; a request opens one where there is none.
    pub(crate) fn join(&mut self, now: u64, delay: u64) -> Result<u128> {
        let last = small(self.last.get());
        let [closes, ..] = self.times(last, delay);
        if now < closes {
            return Ok(last);
        }
        let id = last.checked_add(1).or_overflow()?;
        self.last.set(wide(id));
        put(&mut self.by_id.setter(wide(id)), OPENED_AT, now.into())?;
        Ok(id)
    }

    /// Adds to what is requested.
    pub(crate) fn add(&mut self, id: u128, shares: u128) -> Result<()> {
        increase(&mut *self.by_id.setter(wide(id)).setter(REQUESTED).or_overflow()?, shares)
    }

    /// Takes from what is requested.
    pub(crate) fn remove(&mut self, id: u128, shares: u128) -> Result<()> {
        decrease(&mut *self.by_id.setter(wide(id)).setter(REQUESTED).or_overflow()?, shares)
    }

    /// Adds to what was processed.
    fn record(&mut self, id: u128, shares: u128, assets: u128) -> Result<()> {
        let mut epoch = self.by_id.setter(wide(id));
        increase(&mut *epoch.setter(PROCESSED).or_overflow()?, shares)?;
        increase(&mut *epoch.setter(ASSETS).or_overflow()?, assets)
    }
}

impl Vault {
    /// Seconds from an epoch's close until it is ready.
    pub(crate) fn delay(&self) -> u64 {
        self.settings().profile.redeemDelay.into()
    }

    /// What of `waiting` shares can be processed now, at NAV at its low mark, with the free cash that neither hedging nor the market's
    /// least liquidity asks for, and so that those who stay could bear the worst loss. The performance fee is paid first.
    fn fillable(&mut self, waiting: u128) -> Result<Fill> {
        let session = self.session()?;
        let (position, marked) = self.mark_asked(&session)?;
        self.require_open(&session, &position)?;
        let nav = self.nav_parts(&session, &position)?;
        let fee = self.fee(&session.limits, &nav)?;
        self.pay_fee(&fee)?;
        self.checkpoint(&nav.pool)?;

        let (mid, fair) = (nav.mid(), positive(&nav.fair()));
        ensure(fair > 0, || SharesWorthless { low: int(nav.fair()) })?;
        let value = to_assets(waiting, fee.supply, fair, Rounding::Down)?;
        let most = to_assets(waiting, fee.supply, positive(&nav.low()), Rounding::Down)?;
        let kept = maths::mul_div_up(mid, session.limits.minLiquidity.into(), MILLION).or_overflow()?;
        let available = self
            .spendable(&session, &position)?
            .min(positive(&self.liquid(&session.pool)?).saturating_sub(kept));
        let (loss, buffer) = (self.worst_loss(&marked)?, session.limits.solvencyBuffer);
        let borne = payable(nav.liquid(), loss, self.uncovered().into(), buffer);
        let available = available.min(most).min(borne);
        let fill = Fill::new(waiting, value, available).or_overflow()?;
        ensure(fill.shares > 0, || InsufficientLiquidity {
            needed: uint(value),
            available: uint(available),
        })?;
        Ok(fill)
    }

    /// Processes the oldest epoch that waits: its id, the shares burned and their assets.
    pub(crate) fn process(&mut self) -> Result<(u128, u128, u128)> {
        let epochs = &self.redemptions.epochs;
        let id = small(epochs.filled.get()).checked_add(1).or_overflow()?;
        ensure(id <= small(epochs.last.get()), || NoPendingRedemption {})?;
        let (now, [_, _, ready]) = (self.now(), epochs.times(id, self.delay()));
        let request_id = uint(id);
        ensure(now >= ready, || RedemptionNotReady {
            requestId: request_id,
            readyAt: uint(ready.into()),
            timestamp: uint(now.into()),
        })?;
        let epoch = epochs.fill(id);
        let waiting = epoch.requested.checked_sub(epoch.shares).or_overflow()?;
        let Fill { shares, assets, .. } =
            if waiting == 0 { Fill { requested: 0, shares: 0, assets: 0 } } else { self.fillable(waiting)? };

        let vm = self.vm().clone();
        self.shares.burn(&vm, vm.contract_address(), shares)?;
        increase(&mut self.redemptions_owed, assets)?;
        self.redemptions.epochs.record(id, shares, assets)?;
        if shares == waiting {
            self.redemptions.epochs.filled.set(wide(id));
        }

        emit(&vm, &EpochProcessed { requestId: request_id, shares: uint(shares), assets: uint(assets) });
        Ok((id, shares, assets))
    }
}

/// The queue of redemptions. `abi/IERC4626.sol` is the manual.
#[public]
pub trait Queue {
    /// What was requested and processed in an epoch, and its times.
    fn epoch(&self, request_id: U256) -> Epoch;
    /// The last epoch that is filled, and the last of all.
    fn epoch_range(&self) -> (U256, U256);
}

#[public]
impl Queue for Vault {
    fn epoch(&self, request_id: U256) -> Epoch {
        let epochs = &self.redemptions.epochs;
        let Some(id) = to_u128(request_id).filter(|id| (1..=small(epochs.last.get())).contains(id)) else {
            return Epoch::default();
        };
        let Fill { requested, shares, assets } = epochs.fill(id);
        let [closes, locks, ready] = epochs.times(id, self.delay()).map(|time| uint(time.into()));
        let [requested, processed, assets] = [requested, shares, assets].map(uint);
        Epoch { requested, processed, assets, closesAt: closes, locksAt: locks, readyAt: ready }
    }

    fn epoch_range(&self) -> (U256, U256) {
        let epochs = &self.redemptions.epochs;
        (uint(small(epochs.filled.get())), uint(small(epochs.last.get())))
    }
}
