//! Every input has an answer: a value or a typed error, over the full range of each type, and never a panic.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "test arithmetic stays far inside its types; a panic is a failed test"
)]

use core::num::Wrapping;

use options::{
    Error, ForwardError, GridError, ImpliedError, Kind, MAX_STRIKES, Market, Moves, SPOTS, Scale, Series,
    Slice, SliceError, Stress, StrikeGrid, Terminal, Terms, TermsError, Totals, VOLS, is_expiry, lots,
};
use proptest::prelude::*;

/// 1.0 as Q62, Q60 and Q30.
const ONE: i128 = 1 << 62;
const ONE_Q60: i64 = 1 << 60;
const ONE_Q30: i32 = 1 << 30;
const TEN_YEARS: u32 = 315_360_000;

const TERMS: Terms =
    Terms { spot: 280_000_000_000, strike: 2_800_000_000, seconds: 2_592_000, rate: 0, carry: 0 };
const VOL: u64 = 1 << 59;
const SLICE: Slice = Slice {
    a: 1 << 30,
    b: 1 << 33,
    rho: -1 << 20,
    m: 1 << 24,
    s: 1 << 34,
    forward: 2_800_000_000,
    updated_at: 0,
};

/// Of any magnitude, so that a range of few bits is met as often as one of many.
fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(number, down)| number >> down)
}

fn signed() -> impl Strategy<Value = i64> {
    (any::<i64>(), 0..64_u32).prop_map(|(number, down)| number >> down)
}

fn short() -> impl Strategy<Value = u32> {
    (any::<u32>(), 0..32_u32).prop_map(|(number, down)| number >> down)
}

fn terms() -> impl Strategy<Value = Terms> {
    (number(), number(), short(), signed(), signed()).prop_map(|(spot, strike, seconds, rate, carry)| Terms {
        spot,
        strike,
        seconds,
        rate,
        carry,
    })
}

/// A slice of any words: not only what [`Slice::unpack`] can give.
fn slices() -> impl Strategy<Value = Slice> {
    (signed(), signed(), any::<i32>(), any::<i32>(), signed(), number(), any::<u32>())
        .prop_map(|(a, b, rho, m, s, forward, updated_at)| Slice { a, b, rho, m, s, forward, updated_at })
}

fn moves() -> impl Strategy<Value = Option<[Wrapping<i64>; 2]>> {
    proptest::option::of((signed(), signed()).prop_map(|(below, above)| [Wrapping(below), Wrapping(above)]))
}

fn value(change: impl Fn(&mut Terms)) -> Option<TermsError> {
    let mut terms = TERMS;
    change(&mut terms);
    terms.value(VOL).err()
}

fn market(spot: u64, seconds: u32, rate: i32, slice_seconds: u32) -> Option<Error> {
    Market::new(spot, seconds, rate, &SLICE, slice_seconds).err()
}

fn slice(change: impl Fn(&mut Slice)) -> Result<(), SliceError> {
    let mut slice = SLICE;
    change(&mut slice);
    slice.check()
}

/// The first value beyond each bound is refused by name, the last one inside is priced.
#[test]
fn terms_out_of_range_are_refused_by_name() {
    let forward = |error| Some(TermsError::Forward(error));
    assert_eq!(value(|_| ()), None);
    assert_eq!(value(|terms| terms.spot = 0), forward(ForwardError::Spot));
    assert_eq!(value(|terms| terms.spot = (1 << 54) + 1), forward(ForwardError::Spot));
    assert_eq!(value(|terms| terms.spot = 1 << 54), None);
    assert_eq!(value(|terms| terms.strike = 0), Some(TermsError::Strike));
    assert_eq!(value(|terms| terms.strike = (1 << 48) + 1), Some(TermsError::Strike));
    assert_eq!(value(|terms| terms.strike = 1 << 48), None);
    assert_eq!(value(|terms| terms.seconds = TEN_YEARS + 1), forward(ForwardError::Time));
    assert_eq!(value(|terms| terms.seconds = TEN_YEARS), None);
    assert_eq!(TERMS.value(1 << 63), Err(TermsError::Vol));
    assert!(TERMS.value((1 << 63) - 1).is_ok());
    let both = Terms { strike: (1 << 48) + 1, ..TERMS };
    assert_eq!(both.value(1 << 63), Err(TermsError::Strike), "and no two faults make a value");
}

