//! Quotes and trades: one computation for both.
//!
//! premium = value of the legs at mid + J(after) - J(before) + spread floor, rounded against the trader, and never better for the trader
//! than the static bounds. J is a function of the state, so a cycle of trades at one market state sums to its spreads and roundings.

use alloc::vec::Vec;

use alloy_primitives::{Address, I256, U256};
use interfaces::vault::IVault::{
    DeadlinePassed, DuplicateLeg, InsufficientLiquidity, Leg, NoLegs, PremiumAboveLimit, PremiumPaid, Quote,
    SeriesExpired, SizeAboveLimit, SizeNotWholeLots, TooManyLegs, Traded, UnknownSeries, ZeroSize,
};
use options::{Kind, Quoted, Totals};
use stylus_sdk::prelude::*;

use crate::amounts::{int, to_i128, uint, WAD_PER_PRICE};
use crate::book::Place;
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::liquidity::{self, positive, Resources};
use crate::lock;
use crate::marking::{ExpiryMark, Mark, Position, Scale, ONE, WORD};
use crate::positions::parse;
use crate::profile;
use crate::state::{Session, Vault};

/// Most legs of one trade.
const MAX_LEGS: usize = 8;

/// A leg that names a listed series and whole lots.
struct Order {
    series: U256,
    place: Place,
    kind: Kind,
    /// Lots as the trader sees them: positive bought.
    lots: i32,
    quoted: Quoted,
}

/// A quote with everything that the trade will need.
struct Priced {
    premium: i128,
    value: i128,
    charge: i128,
    spread: i128,
    orders: Vec<Order>,
    opens_risk: bool,
}

impl Vault {
    fn price_legs(&self, session: &Session, legs: &[Leg]) -> Result<Priced> {
        ensure(!legs.is_empty(), || NoLegs {})?;
        ensure(legs.len() <= MAX_LEGS, || TooManyLegs {
            legs: uint(u128::try_from(legs.len()).unwrap_or(u128::MAX)),
            limit: uint(8),
        })?;
        let mut mark = self.mark_with_reserve(session)?;
        let orders = self.orders(session, &mark, legs)?;
        let before = mark.position()?;
        let trade = trade_position(&mark, &orders)?;
        for order in &orders {
            let lots = order.lots.checked_neg().or_overflow()?;
            mark.expiry(order.place.index)?.sums.add(lots, &order.quoted);
        }
        self.compose(session, &mark, &before, &trade, orders)
    }

    /// Puts the parts of the premium together and checks what the vault can hedge and pay after it.
    fn compose(
        &self,
        session: &Session,
        after: &Mark,
        before: &Position,
        trade: &Position,
        orders: Vec<Order>,
    ) -> Result<Priced> {
        let risk = profile::risk(&session.profile);
        let resources = self.resources(session)?;
        let position = after.position()?;
        let mid = after.spots.mid.scale;

        let value = value_of(&orders, mid)?;
        let coefficients = inventory::Coefficients::new(&risk);
        let j = |position: &Position| position.risk(&coefficients, resources.hedge);
        let charge = difference(j(&position)?, j(before)?)?;
        let notional = gross_notional(&orders, mid)?;
        let floor = inventory::spread_floor(&risk, &trade.exposure(0)?, notional).or_overflow()?;
        let floor = i128::try_from(floor).or_overflow()?;
        let fair = value.checked_add(charge).or_overflow()?;
        let quoted = fair.checked_add(floor).or_overflow()?;
        let premium = quoted.max(static_bound(after, &orders, session.profile.fee)?);
        let spread = premium.checked_sub(fair).or_overflow()?;

        check_limits(&resources, before, &position, premium)?;
        let opens_risk = orders.iter().any(|order| order.lots > 0);
        Ok(Priced { premium, value, charge, spread, orders, opens_risk })
    }

    fn orders(&self, session: &Session, mark: &Mark, legs: &[Leg]) -> Result<Vec<Order>> {
        let mut orders: Vec<Order> = Vec::with_capacity(legs.len());
        for leg in legs {
            let duplicate = orders.iter().any(|order| order.series == leg.series);
            ensure(!duplicate, || DuplicateLeg { series: leg.series })?;
            orders.push(order(session, mark, leg)?);
        }
        Ok(orders)
    }

    fn execute(&mut self, session: &Session, priced: &Priced, receiver: Address) -> Result<()> {
        let vm = self.vm().clone();
        let account = vm.msg_sender();
        let lot = u128::from(session.profile.lot);
        for order in &priced.orders {
            let amount = lot.checked_mul(order.lots.unsigned_abs().into()).or_overflow()?;
            let bought = order.lots > 0;
            if bought {
                self.positions.mint(&vm, receiver, order.series, uint(amount))?;
            } else {
                self.positions.burn(&vm, account, order.series, uint(amount))?;
            }
            self.book.add(order.place, order.kind, order.lots.checked_neg().or_overflow()?)?;
            let size = i128::try_from(amount).or_overflow()?;
            let size = if bought { size } else { size.checked_neg().or_overflow()? };
            emit(&vm, &Traded { account, series: order.series, size: int(size) });
        }
        self.vest(session, priced.orders.iter().map(|order| order.place.index), priced.spread)?;
        let paid = priced.premium.unsigned_abs();
        let pays = priced.premium > 0;
        if pays {
            self.credit_cash(paid)?
        } else {
            self.debit_cash(paid)?
        }

        emit(
            &vm,
            &PremiumPaid {
                account,
                premium: int(priced.premium),
                value: int(priced.value),
                riskCharge: int(priced.charge),
                spread: uint(positive(&priced.spread)),
                spot: uint(u128::from(session.price.spot).checked_mul(WAD_PER_PRICE).or_overflow()?),
            },
        );

        let asset = self.asset_token();
        if pays {
            asset.pull(&vm, account, paid)
        } else {
            asset.push(&vm, account, paid)
        }
    }
}

