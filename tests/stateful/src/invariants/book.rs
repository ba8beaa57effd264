//! The book: that it is the sum of positions, and that what is computed of it is what is computed of them.

use std::collections::BTreeMap;

use alloy_primitives::{FixedBytes, I256, U256};
use alloy_sol_types::SolError;
use interfaces::erc6909::IERC6909;
use interfaces::lens::ILens;
use interfaces::vault::IVault;

use super::{Verdict, holds};
use crate::fuzz::Fuzz;
use crate::ghost::parts;
use crate::numbers::{WAD, int, real, signed, small};
use crate::step::Step;

/// Whether some expiry waits for its settlement.
fn waits(fuzz: &Fuzz) -> bool {
    fuzz.ghost.listed.keys().any(|expiry| *expiry <= fuzz.now())
}

/// I-10. Greeks of the book are the sum over series of what the ghost says is held and written times the greeks of one option.
pub(super) fn net_greeks_recompute(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    if waits(fuzz) || fuzz.nav().is_none() {
        return Ok(false);
    }
    let vault = fuzz.stage.vault;
    let Ok(told) = fuzz.stage.look(ILens::greeksCall { vault }) else { return Ok(false) };
    let (mut sums, mut gross) = ([0.0; 3], [1e-6; 3]);
    let now = fuzz.now();
    for id in fuzz.ghost.series().into_iter().filter(|id| parts(*id).0 > now) {
        let net = fuzz.ghost.net(id) as f64 / WAD as f64;
        let Ok(one) = fuzz.stage.look(ILens::seriesGreeksCall { vault, series: id }) else {
            return Ok(false);
        };
        for (at, greek) in [one.delta, one.gamma, one.vega].into_iter().enumerate() {
            sums[at] += net * real(greek);
            gross[at] += (net * real(greek)).abs();
        }
    }
    for (at, greek) in [told.delta, told.gamma, told.vega].into_iter().enumerate() {
        let (greek, sum) = (real(greek), sums[at]);
        holds((greek - sum).abs() <= 1e-6 * gross[at], || format!("greek {at} is {greek}, not {sum}"))?;
    }
    Ok(true)
}

/// I-11. For each series what people hold is what there is; for each strike the vault's book is what accounts have written less what people hold.
pub(super) fn position_sum(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    for ((owner, id), size) in fuzz.ghost.held.clone() {
        let told = fuzz.ask(IERC6909::balanceOfCall { owner, id }).unwrap_or_default();
        holds(small(told) == size, || format!("{owner} has {told} of {id}, not {size}"))?;
    }
    for id in fuzz.ghost.series() {
        let (told, ghost) = (fuzz.ask(IERC6909::totalSupplyCall { id }), fuzz.ghost.supply(id));
        holds(told == Some(U256::from(ghost)), || format!("{told:?} of {id}, not {ghost}"))?;
    }
    let vault = fuzz.stage.vault;
    let Ok(books) = fuzz.stage.look(ILens::bookCall { vault }) else { return Ok(true) };
    for book in books {
        let ours = ghost_book(fuzz, book.expiry, book.netSizes.len());
        let theirs = (book.netSizes, book.putSize, book.putIndexSum);
        holds(theirs == ours, || format!("{}: {theirs:?}, not {ours:?}", book.expiry))?;
    }
    Ok(true)
}

/// An expiry's book by the ghost: net sizes by strike, of puts, and their sum by index.
fn ghost_book(fuzz: &Fuzz, expiry: u64, strikes: usize) -> (Vec<I256>, I256, I256) {
    let Some(grid) = fuzz.ghost.listed.get(&expiry) else { return Default::default() };
    let mut nets: BTreeMap<usize, i128> = BTreeMap::new();
    let (mut puts, mut index_sum) = (0, 0);
    for id in fuzz.ghost.series() {
        let (own, strike, put) = parts(id);
        if own != expiry {
            continue;
        }
        let (index, net) = (((strike - grid.base) / grid.step) as usize, fuzz.ghost.net(id));
        *nets.entry(index).or_default() += net;
        if put {
            puts += net;
            index_sum += net * index as i128;
        }
    }
    let sizes = (0..strikes).map(|index| int(nets.get(&index).copied().unwrap_or_default()));
    (sizes.collect(), int(puts), int(index_sum))
}

/// I-13. From its expiry on a series has no greeks.
pub(super) fn expired_no_greeks(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let vault = fuzz.stage.vault;
    let Ok(all) = fuzz.stage.look(ILens::greeksByExpiryCall { vault }) else { return Ok(false) };
    let mut seen = false;
    for one in all {
        let ghost = fuzz.ghost.listed.contains_key(&one.expiry);
        holds(ghost, || format!("{} is not listed", one.expiry))?;
        if one.expiry <= fuzz.now() {
            let greeks = [one.greeks.delta, one.greeks.gamma, one.greeks.vega];
            holds(greeks.iter().all(|greek| greek.is_zero()), || format!("{}: {greeks:?}", one.expiry))?;
            seen = true;
        }
    }
    Ok(seen)
}

/// What rounding may take from a price of one option [micro-USD].
const GRAIN: i128 = 20;

/// I-14. Calls lie between intrinsic value and spot, puts between intrinsic value and strike, parity holds, both are monotone and convex in the strike.
pub(super) fn bounds(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let now = fuzz.now();
    let Some(expiry) = fuzz.ghost.listed.keys().copied().find(|expiry| *expiry > now) else {
        return Ok(false);
    };
    let Some(spot) = fuzz.ask(IVault::spotCall {}) else { return Ok(false) };
    let spot = (small(spot.price) / 1_000_000_000_000) as i128;
    let (vault, size) = (fuzz.stage.vault, U256::from(WAD));
    let Ok(chain) = fuzz.stage.look(ILens::chainCall { vault, expiry, size }) else { return Ok(false) };
    let mut rows = Vec::new();
    for row in chain {
        // No surface yet.
        if row.call.askRefusal == FixedBytes(IVault::SurfaceMissing::SELECTOR) {
            return Ok(false);
        }
        let strike = (small(row.strike) / 1_000_000_000_000) as i128;
        let (call, put) = (signed(row.call.value), signed(row.put.value));
        let inside = call >= (spot - strike).max(0) - GRAIN && call <= spot + GRAIN;
        holds(inside, || format!("a call at {strike} is {call} at {spot}"))?;
        let inside = put >= (strike - spot).max(0) - GRAIN && put <= strike + GRAIN;
        holds(inside, || format!("a put at {strike} is {put} at {spot}"))?;
        let parity = call - put - (spot - strike);
        holds(parity.abs() <= GRAIN, || format!("parity is {parity} at {strike}"))?;
        rows.push([call, put]);
    }
    for three in rows.windows(3) {
        for (kind, falls) in [(0, 1), (1, -1)] {
            let [a, b, c] = [three[0][kind], three[1][kind], three[2][kind]];
            holds((a - b) * falls >= -GRAIN && (b - c) * falls >= -GRAIN, || {
                format!("{a} {b} {c} of kind {kind}")
            })?;
            holds(a + c >= 2 * b - GRAIN, || format!("{a} {b} {c} of kind {kind} are not convex"))?;
        }
    }
    Ok(!rows.is_empty())
}
