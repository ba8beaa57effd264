//! Who may do what, and that a call is done or not done.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, I256, U256};
use alloy_sol_types::SolCall;
use interfaces::broker::IBroker;
use interfaces::desk::IHedgeDesk;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::lens::ILens;
use interfaces::margin::IMargin;
use interfaces::position::IPositionVenue;
use interfaces::surface::ISurface;
use interfaces::vault::IVault;
use interfaces::venue::IHedgeVenue;

use super::{Verdict, holds};
use crate::fault::Fault;
use crate::fuzz::{Fuzz, GAS};
use crate::numbers::int;
use crate::opening::expiry;
use crate::positions::Positions;
use crate::step::{Step, Told};

/// What the venue that is quarantined owed beyond its margin, which nobody collects [micro-USD].
fn owed_beyond(fuzz: &mut Fuzz, step: &Step) -> Option<I256> {
    let IBroker::quarantineCall { venue } = IBroker::quarantineCall::abi_decode(&step.data).ok()?;
    let price = fuzz.ask(IVault::spotCall {})?.price;
    let state = fuzz.stage.chain.view(venue, IPositionVenue::worthCall { price }).ok()?;
    Some((-state.equity).max(I256::ZERO))
}

/// I-30. The protocol's write-down is the removal of a pool that fails or of a venue, or the quarantine of one of the broker's: it leaves cash, claims and
/// shares alone and never raises NAV, but by what a quarantined position owed beyond its margin.
pub(super) fn impair_only_down(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    if !step.by(&["remove_pool", "remove_venue", "quarantine"]) || !step.ok() {
        return Ok(false);
    }
    let (before, after) = (&step.before, &step.after);
    let numbers = |light: &crate::step::Light| (light.claims, light.redemptions, light.supply, light.hedge);
    let (stood, stands) = (numbers(before), numbers(after));
    holds(stood == stands, || format!("{stood:?} became {stands:?}"))?;
    // The broker's word to the vault has it bring back from the pool what cash lacks of what is owed.
    let owed = if step.by(&["quarantine"]) { before.claims + before.redemptions } else { 0 };
    let cash = before.cash..=before.cash.max(owed);
    holds(cash.contains(&after.cash), || format!("{cash:?} of cash became {}", after.cash))?;
    if let (Some(before), Some(after)) = (&step.deep_before, &step.deep_after) {
        let most = before.nav.mid + owed_beyond(fuzz, step).unwrap_or_default();
        holds(after.nav.mid <= most, || format!("{} became {}", before.nav.mid, after.nav.mid))?;
    }
    Ok(true)
}

