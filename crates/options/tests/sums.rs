//! Sums over a book are those of its options, moved deltas are the deltas at the moved spots, and what has no variance is worth what it pays.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::disallowed_methods
)]

use core::num::Wrapping;

use options::{Greeks, Market, Slice, StrikeGrid, Totals};
use proptest::prelude::*;

/// 1.0 [Q62]
const ONE: i64 = 1 << 62;
const DAY: u32 = 86_400;
/// 2,000 USD [1e-8 USD]
const SPOT: u64 = 200_000_000_000;
/// No variance at all.
const NONE: Slice = Slice { a: 0, b: 0, rho: 0, m: 0, s: 1 << 30, forward: 2_000_000_000, updated_at: 0 };

/// Slices that pass the check, published at the spot of then.
fn slices() -> impl Strategy<Value = Slice> {
    let numbers = (-8.0..1.0_f64, -6.0..0.6_f64, -0.95..0.95_f64, -0.5..0.5_f64, -6.0..0.5_f64);
    let slice = numbers.prop_map(|(level, slope, rho, m, s)| {
        let (b, s, q36) = (slope.exp(), s.exp(), |x: f64| (x * 2_f64.powi(36)) as i64);
        Slice {
            a: q36(level.exp() - b * s * (1.0 - rho * rho).sqrt()),
            b: q36(b),
            rho: (rho * 2_f64.powi(22)) as i32,
            m: (m * 2_f64.powi(28)) as i32,
            s: q36(s),
            ..NONE
        }
    });
    slice.prop_filter("a slice", |slice| slice.check().is_ok())
}

/// ln of a spot over the one of now [Q57].
fn log(spot: u64) -> Wrapping<i64> {
    maths::ln(spot) - maths::ln(SPOT)
}

/// Seven places of a book's sums that are exact: theta is not, as the interest on strikes is rounded once for all puts.
fn exact(totals: &Totals) -> [i128; 8] {
    let Totals { value, delta, gamma, vega, vanna, volga, moved: [below, above], .. } = *totals;
    [value, delta, gamma, vega, vanna, volga, below, above]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Calls by the stored slot and puts by their two sums, against each option added by itself.
    #[test]
    fn a_book_is_the_sum_of_its_options(
        slice in slices(), days in 1..400_u32, rate in -100_000_000..200_000_000_i32, base in 200_000_000..3_000_000_000_u64, step in 1_000_000..300_000_000_u64,
        calls in any::<[i16; 8]>(), puts in any::<[i16; 8]>(), slot in 0..2_u8,
    ) {
        let market = Market::new(SPOT, days * DAY, rate, &slice, 400 * DAY).unwrap();
        let grid = StrikeGrid::new(base, step, 16).unwrap();
        let moves = Some([log(SPOT / 100 * 85), log(SPOT / 100 * 115)]);
        let (mut book, mut options) = (Totals::default(), Totals::default());
        let (mut word, mut put_lots, mut put_index_sum, mut most) = ([0; 32], 0, 0, 0.0);
        for (place, (calls, puts)) in calls.into_iter().zip(puts).enumerate() {
            let index = 8 * slot + place as u8;
            let strike = grid.strike(index).unwrap();
            word[4 * place..4 * place + 4].copy_from_slice(&(i32::from(calls) + i32::from(puts)).to_be_bytes());
            put_lots += i64::from(puts);
            put_index_sum += i64::from(puts) * i64::from(index);
            options.add(calls.into(), &market.call_and_moved(strike, moves));
            options.add(puts.into(), &market.put_and_moved(strike, moves));
            // A unit in the last place of each put's interest.
            most += f64::from(puts).abs() * (1.0 + strike as f64 / 2e9 / 1e3);
        }
        book.add_slot(&market, moves, &grid, slot, &word);
        book.add_puts(put_lots, put_index_sum, &grid, &market);
        // A strike of the grid is base and index times step: their values are rounded apart.
        let tolerance = 1_i128 << 24;
        for (book, options) in exact(&book).into_iter().zip(exact(&options)) {
            prop_assert!((book - options).abs() <= tolerance, "{book} {options}");
        }
        prop_assert!(((book.theta - options.theta) as f64).abs() <= 2.0 * most + 2.0, "{} {} {most}", book.theta, options.theta);
    }

    /// Vol by strike stays where it is when spot moves, as it does in the market of the moved spot.
    #[test]
    fn moved_deltas_are_those_of_the_market_there(
        slice in slices(), seconds in prop_oneof![0..DAY, DAY..400 * DAY], rate in -100_000_000..200_000_000_i32, distance in -9.0..9.0_f64, by in [0.55..1.0_f64, 1.0..1.9],
    ) {
        let strike = ((2e9 * distance.exp()) as u64).clamp(1, 1 << 47);
        let market = |spot| Market::new(spot, seconds, rate, &slice, 400 * DAY).unwrap();
        let spots = by.map(|by| (SPOT as f64 * by) as u64);
        let moves = Some(spots.map(log));
        let (call, put) = (market(SPOT).call_and_moved(strike, moves), market(SPOT).put_and_moved(strike, moves));
        let vol = slice.vol(strike, 400 * DAY) as f64 / 2_f64.powi(47);
        // What is off in d is what is off in the log-moneyness over the sd, of which 1.2e-7 is the least.
        let most = 1e-15 + 3e-16 / (vol * (f64::from(seconds) / 31_536_000.0).sqrt()).max(1.2e-7);
        for ((spot, call), put) in spots.into_iter().zip(call.moved).zip(put.moved) {
            let there = market(spot);
            let off = |said: i64, truth: i64| (i128::from(said) - i128::from(truth)).abs() as f64 / 2_f64.powi(62);
            prop_assert!(off(call, there.call(strike).delta) < most, "{}", off(call, there.call(strike).delta));
            prop_assert!(off(put, there.put(strike).delta) < most);
        }
    }
}

