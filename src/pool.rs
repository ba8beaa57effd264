//! Idle USDC in an ERC-4626 pool, brought back just in time: by whatever pays out, in the call that pays.
//!
//! | the pool's money counts for | at |
//! |---|---|
//! | deposits, and the price of redemptions | what its shares convert to, no more than the last checkpoint grown at [`MAX_GROWTH`] |
//! | what redemptions may be paid, hedging may spend, trades may rest on | the lower of that and what can be withdrawn now |
//!
//! So a share price that is pumped gives nobody anything, and a fall counts at once. A drained pool gives nobody anything either: whoever
//! comes pays for it, whoever leaves is paid from what is liquid, for as many shares as that is fair for, and the others wait. A pool that
//! fails has nothing liquid and takes no deposit; until it is removed it counts with its checkpoint, so nobody is processed too cheaply, and
//! from then on with nothing. Every deposit and processing makes a checkpoint, so what may grow within a round trip is bounded from its
//! start. What comes back leaves NAV as it was: it is taken off the checkpoint.
//!
//! The ledger of shares is the vault's own, kept by balances: gifts change nothing. Nothing that the pool says or does can end a call that
//! pays, but too little gas for it: otherwise a caller could make it fail at will.
//!
//! POOL REQUIREMENTS: its asset is USDC; it takes no fee to deposit, and what it says of its shares cannot be lowered within a transaction.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use interfaces::erc4626::IERC4626::{convertToAssetsCall, depositCall, maxWithdrawCall, withdrawCall};
use interfaces::external::IToken;
use interfaces::vault::IVault::{
    InsufficientCash, Invested, PoolFailed, PoolGasTooLow, PoolInUse, PoolNotAllowed, PoolSet, Role,
};
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::StorageAddress;

use crate::amounts::{to_u128, uint, MILLION};
use crate::error::{calldata, emit, ensure, OrOverflow, Result, Revert};
use crate::governance::OWNER;
use crate::liquidity::positive;
use crate::lock;
use crate::state::{at, put, Row, Vault};
use crate::token::{word, Token};

/// Most growth of what a share of the pool counts for [millionths a year].
const MAX_GROWTH: u128 = 200_000;
const YEAR: u128 = 31_536_000;
/// Gas of each call to the pool.
const GAS: u64 = 2_000_000;
/// Gas that must be left before it, of which the call gets all but a 64th.
const GAS_LEFT: u64 = GAS / 63 * 64 + 64;
/// What stays in the vault: a tenth of free cash and pool together.
const KEPT_PART: u128 = 10;
/// What a deposit into the pool may lose: one part in this, and two micro-dollars of rounding.
const TOLERANCE: u128 = 10_000;

/// Numbers of the pool: its shares that the vault bought, what they counted for at the checkpoint and when that was ([USDC], [s], 64 bits
/// each), and when the pool may be used, zero when it may not [s].
const SHARES: usize = 0;
const CHECKPOINT: usize = 1;
const ALLOWED_FROM: usize = 2;

/// The pool, and what the vault has in it.
#[storage]
pub struct Pool {
    address: StorageAddress,
    numbers: Row,
}

/// What the vault's money in the pool is now [micro-USD].
#[derive(Clone, Copy, Default)]
pub(crate) struct Pooled {
    /// What the shares convert to.
    whole: u128,
    /// What of it can be withdrawn.
    most: u128,
    /// What it counts for.
    pub(crate) value: u128,
    /// What of that can be withdrawn.
    pub(crate) liquid: u128,
    pub(crate) failed: bool,
}

impl Vault {
    /// Asks the pool; nothing without money in it.
    pub(crate) fn pooled(&self) -> Result<Pooled> {
        if !self.in_pool() {
            return Ok(Pooled::default());
        }
        let checkpoint = at(&self.pool.numbers, CHECKPOINT);
        let (kept, made) = (checkpoint >> 64, checkpoint & u128::from(u64::MAX));
        let (shares, owner) = (uint(self.pool_shares()), self.vm().contract_address());
        let whole = self.ask_pool(&calldata(&convertToAssetsCall { shares }))?;
        let most = match whole {
            Some(_) => self.ask_pool(&calldata(&maxWithdrawCall { controller: owner }))?,
            None => None,
        };
        let (Some(whole), Some(most)) = (whole, most) else {
            let value = if self.pool_allowed_from() == 0 { 0 } else { kept };
            return Ok(Pooled { value, failed: true, ..Pooled::default() });
        };
        let [whole, most] = [whole, most].map(|number| to_u128(number).unwrap_or(u128::MAX));
        let age = u128::from(self.now()).saturating_sub(made);
        let growth = maths::mul_div_down(kept, age.saturating_mul(MAX_GROWTH), YEAR.saturating_mul(MILLION));
        let value = whole.min(kept.saturating_add(growth.or_overflow()?));
        Ok(Pooled { whole, most: most.min(whole), value, liquid: most.min(value), failed: false })
    }