/// Calls that a stranger has no right to.
fn forbidden(fuzz: &mut Fuzz) -> (Address, Bytes) {
    let (vault, margin, surface) = (fuzz.stage.vault, fuzz.stage.margin, fuzz.stage.surface);
    let (stranger, victim, writer) = (fuzz.cast.stranger, fuzz.cast.people[0], fuzz.cast.writers[0]);
    let (one, id) = (U256::ONE, fuzz.live_series().unwrap_or_default());
    let which = IVault::Role::Guardian;
    let held = fuzz.ghost.held.keys().next().copied();
    let margin_move = IVault::moveMarginCall { amount: int(1), value: one, open: true, short_: 1, margin: 1 };
    let mut all: Vec<(Address, Vec<u8>)> = vec![
        (vault, IVault::pauseCall {}.abi_encode()),
        (vault, IVault::unpauseCall {}.abi_encode()),
        (vault, IVault::setRoleCall { which, account: stranger }.abi_encode()),
        (vault, IVault::acceptOwnershipCall {}.abi_encode()),
        (vault, IVault::allowVenueCall { venue: stranger }.abi_encode()),
        (vault, IVault::removeVenueCall { venue: fuzz.stage.venue }.abi_encode()),
        (vault, IVault::setPoolCall { pool: stranger }.abi_encode()),
        (vault, IVault::removePoolCall {}.abi_encode()),
        (vault, IVault::investCall { assets: one }.abi_encode()),
        (vault, IVault::listExpiryCall { expiry: expiry(9), base: one, step: one, count: 8 }.abi_encode()),
        (vault, IVault::setDepthCall { expiry: expiry(1), weights: FixedBytes([1; 8]) }.abi_encode()),
        (
            vault,
            IVault::setSatelliteCall { which: IVault::Satellite::Desk, contract_: stranger }.abi_encode(),
        ),
        (vault, IVault::payRewardCall { payee: stranger, amount: one }.abi_encode()),
        (vault, IVault::coverAccountsCall { uncovered: one, borne: false }.abi_encode()),
        (vault, IVault::receivePayoffCall { due: one, paid: one }.abi_encode()),
        (vault, IVault::payUncoveredCall { amount: one }.abi_encode()),
        (vault, margin_move.abi_encode()),
        (vault, IERC20::transferFromCall { from: victim, to: stranger, value: one }.abi_encode()),
        (
            vault,
            IERC4626::requestRedeemCall { shares: one, controller: stranger, owner: victim }.abi_encode(),
        ),
        (
            vault,
            IERC4626::redeemCall { shares: U256::ZERO, receiver: stranger, controller: victim }.abi_encode(),
        ),
        (vault, IERC4626::cancelRedeemRequestCall { requestId: one, controller: victim }.abi_encode()),
        (margin, IMargin::withdrawCall { amount: one, account: writer, receiver: stranger }.abi_encode()),
        (fuzz.stage.desk, IHedgeDesk::setRulesCall { rules_: IHedgeDesk::Rules::default() }.abi_encode()),
        (surface, ISurface::setPublishersCall { publishers_: vec![stranger], threshold_: 1 }.abi_encode()),
        (fuzz.stage.venue, IHedgeVenue::hedgeCall { size: int(1), cashLimit: one }.abi_encode()),
    ];
    if let Some(Positions { short: venue, perp, .. }) = fuzz.positions() {
        let broker = fuzz.stage.broker;
        let (size, price) = (int(-1), one);
        let adjust = IPositionVenue::adjustCall { size, price, limitPrice: one, margin: int(0) };
        all.extend([
            (broker, IBroker::adjustCall { venue, size, limitPrice: one }.abi_encode()),
            (broker, IBroker::setVenueCall { venue: stranger, cap: 1, margin: 1 }.abi_encode()),
            (broker, IBroker::quarantineCall { venue }.abi_encode()),
            (broker, IBroker::dropVenueCall { venue: perp }.abi_encode()),
            (venue, adjust.abi_encode()),
            (perp, adjust.abi_encode()),
            (perp, IPositionVenue::withdrawCall { amount: one }.abi_encode()),
        ]);
    }
    let hedge = IVault::hedgeCall {
        venue: fuzz.stage.venue,
        size: int(1),
        cashLimit: U256::MAX,
        payer: Address::ZERO,
        data: B256::ZERO,
    };
    all.push((vault, hedge.abi_encode()));
    let legs = vec![crate::handlers::leg(id, 1)];
    let write = IVault::writeForCall { account: stranger, legs, maxPremium: I256::MAX, deadline: U256::MAX };
    all.push((vault, write.abi_encode()));
    if let Some((sender, id)) = held {
        let take = IERC6909::transferFromCall { sender, receiver: stranger, id, amount: one };
        all.push((vault, take.abi_encode()));
    }
    let at = fuzz.dice.below(all.len() as u64) as usize;
    let (to, data) = all.swap_remove(at);
    (to, data.into())
}

/// I-31, sampled: what a stranger has no right to is refused with a typed error. The whole matrix of selectors and roles is a test of its own.
pub(super) fn auth_matrix(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let (to, data) = forbidden(fuzz);
    let stranger = fuzz.cast.stranger;
    let before = fuzz.digests();
    let sent = fuzz.try_out(|fuzz| {
        let sent = fuzz.send(stranger, to, data.clone(), GAS);
        (sent, fuzz.digests())
    });
    holds(!sent.0.ok && !sent.0.output.is_empty(), || format!("{data} of a stranger: {}", sent.0.name()))?;
    holds(sent.1 == before, || format!("{data} of a stranger changed something"))?;
    Ok(true)
}

