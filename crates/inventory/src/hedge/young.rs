//! Which part of an excess was there before the trades of the last minutes.
//!
//! A discount or a reward is paid for excess that lasted, so that nobody makes one by a trade and is paid for hedging it. The
//! delta of recent trades is kept in a ring of spans of time, in units of the underlying, and taken out at today's price:
//! hedges and moves of the price are never in it, so an excess that the price made counts at once and needs no posting.
//!
//! What counts is the least excess along the way: as it is now, and as it would be without the trades since each earlier
//! moment, back to the seasoning. That is never more than the lesser of its two ends, now and one seasoning ago, and it is
//! not more for a trade out and back in between. And because a trade can narrow the band, by the gamma that it brings, the
//! edge is the widest that there was before any of the young trades.
//!
//! # Rounding
//!
//! A span is a fifth of the seasoning, and all its trades have the age of its last. Inside a span the order of trades is not
//! known: those that made the excess count as the last. Sums that overflow stay at their greatest. Each errs towards less
//! excess: the vault's favour.

use super::{MILLION, Trigger, usd};

/// Spans in the ring: five cover the seasoning, and the current one.
pub const SPANS: usize = 6;

/// Age up to which the vault keeps trades in its ring [s]: the most that the rules' seasoning may be.
pub const SEASONING: u32 = 600;

/// Greatest sum that a span stores: 95 bits, 4e10 units of the underlying.
const MOST: u128 = (1 << 95) - 1;

/// One unit of the underlying.
const WAD: u128 = 1_000_000_000_000_000_000;

/// Trades of one span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Time of the last of them; 0 when there was none.
    pub last: u32,
    /// What they added to the book's delta, those that raised it [1e-18 of the underlying].
    pub up: u128,
    /// What those that lowered it took from it [1e-18 of the underlying].
    pub down: u128,
    /// Widest outer edge of the band before any of them [whole USD, rounded up].
    pub edge: u32,
}

impl Span {
    /// The span in halves of a word, neither of them negative: sum and edge in the one, sum and time in the other.
    #[must_use]
    pub fn halves(&self) -> [u128; 2] {
        let half = |sum: u128, short: u32| sum.min(MOST) << 32 | u128::from(short);
        [half(self.up, self.edge), half(self.down, self.last)]
    }

    /// The span in a word.
    #[must_use]
    pub fn pack(&self) -> [u8; 32] {
        let mut word = [0; 32];
        for (bytes, half) in word.as_chunks_mut().0.iter_mut().zip(self.halves()) {
            *bytes = half.to_be_bytes();
        }
        word
    }

    /// The inverse of [`Span::pack`].
    #[must_use]
    pub fn unpack(word: &[u8; 32]) -> Self {
        let [high, low] = word.as_chunks().0 else { return Self::default() };
        let short = |half: u128| {
            let [.., a, b, c, d] = half.to_be_bytes();
            u32::from_be_bytes([a, b, c, d])
        };
        let (high, low) = (u128::from_be_bytes(*high), u128::from_be_bytes(*low));
        Self { last: short(low), up: high >> 32, down: low >> 32, edge: short(high) }
    }

    fn is_young(&self, now: u32, seasoning: u32) -> bool {
        self.last != 0 && now.saturating_sub(self.last) < seasoning
    }
}

/// The ring. A place is the span's number modulo [`SPANS`]; a trade writes one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Young {
    /// Its spans.
    pub spans: [Span; SPANS],
}

