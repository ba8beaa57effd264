//! What the keeper would do, and why.

use std::fmt::Write as _;

use crate::action::{Action, Fill, Plan, Proposal};
use crate::collect::View;
use crate::config::Config;
use crate::keeper::{Report, Sent};
use crate::numbers::{decimal, float, small_usd, usd};
use crate::show::decided::decided;
use crate::show::table::{Paint, Table};
use crate::show::{short, time};

/// What a look came to, strategy by strategy.
#[must_use]
pub fn plan(report: &Report, config: &Config, paint: Paint) -> String {
    let view = match &report.view {
        Ok(view) => view,
        Err(skip) => return format!("{} nothing can be decided: {skip}\n", paint.bad("Plan")),
    };
    let mut text = format!(
        "{} for {} at block {} of {} UTC\n",
        paint.bold("Plan"),
        view.market.vault,
        view.head.number,
        time(view.head.timestamp)
    );
    for (name, outcome) in &report.outcomes {
        // Writing to a string cannot fail.
        let _ = match outcome {
            Ok(sent) => {
                let line = decided(&Ok(sent.proposal.action.clone()), paint);
                writeln!(text, "\n{} {line}", paint.bold(name))
            }
            Err(skip) => {
                writeln!(text, "\n{} nothing: {}", paint.bold(name), decided(&Err(skip.clone()), paint))
            }
        };
        if let Ok(sent) = outcome {
            text.push_str(&detail(view, sent, paint));
        }
    }
    let (one, two) = (
        [config.hedge.on, config.position.on, config.fill.on],
        [config.upkeep.on, config.settle.on, config.process.on],
    );
    let off = one.into_iter().chain(two).any(|on| !on);
    if off {
        let _ = writeln!(text, "\n{}", paint.dim("Some duties are switched off."));
    }
    text
}

/// Legs, costs, and whether it was sent.
fn detail(view: &View, sent: &Sent, paint: Paint) -> String {
    let proposal = &sent.proposal;
    let legs = match &proposal.action {
        Action::Hedge(plan) => legs(view, plan, paint) + &reward(view, plan, proposal),
        Action::Position(position) => {
            legs(view, &position.plan, paint) + &reward(view, &position.plan, proposal)
        }
        Action::Fill(fill) => filled(fill),
        _ => String::new(),
    };
    let ether = match proposal.ether_cost {
        0 => String::new(),
        cost => format!(
            " and {} ether for the exchange's keepers {} USD",
            decimal(proposal.action.ether() as f64 / 1e18, 4),
            small_usd(cost)
        ),
    };
    let end = sent.hash.map_or_else(|| "not sent".into(), |hash| format!("sent as {hash}"));
    format!(
        "{legs}  gas {} at {} gwei costs {} USD{ether}; it brings {} USD; the operator keeps {} USD, {}\n  {}\n",
        decimal(proposal.gas as f64, 0),
        decimal(view.head.base_fee as f64 / 1e9, 3),
        small_usd(proposal.gas_cost),
        small_usd(proposal.reward),
        small_usd(proposal.profit()),
        if proposal.max_loss < 0 {
            format!("wants {} USD", small_usd(proposal.max_loss.saturating_neg()))
        } else {
            format!("may lose {} USD", small_usd(proposal.max_loss))
        },
        paint.dim(&end),
    )
}

/// How a reward comes about.
fn reward(view: &View, plan: &Plan, proposal: &Proposal) -> String {
    let Some((stance, parts)) = view.stance.zip(proposal.parts) else { return String::new() };
    let dollars = |micro: u128| small_usd(i128::try_from(micro).unwrap_or(i128::MAX));
    format!(
        "  benefit {} USD of {} that count, cost {} USD; reward {} USD: {} for gas and {} of what is saved\n",
        dollars(parts.benefit),
        dollars(stance.seasoned),
        usd(plan.cost),
        small_usd(proposal.reward),
        dollars(parts.gas),
        dollars(parts.share),
    )
}

/// Where a fill's profit comes from.
fn filled(fill: &Fill) -> String {
    let way = if fill.size > 0 { "receives" } else { "pays" };
    format!(
        "  the account {way} {} USD: {} USD better than the feed's price; trading back costs {} USD\n",
        decimal(fill.cash as f64 / 1e6, 2),
        usd(fill.discount),
        usd(fill.cost),
    )
}

fn legs(view: &View, plan: &Plan, paint: Paint) -> String {
    let spot = view.state.spot() as f64 / 1e18;
    let mut text = format!(
        "  due {}, {} outer bands off; the legs go to the inner edge\n",
        decimal(float(plan.due), 4),
        decimal(plan.urgency, 2)
    );
    let mut table = Table::new(&["venue", "adapter", "size", "cost USD", "bp", "limit USD"]);
    for leg in &plan.legs {
        let mid = float(leg.size.saturating_abs()) * spot;
        table.row([
            leg.name.clone(),
            short(leg.venue),
            decimal(float(leg.size), 4),
            usd(leg.cost),
            decimal(leg.cost as f64 / 1e6 / mid * 1e4, 2),
            decimal(leg.limit as f64 / 1e18, 2),
        ]);
    }
    text.push_str(&table.text(paint));
    text
}
