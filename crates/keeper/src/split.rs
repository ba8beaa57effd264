//! A hedge split over venues so that the next unit costs the same in each.
//!
//! Each venue is a curve of cost against size, sampled. The lower convex hull of the samples is cut into segments, and the cheapest segments of
//! all venues are taken first: for convex costs nothing is cheaper. A leg has a price of its own (its gas), so every set of venues is tried.

/// Most legs that the vault takes.
pub const MAX_LEGS: usize = 4;
/// Most venues that are tried in every combination.
const MAX_VENUES: usize = 8;

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

/// A straight piece of a curve.
#[derive(Clone, Copy)]
struct Segment {
    venue: usize,
    size: u128,
    cost: i128,
}

impl Segment {
    /// Orders by cost per size, without rounding.
    fn is_cheaper(&self, other: &Self) -> bool {
        let rate = |segment: &Self| segment.cost as f64 / segment.size as f64;
        rate(self) < rate(other)
    }
}

impl Curve {
    /// The curve's lower convex hull from the origin, piece by piece.
    fn segments(&self, venue: usize) -> Vec<Segment> {
        let mut hull: Vec<Segment> = Vec::new();
        let (mut at, mut paid) = (0_u128, 0_i128);
        for (size, cost) in &self.0 {
            if *size <= at {
                continue;
            }
            let mut next = Segment { venue, size: size - at, cost: cost.saturating_sub(paid) };
            (at, paid) = (*size, *cost);
            while let Some(last) = hull.pop_if(|last| next.is_cheaper(last)) {
                next.size = next.size.saturating_add(last.size);
                next.cost = next.cost.saturating_add(last.cost);
            }
            hull.push(next);
        }
        hull
    }
}

/// The cheapest split of `size` over the curves, each leg costing `leg` on top [micro-USD]. As much of it as the curves reach.
#[must_use]
pub fn split(curves: &[Curve], size: u128, leg: i128) -> Vec<Part> {
    let count = curves.len().min(MAX_VENUES);
    let plans = (1_u32..1 << count).filter(|set| set.count_ones() as usize <= MAX_LEGS).map(|set| {
        let chosen = curves.iter().enumerate().take(count).filter(|(venue, _)| set >> venue & 1 == 1);
        fill(chosen.flat_map(|(venue, curve)| curve.segments(venue)).collect(), size)
    });
    let worth = |parts: &[Part]| {
        let filled: u128 = parts.iter().fold(0, |sum, part| sum.saturating_add(part.size));
        let legs = i128::try_from(parts.len()).unwrap_or(i128::MAX).saturating_mul(leg);
        let cost = parts.iter().fold(legs, |sum, part| sum.saturating_add(part.cost));
        (std::cmp::Reverse(filled), cost)
    };
    plans.min_by_key(|parts| worth(parts)).unwrap_or_default()
}

/// Takes the cheapest segments first.
fn fill(mut segments: Vec<Segment>, size: u128) -> Vec<Part> {
    // Stable, so a hull's segments stay in their order.
    segments.sort_by(|one, other| {
        if one.is_cheaper(other) {
            std::cmp::Ordering::Less
        } else if other.is_cheaper(one) {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Equal
        }
    });
    let mut parts: Vec<Part> = Vec::new();
    let mut left = size;
    for segment in segments {
        let taken = segment.size.min(left);
        if taken == 0 {
            break;
        }
        left -= taken;
        let cost =
            if taken == segment.size { segment.cost } else { part_of(segment.cost, taken, segment.size) };
        match parts.iter_mut().find(|part| part.venue == segment.venue) {
            Some(part) => {
                part.size = part.size.saturating_add(taken);
                part.cost = part.cost.saturating_add(cost);
            }
            None => parts.push(Part { venue: segment.venue, size: taken, cost }),
        }
    }
    parts
}

/// `cost` times `taken` / `size`, a cost rounded up and a gain down.
fn part_of(cost: i128, taken: u128, size: u128) -> i128 {
    let part = |round: fn(u128, u128, u128) -> Option<u128>| {
        i128::try_from(round(cost.unsigned_abs(), taken, size).unwrap_or(u128::MAX)).unwrap_or(i128::MAX)
    };
    if cost < 0 { part(maths::mul_div_down).saturating_neg() } else { part(maths::mul_div_up) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Cost k x^2 at ten sizes up to `most`.
    fn square(k: i128, most: u128) -> Curve {
        let sample = |at: u128| (most * at / 10, k * (most as i128 * at as i128 / 10).pow(2));
        Curve((1..=10).map(sample).collect())
    }

    #[test]
    fn the_next_unit_costs_the_same_in_each() {
        let parts = split(&[square(1, 1_000), square(3, 1_000)], 1_000, 0);
        let size = |venue| parts.iter().find(|part| part.venue == venue).map_or(0, |part| part.size);
        // k x is equal: 750 and 250, on samples a hundred apart.
        assert_eq!(size(0) + size(1), 1_000);
        assert!((700..=800).contains(&size(0)), "{parts:?}");
    }

    #[test]
    fn a_leg_that_saves_less_than_its_gas_is_left_out() {
        let curves = [square(1, 1_000), square(3, 1_000)];
        assert_eq!(split(&curves, 1_000, 0).len(), 2);
        assert_eq!(split(&curves, 1_000, 300_000), [Part { venue: 0, size: 1_000, cost: 1_000_000 }]);
    }

    #[test]
    fn what_no_curve_reaches_is_left() {
        assert_eq!(
            split(&[square(1, 400), Curve::default()], 1_000, 9).first().map(|part| part.size),
            Some(400)
        );
        assert_eq!(split(&[], 1_000, 9), []);
    }

    proptest! {
        #[test]
        fn no_other_split_on_the_samples_is_cheaper(a in 1_i128..50, b in 1_i128..50, at in 0_usize..=10) {
            let curves = [square(a, 1_000), square(b, 1_000)];
            let cost = |parts: &[Part]| parts.iter().map(|part| part.cost).fold(0, i128::saturating_add);
            let best = cost(&split(&curves, 1_000, 0));
            let other = |curve: &Curve, at: usize| if at == 0 { 0 } else { curve.0[at - 1].1 };
            prop_assert!(best <= other(&curves[0], at) + other(&curves[1], 10 - at));
        }

        #[test]
        fn a_hull_never_costs_more_than_its_samples(costs in prop::collection::vec(-500_i128..1_000, 1..12)) {
            let samples: Vec<_> = costs.iter().enumerate().map(|(at, cost)| ((at as u128 + 1) * 10, *cost)).collect();
            for (size, cost) in &samples {
                let parts = split(&[Curve(samples.clone())], *size, 0);
                prop_assert_eq!(parts[0].size, *size);
                prop_assert!(parts[0].cost <= *cost + 1);
            }
        }
    }
}
