//! The premium of a trade on the whole book: one computation for quotes and trades.

use alloc::vec::Vec;

use inventory::{Coefficients, Profile, Quote, QuoteError, STRIPS, Trade, quote, static_bound};
use options::{Kind, Quoted, STRIKES_PER_SLOT, Totals};

use crate::header::Place;
use crate::mark::{ExpiryMark, Mark, Spot, around};
use crate::position::Position;
use crate::scale::{ONE, WORD};
use crate::{Error, OrOverflow, Result};

const MILLION: i128 = 1_000_000;

/// A leg of a trade: a listed strike and whole lots.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Where the strike is.
    pub place: Place,
    /// Call or put.
    pub kind: Kind,
    /// Lots as the trader sees them: positive bought.
    pub lots: i32,
    /// The option at the feed's price.
    pub quoted: Quoted,
}

/// A premium with the states between which it is charged.
#[derive(Clone, Debug)]
pub struct Priced {
    /// Premium and its parts.
    pub quote: Quote,
    /// The book as it stands.
    pub before: Position,
    /// The book after the trade.
    pub after: Position,
    /// The change of the book.
    pub net: Position,
}

/// Prices `orders` as one trade of a vault with hedges worth `hedge` [micro-USD], and adds them to the mark.
///
/// # Errors
/// Beyond the domain of the kernels. That the surfaces are fresh is the caller's to check.
pub fn price(profile: &Profile, mark: &mut Mark, orders: &[Order], hedge: u128) -> Result<Priced> {
    let before = mark.position()?;
    let net = net_position(mark, orders)?;
    for order in orders {
        let lots = order.lots.checked_neg().or_overflow()?;
        mark.expiry_mut(order.place)?.add(order.place.strike, order.kind, lots, &order.quoted)?;
    }
    let after = mark.position()?;
    let [low, high] = around(mark.spots.mid.at, profile.deviation)?;
    let trade = Trade {
        before: before.exposure(hedge)?,
        after: after.exposure(hedge)?,
        net: net.exposure(0)?,
        value: value(mark, orders)?,
        ends: [value_at(mark, orders, low)?, value_at(mark, orders, high)?],
        notional: notional(mark, orders)?,
        bound: bound(profile, mark, orders)?,
    };
    let quote = quote(profile, &Coefficients::new(profile), &trade);
    let quote = quote.map_err(|error| match error {
        QuoteError::StaleSurface { .. } | QuoteError::Domain => Error::Overflow,
    })?;
    Ok(Priced { quote, before, after, net })
}

/// The exposure of the legs alone, as the vault takes them on, in the expiries that they touch.
fn net_position(mark: &Mark, orders: &[Order]) -> Result<Position> {
    let mut parts: Vec<(&ExpiryMark, Totals, [i128; STRIPS])> = Vec::with_capacity(orders.len());
    for order in orders {
        let expiry = mark.expiry(order.place)?;
        let known = parts.iter().position(|(one, ..)| one.stored.index == order.place.index);
        let at = known.unwrap_or_else(|| {
            parts.push((expiry, Totals::default(), [0; STRIPS]));
            parts.len().saturating_sub(1)
        });
        let (_, sums, strips) = parts.get_mut(at).or_overflow()?;
        let before = sums.vega;
        sums.add(order.lots.checked_neg().or_overflow()?, &order.quoted);
        let strip = strips.get_mut(usize::from(order.place.strike / STRIKES_PER_SLOT)).or_overflow()?;
        *strip = strip.saturating_add(sums.vega.saturating_sub(before));
    }
    Position::new(&mark.spots, parts.iter().map(|(expiry, sums, strips)| (*expiry, sums, strips)))
}

/// Sum over the legs of lots times what `each` says, in money, rounded up.
fn sum_up(spot: &Spot, orders: &[Order], mut each: impl FnMut(&Order) -> Result<i128>) -> Result<i128> {
    let mut sum = 0_i128;
    for order in orders {
        let part = i128::from(order.lots).checked_mul(each(order)?).or_overflow()?;
        sum = sum.checked_add(part).or_overflow()?;
    }
    spot.scale.ceil(sum, WORD)
}

/// Model value of the legs to the trader.
fn value(mark: &Mark, orders: &[Order]) -> Result<i128> {
    sum_up(&mark.spots.mid, orders, |order| Ok(order.quoted.greeks.price))
}

/// The same at another spot [1e-8 USD], vol by strike unchanged.
fn value_at(mark: &Mark, orders: &[Order], spot: u64) -> Result<i128> {
    sum_up(&Spot::new(mark.spots.lot, spot)?, orders, |order| {
        let expiry = mark.expiry(order.place)?;
        let market = expiry.market_at(spot)?;
        let strike = expiry.stored.header.grid.strike(order.place.strike).or_overflow()?;
        Ok(match order.kind {
            Kind::Call => market.call(strike).price,
            Kind::Put => market.put(strike).price,
        })
    })
}

/// Spot value of all lots traded, either way [micro-USD].
fn notional(mark: &Mark, orders: &[Order]) -> Result<u128> {
    let size = |lots: i32| if lots < 0 { -ONE } else { ONE };
    u128::try_from(sum_up(&mark.spots.mid, orders, |order| Ok(size(order.lots)))?).or_overflow()
}

/// The least premium that is ever accepted: bought options at intrinsic value plus a tick, sold options at their upper bound, spot at the worse end
/// of the deviation band. It is linear in size, and the tick is the fee.
fn bound(profile: &Profile, mark: &Mark, orders: &[Order]) -> Result<i128> {
    let width = ONE.checked_mul(profile.deviation.into()).or_overflow()? / MILLION;
    let tick = ONE.checked_mul(profile.fee.into()).or_overflow()? / MILLION;
    let ends = [ONE.checked_sub(width).or_overflow()?, ONE.checked_add(width).or_overflow()?];
    sum_up(&mark.spots.mid, orders, |order| {
        let strike = mark.expiry(order.place)?.strike_value(order.place.strike)?;
        Ok(static_bound(order.kind == Kind::Put, order.lots > 0, ends, strike, tick))
    })
}
