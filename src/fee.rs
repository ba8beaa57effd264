//! The performance fee: part of the gain per share above a high-water mark, paid to the owner in new shares. Off unless the limits name it.
//!
//! The gain counts at the low mark, so neither unvested spread nor the risk reserve pays a fee, and on shares that exist, not on virtual
//! ones. It is due at every deposit and every processing, before the share is priced; views price it in.

use interfaces::erc4626::IERC4626::PerformanceFeePaid;
use interfaces::vault::IVault::Limits;
use stylus_sdk::prelude::*;

use crate::amounts::{uint, MILLION, WAD};
use crate::error::{emit, OrOverflow, Result};
use crate::liquidity::positive;
use crate::nav::NavParts;
use crate::shares::{self, to_shares, Rounding};
use crate::state::{small, wide, Vault};

/// Price of a share before any gain: virtual assets over virtual shares [1e-18 micro-USD for a unit of a share]
const PAR: u128 = 1_000_000_000_000;

/// The fee that is due.
pub(crate) struct Fee {
    /// Shares for the owner.
    shares: u128,
    /// The high-water mark once it is paid.
    mark: u128,
    /// Supply once it is paid.
    pub(crate) supply: u128,
}

impl Fee {
    /// No fee.
    pub(crate) fn none(supply: u128) -> Self {
        Self { shares: 0, mark: 0, supply }
    }
}

impl Vault {
    /// The fee that is due at `nav`.
    pub(crate) fn fee(&self, limits: &Limits, nav: &NavParts) -> Result<Fee> {
        let supply = self.shares.supply();
        if limits.performanceFee == 0 {
            return Ok(Fee::none(supply));
        }
        let low = positive(&nav.low());
        let mark = small(self.high_water.get()).max(PAR);
        let gain = shares::price(supply, low, Rounding::Down)?.saturating_sub(mark);
        let gain = maths::mul_div_down(gain, supply, WAD).or_overflow()?;
        let assets = maths::mul_div_down(gain, limits.performanceFee.into(), MILLION).or_overflow()?;
        let shares = to_shares(assets, supply, low.saturating_sub(assets), Rounding::Down)?;
        if shares == 0 {
            return Ok(Fee::none(supply));
        }
        let supply = supply.checked_add(shares).or_overflow()?;
        Ok(Fee { shares, mark: shares::price(supply, low, Rounding::Up)?, supply })
    }

    /// Pays the fee.
    pub(crate) fn pay_fee(&mut self, fee: &Fee) -> Result<()> {
        if fee.shares == 0 {
            return Ok(());
        }
        let (vm, owner) = (self.vm().clone(), self.owner());
        self.shares.mint(&vm, owner, fee.shares)?;
        self.high_water.set(wide(fee.mark));
        emit(&vm, &PerformanceFeePaid { owner, shares: uint(fee.shares), highWaterMark: uint(fee.mark) });
        Ok(())
    }
}