#[test]
fn rates_out_of_range_are_refused_by_name() {
    let refused = Some(TermsError::Forward(ForwardError::Rate));
    for beyond in [4 * i128::from(ONE_Q60), -4 * i128::from(ONE_Q60) - 1, i64::MAX.into(), i64::MIN.into()] {
        let beyond = i64::try_from(beyond).unwrap_or(i64::MIN);
        assert_eq!(value(|terms| terms.rate = beyond), refused, "rate {beyond}");
        assert_eq!(value(|terms| terms.carry = beyond), refused, "carry {beyond}");
    }
    assert_eq!(value(|terms| terms.rate = (1 << 62) - 1), None);
    // 2.0 in ten years, then one unit of Q30 less.
    let grown = |rate: i64, carry: i64| {
        value(|terms| (terms.seconds, terms.rate, terms.carry) = (TEN_YEARS, rate, carry))
    };
    let fifth = ONE_Q60 / 5 + (1 << 30);
    assert_eq!(grown(fifth, 0), refused);
    assert_eq!(grown(-fifth, 0), refused);
    assert_eq!(grown(fifth - (2 << 30), 0), None);
    assert_eq!(grown(fifth, fifth), refused, "carry alone may not reach 2.0");
    // e^-cT of a negative carry: to 0.4375 in ten years.
    assert_eq!(grown(0, -(ONE_Q60 / 10 * 7 / 16)), None);
    assert_eq!(grown(0, -(ONE_Q60 / 10 * 7 / 16) - (1 << 30)), refused);
    let year = |carry: i64| value(|terms| (terms.seconds, terms.carry) = (31_536_000, carry));
    assert_eq!(year(-(7 << 56)), None, "0.4375 in a year is in");
    assert_eq!(year(-(7 << 56) - 8), refused);
}

#[test]
fn markets_out_of_range_are_refused_by_name() {
    let (spot, seconds) = (TERMS.spot, TERMS.seconds);
    assert_eq!(market(spot, seconds, 0, seconds), None);
    assert_eq!(market(spot, seconds + 1, 0, seconds), Some(Error::Time));
    assert_eq!(market(spot, 0, 0, 0), Some(Error::Time));
    assert_eq!(market(spot, seconds, 0, TEN_YEARS + 1), Some(Error::Time));
    assert_eq!(market(0, seconds, 0, seconds), Some(Error::Forward(ForwardError::Spot)));
    assert_eq!(market((1 << 54) + 1, seconds, 0, seconds), Some(Error::Forward(ForwardError::Spot)));
    assert_eq!(market(spot, TEN_YEARS, ONE_Q30 / 4, TEN_YEARS), Some(Error::Forward(ForwardError::Rate)));
    assert_eq!(market(spot, TEN_YEARS, -ONE_Q30 / 6, TEN_YEARS), None);
}

