//! Trades a second through the library, on a full book. Run by `scripts/bench-host`.

use std::time::{Duration, Instant};

use interfaces::vault::IVault;

use crate::book_costs::book_of_64;
use crate::costs::Figures;
use crate::market::{expiry, legs_of, series, Market};
use host::alloy_primitives::{I256, U256};

/// Windows of one second.
const WINDOWS: usize = 20;

/// Buys one lot or sells it back: the book stays as it is, and every trade re-marks all of it.
fn trade(market: &mut Market, size: f64) {
    let call = IVault::tradeCall {
        legs: legs_of(&[(series(expiry(14), 2_000, false), size)]),
        maxPremium: I256::MAX,
        receiver: market.trader,
        deadline: U256::MAX,
    };
    market.receipt(market.trader, call);
}

/// CPU seconds that this process has used outside the kernel.
fn user_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: f64 = fields.split_whitespace().nth(11)?.parse().ok()?;
    Some(ticks / 100.0)
}

#[test]
#[ignore = "takes 20 seconds and means something in a release build only"]
fn trades_per_second() {
    let mut market = book_of_64();
    // Every trade pays a spread: a minute of them is dearer than a trader of the tests can afford.
    market.trader = market.stage.funded("trader", 1e9).expect("cash");
    let mut sizes = [1.0, -1.0].into_iter().cycle();
    let mut next = || sizes.next().expect("endless");
    for _ in 0..10 {
        trade(&mut market, next());
    }
    let before = user_seconds();
    let (mut rates, mut trades) = (Vec::new(), 0);
    for _ in 0..WINDOWS {
        let (start, first) = (Instant::now(), trades);
        while start.elapsed() < Duration::from_secs(1) {
            trade(&mut market, next());
            trades += 1;
        }
        rates.push(f64::from(trades - first) / start.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let median = rates[WINDOWS / 2];
    println!("trades per second: {median:.1} (median of {WINDOWS} windows of a second)");
    if let (Some(before), Some(after)) = (before, user_seconds()) {
        println!("user CPU per trade: {:.3} ms", (after - before) / f64::from(trades) * 1e3);
    }
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        write(median);
    }
}

/// Keeps the figure, rounded down, with the cores of the machine it was measured on.
fn write(trades_per_second: f64) {
    let path = format!("{}/snapshots/host.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the snapshot");
    let mut figures: Figures = serde_json::from_str(&text).expect("name -> number");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    figures.insert("trades_per_second".into(), (trades_per_second as u64).into());
    figures.insert("cores".into(), cores.into());
    let text = serde_json::to_string_pretty(&figures).expect("JSON") + "\n";
    std::fs::write(&path, text).expect("the snapshot is written");
}