/// Reads a leg: a listed series that has not expired, with a fresh slice, and whole lots within the limit.
fn order(session: &Session, mark: &Mark, leg: &Leg) -> Result<Order> {
    let unknown = || UnknownSeries { series: leg.series };
    let series = parse(leg.series)?;
    let expired = SeriesExpired { series: leg.series, timestamp: uint(session.now.into()) };
    ensure(u64::from(series.expiry) > session.now, || expired)?;
    let expiry =
        mark.expiries.iter().find(|expiry| expiry.header.expiry == series.expiry).ok_or_else(unknown)?;
    let strike = expiry.header.grid.index_of(series.strike).ok_or_else(unknown)?;
    let lots = whole_lots(session, leg)?;
    let place = Place { index: expiry.index, strike };
    let quoted = expiry.strike(strike, series.kind)?;
    expiry.check_fresh(&session.profile)?;
    Ok(Order { series: leg.series, place, kind: series.kind, lots, quoted })
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

/// The net exposure of the legs alone, as the vault takes them on, in the expiries that they touch.
fn trade_position(mark: &Mark, orders: &[Order]) -> Result<Position> {
    let mut parts: Vec<(&ExpiryMark, Totals)> = Vec::with_capacity(orders.len());
    for order in orders {
        let index = order.place.index;
        let at = match parts.iter().position(|(expiry, _)| expiry.index == index) {
            Some(at) => at,
            None => {
                let expiry = mark.expiries.iter().find(|expiry| expiry.index == index).or_overflow()?;
                parts.push((expiry, Totals::default()));
                parts.len().saturating_sub(1)
            }
        };
        let (_, sums) = parts.get_mut(at).or_overflow()?;
        sums.add(order.lots.checked_neg().or_overflow()?, &order.quoted);
    }
    Position::new(&mark.spots, parts.iter().map(|(expiry, sums)| (*expiry, sums)))
}

/// Model value of the legs to the trader, rounded up.
fn value_of(orders: &[Order], mid: Scale) -> Result<i128> {
    let mut sum = 0_i128;
    for order in orders {
        let value = i128::from(order.lots).checked_mul(order.quoted.greeks.price).or_overflow()?;
        sum = sum.checked_add(value).or_overflow()?;
    }
    mid.ceil(sum, WORD)
}

/// Spot value of all lots traded, either way [micro-USD].
fn gross_notional(orders: &[Order], mid: Scale) -> Result<u128> {
    let lots = orders
        .iter()
        .try_fold(0_i128, |sum, order| sum.checked_add_unsigned(order.lots.unsigned_abs().into()));
    Ok(positive(&mid.ceil(lots.or_overflow()?, 0)?))
}

/// The least premium that is ever accepted: bought options at intrinsic value plus a tick, sold options at their upper bound. It is
/// linear in size, and the tick is the fee.
fn static_bound(mark: &Mark, orders: &[Order], fee: u32) -> Result<i128> {
    let mid = mark.spots.mid.scale;
    let mut sum = 0_i128;
    for order in orders {
        let expiry = mark.expiries.iter().find(|expiry| expiry.index == order.place.index).or_overflow()?;
        let strike = expiry.strike_value(order.place.strike)?;
        let tick = ONE.checked_mul(fee.into()).or_overflow()? / 1_000_000;
        let put = order.kind == Kind::Put;
        let bound = inventory::static_bound(put, order.lots > 0, [ONE, ONE], strike, tick);
        let total = i128::from(order.lots).checked_mul(bound).or_overflow()?;
        sum = sum.checked_add(total).or_overflow()?;
    }
    mid.ceil(sum, WORD)
}

/// Refuses a trade that the vault could not hedge or pay.
fn check_limits(resources: &Resources, before: &Position, after: &Position, premium: i128) -> Result<()> {
    let free = resources.free.checked_add(premium).or_overflow()?;
    ensure(premium >= 0 || free >= 0, || InsufficientLiquidity {
        needed: uint(premium.unsigned_abs()),
        available: uint(positive(&resources.free)),
    })?;
    let later = Resources { free, ..*resources };
    liquidity::check(&resources.shortfall(before)?, &later.shortfall(after)?, free)
}

fn difference(after: u128, before: u128) -> Result<i128> {
    i128::try_from(after).or_overflow()?.checked_sub_unsigned(before).or_overflow()
}

/// Trades. `abi/IVault.sol` is the manual.
#[public]
pub trait Trading {
    /// The premium of a trade of these legs as one.
    fn quote(&self, legs: Vec<Leg>) -> Result<Quote>;
    /// Trades at the quote.
    fn trade(&mut self, legs: Vec<Leg>, max_premium: I256, receiver: Address, deadline: U256)
        -> Result<I256>;
}

#[public]
impl Trading for Vault {
    fn quote(&self, legs: Vec<Leg>) -> Result<Quote> {
        lock::check()?;
        let priced = self.price_legs(&self.session()?, &legs)?;
        Ok(Quote {
            premium: int(priced.premium),
            value: int(priced.value),
            riskCharge: int(priced.charge),
            spread: uint(positive(&priced.spread)),
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
        let timestamp = uint(self.now().into());
        ensure(timestamp <= deadline, || DeadlinePassed { deadline, timestamp })?;
        let session = self.session()?;
        let priced = self.price_legs(&session, &legs)?;
        if priced.opens_risk {
            self.require_unpaused()?;
        }
        let premium = int(priced.premium);
        ensure(premium <= max_premium, || PremiumAboveLimit { premium, limit: max_premium })?;

        self.execute(&session, &priced, receiver)?;
        lock::release();
        Ok(premium)
    }
}
