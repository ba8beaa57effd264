//! Quotes and trades: one computation for both.
//!
//! premium = value of the legs at mid + J(after) - J(before) + spread floor, rounded against the trader, and never better for the trader
//! than the static bounds. J is a function of the state, so a cycle of trades at one market state sums to its spreads and roundings.

use alloc::vec::Vec;

use ::book::{Order, Place, Stored};
use alloy_primitives::{aliases::U80, Address, B256, I256, U256};
use interfaces::vault::IVault::{
    self, DeadlinePassed, DuplicateLeg, Leg, NoLegs, PremiumAboveLimit, PremiumPaid, SeriesExpired,
    SizeAboveLimit, SizeNotWholeLots, SurfaceMissing, SurfaceStale, TooManyLegs, Traded, UnknownSeries,
    ZeroSize,
};
use inventory::Quote;
use stylus_sdk::prelude::*;

use crate::amounts::{int, to_i128, uint, WAD_PER_PRICE};
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::lock;
use crate::positions::parse;
use crate::risk::{young_place, Offer};
use crate::state::{Session, Vault};
use crate::throttle::{self, Admitted};

/// Most legs of one trade.
const MAX_LEGS: usize = 8;

/// A leg that names a listed series and whole lots.
struct Placed {
    series: U256,
    order: Order,
}

/// For whom a trade is done.
#[derive(Clone, Copy)]
pub(crate) enum For {
    /// A holder, who gets what is bought; what is sold is the caller's.
    Holder(Address),
    /// A margin account, which writes what is sold and closes what is bought. The caller is the margin contract.
    Account(Address),
}

/// A quote with everything that the trade will need.
struct Ticket {
    quote: Quote,
    legs: Vec<Placed>,
    opens_risk: bool,
    admitted: Admitted,
    /// The recent trades with this one, as they are stored.
    young: B256,
}

impl Vault {
    fn price_legs(&self, session: &Session, legs: &[Leg]) -> Result<Ticket> {
        ensure(!legs.is_empty(), || NoLegs {})?;
        ensure(legs.len() <= MAX_LEGS, || TooManyLegs {
            legs: uint(u128::try_from(legs.len()).unwrap_or(u128::MAX)),
            limit: uint(8),
        })?;
        let stored = self.stored(session)?;
        let legs = placed(session, &stored, legs)?;
        let offer = self.offer(session, legs.iter().map(|leg| leg.order).collect(), stored)?;
        let admitted = self.admit(session, &offer, legs.iter().map(|leg| leg.series))?;
        let opens_risk = legs.iter().any(|leg| leg.order.lots > 0);
        let Offer { quote, young, .. } = offer;
        Ok(Ticket { quote, legs, opens_risk, admitted, young })
    }

    pub(crate) fn trade_at(
        &mut self,
        session: &Session,
        legs: &[Leg],
        max_premium: I256,
        whose: For,
        deadline: U256,
    ) -> Result<I256> {
        let timestamp = uint(session.now.into());
        ensure(timestamp <= deadline, || DeadlinePassed { deadline, timestamp })?;
        let ticket = self.price_legs(session, legs)?;
        if ticket.opens_risk {
            self.require_unpaused()?;
        }
        let premium = int(ticket.quote.premium);
        ensure(premium <= max_premium, || PremiumAboveLimit { premium, limit: max_premium })?;

        self.execute(session, &ticket, whose)?;
        Ok(premium)
    }

    fn execute(&mut self, session: &Session, ticket: &Ticket, whose: For) -> Result<()> {
        let vm = self.vm().clone();
        let payer = vm.msg_sender();
        let account = match whose {
            For::Holder(_) => payer,
            For::Account(account) => account,
        };
        for leg in &ticket.legs {
            self.take(leg, session.profile.lot, account, whose)?;
        }
        self.vest(session, ticket.legs.iter().map(|leg| leg.order.place.index), ticket.quote.spread)?;
        self.throttle.store(&ticket.admitted, session.now32()?);
        self.young.setter(young_place(session)?).or_overflow()?.set(ticket.young);
        let paid = ticket.quote.premium.unsigned_abs();
        let pays = ticket.quote.premium > 0;
        if pays {
            self.credit_cash(paid)?
        } else {
            self.debit_free(paid)?
        }

        emit(
            &vm,
            &PremiumPaid {
                account,
                premium: int(ticket.quote.premium),
                value: int(ticket.quote.value),
                riskCharge: int(ticket.quote.charge),
                spread: uint(ticket.quote.spread),
                spot: uint(u128::from(session.price.spot).checked_mul(WAD_PER_PRICE).or_overflow()?),
            },
        );

        let asset = self.asset_token();
        if pays {
            asset.pull(&vm, payer, paid)
        } else {
            asset.push(&vm, payer, paid)
        }
    }

