//! The margin of an account: legs offset, cash helps, and what is uncovered covers every settlement that is looked at.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods
)]

use book::{Error, Header, Margined, Request, Rules, SETTINGS, Stored, add_lots, margin};
use inventory::{Caps, Profile};
use options::{Slice, StrikeGrid};
use proptest::collection::vec;
use proptest::prelude::*;

const NOW: u32 = 1_650_000_000;
const DAY: u32 = 86_400;
/// 2,800 USD [1e-8 USD]
const SPOT: u64 = 280_000_000_000;
const USD: i128 = 1_000_000;
/// 21 strikes from 1,800 to 3,800.
const GRID: StrikeGrid = StrikeGrid { base: 1_800_000_000, step: 100_000_000, count: 21 };
const RULES: Rules = Rules {
    profile: Profile {
        risk_aversion: 1,
        vol: 800_000,
        delta_horizon: 3_600,
        gamma_horizon: 3_600,
        carry_horizon: 0,
        vega_horizon: 3_600,
        vol_of_vol: 50_000,
        hedge_cost: 800,
        deviation: 5_000,
        vol_step: 5_000,
        fee: 300,
        surface_heartbeat: 3_600,
        max_surface_age: 21_600,
        hedge_fixed_cost: 0,
        min_band: 500,
        max_band: 50_000,
    },
    lot: 10_000_000_000_000_000,
    reserve: 150_000,
    caps: Caps { delta: u128::MAX, gamma: u128::MAX, vega: u128::MAX },
    buffer: 100_000,
};

/// A short option: which of two expiries, which strike, whether it is a put, how many lots.
type Short = (usize, u8, bool, i32);

fn short() -> impl Strategy<Value = Short> {
    (0..2_usize, 0..21_u8, any::<bool>(), 1..10_000_i32)
}

fn shorts() -> impl Strategy<Value = Vec<Short>> {
    vec(short(), 1..6)
}

/// A flat slice at a vol of about `vol` percent.
fn slice(days: u32, vol: u32) -> Slice {
    let variance = f64::from(vol).powi(2) / 1e4 * f64::from(days) / 365.0;
    let a = (variance * 2_f64.powi(36)) as i64;
    Slice { a, b: 0, rho: 0, m: 0, s: 1, forward: 2_800_000_000, updated_at: NOW }
}

fn request(shorts: &[Short], cash: i128, vol: u32) -> Request {
    let expiry = |index: usize| {
        let days = [7, 30][index];
        let mut header = Header { expiry: NOW + days * DAY, grid: GRID, put_lots: 0, put_index_sum: 0 };
        let mut lots = std::vec![[0; 32]; 3];
        for (_, strike, put, size) in shorts.iter().filter(|short| short.0 == index) {
            add_lots(&mut lots[usize::from(strike / 8)], *strike, -size).unwrap();
            if *put {
                header.add_puts(*strike, -size).unwrap();
            }
        }
        Stored { index, header, slice: Some(slice(days, vol)), rate: 0, lots, depth: None }
    };
    let used = (0..2).filter(|index| shorts.iter().any(|short| short.0 == *index));
    let mut request = Request::of_book([0; SETTINGS], SPOT, NOW, used.map(expiry).collect());
    request.free = cash;
    request
}

fn margined(shorts: &[Short], cash: i128, vol: u32) -> Margined {
    margin(&RULES, request(shorts, cash, vol)).unwrap()
}

/// What a short option costs at a settlement price [micro-USD, both].
fn payoff((_, strike, put, lots): &Short, price: i128) -> i128 {
    let strike = i128::from(GRID.base + u64::from(*strike) * GRID.step);
    let each = if *put { strike - price } else { price - strike };
    each.max(0) * i128::from(*lots) / 100
}

