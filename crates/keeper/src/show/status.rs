//! The state of a vault on a terminal.

use std::fmt::Write as _;

use interfaces::words::to_u128;

use crate::collect::{Offer, View};
use crate::config::Config;
use crate::endpoints::Health;
use crate::mark::{ExpiryGreeks, Skew};
use crate::numbers::{decimal, float, int, usd};
use crate::show::table::{Paint, Table};
use crate::show::{short, span, time};
use crate::skip::Skip;
use crate::strategy::{Decision, decide, hedge::cost_of};

/// Places of the band's picture.
const WIDTH: usize = 41;

/// The vault's book, band, venues, queue and what is due.
#[must_use]
pub fn status(view: &View, config: &Config, endpoints: &[Health], paint: Paint) -> String {
    let parts = [
        head(view, config, endpoints, paint),
        book(view, paint),
        band(view, paint),
        venues(view, paint),
        due(view, config, paint),
    ];
    parts.join("\n")
}

fn head(view: &View, config: &Config, endpoints: &[Health], paint: Paint) -> String {
    let block = view.head;
    let well = endpoints.iter().filter(|one| one.fault.is_none()).count();
    let mut text = format!(
        "{} {}\n  block {} of {} UTC, {well} of {} endpoints, {} must agree\n",
        paint.bold("Vault"),
        view.market.vault,
        block.number,
        time(block.timestamp),
        endpoints.len(),
        config.quorum(),
    );
    for one in endpoints {
        if let Some(fault) = &one.fault {
            let _ = writeln!(text, "  {}", paint.bad(&format!("{}: {fault}", one.name)));
        }
    }
    let price = match &view.price {
        Ok((price, updated)) => format!(
            "{} USD, {} old",
            decimal(*price as f64 / 1e18, 2),
            span(block.timestamp.saturating_sub(*updated))
        ),
        Err(fault) => paint.bad(&format!("none: {fault}")),
    };
    let _ = writeln!(text, "  price {price}");
    text
}

fn book(view: &View, paint: Paint) -> String {
    let Some((worth, greeks)) = view.worth.as_ref().zip(view.state.greeks()) else {
        return format!("{}\n  not marked: there is no price\n", paint.bold("Book"));
    };
    let mut text = format!(
        "{}  value {} USD, risk reserve {} USD, free cash {} USD\n",
        paint.bold("Book"),
        usd(worth.value),
        usd(i128::try_from(worth.risk).unwrap_or(i128::MAX)),
        usd(view.state.request.free),
    );
    let mut table = Table::new(&[
        "expiry (UTC)",
        "in",
        "strikes",
        "value USD",
        "delta",
        "gamma",
        "vega USD",
        "theta USD",
    ]);
    let mut sum = ExpiryGreeks::default();
    for one in &greeks {
        let left = u64::from(one.expiry).saturating_sub(view.head.timestamp);
        let left = if left == 0 { "expired".into() } else { span(left) };
        table.row(row(time(one.expiry.into()), left, one));
        sum = ExpiryGreeks {
            expiry: 0,
            strikes: (sum.strikes.0 + one.strikes.0, sum.strikes.1 + one.strikes.1),
            value: sum.value + one.value,
            delta: sum.delta + one.delta,
            gamma: sum.gamma + one.gamma,
            vega: sum.vega + one.vega,
            theta: sum.theta + one.theta,
        };
    }
    table.row(row("all".into(), String::new(), &sum));
    text.push_str(&table.text(paint));
    text
}

fn row(name: String, left: String, one: &ExpiryGreeks) -> [String; 8] {
    [
        name,
        left,
        format!("{} of {}", one.strikes.0, one.strikes.1),
        decimal(one.value, 2),
        decimal(one.delta, 4),
        decimal(one.gamma, 6),
        decimal(one.vega, 2),
        decimal(one.theta, 2),
    ]
}

fn band(view: &View, paint: Paint) -> String {
    let title = paint.bold("Hedge");
    let told = match &view.told {
        Ok(told) => told,
        Err(fault) => return format!("{title}\n  {}\n", paint.bad(&fault.to_string())),
    };
    let Some((skew, position)) = Skew::told(told).zip(int(told.position)) else {
        return format!("{title}\n  {told:?}\n");
    };
    let deviation = skew.reachable.saturating_sub(position);
    let reach = if skew.reachable == skew.target { "" } else { ", out of reach" };
    let agreed = match view.worth {
        Some(worth) if worth.skew == skew => paint.good("the mark here is the vault's to the unit"),
        worth => paint.bad(&format!("the mark here differs: {:?}", worth.map(|worth| worth.skew))),
    };
    let units = |number: i128| decimal(float(number), 4);
    let state = if told.needed { paint.due("outside the band") } else { paint.good("inside the band") };
    format!(
        "{title}  held {}, target {}{reach}; {agreed}\n  {}  deviation {} ({state}), inner {}, outer {}\n",
        units(position),
        units(skew.target),
        picture(deviation, &skew, paint),
        units(deviation),
        units(skew.inner),
        units(skew.outer),
    )
}

