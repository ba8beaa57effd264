//! What the vault asks of its risk engine, in words of 32 bytes: the same code packs it here and reads it there.
//!
//! | word | bytes |
//! |---|---|
//! | 0-4 | the market's settings as the vault stores them |
//! | 5 | spot 8 [1e-8 USD], time 4 [unix seconds], orders 1, expiries 1, positions at a broker or not 1, storage index of each expiry 12 |
//! | 6 | hedge with those positions 16 [lots, Q32], its value 16 [micro-USD] |
//! | 7 | free cash 16, what margin accounts owe from settled series 8, what they leave uncovered 8 [micro-USD] |
//! | of positions: one | their value 16, equity 8 [micro-USD], most short 4 [USD], margin 4 [1e-6] ([`Brokered`]) |
//! | of a trade: one | the span of recent trades that this one will be in, as it is stored ([`inventory::hedge::Span`]) |
//! | each order | storage index 1, grid index 1, put 1, lots bought 4 |
//! | each expiry | a word of header, one of slice (zero without one), one of rate 4 and depth 24 ([`Ramp`], zero without weights), one for each eight strikes |

use alloc::vec::Vec;

use options::{Kind, Slice};

use crate::brokered::Brokered;
use crate::depth::{DEPTH, Ramp};
use crate::header::{Header, MAX_EXPIRIES, Place, slots};
use crate::mark::Stored;
use crate::packed::{Reader, Writer};
use crate::price::Order;
use crate::stress::Hedge;

/// Bytes of the packed settings.
pub const SETTINGS: usize = 160;
/// Most words before the orders: one less without any.
const HEAD: usize = 10;
/// Most words of an expiry.
const EXPIRY: usize = 11;
/// Most words of a contract's answer that is a request without orders: offset and length before it.
pub const ANSWER: usize = 2 + HEAD - 1 + MAX_EXPIRIES * EXPIRY;

/// A state of the vault, and the orders of a trade.
#[derive(Clone, Debug)]
pub struct Request {
    /// The market's settings, packed.
    pub settings: [u8; SETTINGS],
    /// The feed's price [1e-8 USD]
    pub spot: u64,
    /// [unix seconds]
    pub now: u32,
    /// The position against the book, at all venues.
    pub hedge: Hedge,
    /// Cash that is owed to nobody; negative when claims wait for hedges to be sold [micro-USD]
    pub free: i128,
    /// What of the hedge is positions at a broker.
    pub brokered: Option<Brokered>,
    /// What margin accounts owe from settled series [micro-USD]
    pub receivable: u64,
    /// The most that margin accounts could fail to pay [micro-USD]
    pub uncovered: u64,
    /// Recent trades, of which this one will be, as they are stored; told with orders alone.
    pub young: [u8; 32],
    /// Legs of a trade.
    pub orders: Vec<Order>,
    /// The live book.
    pub stored: Vec<Stored>,
}

impl Request {
    /// A book alone: without hedge, cash and orders.
    #[must_use]
    pub fn of_book(settings: [u8; SETTINGS], spot: u64, now: u32, stored: Vec<Stored>) -> Self {
        let (hedge, young, orders) = (Hedge::default(), [0; 32], Vec::new());
        Self {
            settings,
            spot,
            now,
            hedge,
            free: 0,
            brokered: None,
            receivable: 0,
            uncovered: 0,
            young,
            orders,
            stored,
        }
    }

    /// The request in words.
    #[must_use]
    pub fn encode(&self) -> Vec<[u8; 32]> {
        let expiries = self.stored.len().saturating_mul(EXPIRY);
        let mut words = Vec::with_capacity(HEAD.saturating_add(self.orders.len()).saturating_add(expiries));
        words.extend_from_slice(self.settings.as_chunks().0);
        words.push(self.head());
        words.push(word(&[&self.hedge.lots.to_be_bytes(), &self.hedge.value.to_be_bytes()]));
        words.push(word(&[
            &self.free.to_be_bytes(),
            &self.receivable.to_be_bytes(),
            &self.uncovered.to_be_bytes(),
        ]));
        if let Some(Brokered { value, equity, short, margin }) = self.brokered {
            let [value, rest] = [&value.to_be_bytes()[..], &equity.to_be_bytes()];
            words.push(word(&[value, rest, &short.to_be_bytes(), &margin.to_be_bytes()]));
        }
        if !self.orders.is_empty() {
            words.push(self.young);
        }
        for Order { place, kind, lots } in &self.orders {
            let put = u8::from(matches!(kind, Kind::Put));
            words.push(word(&[&[byte(place.index), place.strike, put], &lots.to_be_bytes()]));
        }
        for stored in &self.stored {
            words.push(stored.header.pack());
            words.push(stored.slice.as_ref().map_or([0; 32], Slice::pack));
            let depth = stored.depth.map_or([0; DEPTH], |ramp| ramp.pack());
            words.push(word(&[&stored.rate.to_be_bytes(), &depth]));
            words.extend_from_slice(&stored.lots);
        }
        words
    }

