use inventory::Band;
use inventory::hedge::{Span, Young};
use proptest::prelude::*;

use super::{NOW, trigger};

const N: u32 = 600;
const WAD: i128 = 1_000_000_000_000_000_000;
/// A unit costs 2,000 USD.
const SPOT: u128 = 2_000_000_000;
const BAND: Band = Band { inner: 4_000_000_000, outer: 8_000_000_000 };

/// What counts for a book whose net delta is `units` [1e-18].
fn seasoned(ring: &Young, net: i128, now: u32) -> u128 {
    let cash = net * (SPOT as i128) / WAD;
    ring.seasoned(&trigger(-cash, &BAND), now, SPOT, N)
}

#[test]
fn a_ring_is_read_as_it_is_stored() {
    let ring = Young::default().record(NOW, 10 * WAD, 5, N).record(NOW + 130, -3 * WAD, 20_000_000_000, N);
    let words = ring.spans.each_ref().map(Span::pack);
    assert_eq!(Young::unpack(&words), ring);
    let [high, low] = Span { last: NOW, up: 7, down: 9, edge: 3 }.halves();
    assert_eq!((high, low), (7 << 32 | 3, 9 << 32 | u128::from(NOW)));
    // A place without a word had no trades.
    let place = Young::place(NOW, N);
    let mut first = Young::default();
    first.spans[..=place].copy_from_slice(&ring.spans[..=place]);
    assert_eq!(Young::unpack(&words[..=place]), first);
}

/// A clock that goes back writes to a place whose trades are of a later time: they stay young.
#[test]
fn a_clock_that_went_back_forgets_no_trade() {
    let span = Span { last: NOW + 500, up: 5, down: 7, edge: 2 };
    let after = Young::add(&span, NOW, 3, 0, N);
    assert_eq!(after, Span { up: 8, ..span });
    // Of the round before, a whole ring ago, nothing is left.
    let next = Young::add(&span, NOW + 500 + 720, -3, 3_000_000, N);
    assert_eq!(next, Span { last: NOW + 1_220, up: 0, down: 3, edge: 3 });
}

#[test]
fn a_trade_then_a_hedge_counts_for_nothing() {
    let ring = Young::default().record(NOW, 10 * WAD, 0, N);
    assert_eq!(seasoned(&ring, 10 * WAD, NOW), 0);
    assert_eq!(seasoned(&ring, 10 * WAD, NOW + N - 1), 0);
    assert_eq!(seasoned(&ring, 10 * WAD, NOW + N), 16_000_000_000);
}

#[test]
fn a_move_of_the_price_counts_at_once() {
    assert_eq!(seasoned(&Young::default(), -10 * WAD, NOW), 16_000_000_000);
    // At today's price: two of twelve units are young.
    let ring = Young::default().record(NOW, -2 * WAD, 0, N);
    let doubled = ring.seasoned(&trigger(48_000_000_000, &BAND), NOW, 2 * SPOT, N);
    assert_eq!(doubled, 40_000_000_000 - 4_000_000_000);
}

#[test]
fn a_push_over_the_edge_does_not_make_what_was_inside_count() {
    let ring = Young::default().record(NOW, WAD / 100, 0, N);
    assert_eq!(seasoned(&ring, 4 * WAD + WAD / 200, NOW), 0);
}

#[test]
fn a_trade_that_narrows_the_band_does_not_make_what_was_inside_count() {
    // No delta of its own; before it the band reached to 20,000 USD, 5 units are worth 10,000.
    let ring = Young::default().record(NOW, 0, 20_000_000_000, N);
    assert_eq!(seasoned(&ring, 5 * WAD, NOW + N - 1), 0);
    assert_eq!(seasoned(&ring, 5 * WAD, NOW + N), 6_000_000_000);
    assert_eq!(seasoned(&ring, 11 * WAD, NOW), 18_000_000_000);
    // On that edge nothing was due either.
    assert_eq!(seasoned(&ring, 10 * WAD, NOW), 0);
}

#[test]
fn out_and_back_does_not_season() {
    // Ten units stand; they are sold back and bought again.
    let ring = Young::default().record(NOW, -10 * WAD, 0, N).record(NOW + 200, 10 * WAD, 0, N);
    assert_eq!(seasoned(&ring, 10 * WAD, NOW + 200), 0);
    // The other way round is no reason to count less in a ring that knows the order.
    let ring = Young::default().record(NOW, 10 * WAD, 0, N).record(NOW + 200, -10 * WAD, 0, N);
    assert_eq!(seasoned(&ring, 10 * WAD, NOW + 200), 16_000_000_000);
}

