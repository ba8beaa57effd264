//! Answers of the lens, of venues and of the broker.

use alloc::vec::Vec;

use super::Result;
use super::codec::{Answer, Flat, put_length, put_limb};
use super::structs::structs;
use crate::broker::IBroker::{Held, Venue};
use crate::lens::ILens::{
    ExpiryBook, ExpiryGreeks, Greeks, NavBreakdown, NextHedge, OptionQuote, Slice, StrikeQuotes,
    WaitingEpoch, WorstCase,
};
use crate::position::IPositionVenue::State;

structs! {
    Answer State: size equity withdrawable pending pendingSince;
    Answer Held: size equity pending pendingSince;
    Answer Venue: venue allowedFrom cap margin countsFrom bound kept;
    Answer Greeks: value delta gamma vega theta vanna volga;
    Answer ExpiryGreeks: expiry greeks;
    Answer OptionQuote: value bid ask bidRefusal askRefusal;
    Answer StrikeQuotes: strike call put;
    Answer WaitingEpoch: requestId waiting processed assets closesAt locksAt readyAt;
    Answer WorstCase: loss grid settlement slope;
    Answer Slice: updatedAt rate a b rho m s forward;
    Answer NavBreakdown: cash owed free hedge book riskReserve riskDelta riskGamma riskVega unvested pool poolLiquid receivable broker mid low;
    Answer NextHedge: needed position target reachable inner outer size below above;
}

impl Flat for Venue {}
impl Flat for ExpiryGreeks {}
impl Flat for StrikeQuotes {}
impl Flat for WaitingEpoch {}

/// Words of an [`ExpiryBook`] before its sizes: three, the slice, the offset of the sizes, and the two put sums.
const BOOK_HEAD: usize = 14;

/// As the only answer of a method: each book has a tail of its own.
impl Answer for Vec<ExpiryBook> {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        put_limb(out, 32);
        put_length(out, self.len());
        let mut offset = self.len().saturating_mul(32);
        for book in &self {
            put_length(out, offset);
            offset = offset.saturating_add(
                BOOK_HEAD.saturating_add(1).saturating_add(book.netSizes.len()).saturating_mul(32),
            );
        }
        for book in self {
            (book.expiry, [book.base, book.step]).put(out)?;
            book.slice.put(out)?;
            put_length(out, BOOK_HEAD.saturating_mul(32));
            (book.putSize, book.putIndexSum).put(out)?;
            put_length(out, book.netSizes.len());
            for size in book.netSizes {
                size.put(out)?;
            }
        }
        Ok(())
    }
}
