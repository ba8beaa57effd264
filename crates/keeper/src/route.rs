//! A hedge over venues, at the least cost: `inventory::hedge::split` on curves of sampled quotes.
//!
//! A venue's quotes, as cost against the feed's price by size, have a lower convex hull, which is its curve. Venues may be better than the
//! feed: the same rate is added to all of them, which changes no split, until none of them is below zero, and taken off again afterwards.

use inventory::hedge::{Curve as Drawn, MAX_VENUES, Venue, split};
use maths::{mul_div_down, mul_div_up};

use crate::numbers::{WAD, WAD_PER_MICRO, money};

/// Most legs that the desk takes.
pub const MAX_LEGS: usize = 4;
const MILLION: u128 = 1_000_000;

/// What sizes cost at a venue: (size [1e-18], cost against the feed's price [micro-USD]), ascending, the origin left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Curve(pub Vec<(u128, i128)>);

/// A part of a hedge: the venue's place in the list, its size and its estimated cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Place of the venue in the list.
    pub venue: usize,
    /// [1e-18]
    pub size: u128,
    /// [micro-USD]
    pub cost: i128,
}

/// What is split, and on which terms.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// [1e-18]
    pub size: u128,
    /// Whole token units of this [1e-18]
    pub grain: u128,
    /// Whether the vault buys.
    pub buying: bool,
    /// The feed's price [18 decimals]
    pub spot: u128,
    /// What each leg costs on top [micro-USD]
    pub leg: u128,
}

impl Curve {
    /// Value and raised cost of each sample: rising, no cost below zero.
    fn raised(&self, spot: u128, rate: u128) -> Option<Vec<(u128, u128)>> {
        let raise = |(size, cost): &(u128, i128)| {
            let value = money(*size, spot)?;
            let more = i128::try_from(mul_div_up(value, rate, MILLION)?).ok()?;
            Some((value, u128::try_from(cost.checked_add(more)?).ok()?))
        };
        self.0.iter().map(raise).collect()
    }

    /// The rate that raises every sample to zero at least [1e-6].
    fn gain(&self, spot: u128) -> u128 {
        let rate = |(size, cost): &(u128, i128)| {
            let gain = if *cost < 0 { cost.unsigned_abs() } else { 0 };
            mul_div_up(gain, MILLION, money(*size, spot)?.max(1))
        };
        self.0.iter().filter_map(rate).max().unwrap_or_default()
    }

    /// The most that was quoted [1e-18].
    fn room(&self) -> u128 {
        self.0.last().map_or(0, |(size, _)| *size)
    }
}

/// The lower convex hull of samples from the origin.
fn hull(samples: &[(u128, u128)]) -> Vec<(u128, u128)> {
    let mut hull: Vec<(u128, u128)> = Vec::new();
    for next in samples {
        if next.0 <= hull.last().map_or(0, |last| last.0) {
            continue;
        }
        while let Some(last) = hull.last().copied() {
            let from = hull.iter().rev().nth(1).copied().unwrap_or_default();
            if !turns_down(from, last, *next) {
                break;
            }
            hull.pop();
        }
        hull.push(*next);
    }
    hull
}

/// Whether the slope after `last` is below the one before it. Costs that fall are none of a hull that begins at the origin.
fn turns_down(from: (u128, u128), last: (u128, u128), next: (u128, u128)) -> bool {
    let run = |one: (u128, u128), two: (u128, u128)| (two.0 - one.0) as i128;
    let rise = |one: (u128, u128), two: (u128, u128)| two.1 as i128 - one.1 as i128;
    let before = rise(from, last).saturating_mul(run(last, next));
    rise(last, next).saturating_mul(run(from, last)) < before
}

