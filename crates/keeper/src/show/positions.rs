//! The broker's positions on a terminal.

use std::fmt::Write as _;

use crate::brokerage::{Brokerage, Holding, Seat, Tried};
use crate::collect::View;
use crate::numbers::{decimal, float, usd};
use crate::show::table::{Paint, Table};
use crate::show::{short, span, time};

/// What the broker's venues hold, and what is under way; nothing for a vault without any.
pub(crate) fn positions(view: &View, paint: Paint) -> String {
    let title = paint.bold("Positions");
    let broker = match &view.broker {
        Ok(Some(broker)) => broker,
        Ok(None) => return String::new(),
        Err(fault) => return format!("{title}\n  {}\n", paint.bad(&fault.to_string())),
    };
    let mut text = format!("{title}  broker {}, {}\n", short(broker.address), counted(view, broker, paint));
    let mut table = Table::new(&[
        "venue",
        "adapter",
        "allowed",
        "cap USD",
        "size",
        "equity USD",
        "margin",
        "should",
        "over USD",
        "bp",
    ]);
    for seat in &broker.seats {
        table.row(row(view, seat));
    }
    text.push_str(&table.text(paint));
    for seat in &broker.seats {
        match &seat.holding {
            Ok(holding) if holding.since != 0 => text.push_str(&order(view, seat, holding, paint)),
            Ok(_) => {}
            // Writing to a string cannot fail.
            Err(fault) => {
                let _ = writeln!(text, "  {}", paint.bad(&format!("{}: {fault}", seat.name)));
            }
        }
    }
    text
}

/// What the positions count for, and since when.
fn counted(view: &View, broker: &Brokerage, paint: Paint) -> String {
    let equity = view.state.request.brokered.map_or(0, |brokered| brokered.equity.into());
    match &broker.ledger {
        Ok(ledger) if ledger.time > 0 => {
            let age = span(view.head.timestamp.saturating_sub(ledger.time));
            format!("counts {} USD, checkpoint {age} ago", usd(equity))
        }
        Ok(_) => format!("counts {} USD, no checkpoint yet", usd(equity)),
        Err(fault) => paint.bad(&fault.to_string()),
    }
}

fn row(view: &View, seat: &Seat) -> Vec<String> {
    let allowed = match seat.allowed_from {
        0 => "quarantined".into(),
        from if from > view.head.timestamp => format!("from {}", time(from)),
        _ => "yes".into(),
    };
    let mut cells = vec![seat.name.clone(), short(seat.venue), allowed, decimal(seat.cap as f64 / 1e6, 0)];
    let should = format!("{} %", decimal(f64::from(seat.margin) / 1e4, 1));
    let [size, equity, margin, over] = match &seat.holding {
        Ok(holding) => held(view, seat, holding),
        Err(_) => [(); 4].map(|()| "-".into()),
    };
    cells.extend([size, equity, margin, should, over, points(view, seat)]);
    cells
}

/// Size, equity, its part of the position's value, and what lies over.
fn held(view: &View, seat: &Seat, holding: &Holding) -> [String; 4] {
    let value = float(holding.size.saturating_abs()) * view.state.spot() as f64 / 1e18;
    let margin = if holding.size == 0 {
        "-".into()
    } else {
        format!("{} %", decimal(holding.equity as f64 / 1e6 / value * 1e2, 1))
    };
    let over = seat.collectable(view.state.request.spot).unwrap_or_default();
    let over = usd(i128::try_from(over).unwrap_or(i128::MAX));
    [decimal(float(holding.size), 4), usd(holding.equity), margin, over]
}

/// What the hedge that is due costs there, in basis points.
fn points(view: &View, seat: &Seat) -> String {
    let Some(trial) = &seat.trial else { return "-".into() };
    match trial.outcome {
        Ok(Tried::At(price)) => {
            let spot = view.state.spot() as f64;
            let off = (price as f64 / spot - 1.0) * 1e4;
            decimal(if trial.size > 0 { off } else { -off }, 2)
        }
        Ok(Tried::Later) => "order".into(),
        Err(_) => "refused".into(),
    }
}

fn order(view: &View, seat: &Seat, holding: &Holding, paint: Paint) -> String {
    let age = view.head.timestamp.saturating_sub(holding.since);
    let line = format!(
        "{}: an order of {} is in flight for {}",
        seat.name,
        decimal(float(holding.pending), 4),
        span(age)
    );
    let late = seat.cancellable_from().is_some_and(|from| from <= view.head.timestamp);
    format!("  {}\n", if late { paint.bad(&line) } else { paint.due(&line) })
}
