//! Shares: what they cost, what they are worth, and that they add up.

use alloy_primitives::{Address, U256};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault::{self, Nav};

use super::{Verdict, holds};
use crate::fuzz::{Fuzz, GAS};
use crate::numbers::{int, mul_div, signed, small};
use crate::step::{Deep, Step};
use alloy_sol_types::SolCall;

/// Virtual shares and assets: see the vault's own documentation.
const VIRTUAL_SHARES: u128 = 1_000_000;

/// I-05. Whatever somebody does to an empty vault before the first honest deposit, the depositor's shares are worth the deposit, to a millionth and a
/// micro-dollar, and the other has gained nothing.
pub(super) fn first_depositor(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    if fuzz.terms.deposit > 0.0 {
        return Ok(false);
    }
    let seed = fuzz.dice.bits();
    fuzz.try_out(|fuzz| first_deposit(fuzz, seed))
}

fn first_deposit(fuzz: &mut Fuzz, seed: u64) -> Verdict {
    let mut dice = crate::dice::Dice::new(seed);
    let [attacker, victim] = [fuzz.cast.people[1], fuzz.cast.people[2]];
    let (vault, usdc) = (fuzz.stage.vault, fuzz.stage.usdc);
    let before = fuzz.usdc_of(attacker);
    for _ in 0..dice.range(1, 4) {
        let amount = match dice.below(3) {
            0 => dice.range(1, 10),
            1 => dice.range(1, 1_000_000),
            _ => dice.range(1, 1_000_000_000_000),
        };
        if dice.percent(60) {
            let call = IERC4626::depositCall { assets: U256::from(amount), receiver: attacker };
            let _ = fuzz.aside(attacker, vault, &call);
        } else {
            fuzz.give(attacker, usdc, vault, amount.into());
        }
    }
    let paid = u128::from(dice.range(2, 1_000_000_000_000));
    let call = IERC4626::depositCall { assets: U256::from(paid), receiver: victim };
    let bought = fuzz.aside(victim, vault, &call);
    fuzz.interfere();
    let Ok(bought) = bought else { return Ok(false) };
    let worth = |fuzz: &mut Fuzz, shares| {
        small(fuzz.ask(IERC4626::convertToAssetsCall { shares }).unwrap_or_default())
    };
    let held = worth(fuzz, bought);
    let least = paid - paid.div_ceil(1_000_000) - 1;
    holds(held >= least, || format!("{paid} bought what is worth {held}"))?;
    let shares = fuzz.ask(IERC20::balanceOfCall { account: attacker }).unwrap_or_default();
    let (left, kept) = (worth(fuzz, shares), fuzz.usdc_of(attacker));
    holds(kept + left <= before, || format!("{before} became {kept} and shares worth {left}"))?;
    Ok(true)
}

/// NAV by which shares are bought.
fn vested(deep: &Deep) -> i128 {
    signed(deep.nav.mid) - small(deep.nav.unvested) as i128
}

/// NAV by which they are redeemed, without what the pool cannot pay.
fn fair(deep: &Deep) -> i128 {
    signed(deep.nav.low) + small(deep.nav.pool) as i128 - small(deep.nav.poolLiquid) as i128
}

/// Whether a share costs no less after than before, to a unit in each holder's favour.
fn no_less(before: i128, supply_before: u128, after: i128, supply_after: u128) -> bool {
    if before < 0 {
        return true;
    }
    let wide =
        |nav: i128, supply: u128| U256::from(nav.max(0) as u128 + 1) * U256::from(supply + VIRTUAL_SHARES);
    // Two micro-dollars: the unvested part and the pool's value are each rounded anew.
    wide(after + 2, supply_before) >= wide(before, supply_after)
}

