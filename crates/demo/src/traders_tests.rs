use publisher::Follower;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use super::*;
use crate::calendar;

const NOW: u64 = 1_561_000_000;

fn listed() -> Vec<Listed> {
    let mut publisher = Follower::new(0.01);
    for hour in 0..48_u32 {
        let price = 10_000.0 * (1.0 + 0.008 * f64::from(hour % 2));
        publisher.observe(NOW - 48 * 3_600 + u64::from(hour) * 3_600, price);
    }
    let grid = calendar::grid(10_000.0);
    let expiries = calendar::wanted(NOW).into_iter().map(|expiry| (expiry, grid.into())).collect();
    let slices = publisher.surface(NOW, 10_000.0, &expiries).expect("a surface");
    slices.into_iter().map(|(expiry, slice)| Listed { expiry, grid, slice: (&slice).into() }).collect()
}

fn view(listed: &[Listed], later: f64) -> View<'_> {
    View { now: NOW, spot: 10_000.0, trend: 0.0, later, listed, lot: 0.01, max_lots: 1_800 }
}

fn orders(style: Style, view: &View<'_>, held: &[Holding]) -> Vec<Order> {
    let mut rng = ChaCha12Rng::seed_from_u64(7);
    (0..2_000).filter_map(|_| decide(&mut rng, &Flow::default(), style, view, held)).collect()
}

#[test]
fn nobody_sells_what_they_do_not_hold() {
    let listed = listed();
    for style in Style::ALL {
        assert!(orders(style, &view(&listed, 9_800.0), &[]).iter().all(|order| order.lots > 0));
    }
}

#[test]
fn no_sale_exceeds_the_holding_and_no_order_the_limit() {
    let listed = listed();
    let series =
        Series { expiry: listed[2].expiry, strike: listed[2].grid.nearest(9_500.0), kind: Kind::Call };
    let held = [Holding { series, lots: 37 }];
    let all = orders(Style::Noise, &view(&listed, 10_000.0), &held);
    assert!(all.iter().any(|order| order.lots < 0));
    for order in all {
        assert!(order.lots >= -37 && order.lots <= 1_800 && order.lots != 0);
        assert_eq!(order.lots < 0, order.limit < 0.0);
    }
}

#[test]
fn strikes_lie_on_the_grid_and_deltas_in_their_ranges() {
    let listed = listed();
    let flow = Flow::default();
    for order in orders(Style::Noise, &view(&listed, 10_000.0), &[]) {
        let one = listed.iter().find(|one| one.expiry == order.series.expiry).expect("listed");
        assert_eq!((order.series.strike - one.grid.base) % one.grid.step, 0);
        let vol = published_vol(&view(&listed, 10_000.0), order.series).expect("published");
        let delta = terms(NOW, order.series).value(10_000.0, vol).delta.abs();
        let (low, high) = if order.series.kind == Kind::Call { flow.call_deltas } else { flow.put_deltas };
        // Strikes are 2.5 % apart: up to 0.2 of delta for the shortest expiry.
        assert!(delta > low - 0.2 && delta < high + 0.2, "{delta} {:?}", order.series);
    }
}

#[test]
fn the_trend_turns_trend_chasers_and_nobody_else() {
    let listed = listed();
    let calls = |style, trend| {
        let view = View { trend, ..view(&listed, 10_000.0) };
        let all = orders(style, &view, &[]);
        all.iter().filter(|order| order.series.kind == Kind::Call).count() as f64 / all.len() as f64
    };
    assert!(calls(Style::Trend, 1.0) > calls(Style::Trend, -1.0) + 0.2);
    assert!((calls(Style::Noise, 1.0) - calls(Style::Noise, -1.0)).abs() < 0.01);
}

#[test]
fn the_informed_buy_calls_before_rises_and_puts_before_falls() {
    let listed = listed();
    let kinds = |later| {
        let all = orders(Style::Informed, &view(&listed, later), &[]);
        assert!(!all.is_empty());
        all.into_iter().map(|order| order.series.kind).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(kinds(10_400.0), [Kind::Call].into());
    assert_eq!(kinds(9_600.0), [Kind::Put].into());
}

#[test]
fn arrivals_come_in_order_and_as_often_as_they_should() {
    let mut rng = ChaCha12Rng::seed_from_u64(1);
    let flow = Flow::default();
    let mut styles = [0.0; 3];
    for _ in 0..4_000 {
        let hour = arrivals(&mut rng, &flow, 1.0);
        assert!(hour.is_sorted_by_key(|(moment, _)| *moment));
        for (_, style) in hour {
            styles[style as usize] += 1.0 / 4_000.0;
        }
    }
    for (count, share) in styles.iter().zip(flow.styles) {
        assert!((count - share * flow.arrivals).abs() < 0.1, "{count} {share}");
    }
}
