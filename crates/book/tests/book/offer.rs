//! Which trades are offered, and what each refusal says: books without vol, where deltas and payoffs are whole.

use book::{
    Brokered, Error, Hedge, Mark, Order, Refusal, Request, Rules, Spots, Stored, Unreachable, mark, offer,
    price, worst_case, worst_loss,
};
use inventory::hedge::Span;
use inventory::{CapError, Caps, Profile};
use options::Kind::{Call, Put};
use proptest::prelude::*;

use crate::limits::{RULES, hedge, still};
use crate::price::PROFILE;
use crate::stage::{
    Holding, LOT, NOW, RESERVE, SPOT, UNIT, USD, expiry, holding, holdings, marked, order, request,
};

/// Nothing is charged for but what the book is worth.
const FREE: Profile =
    Profile { risk_aversion: 1, hedge_cost: 0, deviation: 0, vol_step: 0, fee: 0, ..PROFILE };

/// A vault that nothing but the limits in question holds back: it is owed a billion USD.
fn rich(book: &[Holding], legs: &[Holding]) -> Request {
    let orders: Vec<Order> = legs.iter().map(|leg| order(0, *leg)).collect();
    Request { receivable: 1_000_000_000_000_000, orders, ..request(vec![still(book)]) }
}

fn refused(request: &Request) -> Option<Refusal> {
    offer(&RULES, request).err()
}

/// The premium of a request's orders [micro-USD].
fn premium(request: &Request) -> i128 {
    let mut mark = marked(&request.stored);
    price(&PROFILE, &mut mark, &request.orders, request.hedge.value).unwrap().quote.premium
}

#[test]
fn a_premium_that_cash_does_not_cover_is_refused() {
    // The trader sells a call back; the hedge of both is there.
    let request = Request { hedge: hedge(5_600), ..rich(&[(7, Call, -2 * UNIT)], &[(7, Call, -UNIT)]) };
    let cost = -premium(&request);
    assert!(cost > 250 * USD, "{cost}");
    let with = |free| Request { free, ..request.clone() };
    assert_eq!(refused(&with(cost + 1)), None);
    assert_eq!(refused(&with(cost)), None);
    let needed = cost.unsigned_abs();
    let cash = |available| Some(Refusal::Unreachable(Unreachable::Cash { needed, available }));
    assert_eq!(refused(&with(cost - 1)), cash(needed - 1));
    assert_eq!(refused(&with(-cost)), cash(0));
}

#[test]
fn what_brings_cash_is_done_while_claims_wait() {
    // The trader buys a call, and the hedge of it is there.
    let buys = Request { free: -1_000 * USD, hedge: hedge(5_600), ..rich(&[], &[(7, Call, UNIT)]) };
    assert!(premium(&buys) > 0);
    assert_eq!(refused(&buys), None);
    // A trade for nothing: the trader gives an option that is worth a micro-USD and a half, and the least spread is one.
    let rules = Rules { profile: FREE, ..RULES };
    let spot = SPOT + 15_000;
    let gives = Request {
        free: -1_000 * USD,
        spot,
        hedge: hedge(5_600),
        ..rich(&[(7, Call, -UNIT)], &[(10, Call, -1)])
    };
    let offered = offer(&rules, &gives).map(|offer| (offer.quote.premium, offer.quote.spread));
    assert_eq!(offered, Ok((0, 1)));
}

#[test]
fn a_hedge_that_would_have_to_be_short_is_refused() {
    let sells = rich(&[], &[(7, Call, -UNIT)]);
    let with = |brokered| Request { free: 10_000 * USD, brokered, ..sells.clone() };
    // All of spot, at the highest of the three.
    let short = |short| Some(Refusal::Unreachable(Unreachable::Short { short }));
    assert_eq!(refused(&with(None)), short(3_220_000_000));
    let carries = |short| Some(Brokered { value: 0, equity: 0, short, margin: 100_000 });
    assert_eq!(refused(&with(carries(3_000))), short(220_000_000));
    assert_eq!(refused(&with(carries(3_220))), None);
    // A book that is out of reach may come nearer, and no further.
    let long = |lots| Request { free: 10_000 * USD, ..rich(&[(7, Call, 3 * UNIT)], &[(7, Call, lots)]) };
    assert_eq!(refused(&long(UNIT)), None);
    assert_eq!(refused(&long(-1)), short(3 * 3_220_000_000 + 32_200_000));
}