#[test]
fn slices_out_of_range_are_refused_by_name() {
    const FOUR: i64 = 1 << 38;
    assert_eq!(slice(|_| ()), Ok(()));
    assert_eq!(slice(|slice| slice.a = FOUR), Err(SliceError::Range));
    assert_eq!(slice(|slice| slice.a = -FOUR - 1), Err(SliceError::Range));
    assert_eq!(slice(|slice| slice.b = -1), Err(SliceError::Range));
    assert_eq!(slice(|slice| slice.m = 1 << 30), Err(SliceError::Range));
    assert_eq!(slice(|slice| slice.m = i32::MIN), Err(SliceError::Range));
    assert_eq!(slice(|slice| slice.s = FOUR), Err(SliceError::Range));
    assert_eq!(slice(|slice| slice.forward = 0), Err(SliceError::Range));
    assert_eq!(slice(|slice| slice.forward = 1 << 48), Err(SliceError::Range));
    assert_eq!(slice(|slice| slice.rho = 1 << 22), Err(SliceError::Rho));
    assert_eq!(slice(|slice| slice.rho = i32::MIN), Err(SliceError::Rho));
    assert_eq!(slice(|slice| slice.s = 0), Err(SliceError::Sigma));
    assert_eq!(slice(|slice| slice.s = i64::MIN), Err(SliceError::Sigma));
    assert_eq!(slice(|slice| slice.a = -(1 << 36)), Err(SliceError::NegativeVariance));
    assert_eq!(slice(|slice| slice.b = (2 << 36) + 1), Err(SliceError::Wing));
    assert_eq!(slice(|slice| slice.b = i64::MAX), Err(SliceError::Wing));
    // On the bounds themselves.
    assert_eq!(slice(|slice| slice.a = -FOUR), Err(SliceError::NegativeVariance));
    assert_eq!(slice(|slice| (slice.a, slice.b, slice.rho) = (0, 2 << 36, 0)), Ok(()));
    assert_eq!(slice(|slice| (slice.a, slice.b) = (0, 0)), Ok(()));
}

#[test]
fn grids_and_ids_out_of_range_are_refused() {
    assert_eq!(StrikeGrid::new(1, 1, 0), Err(GridError::Count));
    assert_eq!(StrikeGrid::new(1, 1, MAX_STRIKES + 1), Err(GridError::Count));
    assert_eq!(StrikeGrid::new(0, 1, 1), Err(GridError::Range));
    assert_eq!(StrikeGrid::new(1, 0, 1), Err(GridError::Range));
    assert_eq!(StrikeGrid::new(1 << 48, 1, 1), Err(GridError::Range));
    assert_eq!(StrikeGrid::new(1, u64::MAX, 64), Err(GridError::Range));
    assert_eq!(Series::from_id(2), None, "a kind that is neither call nor put");
    assert_eq!(Series::from_id(1 << 88), None, "an expiry beyond 32 bits");
    assert_eq!(Series::from_id(u128::MAX), None);
}

#[test]
fn an_id_is_expiry_strike_and_kind_and_an_expiry_is_at_eight() {
    let (expiry, strike) = (1_800_000_000, 2_800_000_000);
    for (kind, last) in [(Kind::Call, 0), (Kind::Put, 1)] {
        let id = 1_800_000_000 << 56 | 2_800_000_000 << 8 | last;
        assert_eq!(Series { expiry, strike, kind }.id(), id);
        assert_eq!(Series::from_id(id), Some(Series { expiry, strike, kind }));
    }
    assert!([28_800, 1_800_000_000].map(is_expiry) == [true, true]);
    assert!([0, 28_799, 86_400, 1_800_003_600].map(is_expiry) == [false; 4]);
    let grid = StrikeGrid::new(1_000, 100, 3).unwrap();
    assert_eq!([0, 2, 3].map(|index| grid.strike(index)), [Some(1_000), Some(1_200), None]);
}

/// Why an option [USD 2,800, 30 days] has no implied vol at a price.
fn implied(kind: Kind, price: i128, change: impl Fn(&mut Terms)) -> Option<ImpliedError> {
    let mut terms = TERMS;
    change(&mut terms);
    terms.implied_vol(kind, price).err()
}

/// K D / S [Q62], by parity.
fn strike_value(strike: u64) -> i128 {
    let value = Terms { strike, ..TERMS }.value(0).unwrap();
    ONE - i128::from(value.call) + value.put
}

