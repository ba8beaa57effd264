//! What the numbers among the settings may be: each is finite, and inside of what makes sense.

use anyhow::{Result, ensure};

use crate::config::Config;

/// A day [s]
const DAY: f64 = 86_400.0;
/// A year [s]
const YEAR: f64 = 365.0 * DAY;
/// The least time that is one [s]
const MOMENT: f64 = 0.001;
/// Most that an amount may be [USD]
const RICHES: f64 = 1e9;
/// The whole [basis points]
const WHOLE: f64 = 10_000.0;

/// A setting's number, and what it may be from and to.
struct Range {
    key: &'static str,
    value: f64,
    least: f64,
    most: f64,
    unit: &'static str,
}

/// Checks every number.
///
/// # Errors
/// One that is none or out of its range.
pub(crate) fn check(config: &Config) -> Result<()> {
    let groups = [general(config), hedges(config), positions(config), duties(config)];
    for Range { key, value, least, most, unit } in groups.into_iter().flatten() {
        ensure!(
            (least..=most).contains(&value),
            "{key} is {value:?}: it must be from {least} to {most}{unit}"
        );
    }
    Ok(())
}

fn range(key: &'static str, value: f64, [least, most]: [f64; 2], unit: &'static str) -> Range {
    Range { key, value, least, most, unit }
}

/// Dollars that are spent or asked for; below zero they would mean nothing.
fn spent(key: &'static str, value: f64) -> Range {
    range(key, value, [0.0, RICHES], " USD")
}

/// Dollars that are given, or below zero must be left.
fn either(key: &'static str, value: f64) -> Range {
    range(key, value, [-RICHES, RICHES], " USD")
}

fn points(key: &'static str, value: f64) -> Range {
    range(key, value, [0.0, WHOLE], " basis points")
}

fn general(config: &Config) -> Vec<Range> {
    let fees = &config.fees;
    let mut all = vec![
        range("poll", config.poll, [MOMENT, DAY], " s"),
        range("timeout", config.timeout, [MOMENT, DAY], " s"),
        range("fees.max_gwei", fees.max_gwei, [0.0, 1e6], " gwei"),
        range("fees.tip_gwei", fees.tip_gwei, [0.0, 1e6], " gwei"),
        // Pools take no replacement for less than a tenth more.
        range("fees.bump", fees.bump.into(), [10.0, 1_000.0], " percent"),
        range("fees.patience", fees.patience, [0.0, DAY], " s"),
    ];
    all.extend(config.coin_price.map(|price| range("coin_price", price, [1e-6, RICHES], " USD")));
    all
}

fn hedges(config: &Config) -> Vec<Range> {
    let hedge = &config.hedge;
    vec![
        either("hedge.max_loss", hedge.max_loss),
        range("hedge.urgent_at", hedge.urgent_at, [0.0, 1e6], " outer bands"),
        either("hedge.urgent_max_loss", hedge.urgent_max_loss),
        points("hedge.tolerance", hedge.tolerance.into()),
        range("hedge.deadline", hedge.deadline as f64, [1.0, 3_600.0], " s"),
        range("hedge.samples", hedge.samples.into(), [1.0, 64.0], ""),
        either("fill.min_profit", config.fill.min_profit),
    ]
}

fn positions(config: &Config) -> Vec<Range> {
    let (position, upkeep) = (&config.position, &config.upkeep);
    vec![
        either("position.max_loss", position.max_loss),
        spent("position.order_max_loss", position.order_max_loss),
        range("position.order_fee", position.order_fee, [0.0, 1.0], " ether"),
        points("position.order_cost", position.order_cost.into()),
        points("position.tolerance", position.tolerance.into()),
        points("position.carry", position.carry),
        spent("upkeep.max_loss", upkeep.max_loss),
        spent("upkeep.min_collect", upkeep.min_collect),
        range("upkeep.checkpoint_after", upkeep.checkpoint_after as f64, [60.0, YEAR], " s"),
        range("upkeep.turn", upkeep.turn as f64, [0.0, DAY], " s"),
    ]
}

fn duties(config: &Config) -> Vec<Range> {
    let process = &config.process;
    vec![
        spent("settle.max_loss", config.settle.max_loss),
        spent("process.max_loss", process.max_loss),
        spent("process.min_payout", process.min_payout),
        range("process.dust_after", process.dust_after as f64, [0.0, YEAR], " s"),
    ]
}
