//! A day of prices on a node, with keepers that compete for its hedges and an account that means harm.
//!
//! The keepers are the program itself, one process each, over JSON-RPC: one hedges at once, one wants to be paid, one fills from its own tokens. Calls are
//! bought for some hours and puts for the next, so the hedge is the underlying first and a short on Aave then.
//! The hostile account is first in every block: it looks, hedges the least that is taken and less, sends plans at prices that are past and plans
//! that it copied.
#![allow(
    clippy::disallowed_methods,
    reason = "a demonstration that panics has failed, which is what it should then do"
)]

#[path = "../../../node/tests/common/mod.rs"]
#[allow(dead_code, reason = "only some of the client is needed here")]
mod common;
mod ledger;
#[path = "../../tests/stage/market.rs"]
#[allow(dead_code, reason = "only some of the market is needed here")]
mod market;
mod players;
#[path = "../../tests/stage/seats.rs"]
#[allow(dead_code, reason = "only some of the venues are needed here")]
mod seats;
#[path = "../../tests/stage/set.rs"]
#[allow(dead_code, reason = "only some of the stage is needed here")]
mod set;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use demo::prices::{Hour, Prices, parse_time, show};
use interfaces::position::IPositionVenue;
use interfaces::vault::IVault;
use keeper::show::{Paint, Table};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::market::{Market, call, float, put};
use crate::players::{Hostile, Player};
use crate::seats::Seating;
use crate::set::Scene;

/// Blocks in an hour.
const STEPS: u64 = 15;
/// Trades in an hour.
const TRADES: usize = 3;
/// Hours in which calls are bought, and as many in which puts are: then the hedge must be short, and is a position on Aave.
const SEASON: usize = 6;
/// What a unit of the underlying is traded in: as much as this many at the price of the tests.
const USUAL_PRICE: f64 = 2_800.0;

/// Runs three keepers and a hostile account against one vault for a day of prices.
#[derive(Parser)]
#[command(name = "scripts/demo keepers")]
struct Options {
    /// CSV with a unix or ISO timestamp and a close column.
    #[arg(long, value_name = "FILE", default_value = "data/btc-usd-1h.csv")]
    prices: PathBuf,
    /// The day.
    #[arg(long, value_name = "DATE", value_parser = date, default_value = "2018-01-16")]
    from: u64,
    /// Hours of it.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=72))]
    hours: u64,
    /// Seed of the trader's randomness.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// What the prompt keeper wants for a hedge; below zero, what it gives [USD]
    #[arg(long, value_name = "USD", default_value_t = 0.05, allow_negative_numbers = true)]
    wants: f64,
    /// Time that the keepers have between two blocks [ms]
    #[arg(long, value_name = "MS", default_value_t = 75)]
    pace: u64,
}

