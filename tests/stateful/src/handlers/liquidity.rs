//! Liquidity providers.

use alloy_primitives::{Address, U256};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;

use crate::fuzz::Fuzz;
use crate::numbers::small;
use crate::step::Told;

/// Units of a share.
const SHARE: u128 = 1_000_000_000_000;

impl Fuzz {
    /// Somebody with shares, and a part of them.
    pub fn shareholder(&mut self) -> Option<(Address, u128)> {
        let shares = &self.ghost.shares;
        let people = self.cast.people.iter().map(|who| (*who, shares.get(who).copied().unwrap_or_default()));
        let holders: Vec<(Address, u128)> = people.filter(|(_, shares)| *shares > 0).collect();
        if holders.is_empty() {
            return None;
        }
        let (who, shares) = self.dice.pick(&holders);
        Some((who, self.dice.part(shares)))
    }

    /// Whether a controller can ask for more: no request of another epoch is open.
    fn may_request(&mut self, controller: Address) -> bool {
        let Some((id, _)) = self.ghost.requests.get(&controller).copied() else { return true };
        let request_id = U256::from(id);
        let pending = self.ask(IERC4626::pendingRedeemRequestCall { requestId: request_id, controller });
        let claimable = self.ask(IERC4626::claimableRedeemRequestCall { requestId: request_id, controller });
        let epoch = self.ask(IERC4626::epochCall { requestId: request_id });
        let open = epoch.is_some_and(|epoch| U256::from(self.now()) < epoch.closesAt);
        let none = |shares: Option<U256>| shares.is_some_and(|shares| shares.is_zero());
        open || (none(pending) && none(claimable))
    }

    /// Somebody with processed redemptions, and how many shares and assets of them.
    pub fn redeemer(&mut self) -> Option<(Address, [u128; 2])> {
        let controllers: Vec<Address> = self.ghost.requests.keys().copied().collect();
        for controller in controllers {
            let shares = small(self.ask(IERC4626::maxRedeemCall { controller })?);
            let assets = small(self.ask(IERC4626::maxWithdrawCall { controller })?);
            if shares > 0 {
                return Some((controller, [shares, assets]));
            }
        }
        None
    }

    fn requested(&mut self, owner: Address, controller: Address, id: U256, shares: u128) {
        let vault = self.stage.vault;
        self.ghost.move_shares(owner, vault, shares);
        let id = small(id);
        let before = self.ghost.requests.get(&controller).filter(|(open, _)| *open == id);
        let waiting = before.map_or(0, |(_, shares)| *shares) + shares;
        self.ghost.requests.insert(controller, (id, waiting));
        self.ghost.clocks[3] = self.ghost.clocks[3].max(id);
    }
}

pub(super) fn deposit(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let who = fuzz.somebody();
    let receiver = fuzz.mostly(who);
    let assets = match fuzz.dice.below(10) {
        0 => fuzz.dice.range(1, 100),
        1..=7 => fuzz.dice.range(1_000_000, 50_000_000_000),
        _ => fuzz.dice.range(1, 1_000_000),
    };
    let (vault, call) = (fuzz.stage.vault, IERC4626::depositCall { assets: U256::from(assets), receiver });
    if let Some(shares) = fuzz.act("deposit", who, vault, &call) {
        fuzz.ghost.move_shares(Address::ZERO, receiver, small(shares));
    }
    Some(())
}

pub(super) fn mint(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let who = fuzz.somebody();
    let receiver = fuzz.mostly(who);
    let shares = u128::from(fuzz.dice.range(1, 20_000)) * SHARE + u128::from(fuzz.dice.below(1_000_000));
    let (vault, call) = (fuzz.stage.vault, IERC4626::mintCall { shares: U256::from(shares), receiver });
    if fuzz.act("mint", who, vault, &call).is_some() {
        fuzz.ghost.move_shares(Address::ZERO, receiver, shares);
    }
    Some(())
}

pub(super) fn request(fuzz: &mut Fuzz) -> Option<()> {
    let (owner, shares) = fuzz.shareholder()?;
    if !fuzz.may_request(owner) && !fuzz.dice.percent(10) {
        return None;
    }
    let call = IERC4626::requestRedeemCall { shares: U256::from(shares), controller: owner, owner };
    let vault = fuzz.stage.vault;
    if let Some(id) = fuzz.act("request_redeem", owner, vault, &call) {
        fuzz.requested(owner, owner, id, shares);
    }
    Some(())
}

