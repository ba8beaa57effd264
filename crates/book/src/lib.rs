#![no_std]
//! The options book: how it is stored, what it is worth, what a trade does to it and what it can lose.
//!
//! Stored is what cannot be recomputed: signed net lots by strike and, for each expiry, the two sums that the put leg needs. A [`Mark`] is
//! everything else, recomputed: value and greeks of the whole book at one instant. The vault, its lens and the keeper link this crate and
//! agree to the last bit.
//!
//! # Units
//!
//! | quantity | unit |
//! |---|---|
//! | money, cash greeks | micro-USD |
//! | spot | 1e-8 USD |
//! | strikes | micro-USD |
//! | sizes | whole lots |
//! | sums over lots | lots x the kernel's word ([`options::Greeks`]) |
//!
//! # What this crate does not do
//! It reads no storage and no clock, and refuses no trade: it says what a trade costs and what the book can lose, and the caller acts on it.

extern crate alloc;

mod brokered;
mod depth;
mod engine;
mod header;
mod liquidity;
mod margin;
mod mark;
mod packed;
mod position;
mod price;
mod request;
mod scale;
mod stress;
mod value;

pub use brokered::Brokered;
pub use depth::{DEPTH, Ramp, RampError};
pub use engine::{Marked, Offer, Refusal, Rules, mark, offer, worst_loss};
pub use header::{Header, MAX_EXPIRIES, Place, add_lots, slots};
pub use liquidity::Unreachable;
pub use margin::{Margined, margin};
pub use mark::{ExpiryMark, Mark, Spots, Stored};
pub use packed::{Reader, Writer};
pub use position::Position;
pub use price::{Order, Priced, price};
pub use request::{ANSWER, Request, SETTINGS};
pub use scale::{ONE, Scale, WORD};
pub use stress::{Hedge, Loss, stress, worst_case};
pub use value::{signed_value_at, size_at, value_at};

/// Why there is no mark, no price or no stress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A number left its width.
    Overflow,
    /// An expiry that is traded, or in which something is open, has no slice of the surface yet.
    SurfaceMissing {
        /// It [unix seconds]
        expiry: u32,
    },
    /// More lots, long and short together, than the scenarios have room for.
    Lots {
        /// How many
        lots: u64,
        /// The number that is too many
        limit: u64,
    },
}

/// A result of this crate.
pub type Result<T> = core::result::Result<T, Error>;

/// Checked arithmetic ends in [`Error::Overflow`].
trait OrOverflow<T> {
    fn or_overflow(self) -> Result<T>;
}

impl<T> OrOverflow<T> for Option<T> {
    #[inline]
    fn or_overflow(self) -> Result<T> {
        self.ok_or(Error::Overflow)
    }
}

impl<T> OrOverflow<T> for core::result::Result<T, core::num::TryFromIntError> {
    #[inline]
    fn or_overflow(self) -> Result<T> {
        self.map_err(|_| Error::Overflow)
    }
}
