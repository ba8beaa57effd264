//! The premium of a trade on the whole book: one computation for quotes and trades.

use alloc::vec;
use alloc::vec::Vec;

use inventory::{Coefficients, Profile, Quote, QuoteError, Trade, quote, static_bound};
use options::Kind;

use crate::header::{Header, Place};
use crate::mark::{Mark, Spots, Stored, around};
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
    /// The change of the book by each order alone: [`Position::swing`] and vega [micro-USD]
    pub legs: Vec<[i128; 2]>,
}

/// Prices `orders` as one trade of a vault with hedges worth `hedge` [micro-USD], and adds them to the mark.
///
/// The trade is a small book of its own: the vault's change, marked by the code that marks the whole, at the feed's price and at both ends of the
/// deviation band.
///
/// # Errors
/// Beyond the domain of the kernels, or an expiry without a slice. That the surfaces are fresh is the caller's to check.
pub fn price(profile: &Profile, mark: &mut Mark, orders: &[Order], hedge: i128) -> Result<Priced> {
    let before = mark.position()?;
    let change = change(mark, orders)?;
    let traded = Mark::new(change.clone().into_iter(), mark.spots, mark.now)?;
    mark.absorb(&traded, orders)?;
    let (net, after) = (traded.position()?, mark.position()?);
    let legs = match orders {
        [_] => vec![[net.swing, net.vega()?]],
        _ => orders.iter().map(|order| alone(mark, order)).collect::<Result<_>>()?,
    };
    let [low, high] = around(mark.spots.mid.at, profile.deviation)?;
    let end = |spot| {
        let end = Mark::new(change.iter().cloned(), Spots::here(mark.spots.lot, spot)?, mark.now)?;
        to_trader(&end.position()?)
    };
    let trade = Trade {
        before: before.exposure(hedge)?,
        after: after.exposure(hedge)?,
        net: net.exposure(0)?,
        value: to_trader(&net)?,
        ends: [end(low)?, end(high)?],
        notional: notional(mark, orders)?,
        bound: bound(profile, &traded, orders)?,
    };
    let quote = quote(profile, &Coefficients::new(profile), &trade);
    let quote = quote.map_err(|error| match error {
        QuoteError::StaleSurface { .. } | QuoteError::Domain => Error::Overflow,
    })?;
    Ok(Priced { quote, before, after, net, legs })
}

/// What is a value to the vault rounded down is one to the trader rounded up.
fn to_trader(position: &Position) -> Result<i128> {
    position.value.checked_neg().or_overflow()
}

/// The change of the vault's book, in the expiries that the orders touch.
fn change(mark: &Mark, orders: &[Order]) -> Result<Vec<Stored>> {
    let mut change: Vec<Stored> = Vec::with_capacity(orders.len());
    for order in orders {
        let known = change.iter().position(|stored| stored.index == order.place.index);
        let at = known.unwrap_or(change.len());
        if known.is_none() {
            let whole = &mark.expiry(order.place)?.stored;
            let header = Header { put_lots: 0, put_index_sum: 0, ..whole.header };
            change.push(Stored { header, lots: whole.lots.iter().map(|_| [0; 32]).collect(), ..*whole });
        }
        change.get_mut(at).or_overflow()?.sell(order)?;
    }
    Ok(change)
}

/// Swing and vega of the vault's change by one order.
fn alone(mark: &Mark, order: &Order) -> Result<[i128; 2]> {
    let change = change(mark, core::slice::from_ref(order))?;
    let position = Mark::new(change.into_iter(), mark.spots, mark.now)?.position()?;
    Ok([position.swing, position.vega()?])
}

/// Spot value of all lots traded, either way [micro-USD].
fn notional(mark: &Mark, orders: &[Order]) -> Result<u128> {
    let lots = orders.iter().fold(0_u64, |sum, order| sum.saturating_add(order.lots.unsigned_abs().into()));
    u128::try_from(mark.spots.mid.scale.ceil(lots.into(), 0)?).or_overflow()
}

/// The least premium that is ever accepted: bought options at intrinsic value plus a tick, sold options at their upper bound, spot at the worse end
/// of the deviation band. It is linear in size, and the tick is the fee.
fn bound(profile: &Profile, traded: &Mark, orders: &[Order]) -> Result<i128> {
    let width = ONE.checked_mul(profile.deviation.into()).or_overflow()? / MILLION;
    let tick = ONE.checked_mul(profile.fee.into()).or_overflow()? / MILLION;
    let ends = [ONE.checked_sub(width).or_overflow()?, ONE.checked_add(width).or_overflow()?];
    let mut sum = 0_i128;
    for order in orders {
        let strike = traded.expiry(order.place)?.strike_value(order.place.strike)?;
        let bound = static_bound(order.kind == Kind::Put, order.lots > 0, ends, strike, tick);
        let total = i128::from(order.lots).checked_mul(bound).or_overflow()?;
        sum = sum.checked_add(total).or_overflow()?;
    }
    traded.spots.mid.scale.ceil(sum, WORD)
}
