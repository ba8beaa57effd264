//! The exact re-mark: value and greeks of the whole book, recomputed from the stored quantities.
//!
//! Each live expiry is evaluated where the feed is, which gives value and greeks. Where the caller must know what could still be hedged, delta
//! is evaluated a reserve move below and above as well.

use alloc::vec::Vec;

use inventory::{Blend, STRIPS};
use maths::Word;
use options::{Kind, Market, Quoted, STRIKES_PER_SLOT, Slice, Totals};

use crate::depth::Ramp;
use crate::header::{Header, Place, add_lots};
use crate::position::Position;
use crate::price::Order;
use crate::scale::Scale;
use crate::{Error, OrOverflow, Result};

const MILLION: u128 = 1_000_000;

/// A spot of the underlying.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    /// [1e-8 USD]
    pub at: u64,
    /// Micro-USD of a lot.
    pub scale: Scale,
}

impl Spot {
    pub(crate) fn new(lot: u64, at: u64) -> Result<Self> {
        Ok(Self { at, scale: Scale::new(lot, at)? })
    }
}

/// The spots a move below and above the feed's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserve {
    pub(crate) scales: [Scale; 2],
    /// ln of either over the feed's [Q57]
    moves: [Word; 2],
}

impl Reserve {
    fn new(lot: u64, spot: u64, reserve: u32) -> Result<Self> {
        let [low, high] = around(spot, reserve)?;
        let here = maths::ln(spot);
        let log = |there| maths::ln(there) - here;
        Ok(Self { scales: [Scale::new(lot, low)?, Scale::new(lot, high)?], moves: [log(low), log(high)] })
    }
}

/// The spots `part` [1e-6] below and above `spot`.
pub(crate) fn around(spot: u64, part: u32) -> Result<[u64; 2]> {
    let width = u128::from(spot).checked_mul(part.into()).or_overflow()? / MILLION;
    let width = u64::try_from(width).or_overflow()?;
    Ok([spot.checked_sub(width).or_overflow()?, spot.checked_add(width).or_overflow()?])
}

/// Where the book is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Spots {
    /// The feed's price.
    pub mid: Spot,
    /// Size of a lot [1e-18]
    pub lot: u64,
    pub(crate) reserve: Option<Reserve>,
}

impl Spots {
    /// The feed's price alone [1e-8 USD], for lots of `lot` [1e-18].
    ///
    /// # Errors
    /// A product beyond 128 bits.
    pub fn here(lot: u64, spot: u64) -> Result<Self> {
        Ok(Self { mid: Spot::new(lot, spot)?, lot, reserve: None })
    }

    /// The feed's price and a move of `reserve` [1e-6, below 0.5] on either side of it.
    ///
    /// # Errors
    /// A product beyond 128 bits.
    pub fn with_reserve(lot: u64, spot: u64, reserve: u32) -> Result<Self> {
        Ok(Self { reserve: Some(Reserve::new(lot, spot, reserve)?), ..Self::here(lot, spot)? })
    }
}

/// An expiry as it is stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Storage index.
    pub index: usize,
    /// What is stored but for the lots.
    pub header: Header,
    /// Its slice of the surface, none before the first publication of its feed.
    pub slice: Option<Slice>,
    /// Continuous rate of forward and discount [Q30 / year]
    pub rate: i32,
    /// Signed net lots, calls and puts together: a word for each eight strikes of the grid.
    pub lots: Vec<[u8; 32]>,
    /// Weights of depth by strike, none where depth is the same everywhere.
    pub depth: Option<Ramp>,
}

/// A live expiry, marked.
#[derive(Clone, Debug)]
pub struct ExpiryMark {
    /// What is stored, with the trade that was added to it.
    pub stored: Stored,
    /// Time to expiry, zero from the expiry on [s]
    pub seconds: u32,
    /// Age of the slice [s]
    pub surface_age: u32,
    pub(crate) market: Option<Market>,
    moves: Option<[Word; 2]>,
    /// Of what is stored; an expired book keeps its value only.
    pub sums: Totals,
    /// The weights in force, where depth has any.
    pub(crate) weights: Option<Blend>,
    /// Vega of each eight strikes, where depth has weights [lots x Q62 of spot]
    pub(crate) strips: [i128; STRIPS],
}

impl ExpiryMark {
    #[inline(never)]
    fn new(stored: Stored, spots: &Spots, now: u32) -> Result<Self> {
        let seconds = stored.header.expiry.saturating_sub(now);
        let surface_age = stored.slice.map_or(u32::MAX, |slice| now.saturating_sub(slice.updated_at));
        let market = market(&stored, spots.mid.at, seconds)?;
        let moves = spots.reserve.map(|reserve| reserve.moves);
        let weights = stored.depth.map(|ramp| ramp.at(now));
        let (sums, strips) = (Totals::default(), [0; STRIPS]);
        let mut mark = Self { stored, seconds, surface_age, market, moves, sums, weights, strips };
        if let Some(market) = &market {
            mark.add_stored(market);
        }
        Ok(mark)
    }

