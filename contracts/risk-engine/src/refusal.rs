//! Why there is no answer, in the errors of `IVault`.

use book::{Refusal, Request, Unreachable};
use interfaces::contract::{unmarked, Revert};
use interfaces::vault::IVault::{
    DeltaCapExceeded, GammaCapExceeded, HedgeCapacityExceeded, InsufficientLiquidity, SolvencyTooLow,
    VegaCapExceeded,
};
use interfaces::words::{int, uint};
use inventory::CapError;

/// A trade that may not be done.
pub(crate) fn refused(request: &Request, refusal: Refusal) -> Revert {
    match refusal {
        Refusal::Failed(error) => unmarked(error),
        Refusal::Unreachable(Unreachable::Short { short }) => HedgeCapacityExceeded {
            needed: int(i128::try_from(short).unwrap_or(i128::MAX).saturating_neg()),
            available: int(0),
        }
        .into(),
        Refusal::Unreachable(Unreachable::Cash { needed, available }) => {
            InsufficientLiquidity { needed: uint(needed), available: uint(available) }.into()
        }
        Refusal::Cap(CapError::Delta { delta, cap }) => {
            DeltaCapExceeded { delta: int(delta), cap: uint(cap) }.into()
        }
        Refusal::Cap(CapError::Gamma { gamma, cap }) => {
            GammaCapExceeded { gamma: int(gamma), cap: uint(cap) }.into()
        }
        Refusal::Cap(CapError::Vega { bucket, vega, cap }) => {
            let expiry = request.stored.get(bucket).map_or(0, |stored| stored.header.expiry.into());
            VegaCapExceeded { expiry, vega: int(vega), cap: uint(cap) }.into()
        }
        Refusal::Solvency { nav, loss, missing } => {
            SolvencyTooLow { nav: int(nav), worstLoss: uint(loss), missing: uint(missing) }.into()
        }
    }
}
