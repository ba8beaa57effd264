//! The cheapest hedge over the venues, once one is due.

use crate::action::{Action, Leg, Plan};
use crate::chain::Fault;
use crate::collect::{Offer, View, worst_price};
use crate::config::Config;
use crate::mark::Skew;
use crate::numbers::{WAD, money, signed};
use crate::skip::{Differing, Skip};
use crate::split::{Curve, Part, split};
use crate::strategy::{Decision, gas_cost, unanswered};

/// Gas of one more leg, about: a swap with its transfers.
const LEG_GAS: u64 = 250_000;
const BPS: u128 = 10_000;

/// The hedge that both the vault and this keeper hold due.
///
/// # Errors
/// No price, a disagreement, or nothing due.
pub fn due(view: &View) -> Result<Skew, Skip> {
    if view.state.request.spot == 0 {
        let why =
            view.price.as_ref().err().map_or_else(|| "the vault's words have none".into(), Fault::to_string);
        return Err(Skip::NoPrice(why));
    }
    let told = view.told.as_ref().map_err(|fault| unanswered(fault, Skip::NoPrice))?;
    let theirs = Skew::told(told).ok_or_else(|| Skip::Unreadable(format!("{told:?}")))?;
    let ours = view.worth.map(|worth| worth.skew);
    match ours {
        Some(ours) if ours == theirs && told.needed == (ours.size != 0) => {}
        _ => return Err(Skip::MarkDiffers(Box::new(Differing { ours, theirs }))),
    }
    if !told.needed {
        let position = crate::numbers::int(told.position).unwrap_or_default();
        let deviation = theirs.reachable.saturating_sub(position);
        return Err(Skip::InsideBand { deviation, outer: theirs.outer });
    }
    Ok(theirs)
}

/// See the module.
///
/// # Errors
/// The reason why nothing is hedged.
pub fn decide(view: &View, config: &Config) -> Decision {
    if !config.hedge.on {
        return Err(Skip::Off);
    }
    let skew = due(view)?;
    let grain = view.market.grain;
    let whole = skew.size.unsigned_abs() / grain * grain;
    if whole == 0 {
        return Err(Skip::Dust { size: 0, due: skew.size });
    }
    let curves: Vec<Curve> = view.venues.iter().map(|offer| curve(view, offer, skew.size > 0)).collect();
    if curves.iter().all(|curve| curve.0.is_empty()) {
        return Err(Skip::NoVenue(refusals(view)));
    }
    let plan = affordable(view, config, &curves, &skew, whole)?;
    Ok(Action::Hedge(plan))
}

/// A plan that free cash pays for even at its limits: the vault sets them aside before it trades.
fn affordable(
    view: &View,
    config: &Config,
    curves: &[Curve],
    skew: &Skew,
    whole: u128,
) -> Result<Plan, Skip> {
    let free = u128::try_from(view.state.request.free).unwrap_or_default();
    let mut size = whole;
    for _ in 0..4 {
        let plan = plan(view, config, curves, skew, size).ok_or(Skip::Dust { size: 0, due: skew.size })?;
        let cash = |leg: &Leg| money(leg.size.unsigned_abs(), leg.limit).unwrap_or(u128::MAX);
        let needed = plan.legs.iter().fold(0_u128, |sum, leg| sum.saturating_add(cash(leg)));
        if skew.size < 0 || needed <= free {
            return Ok(plan);
        }
        let planned = plan.size.unsigned_abs();
        size = maths::mul_div_down(planned, free, needed).unwrap_or_default();
    }
    Err(Skip::Dust { size: signed(size, skew.size), due: skew.size })
}

fn plan(view: &View, config: &Config, curves: &[Curve], skew: &Skew, size: u128) -> Option<Plan> {
    let parts = split(curves, size, gas_cost(view, config, LEG_GAS));
    let legs: Vec<Leg> = parts.iter().filter_map(|part| leg(view, config, part, skew.size)).collect();
    let size = legs.iter().fold(0_i128, |sum, leg| sum.saturating_add(leg.size));
    let cost = legs.iter().fold(0_i128, |sum, leg| sum.saturating_add(leg.cost));
    let position = view.told.as_ref().ok().and_then(|told| crate::numbers::int(told.position))?;
    let deviation = skew.reachable.saturating_sub(position).unsigned_abs();
    let urgency = deviation as f64 / (skew.outer.max(1)) as f64;
    (!legs.is_empty()).then_some(Plan { due: skew.size, size, legs, cost, urgency })
}

/// A leg in whole token units, its limit as much worse than its quote as may be, inside the vault's own.
fn leg(view: &View, config: &Config, part: &Part, due: i128) -> Option<Leg> {
    let offer = view.venues.get(part.venue)?;
    let grain = view.market.grain;
    let size = part.size / grain * grain;
    let buying = due > 0;
    let (spot, worst) = (view.state.spot(), worst_price(&view.state, buying)?);
    // From micro-USD for the size to a price.
    let per_unit = maths::mul_div_up(part.cost.unsigned_abs(), WAD, size.max(1))?;
    let per_unit = per_unit.checked_mul(crate::numbers::WAD_PER_MICRO)?;
    let slack = maths::mul_div_up(spot, config.hedge.tolerance.into(), BPS)?;
    let worse = if part.cost < 0 { slack.saturating_sub(per_unit) } else { slack.checked_add(per_unit)? };
    let limit =
        if buying { spot.checked_add(worse)?.min(worst) } else { spot.saturating_sub(worse).max(worst) };
    let leg = Leg {
        name: offer.name.clone(),
        venue: offer.address,
        size: signed(size, due),
        cost: part.cost,
        limit,
    };
    (size > 0).then_some(leg)
}

/// What a venue's quotes cost against the feed's price: up to the first size that it refuses.
fn curve(view: &View, offer: &Offer, buying: bool) -> Curve {
    let quotes = offer.quotes.as_deref().unwrap_or_default();
    let filled = quotes.iter().map_while(|quote| quote.cash.as_ref().ok().map(|cash| (quote.size, *cash)));
    let cost = |(size, cash): (u128, u128)| Some((size, cost_of(view, size, cash, buying)?));
    Curve(filled.filter_map(cost).collect())
}

/// What trading `size` for `cash` costs against the feed's price [micro-USD].
pub(crate) fn cost_of(view: &View, size: u128, cash: u128, buying: bool) -> Option<i128> {
    let mid = i128::try_from(money(size, view.state.spot())?).ok()?;
    let cash = i128::try_from(cash).ok()?;
    if buying { cash.checked_sub(mid) } else { mid.checked_sub(cash) }
}

fn refusals(view: &View) -> String {
    if view.venues.is_empty() {
        return "none is configured".into();
    }
    let why = |offer: &Offer| match (&offer.quotes, offer.allowed_from) {
        (_, 0) => "not allowed".to_owned(),
        (_, from) if from > view.head.timestamp => format!("allowed from {from}"),
        (Err(fault), _) => fault.to_string(),
        (Ok(quotes), _) => match quotes.first().map(|quote| &quote.cash) {
            Some(Err(data)) => crate::refusal(data),
            _ => "no quote".into(),
        },
    };
    let each = view.venues.iter().map(|offer| format!("{}: {}", offer.name, why(offer)));
    each.collect::<Vec<_>>().join("; ")
}
