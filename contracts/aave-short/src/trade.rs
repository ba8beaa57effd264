//! Selling and buying back, in rounds.

use alloy_primitives::{I256, U256};
use interfaces::contract::adapter::{check_margin, price_of, signed, units_of};
use interfaces::contract::{ensure, fail, OrOverflow as _, Result};
use interfaces::position::IPositionVenue::{MarginOutOfRange, MarginTooLow, NothingToAdjust, SizeOutOfRange};
use interfaces::words::{int, to_u128, uint};
use maths::{mul_div_down, mul_div_up};

use crate::position::PER_MICRO;
use crate::AaveShort;

/// Most rounds of a trade. A position at a floor of 1.05 is closed out of itself in eight.
const ROUNDS: u32 = 8;
/// Health factor that is kept while a position is closed out of itself: Aave refuses under one.
const BARELY: u128 = 1_000_100_000_000_000_000;

impl AaveShort {
    /// Does the whole of a trade; the USDC that it brought or cost.
    pub(crate) fn trade(&self, size: I256, price: U256, limit: U256, margin: I256) -> Result<u128> {
        ensure(!size.is_zero() || !margin.is_zero(), || NothingToAdjust {})?;
        let (price, limit) = (price_of(price)?, price_of(limit)?);
        check_margin(margin, || self.idle())?;
        let units = units_of(size, self.grain())?;
        let cash = if size.is_negative() {
            self.sell(units, limit, size)?
        } else if units > 0 {
            self.buy(units, limit, size)?
        } else {
            self.lend()?;
            0
        };
        if margin.is_negative() {
            self.release(margin)?;
        }
        if size.is_negative() || margin.is_negative() {
            self.check_health(Some(price))?;
        }
        Ok(cash)
    }

    /// Borrows and sells `units`, each round as many as the collateral carries with what the rounds before brought.
    fn sell(&self, units: u128, limit: u128, size: I256) -> Result<u128> {
        let (mut left, mut brought) = (units, 0_u128);
        self.lend()?;
        for _ in 0..ROUNDS {
            let part = left.min(self.borrowable()?);
            if part == 0 {
                break;
            }
            self.borrow(part)?;
            let least = mul_div_up(self.size_of(part)?, limit, PER_MICRO).or_overflow()?;
            brought = brought.checked_add(self.sell_units(part, least)?).or_overflow()?;
            self.lend()?;
            left = left.checked_sub(part).or_overflow()?;
            if left == 0 {
                return Ok(brought);
            }
        }
        self.refuse(size, units, left)
    }

    /// Buys back and repays `units`, each round as many as idle USDC and free collateral pay for at the limit.
    fn buy(&self, units: u128, limit: u128, size: I256) -> Result<u128> {
        let owed = self.owed()?;
        if units > owed {
            let most = int_of(self.size_of(owed)?)?;
            return fail(SizeOutOfRange { size, least: I256::MIN, most });
        }
        let (mut left, mut paid) = (units, 0_u128);
        for _ in 0..ROUNDS {
            let part = self.affordable(left, limit)?;
            if part == 0 {
                break;
            }
            let most = mul_div_up(self.size_of(part)?, limit, PER_MICRO).or_overflow()?;
            paid = paid.checked_add(self.buy_units(part, most)?).or_overflow()?;
            self.repay(part)?;
            left = left.checked_sub(part).or_overflow()?;
            if left == 0 {
                if units < owed {
                    self.lend()?;
                }
                return Ok(paid);
            }
        }
        self.refuse(size, units, left)
    }

    /// Draws what `left` units cost at the limit, or all that is free; the units that what lies here then pays for.
    fn affordable(&self, left: u128, limit: u128) -> Result<u128> {
        let cost = mul_div_up(self.size_of(left)?, limit, PER_MICRO).or_overflow()?;
        let short = cost.saturating_sub(self.idle()?);
        if short > 0 {
            self.draw(short.min(self.free(BARELY)?))?;
        }
        let idle = self.idle()?;
        if idle >= cost {
            return Ok(left);
        }
        let size = mul_div_down(idle, PER_MICRO, limit).or_overflow()?;
        size.checked_div(self.grain()).or_overflow()
    }

    /// Frees margin: it lies here until it is withdrawn.
    fn release(&self, margin: I256) -> Result<()> {
        let most = self.free(self.floor())?;
        let wanted = to_u128(margin.unsigned_abs()).filter(|wanted| *wanted <= most);
        match wanted {
            Some(wanted) => self.draw(wanted),
            None => fail(MarginOutOfRange { margin, most: uint(most) }),
        }
    }

    fn refuse<T>(&self, size: I256, units: u128, left: u128) -> Result<T> {
        let done = int_of(self.size_of(units.saturating_sub(left))?)?;
        let done = if size.is_negative() { done.checked_neg() } else { Some(done) };
        fail(MarginTooLow { size, done: done.or_overflow()? })
    }
}

fn int_of(size: u128) -> Result<I256> {
    signed(size).map(int)
}
