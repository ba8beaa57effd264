//! Laws of the premium, at one market state.

use inventory::{
    Blend, Bucket, Coefficients, Depth, Exposure, Profile, Quote, QuoteError, Trade, quote, spread_floor,
    static_bound,
};
use proptest::prelude::*;

use crate::market::{Book, DAY, ETH, LIMIT, USD, amount, books, profile};

/// What a unit of some series is: what it adds to the vault's book, and its value, exact to 1e-6 of a micro-USD.
#[derive(Clone, Debug)]
struct Series {
    book: Book,
    value: i128,
    ends: [i128; 2],
    notional: i128,
    /// Per unit bought and sold.
    bounds: [i128; 2],
}

const FINE: i128 = 1_000_000;

fn ceil(fine: i128) -> i128 {
    -(-fine).div_euclid(FINE)
}

impl Series {
    /// A trade of `size` units, positive bought by the trader, out of the book `state`.
    fn trade(&self, size: i128, state: &Book) -> (Book, i128, [i128; 2], u128, i128) {
        let net = self.book.map(|x| -x * size);
        let after = state.combine(&net, |a, b| a + b);
        let [bought, sold] = self.bounds;
        let bound = if size > 0 { bought } else { sold };
        (
            after,
            ceil(self.value * size),
            self.ends.map(|end| ceil(end * size)),
            (self.notional * size).unsigned_abs(),
            ceil(bound * size),
        )
    }
}

/// Quotes of a market.
struct Desk {
    profile: Profile,
    coefficients: Coefficients,
}

impl Desk {
    fn new(profile: Profile) -> Self {
        Self { profile, coefficients: Coefficients::new(&profile) }
    }

    fn quote(&self, series: &Series, size: i128, state: &Book) -> (Quote, Book) {
        let (after, value, ends, notional, bound) = series.trade(size, state);
        let net = after.combine(state, |a, b| a - b);
        let trade = Trade {
            before: state.exposure(),
            after: after.exposure(),
            net: net.exposure(),
            value,
            ends,
            notional,
            bound,
        };
        (quote(&self.profile, &self.coefficients, &trade).unwrap(), after)
    }

    fn floor(&self, series: &Series, size: i128) -> u128 {
        let net = series.book.map(|x| x * size);
        spread_floor(&self.profile, &net.exposure(), (series.notional * size).unsigned_abs()).unwrap()
    }

    fn premium(&self, series: &Series, size: i128, state: &Book) -> i128 {
        self.quote(series, size, state).0.premium
    }

    fn charge(&self, series: &Series, size: i128, state: &Book) -> i128 {
        self.quote(series, size, state).0.charge
    }
}

/// A book to start from and three series on its expiries; amounts up to 2^40 micro-USD a unit.
fn market() -> impl Strategy<Value = (Profile, Book, [Series; 3])> {
    let numbers = any::<[[i64; 3]; 3]>();
    (profile(), books::<4>(), numbers).prop_map(|(profile, [state, a, b, c], numbers)| {
        let mut series = [a, b, c].into_iter().zip(numbers).map(|(book, [value, curve, notional])| {
            let book = book.map(|x| x / 16_384);
            // Ends as delta and gamma have them, to 2^-20 or so of the whole; half of the series have a third order as well.
            let deviation = i128::from(profile.deviation);
            let (slope, bend) = (book.delta * deviation, book.gamma * deviation * deviation / 2 / FINE);
            let third = if curve % 2 == 0 { 0 } else { slope / 1_000 };
            let value = i128::from(value >> 8);
            let ends = [value - slope + bend - third, value + slope + bend + third];
            let bounds = [
                ends[0].max(ends[1]) - i128::from(curve >> 12).abs(),
                ends[0].min(ends[1]) + i128::from(curve >> 10).abs(),
            ];
            Series { book, value, ends, notional: i128::from(notional >> 30).abs(), bounds }
        });
        let series = [series.next().unwrap(), series.next().unwrap(), series.next().unwrap()];
        (profile, state.map(|x| x / 4), series)
    })
}

