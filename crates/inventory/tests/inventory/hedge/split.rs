use inventory::hedge::{Curve, MAX_VENUES, Pool, Venue, split};
use proptest::prelude::*;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const USD: u128 = 1_000_000;

fn pool(base: u128, fee: u32, fixed: u128) -> Venue<'static> {
    let curve = Curve::Pool(Pool { base: base * USD, quote: base * USD });
    Venue { fixed, fee, cap: base * USD / 2, curve }
}

#[test]
fn equal_pools_share_a_hedge_and_unequal_ones_by_depth() {
    let plan = split(100_000 * USD, &[pool(10_000_000, 500, 0), pool(30_000_000, 500, 0)], true).unwrap();
    let [small, large, ..] = plan.sizes;
    assert!(small.abs_diff(25_000 * USD) < 10 * USD && large.abs_diff(75_000 * USD) < 10 * USD, "{plan:?}");
    assert_eq!(small + large, 100_000 * USD);
}

#[test]
fn a_fixed_cost_that_is_not_earned_back_keeps_a_venue_out() {
    let venues = [pool(10_000_000, 500, 0), pool(10_000_000, 500, 600 * USD)];
    assert_eq!(split(100_000 * USD, &venues, false).unwrap().sizes[..2], [100_000 * USD, 0]);
    let large = split(1_000_000 * USD, &venues, false).unwrap();
    assert!(large.sizes[1] > 400_000 * USD, "{large:?}");
}

#[test]
fn what_venues_have_no_room_for_is_left() {
    let plan = split(20_000_000 * USD, &[pool(10_000_000, 500, 0), pool(1_000_000, 500, 0)], true).unwrap();
    assert_eq!(plan.size, 5_500_000 * USD);
    assert_eq!(split(USD, &[], true).unwrap().size, 0);
}

#[test]
fn of_venues_that_cost_the_same_the_first_is_filled_first() {
    let line = [(10 * USD, 5_000)];
    let venue = Venue { fixed: 0, fee: 0, cap: 10 * USD, curve: Curve::Sampled(&line) };
    assert_eq!(split(5 * USD, &[venue, venue], true).unwrap().sizes[..2], [5 * USD, 0]);
    assert_eq!(split(15 * USD, &[venue, venue], true).unwrap().sizes[..2], [10 * USD, 5 * USD]);
}

#[test]
fn of_splits_that_cost_the_same_the_first_venues_are_taken() {
    // Either pool alone: going to both costs its gas twice.
    let pools = [pool(10_000_000, 500, 600 * USD); 2];
    let plan = split(100_000 * USD, &pools, false).unwrap();
    assert_eq!(plan.sizes[..2], [100_000 * USD, 0]);
    let alone = split(100_000 * USD, &pools[1..], false).unwrap();
    assert_eq!(plan.cost, alone.cost);
}

#[test]
fn a_cheap_venue_is_filled_to_its_cap() {
    // Half of the hedge, and a power of two of its least step, costs a tenth of what the other half does.
    let size = 1 << 24;
    let (cheap, dear) = ([(size, size / 100)], [(size, size / 10)]);
    let cheap = Venue { fixed: 0, fee: 0, cap: size / 2, curve: Curve::Sampled(&cheap) };
    let dear = Venue { cap: size, curve: Curve::Sampled(&dear), ..cheap };
    for (venues, sizes) in [([cheap, dear], [size / 2; 2]), ([dear, cheap], [size / 2; 2])] {
        assert_eq!(split(size, &venues, true).unwrap().sizes[..2], sizes);
    }
}

#[test]
fn a_curve_that_is_not_convex_is_refused() {
    let bends = [(USD, 300), (2 * USD, 500)];
    let venue = Venue { fixed: 0, fee: 0, cap: USD, curve: Curve::Sampled(&bends) };
    assert_eq!(split(USD, &[venue], true), None);
    let flat = [(USD, 300), (USD, 300)];
    assert!(!Venue { curve: Curve::Sampled(&flat), ..venue }.check());
    let fine = [(USD, 300), (2 * USD, 600), (3 * USD, 1_000)];
    assert!(Venue { curve: Curve::Sampled(&fine), ..venue }.check());
    assert!(!Venue { fee: 1_000_000, ..pool(1, 0, 0) }.check());
    assert!(!Venue { fee: 1_000_000, curve: Curve::Sampled(&fine), ..venue }.check());
}

/// A venue that owns its curve.
struct Drawn {
    fixed: u128,
    fee: u32,
    cap: u128,
    curve: Result<Pool, Vec<(u128, u128)>>,
}

impl Drawn {
    fn new(random: &mut ChaCha8Rng) -> Self {
        let some = [0, random.random_range(0..5 * USD), random.random_range(0..100 * USD)];
        let fixed = some[random.random_range(0..3)];
        let fee = [0, 100, 500, 3_000][random.random_range(0..4)];
        if random.random() {
            let base = 10_u128.pow(random.random_range(11..15)) * random.random_range(10..100) / 10;
            // The pool's price is up to 0.2 % from the oracle's, against the hedger.
            let quote = base + base * random.random_range(0..2_000) / 1_000_000;
            return Self {
                fixed,
                fee,
                cap: base / random.random_range(2..100),
                curve: Ok(Pool { base, quote }),
            };
        }
        let (mut size, mut cost, mut slope) = (0, 0, random.random_range(0..2_000));
        let points = (0..random.random_range(1..8)).map(|_| {
            let run = random.random_range(1_000 * USD..200_000 * USD);
            size += run;
            cost += run * slope / 1_000_000;
            slope += random.random_range(1..3_000);
            (size, cost)
        });
        Self { fixed, fee, cap: 1 << 100, curve: Err(points.collect()) }
    }