    fn add_stored(&mut self, market: &Market) {
        let header = &self.stored.header;
        for (slot, word) in (0_u8..).zip(&self.stored.lots) {
            let before = self.sums.vega;
            self.sums.add_slot(market, self.moves, &header.grid, slot, word);
            if let (Some(_), Some(strip)) = (self.weights, self.strips.get_mut(usize::from(slot))) {
                *strip = self.sums.vega.saturating_sub(before);
            }
        }
        self.sums.add_puts(header.put_lots, header.put_index_sum, &header.grid, market);
        if self.seconds == 0 {
            self.sums = Totals { value: self.sums.value, ..Totals::default() };
            self.strips = [0; STRIPS];
        }
    }

    /// One option at grid index `strike`.
    ///
    /// # Errors
    /// No slice, or no such strike.
    pub fn strike(&self, strike: u8, kind: Kind) -> Result<Quoted> {
        let expiry = self.stored.header.expiry;
        let market = self.market.as_ref().ok_or(Error::SurfaceMissing { expiry })?;
        let strike = self.stored.header.grid.strike(strike).or_overflow()?;
        Ok(match kind {
            Kind::Call => market.call_and_moved(strike, self.moves),
            Kind::Put => market.put_and_moved(strike, self.moves),
        })
    }

    /// K D / S of a strike: the present value of the strike in units of spot.
    pub(crate) fn strike_value(&self, strike: u8) -> Result<i128> {
        let expiry = self.stored.header.expiry;
        let market = self.market.as_ref().ok_or(Error::SurfaceMissing { expiry })?;
        Ok(market.strike_value(self.stored.header.grid.strike(strike).or_overflow()?))
    }
}

impl Stored {
    /// Takes what an order buys out of the vault's book, or puts in what it sells.
    pub(crate) fn sell(&mut self, order: &Order) -> Result<()> {
        let (strike, lots) = (order.place.strike, order.lots.checked_neg().or_overflow()?);
        let word = self.lots.get_mut(usize::from(strike / STRIKES_PER_SLOT)).or_overflow()?;
        add_lots(word, strike, lots)?;
        if matches!(order.kind, Kind::Put) {
            self.header.add_puts(strike, lots)?;
        }
        Ok(())
    }

    /// Whether anything is open in it. What is not is worth nothing at any price.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let Header { put_lots, put_index_sum, .. } = self.header;
        put_lots != 0 || put_index_sum != 0 || self.lots.as_flattened().iter().any(|byte| *byte != 0)
    }

    /// Net lots at each strike of the grid.
    pub fn each_lots(&self) -> impl Iterator<Item = i32> + use<'_> {
        self.lots.iter().flat_map(options::lots).take(self.header.grid.count.into())
    }
}

/// The market of a stored expiry, none without a slice: what is open in it would count for nothing, so nothing may be.
fn market(stored: &Stored, spot: u64, seconds: u32) -> Result<Option<Market>> {
    let expiry = stored.header.expiry;
    let Some(slice) = &stored.slice else {
        return if stored.is_open() { Err(Error::SurfaceMissing { expiry }) } else { Ok(None) };
    };
    let published = expiry.saturating_sub(slice.updated_at);
    Market::new(spot, seconds, stored.rate, slice, published).ok().or_overflow().map(Some)
}

/// The whole book, marked at one instant.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Where it is looked at.
    pub spots: Spots,
    /// [unix seconds]
    pub(crate) now: u32,
    /// All live expiries.
    pub expiries: Vec<ExpiryMark>,
}

impl Mark {
    /// Marks every live expiry at `now` [unix seconds].
    ///
    /// # Errors
    /// Prices and times that the kernels do not take, and something open in an expiry without a slice, expired or not.
    pub fn new(stored: impl Iterator<Item = Stored>, spots: Spots, now: u32) -> Result<Self> {
        let expiries = stored.map(|expiry| ExpiryMark::new(expiry, &spots, now));
        Ok(Self { spots, now, expiries: expiries.collect::<Result<_>>()? })
    }

    /// The expiry of a place.
    ///
    /// # Errors
    /// None there.
    pub fn expiry(&self, place: Place) -> Result<&ExpiryMark> {
        self.expiries.iter().find(|expiry| expiry.stored.index == place.index).or_overflow()
    }

    /// Adds a trade: its mark, and its orders to what is stored.
    pub(crate) fn absorb(&mut self, traded: &Self, orders: &[Order]) -> Result<()> {
        for order in orders {
            self.expiry_mut(order.place.index)?.stored.sell(order)?;
        }
        for part in &traded.expiries {
            let whole = self.expiry_mut(part.stored.index)?;
            whole.sums.merge(&part.sums);
            for (strip, change) in whole.strips.iter_mut().zip(part.strips) {
                *strip = strip.saturating_add(change);
            }
        }
        Ok(())
    }

    fn expiry_mut(&mut self, index: usize) -> Result<&mut ExpiryMark> {
        self.expiries.iter_mut().find(|expiry| expiry.stored.index == index).or_overflow()
    }

    /// An expired book that waits for its settlement price.
    #[must_use]
    pub fn expired(&self) -> Option<u32> {
        let waiting = self.expiries.iter().find(|expiry| expiry.seconds == 0);
        waiting.map(|expiry| expiry.stored.header.expiry)
    }

    /// Sums over the book.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for expiry in &self.expiries {
            totals.merge(&expiry.sums);
        }
        totals
    }

    /// The exposure in money.
    ///
    /// # Errors
    /// A product beyond 128 bits.
    pub fn position(&self) -> Result<Position> {
        Position::new(&self.spots, &self.expiries)
    }
}
