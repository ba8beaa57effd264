//! The cheapest hedge over the venues, once one is due, and whether one that does not pay yet is worth waiting for.
//!
//! What is paid for a hedge grows with the time that it has been due, and that time begins when somebody looks. So a keeper that wants to be
//! paid starts the clock itself, once, if the reward that waiting brings leaves what it wants after the gas of both transactions; and it hedges
//! as soon as that is left: any keeper that wants less hedges before it, so waiting for more is a bet that there is none. The first units of a hedge
//! save most, so it hedges the part whose saving is greatest, and the rest once that pays as well; who may lose something hedges all at once.

use inventory::hedge::Rules;
use maths::mul_div_up;

use crate::action::{Action, Leg, Plan};
use crate::chain::Fault;
use crate::collect::{Offer, View};
use crate::config::{Config, micro};
use crate::numbers::{WAD, WAD_PER_MICRO, money, signed};
use crate::route::{Curve, Order, Part, route};
use crate::skip::{Differing, Skip};
use crate::stance::Stance;
use crate::strategy::{Decision, fill, gas_cost, position, unanswered};

/// Gas of one more leg, about: a swap with its transfers.
const LEG_GAS: u64 = 250_000;
/// Parts of what is due that are tried.
const PARTS: u128 = 8;
const BPS: u128 = 10_000;
const MILLION: u128 = 1_000_000;

/// The hedge that both the desk and this keeper hold due.
///
/// # Errors
/// No price, a disagreement, or nothing due.
pub fn due(view: &View) -> Result<Stance, Skip> {
    priced(view)?;
    let told = view.told.as_ref().map_err(|fault| unanswered(fault, Skip::DeskRefuses))?;
    let differing = |ours| Skip::MarkDiffers(Box::new(Differing { ours, theirs: told.need.clone() }));
    let stance = view.stance.ok_or_else(|| differing(None))?;
    let ours = stance.need();
    if ours.as_ref() != Some(&told.need) {
        return Err(differing(ours));
    }
    if stance.trigger.due == 0 {
        let deviation = crate::numbers::int(told.need.deviation).unwrap_or_default();
        let outer = i128::try_from(stance.widths().outer).unwrap_or(i128::MAX);
        return Err(Skip::InsideBand { deviation, outer });
    }
    Ok(stance)
}

/// Whether the vault has a price.
///
/// # Errors
/// Why it has none.
pub(crate) fn priced(view: &View) -> Result<(), Skip> {
    if view.state.request.spot != 0 {
        return Ok(());
    }
    let why =
        view.price.as_ref().err().map_or_else(|| "the vault's words have none".into(), Fault::to_string);
    Err(Skip::NoPrice(why))
}

/// See the module.
///
/// # Errors
/// The reason why nothing is hedged.
pub fn decide(view: &View, config: &Config) -> Decision {
    if !config.hedge.on {
        return Err(Skip::Off);
    }
    let stance = due(view)?;
    let plan = plan(view, config, &stance);
    if position::is_better(view, config, &stance, plan.as_ref().ok()) {
        return Err(Skip::PositionCheaper);
    }
    plan.map(Action::Hedge)
}

/// The start of the clock, if nobody has started it and what is not worth it now will be: a hedge, for which `paid` was offered where it takes `gas`,
/// a position, or a fill.
#[must_use]
pub fn poke(view: &View, config: &Config, paid: i128, gas: u64) -> Option<Action> {
    let stance = due(view).ok().filter(|stance| config.hedge.poke && stance.is_unseen())?;
    let spent = gas_cost(view, config, gas).saturating_sub(paid);
    let left = |later: &Stance, plan: &Plan, max_loss: f64| {
        let share = i128::try_from(share(later, plan)?).ok()?;
        Some(share.saturating_sub(spent).saturating_add(micro(max_loss)))
    };
    let by_hedge = |later: &Stance| {
        let plan = plan(view, config, later).ok().filter(|_| config.hedge.on)?;
        left(later, &plan, config.hedge.max_loss)
    };
    let by_position = |later: &Stance| {
        let position = position::at(view, config, later).ok()?;
        let position = Some(position).filter(|position| config.position.on && !position.later)?;
        left(later, &position.plan, config.position.max_loss)
    };
    let by_fill = |later: &Stance| {
        let fill = fill::at(view, config, later).ok().filter(|_| config.fill.on)?;
        Some(
            fill.edge()
                .saturating_sub(gas_cost(view, config, gas))
                .saturating_sub(micro(config.fill.min_profit)),
        )
    };
    let Rules { reward_span, auction_span, slip_span, .. } = stance.rules;
    [reward_span, auction_span, slip_span].into_iter().find_map(|wait| {
        let later = stance.after(wait);
        let surplus = by_hedge(&later).max(by_fill(&later)).max(by_position(&later));
        let surplus = surplus.filter(|surplus| *surplus > 0)?;
        Some(Action::Poke { surplus, wait })
    })
}

