//! When no share is priced: too near an expiry, and after a jump of what prices the book. Requests, cancellations and claims go on.

use interfaces::vault::IVault::{ExpiryBlackout, SettlementPending, SpotJumped, SurfaceJumped};
use stylus_sdk::prelude::*;

use crate::amounts::{uint, MILLION, WAD_PER_PRICE};
use crate::error::{OrOverflow, Result, Revert};
use crate::marking::Mark;
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
    pub(crate) fn stop(&self, session: &Session, mark: &Mark) -> Result<Option<Stop>> {
        let limits = &session.limits;
        if let Some(near) = mark.expiries.iter().find(|expiry| expiry.seconds <= limits.blackout) {
            let expiry = u64::from(near.header.expiry);
            let from = uint(expiry.saturating_sub(limits.blackout.into()).into());
            return Ok(Some(if near.seconds == 0 {
                Stop::Settlement(SettlementPending { expiry })
            } else {
                Stop::Expiry(ExpiryBlackout { expiry, from })
            }));
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
        let limit = uint(limits.surfaceJump.into());
        Ok(self.surface_jumped().then_some(Stop::Surface(SurfaceJumped { limit })))
    }

    /// Whether the surface moved by more than `surfaceJump`: never, while it has one publisher and no baseline to move from.
    fn surface_jumped(&self) -> bool {
        false
    }

    /// Refuses to price a share while there is reason not to.
    pub(crate) fn require_open(&self, session: &Session, mark: &Mark) -> Result<()> {
        match self.stop(session, mark)? {
            Some(stop) => Err(stop.into()),
            None => Ok(()),
        }
    }
}
