//! The market's profile and limits: what the owner fixed before the first deposit, in five words of storage.

use alloc::vec::Vec;

use ::book::SETTINGS;
use alloy_primitives::B256;
pub(crate) use interfaces::settings::Settings;
use interfaces::vault::IVault::ProfileInvalid;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageArray, StorageB256};

use crate::amounts::WAD;
use crate::error::{ensure, OrOverflow, Result};

/// Lots are whole multiples of this, so that money stays exact in 128 bits [1e-18].
const LOT_GRAIN: u64 = 1_000_000_000;
const DAY: u32 = 86_400;
/// Longest stop before an expiry: expiries may be daily, and redemptions need time between them [s].
const MAX_BLACKOUT: u32 = 6 * 3_600;

/// The packed settings.
#[storage]
pub struct SettingsWords {
    words: StorageArray<StorageB256, 5>,
}

impl SettingsWords {
    /// All settings, packed: five slots.
    pub(crate) fn packed(&self) -> [u8; SETTINGS] {
        let mut bytes = [0; SETTINGS];
        for (index, chunk) in bytes.chunks_exact_mut(32).enumerate() {
            let word = self.words.get(index).unwrap_or_default();
            chunk.copy_from_slice(word.as_slice());
        }
        bytes
    }

    /// Checks the bounds and stores `settings`.
    pub(crate) fn write(&mut self, settings: &mut Settings) -> Result<()> {
        check(settings)?;
        for (index, chunk) in settings.pack().chunks_exact(32).enumerate() {
            self.words.setter(index).or_overflow()?.set(B256::from_slice(chunk));
        }
        Ok(())
    }
}

/// Bounds of each field, in the order of the structs; `ProfileInvalid` names the field that is out of them.
fn check(settings: &Settings) -> Result<()> {
    let (p, l) = (&settings.profile, &settings.limits);
    let within = [
        p.lot > 0 && u128::from(p.lot) <= WAD && p.lot.is_multiple_of(LOT_GRAIN),
        p.maxSize >= p.lot,
        p.riskAversion > 0 && p.riskAversion <= 10_000_000_000_000_000,
        p.vol > 0 && p.vol <= 5_000_000,
        p.deltaHorizon > 0 && p.deltaHorizon <= 30 * DAY,
        p.gammaHorizon <= 30 * DAY,
        p.vegaHorizon <= 30 * DAY,
        p.volOfVol <= 1_000_000,
        p.hedgeCost <= 100_000,
        p.deviation <= 100_000,
        p.volStep <= 200_000,
        p.fee <= 100_000,
        p.maxPriceAge > 0 && p.maxPriceAge <= 2 * DAY,
        p.sequencerGrace <= DAY,
        p.surfaceHeartbeat > 0 && p.surfaceHeartbeat <= DAY,
        p.maxSurfaceAge > p.surfaceHeartbeat && p.maxSurfaceAge <= 7 * DAY,
        p.hedgeReserve <= 500_000,
        p.maxSlippage > 0 && p.maxSlippage <= 100_000,
        true,
        p.minBand <= p.maxBand,
        p.maxBand > 0,
        p.redeemDelay <= 30 * DAY,
        p.carryHorizon <= 30 * DAY,
        l.surfaceInterval <= DAY,
        l.solvencyBuffer < 1_000_000,
        true,
        true,
        true,
        true,
        true,
        true,
        true,
        l.spotJump > 0,
        l.surfaceJump > 0,
        l.minLiquidity <= 1_000_000,
        l.blackout <= MAX_BLACKOUT,
        l.performanceFee <= 300_000,
    ];
    let broken = within.iter().position(|good| !good);
    let field = u8::try_from(broken.unwrap_or_default()).or_overflow()?;
    ensure(broken.is_none(), || ProfileInvalid { field })
}
