//! What positions count for, and what is brought back of them, to the unit: before adapters that say what they were told.

use alloy_sol_types::{SolCall as _, SolError as _};
use host::alloy_primitives::{Address, I256, U256};
use interfaces::broker::IBroker;
use interfaces::position::IPositionVenue;

use crate::broker_bounds::{adapter, dollars, position, Adapter, Told, CAP, MARGIN, NOTICE};
use crate::market::{signed, usdc, wad, DAY, SPOT};

/// Anyone brings back what lies over.
fn collect(told: &mut Told, venue: Address) -> U256 {
    told.anyone(IBroker::collectCall { venue }).expect("what lies over").0
}

#[test]
fn what_counts_follows_the_price_and_not_what_a_venue_says_more() {
    // 11,200 USD of margin on 28,000; a hundred dollars of the price are a thousand of the position.
    for (size, up) in [(-10.0, -1_000.0), (10.0, 1_000.0)] {
        let mut told = Told::holding(size);
        let [venue, _] = told.venues;
        told.tell(venue, position(size, 1e6, 0.0));
        for (price, equity) in [(2_800.0, 11_200.0), (2_900.0, 11_200.0 + up), (2_700.0, 11_200.0 - up)] {
            let held = told.held(price);
            assert_eq!((held.size, held.equity), (signed(size), dollars(equity)), "{size} at {price}");
        }
        // A loss counts at once, whatever the price.
        told.tell(venue, position(size, 500.0, 0.0));
        assert_eq!(told.held(2_700.0).equity, dollars(500.0));
    }
}

#[test]
fn what_counts_grows_by_a_fifth_a_year_for_a_day() {
    let mut told = Told::holding(-10.0);
    let [venue, _] = told.venues;
    told.tell(venue, position(-10.0, 1e6, 0.0));
    let start = told.market.now();
    // A fifth of 28,000 + 11,200 USD a year.
    for (seconds, growth) in [(0, 0), (3_600, 894_977), (DAY, 21_479_452), (3 * DAY, 21_479_452)] {
        told.market.stage.chain.world.warp(start + seconds);
        let equity = dollars(11_200.0) + I256::try_from(growth).expect("a number");
        assert_eq!(told.held(SPOT).equity, equity, "{seconds}");
    }
    // A checkpoint makes it the next day's beginning.
    told.market.stage.push_price(SPOT).expect("a round");
    told.anyone(IBroker::checkpointCall {}).expect("a checkpoint");
    told.market.stage.chain.world.warp(start + 4 * DAY);
    let grown = told.held(SPOT).equity - dollars(11_200.0 + 21.479_452);
    assert_eq!(grown, I256::try_from(21_491_221).expect("a number"));
}

#[test]
fn nothing_has_gained_before_anything_was_held() {
    for size in [-10.0, 10.0] {
        let mut told = Told::open();
        let [venue, _] = told.venues;
        told.tell(venue, position(size, 1e6, 0.0));
        assert_eq!(told.held(SPOT).equity, I256::ZERO);
        told.anyone(IBroker::checkpointCall {}).expect("a checkpoint");
        assert_eq!(told.market.nav().broker, I256::ZERO);
        told.tell(venue, position(size, -500.0, 0.0));
        assert_eq!(told.market.nav().broker, dollars(-500.0), "a loss counts");
    }
}

#[test]
fn a_venue_counts_for_nothing_before_its_notice_is_over() {
    let mut told = Told::holding(-10.0);
    let ([first, second], owner, broker) =
        (told.venues, told.market.stage.actors.owner, told.market.stage.broker);
    told.quarantine(second);
    let third = adapter(&mut told.market, broker, broker);
    let now = told.market.now();
    for venue in [first, second, third] {
        let call = IBroker::setVenueCall { venue, cap: CAP, margin: MARGIN };
        told.market.stage.broker(owner, call).expect("named");
    }
    let said =
        Adapter::Said { pending: signed(-3.0), pendingSince: U256::from(1), ..position(30.0, 1e6, 0.0) };
    for venue in [second, third] {
        told.tell(venue, said.clone());
    }
    told.anyone(IBroker::checkpointCall {}).expect("a checkpoint");
    // The first, which was there, counts under its new settings.
    let counted = |told: &mut Told| {
        let held = told.held(SPOT);
        (held.size, held.pending, held.equity)
    };
    let before = (signed(-10.0), I256::ZERO, dollars(11_200.0));
    assert_eq!((counted(&mut told), told.market.nav().broker), (before, before.2));
    let call = IBroker::adjustCall { venue: third, size: signed(-1.0), limitPrice: wad(SPOT) };
    let desk = told.desk;
    told.market.refuses(IBroker::OnlyGuardian { caller: desk }, |market| market.stage.broker(desk, call));
    told.market.stage.chain.world.warp(now + 2 * DAY - 1);
    let held = told.held(SPOT);
    assert_eq!((held.size, held.pending), (before.0, before.1));
    told.market.stage.chain.world.warp(now + 2 * DAY);
    let (size, pending, equity) = counted(&mut told);
    assert_eq!((size, pending), (signed(50.0), signed(-6.0)));
    assert!(equity - before.2 <= dollars(21.48), "and what they are worth counts as it grows: {equity}");
}

