//! Decisions in one line each.

use interfaces::words::to_u128;

use crate::action::Action;
use crate::numbers::{decimal, float, usd};
use crate::show::table::Paint;
use crate::show::{span, time};
use crate::skip::Skip;
use crate::strategy::Decision;
use crate::strategy::upkeep::tended;

/// A decision in one line.
pub(crate) fn decided(decision: &Decision, paint: Paint) -> String {
    match decision {
        Ok(action) => paint.due(&done(action)),
        Err(skip) => skipped(skip, paint),
    }
}

/// What an action does.
fn done(action: &Action) -> String {
    match action {
        Action::Hedge(plan) => {
            let (way, size) = traded(plan.size);
            let legs = plan.legs.len();
            format!("{way} {size} over {legs} venue(s) at a cost of {} USD", usd(plan.cost))
        }
        Action::Position(position) => {
            let (way, size) = traded(position.plan.size);
            let name = position.plan.legs.first().map_or("", |leg| leg.name.as_str());
            let (how, cost) = if position.later { ("order to ", "about ") } else { ("", "") };
            format!("{how}{way} {size} at {name} at a cost of {cost}{} USD", usd(position.plan.cost))
        }
        Action::Fill(fill) => {
            let (way, size) = traded(fill.size.saturating_neg());
            let cash = fill.cash as f64 / 1e6;
            format!(
                "{way} {size} for {} USD, {} USD better than the venues",
                decimal(cash, 2),
                usd(fill.edge())
            )
        }
        Action::Poke { surplus, wait } => {
            let (surplus, wait) = (usd(*surplus), span((*wait).into()));
            format!("start the clock: in {wait} the hedge leaves {surplus} USD more than is wanted")
        }
        Action::Settle { expiry, round } => format!("expiry {} by round {round}", time(*expiry)),
        Action::Process { shares, assets } => {
            let shares = f64::from(*shares) / 1e18;
            let assets = to_u128(*assets).and_then(|assets| i128::try_from(assets).ok()).unwrap_or(i128::MAX);
            format!("{} shares for {} USD", decimal(shares, 4), usd(assets))
        }
        other => kept(other),
    }
}

/// What an action does for the positions.
fn kept(action: &Action) -> String {
    match action {
        Action::Cancel(order) => {
            format!("the order at {}, which anyone may cancel since {} UTC", order.name, time(order.from))
        }
        Action::Tend { name, margin, later, .. } => {
            format!("{name}: {}{}", tended(*margin), if *later { ", by an order" } else { "" })
        }
        Action::Collect { name, amount, .. } => {
            format!("{} USD from {name}", usd(i128::try_from(*amount).unwrap_or(i128::MAX)))
        }
        Action::Checkpoint { short: Some(short), .. } => {
            format!("tell the vault that {} USD may be short", decimal(f64::from(*short), 0))
        }
        Action::Checkpoint { age, .. } => format!("the last is {} old", span(age.unwrap_or_default())),
        other => other.kind().into(),
    }
}

/// The way and the size of what the vault trades.
fn traded(size: i128) -> (&'static str, String) {
    (if size > 0 { "buy" } else { "sell" }, decimal(float(size.saturating_abs()), 4))
}

fn skipped(skip: &Skip, paint: Paint) -> String {
    match skip {
        Skip::EpochNotReady { id, ready_at } => {
            format!("epoch {id} is ready at {} UTC", time(*ready_at))
        }
        Skip::NothingExpired { next: Some(next) } => format!("next expiry {} UTC", time((*next).into())),
        Skip::NothingExpired { next: None } => "no expiry is listed".into(),
        Skip::NoOrderLate { until: Some(until) } => {
            format!("an order is in flight, and may be cancelled from {} UTC", time(*until))
        }
        Skip::NoOrderLate { until: None } => "no order is in flight".into(),
        Skip::CheckpointFresh { until } => format!("due at {} UTC", time(*until)),
        Skip::NotOurTurn { from } => format!("our turn is at {} UTC", time(*from)),
        skip if skip.is_quiet() => skip.to_string(),
        skip => paint.bad(&skip.to_string()),
    }
}
