//! The state of a vault on a terminal.

use std::fmt::Write as _;

use alloy_primitives::U256;
use interfaces::desk::IHedgeDesk::Need;
use interfaces::words::{to_u64, to_u128};

use crate::collect::{Offer, View};
use crate::config::Config;
use crate::endpoints::Health;
use crate::mark::ExpiryGreeks;
use crate::numbers::{decimal, float, int, usd};
use crate::show::decided::decided;
use crate::show::positions::positions;
use crate::show::table::{Paint, Table};
use crate::show::{short, span, time};
use crate::strategy::{decide, hedge::cost_of};

/// Places of the band's picture.
const WIDTH: usize = 41;

/// The vault's book, band, desk, venues, positions, queue and what is due.
#[must_use]
pub fn status(view: &View, config: &Config, endpoints: &[Health], paint: Paint) -> String {
    let parts = [
        head(view, config, endpoints, paint),
        book(view, paint),
        band(view, paint),
        desk(view, paint),
        venues(view, paint),
        positions(view, paint),
        queue(view, paint),
        due(view, config, paint),
    ];
    parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("\n")
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
    let need = match &view.told {
        Ok(told) => &told.need,
        Err(fault) => return format!("{title}\n  {}\n", paint.bad(&fault.to_string())),
    };
    let ours = view.stance.and_then(|stance| stance.need());
    let agreed = match ours {
        Some(ours) if ours == *need => paint.good("what is computed here is the desk's to the unit"),
        ours => paint.bad(&format!("what is computed here differs: {ours:?}")),
    };
    let number = |number| int(number).map_or(f64::NAN, float);
    // All three are rounded towards zero.
    let beyond = (number(need.target) - number(need.position) - number(need.deviation)).abs();
    let reach = if beyond < 1e-9 { "" } else { ", out of reach" };
    let state =
        if need.due.is_zero() { paint.good("inside the band") } else { paint.due("outside the band") };
    format!(
        "{title}  held {}, target {}{reach}; {agreed}\n  {}  deviation {} ({state}), inner {}, outer {}\n",
        decimal(number(need.position), 4),
        decimal(number(need.target), 4),
        picture(need, paint),
        decimal(number(need.deviation), 4),
        decimal(wad(need.inner), 4),
        decimal(wad(need.outer), 4),
    )
}

/// On which terms what is due can be done.
fn desk(view: &View, paint: Paint) -> String {
    let Ok(told) = &view.told else { return format!("{}\n  no answer\n", paint.bold("Desk")) };
    let need = &told.need;
    let mut text = format!(
        "{}  {}, price cap {} bp, rewards: {} of {} USD left\n",
        paint.bold("Desk"),
        short(told.address),
        decimal(f64::from(need.slip) / 100.0, 1),
        decimal(f64::from(need.budget) / 1e6, 2),
        told.rules.budget,
    );
    if need.due.is_zero() {
        let _ = writeln!(text, "  {}", paint.good("nothing is due"));
        return text;
    }
    let due = int(need.due).map_or(f64::NAN, float);
    let since = match to_u64(need.since).map(|since| view.head.timestamp.saturating_sub(since)) {
        Some(0) => paint.due("nobody has looked yet"),
        waited => format!("seen {} ago", span(waited.unwrap_or_default())),
    };
    let _ = writeln!(
        text,
        "  due {}, {since}; {} of it counts for a discount or a reward",
        paint.due(&decimal(due, 4)),
        decimal(wad(need.seasoned), 4)
    );
    let (cash, mid) = (f64::from(need.cash) / 1e6, due.abs() * view.state.spot() as f64 / 1e18);
    let gives = if due > 0.0 { cash - mid } else { mid - cash };
    let _ = writeln!(
        text,
        "  auction: {} USD for all of it, {} bp {} the filler",
        decimal(cash, 2),
        decimal((gives / mid * 1e4).abs(), 2),
        if gives < 0.0 { "against" } else { "for" }
    );
    text
}

fn wad(number: U256) -> f64 {
    f64::from(number) / 1e18
}

/// The band from two outer widths below to two above, with where the deviation is.
fn picture(need: &Need, paint: Paint) -> String {
    let outer = wad(need.outer).max(f64::MIN_POSITIVE);
    let place = |at: f64| {
        let part = (at / outer / 2.0).clamp(-1.0, 1.0);
        ((part + 1.0) / 2.0 * (WIDTH - 1) as f64).round() as usize
    };
    let mut cells = vec!['─'; WIDTH];
    let (inner, deviation) = (wad(need.inner), int(need.deviation).map_or(0.0, float));
    let marks = [(-outer, '['), (outer, ']'), (-inner, '('), (inner, ')'), (0.0, '┼')];
    for (at, mark) in marks.into_iter().chain([(deviation, '●')]) {
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

fn queue(view: &View, paint: Paint) -> String {
    let title = paint.bold("Queue");
    let queue = match &view.epochs {
        Some(Ok(queue)) => queue,
        Some(Err(fault)) => return format!("{title}\n  {}\n", paint.bad(&fault.to_string())),
        None => return format!("{title}\n  not asked\n"),
    };
    let mut text = format!("{title}  redemptions of {} epochs, {} filled\n", queue.last, queue.filled);
    if queue.waiting.is_empty() {
        return text;
    }
    let mut table = Table::new(&["epoch", "shares waiting", "processed", "paid USD", "ready (UTC)"]);
    for epoch in &queue.waiting {
        table.row([
            epoch.requestId.to_string(),
            decimal(wad(epoch.waiting), 4),
            decimal(wad(epoch.processed), 4),
            decimal(f64::from(epoch.assets) / 1e6, 2),
            time(to_u64(epoch.readyAt).unwrap_or(u64::MAX)),
        ]);
    }
    text.push_str(&table.text(paint));
    text
}

fn due(view: &View, config: &Config, paint: Paint) -> String {
    let mut text = format!("{}\n", paint.bold("Due"));
    for (name, decision) in decide(view, config) {
        let _ = writeln!(text, "  {name:<10} {}", decided(&decision, paint));
    }
    let share = to_u128(view.supply).filter(|supply| *supply > 0);
    if share.is_none() {
        let _ = writeln!(text, "  {}", paint.dim("there are no shares yet"));
    }
    text
}
