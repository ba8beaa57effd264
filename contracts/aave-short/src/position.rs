//! What the position is worth, and what its collateral allows.
//!
//! Inside: USDC in 6 decimals, token units of the underlying, Aave's base currency in 8 decimals, prices in 18; all u128.

use alloy_primitives::U256;
use interfaces::contract::adapter::{price_of, signed};
use interfaces::contract::{ensure, OrOverflow as _, Result};
use interfaces::position::IPositionVenue::{HealthTooLow, State};
use interfaces::words::{int, uint};
use maths::{mul_div_down, mul_div_up};

use crate::aave::Account;
use crate::AaveShort;

/// 1.0 with 18 decimals.
pub(crate) const WAD: u128 = 1_000_000_000_000_000_000;
/// 18-decimal size times 18-decimal price in a micro-USD.
pub(crate) const PER_MICRO: u128 = 1_000_000_000_000_000_000_000_000_000_000;
/// The same in a unit of Aave's base currency.
const PER_BASE: u128 = 10_000_000_000_000_000_000_000_000_000;
const MILLION: u128 = 1_000_000;
/// Aave's parts of collateral are in 1e-4.
const PARTS: u128 = 10_000;
/// Base units that Aave's own rounding may go against us by.
const SLACK: u128 = 2;

impl AaveShort {
    /// Least health factor, 18 decimals.
    pub(crate) fn floor(&self) -> u128 {
        let [floor] = self.floor.get().into_limbs();
        floor.into()
    }

    /// 18-decimal size of token units.
    pub(crate) fn size_of(&self, units: u128) -> Result<u128> {
        let [grain] = self.grain.get().into_limbs();
        units.checked_mul(grain.into()).or_overflow()
    }

    /// 18-decimal units in a token unit.
    pub(crate) fn grain(&self) -> u128 {
        let [grain] = self.grain.get().into_limbs();
        grain.into()
    }

    /// The position, without what could be withdrawn.
    pub(crate) fn read_state(&self, price: U256) -> Result<State> {
        let price = price_of(price)?;
        let size = self.size_of(self.owed()?)?;
        let (lent, idle) = (self.lent()?, self.idle()?);
        let [haircut] = self.haircut.get().into_limbs();
        let dearer = MILLION.checked_add(haircut.into()).or_overflow()?;
        let cost = mul_div_up(size, price, PER_MICRO).or_overflow()?;
        let cost = mul_div_up(cost, dearer, MILLION).or_overflow()?;
        let held = lent.checked_add(idle).or_overflow()?;
        let (held, cost, size) = (signed(held)?, signed(cost)?, signed(size)?);
        Ok(State {
            size: int(size.checked_neg().or_overflow()?),
            equity: int(held.checked_sub(cost).or_overflow()?),
            withdrawable: U256::ZERO,
            pending: int(0),
            pendingSince: U256::ZERO,
        })
    }

    /// USDC that can leave the collateral with the health factor at least `floor`, and that Aave has.
    pub(crate) fn free(&self, floor: u128) -> Result<u128> {
        let (lent, account) = (self.lent()?, self.account()?);
        let most = lent.min(self.liquid()?);
        if account.debt == 0 {
            return Ok(most);
        }
        let Some(needed) = needed(&account, floor) else { return Ok(0) };
        let spare = account.collateral.saturating_sub(needed.saturating_add(SLACK));
        let free = mul_div_down(spare, lent, account.collateral.max(1)).or_overflow()?;
        Ok(free.min(most))
    }

    /// Token units that the collateral carries besides what is owed, within Aave's limit for borrowing.
    pub(crate) fn borrowable(&self) -> Result<u128> {
        let base = self.account()?.borrowable.saturating_sub(SLACK);
        let size = mul_div_down(base, PER_BASE, self.aave_price()?.checked_mul(BASE_TO_WAD).or_overflow()?);
        size.or_overflow()?.checked_div(self.grain()).or_overflow()
    }

    /// Refuses a position whose health is under the floor, at Aave's price and at `price` if there is one.
    pub(crate) fn check_health(&self, price: Option<u128>) -> Result<()> {
        let (account, floor) = (self.account()?, self.floor());
        let mut health = account.health;
        if let Some(price) = price {
            let debt = mul_div_up(self.size_of(self.owed()?)?, price, PER_BASE).or_overflow()?;
            if debt > account.debt {
                let carried = mul_div_down(account.collateral, account.threshold, PARTS).or_overflow()?;
                health = health.min(uint(mul_div_down(carried, WAD, debt).or_overflow()?));
            }
        }
        ensure(health >= uint(floor), || HealthTooLow { health, floor: uint(floor) })
    }
}

/// 18-decimal price units in one of Aave's.
const BASE_TO_WAD: u128 = 10_000_000_000;

/// Collateral with which the debt has the health factor `floor`, in Aave's base currency; none when no collateral has.
fn needed(account: &Account, floor: u128) -> Option<u128> {
    let parts = mul_div_up(account.debt, PARTS, account.threshold)?;
    mul_div_up(parts, floor, WAD)
}