/// What a plan is paid beyond its gas [micro-USD].
#[must_use]
pub fn share(stance: &Stance, plan: &Plan) -> Option<u128> {
    stance.reward(value(stance, plan)?, plan.cost, 0).map(|reward| reward.share)
}

/// What a plan hedges, as the desk counts it [micro-USD].
pub(crate) fn value(stance: &Stance, plan: &Plan) -> Option<u128> {
    plan.legs.iter().try_fold(0_u128, |sum, leg| sum.checked_add(stance.value(leg.size.unsigned_abs())?))
}

/// The cheapest plan for what is due; for a keeper that wants to be paid, of the part of it that is paid most, as long as it is not urgent.
///
/// # Errors
/// Nothing to trade, or no venue that does.
pub(crate) fn plan(view: &View, config: &Config, stance: &Stance) -> Result<Plan, Skip> {
    let (due, grain) = (stance.due(), view.market.grain);
    let whole = due.unsigned_abs().min(sellable(view, stance)) / grain * grain;
    if whole == 0 {
        return Err(Skip::Dust { size: 0, due });
    }
    let curves = curves(view, stance);
    if curves.iter().all(|curve| curve.0.is_empty()) {
        return Err(Skip::NoVenue(refusals(view, stance)));
    }
    let all = paid_for(view, config, &curves, stance, whole)?;
    if config.hedge.max_loss >= 0.0 || all.urgency >= config.hedge.urgent_at {
        return Ok(all);
    }
    let sizes = (1..PARTS).filter_map(|part| maths::mul_div_down(whole, part, PARTS));
    let plans = sizes.filter_map(|size| paid_for(view, config, &curves, stance, size).ok());
    Ok(plans.chain([all.clone()]).max_by_key(|plan| share(stance, plan)).unwrap_or(all))
}

/// What the vault can sell of the underlying. If that is less than what is due, somebody who sells the least hedge first would have a sale of all of it
/// refused: two such hedges are left, where that is little of it.
pub(crate) fn sellable(view: &View, stance: &Stance) -> u128 {
    let held = view.state.held();
    if stance.due() > 0 {
        return u128::MAX;
    }
    let left = u128::from(stance.rules.min_hedge).saturating_mul(2 * MILLION);
    let value = stance.value(held).unwrap_or_default();
    if stance.due().unsigned_abs() < held || value < left.saturating_mul(5) {
        return held;
    }
    maths::mul_div_down(held, value.saturating_sub(left), value).unwrap_or(held)
}

/// The cheapest plan for a size, that free cash pays for even at its limits: the vault sets them aside before it trades.
fn paid_for(
    view: &View,
    config: &Config,
    curves: &[Curve],
    stance: &Stance,
    mut size: u128,
) -> Result<Plan, Skip> {
    let due = stance.due();
    let free = u128::try_from(view.state.request.free).unwrap_or_default();
    for _ in 0..4 {
        let plan = planned(view, config, curves, stance, size).ok_or(Skip::Dust { size: 0, due })?;
        let cash = |leg: &Leg| money(leg.size.unsigned_abs(), leg.limit).unwrap_or(u128::MAX);
        let needed = plan.legs.iter().fold(0_u128, |sum, leg| sum.saturating_add(cash(leg)));
        let least = stance.trigger.least(&stance.rules);
        if value(stance, &plan).is_none_or(|value| value < least) {
            return Err(Skip::Dust { size: plan.size, due });
        }
        if due < 0 || needed <= free {
            return Ok(plan);
        }
        size = maths::mul_div_down(plan.size.unsigned_abs(), free, needed).unwrap_or_default();
    }
    Err(Skip::Dust { size: signed(size, due), due })
}

