//! Placing an order.

use alloy_primitives::{B256, I256, U256};
use interfaces::contract::adapter::{check_margin, price_of, signed, units_of};
use interfaces::contract::callee::Callee;
use interfaces::contract::{emit, ensure, fail, OrOverflow as _, Result};
use interfaces::perp::IPerpVenue::ZeroFee;
use interfaces::position::IPositionVenue::{MarginOutOfRange, NothingToAdjust, OrderPlaced, SizeOutOfRange};
use interfaces::words::{int, to_u128, uint};
use maths::{mul_div_down, mul_div_up};
use stylus_sdk::prelude::*;

use crate::exchange::Ticket;
use crate::position::Side;
use crate::PerpVenue;

/// A size's and a price's 18 decimals each to the 30 of a dollar, and a price's to the exchange's.
const MILLION: u128 = 1_000_000;

impl PerpVenue {
    /// Turns a trade into an order and places it; its key.
    pub(crate) fn place(&mut self, size: I256, price: U256, limit: U256, margin: I256) -> Result<B256> {
        ensure(!size.is_zero() || !margin.is_zero(), || NothingToAdjust {})?;
        let (price, exact) = (price_of(price)?, price_of(limit)?);
        self.make_way()?;
        check_margin(margin, || self.idle())?;
        let sides = self.sides()?;
        let [long, short] = &sides;
        let flat = long.tokens == 0 && short.tokens == 0;
        // Margin alone needs a position to go to.
        ensure(!size.is_zero() || !flat, || NothingToAdjust {})?;
        let ticket = match self.opposite(size, margin, long, short) {
            Some(side) => self.decrease(size, exact, margin, side)?,
            None => self.increase(size, price, exact, margin, short.tokens > 0)?,
        };
        // What was sent with this call lies here already.
        let fee = self.vm().balance(self.vm().contract_address()).min(self.max_fee.get());
        ensure(!fee.is_zero(), || ZeroFee {})?;
        let key = self.create(&ticket, fee)?;
        if key.is_zero() || !self.is_open(key)? {
            return Callee(self.router.get()).answered_badly(&CREATE);
        }
        self.remember(key);
        emit(self.vm(), &OrderPlaced { key, size, limitPrice: limit, margin });
        Ok(key)
    }

    /// The position that a trade makes smaller; none when it makes one larger or opens one.
    fn opposite<'a>(&self, size: I256, margin: I256, long: &'a Side, short: &'a Side) -> Option<&'a Side> {
        let buys = size.is_positive();
        if size.is_zero() {
            let held = if short.tokens > 0 { short } else { long };
            return margin.is_negative().then_some(held);
        }
        let against = if buys { short } else { long };
        (against.tokens > 0).then_some(against)
    }

    fn increase(&self, size: I256, price: u128, limit: u128, margin: I256, is_short: bool) -> Result<Ticket> {
        ensure(!margin.is_negative(), || MarginOutOfRange { margin, most: U256::ZERO })?;
        units_of(size, self.grain())?;
        let wanted = to_u128(size.unsigned_abs()).or_overflow()?;
        let long = size.is_positive() || (size.is_zero() && !is_short);
        Ok(Ticket {
            increase: true,
            long,
            usd: mul_div_down(wanted, price, MILLION).or_overflow()?,
            collateral: to_u128(margin.into_raw()).or_overflow()?,
            acceptable: self.acceptable(size, limit, long)?,
        })
    }

    fn decrease(&self, size: I256, limit: u128, margin: I256, side: &Side) -> Result<Ticket> {
        let is_long = side.long;
        let units = units_of(size, self.grain())?;
        if units > side.tokens {
            let held = int(signed(side.tokens.checked_mul(self.grain()).or_overflow()?)?);
            let (least, most) =
                if is_long { (held.checked_neg().or_overflow()?, I256::MAX) } else { (I256::MIN, held) };
            return fail(SizeOutOfRange { size, least, most });
        }
        let freed = if margin.is_negative() { to_u128(margin.unsigned_abs()).or_overflow()? } else { 0 };
        let most = side.collateral;
        ensure(freed <= most, || MarginOutOfRange { margin, most: uint(most) })?;
        let usd = if units == side.tokens {
            side.usd
        } else {
            mul_div_down(side.usd, units, side.tokens).or_overflow()?
        };
        let acceptable = self.acceptable(size, limit, !is_long)?;
        Ok(Ticket { increase: false, long: is_long, usd, collateral: freed, acceptable })
    }

    /// A limit in the exchange's decimals, 30 less the token's, rounded so that it is no looser. None binds what trades nothing.
    fn acceptable(&self, size: I256, limit: u128, buys: bool) -> Result<u128> {
        if size.is_zero() {
            return Ok(if buys { u128::MAX } else { 0 });
        }
        let round = if buys { mul_div_down } else { mul_div_up };
        round(limit, self.grain(), MILLION).or_overflow()
    }
}

/// Selector of `createOrder`, for the error that it answers badly.
const CREATE: [u8; 4] =
    <interfaces::external::IPerpRouter::createOrderCall as alloy_sol_types::SolCall>::SELECTOR;
