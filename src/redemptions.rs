//! Redemptions, after ERC-7540: shares go into escrow for an epoch (`epochs`), and what was processed is taken in any state of the vault.
//!
//! A controller has one request at a time, in one epoch: it may grow while the epoch is open, and the next begins when all of it was
//! processed and taken. So no claim ever walks over epochs.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use interfaces::erc4626::IERC4626::{
    CancelRedeemRequest, NoPendingRedemption, RedeemRequest, RedemptionLocked, RedemptionOpen, Withdraw,
};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::StorageMap;

use crate::amounts::{to_u128, uint};
use crate::epochs::Epochs;
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::state::{at, decrease, increase, put, small, Row, Vault};

/// Numbers of a request: shares, the epoch's id, and shares and assets that were taken of what was processed.
const SHARES: usize = 0;
const EPOCH: usize = 1;
const TAKEN_SHARES: usize = 2;
const TAKEN_ASSETS: usize = 3;

/// Redemptions: one request of each controller, and the epochs.
#[storage]
pub struct Redemptions {
    of: StorageMap<Address, Row>,
    pub(crate) epochs: Epochs,
}

/// A request as it stands.
#[derive(Default)]
pub(crate) struct Standing {
    pub(crate) epoch: u128,
    /// Shares not processed.
    pub(crate) pending: u128,
    /// Shares processed and not taken.
    pub(crate) shares: u128,
    /// Their assets [micro-USD]
    pub(crate) assets: u128,
}

impl Redemptions {
    /// The request of a controller; nothing where there is none.
    pub(crate) fn standing(&self, controller: Address) -> Standing {
        let request = self.of.getter(controller);
        let (shares, epoch) = (at(&request, SHARES), at(&request, EPOCH));
        let (assets, processed) = self.epochs.fill(epoch).part(shares).unwrap_or_default();
        Standing {
            epoch,
            pending: shares.saturating_sub(processed),
            shares: processed.saturating_sub(at(&request, TAKEN_SHARES)),
            assets: assets.saturating_sub(at(&request, TAKEN_ASSETS)),
        }
    }
}

impl Vault {
    pub(crate) fn require_controller(&self, controller: Address) -> Result<()> {
        let caller = self.vm().msg_sender();
        let allowed = caller == controller || self.positions.is_operator(controller, caller);
        ensure(allowed, || interfaces::erc20::IERC20::ERC20InvalidSpender { spender: caller })
    }

    pub(crate) fn request(&mut self, shares: U256, controller: Address, owner: Address) -> Result<u128> {
        self.require_controller(controller)?;
        let vm = self.vm().clone();
        let sender = vm.msg_sender();
        if sender != owner && !self.positions.is_operator(owner, sender) {
            self.shares.spend_allowance(owner, sender, shares)?;
        }
        let amount = to_u128(shares).or_overflow()?;
        ensure(amount > 0, || NoPendingRedemption {})?;
        let id = self.redemptions.epochs.join(self.now(), self.delay())?;
        let Standing { epoch, pending, shares: claimable, .. } = self.redemptions.standing(controller);
        ensure(epoch == id || (pending == 0 && claimable == 0), || RedemptionOpen {
            requestId: uint(epoch),
            controller,
        })?;

        self.shares.move_(&vm, owner, vm.contract_address(), shares)?;
        self.redemptions.epochs.add(id, amount)?;
        let had = if epoch == id { pending } else { 0 };
        let mut request = self.redemptions.of.setter(controller);
        put(&mut request, SHARES, had.checked_add(amount).or_overflow()?)?;
        put(&mut request, EPOCH, id)?;
        put(&mut request, TAKEN_SHARES, 0)?;
        put(&mut request, TAKEN_ASSETS, 0)?;

        emit(&vm, &RedeemRequest { controller, owner, requestId: uint(id), sender, shares });
        Ok(id)
    }

    pub(crate) fn cancel(&mut self, request_id: U256, controller: Address) -> Result<()> {
        self.require_controller(controller)?;
        let Standing { epoch, pending: shares, .. } = self.redemptions.standing(controller);
        let (now, id) = (self.now(), uint(epoch));
        ensure(shares > 0 && request_id == id, || NoPendingRedemption {})?;
        let [_, locked_from, _] = self.redemptions.epochs.times(epoch, self.delay());
        ensure(now < locked_from, || RedemptionLocked {
            requestId: id,
            lockedFrom: uint(locked_from.into()),
            timestamp: uint(now.into()),
        })?;

        let vm = self.vm().clone();
        self.redemptions.epochs.remove(epoch, shares)?;
        put(&mut self.redemptions.of.setter(controller), SHARES, 0)?;
        self.shares.move_(&vm, vm.contract_address(), controller, uint(shares))?;

        emit(&vm, &CancelRedeemRequest { controller, requestId: id, sender: vm.msg_sender() });
        Ok(())
    }

    /// Pays `assets` for `shares` that were processed for `controller`.
    pub(crate) fn pay_out(
        &mut self,
        shares: u128,
        assets: u128,
        receiver: Address,
        controller: Address,
    ) -> Result<()> {
        let mut request = self.redemptions.of.setter(controller);
        increase(&mut *request.setter(TAKEN_SHARES).or_overflow()?, shares)?;
        increase(&mut *request.setter(TAKEN_ASSETS).or_overflow()?, assets)?;
        decrease(&mut self.redemptions_owed, assets)?;
        self.raise_cash(assets)?;
        self.debit_cash(assets)?;

        let vm = self.vm().clone();
        let sender = vm.msg_sender();
        emit(
            &vm,
            &Withdraw { sender, receiver, owner: controller, assets: uint(assets), shares: uint(shares) },
        );

        self.asset_token().push(&vm, receiver, assets)
    }

    /// The request of a controller if it is the one with this id.
    pub(crate) fn standing(&self, request_id: U256, controller: Address) -> Standing {
        let standing = self.redemptions.standing(controller);
        if request_id == uint(standing.epoch) {
            standing
        } else {
            Standing::default()
        }
    }

    /// Shares and assets of processed redemptions that cash is there for or can be withdrawn from the pool, without a sale of hedges.
    pub(crate) fn payable(&self, controller: Address) -> Result<(u128, u128)> {
        let Standing { shares, assets, .. } = self.redemptions.standing(controller);
        let cash = small(self.cash.get());
        if assets <= cash {
            return Ok((shares, assets));
        }
        let cash = cash.saturating_add(self.pooled()?.liquid).min(assets);
        Ok((maths::mul_div_down(shares, cash, assets).unwrap_or_default(), cash))
    }
}
