//! Liquidity providers: ERC-4626 deposits at NAV at mid, at once, and the methods of ERC-7540 (`redemptions`).

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use interfaces::erc4626::IERC4626::{
    AsynchronousRedemption, Deposit, DepositTooSmall, ERC4626ExceededMaxDeposit, ERC4626ExceededMaxMint,
    ERC4626ExceededMaxRedeem, ERC4626ExceededMaxWithdraw,
};
use interfaces::vault::IVault::Nav;
use stylus_sdk::prelude::*;

use crate::amounts::{int, to_u128, uint};
use crate::error::{emit, ensure, fail, OrOverflow, Result};
use crate::liquidity::positive;
use crate::lock;
use crate::oracle::Price;
use crate::risk::Position;
use crate::shares::{to_assets, to_shares, Rounding};
use crate::state::{small, Session, Vault};

/// NAV above which no deposit is taken: a trillion USDC keeps every product in range [micro-USD].
const MAX_NAV: u128 = 1_000_000_000_000_000_000;

/// NAV and its parts.
pub(crate) struct NavParts {
    pub(crate) cash: u128,
    pub(crate) owed: u128,
    pub(crate) hedge: u128,
    pub(crate) book: i128,
    pub(crate) reserve: u128,
    pub(crate) mid: i128,
}

impl NavParts {
    /// NAV at mid; zero when liabilities exceed assets.
    pub(crate) fn mid(&self) -> u128 {
        positive(&self.mid)
    }

    /// NAV less J.
    pub(crate) fn low(&self) -> i128 {
        self.mid.saturating_sub_unsigned(self.reserve)
    }
}

impl Vault {
    /// NAV of the marked book.
    pub(crate) fn nav_parts(&self, session: &Session, position: &Position) -> Result<NavParts> {
        let hedge = self.hedge_value(session.price.spot)?;
        let reserve = position.risk;
        let free = self.free_cash()?;
        let mid =
            free.checked_add_unsigned(hedge).or_overflow()?.checked_add(position.value).or_overflow()?;
        let cash = small(self.cash.get());
        Ok(NavParts { cash, owed: self.owed()?, hedge, book: position.value, reserve, mid })
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
            mid: int(nav.mid),
            low: int(nav.low()),
        })
    }

    /// NAV at mid with a checked price and no expired book: what deposits pay.
    fn deposit_nav(&self) -> Result<u128> {
        let session = self.session()?;
        let position = self.mark(&session)?;
        self.require_settled(&position)?;
        Ok(self.nav_parts(&session, &position)?.mid())
    }

    /// NAV at mid at the feed's last answer, whatever its age; without one, free cash alone. Never fails for want of a price.
    fn indicative_nav(&self) -> Result<u128> {
        let session = self.unpriced();
        match self.feeds_of(&session.profile).indicative(self.vm()) {
            Some(spot) => {
                let session = Session { price: Price { spot, ..session.price }, ..session };
                Ok(self.nav_parts(&session, &self.mark(&session)?)?.mid())
            }
            None => Ok(positive(&self.free_cash()?)),
        }
    }

    /// Assets that still fit above `nav`: none when nothing backs the shares.
    fn room(&self, nav: u128) -> u128 {
        if nav > 0 || self.shares.supply() == 0 {
            MAX_NAV.saturating_sub(nav)
        } else {
            0
        }
    }

    /// NAV at mid and the assets that a deposit may bring now: none while paused, without a price or before a settlement.
    fn open_room(&self) -> Result<(u128, u128)> {
        let session = self.unpriced();
        let Ok(price) = self.feeds_of(&session.profile).current(self.vm(), session.now) else {
            return Ok((0, 0));
        };
        let session = Session { price, ..session };
        let position = self.mark(&session)?;
        if self.is_paused() || position.expired.is_some() {
            return Ok((0, 0));
        }
        let nav = self.nav_parts(&session, &position)?.mid();
        Ok((nav, self.room(nav)))
    }

    fn take_deposit(&mut self, assets: u128, shares: u128, receiver: Address) -> Result<()> {
        ensure(shares > 0, || DepositTooSmall { assets: uint(assets) })?;
        let vm = self.vm().clone();
        let sender = vm.msg_sender();
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
    /// NAV at mid, at the feed's last answer.
    fn total_assets(&self) -> Result<U256>;
    /// Shares for `assets` at NAV at mid.
    fn convert_to_shares(&self, assets: U256) -> Result<U256>;
    /// Assets for `shares` at NAV at mid.
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
    fn max_withdraw(&self, controller: Address) -> U256;
    /// Shares whose assets `controller` can take now.
    fn max_redeem(&self, controller: Address) -> U256;
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
    /// Shares that wait for processing.
    fn pending_redeem_request(&self, request_id: U256, controller: Address) -> U256;
    /// Shares that were processed and not yet taken.
    fn claimable_redeem_request(&self, request_id: U256, controller: Address) -> U256;
    /// Processes what waits for `controller`.
    fn process_redemption(&mut self, controller: Address) -> Result<(U256, U256)>;
    /// Seconds from request to processing.
    fn redeem_delay(&self) -> U256;
}