#[test]
fn a_hedge_that_cash_does_not_buy_is_refused_with_what_there_would_be() {
    let buys = rich(&[], &[(7, Call, UNIT)]);
    let with = |free| Request { free, ..buys.clone() };
    let (needed, paid) = (3_220 * USD, premium(&buys));
    assert!(paid > 300 * USD, "{paid}");
    assert_eq!(refused(&with(needed - paid)), None, "the premium is cash too");
    let cash = |available| {
        Some(Refusal::Unreachable(Unreachable::Cash { needed: needed.unsigned_abs(), available }))
    };
    assert_eq!(refused(&with(needed - paid - 1)), cash(needed.unsigned_abs() - 1));
    assert_eq!(refused(&with(-2 * needed)), cash(0));
    // What is missing is missing with less of the same risk, too.
    let sells = Request { free: 0, ..rich(&[(7, Call, -UNIT)], &[(7, Call, -1)]) };
    let cost = -premium(&sells);
    assert_eq!(refused(&Request { free: cost, ..sells }), None);
}

#[test]
fn a_cap_on_greeks_holds_for_book_and_hedge_together() {
    let buys = Request { free: 10_000 * USD, hedge: hedge(2_800), ..rich(&[], &[(7, Call, 2 * UNIT)]) };
    let capped = |delta| offer(&Rules { caps: Caps { delta, ..RULES.caps }, ..RULES }, &buys).err();
    assert_eq!(capped(2_800_000_000), None);
    let error = CapError::Delta { delta: -2_800 * USD, cap: 2_799_999_999 };
    assert_eq!(capped(2_799_999_999), Some(Refusal::Cap(error)));
}

/// NAV is cash, hedges, what the broker has beside them, the book and what accounts owe; it must leave a tenth of itself beside the loss.
#[test]
fn a_loss_that_nav_does_not_bear_is_refused_with_both() {
    // A put at 2,300 costs all of it at spot 0; it is worth nothing, and at the reserve's 2,380 still.
    let buys = rich(&[], &[(5, Put, UNIT)]);
    let paid = premium(&buys);
    let base = Request { free: 500 * USD, receivable: 1_000_000_000, ..buys };
    let loss = 2_300_000_001;
    let refusal = |nav: i128| {
        let missing = loss + nav.unsigned_abs().div_ceil(10) - nav.unsigned_abs();
        Some(Refusal::Solvency { nav, loss, missing })
    };
    assert_eq!(refused(&base), refusal(1_500 * USD + paid));
    // The broker has 300 and a short that costs 100 to close: the hedge is worth -100, and 400 are beside it.
    let brokered = Some(Brokered { value: -100 * USD, equity: 300_000_000, short: 10_000, margin: 100_000 });
    let at_broker = Request { brokered, hedge: Hedge { lots: 0, value: -100 * USD }, ..base.clone() };
    let paid_there = premium(&at_broker);
    let Some(Refusal::Solvency { nav, .. }) = refused(&at_broker) else { panic!("offered") };
    assert_eq!(nav, 500 * USD + 1_000 * USD + 300 * USD + paid_there);
    // Nine tenths of NAV are the loss and what accounts leave uncovered.
    let enough = |free, uncovered| refused(&Request { free, uncovered, ..base.clone() });
    let least = 2_555_555_557 - 1_000_000_000 - paid;
    assert_eq!(enough(least, 0), None);
    assert!(enough(least - 1, 0).is_some() && enough(least, 1).is_some());
}

#[test]
fn what_adds_no_loss_is_offered_whatever_nav_is() {
    // Puts out that cost 2,300 at spot 0, and ten USD to pay them.
    let poor = |leg| Request { free: 10 * USD, receivable: 0, ..rich(&[(5, Put, -UNIT)], &[leg]) };
    // A call that pays nothing there is no loss more, and no less.
    assert_eq!(refused(&poor((20, Call, -UNIT))), None);
    assert_eq!(refused(&poor((5, Put, -1))), None, "one put less");
    assert!(matches!(refused(&poor((5, Put, 1))), Some(Refusal::Solvency { loss: 2_323_000_001, .. })));
}

