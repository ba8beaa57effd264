//! The answers of the risk engine: what the vault must know of its book to value its shares, to hedge and to trade.

use alloc::vec::Vec;

use inventory::hedge::{SEASONING, Span, Young};
use inventory::{Band, CapError, Caps, Coefficients, Profile, Quote, band, check_solvency};

use crate::liquidity::{Resources, Unreachable, check};
use crate::mark::{Mark, Spots};
use crate::price::price;
use crate::request::Request;
use crate::stress::worst_case;
use crate::value::size_beyond;
use crate::{Error, OrOverflow, Result};

/// The settings that risk is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What prices risk.
    pub profile: Profile,
    /// Size of a lot [1e-18]
    pub lot: u64,
    /// Move of spot either way that must stay hedgeable [1e-6]
    pub reserve: u32,
    /// Caps on the book's greeks.
    pub caps: Caps,
    /// Part of NAV that the worst loss must leave [1e-6]
    pub buffer: u32,
}

/// The book at one instant, in micro-USD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// Model value, negative when the vault is short.
    pub value: i128,
    /// Cash delta without hedges.
    pub delta: i128,
    /// J with the hedges.
    pub risk: u128,
    /// Cash that hedging asks for at the worst reserve move.
    pub needed: u128,
    /// The no-trade band.
    pub band: Band,
}

/// A trade that may be done.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Premium and its parts.
    pub quote: Quote,
    /// Change of the book: [`crate::Position::swing`] and vega [micro-USD]
    pub net: [i128; 2],
    /// The same by each order alone.
    pub legs: Vec<[i128; 2]>,
    /// The recent trades with this one.
    pub young: Span,
}

/// Why a trade may not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be computed.
    Failed(Error),
    /// The hedge that the book would need is out of reach.
    Unreachable(Unreachable),
    /// A cap on greeks.
    Cap(CapError),
    /// NAV does not bear the worst loss.
    Solvency {
        /// NAV after the trade [micro-USD]
        nav: i128,
        /// The worst loss after it [micro-USD]
        loss: u128,
        /// What is missing [micro-USD]
        missing: u128,
    },
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Marks the book of a request.
///
/// # Errors
/// Beyond the domain of the kernels, and something open in an expiry without a slice.
pub fn mark(rules: &Rules, mut request: Request) -> Result<Marked> {
    let resources = Resources::new(rules, &request);
    let stored = core::mem::take(&mut request.stored);
    let position = marked(rules, &request, stored)?.position()?;
    Ok(Marked {
        value: position.value,
        delta: position.delta,
        risk: position.risk(&Coefficients::new(&rules.profile), resources.hedge)?,
        needed: resources.shortfall(&position)?.needed,
        band: band(&rules.profile, position.gamma).or_overflow()?,
    })
}

/// The worst that a request's book with its hedges can lose [micro-USD].
///
/// # Errors
/// As [`mark`], and more lots than the scenarios have room for.
pub fn worst_loss(rules: &Rules, mut request: Request) -> Result<u128> {
    let stored = core::mem::take(&mut request.stored);
    Ok(worst_case(&marked(rules, &request, stored)?, &request.hedge)?.worst)
}

/// Prices the orders of a request as one trade, and checks every limit of the book after it.
///
/// # Errors
/// The first limit that the trade breaks.
pub fn offer(rules: &Rules, request: &Request) -> core::result::Result<Offer, Refusal> {
    let resources = Resources::new(rules, request);
    let mut mark = marked(rules, request, request.stored.clone())?;
    let priced = price(&rules.profile, &mut mark, &request.orders, resources.hedge)?;
    let later = resources.after(priced.quote.premium).map_err(Refusal::Unreachable)?;
    let (stood, stands) = (resources.shortfall(&priced.before)?, later.shortfall(&priced.after)?);
    check(&stood, &stands, later.free).map_err(Refusal::Unreachable)?;

    let before = priced.before.exposure(resources.hedge)?;
    let after = priced.after.exposure(resources.hedge)?;
    rules.caps.check(&before, &after).map_err(Refusal::Cap)?;

    let loss = worst_case(&mark, &request.hedge)?.worst;
    let fold = resources.brokered.fold().or_overflow()?;
    let nav = later.free.checked_add(resources.hedge).or_overflow()?.checked_add(fold).or_overflow()?;
    let nav = nav.checked_add(priced.after.value).or_overflow()?;
    let nav = nav.checked_add(request.receivable.into()).or_overflow()?;
    if let Err(missing) = check_solvency(nav, loss, request.uncovered.into(), rules.buffer) {
        let stood = worst_case(&marked(rules, request, request.stored.clone())?, &request.hedge)?.worst;
        if loss > stood {
            return Err(Refusal::Solvency { nav, loss, missing });
        }
    }
    let net = [priced.net.swing, priced.net.vega()?];
    let outer = band(&rules.profile, priced.before.gamma).or_overflow()?.outer;
    let young = aged(request, priced.net.delta, outer).or_overflow()?;
    Ok(Offer { quote: priced.quote, net, legs: priced.legs, young })
}

/// The recent trades with one that changes the book's cash delta by `delta`, out of a band that reached to `outer` [micro-USD].
fn aged(request: &Request, delta: i128, outer: u128) -> Option<Span> {
    let size = size_beyond(request.spot, delta)?;
    Some(Young::add(&Span::unpack(&request.young), request.now, size, outer, SEASONING))
}

#[inline(never)]
fn marked(rules: &Rules, request: &Request, stored: Vec<crate::Stored>) -> Result<Mark> {
    let spots = Spots::with_reserve(rules.lot, request.spot, rules.reserve)?;
    Mark::new(stored.into_iter(), spots, request.now)
}
