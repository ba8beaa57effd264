//! Idle cash in a pool, and what the pool's borrowers do.

use alloy_primitives::U256;
use alloy_sol_types::sol;
use interfaces::vault::IVault;

use crate::fuzz::Fuzz;
use crate::numbers::small;

sol! {
    interface Lending {
        function borrow(uint256 amount) external;
        function repay(uint256 amount) external;
    }
}

pub(super) fn invest(fuzz: &mut Fuzz) -> Option<()> {
    if fuzz.ghost.pool_from.is_none_or(|from| from > fuzz.now()) && !fuzz.dice.percent(5) {
        return None;
    }
    let nav = fuzz.nav()?;
    let free = small(nav.cash).saturating_sub(small(nav.owed));
    let most = free.saturating_sub((free + small(nav.pool)).div_ceil(10));
    if most == 0 {
        return None;
    }
    let assets = fuzz.dice.part(most);
    let assets = U256::from(if fuzz.dice.percent(5) { most + 1 } else { assets });
    let (vault, curator) = (fuzz.stage.vault, fuzz.stage.actors.curator);
    fuzz.act("invest", curator, vault, &IVault::investCall { assets });
    Some(())
}

pub(super) fn divest(fuzz: &mut Fuzz) -> Option<()> {
    let pool = fuzz.ask(IVault::poolCall {})?;
    if pool.shares.is_zero() && !fuzz.dice.percent(5) {
        return None;
    }
    if fuzz.terms.pool == "LendingPool" {
        move_pool(fuzz);
    }
    let assets =
        if fuzz.dice.percent(30) { U256::MAX } else { U256::from(fuzz.dice.range(1, 50_000_000_000)) };
    let actors = fuzz.stage.actors;
    let from = fuzz.dice.pick(&[actors.curator, actors.owner, actors.guardian]);
    let vault = fuzz.stage.vault;
    fuzz.act("divest", from, vault, &IVault::divestCall { assets });
    Some(())
}

/// Somebody borrows from the pool, or repays.
fn move_pool(fuzz: &mut Fuzz) {
    let (pool, stranger) = (fuzz.cast.pool, fuzz.cast.stranger);
    let idle = fuzz.usdc_of(pool);
    let owed = fuzz.usdc_of(stranger).saturating_sub(5_000_000_000_000);
    if fuzz.dice.percent(50) && idle > 0 {
        let amount = U256::from(fuzz.dice.part(idle));
        let _ = fuzz.aside(stranger, pool, &Lending::borrowCall { amount });
    } else if owed > 0 {
        let (usdc, amount) = (fuzz.stage.usdc, U256::from(owed));
        let approve = interfaces::external::IToken::approveCall { spender: pool, value: amount };
        let _ = fuzz.aside(stranger, usdc, &approve);
        let _ = fuzz.aside(stranger, pool, &Lending::repayCall { amount });
    }
}

pub(super) fn set_pool(fuzz: &mut Fuzz) -> Option<()> {
    let (vault, owner, pool) = (fuzz.stage.vault, fuzz.stage.actors.owner, fuzz.cast.pool);
    let waits = if fuzz.light(owner).supply == 0 { 0 } else { 2 * 86_400 };
    if fuzz.act("set_pool", owner, vault, &IVault::setPoolCall { pool }).is_some() {
        fuzz.ghost.pool_from = Some(fuzz.now() + waits);
    }
    Some(())
}

pub(super) fn remove_pool(fuzz: &mut Fuzz) -> Option<()> {
    let actors = fuzz.stage.actors;
    let (vault, from) = (fuzz.stage.vault, fuzz.dice.pick(&[actors.owner, actors.guardian]));
    fuzz.close = true;
    if fuzz.act("remove_pool", from, vault, &IVault::removePoolCall {}).is_some() {
        fuzz.ghost.pool_from = None;
    }
    Some(())
}
