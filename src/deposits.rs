//! Liquidity providers: ERC-4626 deposits at NAV at mid, at once, and the methods of ERC-7540 (`redemptions`, `epochs`).

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use interfaces::erc4626::IERC4626::{
    AsynchronousRedemption, Deposit, DepositTooSmall, ERC4626ExceededMaxDeposit, ERC4626ExceededMaxMint,
    ERC4626ExceededMaxRedeem, ERC4626ExceededMaxWithdraw,
};
use stylus_sdk::prelude::*;

use crate::amounts::{to_u128, uint};
use crate::error::{emit, ensure, fail, OrOverflow, Result};
use crate::fee::Fee;
use crate::liquidity::positive;
use crate::lock;
use crate::pool::Pooled;
use crate::redemptions::Standing;
use crate::risk::Position;
use crate::shares::{to_assets, to_shares, Rounding};
use crate::state::{Session, Vault};

/// NAV above which no deposit is taken: a trillion USDC keeps every product in range [micro-USD].
const MAX_NAV: u128 = 1_000_000_000_000_000_000;

/// What shares are exchanged at.
struct Rate {
    nav: u128,
    fee: Fee,
    pool: Pooled,
}

impl Rate {
    /// Shares for `assets`.
    fn shares(&self, assets: u128, rounding: Rounding) -> Result<u128> {
        to_shares(assets, self.fee.supply, self.nav, rounding)
    }

    /// Assets for `shares`.
    fn assets(&self, shares: u128, rounding: Rounding) -> Result<u128> {
        to_assets(shares, self.fee.supply, self.nav, rounding)
    }

    /// Assets that still fit above NAV: none when nothing backs the shares.
    fn room(&self) -> u128 {
        if self.nav > 0 || self.fee.supply == 0 {
            MAX_NAV.saturating_sub(self.nav)
        } else {
            0
        }
    }
}

impl Vault {
    /// What a deposit pays: NAV at mid, at a checked price.
    fn deposit_rate(&self) -> Result<Rate> {
        let session = self.session()?;
        self.require_pool(&session.pool)?;
        let position = self.mark(&session)?;
        self.require_open(&session, &position)?;
        self.rate_at_mid(&session, &position)
    }

    fn rate_at_mid(&self, session: &Session, position: &Position) -> Result<Rate> {
        let nav = self.nav_parts(session, position)?;
        Ok(Rate { nav: nav.mid(), fee: self.fee(&session.limits, &nav)?, pool: session.pool })
    }

    /// The vested NAV at the feed's last answer, whatever its age; without one, a surface feed or a broker that answers, free cash alone. Never
    /// fails for want of either.
    fn indicative_rate(&self) -> Result<Rate> {
        let mut session = self.unpriced();
        let spot = self.feeds_of(&session.profile).indicative(self.vm());
        session.price.spot = spot.unwrap_or_default();
        let placed = self.place(&mut session)?;
        let pool = session.pool;
        if placed && spot.is_some() {
            if let Some(position) = self.mark_if_any(&session)? {
                let nav = self.nav_parts(&session, &position)?;
                let fee = self.fee(&session.limits, &nav)?;
                return Ok(Rate { nav: positive(&nav.vested()), fee, pool });
            }
        }
        let nav = positive(&self.liquid(&pool)?);
        Ok(Rate { nav, fee: Fee::none(self.shares.supply()), pool })
    }

    /// What a deposit would pay now: none while paused, without a price, a surface feed or a broker that answers, or while no share is priced.
    fn open_rate(&self) -> Result<Option<Rate>> {
        let mut session = self.unpriced();
        let Ok(price) = self.feeds_of(&session.profile).current(self.vm(), session.now) else {
            return Ok(None);
        };
        session.price = price;
        if !self.place(&mut session)? {
            return Ok(None);
        }
        let Some(position) = self.mark_if_any(&session)? else { return Ok(None) };
        if self.is_paused() || session.pool.failed || self.stop(&session, &position)?.is_some() {
            return Ok(None);
        }
        self.rate_at_mid(&session, &position).map(Some)
    }

    fn take_deposit(&mut self, rate: &Rate, assets: u128, shares: u128, receiver: Address) -> Result<()> {
        ensure(shares > 0, || DepositTooSmall { assets: uint(assets) })?;
        let vm = self.vm().clone();
        let sender = vm.msg_sender();
        self.pay_fee(&rate.fee)?;
        self.checkpoint(&rate.pool)?;
        self.credit_cash(assets)?;
        self.shares.mint(&vm, receiver, shares)?;

        emit(&vm, &Deposit { sender, owner: receiver, assets: uint(assets), shares: uint(shares) });

        self.asset_token().pull(&vm, sender, assets)
    }
}

