//! The replay's promises on real prices: the two most volatile 30-day windows of the committed series, five seeds each.

use demo::live::Live;
use demo::prices::Prices;
use demo::regression::Fit;
use demo::replay::{self, Liquidity, Observer, Progress, Results, Scenario, Sniper};
use demo::stage::{default_limits, default_profile, Config};
use demo::traders::Flow;
use demo::windows::{chosen, committed, most_volatile, DAYS, HISTORY};

const TRADERS: usize = 9;
const LPS: usize = 4;

struct Silent;

impl Observer for Silent {
    fn hour(&mut self, _: &Progress<'_>) {}
}

fn replayed(prices: &Prices, start: u64, seed: u64, sniper: Option<Sniper>) -> Results {
    let window = prices.window(Some(start), DAYS, HISTORY).expect("a window");
    let price = window.hours.iter().find_map(|hour| hour.price).expect("a price");
    let config = Config { start, price, profile: default_profile(), limits: default_limits() };
    let mut market = Live::deploy(&config, TRADERS, LPS).expect("a market");
    let (flow, liquidity) = (Flow::default(), Liquidity::default());
    replay::run(&mut market, &Scenario { window, seed, flow, liquidity, sniper }, &mut Silent)
        .expect("a replay")
}

fn keeps_its_promises(index: usize) {
    let prices = committed().expect("the committed prices");
    let start = most_volatile(&prices, 2)[index];
    for seed in 1..=5 {
        let results = replayed(&prices, start, seed, None);
        let x: Vec<f64> = results.records.iter().map(|record| record.spot_return).collect();
        let fit = |of: fn(&demo::ledger::HourRecord) -> f64| {
            Fit::new(&x, &results.records.iter().map(of).collect::<Vec<f64>>())
        };
        let (hedged, unhedged) = (fit(|record| record.pnl), fit(|record| record.unhedged));
        let explained = 1.0 - hedged.explained / unhedged.explained;
        let total = 1.0 - hedged.variance / unhedged.variance;
        let at_limit = results.records.iter().filter(|record| record.at_limit).count();
        println!(
            "{}, seed {seed}: explained variance -{:.2} %, total variance -{:.2} %, widest side {:.1} %, {at_limit} hours at the limit, {} trades, {} hedges",
            demo::prices::show(start),
            100.0 * explained,
            100.0 * total,
            100.0 * results.volume.widest_side(),
            results.volume.trades.iter().sum::<u64>(),
            results.hedges.0,
        );
        assert!(results.invariants.hold(), "{:?}", results.invariants);
        assert!(
            results.records.len() > 24 * DAYS as usize * 9 / 10,
            "{} hours marked",
            results.records.len()
        );
        assert!(explained >= 0.9, "{explained}");
        assert!(total > 0.0, "{total}");
        assert!(results.volume.share(results.volume.styles[2]) >= 0.2, "{:?}", results.volume);
        assert!(results.volume.widest_side() <= 0.65, "{:?}", results.volume);
    }
}

#[test]
fn the_most_volatile_month_keeps_its_promises() {
    keeps_its_promises(0);
}

#[test]
fn the_second_most_volatile_month_keeps_its_promises() {
    keeps_its_promises(1);
}

/// One who knows the next hour and trades inside the deviation band loses in all, and never gains by what is known.
#[test]
fn a_sniper_inside_the_deviation_band_loses() {
    let (prices, starts) = chosen(2).expect("prices");
    for start in starts {
        let snipes = replayed(&prices, start, 1, Some(Sniper::InBand)).snipes;
        let gain = snipes.iter().fold(0.0, |sum, snipe| sum + snipe.gain());
        let edge = snipes.iter().map(demo::replay::Snipe::edge).fold(f64::MIN, f64::max);
        println!("{}: {} events, {gain:.0} USD in all", demo::prices::show(start), snipes.len());
        assert!(snipes.len() > 50, "{} events", snipes.len());
        assert!(gain < 0.0, "{gain} USD in {} events", snipes.len());
        assert!(edge <= 0.0, "{edge} USD by knowledge alone");
    }
}

/// With one who trades first on every jump, a round loses at most its delta cap times the jump, the sniper gains under 10 bp of NAV, and less in all
/// than the spreads bring.
#[test]
fn a_sniper_on_every_jump_gains_less_than_the_spreads_bring() {
    let (prices, starts) = chosen(2).expect("prices");
    for start in starts {
        let results = replayed(&prices, start, 1, Some(Sniper::OnJumps));
        let cap = f64::from(default_limits().roundDelta);
        let (mut gained, mut worst, mut most) = (0.0, 0.0_f64, 0.0_f64);
        for snipe in &results.snipes {
            gained += snipe.gain();
            worst = worst.max(snipe.gain() / snipe.nav);
            most = most.max(snipe.round / (cap * snipe.jump.abs()));
        }
        let income = results.records.iter().fold(0.0, |sum, one| sum + one.parts.premium + one.parts.fees);
        println!(
            "{}: {} jumps, {gained:.0} USD gained, at most {:.2} bp of NAV and {most:.2} of cap x jump; spreads {income:.0} USD",
            demo::prices::show(start),
            results.snipes.len(),
            worst * 1e4,
        );
        assert!(results.snipes.len() > 20, "{} jumps", results.snipes.len());
        assert!(most <= 1.0 && worst < 1e-3, "{most} of cap x jump, {worst} of NAV");
        assert!(income > gained, "{income} of spreads, {gained} gained");
    }
}
