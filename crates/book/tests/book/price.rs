//! A trade is priced as the book that it makes: its premium is value, the change of J and the spread, or the least that any is.

use book::{Mark, Order, Position, Priced, Spots, Stored, price};
use inventory::{Coefficients, Profile};
use options::Kind::{Call, Put};
use proptest::prelude::*;

use crate::stage::{DAY, GRID, Holding, LOT, NOW, UNIT, USD, expiry, holding, holdings, marked, order};

pub(crate) const PROFILE: Profile = Profile {
    risk_aversion: 400_000_000_000,
    vol: 700_000,
    delta_horizon: 3_600,
    gamma_horizon: DAY,
    carry_horizon: DAY,
    vega_horizon: DAY,
    vol_of_vol: 50_000,
    hedge_cost: 800,
    deviation: 5_000,
    vol_step: 10_000,
    fee: 300,
    surface_heartbeat: 3_600,
    max_surface_age: 14_400,
    hedge_fixed_cost: 200_000,
    min_band: 5_000,
    max_band: 500_000,
};

/// A profile that looks at nothing but delta, and hates it.
const AVERSE: Profile = Profile {
    risk_aversion: 10_000_000_000_000_000,
    delta_horizon: 30 * DAY,
    gamma_horizon: 0,
    carry_horizon: 0,
    vega_horizon: 0,
    ..PROFILE
};

/// A leg and which of the two expiries it is in.
type Leg = (bool, Holding);

fn book(near: &[Holding], far: &[Holding]) -> [Stored; 2] {
    // Places in storage need not be those in the mark.
    [expiry(4, 7, 90, near), expiry(2, 60, 70, far)]
}

fn orders(legs: &[Leg]) -> Vec<Order> {
    legs.iter().map(|(far, holding)| order(if *far { 2 } else { 4 }, *holding)).collect()
}

/// What the legs make of the vault's book, each counted against it.
fn with_legs(holdings: &[Holding], legs: &[Leg], far: bool) -> Vec<Holding> {
    let sold =
        legs.iter().filter(|leg| leg.0 == far).map(|(_, (strike, kind, lots))| (*strike, *kind, -lots));
    holdings.iter().copied().chain(sold).collect()
}

fn greeks(position: &Position) -> (i128, i128, Option<[i128; 2]>, i128, i128, i128) {
    let vega = position.vega().unwrap();
    (position.value, position.delta, position.reserve, position.swing, position.gamma, vega)
}

fn priced(stored: &[Stored], legs: &[Leg], hedge: i128) -> (Priced, Mark) {
    let mut mark = marked(stored);
    let priced = price(&PROFILE, &mut mark, &orders(legs), hedge).unwrap();
    (priced, mark)
}

