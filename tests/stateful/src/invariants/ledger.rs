//! Money: what is there, what is owed, and that nothing comes from nowhere.

use alloy_primitives::U256;
use interfaces::broker::IBroker;
use interfaces::erc20::IERC20;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use super::{Verdict, holds};
use crate::fuzz::Fuzz;
use crate::numbers::{mul_div, signed, small};
use crate::positions::DUST;
use crate::step::Step;

/// Age from which a pending order no longer counts as done, as the desk ships it [s].
const PATIENCE: u64 = 900;
/// A size is no finer in the book [18 decimals].
const GRAIN: u128 = 1_000_000_000_000;
/// 18-decimal size times 18-decimal price in a micro-USD.
const PER_MICRO: u128 = 1_000_000_000_000_000_000_000_000_000_000;

/// I-01. Who opens risk leaves a vault whose NAV bears the worst loss and what accounts leave uncovered, unless the trade lowered that loss; and what
/// is owed for settled claims and processed redemptions is there in cash, in the pool, in hedges and with accounts, or NAV is below zero, which is a
/// shortfall that anyone may record.
pub(super) fn solvent(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    let Some(after) = &step.deep_after else { return Ok(false) };
    let nav = &after.nav;
    let there = [nav.cash, nav.pool, nav.hedge, nav.receivable].map(small);
    let owed = step.after.claims + step.after.redemptions;
    let enough = there.iter().sum::<u128>() >= owed;
    holds(enough || nav.mid.is_negative() || fuzz.ghost.shortfall, || format!("{owed} owed of {there:?}"))?;
    let (Some(before), true) = (&step.deep_before, step.ok()) else { return Ok(true) };
    if let (Some((stood, _)), Some((loss, uncovered))) = (before.loss, after.loss) {
        let borne = signed(nav.mid) >= (loss + uncovered) as i128;
        holds(borne || loss <= stood, || {
            format!("{} cannot bear {loss} + {uncovered}, it was {stood}", nav.mid)
        })?;
    }
    Ok(true)
}

/// I-02. What the vault holds is its ledger and gifts; all holders together have what was minted.
pub(super) fn token_conservation(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    let [cash, units] = step.after.vault;
    let [gift, gift_units] = fuzz.ghost.gifts;
    holds(cash == step.after.cash + gift, || format!("{cash} of {} and gifts of {gift}", step.after.cash))?;
    if !fuzz.ghost.shortfall {
        let ledger = step.after.hedge + gift_units;
        holds(units == ledger, || format!("{units} of the underlying, {ledger} by the ledger"))?;
    }
    let world = &mut fuzz.stage.chain.world;
    let (minted, [sum, _]) = (fuzz.purses.minted(world), fuzz.purses.sums(world));
    holds(sum == minted, || format!("{sum} of {minted}"))?;
    let accounts = fuzz.ghost.margin.values().sum::<u128>() + fuzz.ghost.margin_gifts;
    let held = fuzz.usdc_of(fuzz.stage.margin);
    holds(held == accounts, || format!("margin accounts of {accounts} with {held}"))?;
    Ok(true)
}

/// I-03. A gift to the vault changes no part of NAV.
pub(super) fn donation_neutral(_: &mut Fuzz, step: &Step) -> Verdict {
    let (true, true) = (step.by(&["donate"]), step.ok()) else { return Ok(false) };
    let (Some(before), Some(after)) = (&step.deep_before, &step.deep_after) else { return Ok(false) };
    let same = before.nav == after.nav && before.supply == after.supply;
    holds(same, || format!("{:?} became {:?}", before.nav, after.nav))?;
    Ok(true)
}

/// Positions at the broker's venues are in the hedge that the desk counts, orders that are not overdue too, and the broker keeps no money.
fn positions(fuzz: &mut Fuzz, stored: u128) -> Result<(), String> {
    let kept = fuzz.usdc_of(fuzz.stage.broker);
    holds(kept == 0, || format!("{kept} lies with the broker"))?;
    let Some(price) = fuzz.ask(IVault::spotCall {}).map(|spot| spot.price) else { return Ok(()) };
    let (Ok(held), Ok(need)) = (fuzz.stage.broker_view(IBroker::heldCall { price }), fuzz.stage.need())
    else {
        return Ok(());
    };
    let patient = fuzz.now() < held.pendingSince.saturating_to::<u64>() + PATIENCE;
    let pending = if patient { signed(held.pending) } else { 0 };
    let (counted, there) = (signed(need.position), stored as i128 + signed(held.size) + pending);
    let apart = (counted - there).unsigned_abs();
    // Positions that are worth no mark count as none.
    let alone = (counted - stored as i128).unsigned_abs() <= GRAIN;
    let nothing = alone && mul_div(apart, small(price), PER_MICRO) < DUST;
    holds(nothing || apart <= GRAIN, || format!("{counted} counted, {there} there"))
}

/// I-12. The stored hedge is the sum of what was hedged, and the vault has it; with positions at venues it is what the desk counts.
pub(super) fn venue_position(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    if fuzz.ghost.shortfall {
        return Ok(false);
    }
    let (stored, ghost, [_, held]) = (step.after.hedge, fuzz.ghost.hedge, step.after.vault);
    // Claims that are short of cash sell hedges by themselves.
    let sold = step.sent.events::<IVault::Hedged>(fuzz.stage.vault);
    let claims = step.by(&["claim", "redeem", "withdraw", "record_shortfall"]);
    if claims && !sold.is_empty() {
        let sum = sold.iter().fold(0, |sum, hedge| sum + signed(hedge.size));
        fuzz.ghost.hedge = ghost.saturating_add_signed(sum);
    }
    let ghost = fuzz.ghost.hedge;
    holds(stored == ghost && held >= stored, || format!("{stored} stored, {ghost} hedged, {held} held"))?;
    if fuzz.positions().is_some() {
        positions(fuzz, stored)?;
    }
    Ok(true)
}

/// I-23. The vault leaves no allowance behind.
pub(super) fn approvals_zero(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let left = fuzz.purses.allowed(&mut fuzz.stage.chain.world);
    holds(left.is_none(), || format!("{left:?} is left"))?;
    Ok(true)
}

/// I-45. The vault's numbers are in storage where they were at the beginning: what is read there is what the views say. The whole map is compared with
/// a committed one by a test of its own.
pub(super) fn storage_layout(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let Some(nav) = fuzz.nav() else { return Ok(false) };
    let light = fuzz.light(fuzz.cast.stranger);
    let supply = fuzz.ask(IERC20::totalSupplyCall {}).unwrap_or(U256::MAX);
    let told = [small(nav.cash), small(nav.owed), small(supply)];
    let read = [light.cash, light.claims + light.redemptions, light.supply];
    holds(told == read, || format!("{told:?} told, {read:?} read"))?;
    for (account, cash) in fuzz.ghost.margin.clone() {
        let told = fuzz.margin_view(IMargin::accountOfCall { account }).map(|of| small(of.cash));
        holds(told == Some(cash), || format!("{account} has {told:?}, not {cash}"))?;
    }
    Ok(true)
}