/// I-37. With any gas limit a call is done in whole or not at all.
pub(super) fn all_or_nothing(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let (mark, time) = (fuzz.stage.chain.world.mark(), fuzz.now());
    let (ghost, tally, on) = (fuzz.ghost.clone(), fuzz.tally.clone(), fuzz.tape.on);
    fuzz.tape.on = false;
    let verdict = short_of_gas(fuzz);
    fuzz.go_back(mark, time);
    (fuzz.ghost, fuzz.tally, fuzz.tape.on, fuzz.step) = (ghost, tally, on, None);
    verdict
}

fn short_of_gas(fuzz: &mut Fuzz) -> Verdict {
    let Some(step) = fuzz.some_step() else { return Ok(false) };
    if !step.ok() {
        return Ok(false);
    }
    let Some(brink) = fuzz.brink else { return Ok(false) };
    let post = fuzz.digests();
    fuzz.stage.chain.world.rewind(brink);
    let pre = fuzz.digests();
    for _ in 0..3 {
        let gas = fuzz.dice.range(22_000, step.sent.gas.max(22_001));
        let sent = fuzz.again(&step, gas);
        fuzz.interfere();
        let now = fuzz.digests();
        let known = if sent.ok { &post } else { &pre };
        holds(now == *known, || format!("{} with {gas} gas of {}: neither", step.handler, step.sent.gas))?;
        fuzz.stage.chain.world.rewind(brink);
    }
    Ok(true)
}

/// Views of every contract of ours.
fn views(fuzz: &mut Fuzz) -> Vec<(Address, Vec<u8>)> {
    let (vault, lens, desk) = (fuzz.stage.vault, fuzz.stage.lens, fuzz.stage.desk);
    let (margin, surface, who) = (fuzz.stage.margin, fuzz.stage.surface, fuzz.cast.people[0]);
    let (id, one) = (fuzz.live_series().unwrap_or_default(), U256::ONE);
    let expiries: Vec<u64> = fuzz.ghost.listed.keys().copied().collect();
    vec![
        (vault, IVault::navCall {}.abi_encode()),
        (vault, IVault::wordsCall {}.abi_encode()),
        (vault, IVault::headersCall {}.abi_encode()),
        (vault, IVault::spotCall {}.abi_encode()),
        (vault, IVault::quoteCall { legs: vec![crate::handlers::leg(id, 1)] }.abi_encode()),
        (vault, IVault::youngTradesCall {}.abi_encode()),
        (vault, IVault::accountsCall {}.abi_encode()),
        (vault, IERC4626::previewDepositCall { assets: one }.abi_encode()),
        (vault, IERC4626::epochCall { requestId: one }.abi_encode()),
        (vault, IERC6909::balanceOfCall { owner: who, id }.abi_encode()),
        (desk, IHedgeDesk::hedgeNeededCall {}.abi_encode()),
        (desk, IHedgeDesk::checkerCall {}.abi_encode()),
        (margin, IMargin::healthCall { account: fuzz.cast.writers[0] }.abi_encode()),
        (margin, IMargin::bookOfCall { account: fuzz.cast.writers[0] }.abi_encode()),
        (surface, ISurface::slicesCall { expiries }.abi_encode()),
        (lens, ILens::greeksCall { vault }.abi_encode()),
        (lens, ILens::worstCaseCall { vault }.abi_encode()),
        (lens, ILens::queueCall { vault }.abi_encode()),
        (fuzz.stage.broker, IBroker::heldCall { price: crate::numbers::wad(fuzz.ghost.price) }.abi_encode()),
    ]
}