/// ERC-4626 and ERC-7540. `abi/IERC4626.sol` is the manual.
#[public]
pub trait Deposits {
    /// USDC.
    #[selector(name = "asset")]
    fn asset_address(&self) -> Address;
    /// The vault: it is its own share.
    fn share(&self) -> Address;
    /// NAV at mid less what has not vested, at the feed's last answer.
    fn total_assets(&self) -> Result<U256>;
    /// Shares for `assets` at that NAV.
    fn convert_to_shares(&self, assets: U256) -> Result<U256>;
    /// Assets for `shares` at that NAV.
    fn convert_to_assets(&self, shares: U256) -> Result<U256>;
    /// Assets that can be deposited now.
    fn max_deposit(&self, receiver: Address) -> Result<U256>;
    /// Shares that `deposit` would give now.
    fn preview_deposit(&self, assets: U256) -> Result<U256>;
    /// Deposits `assets`.
    fn deposit(&mut self, assets: U256, receiver: Address) -> Result<U256>;
    /// Shares that can be minted now.
    fn max_mint(&self, receiver: Address) -> Result<U256>;
    /// Assets that `mint` would take now.
    fn preview_mint(&self, shares: U256) -> Result<U256>;
    /// Deposits what `shares` cost.
    fn mint(&mut self, shares: U256, receiver: Address) -> Result<U256>;
    /// Assets that `controller` can take now.
    fn max_withdraw(&self, controller: Address) -> Result<U256>;
    /// Shares whose assets `controller` can take now.
    fn max_redeem(&self, controller: Address) -> Result<U256>;
    /// Always refuses: redemptions are asynchronous.
    fn preview_withdraw(&self, assets: U256) -> Result<U256>;
    /// Always refuses: redemptions are asynchronous.
    fn preview_redeem(&self, shares: U256) -> Result<U256>;
    /// Takes `assets` of processed redemptions.
    fn withdraw(&mut self, assets: U256, receiver: Address, controller: Address) -> Result<U256>;
    /// Takes the assets of `shares` of processed redemptions.
    fn redeem(&mut self, shares: U256, receiver: Address, controller: Address) -> Result<U256>;
    /// Takes shares into escrow for redemption.
    fn request_redeem(&mut self, shares: U256, controller: Address, owner: Address) -> Result<U256>;
    /// Gives the shares of a request back.
    fn cancel_redeem_request(&mut self, request_id: U256, controller: Address) -> Result<()>;
    /// Shares that wait for processing.
    fn pending_redeem_request(&self, request_id: U256, controller: Address) -> U256;
    /// Shares that were processed and not yet taken.
    fn claimable_redeem_request(&self, request_id: U256, controller: Address) -> U256;
    /// Processes the oldest epoch that waits.
    fn process_epoch(&mut self) -> Result<(U256, U256, U256)>;
    /// Seconds from an epoch's close to its processing.
    fn redeem_delay(&self) -> U256;
}

#[public]
impl Deposits for Vault {
    #[selector(name = "asset")]
    fn asset_address(&self) -> Address {
        self.asset_token().0
    }

    fn share(&self) -> Address {
        self.vm().contract_address()
    }

    fn total_assets(&self) -> Result<U256> {
        lock::check()?;
        Ok(uint(self.indicative_rate()?.nav))
    }

    fn convert_to_shares(&self, assets: U256) -> Result<U256> {
        lock::check()?;
        self.indicative_rate()?.shares(to_u128(assets).or_overflow()?, Rounding::Down).map(uint)
    }

    fn convert_to_assets(&self, shares: U256) -> Result<U256> {
        lock::check()?;
        self.indicative_rate()?.assets(to_u128(shares).or_overflow()?, Rounding::Down).map(uint)
    }

    fn max_deposit(&self, _receiver: Address) -> Result<U256> {
        Ok(uint(self.open_rate()?.map_or(0, |rate| rate.room())))
    }

    fn preview_deposit(&self, assets: U256) -> Result<U256> {
        lock::check()?;
        self.deposit_rate()?.shares(to_u128(assets).or_overflow()?, Rounding::Down).map(uint)
    }