    /// Free cash and what can be withdrawn from the pool; negative while settled claims wait for hedges to be sold.
    pub(crate) fn liquid(&self, pooled: &Pooled) -> Result<i128> {
        self.free_cash()?.checked_add_unsigned(pooled.liquid).or_overflow()
    }

    /// Refuses while nobody knows what the pool's money is worth.
    pub(crate) fn require_pool(&self, pooled: &Pooled) -> Result<()> {
        ensure(!pooled.failed, || PoolFailed { pool: self.pool.address.get() })
    }

    /// Makes a checkpoint, unless the pool fails.
    pub(crate) fn checkpoint(&mut self, pooled: &Pooled) -> Result<()> {
        if !self.in_pool() || pooled.failed {
            return Ok(());
        }
        self.count(self.pool_shares(), pooled.value)
    }

    /// Brings `missing` back, or as much of it as the pool gives.
    pub(crate) fn need_cash(&mut self, missing: i128) -> Result<()> {
        if missing <= 0 || !self.in_pool() {
            return Ok(());
        }
        let pooled = self.pooled()?;
        self.bring(&pooled, positive(&missing).min(pooled.most)).map(|_| ())
    }

    /// Brings free cash up to `amount`, as far as the pool gives it.
    pub(crate) fn need_free(&mut self, amount: u128) -> Result<()> {
        if !self.in_pool() {
            return Ok(());
        }
        let missing = self.free_cash()?.checked_neg().or_overflow()?;
        self.need_cash(missing.checked_add_unsigned(amount).or_overflow()?)
    }

    /// Brings everything back. Refuses if anything that counts stays: until then nobody knows what there is to share.
    pub(crate) fn empty_pool(&mut self) -> Result<()> {
        self.need_cash(i128::MAX)?;
        let left = self.pooled()?;
        ensure(left.value == 0, || PoolFailed { pool: self.pool.address.get() })
    }

    /// Withdraws `amount` and returns what arrived: nothing if the pool fails.
    fn bring(&mut self, pooled: &Pooled, amount: u128) -> Result<u128> {
        if amount == 0 {
            return Ok(0);
        }
        let vault = self.vm().contract_address();
        let call = withdrawCall { assets: uint(amount), receiver: vault, controller: vault };
        let Some((received, burned)) = self.exchange(false, &calldata(&call))? else { return Ok(0) };
        // What remains when everything came back is not worth a micro-dollar.
        let left = if received >= pooled.whole { 0 } else { self.pool_shares().saturating_sub(burned) };
        self.credit_cash(received)?;
        self.count(left, pooled.value.saturating_sub(received))?;
        Ok(received)
    }

    fn put_in(&mut self, assets: U256) -> Result<()> {
        let (pool, from) = (self.pool.address.get(), self.pool_allowed_from());
        ensure(from != 0 && from <= self.now().into(), || PoolNotAllowed { pool, allowedFrom: uint(from) })?;
        let pooled = self.pooled()?;
        self.require_pool(&pooled)?;
        let free = positive(&self.free_cash()?);
        let kept = free.checked_add(pooled.value).or_overflow()?.div_ceil(KEPT_PART);
        let available = uint(free.saturating_sub(kept));
        ensure(assets <= available, || InsufficientCash { needed: assets, available })?;

        let (vm, asset, amount) = (self.vm().clone(), self.asset_token(), to_u128(assets).or_overflow()?);
        asset.approve(&vm, pool, assets)?;
        let data = calldata(&depositCall { assets, receiver: vm.contract_address() });
        let failed = || PoolFailed { pool };
        let (sent, bought) = self.exchange(true, &data)?.ok_or_else(failed)?;
        if sent != amount {
            asset.short(amount, sent)?;
        }
        let worth = self.ask_pool(&calldata(&convertToAssetsCall { shares: uint(bought) }))?;
        let worth = worth.and_then(to_u128).ok_or_else(failed)?;
        let least = amount.saturating_sub(amount.div_ceil(TOLERANCE)).saturating_sub(1);
        if worth < least {
            Token(pool).short(amount, worth)?;
        }

        self.debit_cash(amount)?;
        let shares = self.pool_shares().checked_add(bought).or_overflow()?;
        self.count(shares, pooled.value.checked_add(worth.min(amount)).or_overflow()?)
    }

    /// Calls the pool and measures what changed hands: USDC and shares of the pool. None if the pool fails.
    fn exchange(&self, buying: bool, data: &[u8]) -> Result<Option<(u128, u128)>> {
        let (vm, asset, account) = (self.vm(), self.asset_token(), self.vm().contract_address());
        let balance = || {
            Ok::<_, Revert>(self.ask_pool(&calldata(&IToken::balanceOfCall { account }))?.and_then(to_u128))
        };
        let (before, held) = (asset.balance(vm, account)?, balance()?);
        let (Some(held), true) = (held, self.tell_pool(data)?) else { return Ok(None) };
        let (after, holds) = (asset.balance(vm, account)?, balance()?.unwrap_or_default());
        let [cash, shares] = if buying {
            [before.saturating_sub(after), holds.saturating_sub(held)]
        } else {
            [after.saturating_sub(before), held.saturating_sub(holds)]
        };
        let pool = self.pool.address.get();
        emit(vm, &Invested { pool, bought: buying, assets: uint(cash), shares: uint(shares) });
        Ok(Some((cash, shares)))
    }

