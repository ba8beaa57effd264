//! What is stored of an expiry but for its lots.
//!
//! Put-call parity makes one number per strike enough: a put is a call less a forward, and the forwards of an expiry need only the sum of put
//! lots and the sum of put lots times grid index.
//!
//! | header byte | 0-3 | 4 | 5-10 | 11-15 | 16-20 | 21-26 | 27-31 |
//! |---|---|---|---|---|---|---|---|
//! | field | expiry | count | base | step | put lots | put lots x index | - |
//! | unit | s | | micro-USD | micro-USD | lots | lots | |

use options::{STRIKES_PER_SLOT, StrikeGrid};

use crate::packed::{Reader, Writer};
use crate::{OrOverflow, Result};

/// Most expiries that can be live.
pub const MAX_EXPIRIES: usize = inventory::MAX_BUCKETS;

/// One live expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// [unix seconds]
    pub expiry: u32,
    /// Its strikes.
    pub grid: StrikeGrid,
    /// Net put lots of the vault.
    pub put_lots: i64,
    /// Sum of net put lots times grid index.
    pub put_index_sum: i64,
}

impl Header {
    /// The header as a word.
    #[must_use]
    pub fn pack(&self) -> [u8; 32] {
        let mut word = [0; 32];
        let mut fields = Writer(&mut word);
        fields.put(&self.expiry.to_be_bytes());
        fields.put(&[self.grid.count]);
        fields.put(low_bytes(&self.grid.base.to_be_bytes(), 6));
        fields.put(low_bytes(&self.grid.step.to_be_bytes(), 5));
        fields.put(low_bytes(&self.put_lots.to_be_bytes(), 5));
        fields.put(low_bytes(&self.put_index_sum.to_be_bytes(), 6));
        word
    }

    /// The header in a word that [`Header::pack`] made.
    #[must_use]
    pub fn unpack(word: &[u8; 32]) -> Self {
        let mut fields = Reader(word);
        let expiry = fields.u32();
        let count = u8::try_from(fields.take(1)).unwrap_or_default();
        let grid = StrikeGrid { base: fields.take(6), step: fields.take(5), count };
        let put_lots = sign_extend(fields.take(5), 24);
        let put_index_sum = sign_extend(fields.take(6), 16);
        Self { expiry, grid, put_lots, put_index_sum }
    }

    /// Counts `lots` of a put at grid index `strike`.
    ///
    /// # Errors
    /// A sum beyond 64 bits.
    pub fn add_puts(&mut self, strike: u8, lots: i32) -> Result<()> {
        let indexed = i64::from(lots).checked_mul(strike.into()).or_overflow()?;
        self.put_lots = self.put_lots.checked_add(lots.into()).or_overflow()?;
        self.put_index_sum = self.put_index_sum.checked_add(indexed).or_overflow()?;
        Ok(())
    }

    /// Whether the fields fit their widths.
    #[must_use]
    pub fn fits(&self) -> bool {
        Self::unpack(&self.pack()) == *self
    }
}

fn low_bytes(bytes: &[u8; 8], width: usize) -> &[u8] {
    bytes.split_at_checked(8_usize.saturating_sub(width)).map_or(&[], |(_, low)| low)
}

/// The signed number whose low `64 - unused` bits are `bits`.
fn sign_extend(bits: u64, unused: u32) -> i64 {
    i64::from_be_bytes(bits.unbounded_shl(unused).to_be_bytes()).unbounded_shr(unused)
}

/// A strike of a live expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Storage index of the expiry.
    pub index: usize,
    /// Grid index of the strike.
    pub strike: u8,
}

/// Slots that hold the lots of a grid.
#[must_use]
pub fn slots(header: &Header) -> u8 {
    header.grid.count.div_ceil(STRIKES_PER_SLOT)
}

/// Adds `lots` at grid index `strike` to the word of the eight strikes round it.
///
/// # Errors
/// Lots beyond 32 bits.
pub fn add_lots(word: &mut [u8; 32], strike: u8, lots: i32) -> Result<()> {
    let (numbers, _) = word.as_chunks_mut::<4>();
    let bytes = numbers.get_mut(usize::from(strike % STRIKES_PER_SLOT)).or_overflow()?;
    *bytes = i32::from_be_bytes(*bytes).checked_add(lots).or_overflow()?.to_be_bytes();
    Ok(())
}
