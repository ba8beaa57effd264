//! Trades, margins, and what lies over.

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::SolCall;
use interfaces::broker::IBroker::{
    adjustCall, tendCall, Collected, LimitBeyondCap, NothingToCollect, NothingToTend, Traded, Venue,
    VenueCapExceeded, VenueNotAllowed,
};
use interfaces::contract::adapter::{price_of, signed};
use interfaces::contract::callee::Callee;
use interfaces::contract::token::Token;
use interfaces::contract::{calldata, emit, ensure, OrOverflow as _, Result};
use interfaces::position::IPositionVenue;
use interfaces::words::{int, to_i128, uint};
use maths::{mul_div_down, mul_div_up};
use stylus_sdk::prelude::*;

use crate::value::{value, State, MILLION};
use crate::Broker;

/// Methods that take ether: what a venue's keepers are paid.
pub(crate) const PAYABLE: [u32; 2] =
    [u32::from_be_bytes(adjustCall::SELECTOR), u32::from_be_bytes(tendCall::SELECTOR)];
/// A margin may be off by one part in this.
const TOLERANCE: u128 = 10;
/// A venue keeps no more of what it was sent than its bound times this: with it a position at the cap can be kept while the price takes two thirds of
/// its value.
const KEPT: u128 = 2;

/// A call to a venue.
struct Order {
    place: usize,
    entry: Venue,
    size: i128,
    limit: U256,
    /// USDC that the position gets, of what lies there and what is sent, or that it frees.
    margin: i128,
    /// USDC that is sent.
    sent: u128,
    /// The vault's [18 decimals]
    price: u128,
}

impl Broker {
    /// Trades at a venue, with the margin that the position then takes: the key of the order, and what was done at once.
    pub(crate) fn trade(&mut self, venue: Address, size: I256, limit: U256) -> Result<(B256, I256)> {
        let (place, entry) = self.known(venue)?;
        // Nobody is paid for what a venue that does not count says that it did.
        if self.counts(&entry) {
            self.require_desk()?;
        } else {
            self.require_guardian()?;
        }
        let (price, by) = (self.spot()?, to_i128(size).or_overflow()?);
        self.check_limit(by > 0, limit, price)?;
        let before = self.state(venue, price)?;
        let after = before.size.checked_add(by).or_overflow()?;
        let grows = after.unsigned_abs() > before.size.unsigned_abs();
        let (margin, sent) = if grows {
            self.check_growth(&entry, value(after, price)?)?;
            self.margin_for(venue, &before, margin_of(&entry, after, price)?)?
        } else {
            (0, 0)
        };
        let (key, filled) = self.send(Order { place, entry, size: by, limit, margin, sent, price })?;
        Ok((key, int(filled)))
    }

    /// Brings a position's margin to what it should be.
    pub(crate) fn put_right(&mut self, venue: Address) -> Result<B256> {
        let (place, entry) = self.known(venue)?;
        let price = self.spot()?;
        let state = self.state(venue, price)?;
        let State { size, equity, .. } = state;
        let wanted = margin_of(&entry, size, price)?;
        let (margin, sent) = match signed(wanted)?.checked_sub(equity).or_overflow()? {
            1.. => self.margin_for(venue, &state, wanted)?,
            // What can be collected needs no order.
            over => (over.saturating_add_unsigned(state.withdrawable).min(0), 0),
        };
        let off = margin.unsigned_abs() > wanted / TOLERANCE;
        // Nothing is sent to where nothing counts, or after what is lost.
        let helps = margin < 0 || (self.counts(&entry) && equity > 0);
        ensure(size != 0 && off && helps, || NothingToTend { equity: int(equity), margin: uint(wanted) })?;
        let order = Order { place, entry, size: 0, limit: uint(price), margin, sent, price };
        self.send(order).map(|(key, _)| key)
    }

    /// What a position must get to have `wanted`, of what lies at the venue, and what must be sent for it [micro-USD].
    fn margin_for(&self, venue: Address, state: &State, wanted: u128) -> Result<(i128, u128)> {
        let missing = signed(wanted)?.checked_sub(state.equity).or_overflow()?;
        let sent = u128::try_from(missing).unwrap_or_default();
        let short = missing.checked_add_unsigned(state.withdrawable).or_overflow()?;
        let lies = Token(self.asset.get()).balance(self.vm(), venue)?.checked_add(sent).or_overflow()?;
        Ok((short.min(signed(lies)?).max(0), sent))
    }