/// The cheapest parts of an order over the curves; as much of it as they reach. None beyond the domain of `inventory::hedge::split`.
#[must_use]
pub fn route(curves: &[Curve], order: &Order) -> Option<Vec<Part>> {
    let mut chosen: Vec<usize> = (0..curves.len()).filter(|at| curve(curves, *at).room() > 0).collect();
    // With more venues than can be tried, those that are cheapest to begin with.
    chosen.sort_by(|one, other| start(curve(curves, *one)).total_cmp(&start(curve(curves, *other))));
    chosen.truncate(MAX_VENUES);
    chosen.sort_unstable();
    let parts = over(curves, &chosen, order)?;
    if parts.len() <= MAX_LEGS {
        return Some(parts);
    }
    // More legs than the desk takes: the cheapest of all choices of fewer venues, of those that fill most.
    let venues: Vec<usize> = parts.iter().map(|part| part.venue).collect();
    let masks = (0_u32..1 << venues.len()).filter(|mask| mask.count_ones() as usize == MAX_LEGS);
    let some = |mask: u32| {
        let picked = venues.iter().enumerate().filter(|(place, _)| mask >> place & 1 == 1);
        over(curves, &picked.map(|(_, venue)| *venue).collect::<Vec<_>>(), order)
    };
    masks.filter_map(some).min_by_key(|parts| {
        let size = parts.iter().fold(0_u128, |sum, part| sum.saturating_add(part.size));
        let cost = parts.iter().fold(0_i128, |sum, part| sum.saturating_add(part.cost));
        (std::cmp::Reverse(size), cost)
    })
}

fn curve(curves: &[Curve], at: usize) -> &Curve {
    const NONE: &Curve = &Curve(Vec::new());
    curves.get(at).unwrap_or(NONE)
}

/// Cost per unit of a curve's first sample.
fn start(curve: &Curve) -> f64 {
    curve.0.first().map_or(f64::INFINITY, |(size, cost)| *cost as f64 / *size as f64)
}

fn over(curves: &[Curve], chosen: &[usize], order: &Order) -> Option<Vec<Part>> {
    let each = || chosen.iter().map(|at| curve(curves, *at));
    let rate = each().map(|curve| curve.gain(order.spot)).max().unwrap_or_default();
    let hulls: Vec<Vec<(u128, u128)>> = each()
        .map(|curve| curve.raised(order.spot, rate).map(|samples| hull(&samples)))
        .collect::<Option<_>>()?;
    let venues: Vec<Venue<'_>> = hulls
        .iter()
        .map(|hull| Venue { fixed: order.leg, fee: 0, cap: u128::MAX, curve: Drawn::Sampled(hull) })
        .collect();
    let found = split(money(order.size, order.spot)?, &venues, order.buying)?;

    let given = chosen.iter().zip(found.sizes).filter(|(_, value)| *value > 0);
    let sized = |(at, value): (&usize, u128)| {
        let size = mul_div_up(value, WAD * WAD_PER_MICRO, order.spot)?.min(curve(curves, *at).room());
        Some((*at, size / order.grain * order.grain))
    };
    let mut sizes: Vec<(usize, u128)> = given.map(sized).collect::<Option<_>>()?;
    hand_out_rest(curves, &mut sizes, order);
    let place = |at: usize| chosen.iter().position(|one| *one == at).and_then(|at| venues.get(at));
    let part = |(venue, size): (usize, u128)| {
        let value = money(size, order.spot)?;
        let value = value.min(place(venue)?.room());
        let cost = place(venue)?.cost(value, order.buying)?;
        let cost = cost.checked_sub(i128::try_from(mul_div_down(value, rate, MILLION)?).ok()?)?;
        Some(Part { venue, size, cost })
    };
    sizes.into_iter().filter(|(_, size)| *size > 0).map(part).collect()
}

