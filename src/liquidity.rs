//! What is at hand to pay.

use crate::error::Result;
use crate::risk::Position;
use crate::state::{Session, Vault};

impl Vault {
    /// Free cash, with what the pool gives at once, that hedging does not ask for [micro-USD].
    pub(crate) fn spendable(&self, session: &Session, position: &Position) -> Result<u128> {
        Ok(positive(&self.liquid(&session.pool)?).saturating_sub(position.needed))
    }
}

/// The number, or nothing if it is negative.
pub(crate) fn positive(number: &i128) -> u128 {
    u128::try_from(*number).unwrap_or_default()
}