#[public]
impl Deposits for Vault {
    #[selector(name = "asset")]
    fn asset_address(&self) -> Address {
        self.asset_token().0
    }

    fn total_assets(&self) -> Result<U256> {
        lock::check()?;
        self.indicative_nav().map(uint)
    }

    fn convert_to_shares(&self, assets: U256) -> Result<U256> {
        lock::check()?;
        let nav = self.indicative_nav()?;
        to_shares(to_u128(assets).or_overflow()?, self.shares.supply(), nav, Rounding::Down).map(uint)
    }

    fn convert_to_assets(&self, shares: U256) -> Result<U256> {
        lock::check()?;
        let nav = self.indicative_nav()?;
        to_assets(to_u128(shares).or_overflow()?, self.shares.supply(), nav, Rounding::Down).map(uint)
    }

    fn max_deposit(&self, _receiver: Address) -> Result<U256> {
        Ok(uint(self.open_room()?.1))
    }

    fn preview_deposit(&self, assets: U256) -> Result<U256> {
        lock::check()?;
        to_shares(to_u128(assets).or_overflow()?, self.shares.supply(), self.deposit_nav()?, Rounding::Down)
            .map(uint)
    }

    fn deposit(&mut self, assets: U256, receiver: Address) -> Result<U256> {
        lock::take()?;
        self.require_unpaused()?;
        let nav = self.deposit_nav()?;
        let (amount, room) = (to_u128(assets).or_overflow()?, self.room(nav));
        ensure(amount <= room, || ERC4626ExceededMaxDeposit { receiver, assets, max: uint(room) })?;
        let shares = to_shares(amount, self.shares.supply(), nav, Rounding::Down)?;

        self.take_deposit(amount, shares, receiver)?;
        lock::release();
        Ok(uint(shares))
    }

    fn max_mint(&self, _receiver: Address) -> Result<U256> {
        match self.open_room()? {
            (_, 0) => Ok(U256::ZERO),
            (nav, room) => to_shares(room, self.shares.supply(), nav, Rounding::Down).map(uint),
        }
    }

    fn preview_mint(&self, shares: U256) -> Result<U256> {
        lock::check()?;
        to_assets(to_u128(shares).or_overflow()?, self.shares.supply(), self.deposit_nav()?, Rounding::Up)
            .map(uint)
    }

    fn mint(&mut self, shares: U256, receiver: Address) -> Result<U256> {
        lock::take()?;
        self.require_unpaused()?;
        let nav = self.deposit_nav()?;
        let (amount, room) = (to_u128(shares).or_overflow()?, self.room(nav));
        let assets = to_assets(amount, self.shares.supply(), nav, Rounding::Up)?;
        let max = to_shares(room, self.shares.supply(), nav, Rounding::Down)?;
        ensure(assets <= room, || ERC4626ExceededMaxMint { receiver, shares, max: uint(max) })?;

        self.take_deposit(assets, amount, receiver)?;
        lock::release();
        Ok(uint(assets))
    }

    fn max_withdraw(&self, controller: Address) -> U256 {
        uint(self.claimable(controller).1)
    }

    fn max_redeem(&self, controller: Address) -> U256 {
        uint(self.claimable(controller).0)
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
        let (claimable_shares, claimable_assets) = self.claimable(controller);
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
        let (claimable_shares, claimable_assets) = self.claimable(controller);
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
        self.request(shares, controller, owner)?;
        lock::release();
        Ok(U256::ZERO)
    }

    fn pending_redeem_request(&self, _request_id: U256, controller: Address) -> U256 {
        uint(self.pending(controller))
    }

    fn claimable_redeem_request(&self, _request_id: U256, controller: Address) -> U256 {
        uint(self.claimable(controller).0)
    }

    fn process_redemption(&mut self, controller: Address) -> Result<(U256, U256)> {
        lock::take()?;
        let (shares, assets) = self.process(controller)?;
        lock::release();
        Ok((uint(shares), uint(assets)))
    }

    fn redeem_delay(&self) -> U256 {
        uint(self.settings().profile.redeemDelay.into())
    }
}
