//! Hedges: their price, their direction, their reward, and who is let in meanwhile.

use alloy_primitives::Address;
use demo::stage::positions::HAIRCUT;
use host::Trace;
use interfaces::desk::IHedgeDesk;
use interfaces::vault::IVault;

use super::{Verdict, holds};
use crate::fuzz::Fuzz;
use crate::handlers::HEDGES;
use crate::numbers::{mul_div, mul_div_up, real, signed, small};
use crate::opening::Hostile;
use crate::positions::DUST;
use crate::step::{Step, Told};

/// What is computed in floating point is no finer.
const GRAIN: f64 = 1e-7;
/// The desk's rules, as it ships them: what gas is paid at most [micro-USD], the cap on a reward's share [1e-6], the budget of a day [micro-USD].
const GAS_CAP: u128 = 500_000;
const REWARD_CAP: u128 = 500;
const BUDGET: u128 = 500_000_000;

/// Micro-USD of token units at the feed's price.
fn value(fuzz: &Fuzz, units: u128, up: bool) -> u128 {
    let price = (fuzz.ghost.price * 1e8).round() as u128;
    let per_micro = 10_u128.pow(20);
    if up { mul_div_up(units, price, per_micro) } else { mul_div(units, price, per_micro) }
}

/// What a position pays a venue beyond its price at most: its own fee and what closing is reckoned to cost [1e-6].
const VENUE_COST: u128 = 1_000 + HAIRCUT as u128;

/// What a hedge by position did at once: its size, none when it was ordered.
fn positioned(fuzz: &Fuzz, step: &Step) -> u128 {
    if !step.by(&["hedge_by_position"]) {
        return 0;
    }
    let done = step.sent.events::<IHedgeDesk::Rebalanced>(fuzz.stage.desk);
    done.iter().fold(0, |sum, done| sum + small(done.size.unsigned_abs()))
}

/// A hedge by position costs NAV no more than the slippage cap, what its venue takes, the reward, and what was too little to count before.
fn position_price_cap(fuzz: &Fuzz, step: &Step) -> Verdict {
    let (Some(before), Some(after)) = (&step.deep_before, &step.deep_after) else { return Ok(false) };
    let rewards = step.sent.events::<IVault::RewardPaid>(fuzz.stage.vault);
    let paid = rewards.iter().fold(0, |sum, reward| sum + small(reward.amount));
    let rate = u128::from(fuzz.terms.profile.maxSlippage) + VENUE_COST;
    let most = mul_div_up(value(fuzz, positioned(fuzz, step), true), rate, 1_000_000) + paid + 4;
    // What counted for nothing counts while an order is in flight.
    let most = most + DUST;
    let lost = signed(before.nav.mid) - signed(after.nav.mid);
    holds(lost <= most as i128, || format!("{lost} of NAV, {most} was the most"))?;
    Ok(true)
}

/// I-20. By the vault's own balances a hedge costs no more than the slippage cap beyond the feed's price, whatever venue or filler took the other side.
pub(super) fn rebalance_price_cap(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    if !step.by(HEDGES) || !step.ok() {
        return Ok(false);
    }
    if step.by(&["hedge_by_position"]) {
        return position_price_cap(fuzz, step);
    }
    let rewards = step.sent.events::<IVault::RewardPaid>(fuzz.stage.vault);
    let paid = rewards.iter().fold(0, |sum, reward| sum + small(reward.amount));
    let moves = step.sent.events::<IVault::Invested>(fuzz.stage.vault);
    let back = moves.iter().fold(0, |sum, moved| sum + small(moved.assets));
    let (before, after) = (&step.before, &step.after);
    let slip = u128::from(fuzz.terms.profile.maxSlippage);
    let (from, to) = (before.cash + back, after.cash + paid);
    if after.hedge >= before.hedge {
        let most = mul_div_up(value(fuzz, after.hedge - before.hedge, true), 1_000_000 + slip, 1_000_000) + 4;
        holds(from <= to + most, || format!("{from} became {to}, {most} was the most"))?;
    } else {
        let least = mul_div(value(fuzz, before.hedge - after.hedge, false), 1_000_000 - slip, 1_000_000);
        holds(to + 4 >= from + least, || format!("{from} became {to}, {least} was the least"))?;
    }
    Ok(true)
}

