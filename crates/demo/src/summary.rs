//! What came of a replay, in rows: the terminal's table and the report's.

use crate::ledger::{HourRecord, Parts};
use crate::live::Live;
use crate::prices::show;
use crate::regression::Fit;
use crate::replay::{Results, Scenario};
use crate::traders::Style;

/// A heading and its rows.
pub struct Section {
    /// What it is about.
    pub title: &'static str,
    /// Name and value.
    pub rows: Vec<(String, String)>,
}

/// How much of the LPs' hourly P&L the spot's return explains, hedged and not.
#[derive(Clone, Copy, Debug)]
pub struct Variance {
    /// With the vault's hedges.
    pub hedged: Fit,
    /// The same trades and premiums without them.
    pub unhedged: Fit,
}

impl Variance {
    /// Regresses both on the hour's return.
    #[must_use]
    pub fn of(records: &[HourRecord]) -> Self {
        let x: Vec<f64> = records.iter().map(|record| record.spot_return).collect();
        let fit = |of: fn(&HourRecord) -> f64| Fit::new(&x, &records.iter().map(of).collect::<Vec<_>>());
        Self { hedged: fit(|record| record.pnl), unhedged: fit(|record| record.unhedged) }
    }

    /// Share of the explained variance that hedging removes.
    #[must_use]
    pub fn explained_removed(&self) -> f64 {
        1.0 - self.hedged.explained / self.unhedged.explained
    }

    /// Share of all variance that hedging removes.
    #[must_use]
    pub fn total_removed(&self) -> f64 {
        1.0 - self.hedged.variance / self.unhedged.variance
    }
}

/// All sections.
#[must_use]
pub fn sections(scenario: &Scenario, market: &Live, results: &Results) -> Vec<Section> {
    vec![
        replayed(scenario, results),
        trading(results),
        hedging(results),
        money(results),
        variance(results),
        rules(results),
        refusals(results),
        gas(market),
    ]
}

fn row(name: &str, value: impl Into<String>) -> (String, String) {
    (name.into(), value.into())
}

fn replayed(scenario: &Scenario, results: &Results) -> Section {
    let hours = &scenario.window.hours;
    let ends = [hours.first(), hours.last()].map(|hour| hour.map_or(String::new(), |hour| show(hour.time)));
    let [from, to] = ends;
    let [deviation, heartbeat] = results.updates;
    Section {
        title: "replay",
        rows: vec![
            row("from", from),
            row("to", to),
            row("hours marked", format!("{} of {}", results.records.len(), hours.len())),
            row("hours without a price", results.silent_hours.to_string()),
            row("feed updates", format!("{deviation} by deviation, {heartbeat} by heartbeat")),
            row("expiries settled", results.settled.to_string()),
            row("seed", scenario.seed.to_string()),
        ],
    }
}

fn trading(results: &Results) -> Section {
    let volume = &results.volume;
    let percent = |part: f64| format!("{:.1} %", 100.0 * volume.share(part));
    let mut rows = Vec::new();
    for style in Style::ALL {
        let index = style as usize;
        let text = format!(
            "{} of {} quotes, {} of vega",
            volume.trades[index],
            results.quotes[index],
            percent(volume.styles[index])
        );
        rows.push(row(&format!("{} trades", style.name()), text));
    }
    rows.push(row(
        "bought / sold back",
        format!("{} / {} of vega", percent(volume.sides[0]), percent(volume.sides[1])),
    ));
    rows.push(row(
        "calls / puts",
        format!("{} / {} of vega", percent(volume.kinds[0]), percent(volume.kinds[1])),
    ));
    rows.push(row("expiries traded", volume.expiries.len().to_string()));
    rows.push(row("premium", usd(volume.premium)));
    rows.push(row("notional", usd(volume.notional)));
    rows.push(row("quotes declined", results.declined.to_string()));
    rows.push(row("claims paid", usd(results.claimed)));
    Section { title: "trades", rows }
}

fn hedging(results: &Results) -> Section {
    let at_limit = results.records.iter().filter(|record| record.at_limit).count();
    let due = results.records.iter().filter(|record| record.hedges > 0).count();
    Section {
        title: "hedges",
        rows: vec![
            row("fills", results.hedges.0.to_string()),
            row("hours with a fill", due.to_string()),
            row("notional", usd(results.hedges.1)),
            row("hours with the target out of reach", at_limit.to_string()),
        ],
    }
}

