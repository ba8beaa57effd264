//! When the next hedge is due.

use book::{Mark, Request, Spots};
use interfaces::lens::ILens::NextHedge;
use interfaces::vault::IVault::Hedge;
use interfaces::words::uint;
use inventory::{band, hedge_due};

use crate::amounts::WAD_PER_PRICE;
use crate::error::{OrOverflow, Result};
use crate::vault::{State, Vault};

/// Steps in which half of spot is searched.
const STEPS: u64 = 2_048;

/// The hedge, and the nearest spots at which one is due.
pub(crate) fn next(vault: &Vault<'_>) -> Result<NextHedge> {
    let state = vault.priced()?;
    let Hedge { needed, position, target, reachable, inner, outer, size } = vault.hedge()?;
    let spot = state.request.spot;
    let edge = |down: bool| if needed { Ok(Some(spot)) } else { edge(&state, down) };
    let price =
        |edge: Option<u64>| u128::from(edge.unwrap_or_default()).checked_mul(WAD_PER_PRICE).or_overflow();
    let (below, above) = (uint(price(edge(true)?)?), uint(price(edge(false)?)?));
    Ok(NextHedge { needed, position, target, reachable, inner, outer, size, below, above })
}

/// The last spot before a hedge is due on one side, by bisection; none where it is not due at the end of the search.
fn edge(state: &State, down: bool) -> Result<Option<u64>> {
    let spot = state.request.spot;
    let step = spot.checked_div(STEPS.saturating_mul(2)).or_overflow()?;
    let at = |steps: u64| {
        let by = step.saturating_mul(steps);
        if down {
            spot.saturating_sub(by)
        } else {
            spot.saturating_add(by)
        }
    };
    let (mut still, mut due) = (0, STEPS);
    if !is_due(state, at(due))? {
        return Ok(None);
    }
    while due.saturating_sub(still) > 1 {
        let middle = still.midpoint(due);
        if is_due(state, at(middle))? {
            due = middle;
        } else {
            still = middle;
        }
    }
    Ok(Some(at(still)))
}

/// Whether a hedge would be due at `spot` [1e-8 USD], with what the vault has now.
fn is_due(State { rules, request }: &State, spot: u64) -> Result<bool> {
    let Request { stored, now, hedge, free, .. } = request;
    let spots = Spots::here(rules.lot, spot).or_overflow()?;
    let book = Mark::new(stored.iter().cloned(), spots, *now).or_overflow()?.position().or_overflow()?;
    let moved = hedge.value.checked_mul(spot.into()).or_overflow()?;
    let position = moved.checked_div(request.spot.into()).or_overflow()?;
    let most = position.checked_add((*free).max(0)).or_overflow()?;
    let reachable = book.delta.checked_neg().or_overflow()?.clamp(0, most.max(0));
    let band = band(&rules.profile, book.gamma).or_overflow()?;
    Ok(hedge_due(reachable.checked_sub(position).or_overflow()?, &band) != 0)
}