#[test]
fn a_longer_seasoning_makes_old_trades_young_again() {
    let ring = Young::default().record(NOW, 10 * WAD, 0, 60);
    assert_eq!(ring.seasoned(&trigger(-20_000_000_000, &BAND), NOW + 100, SPOT, 60), 16_000_000_000);
    assert_eq!(ring.seasoned(&trigger(-20_000_000_000, &BAND), NOW + 100, SPOT, N), 0);
}

/// Trades of -100 to 100 units, seconds apart.
fn trades() -> impl Strategy<Value = Vec<(i128, u32)>> {
    proptest::collection::vec((-100..=100_i128, prop_oneof![0..20_u32, 0..400_u32]), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn what_counts_is_never_more_than_the_excess_along_the_way(base in -200..=200_i128, trades in trades(), seasoning in 5..900_u32, later in 0..1_000_u32) {
        // The reference knows every trade. Net deltas at today's price: before each trade that is young, and now.
        let (mut ring, mut now, mut log) = (Young::default(), NOW, Vec::new());
        for (units, gap) in trades {
            now += gap;
            ring = ring.record(now, units * WAD, 0, seasoning);
            log.push((now, units));
        }
        now += later;
        let net: i128 = base + log.iter().map(|(_, units)| units).sum::<i128>();
        let cash = |net: i128| net * SPOT as i128;
        let counted = ring.seasoned(&trigger(-cash(net), &BAND), now, SPOT, seasoning);
        let low_book = net < 0;
        let exact = |net: i128| {
            let deviation = -cash(net);
            if (deviation > 0) != low_book || deviation.unsigned_abs() <= BAND.outer { 0 } else { deviation.unsigned_abs() - BAND.inner }
        };
        let (mut least, mut before) = (exact(net), net);
        for (time, units) in log.iter().rev() {
            if now - time >= seasoning {
                break;
            }
            before -= units;
            least = least.min(exact(before));
        }
        prop_assert!(counted <= least, "{counted} {least}");
        // In particular never more than the lesser of now and without young trades.
        prop_assert!(counted <= exact(net).min(exact(before)));
        // With nothing traded for a seasoning, all of it counts.
        if log.last().is_none_or(|(time, _)| now - time >= seasoning) {
            prop_assert_eq!(counted, exact(net));
        }
    }

    #[test]
    fn with_one_trade_in_each_span_it_is_exact(base in -200..=200_i128, trades in proptest::collection::vec(-100..=100_i128, 0..5)) {
        let (mut ring, mut net) = (Young::default(), base);
        let mut path = vec![net];
        for (span, units) in trades.iter().enumerate() {
            ring = ring.record(NOW + 120 * span as u32, units * WAD, 0, N);
            net += units;
            path.push(net);
        }
        let exact = |then: i128| {
            let deviation = -then * SPOT as i128;
            let same = (then < 0) == (net < 0);
            if !same || deviation.unsigned_abs() <= BAND.outer { 0 } else { deviation.unsigned_abs() - BAND.inner }
        };
        let counted = ring.seasoned(&trigger(-net * SPOT as i128, &BAND), NOW + 120 * 4, SPOT, N);
        prop_assert_eq!(counted, path.into_iter().map(exact).min().unwrap());
    }

    #[test]
    fn a_span_packs_into_two_words(last: u32, up: u128, down: u128) {
        let span = Span { last, up: up >> 33, down: down >> 33, edge: !last };
        prop_assert_eq!(Span::unpack(&span.pack()), span);
        // More than fits is stored as the most that does.
        let over = Span { last, up: u128::MAX, down: u128::MAX, edge: 7 };
        prop_assert_eq!(Span::unpack(&over.pack()), Span { last, up: u128::MAX >> 33, down: u128::MAX >> 33, edge: 7 });
    }

    #[test]
    fn sums_beyond_the_ring_count_for_nothing(times in proptest::collection::vec(0..50_u32, 1..10), up: bool) {
        let (mut ring, mut now) = (Young::default(), NOW);
        for gap in times {
            now += gap;
            ring = ring.record(now, if up { i128::MAX } else { i128::MIN }, 0, N);
        }
        let deviation = if up { -1_i128 << 120 } else { 1_i128 << 120 };
        prop_assert_eq!(ring.seasoned(&trigger(deviation, &BAND), now, SPOT, N), 0);
    }
}
