//! What is at hand to pay.

use interfaces::vault::IVault::InsufficientCash;

use crate::amounts::uint;
use crate::error::{ensure, Result};
use crate::risk::Position;
use crate::state::{Session, Vault};

impl Vault {
    /// Free cash, with what the pool gives at once, that hedging does not ask for [micro-USD].
    pub(crate) fn spendable(&self, session: &Session, position: &Position) -> Result<u128> {
        Ok(positive(&self.liquid(&session.pool)?).saturating_sub(position.needed))
    }

    /// Pays `amount` out of cash that is nobody's yet, with what the pool gives for it.
    pub(crate) fn debit_free(&mut self, amount: u128) -> Result<()> {
        self.need_free(amount)?;
        let available = positive(&self.free_cash()?);
        let short = InsufficientCash { needed: uint(amount), available: uint(available) };
        ensure(amount <= available, || short)?;
        self.debit_cash(amount)
    }
}

/// The number, or nothing if it is negative.
pub(crate) fn positive(number: &i128) -> u128 {
    u128::try_from(*number).unwrap_or_default()
}