#[test]
fn what_cannot_be_computed_is_said() {
    let bare = Stored { slice: None, ..still(&[]) };
    let error = Error::SurfaceMissing { expiry: bare.header.expiry };
    let orders = vec![order(0, (7, Call, 1))];
    let missing = Request { orders, ..request(vec![bare]) };
    assert_eq!(refused(&missing), Some(Refusal::Failed(error)));
    // What is open elsewhere without a slice leaves no trade, no mark and no loss to count.
    let bare = Stored { slice: None, ..expiry(1, 60, 80, &[(3, Call, -1)]) };
    let hidden = Request { stored: vec![still(&[]), bare], ..rich(&[], &[(7, Call, 1)]) };
    let error = Error::SurfaceMissing { expiry: hidden.stored[1].header.expiry };
    assert_eq!(refused(&hidden), Some(Refusal::Failed(error)));
    assert_eq!(mark(&RULES, hidden.clone()), Err(error));
    assert_eq!(worst_loss(&RULES, hidden), Err(error));
    let nowhere = Request { orders: vec![order(3, (7, Call, 1))], ..rich(&[], &[]) };
    assert_eq!(refused(&nowhere), Some(Refusal::Failed(Error::Overflow)));
    let most = rich(&[(7, Call, i32::MIN)], &[(7, Call, 1)]);
    assert_eq!(refused(&most), Some(Refusal::Failed(Error::Overflow)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// An offer is the price of its orders, and the ring of recent trades has the trade's delta as a size, away from zero.
    #[test]
    fn an_offer_is_the_price_of_its_orders(
        near in holdings(2_000, 4), legs in prop::collection::vec(holding(500), 1..=3), cents in 180_000..380_000_u64, young in any::<[u64; 2]>(),
    ) {
        let spot = cents * 1_000_000 + 7;
        let before = Span { last: NOW - 1, up: young[0].into(), down: young[1].into(), edge: 3 };
        let orders: Vec<Order> = legs.iter().map(|leg| order(0, *leg)).collect();
        let brokered = Some(Brokered { short: u32::MAX, ..Brokered::default() });
        let request = Request {
            spot,
            free: 1_000_000_000 * USD,
            young: before.pack(),
            orders,
            brokered,
            ..request(vec![expiry(0, 30, 80, &near)])
        };
        let spots = Spots::with_reserve(LOT, spot, RESERVE).unwrap();
        let mut mark = Mark::new(request.stored.iter().cloned(), spots, NOW).unwrap();
        let priced = price(&PROFILE, &mut mark, &request.orders, 0).unwrap();
        let offered = offer(&RULES, &request).unwrap();
        prop_assert_eq!(offered.quote, priced.quote);
        prop_assert_eq!(offered.net, [priced.net.swing, priced.net.vega().unwrap()]);
        prop_assert_eq!(offered.legs, priced.legs);
        let size = |after: u128, before: u128| i128::try_from(after - before).unwrap();
        let (up, down) = (size(offered.young.up, before.up), size(offered.young.down, before.down));
        // 1e-18 of the underlying times 1e-8 USD, in micro-USD.
        let (size, cash) = (up + down, priced.net.delta.abs() * 100_000_000_000_000_000_000);
        let other = if priced.net.delta > 0 { down } else { up };
        prop_assert_eq!(other, 0);
        prop_assert!(size * i128::from(spot) >= cash && (size - 1) * i128::from(spot) < cash, "{size} {cash}");
        prop_assert_eq!(offered.young.last, NOW);
        prop_assert_eq!(worst_loss(&RULES, request).unwrap(), worst_case(&marked_at(&near, spots), &Hedge::default()).unwrap().worst);
    }
}

fn marked_at(book: &[Holding], spots: Spots) -> Mark {
    Mark::new([expiry(0, 30, 80, book)].into_iter(), spots, NOW).unwrap()
}