#[test]
fn a_venue_that_says_more_than_four_times_its_cap_has_answered_badly() {
    let mut told = Told::open();
    let [venue, _] = told.venues;
    // Ten units are the cap at this price.
    for size in [-40.0, 40.0] {
        let (whole, none) = (position(size, 0.0, 0.0), position(0.0, 0.0, 0.0));
        let flying =
            |size: I256| Adapter::Said { pending: size, pendingSince: U256::from(1), ..none.clone() };
        let beyond = signed(size) + I256::try_from(size.signum() as i64).expect("a unit");
        for (most, more) in [
            (whole.clone(), Adapter::Said { size: beyond, ..whole.clone() }),
            (flying(signed(size)), flying(beyond)),
        ] {
            told.tell(venue, most);
            told.held(SPOT);
            told.tell(venue, more);
            let call = IBroker::heldCall { price: wad(SPOT) };
            let failure = told.market.stage.broker_view(call).expect_err("no answer");
            let method = IPositionVenue::worthCall::SELECTOR.into();
            assert_eq!(
                failure.data(),
                IBroker::BadAnswer { callee: venue, method }.abi_encode(),
                "{failure}"
            );
        }
    }
    told.quarantine(venue);
    assert_eq!(told.held(SPOT).size, I256::ZERO);
}

#[test]
fn orders_of_all_venues_are_one_as_old_as_the_oldest() {
    let mut told = Told::open();
    let [first, second] = told.venues;
    let flying = |size: f64, since: u64| Adapter::Said {
        pending: signed(size),
        pendingSince: U256::from(since),
        ..position(0.0, 0.0, 0.0)
    };
    let now = told.market.now();
    let (old, new) = (now - 60, now - 10);
    for ([one, other], since) in [
        ([flying(-1.0, old), flying(-2.0, new)], old),
        ([flying(-1.0, new), flying(-2.0, old)], old),
        ([flying(-3.0, old), flying(0.0, 0)], old),
        ([flying(0.0, 0), flying(-3.0, new)], new),
    ] {
        told.tell(first, one);
        told.tell(second, other);
        let held = told.held(SPOT);
        assert_eq!((held.pending, held.pendingSince), (signed(-3.0), U256::from(since)));
    }
    // What is in quarantine is not under way.
    told.quarantine(second);
    let held = told.held(SPOT);
    assert_eq!((held.pending, held.pendingSince), (I256::ZERO, U256::ZERO));
}

#[test]
fn what_is_brought_back_is_all_but_the_margin_of_the_position_and_all_of_none() {
    let mut told = Told::holding(-10.0);
    let [venue, _] = told.venues;
    let base = told.market.stage.chain.world.snapshot();
    let under_way = |said: Adapter::Said| Adapter::Said { pendingSince: U256::from(1), ..said };
    for (said, amount) in [
        // Of a position, what is over its margin of 11,200, as far as it can leave.
        (position(-10.0, 15_000.0, 9_000.0), 3_800.0),
        (position(-10.0, 15_000.0, 2_000.0), 2_000.0),
        // Of none, all, whatever the venue says that it is worth; but an order in flight may still need it.
        (position(0.0, 500.0, 900.0), 900.0),
        (under_way(position(0.0, 500.0, 900.0)), 500.0),
        (under_way(position(-10.0, 15_000.0, 9_000.0)), 3_800.0),
    ] {
        told.market.stage.chain.world.restore(&base);
        told.tell(venue, said);
        let before = told.market.nav().cash;
        assert_eq!(collect(&mut told, venue), usdc(amount));
        assert_eq!(told.market.nav().cash - before, usdc(amount));
    }
    told.market.stage.chain.world.restore(&base);
    for said in
        [position(-10.0, 11_200.0, 9_000.0), position(-10.0, -1.0, 9_000.0), position(0.0, 500.0, 0.0)]
    {
        told.tell(venue, said);
        told.market.refuses(IBroker::NothingToCollect {}, |market| {
            market.stage.broker(market.stage.actors.keeper, IBroker::collectCall { venue })
        });
    }
}

