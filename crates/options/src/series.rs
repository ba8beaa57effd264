//! What can be traded: a series is an expiry, a strike and a kind; strikes lie on grids, expiries at 08:00 UTC.

/// Strikes whose lots share a stored word.
pub const STRIKES_PER_SLOT: u8 = 8;
/// Most strikes of a grid.
pub const MAX_STRIKES: u8 = 64;
/// Bits of a stored strike.
const STRIKE_BITS: u32 = 48;
const DAY: u32 = 86_400;
/// 08:00 UTC.
const EXPIRY_HOUR: u32 = 28_800;

/// Call or put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The right to buy.
    Call,
    /// The right to sell.
    Put,
}

/// One series of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// [unix seconds]
    pub expiry: u32,
    /// [micro-USD], below 2^48
    pub strike: u64,
    /// Call or put.
    pub kind: Kind,
}

impl Series {
    /// The id of the series: `expiry << 56 | strike << 8 | kind`, kind 0 for a call and 1 for a put.
    #[must_use]
    pub fn id(self) -> u128 {
        let kind = match self.kind {
            Kind::Call => 0,
            Kind::Put => 1,
        };
        u128::from(self.expiry) << 56 | u128::from(self.strike) << 8 | kind
    }

    /// The series with this id, none if any other bit is set.
    #[must_use]
    pub fn from_id(id: u128) -> Option<Self> {
        let expiry = u32::try_from(id >> 56).ok()?;
        let strike = u64::try_from(id >> 8 & ((1 << STRIKE_BITS) - 1)).ok()?;
        let kind = match id & 0xff {
            0 => Kind::Call,
            1 => Kind::Put,
            _ => return None,
        };
        Some(Self { expiry, strike, kind })
    }
}

/// Whether a time is on the grid of expiries: 08:00 UTC of some day.
#[must_use]
pub const fn is_expiry(timestamp: u32) -> bool {
    timestamp % DAY == EXPIRY_HOUR
}

/// Strikes base, base + step, ..., `count` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrikeGrid {
    /// Lowest strike [micro-USD]
    pub base: u64,
    /// Distance of strikes [micro-USD]
    pub step: u64,
    /// Number of strikes, 1 to 64.
    pub count: u8,
}

/// Why there is no such grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridError {
    /// No strike at all, or more than 64.
    Count,
    /// A strike of zero, a step of zero, or a strike beyond 48 bits.
    Range,
}

impl StrikeGrid {
    /// A checked grid.
    ///
    /// # Errors
    /// `Count` and `Range`, as they say.
    pub fn new(base: u64, step: u64, count: u8) -> Result<Self, GridError> {
        if count == 0 || count > MAX_STRIKES {
            return Err(GridError::Count);
        }
        let last = step.checked_mul(count.into()).and_then(|width| width.checked_add(base));
        let inside = last.is_some_and(|strike| strike >> STRIKE_BITS == 0);
        if base == 0 || step == 0 || !inside {
            return Err(GridError::Range);
        }
        Ok(Self { base, step, count })
    }

    /// The strike at an index.
    #[must_use]
    pub fn strike(&self, index: u8) -> Option<u64> {
        let offset = self.step.checked_mul(index.into())?;
        (index < self.count).then_some(self.base.checked_add(offset)?)
    }

    /// All strikes, the lowest first.
    pub(crate) fn strikes(&self) -> impl Iterator<Item = u64> {
        let Self { base, step, count } = *self;
        (0..count).map(move |index| base.wrapping_add(step.wrapping_mul(index.into())))
    }

    /// Hands over the lots in a stored slot, those that are any, by strike: from 8 `slot` on. A strike that is not on the grid has none.
    ///
    /// A loop over a closure: the same as an iterator costs a strike 0.8 gas more.
    #[inline(always)]
    pub(crate) fn each_lots(&self, slot: u8, word: &[u8; 32], mut each: impl FnMut(u64, i32)) {
        let first = u64::from(slot).wrapping_mul(STRIKES_PER_SLOT.into());
        let mut strike = self.base.wrapping_add(self.step.wrapping_mul(first));
        for bytes in word.as_chunks::<4>().0 {
            let lots = i32::from_be_bytes(*bytes);
            if lots != 0 {
                each(strike, lots);
            }
            strike = strike.wrapping_add(self.step);
        }
    }

    /// The index of a strike that is on the grid.
    #[must_use]
    pub fn index_of(&self, strike: u64) -> Option<u8> {
        let offset = strike.checked_sub(self.base)?;
        let index = u8::try_from(offset.checked_div(self.step)?).ok()?;
        (self.strike(index) == Some(strike)).then_some(index)
    }
}
