//! Publishers, curator, guardian and owner.

use alloy_primitives::FixedBytes;
use interfaces::vault::IVault;

use crate::fuzz::Fuzz;
use crate::ghost::Grid;
use crate::numbers::wad;

pub(super) fn publish(fuzz: &mut Fuzz) -> Option<()> {
    // Beyond the step, now and then: refused, where there is a surface old enough to tell.
    let by = if fuzz.dice.percent(25) { fuzz.dice.real(-0.03, 0.03) } else { fuzz.dice.real(-0.004, 0.004) };
    let vol = (fuzz.ghost.vol + by).clamp(0.5, 1.2);
    let call = fuzz.publication(vol)?;
    let (surface, anyone) = (fuzz.stage.surface, fuzz.cast.stranger);
    if fuzz.act("publish", anyone, surface, &call).is_some() {
        fuzz.published(vol);
    }
    Some(())
}

pub(super) fn list(fuzz: &mut Fuzz) -> Option<()> {
    let now = fuzz.now();
    if fuzz.ghost.shortfall || fuzz.ghost.listed.len() > 3 {
        return None;
    }
    let days = fuzz.dice.range(0, 6);
    let midnight = now / 86_400 * 86_400;
    let mut expiry = midnight + days * 86_400 + 8 * 3_600;
    if expiry < now + 3_600 {
        expiry += 86_400;
    }
    if (fuzz.ghost.listed.contains_key(&expiry) || fuzz.ghost.settled.contains_key(&expiry))
        && !fuzz.dice.percent(10)
    {
        return None;
    }
    let (low, step, count) = fuzz.terms.grid;
    let call = IVault::listExpiryCall { expiry, base: wad(low), step: wad(step), count };
    let (vault, curator) = (fuzz.stage.vault, fuzz.stage.actors.curator);
    if fuzz.act("list_expiry", curator, vault, &call).is_some() {
        let grid = Grid { base: low as u64, step: step as u64, count, since: now };
        fuzz.ghost.listed.insert(expiry, grid);
        let _ = fuzz.publish(fuzz.ghost.vol);
    }
    Some(())
}

pub(super) fn set_depth(fuzz: &mut Fuzz) -> Option<()> {
    let now = fuzz.now();
    let live: Vec<(u64, Grid)> = fuzz
        .ghost
        .listed
        .iter()
        .filter(|(expiry, _)| **expiry > now + 15 * 86_400)
        .map(|(expiry, grid)| (*expiry, *grid))
        .collect();
    // Without a cap on vega a change takes longer than any expiry lives.
    if fuzz.terms.limits.maxVega == u32::MAX && !fuzz.dice.percent(3) {
        return None;
    }
    let (expiry, grid) = if live.is_empty() { return None } else { fuzz.dice.pick(&live) };
    let strips = usize::from(grid.count.div_ceil(8));
    let mut weights = [0_u8; 8];
    if fuzz.dice.percent(70) {
        let each = 200 / strips as u64;
        for weight in weights.iter_mut().take(strips) {
            *weight = fuzz.dice.range(each * 9 / 10, each) as u8;
        }
    }
    let call = IVault::setDepthCall { expiry, weights: FixedBytes(weights) };
    let (vault, curator) = (fuzz.stage.vault, fuzz.stage.actors.curator);
    fuzz.act("set_depth", curator, vault, &call);
    Some(())
}

pub(super) fn pause(fuzz: &mut Fuzz) -> Option<()> {
    let actors = fuzz.stage.actors;
    let (vault, from) = (fuzz.stage.vault, fuzz.dice.pick(&[actors.owner, actors.guardian]));
    if fuzz.act("pause", from, vault, &IVault::pauseCall {}).is_some() {
        fuzz.ghost.paused = true;
    }
    Some(())
}

pub(super) fn unpause(fuzz: &mut Fuzz) -> Option<()> {
    if !fuzz.ghost.paused || fuzz.ghost.shortfall || fuzz.dice.percent(20) {
        return None;
    }
    let (vault, owner) = (fuzz.stage.vault, fuzz.stage.actors.owner);
    if fuzz.act("unpause", owner, vault, &IVault::unpauseCall {}).is_some() {
        fuzz.ghost.paused = false;
    }
    Some(())
}

pub(super) fn allow_venue(fuzz: &mut Fuzz) -> Option<()> {
    let venues = [fuzz.stage.venue, fuzz.cast.hostile_venue];
    let venue = venues.into_iter().find(|venue| !fuzz.ghost.venues.contains_key(venue))?;
    let (vault, owner) = (fuzz.stage.vault, fuzz.stage.actors.owner);
    let waits = if fuzz.light(owner).supply == 0 { 0 } else { 2 * 86_400 };
    if fuzz.act("allow_venue", owner, vault, &IVault::allowVenueCall { venue }).is_some() {
        let from = fuzz.now() + waits;
        fuzz.ghost.venues.insert(venue, from);
    }
    Some(())
}

pub(super) fn remove_venue(fuzz: &mut Fuzz) -> Option<()> {
    let actors = fuzz.stage.actors;
    let venue = if fuzz.dice.percent(70) { fuzz.cast.hostile_venue } else { fuzz.stage.venue };
    let (vault, from) = (fuzz.stage.vault, fuzz.dice.pick(&[actors.owner, actors.guardian]));
    fuzz.close = true;
    if fuzz.act("remove_venue", from, vault, &IVault::removeVenueCall { venue }).is_some() {
        fuzz.ghost.venues.remove(&venue);
    }
    Some(())
}

/// Roles go to whom they belong: the sequence goes on with the same people.
pub(super) fn set_role(fuzz: &mut Fuzz) -> Option<()> {
    let actors = fuzz.stage.actors;
    let (which, account) =
        fuzz.dice.pick(&[(1, actors.curator), (2, actors.guardian), (3, actors.keeper), (0, actors.keeper)]);
    let which = IVault::Role::try_from(which).ok()?;
    let vault = fuzz.stage.vault;
    fuzz.act("set_role", actors.owner, vault, &IVault::setRoleCall { which, account });
    Some(())
}

/// Another contract is named, and never taken: what is in force stays.
pub(super) fn set_satellite(fuzz: &mut Fuzz) -> Option<()> {
    if fuzz.light(fuzz.cast.stranger).supply == 0 {
        return None;
    }
    let which =
        fuzz.dice.pick(&[IVault::Satellite::Surface, IVault::Satellite::Margin, IVault::Satellite::Desk]);
    let (vault, owner, contract_) = (fuzz.stage.vault, fuzz.stage.actors.owner, fuzz.cast.stranger);
    fuzz.act("set_satellite", owner, vault, &IVault::setSatelliteCall { which, contract_ });
    Some(())
}