#[test]
fn without_variance_an_option_is_worth_what_it_pays() {
    let market = Market::new(SPOT, 30 * DAY, 0, &NONE, 30 * DAY).unwrap();
    // K / S has 62 bits, but for the last few.
    let pays = |said: Greeks, price: i64, delta: i64| {
        let rest = Greeks { price: 0, ..said };
        assert!((said.price - i128::from(price)).abs() <= 8, "{said:?}");
        assert_eq!(rest, Greeks { delta, ..Greeks::default() });
    };
    // Strikes of half of spot, spot, and twice spot.
    pays(market.call(1_000_000_000), ONE / 2, ONE);
    pays(market.put(1_000_000_000), 0, 0);
    pays(market.call(2_000_000_000), 0, ONE / 2);
    pays(market.put(2_000_000_000), 0, -ONE / 2);
    pays(market.call(4_000_000_000), 0, 0);
    pays(market.put(4_000_000_000), ONE, -ONE);
    assert_eq!([1, 30 * DAY].map(|seconds| NONE.vol(2_000_000_000, seconds)), [0, 0]);
    // And where spot has moved to: 15 % up, the strike at spot is in the money.
    let moves = Some([log(SPOT / 100 * 85), log(SPOT / 100 * 115)]);
    assert_eq!(market.call_and_moved(2_000_000_000, moves).moved, [0, ONE]);
    assert_eq!(market.put_and_moved(2_000_000_000, moves).moved, [-ONE, 0]);
    assert_eq!(market.put_and_moved(2_000_000_000, None).moved, [0, 0], "nobody asked");
}

/// 2^-46: a unit of a slice's level, of which a part of 1/1024 of its time is left.
#[test]
fn the_least_variance_counts_and_less_does_not() {
    let slice = Slice { a: 1, ..NONE };
    let at_the_money =
        |seconds| Market::new(SPOT, seconds, 0, &slice, 1024 * DAY).unwrap().call(2_000_000_000);
    let least = at_the_money(DAY);
    assert!(least.vega > 0 && least.gamma > 0, "{least:?}");
    let less = at_the_money(DAY - 1);
    assert_eq!((less.delta, less.gamma, less.vega), (ONE / 2, 0, 0), "{less:?}");
}
