//! Redemptions, after ERC-7540: shares go into escrow and wait, anyone has them processed at NAV less J as far as free cash that
//! hedging does not ask for allows, and what was processed is taken in any state of the vault.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use interfaces::erc4626::IERC4626::{
    NoPendingRedemption, RedeemRequest, RedemptionNotReady, RedemptionProcessed, Withdraw,
};
use interfaces::vault::IVault::InsufficientLiquidity;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageMap, StorageU128, StorageU64};

use crate::amounts::{to_u128, uint};
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::liquidity::positive;
use crate::shares::{to_assets, Rounding};
use crate::state::{small, wide, word64, Vault};

/// A controller's redemption: what waits, and what can be taken.
#[storage]
pub struct Redemption {
    pending: StorageU128,
    claimable_shares: StorageU128,
    claimable_assets: StorageU128,
    ready_at: StorageU64,
}

/// Redemptions by controller.
#[storage]
pub struct Redemptions {
    of: StorageMap<Address, Redemption>,
}

impl Vault {
    pub(crate) fn require_controller(&self, controller: Address) -> Result<()> {
        let caller = self.vm().msg_sender();
        let allowed = caller == controller || self.positions.is_operator(controller, caller);
        ensure(allowed, || interfaces::erc20::IERC20::ERC20InvalidSpender { spender: caller })
    }

    pub(crate) fn request(&mut self, shares: U256, controller: Address, owner: Address) -> Result<()> {
        let vm = self.vm().clone();
        let sender = vm.msg_sender();
        if sender != owner && !self.positions.is_operator(owner, sender) {
            self.shares.spend_allowance(owner, sender, shares)?;
        }
        let amount = to_u128(shares).or_overflow()?;
        ensure(amount > 0, || NoPendingRedemption { controller })?;
        let ready_at = self.now().checked_add(self.settings().profile.redeemDelay.into()).or_overflow()?;

        self.shares.move_(&vm, owner, vm.contract_address(), shares)?;
        let mut redemption = self.redemptions.of.setter(controller);
        let pending = small(redemption.pending.get()).checked_add(amount).or_overflow()?;
        redemption.pending.set(wide(pending));
        redemption.ready_at.set(alloy_primitives::U64::from_limbs([ready_at]));

        emit(&vm, &RedeemRequest { controller, owner, requestId: U256::ZERO, sender, shares });
        Ok(())
    }

    /// Shares that can be processed now and their assets at NAV less J.
    fn redeemable(&self, pending: u128) -> Result<(u128, u128)> {
        let session = self.session()?;
        let position = self.mark(&session)?;
        self.require_settled(&position)?;
        let nav = positive(&self.nav_parts(&session, &position)?.low());
        let assets = to_assets(pending, self.shares.supply(), nav, Rounding::Down)?;
        let spendable = self.spendable(&position)?;
        if assets <= spendable {
            return Ok((pending, assets));
        }
        let part = maths::mul_div_down(pending, spendable, assets).or_overflow()?;
        let paid = to_assets(part, self.shares.supply(), nav, Rounding::Down)?;
        ensure(paid > 0, || InsufficientLiquidity { needed: uint(assets), available: uint(spendable) })?;
        Ok((part, paid))
    }

    pub(crate) fn process(&mut self, controller: Address) -> Result<(u128, u128)> {
        let redemption = self.redemptions.of.getter(controller);
        let pending = small(redemption.pending.get());
        let ready_at = word64(redemption.ready_at.get());
        ensure(pending > 0, || NoPendingRedemption { controller })?;
        let now = self.now();
        ensure(now >= ready_at, || RedemptionNotReady {
            controller,
            readyAt: uint(ready_at.into()),
            timestamp: uint(now.into()),
        })?;
        let (shares, assets) = self.redeemable(pending)?;

        let vm = self.vm().clone();
        self.shares.burn(&vm, vm.contract_address(), shares)?;
        let owed = small(self.redemptions_owed.get()).checked_add(assets).or_overflow()?;
        self.redemptions_owed.set(wide(owed));
        let mut redemption = self.redemptions.of.setter(controller);
        redemption.pending.set(wide(pending.checked_sub(shares).or_overflow()?));
        let claimable = small(redemption.claimable_shares.get()).checked_add(shares).or_overflow()?;
        redemption.claimable_shares.set(wide(claimable));
        let claimable = small(redemption.claimable_assets.get()).checked_add(assets).or_overflow()?;
        redemption.claimable_assets.set(wide(claimable));

        emit(&vm, &RedemptionProcessed { controller, shares: uint(shares), assets: uint(assets) });
        Ok((shares, assets))
    }

    /// Pays `assets` for `shares` that were processed for `controller`.
    pub(crate) fn pay_out(
        &mut self,
        shares: u128,
        assets: u128,
        receiver: Address,
        controller: Address,
    ) -> Result<()> {
        let mut redemption = self.redemptions.of.setter(controller);
        let left = small(redemption.claimable_shares.get()).checked_sub(shares).or_overflow()?;
        redemption.claimable_shares.set(wide(left));
        let left = small(redemption.claimable_assets.get()).checked_sub(assets).or_overflow()?;
        redemption.claimable_assets.set(wide(left));
        let owed = small(self.redemptions_owed.get()).checked_sub(assets).or_overflow()?;
        self.redemptions_owed.set(wide(owed));
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

    pub(crate) fn pending(&self, controller: Address) -> u128 {
        small(self.redemptions.of.getter(controller).pending.get())
    }

    pub(crate) fn claimable(&self, controller: Address) -> (u128, u128) {
        let redemption = self.redemptions.of.getter(controller);
        (small(redemption.claimable_shares.get()), small(redemption.claimable_assets.get()))
    }
}