fn money(results: &Results) -> Section {
    let records = &results.records;
    let sum = |of: fn(&HourRecord) -> f64| records.iter().map(of).fold(0.0, |sum, part| sum + part);
    let mut totals = [0.0; Parts::NAMES.len()];
    for record in records {
        for (total, part) in totals.iter_mut().zip(record.parts.values()) {
            *total += part;
        }
    }
    let mut rows = vec![row("LP P&L, hedged", usd(sum(|record| record.pnl)))];
    rows.extend(
        Parts::NAMES.into_iter().zip(totals).map(|(name, total)| row(&format!("  {name}"), usd(total))),
    );
    rows.push(row("LP P&L, unhedged", usd(sum(|record| record.unhedged))));
    let price = |record: Option<&HourRecord>| record.map_or(0.0, |record| record.share_price);
    rows.push(row(
        "share price",
        format!("{:.6} -> {:.6} USD", price(records.first()), price(records.last())),
    ));
    rows.push(row("NAV", usd(records.last().map_or(0.0, |record| record.nav))));
    rows.push(row("deposits", format!("{}, {}", results.deposits.0, usd(results.deposits.1))));
    rows.push(row("redemptions", format!("{}, {}", results.redemptions.0, usd(results.redemptions.1))));
    Section { title: "money", rows }
}

fn variance(results: &Results) -> Section {
    let variance = Variance::of(&results.records);
    let (hedged, unhedged) = (variance.hedged, variance.unhedged);
    let pair = |hedged: f64, unhedged: f64, removed: f64| {
        format!("{hedged:.4e} against {unhedged:.4e} USD^2: {:.2} % removed", 100.0 * removed)
    };
    Section {
        title: "variance of hourly LP P&L, hedged against unhedged",
        rows: vec![
            row(
                "explained by the spot's return",
                pair(hedged.explained, unhedged.explained, variance.explained_removed()),
            ),
            row("total", pair(hedged.variance, unhedged.variance, variance.total_removed())),
            row("slope", format!("{:.0} against {:.0} USD per 100 %", hedged.slope, unhedged.slope)),
        ],
    }
}

fn rules(results: &Results) -> Section {
    let tallies = results.invariants.tallies();
    let rows = tallies.map(|(rule, tally)| {
        let verdict = match tally.examples.first() {
            None => format!("held {} times: {}", tally.checks, rule.meaning()),
            Some(example) => format!("FAILED {} of {} times; first {example}", tally.failures, tally.checks),
        };
        row(rule.name(), verdict)
    });
    Section { title: "invariants", rows: rows.collect() }
}

fn refusals(results: &Results) -> Section {
    let rows = results
        .refusals
        .iter()
        .map(|((call, error), count)| row(&format!("{call}: {error}"), count.to_string()));
    Section { title: "refusals", rows: rows.collect() }
}

fn gas(market: &Live) -> Section {
    let rows = market.gas.iter().map(|(name, (count, sum, most))| {
        row(name, format!("{} on average, {most} at most, {count} calls", sum / (*count).max(1)))
    });
    Section { title: "gas of execution", rows: rows.collect() }
}

/// Dollars with thousands set apart.
#[must_use]
pub fn usd(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{}{text} USD", if value < 0.0 && digits != "0" { "-" } else { "" })
}

/// The sections as text.
#[must_use]
pub fn text(sections: &[Section]) -> String {
    let width =
        sections.iter().flat_map(|section| &section.rows).map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for section in sections.iter().filter(|section| !section.rows.is_empty()) {
        text += &format!("\n{}\n", section.title);
        for (name, value) in &section.rows {
            text += &format!("  {name:<width$}  {value}\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_grouped_by_thousands() {
        assert_eq!(usd(1_234_567.4), "1,234,567 USD");
        assert_eq!((usd(-999.6).as_str(), usd(-0.2).as_str()), ("-1,000 USD", "0 USD"));
    }

    #[test]
    fn a_perfect_hedge_removes_all_that_spot_explains() {
        let record = |spot_return: f64| HourRecord {
            spot_return,
            pnl: 1.0,
            unhedged: 1.0 - 100.0 * spot_return,
            ..HourRecord::default()
        };
        let variance = Variance::of(&[-0.02, 0.01, 0.03].map(record));
        assert!((variance.explained_removed() - 1.0).abs() < 1e-12);
        assert!((variance.total_removed() - 1.0).abs() < 1e-12);
    }
}