/// The band from two outer widths below to two above, with where the deviation is.
fn picture(deviation: i128, skew: &Skew, paint: Paint) -> String {
    let outer = float(skew.outer).max(f64::MIN_POSITIVE);
    let place = |at: f64| {
        let part = (at / outer / 2.0).clamp(-1.0, 1.0);
        ((part + 1.0) / 2.0 * (WIDTH - 1) as f64).round() as usize
    };
    let mut cells = vec!['─'; WIDTH];
    let inner = float(skew.inner);
    let marks = [(-outer, '['), (outer, ']'), (-inner, '('), (inner, ')'), (0.0, '┼')];
    for (at, mark) in marks.into_iter().chain([(float(deviation), '●')]) {
        if let Some(cell) = cells.get_mut(place(at)) {
            *cell = mark;
        }
    }
    paint.dim(&cells.into_iter().collect::<String>())
}

fn venues(view: &View, paint: Paint) -> String {
    let way = if view.asked < 0 { "sell" } else { "buy" };
    let size = decimal(float(view.asked.saturating_abs()), 4);
    let mut text =
        format!("{}  basis points against the feed's price to {way} {size}\n", paint.bold("Venues"));
    let mut table = Table::new(&["name", "adapter", "allowed", "an eighth", "half", "all"]);
    for offer in &view.venues {
        let allowed = match offer.allowed_from {
            0 => "no".into(),
            from if from > view.head.timestamp => format!("from {}", time(from)),
            _ => "yes".into(),
        };
        let [small, half, all] = [1.0 / 8.0, 0.5, 1.0].map(|part| points(view, offer, part));
        table.row([offer.name.clone(), short(offer.address), allowed, small, half, all]);
    }
    text.push_str(&table.text(paint));
    text
}

/// What the quote nearest to a part of what was asked costs, in basis points.
fn points(view: &View, offer: &Offer, part: f64) -> String {
    let Ok(quotes) = &offer.quotes else { return "no answer".into() };
    let wanted = float(view.asked.saturating_abs()) * part;
    let off = |size: u128| (size as f64 / 1e18 - wanted).abs();
    let Some(quote) = quotes.iter().min_by(|one, other| off(one.size).total_cmp(&off(other.size))) else {
        return "-".into();
    };
    let cost = quote.cash.as_ref().ok().and_then(|cash| cost_of(view, quote.size, *cash, view.asked > 0));
    let mid = quote.size as f64 / 1e18 * view.state.spot() as f64 / 1e18;
    cost.map_or_else(|| "refused".into(), |cost| decimal(cost as f64 / 1e6 / mid * 1e4, 2))
}

fn due(view: &View, config: &Config, paint: Paint) -> String {
    let mut text = format!("{}\n", paint.bold("Due"));
    for (name, decision) in decide(view, config) {
        let _ = writeln!(text, "  {name:<8} {}", decided(&decision, paint));
    }
    let share = to_u128(view.supply).filter(|supply| *supply > 0);
    if share.is_none() {
        let _ = writeln!(text, "  {}", paint.dim("there are no shares yet"));
    }
    text
}

/// A decision in one line.
pub(crate) fn decided(decision: &Decision, paint: Paint) -> String {
    use crate::action::Action;
    match decision {
        Ok(Action::Hedge(plan)) => {
            let way = if plan.size > 0 { "buy" } else { "sell" };
            let size = decimal(float(plan.size.saturating_abs()), 4);
            let legs = plan.legs.len();
            paint.due(&format!("{way} {size} over {legs} venue(s) at a cost of {} USD", usd(plan.cost)))
        }
        Ok(Action::Settle { expiry, round }) => {
            paint.due(&format!("expiry {} by round {round}", time(*expiry)))
        }
        Ok(Action::Process { shares, assets }) => {
            let shares = f64::from(*shares) / 1e18;
            let assets = to_u128(*assets).and_then(|assets| i128::try_from(assets).ok()).unwrap_or(i128::MAX);
            paint.due(&format!("{} shares for {} USD", decimal(shares, 4), usd(assets)))
        }
        Err(Skip::EpochNotReady { id, ready_at }) => {
            format!("epoch {id} is ready at {} UTC", time(*ready_at))
        }
        Err(Skip::NothingExpired { next: Some(next) }) => format!("next expiry {} UTC", time((*next).into())),
        Err(Skip::NothingExpired { next: None }) => "no expiry is listed".into(),
        Err(skip) if skip.is_quiet() => skip.to_string(),
        Err(skip) => paint.bad(&skip.to_string()),
    }
}