    fn venue(&self) -> Venue<'_> {
        let curve = match &self.curve {
            Ok(pool) => Curve::Pool(*pool),
            Err(points) => Curve::Sampled(points),
        };
        Venue { fixed: self.fixed, fee: self.fee, cap: self.cap, curve }
    }
}

/// The cheapest on a grid, refined three times round the best point.
fn brute_force(size: u128, venues: &[Venue<'_>], buying: bool) -> Option<i128> {
    let cost = |venue: &Venue<'_>, size: u128| {
        if size == 0 { Some(0) } else { Some(venue.cost(size, buying)? + venue.fixed as i128) }
    };
    let at = |a: u128, b: u128| {
        let parts = [a, b, size.checked_sub(a)?.checked_sub(b)?];
        if parts[venues.len()..].iter().any(|part| *part != 0) {
            return None;
        }
        venues.iter().zip(parts).try_fold(0, |sum, (venue, part)| Some(sum + cost(venue, part)?))
    };
    let mut best: Option<(i128, u128, u128)> = None;
    let (mut centres, mut step) = (vec![(0, 0)], size / 60);
    let mut reach = 60_i128;
    for _ in 0..4 {
        for (a, b) in std::mem::take(&mut centres) {
            for i in -reach..=reach {
                for j in -reach..=reach {
                    let near = |centre: u128, i: i128| {
                        centre.checked_add_signed(i * step as i128).map(|x| x.min(size))
                    };
                    let (Some(a), Some(b)) = (near(a, i), near(b, j)) else { continue };
                    // Round numbers, and whatever the rest of the hedge or the room of a venue is.
                    let rest = |x: u128| size - x.min(size);
                    for (a, b) in [(a, b), (a, rest(a)), (rest(b), b), (a.min(venues[0].room()), b)] {
                        if let Some(cost) = at(a, b)
                            && best.is_none_or(|best| cost < best.0)
                        {
                            best = Some((cost, a, b));
                        }
                    }
                }
            }
        }
        let (_, a, b) = best?;
        centres.push((a, b));
        (reach, step) = (12, (step / 6).max(1));
    }
    best.map(|best| best.0)
}

#[test]
fn a_split_is_within_a_hundredth_of_brute_force() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (mut compared, mut several) = (0, 0);
    while compared < 1_000 {
        let drawn: Vec<_> = (0..random.random_range(1..=3)).map(|_| Drawn::new(&mut random)).collect();
        let list: Vec<_> = drawn.iter().map(Drawn::venue).collect();
        let room: u128 = list.iter().map(Venue::room).sum();
        let size = (10_u128.pow(random.random_range(10..12)) * random.random_range(10..100) / 10).min(room);
        let buying = random.random();
        let plan = split(size, &list, buying).unwrap();
        assert_eq!((plan.size, plan.sizes.iter().sum::<u128>()), (size, size));
        let Some(best) = brute_force(size, &list, buying) else { continue };
        compared += 1;
        several += usize::from(plan.sizes.iter().filter(|size| **size != 0).count() > 1);
        assert!(plan.cost <= best + best.abs() / 100 + 4, "{} {best} {list:?} {size}", plan.cost);
    }
    assert!(several > 300, "only {several} splits use several venues");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_split_adds_up_and_never_costs_more_than_one_venue(
        bases in proptest::collection::vec((1_000_000..1_000_000_000_u128, 0..5_000_u32, 0..50_000_000_u128), 1..=MAX_VENUES), size in 1..400_000_u128, buying: bool,
    ) {
        let venues: Vec<_> = bases.into_iter().map(|(base, fee, fixed)| pool(base, fee, fixed)).collect();
        let size = size * USD;
        let plan = split(size, &venues, buying).unwrap();
        prop_assert_eq!(plan.sizes.iter().sum::<u128>(), size);
        let mut cost = 0;
        for (venue, part) in venues.iter().zip(plan.sizes).filter(|(_, part)| *part != 0) {
            prop_assert!(part <= venue.room());
            cost += venue.cost(part, buying).unwrap() + venue.fixed as i128;
        }
        prop_assert_eq!(plan.cost, cost);
        for venue in &venues {
            if let Some(alone) = venue.cost(size, buying) {
                prop_assert!(plan.cost <= alone + venue.fixed as i128);
            }
        }
    }

    #[test]
    fn a_pool_costs_what_its_product_says(base in 1_000_000..1_000_000_000_u128, off in -5_000..5_000_i128, part in 1..400_u128, fee in 0..10_000_u32) {
        let quote = (base as i128 * (1_000_000 + off) / 1_000_000) as u128;
        let venue = Venue { fixed: 0, fee, cap: u128::MAX, curve: Curve::Pool(Pool { base: base * USD, quote: quote * USD }) };
        let size = base * USD * part / 1_000;
        let (x, y, q, kept) = (base as f64, quote as f64, size as f64 / 1e6, 1.0 - f64::from(fee) / 1e6);
        let buy = y * q / (x - q) / kept - q;
        let sell = q - y * q * kept / (x + q * kept);
        let near = |cost: i128, exact: f64| (cost as f64 / 1e6 - exact).abs() <= 1e-5 + q * 1e-12;
        prop_assert!(near(venue.cost(size, true).unwrap(), buy) && near(venue.cost(size, false).unwrap(), sell));
    }
}