#[test]
fn a_price_without_a_vol_says_why() {
    use Kind::{Call, Put};
    let (tenth, in_the_money) = (ONE / 10, |terms: &mut Terms| terms.strike = 1_400_000_000);
    let half = ONE - strike_value(1_400_000_000);
    assert_eq!(implied(Call, tenth, |_| ()), None);
    assert_eq!(implied(Call, 0, |terms| terms.strike *= 2), Some(ImpliedError::Low { by: 0 }));
    assert_eq!(implied(Put, -7, |_| ()), Some(ImpliedError::Low { by: 7 }));
    assert_eq!(implied(Call, half - 5, in_the_money), Some(ImpliedError::Low { by: 5 }));
    assert_eq!(implied(Call, ONE + 3, in_the_money), Some(ImpliedError::High { by: 3 }));
    assert_eq!(implied(Put, ONE - half, in_the_money), Some(ImpliedError::High { by: 0 }));
    assert_eq!(implied(Call, i128::MIN, |_| ()), Some(ImpliedError::Low { by: i128::MAX }));
    assert_eq!(implied(Call, tenth, |terms| terms.seconds = 0), Some(ImpliedError::Expired));
    assert_eq!(implied(Call, tenth, |terms| terms.seconds = 1), Some(ImpliedError::Vol));
    let strike = Some(ImpliedError::Terms(TermsError::Strike));
    assert_eq!(implied(Call, tenth, |terms| terms.strike = 0), strike);
    let rate = Some(ImpliedError::Terms(TermsError::Forward(ForwardError::Rate)));
    assert_eq!(implied(Call, tenth, |terms| terms.carry = 1 << 62), rate);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn any_price_has_a_vol_or_an_error(terms in terms(), kind in any::<bool>(), price in any::<i128>(), down in 0..128_u32) {
        let kind = if kind { Kind::Call } else { Kind::Put };
        if let Ok(vol) = terms.implied_vol(kind, price >> down) {
            prop_assert!(terms.value(vol).is_ok(), "{vol}");
        }
    }

    #[test]
    fn any_terms_have_a_value_or_an_error(terms in terms(), vol in number()) {
        if let Ok(value) = terms.value(vol) {
            prop_assert!(value.call >= 0 && value.put >= 0 && value.vega >= 0 && value.gamma >= 0, "{value:?}");
            prop_assert!(value.call_delta >= 0 && value.put_delta <= 0, "{value:?}");
            prop_assert!(value.call <= value.call_delta.saturating_sub(value.put_delta), "{value:?}");
        }
    }

    /// Rates so small that the growth is always in range: all of these have a value.
    #[test]
    fn all_terms_in_range_have_a_value(
        spot in 1..=1_u64 << 54, strike in 1..=1_u64 << 48, seconds in 0..=TEN_YEARS,
        rate in -ONE_Q60 / 10..ONE_Q60 / 10, carry in -ONE_Q60 / 25..ONE_Q60 / 25, vol in 0..1_u64 << 63
    ) {
        let value = Terms { spot, strike, seconds, rate, carry }.value(vol);
        prop_assert!(value.is_ok(), "{value:?}");
    }

    #[test]
    fn any_market_prices_any_strike(
        spot in number(), times in (short(), short()), rate in any::<i32>(), slice in slices(), strike in number(), moves in moves()
    ) {
        let (seconds, slice_seconds) = times;
        if let Ok(market) = Market::new(spot, seconds, rate, &slice, slice_seconds) {
            let (call, put) = (market.call(strike), market.put(strike));
            prop_assert_eq!(put.price.wrapping_sub(call.price), market.strike_value(strike).wrapping_sub(ONE));
            prop_assert_eq!(market.call_and_moved(strike, moves).greeks, call);
            prop_assert_eq!(market.put_and_moved(strike, moves).greeks, put);
        }
    }

    #[test]
    fn any_book_has_sums(
        spot in number(), times in (short(), short()), slice in slices(), grid in (number(), number(), any::<u8>()),
        slot in any::<u8>(), word in any::<[u8; 32]>(), puts in (signed(), signed())
    ) {
        let (seconds, slice_seconds) = times;
        let (base, step, count) = grid;
        if let Ok(market) = Market::new(spot, seconds, 0, &slice, slice_seconds) {
            let grid = StrikeGrid { base, step, count };
            let mut totals = Totals::default();
            totals.add_slot(&market, None, &grid, slot, &word);
            totals.add_puts(puts.0, puts.1, &grid, &market);
            let once = totals;
            totals.merge(&once);
            prop_assert_eq!(lots(&word).count(), 8);
        }
    }

    #[test]
    fn any_book_has_values_in_scenarios_or_an_error(
        spot in number(), times in (short(), short()), slice in slices(), grid in (number(), number(), any::<u8>()),
        word in any::<[u8; 32]>(), puts in (signed(), signed()), moves in any::<[i32; SPOTS]>(), changes in any::<[i32; VOLS]>(),
    ) {
        let (seconds, slice_seconds) = times;
        let (base, step, count) = grid;
        let few = |numbers: [i32; SPOTS]| numbers.map(|number| number >> 12);
        let scales = changes.map(|change| Scale::new(change >> 12));
        let (Ok(moves), [Ok(down), Ok(flat), Ok(up)]) = (Moves::new(&few(moves)), scales) else { return Ok(()) };
        if let Ok(market) = Market::new(spot, seconds, 0, &slice, slice_seconds) {
            let grid = StrikeGrid { base, step, count };
            let mut stress = Stress::default();
            stress.add_slot(&market, &moves, &[down, flat, up], &grid, count, &word);
            stress.add_puts(&market, &grid, puts.0, puts.1);
            let all = lots(&word).fold(0, |sum, lots| sum + u64::from(lots.unsigned_abs()));
            prop_assert_eq!(stress.values(&moves).is_err(), all >= 1 << 30);
        }
    }

    #[test]
    fn any_payoff_has_a_least_value_or_none(
        grid in (number(), number(), any::<u8>()), word in any::<[u8; 32]>(), puts in (signed(), signed()),
        hedge in any::<i128>(), down in 0..128_u32, spots in (number(), number()),
    ) {
        let (base, step, count) = grid;
        let grid = StrikeGrid { base, step, count };
        let line = Terminal::new(&grid, lots(&word), puts, hedge >> down, [spots.0, spots.1]);
        if let Some(line) = line {
            prop_assert!((spots.0..=spots.1).contains(&line.at));
        }
    }

    #[test]
    fn any_slices_are_checked_against_each_other(
        a in slices(), b in slices(), grid in (number(), number(), any::<u8>()), times in (short(), short()), most in number(),
    ) {
        let (base, step, count) = grid;
        let grid = StrikeGrid { base, step, count };
        let _ = (a.check_butterfly(&grid), a.check_calendar(&b), a.check_step(times.0, (&b, times.1), &grid, most));
    }

    /// What a stored word unpacks to packs to that word, whether or not it is a slice.
    #[test]
    fn any_word_unpacks_and_is_checked(word in any::<[u8; 32]>()) {
        let slice = Slice::unpack(&word);
        prop_assert_eq!(slice.pack(), word);
        if slice.check().is_ok() {
            prop_assert!(slice.rho.unsigned_abs() < 1 << 22 && slice.s > 0 && slice.forward > 0, "{slice:?}");
        }
    }

    #[test]
    fn any_slice_is_checked(slice in slices()) {
        if slice.check().is_ok() {
            prop_assert_eq!(Slice::unpack(&slice.pack()), slice);
        }
    }

    #[test]
    fn any_grid_is_checked(base in number(), step in number(), count in any::<u8>(), index in any::<u8>(), strike in number()) {
        let loose = StrikeGrid { base, step, count };
        let _ = (loose.strike(index), loose.index_of(strike));
        if let Ok(grid) = StrikeGrid::new(base, step, count) {
            prop_assert_eq!(grid.strike(index).is_some(), index < count);
            if let Some(strike) = grid.strike(index) {
                prop_assert!(strike > 0 && strike >> 48 == 0);
                prop_assert_eq!(grid.index_of(strike), Some(index));
            }
        }
    }

    #[test]
    fn any_id_is_of_one_series_or_none(high in number(), low in any::<u64>(), time in any::<u32>()) {
        let id = u128::from(high) << 56 | u128::from(low) & ((1 << 56) - 1);
        if let Some(series) = Series::from_id(id) {
            prop_assert_eq!(series.id(), id);
        }
        prop_assert_eq!(is_expiry(time), time % 86_400 == 28_800);
    }
}