/// I-21. A hedge happens only when one is due, and leaves less to hedge than there was, at most the inner edge on the other side.
pub(super) fn rebalance_reduces(_: &mut Fuzz, step: &Step) -> Verdict {
    if !step.by(HEDGES) || !step.ok() {
        return Ok(false);
    }
    let need = |deep: &Option<crate::step::Deep>| deep.as_ref().and_then(|deep| deep.need.clone());
    let (Some(before), Some(after)) = (need(&step.deep_before), need(&step.deep_after)) else {
        return Ok(false);
    };
    holds(!before.due.is_zero(), || "nothing was due".into())?;
    let (stood, stands) = (real(before.deviation), real(after.deviation));
    holds(stands.abs() < stood.abs() + GRAIN, || format!("{stood} became {stands}"))?;
    let (beyond, inner) = (-stands * stood.signum(), small(before.inner) as f64 / 1e18);
    holds(beyond <= inner + GRAIN, || format!("{beyond} beyond the target, {inner} is the edge"))?;
    Ok(true)
}

/// I-22. A reward is at most what gas is paid and the capped share of what was hedged, and a day's rewards are at most a full budget and its refill.
pub(super) fn keeper_reward_cap(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    let Told::Hedge { payee, before } = step.told else { return Ok(false) };
    if payee.is_zero() {
        return Ok(false);
    }
    let got = fuzz.usdc_of(payee).saturating_sub(before);
    let hedged = step.after.hedge.abs_diff(step.before.hedge) + positioned(fuzz, step);
    let most = GAS_CAP + mul_div_up(value(fuzz, hedged, true), REWARD_CAP, 1_000_000) + 2;
    holds(got <= most, || format!("{got} was paid, {most} is the most"))?;
    let now = fuzz.now();
    let day = fuzz.ghost.rewards.iter().filter(|(time, _)| time + 86_400 > now);
    let day = day.fold(0, |sum, (_, reward)| sum + reward);
    holds(day <= 2 * BUDGET, || format!("{day} was paid in a day"))?;
    Ok(true)
}

/// I-34. A venue or a filler that calls back while the vault has called it gets in nowhere: not into what changes state, and not into the views of price
/// and NAV.
pub(super) fn reentrancy(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    let Told::Ambush { contract } = step.told else { return Ok(false) };
    let chain = &mut fuzz.stage.chain;
    let (Ok(tried), Ok(succeeded)) =
        (chain.view(contract, Hostile::triedCall {}), chain.view(contract, Hostile::succeededCall {}))
    else {
        return Ok(false);
    };
    holds(tried, || "the attack was not tried".into())?;
    holds(!succeeded, || format!("{contract} was let in"))?;
    Ok(true)
}

/// I-35. While it hedges, the vault calls nobody but its tokens, feeds, engine and pool, venues that are allowed, and who fills; none of them is empty.
pub(super) fn adapter_allowlist(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    let Some(trace) = &step.trace else { return Ok(false) };
    if !step.ok() {
        return Ok(false);
    }
    let now = fuzz.now();
    let stage = &fuzz.stage;
    let feeds = [stage.feed, stage.sequencer, stage.surface];
    let own = [stage.usdc, stage.underlying, stage.engine, stage.broker];
    let venues = fuzz.ghost.venues.iter().filter(|(_, from)| **from <= now).map(|(venue, _)| *venue);
    let fillers = [fuzz.cast.pool, step.from, step.to];
    let known: Vec<Address> = own.into_iter().chain(feeds).chain(venues).chain(fillers).collect();
    let vault = stage.vault;
    let mut called = Vec::new();
    callees(trace, vault, &mut called);
    for callee in &called {
        holds(known.contains(callee), || format!("the vault called {callee}"))?;
        let empty = fuzz.stage.chain.world.code(*callee).is_empty();
        holds(!empty, || format!("the vault called {callee}, where nothing is"))?;
    }
    Ok(!called.is_empty())
}

fn callees(trace: &Trace, caller: Address, called: &mut Vec<Address>) {
    for frame in &trace.calls {
        if frame.from == caller {
            called.push(frame.to);
        }
        callees(frame, caller, called);
    }
}