    /// Stores what the vault has in the pool, as of now.
    fn count(&mut self, shares: u128, value: u128) -> Result<()> {
        let value = u64::try_from(value).or_overflow()?;
        let checkpoint = u128::from(value) << 64 | u128::from(self.now());
        put(&mut self.pool.numbers, SHARES, shares)?;
        put(&mut self.pool.numbers, CHECKPOINT, checkpoint)?;
        self.store_in_pool(shares > 0);
        Ok(())
    }

    #[inline(never)]
    fn allow_pool(&mut self, from: u64) -> Result<()> {
        put(&mut self.pool.numbers, ALLOWED_FROM, from.into())?;
        emit(self.vm(), &PoolSet { pool: self.pool.address.get(), allowedFrom: uint(from.into()) });
        Ok(())
    }

    fn pool_allowed_from(&self) -> u128 {
        at(&self.pool.numbers, ALLOWED_FROM)
    }

    fn pool_shares(&self) -> u128 {
        at(&self.pool.numbers, SHARES)
    }

    /// The first word that the pool answers, none when it fails.
    fn ask_pool(&self, data: &[u8]) -> Result<Option<U256>> {
        let (vm, pool, left) = (self.vm(), self.pool.address.get(), self.vm().evm_gas_left());
        // SAFETY: a static call cannot change storage, so no cached value goes stale.
        let answer =
            unsafe { RawCall::new_static(vm).gas(GAS).limit_return_data(0, 32).call(pool, data) }.ok();
        let answer = answer.as_deref().and_then(word);
        enough(answer.is_some(), left)?;
        Ok(answer)
    }

    /// Whether the pool took a call.
    fn tell_pool(&self, data: &[u8]) -> Result<bool> {
        let (vm, pool, left) = (self.vm(), self.pool.address.get(), self.vm().evm_gas_left());
        let call = RawCall::new(vm).gas(GAS).limit_return_data(0, 0).flush_storage_cache();
        // SAFETY: the storage cache is flushed first and the lock keeps the pool out of the vault's storage.
        let done = unsafe { call.call(pool, data) }.is_ok();
        enough(done, left)?;
        Ok(done)
    }
}

/// Refuses to take a call for failed that had less than its gas.
fn enough(done: bool, left: u64) -> Result<()> {
    let (gas, needed) = (uint(left.into()), uint(GAS_LEFT.into()));
    ensure(done || left >= GAS_LEFT, || PoolGasTooLow { gas, needed })
}

/// The pool. `abi/IVault.sol` is the manual.
#[public]
pub trait IdleCash {
    /// The pool, from when it may be used, and the vault's shares of it.
    #[selector(name = "pool")]
    fn pool_view(&self) -> ((Address, U256), U256);
    /// Names the pool.
    fn set_pool(&mut self, pool: Address) -> Result<()>;
    /// Stops its use.
    fn remove_pool(&mut self) -> Result<()>;
    /// Puts USDC into it.
    fn invest(&mut self, assets: U256) -> Result<()>;
    /// Brings USDC back.
    fn divest(&mut self, assets: U256) -> Result<U256>;
}

#[public]
impl IdleCash for Vault {
    #[selector(name = "pool")]
    fn pool_view(&self) -> ((Address, U256), U256) {
        let shares = uint(self.pool_shares());
        ((self.pool.address.get(), uint(self.pool_allowed_from())), shares)
    }

    fn set_pool(&mut self, pool: Address) -> Result<()> {
        lock::take()?;
        self.require_role(OWNER)?;
        let (current, shares) = (self.pool.address.get(), uint(self.pool_shares()));
        let goes_on = pool == current && self.pool_allowed_from() != 0;
        ensure(!self.in_pool() || goes_on, || PoolInUse { pool: current, shares })?;

        self.pool.address.set(pool);
        self.allow_pool(self.due()?)?;
        lock::release();
        Ok(())
    }

    fn remove_pool(&mut self) -> Result<()> {
        lock::take()?;
        self.require_owner_or_guardian()?;

        self.allow_pool(0)?;
        lock::release();
        Ok(())
    }

    fn invest(&mut self, assets: U256) -> Result<()> {
        lock::take()?;
        self.require_role(Role::Curator)?;
        self.require_unpaused()?;
        self.put_in(assets)?;
        lock::release();
        Ok(())
    }

    fn divest(&mut self, assets: U256) -> Result<U256> {
        lock::take()?;
        if self.pool_allowed_from() != 0 {
            self.require_keeper_of_cash()?;
        }
        let pooled = self.pooled()?;
        self.require_pool(&pooled)?;
        let amount = to_u128(assets).unwrap_or(u128::MAX).min(pooled.most);
        let received = self.bring(&pooled, amount)?;
        if received < amount {
            Token(self.pool.address.get()).short(amount, received)?;
        }
        lock::release();
        Ok(uint(received))
    }
}
