//! Exits: what was processed is paid, whatever fails and whoever is against it.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault;

use super::{Verdict, holds};
use crate::fuzz::{Fuzz, GAS};
use crate::numbers::small;
use crate::step::Step;

/// Code that reverts.
const DEAD: Bytes = Bytes::from_static(&[0x5f, 0x5f, 0xfd]);

/// I-24. Every processed redemption is covered by what is set aside, and is paid in full while the vault is paused and its feeds, its venue and its
/// engine are dead, as far as cash is there; so is every claim of a settled series; a request is taken back with exactly its shares.
pub(super) fn queued_claimable(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let owed = payable(fuzz);
    let light = fuzz.light(fuzz.cast.stranger);
    holds(owed <= light.redemptions, || format!("{owed} owed, {} set aside", light.redemptions))?;
    let verdict = fuzz.try_out(|fuzz| {
        let guardian = fuzz.stage.actors.guardian;
        let vault = fuzz.stage.vault;
        let _ = fuzz.aside(guardian, vault, &IVault::pauseCall {});
        let stage = &fuzz.stage;
        for dead in [stage.feed, stage.sequencer, stage.surface, stage.venue, stage.engine] {
            fuzz.set_code(dead, DEAD);
        }
        fuzz.interfere();
        everybody_is_paid(fuzz)
    })?;
    Ok(verdict || owed > 0)
}

/// Assets of all that was processed and not taken, as far as each is payable now.
fn payable(fuzz: &mut Fuzz) -> u128 {
    let controllers: Vec<Address> = fuzz.ghost.requests.keys().copied().collect();
    let each = controllers.into_iter();
    each.map(|controller| small(fuzz.ask(IERC4626::maxWithdrawCall { controller }).unwrap_or_default())).sum()
}

fn everybody_is_paid(fuzz: &mut Fuzz) -> Verdict {
    let vault = fuzz.stage.vault;
    let mut any = false;
    let controllers: Vec<(Address, u128)> =
        fuzz.ghost.requests.iter().map(|(who, (id, _))| (*who, *id)).collect();
    for (controller, id) in controllers {
        let shares = fuzz.ask(IERC4626::maxRedeemCall { controller }).unwrap_or_default();
        let assets = small(fuzz.ask(IERC4626::maxWithdrawCall { controller }).unwrap_or_default());
        let cash = fuzz.light(controller).cash;
        if !shares.is_zero() && assets <= cash {
            let before = fuzz.usdc_of(controller);
            let call = IERC4626::redeemCall { shares, receiver: controller, controller };
            let sent = fuzz.send(controller, vault, call.abi_encode(), GAS);
            let got = fuzz.usdc_of(controller).saturating_sub(before);
            holds(sent.ok && got + 1 >= assets, || {
                format!("{controller} got {got} of {assets}: {}", sent.name())
            })?;
            any = true;
        }
        any |= taken_back(fuzz, controller, id)?;
    }
    for who in fuzz.claimants() {
        let mut held = fuzz.ghost.held_by(who);
        held.retain(|(id, _)| fuzz.is_claimable(*id));
        let Some(payoff) =
            held.iter().try_fold(0, |sum, (id, size)| Some(sum + fuzz.ghost.payoff(*id, *size)?))
        else {
            continue;
        };
        if fuzz.ghost.shortfall || payoff > fuzz.light(who).cash {
            continue;
        }
        let call = IVault::claimCall { series: held.iter().map(|(id, _)| *id).collect(), receiver: who };
        let before = fuzz.usdc_of(who);
        let sent = fuzz.send(who, vault, call.abi_encode(), GAS);
        let got = fuzz.usdc_of(who).saturating_sub(before);
        holds(sent.ok && got == payoff, || format!("{who} got {got} of {payoff}: {}", sent.name()))?;
        any = true;
    }
    Ok(any)
}

fn taken_back(fuzz: &mut Fuzz, controller: Address, id: u128) -> Verdict {
    let (vault, request_id) = (fuzz.stage.vault, U256::from(id));
    let pending = fuzz.ask(IERC4626::pendingRedeemRequestCall { requestId: request_id, controller });
    let (Some(pending), Some(epoch)) = (pending, fuzz.ask(IERC4626::epochCall { requestId: request_id }))
    else {
        return Ok(false);
    };
    if pending.is_zero() || U256::from(fuzz.now()) >= epoch.locksAt {
        return Ok(false);
    }
    let before = super::shares::shares_of(fuzz, controller);
    let call = IERC4626::cancelRedeemRequestCall { requestId: request_id, controller };
    let sent = fuzz.send(controller, vault, call.abi_encode(), GAS);
    let back = super::shares::shares_of(fuzz, controller).saturating_sub(before);
    holds(sent.ok && back == small(pending), || format!("{back} of {pending} came back: {}", sent.name()))?;
    Ok(true)
}

/// What people have, that a guardian might want.
fn belongings(fuzz: &mut Fuzz) -> Vec<u128> {
    let requests: Vec<(Address, u128)> =
        fuzz.ghost.requests.iter().map(|(who, (id, _))| (*who, *id)).collect();
    let mut all = Vec::new();
    for (controller, id) in requests {
        let request_id = U256::from(id);
        let claimable = IERC4626::claimableRedeemRequestCall { requestId: request_id, controller };
        let pending = IERC4626::pendingRedeemRequestCall { requestId: request_id, controller };
        all.push(small(fuzz.ask(claimable).unwrap_or_default()));
        all.push(small(fuzz.ask(pending).unwrap_or_default()));
    }
    for who in fuzz.cast.people.clone() {
        all.push(super::shares::shares_of(fuzz, who));
    }
    let light = fuzz.light(fuzz.stage.actors.guardian);
    all.extend([light.claims, light.redemptions, light.supply, light.caller[0]]);
    all
}

/// I-32. Nothing that a guardian does alone lowers what anybody has or is owed, gives the guardian anything, or keeps anybody from taking it.
pub(super) fn guardian_cannot_take(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let (guardian, vault) = (fuzz.stage.actors.guardian, fuzz.stage.vault);
    let before = belongings(fuzz);
    let venues = [fuzz.stage.venue, fuzz.cast.hostile_venue];
    fuzz.try_out(|fuzz| {
        let mut deeds: Vec<Vec<u8>> = vec![
            IVault::pauseCall {}.abi_encode(),
            IVault::removePoolCall {}.abi_encode(),
            IVault::divestCall { assets: U256::MAX }.abi_encode(),
            IVault::unpauseCall {}.abi_encode(),
        ];
        deeds.extend(venues.map(|venue| IVault::removeVenueCall { venue }.abi_encode()));
        for _ in 0..fuzz.dice.range(1, 6) {
            let at = fuzz.dice.below(deeds.len() as u64) as usize;
            fuzz.send(guardian, vault, deeds[at].clone(), GAS);
        }
        fuzz.interfere();
        let after = belongings(fuzz);
        holds(after == before, || format!("{before:?} became {after:?}"))?;
        everybody_is_paid(fuzz)
    })?;
    Ok(true)
}
