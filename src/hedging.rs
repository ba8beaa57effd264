//! Custody of the hedges. One goes through an allow-listed venue, at a price no worse than the slippage cap round the feed's, and counts for
//! what the vault's own balances say it did. When and which way is the desk's to say (`desk`); claims that are short of cash sell by the default
//! route.

use alloy_primitives::{Address, FixedBytes, B256, I256, U256};
use interfaces::desk::IHedgeFiller::onHedgeFillCall;
use interfaces::vault::IVault::{
    Hedged, InsufficientCash, InsufficientLiquidity, SlippageAboveCap, VenueFailed, VenueNotAllowed,
    VenueUnderfilled,
};
use interfaces::venue::IHedgeVenue;
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;

use crate::amounts::{int, to_i128, to_u128, uint, MILLION, WAD, WAD_PER_MICRO, WAD_PER_PRICE};
use crate::error::{calldata, emit, ensure, fail, OrOverflow, Result};
use crate::governance::usable;
use crate::liquidity::positive;
use crate::state::{decrease, increase, small, word64, Session, Vault};

/// Who takes the other side of a hedge.
pub(crate) enum Party {
    /// An allow-listed venue: it is sent the vault's side, called, and what it did is measured.
    Venue(Address),
    /// Whoever fills: the vault's side goes to `receiver`, which is called if there is `data` for it, and the other side is `payer`'s, who must allow the
    /// desk to take it, too.
    Filler { payer: Address, receiver: Address, data: B256 },
}

impl Party {
    fn address(&self) -> Address {
        let (Self::Venue(to) | Self::Filler { receiver: to, .. }) = *self;
        to
    }
}

impl Vault {
    /// Token units of a size with 18 decimals, towards zero.
    fn token_units(&self, size: i128) -> Result<u128> {
        let grain = WAD.checked_div(self.hedge_unit()?).or_overflow()?;
        size.unsigned_abs().checked_div(grain).or_overflow()
    }

    fn require_venue(&self, venue: Address, now: u64) -> Result<()> {
        let allowed_from = word64(self.venues.get(venue));
        ensure(usable(allowed_from, now), || VenueNotAllowed {
            venue,
            allowedFrom: uint(allowed_from.into()),
        })
    }

    /// Trades `size` (18 decimals) with `party` for at most or at least `limit`, and books what changed hands: the cash, and its value at the
    /// feed's price [micro-USD].
    pub(crate) fn hedge_with(
        &mut self,
        session: &Session,
        party: &Party,
        size: I256,
        limit: U256,
    ) -> Result<(u128, u128)> {
        if let Party::Venue(venue) = party {
            self.require_venue(*venue, session.now)?;
        }
        let buying = !size.is_negative();
        let units = self.token_units(to_i128(size).or_overflow()?)?;
        let (worst, limit) = (worst_price(session, buying)?, to_u128(limit).unwrap_or(u128::MAX));
        let cap = self.cash_at(units, worst, buying)?;
        let limit = if buying { cap.min(limit) } else { cap.max(limit) };

        let (filled, cash) = self.swap(party, buying, units, limit)?;
        ensure(filled == units, || VenueUnderfilled { size, filled: uint_to_int(filled) })?;
        let price = self.price_of(cash, filled)?;
        let within = if buying { cash <= limit } else { cash >= limit };
        ensure(within, || SlippageAboveCap { price: uint(price), worst: uint(worst) })?;
        self.book_hedge(buying, filled, cash)?;
        self.say_hedged(party, size, price)?;
        Ok((cash, self.cash_at(units, spot(session)?, true)?))
    }

    fn say_hedged(&self, party: &Party, size: I256, price: u128) -> Result<()> {
        let (caller, position) = (self.vm().msg_sender(), int(self.hedge_size()?));
        emit(self.vm(), &Hedged { caller, venue: party.address(), size, price: uint(price), position });
        Ok(())
    }

    /// Cash for token units at a price with 18 decimals, rounded against the caller: the cap is down to buy, up to sell.
    fn cash_at(&self, units: u128, price: u128, buying: bool) -> Result<u128> {
        let scale = self.hedge_unit()?.checked_mul(WAD_PER_MICRO).or_overflow()?;
        let cash = if buying { maths::mul_div_down } else { maths::mul_div_up };
        cash(units, price, scale).or_overflow()
    }

    /// Price with 18 decimals that `cash` for `units` comes to.
    fn price_of(&self, cash: u128, units: u128) -> Result<u128> {
        let scale = self.hedge_unit()?.checked_mul(WAD_PER_MICRO).or_overflow()?;
        Ok(maths::mul_div_down(cash, scale, units.max(1)).unwrap_or(u128::MAX))
    }

    fn book_hedge(&mut self, buying: bool, filled: u128, cash: u128) -> Result<()> {
        if buying {
            increase(&mut self.hedge, filled)?;
            self.debit_cash(cash)
        } else {
            decrease(&mut self.hedge, filled)?;
            self.credit_cash(cash)
        }
    }