fn planned(view: &View, config: &Config, curves: &[Curve], stance: &Stance, size: u128) -> Option<Plan> {
    let parts = route(curves, &order(view, config, stance, size))?;
    let legs: Vec<Leg> = parts.iter().filter_map(|part| leg(view, config, stance, part)).collect();
    let size = legs.iter().fold(0_i128, |sum, leg| sum.saturating_add(leg.size));
    let cost = legs.iter().fold(0_i128, |sum, leg| sum.saturating_add(leg.cost));
    let (due, urgency, spot) = (stance.due(), stance.urgency(), view.state.spot());
    (!legs.is_empty()).then_some(Plan { due, size, legs, cost, urgency, spot })
}

/// What is split over the venues.
pub(crate) fn order(view: &View, config: &Config, stance: &Stance, size: u128) -> Order {
    let leg = u128::try_from(gas_cost(view, config, LEG_GAS)).unwrap_or_default();
    let (grain, spot) = (view.market.grain, view.state.spot());
    Order { size, grain, buying: stance.buying(), spot, leg }
}

/// A leg, its limit as much worse than its quote as may be, inside the price cap.
fn leg(view: &View, config: &Config, stance: &Stance, part: &Part) -> Option<Leg> {
    let offer = view.venues.get(part.venue)?;
    let buying = stance.buying();
    let spot = view.state.spot();
    let worst = stance.worst(spot, view.state.terms.max_slippage)?;
    // From micro-USD for the size to a price.
    let per_unit = mul_div_up(part.cost.unsigned_abs(), WAD, part.size.max(1))?.checked_mul(WAD_PER_MICRO)?;
    let slack = mul_div_up(spot, config.hedge.tolerance.into(), BPS)?;
    let worse = if part.cost < 0 { slack.saturating_sub(per_unit) } else { slack.checked_add(per_unit)? };
    let limit =
        if buying { spot.checked_add(worse)?.min(worst) } else { spot.saturating_sub(worse).max(worst) };
    let size = signed(part.size, stance.trigger.due);
    Some(Leg { name: offer.name.clone(), venue: offer.address, size, cost: part.cost, limit })
}

/// What the venues' quotes cost against the feed's price: of each up to the first size that it refuses, or that is dearer than the price cap.
pub(crate) fn curves(view: &View, stance: &Stance) -> Vec<Curve> {
    let cap = stance.slip().min(view.state.terms.max_slippage);
    let curve = |offer: &Offer| {
        let quotes = offer.quotes.as_deref().unwrap_or_default().iter();
        let cost = |(size, cash): (u128, u128)| {
            let cost = cost_of(view, size, cash, stance.buying())?;
            let most = maths::mul_div_down(money(size, view.state.spot())?, cap.into(), MILLION)?;
            (cost <= i128::try_from(most).ok()?).then_some((size, cost))
        };
        Curve(quotes.map_while(|quote| cost((quote.size, *quote.cash.as_ref().ok()?))).collect())
    };
    view.venues.iter().map(curve).collect()
}

/// What trading `size` for `cash` costs against the feed's price [micro-USD].
pub(crate) fn cost_of(view: &View, size: u128, cash: u128, buying: bool) -> Option<i128> {
    let mid = i128::try_from(money(size, view.state.spot())?).ok()?;
    let cash = i128::try_from(cash).ok()?;
    if buying { cash.checked_sub(mid) } else { mid.checked_sub(cash) }
}

pub(crate) fn refusals(view: &View, stance: &Stance) -> String {
    if view.venues.is_empty() {
        return "none is configured".into();
    }
    let why = |offer: &Offer| match (&offer.quotes, offer.allowed_from) {
        (_, 0) => "not allowed".to_owned(),
        (_, from) if from > view.head.timestamp => format!("allowed from {from}"),
        (Err(fault), _) => fault.to_string(),
        (Ok(quotes), _) => match quotes.first().map(|quote| &quote.cash) {
            Some(Err(data)) => crate::refusal(data),
            Some(Ok(_)) => format!("dearer than the cap of {} millionths", stance.slip()),
            None => "no quote".into(),
        },
    };
    let each = view.venues.iter().map(|offer| format!("{}: {}", offer.name, why(offer)));
    each.collect::<Vec<_>>().join("; ")
}