/// I-06. What moves shares, or cash in and out of the pool, never lowers the price of a share: of buying it for deposits and all that leaves NAV alone, of
/// redeeming it for those who stay when an epoch is processed.
pub(super) fn share_price_bound(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    let quiet = [
        "deposit",
        "mint",
        "request_redeem",
        "request_for",
        "cancel_request",
        "redeem",
        "withdraw",
        "transfer_shares",
        "take_shares",
        "process_epoch",
        "claim",
        "donate",
        "margin_deposit",
        "set_depth",
    ];
    if !step.by(&quiet) || !step.ok() {
        return Ok(false);
    }
    let (Some(before), Some(after)) = (&step.deep_before, &step.deep_after) else { return Ok(false) };
    // The fee on gains is shares for the owner, at the price before.
    let fee = step.sent.events::<IERC4626::PerformanceFeePaid>(fuzz.stage.vault);
    let fee = fee.iter().fold(0, |sum, paid| sum + small(paid.shares));
    // Claims and redemptions that sell hedges pay what the venue takes.
    let sold = !step.sent.events::<IVault::Hedged>(fuzz.stage.vault).is_empty();
    if sold || step.by(&["set_depth"]) {
        return Ok(false);
    }
    let supply = before.supply + fee;
    let holds_for = |of: fn(&Deep) -> i128| no_less(of(before), supply, of(after), after.supply);
    let kept = if step.by(&["process_epoch"]) { holds_for(fair) } else { holds_for(vested) };
    holds(kept, || {
        format!("{} of {supply} shares became {} of {}", vested(before), vested(after), after.supply)
    })?;
    Ok(true)
}

/// I-07. Balances add up to the supply, the escrow among them, and are what the ghost says.
pub(super) fn shares_sum(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let holders = fuzz.cast.holders.clone();
    let mut sum = U256::ZERO;
    for account in holders {
        let told = fuzz.ask(IERC20::balanceOfCall { account }).unwrap_or_default();
        let ghost = fuzz.ghost.shares.get(&account).copied().unwrap_or_default();
        holds(small(told) == ghost, || format!("{account} has {told}, not {ghost}"))?;
        sum += told;
    }
    let supply = fuzz.ask(IERC20::totalSupplyCall {}).unwrap_or_default();
    holds(sum == supply, || format!("{sum} of {supply}"))?;
    Ok(true)
}

/// I-08. Where there are no shares nobody has a claim on NAV, and what is left is nobody's: a share that does not exist is worth no more than a
/// micro-dollar for each virtual one.
pub(super) fn zero_supply_zero_claim(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let supply = fuzz.light(fuzz.cast.stranger).supply;
    if supply > 0 {
        return Ok(false);
    }
    for account in fuzz.cast.people.clone() {
        let shares = fuzz.ask(IERC20::balanceOfCall { account }).unwrap_or_default();
        holds(shares.is_zero(), || format!("{account} has {shares} of none"))?;
    }
    let epochs = fuzz.ask(IERC4626::epochsCall {});
    let waiting = epochs.map_or(0, |epochs| small(epochs.last) - small(epochs.filled));
    for back in 0..waiting.min(3) {
        let id =
            fuzz.ask(IERC4626::epochsCall {}).map_or(U256::ZERO, |epochs| epochs.last) - U256::from(back);
        let Some(epoch) = fuzz.ask(IERC4626::epochCall { requestId: id }) else { continue };
        let left = epoch.requested - epoch.processed;
        holds(left.is_zero(), || format!("epoch {id} waits with {left} of no shares"))?;
    }
    Ok(true)
}

/// NAV by which shares are redeemed, if accounts could fail to pay `uncovered`.
fn low(nav: &Nav, uncovered: U256) -> i128 {
    let stuck = small(nav.pool) - small(nav.poolLiquid);
    let off = small(nav.unvested) + small(nav.riskReserve) + small(nav.receivable.min(uncovered)) + stuck;
    signed(nav.mid) - off as i128
}