    fn deposit(&mut self, assets: U256, receiver: Address) -> Result<U256> {
        lock::take()?;
        self.require_unpaused()?;
        let rate = self.deposit_rate()?;
        let (amount, room) = (to_u128(assets).or_overflow()?, rate.room());
        ensure(amount <= room, || ERC4626ExceededMaxDeposit { receiver, assets, max: uint(room) })?;
        let shares = rate.shares(amount, Rounding::Down)?;

        self.take_deposit(&rate, amount, shares, receiver)?;
        lock::release();
        Ok(uint(shares))
    }

    fn max_mint(&self, _receiver: Address) -> Result<U256> {
        let Some(rate) = self.open_rate()? else { return Ok(U256::ZERO) };
        rate.shares(rate.room(), Rounding::Down).map(uint)
    }

    fn preview_mint(&self, shares: U256) -> Result<U256> {
        lock::check()?;
        self.deposit_rate()?.assets(to_u128(shares).or_overflow()?, Rounding::Up).map(uint)
    }

    fn mint(&mut self, shares: U256, receiver: Address) -> Result<U256> {
        lock::take()?;
        self.require_unpaused()?;
        let rate = self.deposit_rate()?;
        let (amount, room) = (to_u128(shares).or_overflow()?, rate.room());
        let assets = rate.assets(amount, Rounding::Up)?;
        let max = rate.shares(room, Rounding::Down)?;
        ensure(assets <= room, || ERC4626ExceededMaxMint { receiver, shares, max: uint(max) })?;

        self.take_deposit(&rate, assets, amount, receiver)?;
        lock::release();
        Ok(uint(assets))
    }

    fn max_withdraw(&self, controller: Address) -> Result<U256> {
        Ok(uint(self.payable(controller)?.1))
    }

    fn max_redeem(&self, controller: Address) -> Result<U256> {
        Ok(uint(self.payable(controller)?.0))
    }

    fn preview_withdraw(&self, _assets: U256) -> Result<U256> {
        fail(AsynchronousRedemption {})
    }

    fn preview_redeem(&self, _shares: U256) -> Result<U256> {
        fail(AsynchronousRedemption {})
    }

    fn withdraw(&mut self, assets: U256, receiver: Address, controller: Address) -> Result<U256> {
        lock::take()?;
        self.require_controller(controller)?;
        let Standing { shares: claimable_shares, assets: claimable_assets, .. } =
            self.redemptions.standing(controller);
        let max = uint(claimable_assets);
        ensure(assets <= max, || ERC4626ExceededMaxWithdraw { controller, assets, max })?;
        let amount = to_u128(assets).or_overflow()?;
        let shares = match claimable_assets {
            0 => 0,
            whole => maths::mul_div_up(amount, claimable_shares, whole).or_overflow()?,
        };

        self.pay_out(shares, amount, receiver, controller)?;
        lock::release();
        Ok(uint(shares))
    }

    fn redeem(&mut self, shares: U256, receiver: Address, controller: Address) -> Result<U256> {
        lock::take()?;
        self.require_controller(controller)?;
        let Standing { shares: claimable_shares, assets: claimable_assets, .. } =
            self.redemptions.standing(controller);
        let max = uint(claimable_shares);
        ensure(shares <= max, || ERC4626ExceededMaxRedeem { controller, shares, max })?;
        let amount = to_u128(shares).or_overflow()?;
        let assets = match claimable_shares {
            0 => 0,
            whole => maths::mul_div_down(amount, claimable_assets, whole).or_overflow()?,
        };

        self.pay_out(amount, assets, receiver, controller)?;
        lock::release();
        Ok(uint(assets))
    }

    fn request_redeem(&mut self, shares: U256, controller: Address, owner: Address) -> Result<U256> {
        lock::take()?;
        let id = self.request(shares, controller, owner)?;
        lock::release();
        Ok(uint(id))
    }

    fn cancel_redeem_request(&mut self, request_id: U256, controller: Address) -> Result<()> {
        lock::take()?;
        self.cancel(request_id, controller)?;
        lock::release();
        Ok(())
    }

    fn pending_redeem_request(&self, request_id: U256, controller: Address) -> U256 {
        uint(self.standing(request_id, controller).pending)
    }

    fn claimable_redeem_request(&self, request_id: U256, controller: Address) -> U256 {
        uint(self.standing(request_id, controller).shares)
    }

    fn process_epoch(&mut self) -> Result<(U256, U256, U256)> {
        lock::take()?;
        let (id, shares, assets) = self.process()?;
        lock::release();
        Ok((uint(id), uint(shares), uint(assets)))
    }

    fn redeem_delay(&self) -> U256 {
        uint(self.delay().into())
    }
}