/// Asks for the redemption of another's shares, within an allowance.
pub(super) fn request_for(fuzz: &mut Fuzz) -> Option<()> {
    let (owner, shares) = fuzz.shareholder()?;
    let spender = fuzz.somebody();
    if spender == owner || fuzz.ghost.operators.contains(&(owner, spender)) || !fuzz.may_request(spender) {
        return None;
    }
    let vault = fuzz.stage.vault;
    let allowed = U256::from(shares) + U256::from(fuzz.dice.below(1_000));
    let allow = IERC20::approveCall { spender, value: allowed };
    fuzz.aside(owner, vault, &allow).ok()?;
    let call = IERC4626::requestRedeemCall { shares: U256::from(shares), controller: spender, owner };
    if let Some(id) = fuzz.act("request_for", spender, vault, &call) {
        fuzz.requested(owner, spender, id, shares);
        let left = allowed - U256::from(shares);
        fuzz.tell(Told::Allowance { owner, spender, id: None, left });
    }
    Some(())
}

pub(super) fn cancel(fuzz: &mut Fuzz) -> Option<()> {
    let requests: Vec<(Address, u128)> =
        fuzz.ghost.requests.iter().map(|(who, (id, _))| (*who, *id)).collect();
    let (controller, id) = if requests.is_empty() { return None } else { fuzz.dice.pick(&requests) };
    let request_id = U256::from(id);
    let epoch = fuzz.ask(IERC4626::epochCall { requestId: request_id })?;
    let pending = fuzz.ask(IERC4626::pendingRedeemRequestCall { requestId: request_id, controller })?;
    if (pending.is_zero() || U256::from(fuzz.now()) >= epoch.locksAt) && !fuzz.dice.percent(10) {
        return None;
    }
    let before = small(fuzz.ask(IERC20::balanceOfCall { account: controller })?);
    let (vault, call) =
        (fuzz.stage.vault, IERC4626::cancelRedeemRequestCall { requestId: request_id, controller });
    if fuzz.act("cancel_request", controller, vault, &call).is_some() {
        let escrowed = small(pending);
        fuzz.ghost.move_shares(vault, controller, escrowed);
        fuzz.ghost.requests.remove(&controller);
        fuzz.tell(Told::Cancelled { controller, before, escrowed });
    }
    Some(())
}

pub(super) fn process(fuzz: &mut Fuzz) -> Option<()> {
    let now = fuzz.now();
    if fuzz.ghost.listed.keys().any(|expiry| *expiry <= now) && !fuzz.dice.percent(10) {
        return None;
    }
    let epochs = fuzz.ask(IERC4626::epochsCall {})?;
    if epochs.filled == epochs.last {
        if !fuzz.dice.percent(3) {
            return None;
        }
    } else {
        let epoch = fuzz.ask(IERC4626::epochCall { requestId: epochs.filled + U256::ONE })?;
        let ready = small(epoch.readyAt) as u64;
        if fuzz.now() < ready {
            if fuzz.dice.percent(50) {
                return None;
            }
            fuzz.warp(ready);
        }
        fuzz.get_fresh();
    }
    let (vault, anyone) = (fuzz.stage.vault, fuzz.cast.stranger);
    if let Some(done) = fuzz.act("process_epoch", anyone, vault, &IERC4626::processEpochCall {}) {
        fuzz.ghost.move_shares(vault, Address::ZERO, small(done.shares));
    }
    Some(())
}

pub(super) fn redeem(fuzz: &mut Fuzz) -> Option<()> {
    let (controller, [most, _]) = fuzz.redeemer()?;
    let receiver = fuzz.mostly(controller);
    let shares = U256::from(fuzz.dice.part(most));
    let (vault, call) = (fuzz.stage.vault, IERC4626::redeemCall { shares, receiver, controller });
    fuzz.act("redeem", controller, vault, &call);
    Some(())
}

pub(super) fn withdraw(fuzz: &mut Fuzz) -> Option<()> {
    let (controller, [_, most]) = fuzz.redeemer()?;
    let receiver = fuzz.mostly(controller);
    let assets = U256::from(fuzz.dice.part(most));
    let (vault, call) = (fuzz.stage.vault, IERC4626::withdrawCall { assets, receiver, controller });
    fuzz.act("withdraw", controller, vault, &call);
    Some(())
}