/// What rounding to whole token units has left goes where there is room for it, the largest part first.
fn hand_out_rest(curves: &[Curve], sizes: &mut [(usize, u128)], order: &Order) {
    sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let given = sizes.iter().fold(0_u128, |sum, (_, size)| sum.saturating_add(*size));
    let mut rest = order.size.saturating_sub(given) / order.grain * order.grain;
    for (at, size) in sizes.iter_mut() {
        let room = curve(curves, *at).room().saturating_sub(*size) / order.grain * order.grain;
        let more = rest.min(room);
        *size = size.saturating_add(more);
        rest = rest.saturating_sub(more);
    }
    sizes.sort_unstable_by_key(|(at, _)| *at);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SPOT: u128 = 2_000 * WAD;

    fn order(size: u128, leg: u128) -> Order {
        Order { size, grain: 1, buying: true, spot: SPOT, leg }
    }

    /// Cost k x^2 at ten sizes up to `most` units, less `gain` dollars a unit.
    fn square(k: i128, most: u128, gain: i128) -> Curve {
        let sample = |at: u128| {
            let units = most * at / 10;
            (units * WAD, k * (units as i128).pow(2) - gain * units as i128 * 1_000_000)
        };
        Curve((1..=10).map(sample).collect())
    }

    fn cost(parts: &[Part]) -> i128 {
        parts.iter().fold(0, |sum, part| sum + part.cost)
    }

    fn size(parts: &[Part]) -> u128 {
        parts.iter().fold(0, |sum, part| sum + part.size)
    }

    #[test]
    fn venues_share_by_depth_and_a_better_price_is_kept() {
        for gain in [0, 3] {
            let curves = [square(1_000, 1_000, gain), square(3_000, 1_000, gain)];
            let parts = route(&curves, &order(1_000 * WAD, 0)).expect("a split");
            let share = |at: usize| parts[at].size / WAD;
            assert_eq!(size(&parts), 1_000 * WAD);
            // Next units cost alike at 750 and 250; the samples are 100 apart.
            assert!((700..=800).contains(&share(0)), "{parts:?}");
            assert!((cost(&parts) < 0) == (gain > 0), "{parts:?}");
        }
    }

    #[test]
    fn a_leg_that_saves_less_than_its_gas_is_left_out() {
        let curves = [square(1_000, 1_000, 0), square(3_000, 1_000, 0)];
        assert_eq!(route(&curves, &order(1_000 * WAD, 0)).expect("a split").len(), 2);
        let parts = route(&curves, &order(1_000 * WAD, 400_000_000)).expect("a split");
        assert_eq!(parts, [Part { venue: 0, size: 1_000 * WAD, cost: 1_000_000_000 }]);
    }

    #[test]
    fn what_no_curve_reaches_is_left_and_units_are_whole() {
        let parts = route(&[square(1, 400, 0), Curve::default()], &order(1_000 * WAD, 9)).expect("a split");
        assert_eq!(parts.iter().map(|part| part.size).collect::<Vec<_>>(), [400 * WAD]);
        assert_eq!(route(&[], &order(WAD, 9)), Some(vec![]));
        let curves = [square(1_000, 1_000, 0), square(3_000, 1_000, 0)];
        let whole = Order { grain: WAD, spot: SPOT + 123_456_789, ..order(777 * WAD, 0) };
        let parts = route(&curves, &whole).expect("a split");
        assert!(parts.len() == 2 && parts.iter().all(|part| part.size % WAD == 0), "{parts:?}");
        assert_eq!(size(&parts), 777 * WAD);
    }

    #[test]
    fn of_many_venues_no_more_than_the_desk_takes() {
        let curves: Vec<Curve> = (1..=9).map(|k| square(k * 1_000, 1_000, 0)).collect();
        let parts = route(&curves, &order(1_000 * WAD, 0)).expect("a split");
        let venues: Vec<usize> = parts.iter().map(|part| part.venue).collect();
        assert!(venues.len() == MAX_LEGS && venues.starts_with(&[0, 1]), "{parts:?}");
        assert_eq!(size(&parts), 1_000 * WAD);
        // Six that share with no limit save a little on it, no more.
        let [six, four] = [&curves[..6], &curves[..4]].map(|curves| {
            let parts = over(curves, &(0..curves.len()).collect::<Vec<_>>(), &order(1_000 * WAD, 0));
            cost(&parts.expect("a split"))
        });
        assert!(cost(&parts) >= six && cost(&parts) <= four, "{six} {four} {}", cost(&parts));
    }

    proptest! {
        #[test]
        fn no_other_split_on_the_samples_is_cheaper(
            a in 1_000_i128..50_000, b in 1_000_i128..50_000, gain in 0_i128..5, at in 0_usize..=10,
        ) {
            let curves = [square(a, 1_000, gain), square(b, 1_000, 0)];
            let parts = route(&curves, &order(1_000 * WAD, 0)).expect("a split");
            let other = |curve: &Curve, at: usize| if at == 0 { 0 } else { curve.0[at - 1].1 };
            let other = other(&curves[0], at) + other(&curves[1], 10 - at);
            prop_assert!(cost(&parts) <= other + other.abs() / 100 + 10, "{} {other}", cost(&parts));
        }

        #[test]
        fn a_hull_never_costs_more_than_its_samples(costs in prop::collection::vec(-500_i128..1_000, 1..12)) {
            let samples: Vec<_> =
                costs.iter().enumerate().map(|(at, cost)| ((at as u128 + 1) * WAD, cost * 1_000)).collect();
            for (size, cost) in &samples {
                let parts = route(&[Curve(samples.clone())], &order(*size, 0)).expect("a split");
                prop_assert_eq!(parts[0].size, *size);
                prop_assert!(parts[0].cost <= *cost + 1);
            }
        }
    }
}
