//! What the position is worth.
//!
//! Inside: USDC in 6 decimals, dollars of the exchange in 30, token units of the underlying, prices in 18; all u128.

use alloy_primitives::{Address, B256, I256, U256};
use interfaces::contract::adapter::{price_of, signed};
use interfaces::contract::token::Token;
use interfaces::contract::{OrOverflow as _, Result};
use interfaces::position::IPositionVenue::State;
use interfaces::words::{int, to_i128, uint};
use maths::{mul_div_down, mul_div_up};
use stylus_sdk::prelude::*;

use crate::PerpVenue;

/// 18-decimal size times 18-decimal price in a micro-USD, and 30-decimal factors' one.
const PER_MICRO: u128 = 1_000_000_000_000_000_000_000_000_000_000;
/// 30-decimal dollars in a micro-USD.
const USD_PER_MICRO: u128 = 1_000_000_000_000_000_000_000_000;
/// What is left of the decimals of funding by size when a factor's are gone.
const FUNDING_REST: u128 = 1_000_000_000_000_000;
const MILLION: u128 = 1_000_000;

/// A position of one side.
#[derive(Default)]
pub(crate) struct Side {
    pub(crate) long: bool,
    /// Dollars, 30 decimals.
    pub(crate) usd: u128,
    /// Token units.
    pub(crate) tokens: u128,
    pub(crate) collateral: u128,
    key: B256,
}

impl PerpVenue {
    /// 18-decimal units in a token unit.
    pub(crate) fn grain(&self) -> u128 {
        let [grain] = self.grain.get().into_limbs();
        grain.into()
    }

    /// The long and the short position.
    pub(crate) fn sides(&self) -> Result<[Side; 2]> {
        Ok([self.side(true)?, self.side(false)?])
    }

    fn side(&self, long: bool) -> Result<Side> {
        let own = self.vm().contract_address();
        let words = [own, self.market.get(), self.asset.get()].map(|address: Address| address.into_word());
        let [a, b, c] = words;
        let key = self.key(&[a, b, c, B256::with_last_byte(long.into())]);
        let tokens = self.number_of(key, "SIZE_IN_TOKENS")?;
        if tokens == 0 {
            return Ok(Side { long, key, ..Side::default() });
        }
        let usd = self.number_of(key, "SIZE_IN_USD")?;
        Ok(Side { long, usd, tokens, collateral: self.number_of(key, "COLLATERAL_AMOUNT")?, key })
    }

    pub(crate) fn read_state(&self, price: U256) -> Result<State> {
        let price = price_of(price)?;
        let (sides, order, idle) = (self.sides()?, self.open_order()?, self.idle()?);
        let spot = Token(self.underlying.get()).balance(self.vm(), self.vm().contract_address())?;
        let spot = spot.checked_mul(self.grain()).or_overflow()?;
        let sent = order.as_ref().map_or(0, crate::order::Open::sent);
        let mut equity = signed(idle.checked_add(sent).or_overflow()?)?;
        equity = equity.checked_add(signed(self.after_haircut(spot, price)?)?).or_overflow()?;
        let mut size = signed(spot)?;
        for side in &sides {
            let held = signed(side.tokens.checked_mul(self.grain()).or_overflow()?)?;
            size = if side.long { size.checked_add(held) } else { size.checked_sub(held) }.or_overflow()?;
            equity = equity.checked_add(self.worth_of(side, price)?).or_overflow()?;
        }
        let pending = match &order {
            Some(order) => {
                let (adds, pending) = order.pending(price, &sides, self.grain())?;
                let pending = signed(pending)?;
                if adds { Some(pending) } else { pending.checked_neg() }.or_overflow()?
            }
            None => 0,
        };
        Ok(State {
            size: int(size),
            equity: int(equity),
            withdrawable: uint(idle),
            pending: int(pending),
            pendingSince: if order.is_some() { uint(self.placed_at().into()) } else { U256::ZERO },
        })
    }

    /// Value of the underlying that lies here.
    fn after_haircut(&self, size: u128, price: u128) -> Result<u128> {
        let value = mul_div_down(size, price, PER_MICRO).or_overflow()?;
        let left = MILLION.saturating_sub(self.haircut_parts());
        mul_div_down(value, left, MILLION).or_overflow()
    }

    fn haircut_parts(&self) -> u128 {
        let [haircut] = self.haircut.get().into_limbs();
        haircut.into()
    }

    /// Collateral and profit of a position at `price`, less what it owes and the haircut.
    fn worth_of(&self, side: &Side, price: u128) -> Result<i128> {
        if side.tokens == 0 {
            return Ok(0);
        }
        let size = side.tokens.checked_mul(self.grain()).or_overflow()?;
        let (low, high) = (mul_div_down(size, price, PER_MICRO), mul_div_up(size, price, PER_MICRO));
        let (low, high) = (low.or_overflow()?, high.or_overflow()?);
        let entered = (side.usd.checked_div(USD_PER_MICRO), mul_div_up(side.usd, 1, USD_PER_MICRO));
        let (entered_low, entered_high) = (entered.0.or_overflow()?, entered.1.or_overflow()?);
        let (gets, pays) = if side.long { (low, entered_high) } else { (entered_low, high) };
        let haircut = mul_div_up(high, self.haircut_parts(), MILLION).or_overflow()?;
        let owes = self.owes(side, price)?.checked_add(haircut).or_overflow()?;
        let gets = signed(gets.checked_add(side.collateral).or_overflow()?)?;
        let pays = signed(pays.checked_add(owes).or_overflow()?)?;
        gets.checked_sub(pays).or_overflow()
    }

    /// Borrowing fees, funding fees and price impact that a position owes as of the last change of its market [USDC].
    fn owes(&self, side: &Side, price: u128) -> Result<u128> {
        let long = B256::with_last_byte(side.long.into());
        let (market, asset) = (self.market.get().into_word(), self.asset.get().into_word());
        let factor = self.number(self.key(&[self.name("CUMULATIVE_BORROWING_FACTOR"), market, long]))?;
        let factor = factor.saturating_sub(self.number_of(side.key, "BORROWING_FACTOR")?);
        let borrowing = mul_div_up(side.usd, factor, PER_MICRO).or_overflow()?;
        let borrowing = mul_div_up(borrowing, 1, USD_PER_MICRO).or_overflow()?;
        let funding = "FUNDING_FEE_AMOUNT_PER_SIZE";
        let rate = self.number(self.key(&[self.name(funding), market, asset, long]))?;
        let rate = rate.saturating_sub(self.number_of(side.key, funding)?);
        let funding = mul_div_up(side.usd, rate, PER_MICRO).or_overflow()?;
        let funding = mul_div_up(funding, 1, FUNDING_REST).or_overflow()?;
        let impact = self.impact(side, price)?;
        borrowing.checked_add(funding).and_then(|sum| sum.checked_add(impact)).or_overflow()
    }

    /// What price impact that is still to be settled costs; one that would pay counts for nothing.
    fn impact(&self, side: &Side, price: u128) -> Result<u128> {
        #[expect(clippy::disallowed_methods, reason = "an ABI word of an int256 is its two's complement")]
        let units = I256::from_raw(self.signed_of(side.key, "PENDING_IMPACT_AMOUNT")?);
        let units = to_i128(units).or_overflow()?;
        if units >= 0 {
            return Ok(0);
        }
        let size = units.unsigned_abs().checked_mul(self.grain()).or_overflow()?;
        mul_div_up(size, price, PER_MICRO).or_overflow()
    }
}
