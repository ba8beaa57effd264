//! The vault's band on the frontier of hedging real prices: the most volatile months of the committed ones, or those that
//! `EQUIPOISE_PRICES` names, such as `EQUIPOISE_PRICES=ETH.csv,2022-05-01,2022-11-01`.

use demo::frontier::{Frontier, NOTIONAL, Outcome, Policy, Step, run, straddle, straddles};
use demo::prices::{HOUR, Prices, show};
use demo::stage::default_profile;
use demo::windows::{DAYS, HISTORY, chosen};
use inventory::Profile;

const DAY: u64 = 24 * HOUR;
/// The part of the profile's band that is held to the aim: one for all windows, because the best of ten in each would be luck.
const PART: u32 = 8;

/// At most 70 % of the cost of hedging everything every hour, with at most a tenth more variance.
#[test]
fn hedging_costs_at_most_70_percent_at_equal_variance() {
    let (prices, starts) = chosen(3).expect("prices");
    for start in starts {
        let window = prices.window(Some(start), DAYS, HISTORY).expect("a window");
        let frontier = Frontier::new("straddles", &straddles(&window, NOTIONAL), &default_profile().risk());
        println!("{}\n{}", show(start), demo::summary::text(&[frontier.section()]));
        let band = frontier.bands.iter().find(|row| row.policy == Policy::Band(PART)).expect("its row");
        assert!(
            band.on_aim(),
            "{}: {:.3} of the cost, {:+.3} of variance",
            show(start),
            band.cost,
            band.excess
        );
        let full = &frontier.intervals[0];
        assert!(!full.on_aim() && full.outcome.hedges > 700.0, "{full:?}");
    }
}

/// One straddle of this size at a time [USD], each hedged by itself from a month's gamma to an hour's; they start every six days.
fn each_alone(prices: &Prices, size: f64) -> Vec<Vec<Step>> {
    let [first, last] = [prices.points.first(), prices.points.last()].map(|one| one.expect("prices").time);
    let starts = (first + (HISTORY + 1) * HOUR..last - DAYS * DAY).step_by(6 * DAY as usize);
    starts
        .map(|start| straddle(&prices.window(Some(start), DAYS, HISTORY).expect("a window"), size))
        .collect()
}

fn sum(books: &[Vec<Step>], policy: Policy, profile: &Profile) -> Outcome {
    books.iter().map(|book| run(book, policy, profile)).fold(Outcome::default(), |sum, one| Outcome {
        cost: sum.cost + one.cost,
        hedges: sum.hedges + one.hedges,
        variance: sum.variance + one.variance,
    })
}

/// Where gamma varies, no fixed delta is as cheap as the band that leaves the same variance, on a line between two bands.
#[test]
fn no_fixed_delta_is_as_cheap_as_the_band() {
    const SIZE: f64 = 500_000.0;
    let (prices, _) = chosen(0).expect("prices");
    let books = each_alone(&prices, SIZE);
    let profile = Profile { max_band: u32::MAX, ..default_profile().risk() };
    let of = |policy| sum(&books, policy, &profile);
    let bands = [16, 12, 8, 6, 4, 3, 2, 1].map(|part| of(Policy::Band(part)));
    let mut compared = 0;
    for part in [0.02, 0.03, 0.05, 0.07, 0.1] {
        let fixed = of(Policy::Delta(part * 2.0 * SIZE));
        let between = |pair: &&[Outcome]| (pair[0].variance..pair[1].variance).contains(&fixed.variance);
        let Some(&[calm, wild]) = bands.windows(2).find(between) else { continue };
        let way = (fixed.variance - calm.variance) / (wild.variance - calm.variance);
        let band = calm.cost + way * (wild.cost - calm.cost);
        println!("beyond {part} of the notional: {:.0} USD, a band {band:.0} USD", fixed.cost);
        assert!(band < 0.95 * fixed.cost, "a fixed delta of {part} costs {}, a band {band}", fixed.cost);
        compared += 1;
    }
    assert!(compared >= 3, "only {compared} fixed deltas have a band to compare");
}
