//! Settlement: one price, the same however late, and claims to the micro-dollar.

use alloy_primitives::aliases::U80;
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolError};
use interfaces::vault::IVault;

use super::{Verdict, holds};
use crate::fuzz::{Fuzz, GAS};
use crate::ghost::parts;
use crate::numbers::small;
use crate::step::{Step, Told};

/// I-25. A claim pays the payoff of each position, rounded down, to the receiver and to the micro-dollar.
pub(super) fn payoff_exact(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    let Told::Claim { receiver, expected, before } = step.told else { return Ok(false) };
    let paid = IVault::claimCall::abi_decode_returns(&step.sent.output).map(small).unwrap_or(u128::MAX);
    holds(paid == expected, || format!("{paid} of {expected}"))?;
    let got = fuzz.usdc_of(receiver).wrapping_sub(before);
    holds(got == expected, || format!("{receiver} got {got} of {expected}"))?;
    Ok(true)
}

/// I-27. A settlement price is written once.
pub(super) fn settle_price_once(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    for (expiry, price) in fuzz.ghost.settled.clone() {
        let told = fuzz.ask(IVault::settlementPriceCall { expiry });
        holds(told == Some(price), || format!("{expiry} was settled at {price}, not {told:?}"))?;
    }
    Ok(!fuzz.ghost.settled.is_empty())
}

/// I-28. An expiry settles at the same price, and pays the same, at once and a month later.
pub(super) fn settle_time_independent(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let seen = fuzz.try_out(|fuzz| {
        let expiry = expired(fuzz)?;
        let at_once = fuzz.try_out(|fuzz| settled(fuzz, expiry));
        let later = fuzz.try_out(|fuzz| {
            let later = fuzz.now() + 30 * 86_400;
            for days in 1..=3 {
                fuzz.warp(later + days * 3_600);
                let price = fuzz.ghost.price * fuzz.dice.real(0.5, 2.0);
                fuzz.push_price(price);
            }
            fuzz.interfere();
            settled(fuzz, expiry)
        });
        Some((expiry, at_once, later))
    });
    let Some((expiry, at_once, later)) = seen else { return Ok(false) };
    holds(at_once == later, || format!("{expiry}: {at_once:?} at once, {later:?} later"))?;
    Ok(at_once.is_some())
}

/// An expiry that waits for its settlement; the next one is waited for where there is none.
fn expired(fuzz: &mut Fuzz) -> Option<u64> {
    let now = fuzz.now();
    let next = *fuzz.ghost.listed.keys().next()?;
    if next > now + 10 * 86_400 {
        return None;
    }
    if next > now {
        fuzz.warp(next - 1);
        fuzz.push_price(fuzz.ghost.price);
    }
    // A round of the expiry's own second is not behind it.
    if next >= now {
        fuzz.warp(next + 60);
    }
    if fuzz.ghost.settling_round(next).is_none() {
        fuzz.push_price(fuzz.ghost.price);
    }
    Some(next)
}

/// Settles, and claims for everybody whom cash is there for: the price, and what each got.
fn settled(fuzz: &mut Fuzz, expiry: u64) -> Option<(U256, Vec<u128>)> {
    let (vault, anyone) = (fuzz.stage.vault, fuzz.cast.stranger);
    let round = fuzz.ghost.settling_round(expiry)?;
    let call = IVault::settleCall { expiry, roundId: U80::from(round) };
    let price = fuzz.aside(anyone, vault, &call).ok()?;
    let held: Vec<(Address, U256)> =
        fuzz.ghost.held.keys().filter(|(_, id)| parts(*id).0 == expiry).copied().collect();
    let mut got = Vec::new();
    let mut cash = fuzz.light(anyone).cash;
    fuzz.ghost.settled.insert(expiry, price);
    for (who, id) in held {
        let size = fuzz.ghost.held.get(&(who, id)).copied().unwrap_or_default();
        // A claim beyond cash sells hedges at the price of its day.
        let payoff = fuzz.ghost.payoff(id, size).unwrap_or_default();
        if payoff > cash {
            continue;
        }
        cash -= payoff;
        let call = IVault::claimCall { series: vec![id], receiver: who };
        got.push(fuzz.aside(who, vault, &call).map_or(u128::MAX, small));
    }
    Some((price, got))
}

/// I-29. Settling again is refused, a second claim of the same pays nothing, and neither changes anything.
pub(super) fn settle_idempotent(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let Some((expiry, _)) = fuzz.ghost.settled.iter().next().map(|(expiry, price)| (*expiry, *price)) else {
        return Ok(false);
    };
    let (vault, anyone) = (fuzz.stage.vault, fuzz.cast.stranger);
    let round = fuzz.ghost.settling_round(expiry).unwrap_or_default();
    let grid = fuzz.terms.grid;
    fuzz.try_out(|fuzz| {
        fuzz.interfere();
        let before = fuzz.digests();
        let call = IVault::settleCall { expiry, roundId: U80::from(round) };
        let again = fuzz.send(anyone, vault, call.abi_encode(), GAS);
        let refused = again.refused(IVault::AlreadySettled::SELECTOR);
        holds(refused, || format!("{expiry} was settled again: {}", again.name()))?;
        let id = crate::ghost::series(expiry, grid.0 as u64, false);
        let claim = IVault::claimCall { series: vec![id], receiver: anyone };
        let nothing = fuzz.send(anyone, vault, claim.abi_encode(), GAS);
        let paid = IVault::claimCall::abi_decode_returns(&nothing.output).ok();
        holds(!nothing.ok || paid == Some(U256::ZERO), || format!("{paid:?} was paid for nothing"))?;
        holds(fuzz.digests() == before, || "something changed".into())?;
        Ok(true)
    })
}