impl Young {
    /// The ring in its words; a place without one had no trades.
    #[must_use]
    pub fn unpack<'a>(words: impl IntoIterator<Item = &'a [u8; 32]>) -> Self {
        let mut young = Self::default();
        for (span, word) in young.spans.iter_mut().zip(words) {
            *span = Span::unpack(word);
        }
        young
    }

    /// Place of the span of a moment.
    #[must_use]
    pub fn place(now: u32, seasoning: u32) -> usize {
        let number = now.checked_div(width(seasoning)).unwrap_or(0);
        usize::try_from(number.checked_rem(6).unwrap_or(0)).unwrap_or(0)
    }

    /// The span at [`Young::place`] after a trade that changes the book's delta by `delta` [1e-18 of the underlying], out of a
    /// state whose band reached to `outer` [micro-USD].
    ///
    /// What the place held is dropped when it is of an earlier round of the ring and no longer young, which it always is
    /// unless the seasoning was changed or the clock went back.
    #[must_use]
    pub fn add(span: &Span, now: u32, delta: i128, outer: u128, seasoning: u32) -> Span {
        let now = now.max(1);
        let width = width(seasoning);
        let same = span.last.checked_div(width) == now.checked_div(width);
        let kept = if same || span.is_young(now, seasoning) { *span } else { Span::default() };
        let more = |sum: u128, counts: bool| {
            if counts { sum.saturating_add(delta.unsigned_abs()).min(MOST) } else { sum }
        };
        Span {
            last: kept.last.max(now),
            up: more(kept.up, delta > 0),
            down: more(kept.down, delta < 0),
            edge: kept.edge.max(u32::try_from(outer.div_ceil(MILLION)).unwrap_or(u32::MAX)),
        }
    }

    /// The ring after a trade: [`Young::add`] in its place.
    #[must_use]
    pub fn record(&self, now: u32, delta: i128, outer: u128, seasoning: u32) -> Self {
        let mut ring = *self;
        if let Some(span) = ring.spans.get_mut(Self::place(now, seasoning)) {
            *span = Self::add(span, now, delta, outer, seasoning);
        }
        ring
    }

    /// The excess that counts for a discount or a reward [micro-USD], at `spot` [micro-USD for a unit of the underlying].
    ///
    /// 0 where, without young trades, no hedge would have been due at some moment of the seasoning.
    #[must_use]
    pub fn seasoned(&self, trigger: &Trigger, now: u32, spot: u128, seasoning: u32) -> u128 {
        if trigger.due == 0 {
            return 0;
        }
        let size = i128::try_from(trigger.deviation.unsigned_abs()).unwrap_or(i128::MAX);
        // A deviation above zero is a book whose delta is too low.
        let low_book = trigger.deviation > 0;
        let (mut least, mut since, mut edge) = (size, 0_i128, trigger.edge);
        for span in self.newest_first() {
            if !span.is_young(now, seasoning) {
                continue;
            }
            let (made, eased) = if low_book { (span.down, span.up) } else { (span.up, span.down) };
            // A full sum may stand for any greater one.
            let made = if made >= MOST { i128::MAX } else { cash(maths::mul_div_up(made, spot, WAD)) };
            let eased = cash(maths::mul_div_down(eased, spot, WAD));
            least = least.min(size.saturating_sub(since).saturating_sub(made));
            since = since.saturating_add(made).saturating_sub(eased);
            edge = edge.max(usd(span.edge));
        }
        let least = u128::try_from(least).unwrap_or(0);
        if least > edge { least.saturating_sub(trigger.inner) } else { 0 }
    }

    /// Spans by the time of their last trade, latest first.
    fn newest_first(&self) -> [Span; SPANS] {
        let mut sorted = [Span::default(); SPANS];
        for span in self.spans {
            let mut carried = span;
            for place in &mut sorted {
                if place.last < carried.last {
                    core::mem::swap(place, &mut carried);
                }
            }
        }
        sorted
    }
}

/// Length of a span: a fifth of the seasoning, rounded up.
fn width(seasoning: u32) -> u32 {
    seasoning.div_ceil(5).max(1)
}

/// More than can be counted is as much as can.
fn cash(amount: Option<u128>) -> i128 {
    amount.and_then(|amount| i128::try_from(amount).ok()).unwrap_or(i128::MAX)
}