fn legs() -> impl Strategy<Value = Vec<Leg>> {
    prop::collection::vec((any::<bool>(), holding(5_000)), 1..=4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// The mark, the trade added to it, is the mark of the book after the trade, to the bit; and J is charged between the two.
    #[test]
    fn a_trade_makes_the_book_that_is_marked_anew(
        near in holdings(20_000, 4), far in holdings(20_000, 4), legs in legs(), hedge in -1_000_000 * USD..1_000_000 * USD,
    ) {
        let (priced, mark) = priced(&book(&near, &far), &legs, hedge);
        let after = marked(&book(&with_legs(&near, &legs, false), &with_legs(&far, &legs, true)));
        prop_assert_eq!(greeks(&priced.before), greeks(&marked(&book(&near, &far)).position().unwrap()));
        prop_assert_eq!(greeks(&priced.after), greeks(&after.position().unwrap()));
        prop_assert_eq!(greeks(&mark.position().unwrap()), greeks(&priced.after));
        for (traded, anew) in mark.expiries.iter().zip(&after.expiries) {
            prop_assert_eq!(format!("{:?}", traded.stored), format!("{:?}", anew.stored));
        }
        let (quote, coefficients) = (priced.quote, Coefficients::new(&PROFILE));
        let risk = |position: &Position| position.risk(&coefficients, hedge).unwrap() as i128;
        prop_assert_eq!(quote.charge, risk(&priced.after) - risk(&priced.before));
        prop_assert_eq!(quote.value, -priced.net.value);
        prop_assert_eq!(quote.premium, quote.value + quote.charge + quote.spread as i128);
    }

    /// What a trade changes is a book of its own, whatever the vault holds: the sum of its legs, and each leg by itself.
    #[test]
    fn the_change_of_a_trade_is_a_book_of_its_legs(near in holdings(20_000, 4), far in holdings(20_000, 4), legs in legs()) {
        let (priced, _) = priced(&book(&near, &far), &legs, 0);
        let alone = |legs: &[Leg]| {
            marked(&book(&with_legs(&[], legs, false), &with_legs(&[], legs, true))).position().unwrap()
        };
        prop_assert_eq!(greeks(&priced.net), greeks(&alone(&legs)));
        prop_assert_eq!(priced.legs.len(), legs.len());
        for (leg, [swing, vega]) in legs.iter().zip(priced.legs) {
            let leg = alone(&[*leg]);
            prop_assert_eq!((swing, vega), (leg.swing, leg.vega().unwrap()));
        }
    }

    /// With nothing else to pay for, the spread is the fee on the spot value of all lots, bought and sold.
    #[test]
    fn the_fee_is_on_the_gross_size(legs in legs()) {
        let profile = Profile { risk_aversion: 1, hedge_cost: 0, deviation: 0, vol_step: 0, ..PROFILE };
        let mut mark = marked(&book(&[], &[]));
        let quote = price(&profile, &mut mark, &orders(&legs), 0).unwrap().quote;
        let lots: i128 = legs.iter().map(|(_, (_, _, lots))| i128::from(*lots).abs()).sum();
        // 28 USD a lot, of which 300 millionths; the sum of the legs' values is rounded once, the bounds' is above it by nothing.
        prop_assert_eq!(quote.spread as i128, lots * 28 * 300);
    }

    /// A trade that frees the vault of more risk than its premium is worth still pays the bound, the sum of its legs': bought options their
    /// intrinsic value at the worse end of the deviation band and the fee, sold ones all that they could ever bring.
    #[test]
    fn no_premium_is_below_the_bounds_of_its_legs(legs in legs(), dollars in 1_600..4_200_i128) {
        let spots = Spots::here(LOT, dollars as u64 * 100_000_000).unwrap();
        let mut mark = Mark::new(book(&[], &[]).into_iter(), spots, NOW).unwrap();
        // A billion USD of hedge against the very trade: J falls by far more than the trade is worth.
        let delta = taken(&mark, &legs);
        if delta.abs() <= 10 * USD {
            return Ok(());
        }
        let quote = price(&AVERSE, &mut mark, &orders(&legs), delta.signum() * 1_000_000_000 * USD).unwrap().quote;
        let spot = dollars * USD;
        // Spot at both ends of half a percent, in thousandths; the fee of three in ten thousand.
        let [low, high, tick] = [spot * 995 / 1_000, spot * 1_005 / 1_000, spot * 3];
        let bound: i128 = legs.iter().map(|(_, (strike, kind, lots))| {
            let (strike, lots) = (i128::from(GRID.base + GRID.step * u64::from(*strike)), i128::from(*lots));
            // In ten thousandths.
            let each = match (kind, lots > 0) {
                (Call, true) => (high - strike).max(0) * 10_000 + tick,
                (Put, true) => (strike - low).max(0) * 10_000 + tick,
                (Call, false) => low * 10_000,
                (Put, false) => strike * 10_000,
            };
            lots * each
        }).sum();
        let exact = bound.div_euclid(10_000 * i128::from(UNIT));
        prop_assert!((exact..=exact + 2).contains(&quote.premium), "{} {exact}", quote.premium);
    }
}

/// Cash delta that the legs take from the vault.
fn taken(mark: &Mark, legs: &[Leg]) -> i128 {
    let traded = book(&with_legs(&[], legs, false), &with_legs(&[], legs, true));
    -Mark::new(traded.into_iter(), mark.spots, NOW).unwrap().position().unwrap().delta
}
