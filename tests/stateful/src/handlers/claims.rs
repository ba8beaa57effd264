//! Settlement, claims, shortfall.

use alloy_primitives::aliases::U80;
use alloy_primitives::{Address, U256};
use interfaces::vault::IVault;

use crate::fuzz::Fuzz;
use crate::ghost::parts;
use crate::step::Told;

pub(super) fn settle(fuzz: &mut Fuzz) -> Option<()> {
    let now = fuzz.now();
    let expired: Vec<u64> = fuzz.ghost.listed.keys().copied().filter(|expiry| *expiry <= now).collect();
    if expired.is_empty() {
        return None;
    }
    let expiry = fuzz.dice.pick(&expired);
    if fuzz.ghost.settling_round(expiry).is_none() {
        fuzz.push_price(fuzz.ghost.price);
    }
    let round = fuzz.ghost.settling_round(expiry)?;
    // A neighbour, now and then.
    let round = if fuzz.dice.percent(10) { round + 1 } else { round };
    let (vault, anyone) = (fuzz.stage.vault, fuzz.cast.stranger);
    let call = IVault::settleCall { expiry, roundId: U80::from(round) };
    if let Some(price) = fuzz.act("settle", anyone, vault, &call) {
        fuzz.ghost.settled.insert(expiry, price);
        fuzz.ghost.listed.remove(&expiry);
    }
    Some(())
}

impl Fuzz {
    /// Whether a series can be claimed now.
    #[must_use]
    pub fn is_claimable(&self, id: U256) -> bool {
        let (expiry, ..) = parts(id);
        self.ghost.settled.contains_key(&expiry) || self.ghost.shortfall
    }

    /// Everybody with something to claim.
    #[must_use]
    pub fn claimants(&self) -> Vec<Address> {
        let mut all: Vec<Address> =
            self.ghost.held.keys().filter(|(_, id)| self.is_claimable(*id)).map(|(who, _)| *who).collect();
        all.dedup();
        all
    }
}

pub(super) fn claim(fuzz: &mut Fuzz) -> Option<()> {
    let claimants = fuzz.claimants();
    let who = if claimants.is_empty() { return None } else { fuzz.dice.pick(&claimants) };
    let mut held = fuzz.ghost.held_by(who);
    if !fuzz.dice.percent(5) {
        held.retain(|(id, _)| fuzz.is_claimable(*id));
    }
    held.truncate(4);
    let receiver = fuzz.mostly(who);
    let expected = held.iter().try_fold(0, |sum, (id, size)| Some(sum + fuzz.ghost.payoff(*id, *size)?));
    let before = fuzz.usdc_of(receiver);
    let call = IVault::claimCall { series: held.iter().map(|(id, _)| *id).collect(), receiver };
    let vault = fuzz.stage.vault;
    if fuzz.act("claim", who, vault, &call).is_some() {
        for (id, size) in held {
            fuzz.ghost.move_options(who, Address::ZERO, id, size);
        }
        if let Some(expected) = expected.filter(|_| !fuzz.ghost.shortfall) {
            fuzz.tell(Told::Claim { receiver, expected, before });
        }
    }
    Some(())
}

pub(super) fn record_shortfall(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    if !fuzz.nav()?.mid.is_negative() || fuzz.ghost.shortfall {
        return None;
    }
    let (vault, anyone) = (fuzz.stage.vault, fuzz.cast.stranger);
    if fuzz.act("record_shortfall", anyone, vault, &IVault::recordShortfallCall {}).is_some() {
        fuzz.ghost.shortfall = true;
        fuzz.ghost.paused = true;
        fuzz.ghost.listed.clear();
        // The hedges belong to the claims from now on.
        fuzz.ghost.hedge = 0;
    }
    Some(())
}
