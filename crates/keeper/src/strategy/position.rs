//! Hedges with a position at one of the broker's venues, where spot cannot do it or is dearer: with a short, with a long where orders are taken, or
//! with a position that becomes smaller.
//!
//! It goes to the cheapest venue. One that trades at once is taken at the best price that it was found to trade at, and `tolerance` worse; the desk
//! counts what that limit allows as its cost. One that trades later gets an order at the widest limit that is taken, is reckoned at what the operator
//! says that orders cost, and is paid for by the operator: the desk pays nothing for what is not done yet.
//!
//! A position costs while it is held, so one that is to grow must be cheaper than spot by `carry`, and one that becomes smaller may be dearer by as
//! much.

use maths::{mul_div_down, mul_div_up};

use crate::action::{Action, Leg, Plan, Position};
use crate::brokerage::{Brokerage, Holding, Seat, Trial, Tried};
use crate::chain::Fault;
use crate::collect::View;
use crate::config::Config;
use crate::numbers::{WAD, money};
use crate::skip::Skip;
use crate::stance::Stance;
use crate::strategy::{Decision, coin_cost, hedge, unanswered};

const BPS: f64 = 10_000.0;
const BP: u128 = 10_000;

/// See the module.
///
/// # Errors
/// The reason why nothing is hedged with a position.
pub fn decide(view: &View, config: &Config) -> Decision {
    if !config.position.on {
        return Err(Skip::Off);
    }
    hedge::priced(view)?;
    broker(view)?;
    let stance = hedge::due(view)?;
    let position = at(view, config, &stance)?;
    match hedge::plan(view, config, &stance).ok().filter(|_| config.hedge.on) {
        Some(spot) if !is_cheaper(view, config, &position, &spot) => {
            let [position, spot] = [&position.plan, &spot].map(|plan| points(view, plan));
            Err(Skip::SpotCheaper { position, spot })
        }
        _ => Ok(Action::Position(position)),
    }
}

/// The broker, if it has a venue.
///
/// # Errors
/// It has none, or does not answer.
pub(crate) fn broker(view: &View) -> Result<&Brokerage, Skip> {
    match &view.broker {
        Ok(Some(broker)) => Ok(broker),
        Ok(None) => Err(Skip::NoPositions),
        Err(fault) => Err(unanswered(fault, Skip::BrokerRefuses)),
    }
}

/// The cheapest position where the hedge stands so.
///
/// # Errors
/// What is wrong with each venue, or too little to trade.
pub(crate) fn at(view: &View, config: &Config, stance: &Stance) -> Result<Position, Skip> {
    let broker = broker(view)?;
    if let Err(fault) = &broker.ledger {
        return Err(unanswered(fault, Skip::BrokerRefuses));
    }
    let plans = broker.seats.iter().map(|seat| (seat, plan(view, config, stance, broker, seat)));
    let (good, bad): (Vec<_>, Vec<_>) = plans.partition(|(_, plan)| plan.is_ok());
    let unit = |position: &Position| {
        let ether = coin_cost(view, config, position.ether);
        let cost = position.plan.cost.saturating_add(ether);
        cost as f64 / position.plan.size.unsigned_abs().max(1) as f64
    };
    let good = good.into_iter().filter_map(|(_, plan)| plan.ok());
    let best = good.min_by(|one, other| unit(one).total_cmp(&unit(other)));
    best.ok_or_else(|| {
        let why = bad.into_iter().filter_map(|(seat, plan)| Some((seat, plan.err()?)));
        let each = why.map(|(seat, why)| format!("{}: {why}", seat.name));
        Skip::NoSeat(each.collect::<Vec<_>>().join("; "))
    })
}

/// Whether a hedge over spot venues is left to a position: no plan of spot's is as good.
pub(crate) fn is_better(view: &View, config: &Config, stance: &Stance, spot: Option<&Plan>) -> bool {
    let position = at(view, config, stance).ok().filter(|_| config.position.on);
    position.is_some_and(|position| spot.is_none_or(|spot| is_cheaper(view, config, &position, spot)))
}

fn is_cheaper(view: &View, config: &Config, position: &Position, spot: &Plan) -> bool {
    let carry = if position.grows { config.position.carry } else { -config.position.carry };
    points(view, &position.plan) + carry < points(view, spot)
}