/// Views that ERC-4626 says must not fail.
fn sure(fuzz: &Fuzz) -> Vec<Vec<u8>> {
    let who = fuzz.cast.people[0];
    vec![
        IERC4626::assetCall {}.abi_encode(),
        IERC4626::totalAssetsCall {}.abi_encode(),
        IERC4626::convertToSharesCall { assets: U256::from(1_000_000) }.abi_encode(),
        IERC4626::convertToAssetsCall { shares: U256::from(1_000_000_000_000_u64) }.abi_encode(),
        IERC4626::maxDepositCall { receiver: who }.abi_encode(),
        IERC4626::maxMintCall { receiver: who }.abi_encode(),
        IERC4626::maxWithdrawCall { controller: who }.abi_encode(),
        IERC4626::maxRedeemCall { controller: who }.abi_encode(),
    ]
}

/// I-39. Views leave storage and logs alone, also as transactions; those of ERC-4626 that must not fail do not, whatever fails outside.
pub(super) fn view_pure(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let (views, sure, anyone) = (views(fuzz), sure(fuzz), fuzz.cast.stranger);
    let before = fuzz.digests();
    fuzz.try_out(|fuzz| {
        for (to, data) in views {
            let sent = fuzz.send(anyone, to, data.clone(), GAS);
            let data = Bytes::from(data);
            holds(sent.logs.is_empty(), || format!("{data} wrote a log"))?;
            holds(fuzz.digests() == before, || format!("{data} wrote storage"))?;
            holds(sent.ok || !sent.output.is_empty(), || format!("{data} failed without data"))?;
        }
        let fault = Fault::roll(&mut fuzz.dice, false);
        if let Some((account, code)) = fault.replaces(&fuzz.stage, &fuzz.cast)
            && account != fuzz.stage.usdc
        {
            fuzz.set_code(account, code);
        }
        for data in sure {
            let vault = fuzz.stage.vault;
            let sent = fuzz.send(anyone, vault, data.clone(), GAS);
            holds(sent.ok, || format!("{} failed with {fault:?}: {}", Bytes::from(data), sent.name()))?;
        }
        Ok(true)
    })
}

/// I-40, sampled: positions and shares, rebuilt from events alone, are what the views say. The whole book is rebuilt by a test of its own.
pub(super) fn event_replay(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    for ((owner, id), size) in fuzz.ghost.told.clone() {
        let told = fuzz.ask(IERC6909::balanceOfCall { owner, id }).unwrap_or_default();
        holds(told == U256::from(size.unsigned_abs()) && size >= 0, || {
            format!("events give {owner} {size} of {id}, not {told}")
        })?;
    }
    for (account, shares) in fuzz.ghost.told_shares.clone() {
        let told = fuzz.ask(IERC20::balanceOfCall { account }).unwrap_or_default();
        holds(told == U256::from(shares.unsigned_abs()) && shares >= 0, || {
            format!("events give {account} {shares} shares, not {told}")
        })?;
    }
    Ok(true)
}

/// I-43. Whoever moves what is another's uses up exactly that much of what they were allowed, and a permit or an approval allows exactly what it says.
pub(super) fn allowance(fuzz: &mut Fuzz, step: &Step) -> Verdict {
    let Told::Allowance { owner, spender, id, left } = step.told else { return Ok(false) };
    let told = match id {
        Some(id) => fuzz.ask(IERC6909::allowanceCall { owner, spender, id }),
        None => fuzz.ask(IERC20::allowanceCall { owner, spender }),
    };
    holds(told == Some(left), || format!("{told:?} is left, not {left}"))?;
    Ok(true)
}

/// I-44. The sequence, done again by the sources as native code, answers, logs and writes the same.
pub(super) fn wasm_equals_native(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    if !fuzz.twice {
        return Ok(false);
    }
    let calls = fuzz.replay_natively()?;
    fuzz.tally.replayed[0] += 1;
    fuzz.tally.replayed[1] += calls;
    Ok(true)
}