    /// Takes a leg into the book, against tokens of `account` or what it has written.
    fn take(&mut self, leg: &Placed, lot: u64, account: Address, whose: For) -> Result<()> {
        let Placed { series, order } = *leg;
        let vm = self.vm().clone();
        let amount = u128::from(lot).checked_mul(order.lots.unsigned_abs().into()).or_overflow()?;
        let bought = order.lots > 0;
        let lots = order.lots.checked_neg().or_overflow()?;
        match whose {
            For::Account(_) => {
                let header = self.book.header(order.place.index);
                self.margin.add(order.place, order.kind, lots, &header)?;
            }
            For::Holder(receiver) if bought => {
                self.positions.mint(&vm, receiver, series, uint(amount))?;
            }
            For::Holder(_) => self.positions.burn(&vm, account, series, uint(amount))?,
        }
        self.book.add(order.place, order.kind, lots)?;
        let size = i128::try_from(amount).or_overflow()?;
        let size = if bought { size } else { size.checked_neg().or_overflow()? };
        emit(&vm, &Traded { account, series, size: int(size) });
        Ok(())
    }
}

/// Reads the legs, no series twice.
fn placed(session: &Session, stored: &[Stored], legs: &[Leg]) -> Result<Vec<Placed>> {
    let mut placed: Vec<Placed> = Vec::with_capacity(legs.len());
    for leg in legs {
        let duplicate = placed.iter().any(|other| other.series == leg.series);
        ensure(!duplicate, || DuplicateLeg { series: leg.series })?;
        placed.push(Placed { series: leg.series, order: order(session, stored, leg)? });
    }
    Ok(placed)
}

/// Reads a leg: a listed series that has not expired, with a fresh slice, and whole lots within the limit.
fn order(session: &Session, stored: &[Stored], leg: &Leg) -> Result<Order> {
    let series = parse(leg.series)?;
    let expired = SeriesExpired { series: leg.series, timestamp: uint(session.now.into()) };
    ensure(u64::from(series.expiry) > session.now, || expired)?;
    let listed = stored.iter().find(|stored| stored.header.expiry == series.expiry);
    let found = listed.and_then(|stored| Some((stored, stored.header.grid.index_of(series.strike)?)));
    let (stored, strike) = found.ok_or(UnknownSeries { series: leg.series })?;
    let lots = whole_lots(session, leg)?;
    let slice = stored.slice.ok_or(SurfaceMissing { expiry: series.expiry.into() })?;
    let (age, max) = (session.now.saturating_sub(slice.updated_at.into()), session.profile.maxSurfaceAge);
    ensure(age < max.into(), || SurfaceStale {
        expiry: series.expiry.into(),
        updatedAt: uint(slice.updated_at.into()),
        maxAge: uint(max.into()),
    })?;
    Ok(Order { place: Place { index: stored.index, strike }, kind: series.kind, lots })
}

fn whole_lots(session: &Session, leg: &Leg) -> Result<i32> {
    let (lot, max) = (session.profile.lot, session.profile.maxSize);
    ensure(!leg.size.is_zero(), || ZeroSize { series: leg.series })?;
    let limit = uint(max.into());
    ensure(leg.size.unsigned_abs() <= limit, || SizeAboveLimit { size: leg.size.unsigned_abs(), limit })?;
    let size = to_i128(leg.size).or_overflow()?;
    let remainder = size.checked_rem(lot.into());
    ensure(remainder == Some(0), || SizeNotWholeLots { size: leg.size, lot: uint(lot.into()) })?;
    i32::try_from(size.checked_div(lot.into()).or_overflow()?).or_overflow()
}

/// Trades. `abi/IVault.sol` is the manual.
#[public]
pub trait Trading {
    /// The premium of a trade of these legs as one.
    fn quote(&self, legs: Vec<Leg>) -> Result<IVault::Quote>;
    /// Trades at the quote.
    fn trade(&mut self, legs: Vec<Leg>, max_premium: I256, receiver: Address, deadline: U256)
        -> Result<I256>;
    /// Trades at the quote, in one round of the feed alone.
    fn trade_in_round(
        &mut self,
        round_id: U80,
        legs: Vec<Leg>,
        max_premium: I256,
        receiver: Address,
        deadline: U256,
    ) -> Result<I256>;
}

#[public]
impl Trading for Vault {
    fn quote(&self, legs: Vec<Leg>) -> Result<IVault::Quote> {
        lock::check()?;
        let quote = self.price_legs(&self.session()?, &legs)?.quote;
        Ok(IVault::Quote {
            premium: int(quote.premium),
            value: int(quote.value),
            riskCharge: int(quote.charge),
            spread: uint(quote.spread),
        })
    }

    fn trade(
        &mut self,
        legs: Vec<Leg>,
        max_premium: I256,
        receiver: Address,
        deadline: U256,
    ) -> Result<I256> {
        lock::take()?;
        let session = self.session()?;
        let premium = self.trade_at(&session, &legs, max_premium, For::Holder(receiver), deadline)?;
        lock::release();
        Ok(premium)
    }

    fn trade_in_round(
        &mut self,
        round_id: U80,
        legs: Vec<Leg>,
        max_premium: I256,
        receiver: Address,
        deadline: U256,
    ) -> Result<I256> {
        lock::take()?;
        let session = self.session()?;
        let [low, high] = *round_id.as_limbs();
        throttle::check_round(&session, u128::from(high) << 64 | u128::from(low))?;
        let premium = self.trade_at(&session, &legs, max_premium, For::Holder(receiver), deadline)?;
        lock::release();
        Ok(premium)
    }
}
