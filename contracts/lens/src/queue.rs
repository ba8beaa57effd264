//! The redemptions that wait.

use alloc::vec::Vec;

use interfaces::lens::ILens::WaitingEpoch;
use interfaces::words::uint;

use crate::error::{OrOverflow, Result};
use crate::vault::Vault;

/// Most epochs of an answer.
const MOST: u128 = 32;

/// The epochs after the last that is filled.
pub(crate) fn waiting(vault: &Vault<'_>) -> Result<Vec<WaitingEpoch>> {
    let [filled, last] = vault.epochs()?;
    let end = last.min(filled.saturating_add(MOST));
    (filled..end).map(|before| one(vault, before.checked_add(1).or_overflow()?)).collect()
}

fn one(vault: &Vault<'_>, id: u128) -> Result<WaitingEpoch> {
    let [requested, processed, assets, closes, locks, ready] = vault.epoch(id)?;
    let waiting = vault.good(requested.checked_sub(processed))?;
    let [request_id, waiting, processed, assets, closes, locks, ready] =
        [id, waiting, processed, assets, closes, locks, ready].map(uint);
    Ok(WaitingEpoch {
        requestId: request_id,
        waiting,
        processed,
        assets,
        closesAt: closes,
        locksAt: locks,
        readyAt: ready,
    })
}