fn sizes() -> impl Strategy<Value = [i128; 6]> {
    any::<[i8; 6]>().prop_map(|sizes| sizes.map(i128::from))
}

/// What rounding in J may add: two units and 2^-36 of the greatest J.
fn slack(desk: &Desk, states: &[&Book]) -> i128 {
    let greatest =
        states.iter().map(|state| desk.coefficients.risk(&state.exposure()).unwrap()).max().unwrap();
    2 + (greatest >> if desk.profile.carry_horizon == 0 { 52 } else { 36 }) as i128
}

#[test]
fn a_trade_on_an_old_surface_is_refused_with_its_age() {
    let vega = [0, 14_400].map(|surface_age| Bucket { seconds: 30 * DAY, vega: USD, surface_age });
    let trade = Trade { net: Exposure { vega: &vega, ..Default::default() }, ..Default::default() };
    let answer = quote(&ETH, &Coefficients::new(&ETH), &trade);
    assert_eq!(answer, Err(QuoteError::StaleSurface { bucket: 1, age: 14_400, limit: 14_400 }));
}

#[test]
fn a_trade_beyond_the_domain_is_refused() {
    let coefficients = Coefficients::new(&ETH);
    let extreme = Exposure { delta: i128::MAX, ..Default::default() };
    let bucket = [Bucket { seconds: DAY, vega: 8, surface_age: 0 }];
    let weights = [Depth { bucket: 0, vega: [1; 8], weights: Blend::still([200, 0, 0, 0, 0, 0, 0, 0]) }];
    let weightless = Exposure { vega: &bucket, depth: &weights, ..Default::default() };
    let nowhere = Exposure { depth: &weights, ..Default::default() };
    for trade in [
        Trade { before: extreme, ..Default::default() },
        Trade { after: extreme, ..Default::default() },
        Trade { net: extreme, ..Default::default() },
        Trade { after: weightless, ..Default::default() },
        Trade { after: nowhere, ..Default::default() },
        Trade { value: i128::MAX, ..Default::default() },
        Trade { value: i128::MIN, bound: i128::MAX, ..Default::default() },
        Trade { ends: [i128::MAX, 0], notional: 1_000_000, ..Default::default() },
        Trade { notional: u128::MAX, ..Default::default() },
    ] {
        assert_eq!(quote(&ETH, &coefficients, &trade), Err(QuoteError::Domain), "{trade:?}");
    }
}

#[test]
fn no_premium_is_below_the_bound() {
    let trade = Trade { value: 100, bound: 5_000, ..Default::default() };
    let answer = quote(&ETH, &Coefficients::new(&ETH), &trade);
    assert_eq!(answer, Ok(Quote { premium: 5_000, value: 100, charge: 0, spread: 4_900 }));
}

#[test]
fn static_bounds_take_spot_at_the_worse_end() {
    let ends = [1_990, 2_010];
    assert_eq!(static_bound(false, true, ends, 1_800, 3), 213);
    assert_eq!(static_bound(false, true, ends, 2_020, 3), 3);
    assert_eq!(static_bound(true, true, ends, 2_000, 3), 13);
    assert_eq!(static_bound(true, true, ends, 1_980, 3), 3);
    assert_eq!(static_bound(false, false, ends, 1_800, 3), 1_990);
    assert_eq!(static_bound(true, false, ends, 1_800, 3), 1_800);
}