fn date(text: &str) -> Result<u64, String> {
    parse_time(text).ok_or_else(|| format!("{text:?} is no date"))
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Plays the day and prints what came of it; false if it ended outside the band.
fn run(options: &Options) -> Result<bool> {
    let window = Prices::read(&options.prices)?.window(Some(options.from), options.hours.div_ceil(24), 0)?;
    let hours: Vec<Hour> = window.hours.into_iter().take(options.hours.try_into()?).collect();
    let opening = hours.first().and_then(|hour| hour.price).context("no price at the start of the day")?;
    let scene = Scene { start: options.from, price: opening, seating: Seating::Aave };
    println!("{} hours from {}, {opening:.2} USD", hours.len(), show(options.from));
    let mut market = Market::open_at(scene);
    let players = Player::all(&market, options.wants)?;
    let mut hostile = Hostile::new(&market);
    let mut day = Day { inside: 0, seen: 0, random: ChaCha8Rng::seed_from_u64(options.seed) };
    for hour in &hours {
        if let Some(price) = hour.price {
            day.hour(&mut market, &scene, &mut hostile, hour.time, price, options.pace);
        }
    }
    drop(players);
    report(&market, &day, opening)
}

/// What a day leaves to be told.
struct Day {
    /// Hours that ended inside the band, of so many.
    inside: usize,
    seen: usize,
    random: ChaCha8Rng,
}

impl Day {
    /// The price moves, somebody trades, and keepers have the hour for what is due.
    fn hour(
        &mut self,
        market: &mut Market,
        scene: &Scene,
        hostile: &mut Hostile,
        time: u64,
        price: f64,
        pace: u64,
    ) {
        market.develop("anvil_setAutomine", json!([true]));
        // The first hour begins with the stage itself.
        let time = time.max(market.now() + 1);
        market.move_to(time, price);
        for _ in 0..TRADES {
            let strike = (price / scene.step()).round() as u64 + self.random.random_range(0..3);
            let strike = strike.clamp(18, 38) * scene.step() as u64;
            let size = self.random.random_range(4.0..12.0) * USUAL_PRICE / scene.price;
            // The vault may refuse it: for want of cash, or because of what it would risk.
            let series = if (self.seen / SEASON).is_multiple_of(2) { call } else { put };
            let _ = market.trade(series(scene.expiry(30), strike), (size * 100.0).round() / 100.0);
        }
        market.develop("anvil_setAutomine", json!([false]));
        for step in 1..=STEPS {
            hostile.act(market);
            std::thread::sleep(Duration::from_millis(pace));
            market.wait_until(time + 60 + step * 3_500 / STEPS);
            market.develop("evm_mine", json!([]));
        }
        self.seen += 1;
        self.inside += usize::from(!market.is_due());
    }
}

fn report(market: &Market, day: &Day, opening: f64) -> Result<bool> {
    let accounts = market.node.accounts();
    let names = players::NAMES.iter().zip(players::KEYS).map(|(name, key)| (*name, accounts[key].0));
    let ledger = ledger::read(market, names.collect(), opening)?;
    println!(
        "\nWho did what; what fills gained is against the feed's price\n{}",
        table(&ledger).text(Paint(false))
    );
    println!("Refused");
    for entry in ledger.iter().filter(|entry| !entry.refused.is_empty()) {
        let reasons = entry.refused.iter().map(|(reason, count)| format!("{reason} {count}"));
        println!("  {:<8} {}", entry.name, reasons.collect::<Vec<_>>().join(", "));
    }
    let (need, spot) = (market.need(), market.view(market.at.vault, IVault::spotCall {}).price);
    let paid: f64 = ledger.iter().map(|entry| entry.rewards).sum();
    println!(
        "\nInside the band at the end of {} of {} hours; deviation {:.2} outer bands at the last.",
        day.inside,
        day.seen,
        market.deviation()
    );
    println!("{paid:.2} USD of rewards paid; {:.2} left in the budget.", f64::from(need.budget) / 1e6);
    let held = float(market.view(market.at.seats.aave, IPositionVenue::stateCall { price: spot }).size);
    println!("At the end the vault is short of {:.4} on Aave.", -held);
    let hedges: usize = ledger.iter().map(|entry| entry.hedges + entry.fills).sum();
    ensure!(hedges > 0, "nothing was ever hedged");
    let positions: usize = ledger.iter().map(|entry| entry.positions).sum();
    ensure!(positions > 0 || day.seen <= SEASON, "nothing was ever hedged with a position");
    Ok(need.due.is_zero())
}

fn table(ledger: &[ledger::Entry]) -> Table {
    let usd = |number: f64| format!("{number:.2}");
    let mut table = Table::new(&[
        "account",
        "hedges",
        "positions",
        "fills",
        "upkeep",
        "looks",
        "refused",
        "rewards",
        "fills USD",
        "gas USD",
        "net USD",
    ]);
    for entry in ledger {
        let net = entry.rewards + entry.gains - entry.gas;
        table.row([
            entry.name.to_owned(),
            entry.hedges.to_string(),
            entry.positions.to_string(),
            entry.fills.to_string(),
            entry.upkeep.to_string(),
            entry.pokes.to_string(),
            entry.refused.values().sum::<usize>().to_string(),
            usd(entry.rewards),
            usd(entry.gains),
            usd(entry.gas),
            usd(net),
        ]);
    }
    table
}
