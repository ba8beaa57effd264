//! The ghost of a market that has just been opened, by what its views say.

use anyhow::Result;
use demo::stage::Stage;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::margin::IMargin;

use crate::ghost::{Ghost, Grid};
use crate::numbers::small;
use crate::opening::{Cast, SPOT, Terms, expiry};

/// Looks.
///
/// # Errors
/// A view that fails.
pub(crate) fn first_ghost(stage: &mut Stage, cast: &Cast, terms: &Terms) -> Result<Ghost> {
    let mut ghost = Ghost { price: SPOT, pool_price: SPOT, vol: 0.8, ..Ghost::default() };
    let (base, step, count) = terms.grid;
    for days in &terms.days {
        ghost.listed.insert(expiry(*days), Grid { base: base as u64, step: step as u64, count, since: 0 });
    }
    let round = stage.last_round()?;
    let now = stage.chain.world.timestamp();
    ghost.rounds.push((round.to::<u128>(), now));
    let vault = stage.vault;
    for who in cast.people.iter().chain([&vault]) {
        let shares = stage.ask(IERC20::balanceOfCall { account: *who })?;
        ghost.shares.insert(*who, small(shares));
        ghost.told_shares.insert(*who, small(shares) as i128);
    }
    for who in &cast.writers {
        let call = IMargin::accountOfCall { account: *who };
        let cash = stage.margin_view(call)?.cash;
        ghost.margin.insert(*who, small(cash));
    }
    for venue in [stage.venue, cast.hostile_venue] {
        ghost.venues.insert(venue, 0);
    }
    ghost.pool_from = Some(0);
    let epochs = stage.ask(IERC4626::epochsCall {})?;
    ghost.clocks = [0, 0, small(epochs.filled), small(epochs.last)];
    Ok(ghost)
}
