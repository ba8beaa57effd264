//! What can still be hedged and paid, in books without vol, whose deltas are whole: how far hedges reach, what they take, and which trades are
//! refused for it.

use book::{Brokered, Hedge, Request, Rules, Stored, mark};
use inventory::Caps;
use inventory::hedge::{Order, Reach};
use options::Kind::{Call, Put};

use crate::price::PROFILE;
use crate::stage::{Holding, LOT, RESERVE, UNIT, USD, expiry, request};

pub(crate) const RULES: Rules = Rules {
    profile: PROFILE,
    lot: LOT,
    reserve: RESERVE,
    caps: Caps { delta: u128::MAX, gamma: u128::MAX, vega: u128::MAX },
    buffer: 100_000,
};

/// A book of one expiry in 30 days, without vol.
pub(crate) fn still(book: &[Holding]) -> Stored {
    expiry(0, 30, 0, book)
}

/// A hedge that is worth so many USD.
pub(crate) fn hedge(dollars: i128) -> Hedge {
    Hedge { lots: ((dollars * i128::from(UNIT)) << 32) / 2_800, value: dollars * USD }
}

fn brokered(value: i128, equity: i64, short: u32) -> Brokered {
    Brokered { value: value * USD, equity: equity * 1_000_000, short, margin: 100_000 }
}

/// Cash that hedging a book asks for [micro-USD].
fn needed(book: &[Holding], hedged: i128, brokered: Option<Brokered>) -> u128 {
    let request = Request { hedge: hedge(hedged), brokered, ..request(vec![still(book)]) };
    mark(&RULES, request).unwrap().needed
}

#[test]
fn a_hedge_needs_what_it_costs_at_the_worst_of_three_spots() {
    // A call short at 2,500: nothing below at 2,380, all of spot here and above.
    let call = [(7, Call, -UNIT)];
    assert_eq!(needed(&call, 0, None), 3_220_000_000);
    // A hedge moves with spot: a unit is all that is needed, less of it leaves 15 % more to buy above.
    assert_eq!(needed(&call, 2_800, None), 0);
    assert_eq!(needed(&call, 2_000, None), (3_220 - 2_300) * 1_000_000);
    // A call short at 3,000 is hedged above alone.
    assert_eq!(needed(&[(12, Call, -UNIT)], 0, None), 3_220_000_000);
    // A put long at 2,500 asks for a hedge below alone, and one at 2,700 there as well.
    assert_eq!(needed(&[(7, Put, UNIT)], 0, None), 2_380_000_000);
    assert_eq!(needed(&[(7, Put, UNIT), (9, Put, UNIT)], 2_800, None), (2 * 2_380 - 2_380) * 1_000_000);
    // Nobody needs cash for a hedge that is to be sold.
    assert_eq!(needed(&[(7, Call, UNIT)], 0, None), 0);
}

#[test]
fn what_is_at_the_broker_buys_hedges() {
    let call = [(7, Call, -UNIT)];
    // A short of 100 USD with 300 of equity: 400 come back when it is bought back.
    assert_eq!(needed(&call, 2_000, Some(brokered(-100, 300, 0))), (3_220 - 2_300 - 400) * 1_000_000);
    assert_eq!(needed(&call, 2_000, Some(brokered(0, 0, 0))), (3_220 - 2_300) * 1_000_000);
    // Positions that owe more than they are worth bring nothing, and take nothing.
    assert_eq!(needed(&call, 2_000, Some(brokered(500, 300, 0))), (3_220 - 2_300) * 1_000_000);
}

#[test]
fn a_short_hedge_takes_its_margin_beside_the_equity() {
    // 2,380, 2,800 and 3,220 USD to be short: a tenth of the most of it, and a micro-USD.
    let long = [(3, Call, UNIT)];
    assert_eq!(needed(&long, 0, Some(brokered(0, 0, 10_000))), 322_000_001);
    assert_eq!(needed(&long, 0, Some(brokered(0, 100, 10_000))), 222_000_001);
    assert_eq!(needed(&long, 0, Some(brokered(0, 322, 10_000))), 1);
    assert_eq!(needed(&long, 0, Some(brokered(0, 323, 10_000))), 0);
    // No more than may be short.
    assert_eq!(needed(&long, 0, Some(brokered(0, 0, 3_000))), 300_000_001);
    assert_eq!(needed(&long, 0, Some(brokered(0, 0, 0))), 0);
}

#[test]
fn hedges_reach_from_what_margin_carries_to_what_cash_buys() {
    let reach = |free: i128, hedged: i128, brokered| {
        let request = Request { free: free * USD, hedge: hedge(hedged), brokered, ..request(Vec::new()) };
        let Reach { low, high } = request.reach().unwrap();
        assert_eq!((low % USD, high % USD), (0, 0));
        (low / USD, high / USD)
    };
    assert_eq!(reach(500, 2_000, None), (0, 2_500));
    assert_eq!(reach(-500, 2_000, None), (0, 2_000), "what is owed buys nothing");
    // Cash and equity of 800 carry ten times that; a short of 100 comes back with its equity.
    assert_eq!(reach(500, 2_000, Some(brokered(-100, 300, 50_000))), (-8_000, 2_900));
    assert_eq!(reach(500, 2_000, Some(brokered(-100, 300, 7_000))), (-7_000, 2_900));
    assert_eq!(reach(500, 2_000, Some(brokered(-100, -50, 50_000))), (-5_000, 2_550));
    assert_eq!(reach(0, -2_000, Some(brokered(-2_000, -2_500, 50_000))), (0, 0), "no short is out of reach");
    let most = Request { free: i128::MAX, brokered: Some(brokered(0, 1, 1)), ..request(Vec::new()) };
    assert_eq!(most.reach(), None);
}

#[test]
fn what_venues_have_to_execute_is_told_in_money() {
    let request = request(Vec::new());
    // A third of the underlying, towards zero.
    let third = 333_333_333_333_333_333;
    assert_eq!(request.ordered(third, 7), Some(Order { size: 933_333_333, placed: 7 }));
    assert_eq!(request.ordered(-third, 9), Some(Order { size: -933_333_333, placed: 9 }));
}
