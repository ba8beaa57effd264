//! Takes the other side of a hedge in the desk's auction, from the account's own tokens, when trading back at the venues leaves a profit.
//!
//! Its size is the one, in eighths of what is due or of what the account has, that leaves most: the first units of a fill get the best of the
//! auction and are the cheapest to trade back.

use crate::action::{Action, Fill};
use crate::collect::{Purse, View};
use crate::config::{Config, micro};
use crate::numbers::signed;
use crate::route::{Curve, route};
use crate::skip::Skip;
use crate::stance::Stance;
use crate::strategy::{Decision, hedge, position, unanswered};

/// Parts that sizes are tried in.
const PARTS: u128 = 8;

/// See the module.
///
/// # Errors
/// The reason why nothing is filled.
pub fn decide(view: &View, config: &Config) -> Decision {
    if !config.fill.on {
        return Err(Skip::Off);
    }
    at(view, config, &hedge::due(view)?).map(Action::Fill)
}

/// The best fill where the hedge stands so.
///
/// # Errors
/// The reason why there is none.
pub(crate) fn at(view: &View, config: &Config, stance: &Stance) -> Result<Fill, Skip> {
    let [asset, underlying] = match &view.purses {
        Some(Ok(purses)) => *purses,
        Some(Err(fault)) => return Err(unanswered(fault, Skip::Unreadable)),
        None => return Err(Skip::NoKey),
    };
    let whole = stance.due().unsigned_abs().min(hedge::sellable(view, stance));
    let all = fill(view, config, stance, &[], whole).ok_or(Skip::Dust { size: 0, due: stance.due() })?;
    let (token, purse, need) = if stance.buying() {
        (view.market.underlying, underlying, whole / view.market.grain)
    } else {
        (view.market.asset, asset, all.cash)
    };
    let size = affordable(whole, purse, need);
    let curves = hedge::curves(view, &widest(stance));
    if curves.iter().all(|curve| curve.0.is_empty()) {
        return Err(Skip::NoVenue(hedge::refusals(view, stance)));
    }
    let sizes = (1..=PARTS).filter_map(|part| maths::mul_div_down(size, part, PARTS));
    let fills = sizes.filter_map(|size| fill(view, config, stance, &curves, size));
    let Some(best) = fills.max_by_key(Fill::edge) else {
        return Err(Skip::PurseShort { token, purse, need });
    };
    let least = micro(config.fill.min_profit).max(rival(view, config, stance));
    if best.edge() <= least {
        return Err(Skip::EdgeTooSmall { discount: best.discount, cost: best.cost, least });
    }
    Ok(best)
}

/// What hedging over the venues, or with a position, would be paid instead [micro-USD].
fn rival(view: &View, config: &Config, stance: &Stance) -> i128 {
    let plan = match hedge::decide(view, config).or_else(|_| position::decide(view, config)) {
        Ok(Action::Hedge(plan)) => plan,
        Ok(Action::Position(position)) if !position.later => position.plan,
        _ => return i128::MIN,
    };
    hedge::share(stance, &plan).and_then(|share| i128::try_from(share).ok()).unwrap_or_default()
}

/// Trading back is the account's own affair: the price cap does not bind it, only what was asked of the venues.
fn widest(stance: &Stance) -> Stance {
    stance.after(stance.rules.slip_span)
}

/// What of a hedge the account can pay for.
fn affordable(whole: u128, purse: Purse, need: u128) -> u128 {
    let free = purse.have.min(purse.allowed);
    if free >= need { whole } else { maths::mul_div_down(whole, free, need).unwrap_or_default() }
}

/// A fill of this size; none for one that the desk would find too small. Without curves trading back costs nothing.
fn fill(view: &View, config: &Config, stance: &Stance, curves: &[Curve], size: u128) -> Option<Fill> {
    let size = size / view.market.grain * view.market.grain;
    let value = stance.value(size)?;
    if size == 0 || value < stance.trigger.least(&stance.rules) {
        return None;
    }
    let parts = route(curves, &hedge::order(view, config, stance, size))?;
    let routed = parts.iter().fold(0_u128, |sum, part| sum.saturating_add(part.size));
    if !curves.is_empty() && routed != size {
        return None;
    }
    let cost = parts.iter().fold(0_i128, |sum, part| sum.saturating_add(part.cost));
    let (discount, cash) = (stance.discount(value)?, stance.cash(value)?);
    Some(Fill { due: stance.due(), size: signed(size, stance.trigger.due), cash, discount, cost })
}
