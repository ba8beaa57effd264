//! Strategies only decide: from a view to an action, or to the reason why there is none.

pub mod fill;
pub mod hedge;
pub mod position;
pub mod process;
pub mod settle;
pub mod upkeep;

use inventory::hedge::Reward;

use crate::action::{Action, Plan, Position, Proposal};
use crate::chain::Fault;
use crate::collect::View;
use crate::config::{Config, micro};
use crate::skip::Skip;
use crate::stance::Stance;

/// What a strategy decides before the gas is known.
pub type Decision = Result<Action, Skip>;

/// All decisions on a view, the first ones going first: what has expired is settled before anything is hedged, since it is in the book, and an order
/// that has had its time is cancelled, since what it is for is due again; a fill is decided on only if it brings more than the hedge after it. What
/// positions need beside is told for a broker with venues only, once for each venue that needs it.
pub fn decide(view: &View, config: &Config) -> Vec<(&'static str, Decision)> {
    let brokered = !matches!(view.broker, Ok(None));
    let upkeep = |name, decisions: fn(&View, &Config) -> Vec<Decision>| {
        let decisions = if brokered { decisions(view, config) } else { Vec::new() };
        decisions.into_iter().map(move |decision| (name, decision))
    };
    let mut all = vec![("settle", settle::decide(view, &config.settle))];
    all.extend(upkeep("cancel", upkeep::cancel));
    all.push(("fill", fill::decide(view, config)));
    all.push(("hedge", hedge::decide(view, config)));
    all.push(("position", position::decide(view, config)));
    all.extend(upkeep("tend", upkeep::tend));
    all.extend(upkeep("collect", upkeep::collect));
    all.extend(upkeep("checkpoint", upkeep::checkpoint));
    all.push(("process", process::decide(view, &config.process)));
    all
}

/// Weighs an action that takes `gas` and brings `reward` against what it may cost the operator.
///
/// # Errors
/// A loss above the limit.
pub fn appraise(
    view: &View,
    config: &Config,
    action: Action,
    gas: u64,
    reward: i128,
) -> Result<Proposal, Skip> {
    let (gas_cost, ether_cost) = (gas_cost(view, config, gas), coin_cost(view, config, action.ether()));
    let urgent = |plan: &Plan, otherwise: f64| {
        let least =
            if plan.urgency >= config.hedge.urgent_at { config.hedge.urgent_max_loss } else { otherwise };
        micro(least.max(otherwise))
    };
    let max_loss = match &action {
        Action::Hedge(plan) => urgent(plan, config.hedge.max_loss),
        Action::Position(Position { plan, later: false, .. }) => urgent(plan, config.position.max_loss),
        Action::Position(Position { plan, .. }) => urgent(plan, config.position.order_max_loss),
        Action::Fill(_) => micro(config.fill.min_profit).saturating_neg(),
        Action::Poke { surplus, .. } => *surplus,
        Action::Settle { .. } => micro(config.settle.max_loss),
        Action::Process { .. } => micro(config.process.max_loss),
        Action::Tend { later: true, .. } => micro(config.position.order_max_loss),
        Action::Cancel(_) | Action::Tend { .. } | Action::Collect { .. } | Action::Checkpoint { .. } => {
            micro(config.upkeep.max_loss)
        }
    };
    let parts = match &action {
        Action::Hedge(plan) | Action::Position(Position { plan, later: false, .. }) => {
            view.stance.and_then(|stance| parts(&stance, plan, reward))
        }
        _ => None,
    };
    let proposal = Proposal { action, gas, gas_cost, ether_cost, reward, parts, max_loss };
    if proposal.profit().saturating_neg() > max_loss {
        return Err(Skip::LossAboveLimit { cost: gas_cost.saturating_add(ether_cost), reward, max_loss });
    }
    Ok(proposal)
}

/// A reward in its parts: what was paid for gas is what makes the rules come to it.
fn parts(stance: &Stance, plan: &Plan, reward: i128) -> Option<Reward> {
    let (value, told) = (hedge::value(stance, plan)?, u128::try_from(reward).ok()?);
    let (mut low, mut high) = (0, u128::from(stance.rules.gas_cap));
    while low < high {
        let middle = low.midpoint(high);
        if stance.reward(value, plan.cost, middle)?.total() < told { low = middle + 1 } else { high = middle }
    }
    stance.reward(value, plan.cost, low)
}

/// Checks that a reward is one that the rules give: its gas is anything up to the cap, and its cost off the plan's by a tenth and a cent.
///
/// # Errors
/// A reward outside of that.
pub fn check_reward(stance: &Stance, plan: &Plan, told: i128) -> Result<(), Skip> {
    let value = hedge::value(stance, plan).unwrap_or_default();
    let slack = (plan.cost.saturating_abs() / 10).saturating_add(10_000);
    let total = |cost: i128, gas: u32| {
        let reward = stance.reward(value, cost, gas.into()).map(|reward| reward.total());
        reward.and_then(|total| i128::try_from(total).ok())
    };
    let least = total(plan.cost.saturating_add(slack), 0).unwrap_or_default();
    let most = total(plan.cost.saturating_sub(slack), stance.rules.gas_cap).unwrap_or(i128::MAX);
    if (least..=most).contains(&told) { Ok(()) } else { Err(Skip::RewardDiffers { told, least, most }) }
}

/// What gas costs, rounded up [micro-USD].
#[must_use]
pub fn gas_cost(view: &View, config: &Config, gas: u64) -> i128 {
    let price = view.head.base_fee.saturating_add(crate::config::wei(config.fees.tip_gwei));
    coin_cost(view, config, price.saturating_mul(gas.into()))
}

/// What so many wei cost, rounded up [micro-USD].
///
/// While there is no price at all, and none of the coin is set, it is nothing: what is settled or cancelled meanwhile needs no price, and must not wait
/// for one. The cap on fees bounds what it takes.
pub(crate) fn coin_cost(view: &View, config: &Config, wei: u128) -> i128 {
    let coin = match config.coin_price {
        Some(price) => (price * 1e18) as u128,
        None => view.price.as_ref().map_or_else(|_| view.state.spot(), |(price, _)| *price),
    };
    let cost = maths::mul_div_up(wei, coin, crate::numbers::WAD * crate::numbers::WAD_PER_MICRO);
    cost.and_then(|cost| i128::try_from(cost).ok()).unwrap_or(i128::MAX)
}

/// A read that failed: the vault's refusal says why, a chain that does not answer says nothing of the vault.
fn unanswered(fault: &Fault, refused: impl FnOnce(String) -> Skip) -> Skip {
    if fault.is_answer() { refused(fault.to_string()) } else { Skip::Chain(fault.clone()) }
}