/// What a book costs when each expiry settles at a part [1e-6] of spot.
fn cost(shorts: &[Short], parts: [u32; 2]) -> i128 {
    let spot = i128::from(SPOT / 100);
    shorts.iter().map(|short| payoff(short, spot * i128::from(parts[short.0]) / USD)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn a_union_needs_at_most_the_sum(a in shorts(), b in shorts(), vol in 20..200_u32) {
        let both = [a.clone(), b.clone()].concat();
        let [first, second, both] = [&a, &b, &both].map(|book| margined(book, 0, vol));
        // A micro-USD of rounding in the value of each expiry and of each scenario.
        prop_assert!(both.initial <= first.initial + second.initial + 8);
        prop_assert!(both.uncovered <= first.uncovered + second.uncovered + 8);
        prop_assert!((both.value - first.value - second.value).abs() <= 8);
    }

    #[test]
    fn cash_lowers_what_is_uncovered_and_changes_no_requirement(
        book in shorts(),
        cash in 0..1_000_000_000 * USD,
        more in 1..1_000_000_000 * USD,
        vol in 20..200_u32,
    ) {
        let (poor, rich) = (margined(&book, cash, vol), margined(&book, cash + more, vol));
        prop_assert_eq!((poor.value, poor.initial, poor.maintenance), (rich.value, rich.initial, rich.maintenance));
        prop_assert_eq!(rich.uncovered, poor.uncovered.saturating_sub(more.unsigned_abs()));
        prop_assert!(poor.maintenance <= poor.initial);
    }

    /// Each expiry at its own price, up to three times spot.
    #[test]
    fn cash_and_what_is_uncovered_pay_any_settlement(
        book in shorts(),
        cash in 0..10_000_000 * USD,
        parts in [0..=3_000_000_u32, 0..=3_000_000],
        vol in 20..200_u32,
    ) {
        let uncovered = i128::try_from(margined(&book, cash, vol).uncovered).unwrap();
        let most = cost(&book, parts);
        prop_assert!(most <= cash + uncovered, "{most} {cash} {uncovered}");
    }

    /// An account that has just its initial margin pays any settlement within 40 % of spot.
    #[test]
    fn the_initial_margin_pays_an_ordinary_settlement(
        book in shorts(),
        parts in [600_000..=1_400_000_u32, 600_000..=1_400_000],
        vol in 20..200_u32,
    ) {
        let Margined { value, initial, .. } = margined(&book, 0, vol);
        let cash = i128::try_from(initial).unwrap() - value;
        prop_assert!(cost(&book, parts) <= cash);
    }
}

/// The worst price lies between the grid's spots: at the strike of a short straddle bought back above and below it lies none, but a
/// short put is worst at 0.
#[test]
fn a_put_can_cost_its_strike_and_a_call_three_times_spot() {
    let put = [(1, 10, true, 100)];
    let all = margined(&put, 0, 80);
    assert!(
        all.uncovered >= 2_800 * USD.unsigned_abs() && all.uncovered < 2_801 * USD.unsigned_abs(),
        "{all:?}"
    );
    let call = [(1, 10, false, 100)];
    let all = margined(&call, 0, 80);
    assert!(
        all.uncovered >= 5_600 * USD.unsigned_abs() && all.uncovered < 5_700 * USD.unsigned_abs(),
        "{all:?}"
    );
    let covered = margined(&call, i128::try_from(all.uncovered).unwrap(), 80);
    assert_eq!(covered.uncovered, 0);
}

#[test]
fn nothing_is_worth_nothing() {
    assert_eq!(margined(&[], 5 * USD, 80), Margined::default());
    assert_eq!(margined(&[], -5 * USD, 80).uncovered, 5_000_000);
}

#[test]
fn a_missing_slice_is_no_free_book() {
    let mut bare = request(&[(1, 10, false, 100)], 0, 80);
    bare.stored[0].slice = None;
    let expiry = NOW + 30 * DAY;
    assert_eq!(margin(&RULES, bare), Err(Error::SurfaceMissing { expiry }));
}
