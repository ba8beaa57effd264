//! Settles the expiry that expired first, by the round that straddles it.

use crate::action::Action;
use crate::collect::View;
use crate::config::Duty;
use crate::rounds::Straddling;
use crate::skip::Skip;
use crate::strategy::{Decision, unanswered};

/// See the module.
///
/// # Errors
/// The reason why there is nothing to settle.
pub fn decide(view: &View, duty: &Duty) -> Decision {
    if !duty.on {
        return Err(Skip::Off);
    }
    let mut reason = None;
    for expired in &view.expired {
        let expiry = expired.expiry;
        let skip = match &expired.round {
            Ok(Straddling::Round(round)) => return Ok(Action::Settle { expiry, round: *round }),
            Ok(Straddling::NotYet(last)) => Skip::NoRoundYet { expiry, last: *last },
            Ok(Straddling::None) => Skip::NoRound { expiry },
            Err(fault) => unanswered(fault, Skip::NoPrice),
        };
        reason.get_or_insert(skip);
    }
    let stored = view.state.request.stored.iter();
    let next = stored.map(|stored| stored.header.expiry).min();
    Err(reason.unwrap_or(Skip::NothingExpired { next }))
}
