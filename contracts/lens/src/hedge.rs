//! When the next hedge is due.

use book::{size_at, Mark, Request, Spots};
use interfaces::lens::ILens::NextHedge;
use interfaces::words::{int, uint};
use inventory::hedge::Reach;
use inventory::{band, hedge_due, Band};

use crate::amounts::WAD_PER_PRICE;
use crate::error::{OrOverflow, Result};
use crate::vault::{State, Vault};

/// Steps in which half of spot is searched.
const STEPS: u64 = 2_048;

/// Where the hedge stands at a spot [micro-USD].
struct Skew {
    position: i128,
    target: i128,
    reachable: i128,
    band: Band,
    due: i128,
}

/// The hedge, and the nearest spots at which one is due.
pub(crate) fn next(vault: &Vault<'_>) -> Result<NextHedge> {
    let state = vault.priced()?;
    let spot = state.request.spot;
    let Skew { position, target, reachable, band, due } = skew(&state, spot)?;
    let needed = due != 0;
    let edge = |down: bool| if needed { Ok(Some(spot)) } else { edge(&state, down) };
    let price =
        |edge: Option<u64>| u128::from(edge.unwrap_or_default()).checked_mul(WAD_PER_PRICE).or_overflow();
    let (below, above) = (uint(price(edge(true)?)?), uint(price(edge(false)?)?));
    let units = |cash| size_at(spot, cash).or_overflow().map(int);
    let width =
        |cash| Ok::<_, interfaces::contract::Revert>(units(i128::try_from(cash).or_overflow()?)?.into_raw());
    Ok(NextHedge {
        needed,
        position: units(position)?,
        target: units(target)?,
        reachable: units(reachable)?,
        inner: width(band.inner)?,
        outer: width(band.outer)?,
        size: units(due)?,
        below,
        above,
    })
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

/// Whether a hedge would be due at `spot` [1e-8 USD].
fn is_due(state: &State, spot: u64) -> Result<bool> {
    Ok(skew(state, spot)?.due != 0)
}

/// The hedge at `spot` [1e-8 USD], with what the vault has now.
fn skew(State { rules, request }: &State, spot: u64) -> Result<Skew> {
    let Request { stored, now, hedge, .. } = request;
    let spots = Spots::here(rules.lot, spot).or_overflow()?;
    let book = Mark::new(stored.iter().cloned(), spots, *now).or_overflow()?.position().or_overflow()?;
    let moved = hedge.value.checked_mul(spot.into()).or_overflow()?;
    let position = moved.checked_div_euclid(request.spot.into()).or_overflow()?;
    let target = book.delta.checked_neg().or_overflow()?;
    let Reach { low, high } = request.reach().or_overflow()?;
    // What is held moves with the spot, what cash buys does not.
    let most = high.checked_sub(hedge.value).and_then(|cash| cash.checked_add(position)).or_overflow()?;
    let reachable = target.clamp(low, most.max(0));
    let band = band(&rules.profile, book.gamma).or_overflow()?;
    let due = hedge_due(reachable.checked_sub(position).or_overflow()?, &band);
    Ok(Skew { position, target, reachable, band, due })
}