    /// Trades token units against at most or at least `limit`: (underlying, USDC) that changed hands.
    fn swap(&mut self, party: &Party, buying: bool, units: u128, limit: u128) -> Result<(u128, u128)> {
        let (vm, asset, underlying) = (self.vm().clone(), self.asset_token(), self.underlying_token());
        if buying {
            self.need_free(limit)?;
        }
        let (needed, available) =
            if buying { (limit, positive(&self.free_cash()?)) } else { (units, small(self.hedge.get())) };
        ensure(needed <= available, || InsufficientLiquidity {
            needed: uint(needed),
            available: uint(available),
        })?;
        let (gives, takes, taken) =
            if buying { (asset, underlying, units) } else { (underlying, asset, limit) };
        let size = if buying { uint_to_int(units) } else { uint_to_int(units).wrapping_neg() };
        match *party {
            Party::Venue(venue) => {
                let vault = vm.contract_address();
                let before = [asset.balance(&vm, vault)?, underlying.balance(&vm, vault)?];
                gives.push(&vm, venue, needed)?;
                self.call(venue, &calldata(&IHedgeVenue::hedgeCall { size, cashLimit: uint(limit) }))?;
                let after = [asset.balance(&vm, vault)?, underlying.balance(&vm, vault)?];
                let ([cash, held], [cash_before, held_before]) =
                    if buying { (before, after) } else { (after, before) };
                Ok((held_before.saturating_sub(held), cash.saturating_sub(cash_before)))
            }
            Party::Filler { payer, receiver, data } => {
                gives.push(&vm, receiver, needed)?;
                if !data.is_zero() {
                    self.call(receiver, &calldata(&onHedgeFillCall { size, cash: uint(limit), data }))?;
                }
                // What the payer lets the vault take is for trades and deposits as well: only who lets the desk take as much has asked it to fill.
                let allowed = takes.allowance(&vm, payer, vm.msg_sender())?;
                if allowed < taken {
                    takes.short(taken, allowed)?;
                }
                takes.pull(&vm, payer, taken)?;
                Ok((units, limit))
            }
        }
    }

    /// Calls whoever takes the other side.
    fn call(&self, venue: Address, data: &[u8]) -> Result<()> {
        let call = RawCall::new(self.vm()).limit_return_data(0, 4).flush_storage_cache();
        // SAFETY: the storage cache is flushed first and the lock keeps the callee out of the vault's storage.
        let Err(data) = (unsafe { call.call(venue, data) }) else { return Ok(()) };
        let reason = data.first_chunk::<4>().copied().unwrap_or_default();
        fail(VenueFailed { venue, reason: FixedBytes(reason) })
    }

    /// Makes sure that `amount` of USDC is there, from the pool and, short of that, by selling hedges through the default venue. It needs a
    /// price only for these.
    pub(crate) fn raise_cash(&mut self, amount: u128) -> Result<()> {
        let mut available = small(self.cash.get());
        if available >= amount {
            return Ok(());
        }
        self.need_cash(i128::try_from(amount.saturating_sub(available)).or_overflow()?)?;
        available = small(self.cash.get());
        if available >= amount {
            return Ok(());
        }
        let short = InsufficientCash { needed: uint(amount), available: uint(available) };
        let session = self.priced()?;
        let missing = amount.checked_sub(available).or_overflow()?;
        let worst = worst_price(&session, false)?;
        let scale = self.hedge_unit()?.checked_mul(WAD_PER_MICRO).or_overflow()?;
        let units = maths::mul_div_up(missing, scale, worst).or_overflow()?;
        ensure(units <= small(self.hedge.get()), || short)?;
        let (size, venue) = (uint_to_int(self.wad_units(units)?).wrapping_neg(), self.default_venue.get());
        self.hedge_with(&session, &Party::Venue(venue), size, uint(missing)).map(|_| ())
    }

    /// Hedges held, 18 decimals.
    pub(crate) fn hedge_size(&self) -> Result<i128> {
        i128::try_from(self.wad_units(small(self.hedge.get()))?).or_overflow()
    }

    fn wad_units(&self, units: u128) -> Result<u128> {
        units.checked_mul(WAD.checked_div(self.hedge_unit()?).or_overflow()?).or_overflow()
    }
}

/// The feed's price [18 decimals].
fn spot(session: &Session) -> Result<u128> {
    u128::from(session.price.spot).checked_mul(WAD_PER_PRICE).or_overflow()
}

/// The worst price that a hedge may pay or take: the slippage cap round the feed's [18 decimals].
fn worst_price(session: &Session, buying: bool) -> Result<u128> {
    let slip = u128::from(session.profile.maxSlippage);
    let factor = if buying { MILLION.checked_add(slip) } else { MILLION.checked_sub(slip) };
    maths::mul_div_down(spot(session)?, factor.or_overflow()?, MILLION).or_overflow()
}

fn uint_to_int(number: u128) -> I256 {
    int(i128::try_from(number).unwrap_or(i128::MAX))
}
