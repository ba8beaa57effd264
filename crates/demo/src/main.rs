//! Replays a market through real prices and reports what came of it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use demo::frontier::{Frontier, NOTIONAL, own, straddles};
use demo::live::Live;
use demo::page;
use demo::prices::{PriceError, Prices, Window, parse_time, show};
use demo::progress::Table;
use demo::replay::{self, Liquidity, Results, Scenario};
use demo::stage::{Config, default_limits, default_profile};
use demo::summary;
use demo::traders::Flow;
use demo::windows::HISTORY;

const TRADERS: usize = 9;
const LPS: usize = 4;

/// Deploys the vault, its hedge venue, Uniswap V3, tokens and feeds on the simulated host and replays hourly prices through them.
#[derive(Parser)]
#[command(name = "scripts/demo")]
struct Options {
    /// CSV with a unix or ISO timestamp and a close column.
    #[arg(long, value_name = "FILE", default_value = "data/btc-usd-1h.csv")]
    prices: PathBuf,
    /// First day, such as 2022-05-01; without it, the last days of the file.
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<u64>,
    /// Days to replay.
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=3_650))]
    days: u64,
    /// Seed of the traders' and LPs' randomness.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Where the report goes.
    #[arg(long, value_name = "DIR", default_value = "report")]
    report: PathBuf,
}

fn date(text: &str) -> Result<u64, String> {
    parse_time(text).ok_or_else(|| format!("{text:?} is no date"))
}

fn main() -> ExitCode {
    let options = Options::parse();
    let window = match read(&options) {
        Ok(window) => window,
        Err(error) => {
            eprintln!("demo: {error}");
            return ExitCode::from(2);
        }
    };
    match run(&options, window) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn read(options: &Options) -> Result<Window, PriceError> {
    let prices = Prices::read(&options.prices)?;
    let window = prices.window(options.from, options.days, HISTORY)?;
    for outage in &window.outages {
        let file = options.prices.display();
        eprintln!(
            "demo: warning: {file}, line {}: no price from {} to {}; the feed is silent",
            outage.line,
            show(outage.from),
            show(outage.to)
        );
    }
    Ok(window)
}

/// Replays, reports, and says whether every rule held.
fn run(options: &Options, window: Window) -> Result<bool> {
    let first = window.hours.iter().find_map(|hour| hour.price).unwrap_or(1.0);
    let start = window.hours.first().map_or(0, |hour| hour.time);
    let config = Config { start, price: first, profile: default_profile(), limits: default_limits() };
    let mut market = Live::deploy(&config, TRADERS, LPS)?;
    let scenario = Scenario {
        window,
        seed: options.seed,
        flow: Flow::default(),
        liquidity: Liquidity::default(),
        sniper: None,
    };
    let mut table = Table::new();
    let results = replay::run(&mut market, &scenario, &mut table)?;
    table.finish();
    report(options, &scenario, &market, &results)
}

/// Prints the summary and writes the report; false when a rule did not hold.
fn report(options: &Options, scenario: &Scenario, market: &Live, results: &Results) -> Result<bool> {
    let mut sections = summary::sections(scenario, market, results);
    let profile = default_profile().risk();
    let frontiers = [
        Frontier::new(
            "hedging frontier of short straddles, beside hedging everything every hour",
            &straddles(&scenario.window, NOTIONAL),
            &profile,
        ),
        Frontier::new(
            "hedging frontier of the replay's own book, beside the same",
            &own(&results.records),
            &profile,
        ),
    ];
    sections.extend(frontiers.iter().map(Frontier::section));
    println!("{}", summary::text(&sections));
    let name =
        options.prices.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let title = format!("Replay of {name}, {} days, seed {}", options.days, options.seed);
    let path = page::write(&options.report, &title, &results.records, &frontiers, &sections)?;
    println!("report: {}", path.display());
    let held = results.invariants.hold();
    if !held {
        eprintln!("demo: {} invariants failed", results.invariants.failures());
    }
    Ok(held)
}