    /// The request in a contract's answer that is an array of words, as the ABI has it, and no more.
    #[must_use]
    pub fn answered(answer: &[u8]) -> Option<Self> {
        let (words, rest) = answer.as_chunks();
        let (head, words) = words.split_first_chunk::<2>()?;
        let [offset, count] = head.each_ref().map(number);
        let whole = offset? == 32 && count? == words.len() && rest.is_empty();
        Self::decode(words).filter(|_| whole)
    }

    fn head(&self) -> [u8; 32] {
        let mut indices = [0; MAX_EXPIRIES];
        for (index, stored) in indices.iter_mut().zip(&self.stored) {
            *index = byte(stored.index);
        }
        let counts = [byte(self.orders.len()), byte(self.stored.len()), u8::from(self.brokered.is_some())];
        word(&[&self.spot.to_be_bytes(), &self.now.to_be_bytes(), &counts, &indices])
    }

    /// The request in words that [`Request::encode`] made; none for words that it did not.
    #[must_use]
    pub fn decode(words: &[[u8; 32]]) -> Option<Self> {
        let (settings, rest) = words.as_flattened().split_first_chunk::<SETTINGS>()?;
        let (words, _) = rest.as_chunks::<32>();
        let mut words = words.iter();
        let mut head = Reader(words.next()?);
        let (spot, now) = (head.u64(), head.u32());
        let (orders, expiries, brokered) = (head.take(1), head.take(1), head.take(1));
        let mut hedge = Reader(words.next()?);
        let hedge = Hedge { lots: hedge.i128(), value: hedge.i128() };
        let mut money = Reader(words.next()?);
        let (free, receivable, uncovered) = (money.i128(), money.u64(), money.u64());
        let brokered = if brokered == 0 { None } else { Some(positions(words.next()?)) };
        let young = if orders == 0 { [0; 32] } else { *words.next()? };
        let orders = (0..orders).map(|_| words.next().map(order)).collect::<Option<_>>()?;
        let mut stored = Vec::new();
        for _ in 0..expiries {
            let index = usize::try_from(head.take(1)).ok()?;
            let header = Header::unpack(words.next()?);
            let slice = Some(words.next()?).filter(|word| **word != [0; 32]).map(Slice::unpack);
            let (rate, depth) = rate_and_depth(words.next()?, &header, now)?;
            let lots: Vec<_> = words.by_ref().take(slots(&header).into()).copied().collect();
            if lots.len() != usize::from(slots(&header)) {
                return None;
            }
            stored.push(Stored { index, header, slice, rate, lots, depth });
        }
        Some(Self {
            settings: *settings,
            spot,
            now,
            hedge,
            free,
            brokered,
            receivable,
            uncovered,
            young,
            orders,
            stored,
        })
    }
}

/// The rate, and the weights if there are any; none at all for weights that no vault stores.
fn rate_and_depth(word: &[u8; 32], header: &Header, now: u32) -> Option<(i32, Option<Ramp>)> {
    let (rate, depth) = word.split_first_chunk::<4>()?;
    let rate = i32::from_be_bytes(*rate);
    if depth.iter().all(|byte| *byte == 0) {
        return Some((rate, None));
    }
    let (packed, rest) = depth.split_first_chunk::<DEPTH>()?;
    let ramp = Ramp::unpack(packed);
    (*rest == [0; 4] && ramp.is_sound(header, now)).then_some((rate, Some(ramp)))
}

fn positions(word: &[u8; 32]) -> Brokered {
    let mut fields = Reader(word);
    let (value, equity) = (fields.i128(), i64::from_be_bytes(fields.u64().to_be_bytes()));
    Brokered { value, equity, short: fields.u32(), margin: fields.u32() }
}

fn order(word: &[u8; 32]) -> Order {
    let mut fields = Reader(word);
    let index = usize::try_from(fields.take(1)).unwrap_or(usize::MAX);
    let strike = u8::try_from(fields.take(1)).unwrap_or(u8::MAX);
    let kind = if fields.take(1) == 0 { Kind::Call } else { Kind::Put };
    let lots = i32::from_be_bytes(fields.u32().to_be_bytes());
    Order { place: Place { index, strike }, kind, lots }
}

/// A number of the ABI; none that no length can be.
fn number(word: &[u8; 32]) -> Option<usize> {
    let (high, low) = word.split_last_chunk::<8>()?;
    let small = high.iter().all(|byte| *byte == 0);
    usize::try_from(u64::from_be_bytes(*low)).ok().filter(|_| small)
}

fn byte(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn word(fields: &[&[u8]]) -> [u8; 32] {
    let mut word = [0; 32];
    let mut packed = Writer(&mut word);
    for field in fields {
        packed.put(field);
    }
    word
}
