//! How calls may end, and what must not go back.

use alloy_sol_types::{SolError, SolInterface};
use interfaces::erc4626::IERC4626;
use interfaces::surface::ISurface;
use interfaces::vault::IVault;

use super::{Verdict, holds};
use crate::fault::Fault;
use crate::fuzz::Fuzz;
use crate::handlers::{OPENING, PRICED, RISKY};
use crate::numbers::{real, small};
use crate::step::Step;

/// Gas of the dearest call that may be.
const MOST_GAS: u64 = 16_000_000;

/// I-19. A surface that is taken moves no listed vol by more than the step from what was in force an interval before it, by what the feed keeps.
pub(super) fn vol_update_bounded(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    if !step.by(&["publish"]) || !step.ok() {
        return Ok(false);
    }
    let now = fuzz.now();
    let interval = u64::from(fuzz.terms.limits.surfaceInterval);
    // The base is the last one that is an interval old, or one beside it that is two intervals old at most.
    let Some((expiry, grid)) = fuzz.ghost.listed.iter().find(|(expiry, _)| **expiry > now) else {
        return Ok(false);
    };
    // An expiry that is new has no surface that is older than it.
    let (expiry, since) = (*expiry, grid.since);
    let own = fuzz.ghost.surfaces.iter().rev().filter(|(time, _)| *time >= since);
    let old = own.filter(|(time, _)| time + interval <= now);
    let mut bases =
        old.clone().take(1).chain(old.filter(|(time, _)| time + 2 * interval >= now)).copied().peekable();
    if bases.peek().is_none() {
        return Ok(false);
    }
    let bases: Vec<f64> = bases.map(|(_, level)| level).collect();
    let surface = fuzz.stage.surface;
    let Ok(kept) = fuzz.stage.chain.view(surface, ISurface::sliceCall { expiry }) else { return Ok(false) };
    let years = (expiry - kept.updatedAt) as f64 / 31_536_000.0;
    let level = (real(kept.slice_.b) / years).sqrt();
    let most = f64::from(fuzz.terms.profile.volStep) / 1e6;
    // A vol at the money is 0.9999 of the level or more; it may not move by more than the step.
    let near = bases.iter().any(|base| (level - base).abs() * 0.99 <= most);
    holds(near, || format!("the level went from {bases:?} to {level}"))?;
    Ok(true)
}

/// I-26. Without a price, whatever needs one is refused with a typed error and changes nothing.
pub(super) fn oracle_gate(_: &mut Fuzz, step: &Step) -> Verdict {
    let Some(fault) = step.fault.filter(|fault| fault.hides_price()) else { return Ok(false) };
    if !step.by(PRICED) {
        return Ok(false);
    }
    holds(!step.ok(), || format!("{} succeeded with {fault:?}", step.handler))?;
    let typed = !step.sent.output.is_empty() || fault == Fault::FeedBurns;
    holds(typed || step.by(&["flash_fill"]), || {
        format!("{} failed with {fault:?} and no data", step.handler)
    })?;
    let numbers =
        |light: &crate::step::Light| (light.cash, light.claims, light.redemptions, light.hedge, light.supply);
    let (stood, stands) = (numbers(&step.before), numbers(&step.after));
    holds(stood == stands, || format!("{stood:?} became {stands:?}"))?;
    Ok(true)
}

/// I-33. The surface's nonce and time and the numbers of the epochs never go back.
pub(super) fn monotone_time(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let surface = fuzz.stage.surface;
    let chain = &mut fuzz.stage.chain;
    let (Ok(nonce), Ok(time)) =
        (chain.view(surface, ISurface::nonceCall {}), chain.view(surface, ISurface::timestampCall {}))
    else {
        return Ok(false);
    };
    let Some(epochs) = fuzz.ask(IERC4626::epochsCall {}) else { return Ok(false) };
    let clocks = [u128::from(nonce), u128::from(time), small(epochs.filled), small(epochs.last)];
    let before = fuzz.ghost.clocks;
    let forward = clocks.iter().zip(&before).all(|(now, then)| now >= then) && clocks[2] <= clocks[3];
    holds(forward, || format!("{before:?} became {clocks:?}"))?;
    fuzz.ghost.clocks = clocks;
    Ok(true)
}

/// I-36, sampled: no call comes near the chain's limit. The largest sizes are a test of their own.
pub(super) fn gas_bounded(_: &mut Fuzz, step: &Step) -> Verdict {
    if step.fault.is_some() {
        return Ok(false);
    }
    let gas = step.sent.gas;
    holds(gas <= MOST_GAS, || format!("{} took {gas} gas", step.handler))?;
    Ok(true)
}

/// I-38. No call of ours ends without saying why.
pub(super) fn no_panic(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    let stage = &fuzz.stage;
    let adapter = fuzz.positions().is_some_and(|held| [held.short, held.perp].contains(&step.to));
    let own = [stage.vault, stage.desk, stage.margin, stage.surface, stage.broker];
    let ours = adapter || own.contains(&step.to);
    let silent = step.fault == Some(Fault::SurfaceSilent) && step.to == stage.surface;
    let starved = silent || matches!(step.fault, Some(Fault::LowGas(_) | Fault::FeedBurns));
    if !ours || starved {
        return Ok(false);
    }
    let told = step.ok() || (!step.sent.output.is_empty() && !step.sent.halted);
    holds(told, || format!("{} failed without data, halted: {}", step.handler, step.sent.halted))?;
    Ok(true)
}

/// I-41. While new risk is stopped, what opens risk is refused, and nothing else is refused for that.
pub(super) fn pause_scope(_: &mut Fuzz, step: &Step) -> Verdict {
    let refused = step.sent.refused(IVault::EnforcedPause::SELECTOR);
    let risky = step.by(RISKY) || (step.by(OPENING) && buys(&step.data));
    holds(!refused || (step.paused && risky), || format!("{} was refused for a pause", step.handler))?;
    holds(!(step.paused && risky && step.ok()), || format!("{} succeeded while paused", step.handler))?;
    Ok(step.paused || risky)
}

/// Whether a trade buys anything.
fn buys(data: &[u8]) -> bool {
    let legs = match IVault::IVaultCalls::abi_decode(data) {
        Ok(IVault::IVaultCalls::trade(call)) => call.legs,
        Ok(IVault::IVaultCalls::tradeInRound(call)) => call.legs,
        _ => Vec::new(),
    };
    legs.iter().any(|leg| leg.size.is_positive())
}
