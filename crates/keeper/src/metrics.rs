//! What a keeper counts, as Prometheus reads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use crate::brokerage::Brokerage;
use crate::endpoints::Health;
use crate::executor::Followed;
use crate::keeper::Report;
use crate::numbers::{float, int};

/// Names, kinds and what they say.
const KNOWN: [(&str, &str, &str); 25] = [
    ("looks_total", "counter", "Looks at the chain, by whether anything was seen"),
    ("skips_total", "counter", "Actions that were not taken, by strategy and reason"),
    ("sent_total", "counter", "Transactions sent, by what they were for"),
    ("landed_total", "counter", "Transactions mined, by what they were for and how they went"),
    ("displaced_total", "counter", "Nonces that another transaction of the account used"),
    ("gas_spent_wei_total", "counter", "Wei paid for gas"),
    ("rewards_usd_total", "counter", "Rewards of hedges that were mined"),
    ("head_number", "gauge", "Block that was decided on last"),
    ("head_timestamp_seconds", "gauge", "Its time"),
    ("last_look_timestamp_seconds", "gauge", "When a block was seen last, by the machine's clock"),
    ("deviation", "gauge", "What of target less hedge held can be closed, in units of the underlying"),
    ("band_outer", "gauge", "Deviation beyond which a hedge is due"),
    ("hedge_due", "gauge", "Hedge that is due, in units of the underlying"),
    ("hedge_waited_seconds", "gauge", "For how long it has been due, by the desk's clock"),
    ("reward_budget_usd", "gauge", "What rewards may still be paid"),
    ("book_value_usd", "gauge", "Model value of the book"),
    ("position_size", "gauge", "Position at a venue of the broker's, in units of the underlying"),
    ("position_equity_usd", "gauge", "What closing it would bring, with all that lies there"),
    ("position_margin_usd", "gauge", "Margin that it should have"),
    ("order_pending_seconds", "gauge", "For how long an order has been in flight there, 0 without one"),
    ("checkpoint_age_seconds", "gauge", "Time since the broker's last checkpoint"),
    ("balance_wei", "gauge", "What the account has for gas"),
    ("in_flight", "gauge", "1 while a transaction waits to be mined"),
    ("endpoint_up", "gauge", "1 for an endpoint that is well"),
    ("endpoint_head_number", "gauge", "Head of an endpoint"),
];

/// Numbers by name and labels.
#[derive(Debug, Default)]
pub struct Metrics {
    values: Mutex<BTreeMap<(&'static str, String), f64>>,
}

impl Metrics {
    fn add(&self, name: &'static str, labels: &[(&str, &str)], by: f64) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        *values.entry((name, line(labels))).or_default() += by;
    }

    fn set(&self, name: &'static str, labels: &[(&str, &str)], to: f64) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.insert((name, line(labels)), to);
    }

    /// A number, zero before it is counted.
    #[must_use]
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let labels = line(labels);
        let found = values.iter().find(|((known, at), _)| *known == name && *at == labels);
        found.map_or(0.0, |(_, value)| *value)
    }

    /// Counts a look.
    pub fn note(&self, report: &Report, unix: u64, in_flight: bool) {
        let seen = if report.view.is_ok() { "yes" } else { "no" };
        self.add("looks_total", &[("seen", seen)], 1.0);
        if let Err(skip) = &report.view {
            self.add("skips_total", &[("strategy", "all"), ("reason", skip.code())], 1.0);
        }
        for (strategy, outcome) in &report.outcomes {
            match outcome {
                Ok(sent) => self.add("sent_total", &[("action", sent.proposal.action.kind())], 1.0),
                Err(skip) => {
                    self.add("skips_total", &[("strategy", strategy), ("reason", skip.code())], 1.0);
                }
            }
        }
        self.note_followed(&report.followed);
        self.set("in_flight", &[], f64::from(u8::from(in_flight)));
        if let Ok(view) = &report.view {
            self.set("last_look_timestamp_seconds", &[], unix as f64);
            self.note_view(view);
        }
    }

