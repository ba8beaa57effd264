//! What is at hand to pay.

use crate::error::Result;
use crate::risk::Position;
use crate::state::Vault;

impl Vault {
    /// Free cash that hedging does not ask for [micro-USD].
    pub(crate) fn spendable(&self, position: &Position) -> Result<u128> {
        Ok(positive(&self.free_cash()?).saturating_sub(position.needed))
    }
}

/// The number, or nothing if it is negative.
pub(crate) fn positive(number: &i128) -> u128 {
    u128::try_from(*number).unwrap_or_default()
}
