//! Processes the oldest epoch of redemptions once it is ready and as far as the vault would fill it: the vault itself was asked.

use alloy_sol_types::SolError;
use interfaces::erc4626::IERC4626::{NoPendingRedemption, RedemptionNotReady};
use interfaces::words::{to_u64, to_u128};

use crate::action::Action;
use crate::chain::Fault;
use crate::collect::View;
use crate::config::{Process, micro};
use crate::skip::Skip;
use crate::strategy::{Decision, unanswered};

/// See the module.
///
/// # Errors
/// The reason why nothing is processed.
pub fn decide(view: &View, duty: &Process) -> Decision {
    if !duty.on {
        return Err(Skip::Off);
    }
    let (_, shares, assets) = match &view.queue {
        Ok(done) => *done,
        Err(fault) => return Err(refused(fault)),
    };
    let paid = to_u128(assets).and_then(|assets| i128::try_from(assets).ok()).unwrap_or(i128::MAX);
    let least = micro(duty.min_payout);
    // One that pays too little holds up those after it, and anyone can ask for a unit in every epoch: it is processed in the end. One whose
    // requests were all cancelled is at once.
    let waited = view.ready_at.map_or(0, |ready_at| view.head.timestamp.saturating_sub(ready_at));
    if paid < least && !shares.is_zero() && waited < duty.dust_after {
        return Err(Skip::PayoutTooSmall { assets: paid, least });
    }
    Ok(Action::Process { shares, assets })
}

fn refused(fault: &Fault) -> Skip {
    let Fault::Reverted(data) = fault else { return Skip::Chain(fault.clone()) };
    if NoPendingRedemption::abi_decode(data).is_ok() {
        return Skip::QueueEmpty;
    }
    match RedemptionNotReady::abi_decode(data) {
        Ok(error) => Skip::EpochNotReady {
            id: to_u64(error.requestId).unwrap_or(u64::MAX),
            ready_at: to_u64(error.readyAt).unwrap_or(u64::MAX),
        },
        Err(_) => unanswered(fault, Skip::WouldRevert),
    }
}
