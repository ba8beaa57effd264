//! Strategies only decide: from a view to an action, or to the reason why there is none.

pub mod hedge;
pub mod process;
pub mod settle;

use crate::action::{Action, Proposal};
use crate::chain::Fault;
use crate::collect::View;
use crate::config::{Config, micro};
use crate::skip::Skip;

/// What a strategy decides before the gas is known.
pub type Decision = Result<Action, Skip>;

/// All decisions on a view, the first ones going first: what has expired is settled before anything is hedged, since it is in the book.
pub fn decide(view: &View, config: &Config) -> [(&'static str, Decision); 3] {
    [
        ("settle", settle::decide(view, &config.settle)),
        ("hedge", hedge::decide(view, config)),
        ("process", process::decide(view, &config.process)),
    ]
}

/// Weighs an action that takes `gas` against what it may cost the operator.
///
/// # Errors
/// A loss above the limit.
pub fn appraise(view: &View, config: &Config, action: Action, gas: u64) -> Result<Proposal, Skip> {
    let gas_cost = gas_cost(view, config, gas);
    let max_loss = match &action {
        Action::Hedge(plan) if plan.urgency >= config.hedge.urgent_at => {
            micro(config.hedge.urgent_max_loss.max(config.hedge.max_loss))
        }
        Action::Hedge(_) => micro(config.hedge.max_loss),
        Action::Settle { .. } => micro(config.settle.max_loss),
        Action::Process { .. } => micro(config.process.max_loss),
    };
    let proposal = Proposal { action, gas, gas_cost, reward: 0, max_loss };
    if proposal.profit().saturating_neg() > max_loss {
        return Err(Skip::LossAboveLimit { cost: gas_cost, reward: 0, max_loss });
    }
    Ok(proposal)
}

/// What gas costs, rounded up [micro-USD].
#[must_use]
pub fn gas_cost(view: &View, config: &Config, gas: u64) -> i128 {
    let price = view.head.base_fee.saturating_add(crate::config::wei(config.fees.tip_gwei));
    let wei = price.saturating_mul(gas.into());
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