    /// Brings back all but the margin of the position.
    pub(crate) fn bring_back(&mut self, venue: Address) -> Result<U256> {
        let (place, entry) = self.known(venue)?;
        let price = self.spot()?;
        let State { size, equity, withdrawable, since, .. } = self.state(venue, price)?;
        let over = equity.checked_sub_unsigned(margin_of(&entry, size, price)?).or_overflow()?;
        let over =
            if size == 0 && since == 0 { withdrawable } else { u128::try_from(over).unwrap_or_default() };
        let amount = over.min(withdrawable);
        ensure(amount > 0, || NothingToCollect {})?;
        let counted = self.counted(&self.look(price)?, price)?;
        let data = calldata(&IPositionVenue::withdrawCall { amount: uint(amount) });
        Callee(venue).call(self.vm(), U256::ZERO, &data)?;
        emit(self.vm(), &Collected { venue, amount: uint(amount) });
        let part = if self.counts(&entry) { signed(amount)? } else { 0 };
        let left = counted.checked_sub(part).or_overflow()?;
        let kept = entry.kept.saturating_sub(u64::try_from(amount).unwrap_or(u64::MAX));
        self.store(place, &Venue { kept, ..entry })?;
        self.conclude(price, left, signed(amount)?.saturating_neg(), 0)?;
        Ok(uint(amount))
    }

    /// Makes a checkpoint, and tells the vault whether anything is held.
    pub(crate) fn refresh(&mut self) -> Result<()> {
        let price = self.spot()?;
        let counted = self.counted(&self.look(price)?, price)?;
        self.conclude(price, counted, 0, 0).map(|_| ())
    }

    /// Calls the venue, between the vault's margin before it and a checkpoint after it: the key of the order, and by how much more is held that counts.
    fn send(&mut self, order: Order) -> Result<(B256, i128)> {
        let Order { place, entry, size, limit, margin, sent, price } = order;
        let (venue, counts) = (entry.venue, self.counts(&entry));
        let before = self.look(price)?;
        let (counted, traded) = (self.counted(&before, price)?, value(size, price)?);
        if sent > 0 {
            let kept = u128::from(entry.kept).saturating_add(sent);
            let cap = self.bound(&entry).saturating_mul(KEPT);
            ensure(kept <= cap, || VenueCapExceeded { value: uint(kept), cap: uint(cap) })?;
            self.store(place, &Venue { kept: u64::try_from(kept).or_overflow()?, ..entry })?;
            self.move_margin(signed(sent)?, 0, true)?;
            Token(self.asset.get()).push(self.vm(), venue, sent)?;
        }
        let data = calldata(&IPositionVenue::adjustCall {
            size: int(size),
            price: uint(price),
            limitPrice: limit,
            margin: int(margin),
        });
        let key = B256::from(Callee(venue).call(self.vm(), self.vm().msg_value(), &data)?);
        emit(self.vm(), &Traded { venue, key, size: int(size), limitPrice: limit, margin: int(margin) });
        // What is only placed is not hedged yet, and what does not count never is.
        let traded = if key.is_zero() && counts { traded } else { 0 };
        let counted = if counts { counted.checked_add_unsigned(sent).or_overflow()? } else { counted };
        let after = self.conclude(price, counted, 0, traded)?;
        Ok((key, after.checked_sub(before.size).or_overflow()?))
    }

    /// Makes a checkpoint of positions that count for `counted` at most, and tells the vault what came back, what was hedged and what is held: the size
    /// that is.
    fn conclude(&mut self, price: u128, counted: i128, moved: i128, traded: u128) -> Result<i128> {
        let seen = self.look(price)?;
        self.note(&seen, price, seen.equity.min(counted))?;
        self.move_margin(moved, traded, seen.open)?;
        Ok(seen.size)
    }

    /// Refuses a limit further from the vault's price than the cap.
    fn check_limit(&self, buys: bool, limit: U256, price: u128) -> Result<()> {
        let [slip] = self.slip.get().into_limbs();
        let far = if buys { MILLION.checked_add(slip.into()) } else { MILLION.checked_sub(slip.into()) };
        let round = if buys { mul_div_down } else { mul_div_up };
        let worst = round(price, far.or_overflow()?, MILLION).or_overflow()?;
        let limit_price = price_of(limit)?;
        let within = if buys { limit_price <= worst } else { limit_price >= worst };
        ensure(within, || LimitBeyondCap { limitPrice: limit, worst: uint(worst) })
    }

    /// Refuses a position that a venue may not have.
    fn check_growth(&self, entry: &Venue, worth: u128) -> Result<()> {
        let (venue, from) = (entry.venue, entry.allowedFrom);
        let allowed = from != 0 && from <= self.vm().block_timestamp();
        ensure(allowed, || VenueNotAllowed { venue, allowedFrom: uint(from.into()) })?;
        let cap = u128::from(entry.cap).checked_mul(MILLION).or_overflow()?;
        ensure(worth <= cap, || VenueCapExceeded { value: uint(worth), cap: uint(cap) })
    }
}

/// Margin that a position takes [micro-USD].
fn margin_of(entry: &Venue, size: i128, price: u128) -> Result<u128> {
    mul_div_up(value(size, price)?, entry.margin.into(), MILLION).or_overflow()
}
