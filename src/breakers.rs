//! When no share is priced: too near an expiry, and after a jump of what prices the book. Requests, cancellations and claims go on.

use interfaces::vault::IVault::{ExpiryBlackout, SettlementPending, SpotJumped, SurfaceJumped};
use stylus_sdk::prelude::*;

use crate::amounts::{uint, MILLION, WAD_PER_PRICE};
use crate::error::{OrOverflow, Result, Revert};
use crate::risk::Position;
use crate::state::{Session, Vault};

/// Why no share is priced.
pub(crate) enum Stop {
    Settlement(SettlementPending),
    Expiry(ExpiryBlackout),
    Spot(SpotJumped),
    Surface(SurfaceJumped),
}

impl From<Stop> for Revert {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Settlement(error) => error.into(),
            Stop::Expiry(error) => error.into(),
            Stop::Spot(error) => error.into(),
            Stop::Surface(error) => error.into(),
        }
    }
}

impl Vault {
    /// Why deposits and the processing of redemptions stop now, if they do.
    pub(crate) fn stop(&self, session: &Session, position: &Position) -> Result<Option<Stop>> {
        let limits = &session.limits;
        let (expiry, blackout) = (position.expiry, u64::from(limits.blackout));
        if expiry <= session.now {
            return Ok(Some(Stop::Settlement(SettlementPending { expiry })));
        }
        let from = expiry.saturating_sub(blackout);
        if from <= session.now {
            return Ok(Some(Stop::Expiry(ExpiryBlackout { expiry, from: uint(from.into()) })));
        }
        let limit = limits.spotJump.into();
        if let Some(before) = self.feeds_of(&session.profile).before(self.vm(), session.price.round) {
            let (before, spot) = (u128::from(before), u128::from(session.price.spot));
            let moved = before.abs_diff(spot).checked_mul(MILLION).or_overflow()?;
            if moved > before.checked_mul(limit).or_overflow()? {
                let wad = |price: u128| price.checked_mul(WAD_PER_PRICE).or_overflow().map(uint);
                let jump = SpotJumped { from: wad(before)?, to: wad(spot)?, limit: uint(limit) };
                return Ok(Some(Stop::Spot(jump)));
            }
        }
        let (moved, limit) = (position.moved, limits.surfaceJump);
        let [wide, most] = [moved, limit].map(|number| uint(number.into()));
        Ok((moved > limit).then_some(Stop::Surface(SurfaceJumped { moved: wide, limit: most })))
    }

    /// Refuses to price a share while there is reason not to.
    pub(crate) fn require_open(&self, session: &Session, position: &Position) -> Result<()> {
        match self.stop(session, position)? {
            Some(stop) => Err(stop.into()),
            None => Ok(()),
        }
    }
}