#[test]
fn what_comes_back_counts_once_and_takes_nothing_from_other_venues() {
    let mut told = Told::holding(-10.0);
    let [first, second] = told.venues;
    told.adjust(second, -10.0, wad(SPOT)).expect("a second position");
    told.tell(first, position(-10.0, 12_000.0, 800.0));
    let (before, cash) = (told.market.nav().broker, told.market.nav().cash);
    assert_eq!(before, dollars(22_400.0));
    assert_eq!(collect(&mut told, first), usdc(800.0));
    assert_eq!(told.market.nav().cash, cash + usdc(800.0));
    assert_eq!(told.market.nav().broker, before - dollars(800.0), "in the vault or at the venue");

    told.quarantine(first);
    told.anyone(IBroker::checkpointCall {}).expect("a checkpoint");
    assert_eq!(told.market.nav().broker, dollars(11_200.0), "what is left counts for nothing");
    told.tell(first, position(0.0, 0.0, 700.0));
    assert_eq!(collect(&mut told, first), usdc(700.0));
    assert_eq!(told.market.nav().cash, cash + usdc(1_500.0));
    assert_eq!(told.market.nav().broker, dollars(11_200.0), "the other venue's is as it was");
}

#[test]
fn a_venue_keeps_no_more_than_twice_its_cap_of_what_it_was_sent() {
    let mut told = Told::holding(-10.0);
    let [venue, _] = told.venues;
    let kept = |told: &mut Told| {
        let venues = told.market.stage.broker_view(IBroker::venuesCall {}).expect("the venues");
        venues[0].kept
    };
    let tend = IBroker::tendCall { venue };
    assert_eq!(kept(&mut told), 11_200_000_000);
    // It says again and again that what it was sent is lost: of 56,000 USD, four fifths are gone by then.
    for _ in 0..3 {
        told.tell(venue, position(-10.0, 1.0, 0.0));
        told.anyone(tend.clone()).expect("a margin");
    }
    assert_eq!(kept(&mut told), 44_797_000_000);
    told.tell(venue, position(-10.0, 1.0, 0.0));
    let error = IBroker::VenueCapExceeded { value: usdc(55_996.0), cap: usdc(56_000.0) };
    told.anyone(tend.clone()).expect("to the cap");
    told.tell(venue, position(-10.0, 1.0, 0.0));
    let error = IBroker::VenueCapExceeded { value: error.value + usdc(11_199.0), ..error };
    told.market.refuses(error, |market| market.stage.broker(market.stage.actors.keeper, tend.clone()));
    // What comes back may be sent again, and nothing is sent after what is lost.
    told.tell(venue, position(0.0, 5_000.0, 5_000.0));
    told.anyone(IBroker::collectCall { venue }).expect("collected");
    assert_eq!(kept(&mut told), 50_996_000_000);
    for equity in [0.0, -1.0] {
        told.tell(venue, position(-1.0, equity, 0.0));
        let error = IBroker::NothingToTend { equity: dollars(equity), margin: usdc(1_120.0) };
        told.market.refuses(error, |market| market.stage.broker(market.stage.actors.keeper, tend.clone()));
    }
    told.tell(venue, position(-1.0, 0.000_001, 0.0));
    told.anyone(tend).expect("something is left");
}

#[test]
fn another_cap_bounds_what_a_venue_says_once_its_notice_is_over_and_a_lower_one_stops_nothing() {
    let mut told = Told::holding(-10.0);
    let ([venue, _], owner) = (told.venues, told.market.stage.actors.owner);
    let set = |told: &mut Told, cap| {
        let call = IBroker::setVenueCall { venue, cap, margin: MARGIN };
        told.market.stage.broker(owner, call).expect("other settings");
    };
    let answers = |told: &mut Told, size: f64| {
        told.tell(venue, position(size, 5_000.0, 0.0));
        let call = IBroker::heldCall { price: wad(SPOT) };
        told.market.stage.broker_view(call).is_ok()
    };
    for (cap, before, after) in [(2 * CAP, 40.0, 80.0), (0, 80.0, 80.0)] {
        let named = told.market.now();
        set(&mut told, cap);
        assert!(answers(&mut told, -before) && !answers(&mut told, -before - 0.001), "{cap}");
        told.market.stage.chain.world.warp(named + NOTICE);
        assert!(answers(&mut told, -after) && !answers(&mut told, -after - 0.001), "{cap}");
    }
}