    fn note_followed(&self, followed: &Followed) {
        match followed {
            Followed::Landed { kind, receipt, .. } => {
                let how = if receipt.success { "done" } else { "reverted" };
                self.add("landed_total", &[("action", kind), ("outcome", how)], 1.0);
                self.add("gas_spent_wei_total", &[], receipt.gas as f64 * receipt.price as f64);
                if let Some(reward) = receipt.rewarded() {
                    self.add("rewards_usd_total", &[], f64::from(reward) / 1e6);
                }
            }
            Followed::Displaced { .. } => self.add("displaced_total", &[], 1.0),
            Followed::Idle | Followed::Waiting { .. } | Followed::Overdue { .. } => {}
        }
    }

    fn note_view(&self, view: &crate::View) {
        self.set("head_number", &[], view.head.number as f64);
        self.set("head_timestamp_seconds", &[], view.head.timestamp as f64);
        if let Some((_, account)) = view.account {
            self.set("balance_wei", &[], f64::from(account.balance));
        }
        if let Ok(told) = &view.told {
            let need = &told.need;
            for (name, number) in [("deviation", need.deviation), ("hedge_due", need.due)] {
                self.set(name, &[], int(number).map_or(f64::NAN, float));
            }
            self.set("band_outer", &[], f64::from(need.outer) / 1e18);
            let since = if need.since.is_zero() { 0.0 } else { f64::from(need.since) };
            let waited = if since > 0.0 { view.head.timestamp as f64 - since } else { 0.0 };
            self.set("hedge_waited_seconds", &[], waited);
            self.set("reward_budget_usd", &[], f64::from(need.budget) / 1e6);
        }
        if let Some(worth) = view.worth {
            self.set("book_value_usd", &[], worth.value as f64 / 1e6);
        }
        if let Ok(Some(broker)) = &view.broker {
            self.note_positions(broker, view);
        }
    }

    fn note_positions(&self, broker: &Brokerage, view: &crate::View) {
        let age =
            |since: u64| if since == 0 { 0.0 } else { view.head.timestamp.saturating_sub(since) as f64 };
        if let Ok(ledger) = &broker.ledger {
            self.set("checkpoint_age_seconds", &[], age(ledger.time));
        }
        for seat in &broker.seats {
            let Ok(holding) = &seat.holding else { continue };
            let label = [("venue", seat.name.as_str())];
            let margin = seat.margin_of(holding.size, view.state.request.spot).unwrap_or_default();
            self.set("position_size", &label, float(holding.size));
            self.set("position_equity_usd", &label, holding.equity as f64 / 1e6);
            self.set("position_margin_usd", &label, margin as f64 / 1e6);
            self.set("order_pending_seconds", &label, age(holding.since));
        }
    }

    /// Notes how the endpoints are.
    pub fn note_endpoints(&self, health: &[Health]) {
        for one in health {
            let label = [("endpoint", one.name.as_str())];
            self.set("endpoint_up", &label, f64::from(u8::from(one.fault.is_none())));
            if let Some(number) = one.number {
                self.set("endpoint_head_number", &label, number as f64);
            }
        }
    }

    /// All of them in Prometheus' text format.
    #[must_use]
    pub fn text(&self) -> String {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for (name, kind, help) in KNOWN {
            let mut lines = values.iter().filter(|((known, _), _)| *known == name).peekable();
            if lines.peek().is_some() {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "# HELP equipoise_keeper_{name} {help}");
                let _ = writeln!(text, "# TYPE equipoise_keeper_{name} {kind}");
            }
            for ((_, labels), value) in lines {
                let _ = writeln!(text, "equipoise_keeper_{name}{labels} {value}");
            }
        }
        text
    }
}

/// Labels as they are written.
fn line(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
    let each: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", each.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Fault;

    #[test]
    fn a_look_that_saw_nothing_is_counted_with_its_reason() {
        let metrics = Metrics::default();
        let fault = Fault::StaleHead { age: 90, limit: 60 };
        let report = Report { view: Err(fault.into()), followed: Followed::Idle, outcomes: Vec::new() };
        metrics.note(&report, 7, false);
        metrics.note(&report, 8, false);
        let text = metrics.text();
        let line = "equipoise_keeper_skips_total{strategy=\"all\",reason=\"stale_head\"} 2\n";
        assert!(
            text.contains("# TYPE equipoise_keeper_skips_total counter\n") && text.contains(line),
            "{text}"
        );
        assert_eq!(metrics.get("looks_total", &[("seen", "no")]), 2.0);
        assert!(!text.contains("last_look"));
    }
}
