//! Weights of depth as they are stored: what was, what comes, and since when.
//!
//! | byte | 0-7 | 8-15 | 16-19 | 20-23 |
//! |---|---|---|---|---|
//! | field | weights from | weights to | since | span |
//! | unit | 1/200, one byte a strip | 1/200 | unix seconds | s |

use inventory::{Blend, Pace, RAMP, Weights, WeightsError, check_weights};

use crate::header::{Header, slots};
use crate::packed::{Reader, Writer};

/// Bytes of packed weights.
pub const DEPTH: usize = 24;

/// No weights: depth is the same everywhere.
const NONE: Weights = [0; inventory::STRIPS];

/// A change of an expiry's weights, from its first second on and for good after its last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ramp {
    /// What was; all zero for none.
    pub from: Weights,
    /// What comes; all zero for none.
    pub to: Weights,
    /// Its first second [unix seconds]
    pub since: u32,
    /// How long it takes [s]
    pub span: u32,
}

/// Why weights do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RampError {
    /// The weights.
    Weights(WeightsError),
    /// A change is under way.
    Ramping {
        /// When it is done [unix seconds]
        until: u32,
    },
    /// The change takes longer than half of the time to the expiry.
    TooLong {
        /// What it takes [s]
        span: u128,
        /// That half [s]
        most: u32,
    },
}

impl Ramp {
    /// The change of an expiry's weights to `to` at `now`, after the one before it if there was one. None where there are no weights
    /// any more and none come.
    ///
    /// # Errors
    /// As [`RampError`] says.
    pub fn change(
        before: Option<Self>,
        header: &Header,
        to: Weights,
        pace: &Pace,
        now: u32,
    ) -> Result<Option<Self>, RampError> {
        check_weights(&to, slots(header).into()).map_err(RampError::Weights)?;
        let before = before.unwrap_or_default();
        let until = before.until();
        if now < until {
            return Err(RampError::Ramping { until });
        }
        let from = before.to;
        if from == NONE && to == NONE {
            return Ok(None);
        }
        let (span, most) = pace.span(header.expiry.saturating_sub(now), &from, &to);
        match u32::try_from(span) {
            Ok(span) if span <= most => Ok(Some(Self { from, to, since: now, span })),
            _ => Err(RampError::TooLong { span, most }),
        }
    }

    /// When it is done [unix seconds]
    #[must_use]
    pub fn until(&self) -> u32 {
        self.since.saturating_add(self.span)
    }

    /// The weights in force at `now`.
    pub(crate) fn at(&self, now: u32) -> Blend {
        Blend::ramp(self.from, self.to, now.saturating_sub(self.since), self.span)
    }

    /// As stored.
    #[must_use]
    #[inline(never)]
    pub fn pack(&self) -> [u8; DEPTH] {
        let mut bytes = [0; DEPTH];
        let mut fields = Writer(&mut bytes);
        fields.put(&self.from);
        fields.put(&self.to);
        fields.put(&self.since.to_be_bytes());
        fields.put(&self.span.to_be_bytes());
        bytes
    }

    /// The change in bytes that [`Ramp::pack`] made.
    #[must_use]
    #[inline(never)]
    pub fn unpack(bytes: &[u8]) -> Self {
        let mut fields = Reader(bytes);
        let (from, to) = (fields.u64().to_be_bytes(), fields.u64().to_be_bytes());
        Self { from, to, since: fields.u32(), span: fields.u32() }
    }

    /// Whether it is one that [`Ramp::change`] makes, at `now` or before.
    pub(crate) fn is_sound(&self, header: &Header, now: u32) -> bool {
        let good = |weights| check_weights(weights, slots(header).into()).is_ok();
        let some = self.from != NONE || self.to != NONE;
        some && good(&self.from) && good(&self.to) && self.since <= now && self.span >= RAMP
    }
}