/// I-09. Asking for a redemption and taking that back move no cash, burn no share and change no NAV; cash of margin accounts is none of the vault's,
/// but marks them, which says anew what of the receivable they could fail to pay.
pub(super) fn escrow_isolated(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    let escrow = ["request_redeem", "request_for", "cancel_request", "margin_deposit"];
    if !step.by(&escrow) {
        return Ok(false);
    }
    let (before, after) = (&step.before, &step.after);
    let numbers = |light: &crate::step::Light| (light.cash, light.claims, light.redemptions, light.supply);
    let (stood, stands) = (numbers(before), numbers(after));
    holds(stood == stands, || format!("{stood:?} became {stands:?}"))?;
    if let (Some(before), Some(after)) = (&step.deep_before, &step.deep_after) {
        let mut nav = before.nav.clone();
        if step.by(&["margin_deposit"]) {
            let accounts = fuzz.ask(IVault::accountsCall {}).ok_or("no word of what accounts owe")?;
            nav.low = int(low(&nav, accounts.uncovered));
        }
        holds(nav == after.nav, || format!("{nav:?} became {:?}", after.nav))?;
    }
    Ok(true)
}

/// I-42. A deposit of the limit and a redemption of the limit succeed, one more does not; previews say what happens.
pub(super) fn limits_4626(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let who = fuzz.dice.pick(&fuzz.cast.people);
    let room = small(fuzz.ask(IERC4626::maxDepositCall { receiver: who }).unwrap_or_default());
    if room > 0 {
        let purse = fuzz.usdc_of(who);
        let assets = U256::from(fuzz.dice.part(purse.min(room)).max(1));
        let preview = fuzz.ask(IERC4626::previewDepositCall { assets });
        let call = IERC4626::depositCall { assets, receiver: who };
        let vault = fuzz.stage.vault;
        let bought = fuzz.try_out(|fuzz| {
            fuzz.interfere();
            fuzz.aside(who, vault, &call)
        });
        match (preview, bought) {
            (Some(preview), Ok(bought)) => {
                holds(preview == bought, || format!("{preview} shares by the preview, {bought} in fact"))?;
            }
            (preview, Err(sent)) => {
                // What rounds to no share is no deposit.
                let none = preview.is_none_or(|shares| shares.is_zero());
                holds(none, || format!("{assets} of {room}: {}", sent.name()))?;
            }
            (None, Ok(bought)) => return Err(format!("{bought} shares without a preview")),
        }
        let beyond = IERC4626::depositCall { assets: U256::from(room) + U256::ONE, receiver: who };
        let refused = fuzz.try_out(|fuzz| fuzz.aside(who, vault, &beyond).is_err());
        holds(refused, || format!("more than {room} was taken"))?;
    }
    redemption_limit(fuzz)
}

fn redemption_limit(fuzz: &mut Fuzz) -> Verdict {
    let Some((controller, [shares, assets])) = fuzz.redeemer() else { return Ok(true) };
    let vault = fuzz.stage.vault;
    let mut redeem = |shares: u128| {
        let call = IERC4626::redeemCall { shares: U256::from(shares), receiver: controller, controller };
        fuzz.try_out(|fuzz| fuzz.send(controller, vault, call.abi_encode(), GAS))
    };
    let all = redeem(shares);
    holds(all.ok, || format!("{shares} of {shares} shares: {}", all.name()))?;
    let paid = IERC4626::redeemCall::abi_decode_returns(&all.output).map(small).unwrap_or_default();
    holds(paid <= assets + 1 && paid + 1 >= assets, || format!("{paid} of {assets}"))?;
    Ok(true)
}

/// What a share of this many is worth of NAV.
#[must_use]
pub(crate) fn worth(shares: u128, supply: u128, nav: i128) -> u128 {
    mul_div(shares, nav.max(0) as u128 + 1, supply + VIRTUAL_SHARES)
}

/// NAV by which shares are redeemed.
#[must_use]
pub(crate) fn redeemed_at(deep: &Deep) -> i128 {
    fair(deep)
}

/// Whose shares they are.
pub(crate) fn shares_of(fuzz: &mut Fuzz, account: Address) -> u128 {
    small(fuzz.ask(IERC20::balanceOfCall { account }).unwrap_or_default())
}