/// What a plan costs the vault against the feed's price [basis points].
fn points(view: &View, plan: &Plan) -> f64 {
    let value = money(plan.size.unsigned_abs(), view.state.spot()).unwrap_or_default();
    plan.cost as f64 / value.max(1) as f64 * BPS
}

/// The plan for one venue, or why there is none.
fn plan(
    view: &View,
    config: &Config,
    stance: &Stance,
    broker: &Brokerage,
    seat: &Seat,
) -> Result<Position, String> {
    let (holding, trial) = tried(view, stance, seat)?;
    let tried = *trial.outcome.as_ref().map_err(|data| crate::refusal(data))?;
    let slip = broker.ledger.as_ref().map_or(0, |ledger| ledger.slip).min(view.state.terms.max_slippage);
    let (spot, buying, size) = (view.state.spot(), trial.size > 0, trial.size);
    let value = stance.value(size.unsigned_abs()).ok_or("beyond 128 bits")?;
    if value < stance.trigger.least(&stance.rules) {
        return Err("less than the least hedge".into());
    }
    let worst = stance.worst(spot, slip).ok_or("no price")?;
    let (limit, cost) = match tried {
        Tried::At(best) => {
            let limit = limit(best, worst, buying, config, spot);
            let dear = || format!("dearer than the cap of {} millionths", stance.slip().min(slip));
            let limit = limit.ok_or_else(dear)?;
            (limit, cost_at(value, buying, limit, spot))
        }
        Tried::Later => (worst, reckoned(config, value)),
    };
    let cost = cost.ok_or("beyond 128 bits")?;
    let leg = Leg { name: seat.name.clone(), venue: seat.venue, size, cost, limit };
    let (due, urgency) = (stance.due(), stance.urgency());
    let plan = Plan { due, size, legs: vec![leg], cost, urgency, spot };
    let grows = holding.size == 0 || (holding.size > 0) == buying;
    Ok(Position { plan, later: tried == Tried::Later, grows, ether: fee(config, seat) })
}

/// What a venue holds and would trade, if it may.
fn tried<'s>(view: &View, stance: &Stance, seat: &'s Seat) -> Result<(&'s Holding, &'s Trial), String> {
    let holding = seat.holding.as_ref().map_err(Fault::to_string)?;
    if seat.allowed_from == 0 {
        return Err("quarantined".into());
    }
    if !seat.is_open(view.head.timestamp) {
        return Err(format!("allowed from {}", seat.allowed_from));
    }
    if holding.since != 0 {
        return Err(format!("an order is in flight since {}", holding.since));
    }
    let grows = stance.due() < 0 || seat.is_slow();
    let none = if grows { "cap or free cash reach no further" } else { "nothing to buy back" };
    Ok((holding, seat.trial.as_ref().ok_or(none)?))
}

/// A limit as much worse than the best price as may be, inside the cap; none if that price is outside of it.
fn limit(best: u128, worst: u128, buying: bool, config: &Config, spot: u128) -> Option<u128> {
    let slack = mul_div_up(spot, config.position.tolerance.into(), BP)?;
    match buying {
        true if best <= worst => Some(best.checked_add(slack)?.min(worst)),
        false if best >= worst => Some(best.saturating_sub(slack).max(worst)),
        _ => None,
    }
}

/// What a trade at its limit costs, as the desk reckons it [micro-USD].
fn cost_at(value: u128, buying: bool, limit: u128, spot: u128) -> Option<i128> {
    let apart = i128::try_from(mul_div_down(value, limit.abs_diff(spot), spot)?).ok()?;
    Some(if (limit > spot) == buying { apart } else { apart.saturating_neg() })
}

/// What an order of a value is reckoned to cost [micro-USD].
fn reckoned(config: &Config, value: u128) -> Option<i128> {
    let cost = mul_div_up(value, config.position.order_cost.into(), BP)?;
    i128::try_from(cost).ok()
}

/// Ether that an order is given: what the venue's purse lacks of the fee [wei].
pub(crate) fn fee(config: &Config, seat: &Seat) -> u128 {
    let purse = seat.holding.as_ref().map_or(0, |holding| holding.purse);
    let fee = (config.position.order_fee.max(0.0) * WAD as f64) as u128;
    if seat.is_slow() { fee.saturating_sub(purse) } else { 0 }
}