/// With the delta term alone the quotes are Avellaneda's and Stoikov's: s + (1 - 2q) g s^2 t / 2 and s - (1 + 2q) g s^2 t / 2.
#[test]
fn the_limit_of_one_asset_is_the_closed_form() {
    let profile = Profile {
        risk_aversion: 100_000_000_000_000,
        vol: 800_000,
        delta_horizon: DAY,
        ..Profile::default()
    };
    let desk = Desk::new(Profile { surface_heartbeat: 1, max_surface_age: 2, ..profile });
    let unit = 1_000_000 * USD;
    let spot = unit * FINE;
    let asset = Series {
        book: Book { delta: unit, ..Default::default() },
        value: spot,
        ends: [spot; 2],
        notional: unit,
        // Far out: arithmetic prices have no bounds.
        bounds: [-1_000 * spot, 1_000 * spot],
    };
    let variance = 1e-4 * 0.8 * 0.8 / 365.0 * 1e12 / 2.0 * 1e6;
    for q in -50..=50_i128 {
        let state = Book { delta: q * unit, ..Default::default() };
        let (ask, bid) = (desk.premium(&asset, 1, &state), -desk.premium(&asset, -1, &state));
        let expected = |sign: f64| spot as f64 * 1e-6 + (sign - 2.0 * q as f64) * variance;
        for (price, expected) in [(ask, expected(1.0)), (bid, expected(-1.0))] {
            assert!(
                (price as f64 - expected).abs() <= 1e-9 * (expected - spot as f64 * 1e-6).abs() + 2.0,
                "at q = {q}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// Trades at one state, then all of them closed: the charges sum to exactly nothing, and the trader has lost the spreads.
    #[test]
    fn no_sequence_at_one_state_gains((profile, start, series) in market(), sizes in sizes(), order: [u8; 6]) {
        let desk = Desk::new(profile);
        let mut state = start.clone();
        let mut held = [0_i128; 3];
        let (mut paid, mut charges, mut least) = (0, 0, 0);
        let mut run = |index: usize, size: i128, state: &mut Book| {
            let (quote, after) = desk.quote(&series[index], size, state);
            paid += quote.premium;
            charges += quote.charge;
            least += desk.floor(&series[index], size).max(1) as i128;
            *state = after;
        };
        for (pick, size) in order.iter().zip(sizes) {
            let index = usize::from(*pick) % 3;
            held[index] += size;
            run(index, size, &mut state);
        }
        for (index, held) in held.iter().enumerate() {
            run(index, -held, &mut state);
        }
        prop_assert_eq!(&state, &start);
        prop_assert_eq!(charges, 0);
        prop_assert!(paid >= least && least > 0);
    }

    #[test]
    fn splitting_is_never_cheaper((profile, state, series) in market(), [a, b, ..] in sizes()) {
        let desk = Desk::new(profile);
        let [series, ..] = series;
        let (a, b) = (a.abs(), b.abs());
        for sign in [1, -1] {
            let (first, between) = desk.quote(&series, sign * a, &state);
            let second = desk.premium(&series, sign * b, &between);
            prop_assert!(first.premium + second >= desk.premium(&series, sign * (a + b), &state));
        }
    }

    /// Legs of different series together are never dearer than one after the other, whatever their signs.
    #[test]
    fn legs_in_one_trade_are_never_dearer((profile, state, series) in market(), [a, b, ..] in sizes()) {
        let desk = Desk::new(profile);
        let [one, two, _] = series;
        let both = Series {
            book: one.book.combine(&two.book, |x, y| a * x + b * y),
            value: a * one.value + b * two.value,
            ends: [0, 1].map(|end| a * one.ends[end] + b * two.ends[end]),
            notional: (a * one.notional).abs() + (b * two.notional).abs(),
            bounds: [a * one.bounds[usize::from(a <= 0)] + b * two.bounds[usize::from(b <= 0)]; 2],
        };
        let (first, between) = desk.quote(&one, a, &state);
        let second = desk.premium(&two, b, &between);
        prop_assert!(first.premium + second >= desk.premium(&both, 1, &state));
    }

    #[test]
    fn a_bid_never_exceeds_an_ask((profile, state, series) in market(), [size, ..] in sizes()) {
        let desk = Desk::new(profile);
        let [series, ..] = series;
        let (ask, up) = desk.quote(&series, size, &state);
        let (bid, down) = desk.quote(&series, -size, &state);
        let floor = 2 * desk.floor(&series, size).max(1) as i128;
        prop_assert!(ask.premium + bid.premium >= floor - slack(&desk, &[&state, &up, &down]));
        // To the last unit where J is a whole number of units below 2^36.
        if slack(&desk, &[&state, &up, &down]) == 2 {
            prop_assert!(ask.premium >= -bid.premium);
        }
    }

    /// Each next unit costs as much as the last or more, both ways.
    #[test]
    fn premiums_are_convex_in_size((profile, state, series) in market(), [size, ..] in sizes()) {
        let desk = Desk::new(profile);
        let [series, ..] = series;
        let step = if size < 0 { -1 } else { 1 };
        let (sizes, states): (Vec<_>, Vec<_>) = [size, size + step, size + 2 * step]
            .map(|size| desk.quote(&series, size, &state)).into_iter().map(|(quote, after)| (quote.premium, after)).unzip();
        let bend = sizes[2] - 2 * sizes[1] + sizes[0];
        // The values and the floor are rounded up: two units each.
        prop_assert!(bend >= -4 - slack(&desk, &[&states[0], &states[1], &states[2]]), "{}", bend);
    }

    #[test]
    fn quotes_of_an_empty_vault_are_symmetric((profile, state, series) in market(), [size, ..] in sizes()) {
        let desk = Desk::new(profile);
        let empty = state.map(|_| 0);
        let [series, ..] = series;
        // Without bounds, and with ends that have no third order: those are one-sided by nature.
        let deviation = i128::from(profile.deviation);
        let (slope, bend) = (series.book.delta * deviation, series.book.gamma * deviation * deviation / 2 / FINE);
        let ends = [series.value - slope + bend, series.value + slope + bend];
        let series = Series { ends, bounds: [i128::from(i64::MIN), i128::from(i64::MAX)], ..series };
        let half = |size: i128| {
            let quote = desk.quote(&series, size, &empty).0;
            (quote.charge, quote.premium - quote.value)
        };
        let ((up_charge, up), (down_charge, down)) = (half(size), half(-size));
        prop_assert_eq!(up_charge, down_charge);
        prop_assert!(up.abs_diff(down) <= 2, "{} {}", up, down);
        prop_assert!(up > 0 && up >= up_charge && up_charge >= 0);
    }

    /// Inventory of a greek lowers what the vault asks and bids for more of it, against the quotes of an empty vault.
    #[test]
    fn inventory_shifts_quotes_against_itself(profile in profile(), held in amount(), traded in 1..LIMIT / 128, days in 1..400_u32) {
        let desk = Desk::new(profile);
        let held = held / 64;
        let vega = |vega| vec![Bucket { seconds: days * DAY, vega, surface_age: 0 }];
        let strip = |vega: i128| vec![Depth { bucket: 0, vega: [0, vega as i64, 0, 0, 0, 0, 0, 0], weights: Blend::still([25; 8]) }];
        let of = |delta, gamma, vegas| Book { delta, gamma, vega: vega(vegas), depth: strip(vegas) };
        for (state, unit) in [
            (of(held, 0, 0), of(traded, 0, 0)),
            (of(0, held, 0), of(0, traded, 0)),
            (of(0, 0, held), of(0, 0, traded)),
        ] {
            let series = Series { book: unit, value: 0, ends: [0; 2], notional: 0, bounds: [i128::MIN >> 40, i128::MAX >> 40] };
            let empty = state.map(|_| 0);
            let (_, after) = desk.quote(&series, 1, &state);
            let (_, before) = desk.quote(&series, -1, &state);
            let slack = slack(&desk, &[&state, &after, &before]);
            // The vault sells a unit, or buys it.
            for size in [1, -1] {
                let shift = desk.charge(&series, size, &state) - desk.charge(&series, size, &empty);
                let expected = -held.signum() * size;
                prop_assert!(shift * expected >= -slack, "{} {} {:?}", shift, expected, series);
            }
        }
    }
}
