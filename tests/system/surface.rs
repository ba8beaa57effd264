//! A surface: what the feed refuses of it, what it makes of it, and that nobody can push it faster than the step.

use alloy_sol_types::SolError;
use demo::stage::{default_profile, Failure};
use host::alloy_primitives::{Bytes, I256, U256};
use interfaces::surface::ISurface::{self, SliceFault, SurfaceSlice, SurfaceUpdate};
use interfaces::vault::IVault;
use options::{Arbitrage, Entry, Published, Slice, StrikeGrid, SurfaceError};

use crate::market::{events, expiry, signed, slice, wad, Market, DAY, HOUR, SPOT, START};

/// Submits an update with the signatures that it needs.
fn publish(market: &mut Market, update: SurfaceUpdate) -> Result<(), Failure> {
    let signatures = market.stage.sign(&update);
    submit(market, update, signatures)
}

/// Submits an update, as anyone may.
pub(crate) fn submit(
    market: &mut Market,
    update: SurfaceUpdate,
    signatures: Vec<Bytes>,
) -> Result<(), Failure> {
    let (trader, feed) = (market.trader, market.stage.surface);
    market.stage.chain.send(trader, feed, ISurface::publishCall { update, signatures }).map(|_| ())
}

/// The next update, at about `vol`.
pub(crate) fn next(market: &mut Market, vol: f64) -> SurfaceUpdate {
    let slices = market.slices(vol);
    market.stage.update(slices).expect("the feed answers")
}

/// Asserts that the next update with other slices is refused.
pub(crate) fn refuses_slices<E: SolError + std::fmt::Debug>(
    market: &mut Market,
    error: E,
    slices: Vec<SurfaceSlice>,
) {
    let update = market.stage.update(slices).expect("the feed answers");
    market.refuses(error, |market| publish(market, update));
}

/// A market whose expiries have no surface yet, so that no step counts.
pub(crate) fn bare() -> Market {
    let mut market = Market::unlisted(default_profile());
    for expiry in market.expiries {
        market.list(expiry, 1_800.0, 100.0, 21).expect("a listed expiry");
    }
    market
}

/// The slice as the feed stores it.
fn stored(slice: &SurfaceSlice, timestamp: u64) -> Slice {
    let number = |number: I256| i128::try_from(number).expect("128 bits");
    let [rate, a, b, rho, m, s] = [slice.rate, slice.a, slice.b, slice.rho, slice.m, slice.s].map(number);
    let forward = u128::try_from(slice.forward).expect("128 bits");
    Published { rate, a, b, rho, m, s, forward }.stored(timestamp as u32).expect("on the grid").0
}

/// Units of 2^-bits with 18 decimals, rounded down.
pub(crate) fn units(number: i64, bits: u32) -> I256 {
    I256::try_from(options::wad(number, bits)).expect("128 bits")
}

#[test]
fn an_update_out_of_its_turn_is_refused() {
    let mut market = Market::open();
    let good = next(&mut market, 0.8);
    for nonce in [0, 1] {
        let update = SurfaceUpdate { nonce, ..good.clone() };
        market.refuses(ISurface::NonceNotAbove { nonce, last: 1 }, |market| publish(market, update));
    }
    for timestamp in [START + 1, u64::MAX] {
        let update = SurfaceUpdate { timestamp, ..good.clone() };
        let error = ISurface::UpdateFromFuture { timestamp, now_: U256::from(START) };
        market.refuses(error, |market| publish(market, update));
    }
    let update = SurfaceUpdate { timestamp: START - 1, ..good.clone() };
    let error = ISurface::UpdateBeforeLast { timestamp: START - 1, last: START };
    market.refuses(error, |market| publish(market, update));

    let now = START + 6 * HOUR + 2;
    market.stage.chain.world.warp(now);
    let update = SurfaceUpdate { timestamp: START + 1, ..good.clone() };
    let (now_, max) = (U256::from(now), U256::from(6 * HOUR));
    let error = ISurface::UpdateTooOld { timestamp: START + 1, now_, maxAge: max };
    market.refuses(error, |market| publish(market, update));
    let oldest = SurfaceUpdate { timestamp: START + 2, nonce: u64::MAX, ..good };
    publish(&mut market, oldest).expect("the oldest there is");
}

#[test]
fn slices_that_are_not_those_of_the_live_expiries_are_refused() {
    let mut market = Market::open();
    let [near, far] = market.expiries;
    let slices = market.slices(0.8);
    let [first, second] = <[SurfaceSlice; 2]>::try_from(slices).expect("two");
    let cases = [
        (vec![second.clone(), first.clone()], (far, near)),
        (vec![first.clone(), first.clone(), second.clone()], (near, near)),
        (vec![SurfaceSlice { expiry: 0, ..first.clone() }, second.clone()], (0, 0)),
    ];
    for (slices, (previous, expiry)) in cases {
        refuses_slices(&mut market, ISurface::SlicesNotAscending { previous, expiry }, slices);
    }
    let missing = [(vec![], near), (vec![first.clone()], far), (vec![second.clone()], near)];
    for (slices, expiry) in missing {
        refuses_slices(&mut market, ISurface::SliceMissing { expiry }, slices);
    }
    for unknown in [near + DAY, u64::MAX] {
        let stranger = SurfaceSlice { expiry: unknown, ..first.clone() };
        let mut slices = vec![first.clone(), stranger, second.clone()];
        slices.sort_by_key(|slice| slice.expiry);
        refuses_slices(&mut market, ISurface::ExpiryNotLive { expiry: unknown }, slices);
    }
    // The near one has passed, though the vault has not settled it.
    market.stage.chain.world.warp(near);
    let (first, second) = (slice(near, near - 1, 0.8, SPOT), slice(far, near, 0.8, SPOT));
    refuses_slices(&mut market, ISurface::ExpiryNotLive { expiry: near }, vec![first, second.clone()]);
    market.stage.publish(vec![second]).expect("the far one alone");
}

#[test]
fn a_slice_out_of_its_bounds_is_refused() {
    let mut market = Market::open();
    let [first, good] = <[SurfaceSlice; 2]>::try_from(market.slices(0.8)).expect("two");
    let bad = [
        (SurfaceSlice { rho: signed(1.0), ..good.clone() }, SliceFault::Rho),
        (SurfaceSlice { s: I256::ZERO, ..good.clone() }, SliceFault::Sigma),
        (SurfaceSlice { a: signed(-1.0), ..good.clone() }, SliceFault::NegativeVariance),
        (SurfaceSlice { b: signed(1.99), ..good.clone() }, SliceFault::Wing),
        (SurfaceSlice { b: signed(2_000.0), ..good.clone() }, SliceFault::Wing),
        (SurfaceSlice { a: I256::MAX, ..good.clone() }, SliceFault::Range),
        (SurfaceSlice { a: signed(4.0), ..good.clone() }, SliceFault::Range),
        (SurfaceSlice { rate: I256::MIN, ..good.clone() }, SliceFault::Range),
        (SurfaceSlice { rate: signed(2.0), ..good.clone() }, SliceFault::Range),
        (SurfaceSlice { rate: signed(0.500_000_001), ..good.clone() }, SliceFault::Range),
        (SurfaceSlice { rate: signed(-0.500_000_001), ..good.clone() }, SliceFault::Range),
        (SurfaceSlice { forward: U256::MAX, ..good.clone() }, SliceFault::Range),
        (SurfaceSlice { forward: U256::ZERO, ..good.clone() }, SliceFault::Range),
        (SurfaceSlice { forward: wad(1e-7), ..good.clone() }, SliceFault::Range),
    ];
    for (slice, fault) in bad {
        let expiry = slice.expiry;
        refuses_slices(&mut market, ISurface::SliceInvalid { expiry, fault }, vec![first.clone(), slice]);
    }
}

/// What the crate says of a surface without a past.
fn fault(market: &Market, slices: &[SurfaceSlice]) -> (usize, SurfaceError) {
    let grid = StrikeGrid::new(1_800_000_000, 100_000_000, 21).expect("a grid");
    let now = market.now();
    let entries: Vec<Entry> = slices
        .iter()
        .map(|slice| Entry {
            slice: stored(slice, now),
            seconds: (slice.expiry - now) as u32,
            grid,
            last: None,
        })
        .collect();
    options::check_surface(&entries, 0).expect_err("a fault")
}

/// g of Vogt's slice at a moneyness, in floating point.
fn vogt_density(moneyness: f64) -> f64 {
    let (a, b, rho, m, s) = (-0.0410, 0.1331, 0.3060, 0.3586, 0.4153_f64);
    let (k, x) = (moneyness.ln(), moneyness.ln() - m);
    let r = x.hypot(s);
    let (w, slope, bend) = (a + b * (rho * x + r), b * (rho + x / r), b * s * s / r.powi(3));
    (1.0 - k * slope / (2.0 * w)).powi(2) - slope * slope / 4.0 * (1.0 / w + 0.25) + bend / 2.0
}

#[test]
fn a_butterfly_for_less_than_nothing_is_refused_with_its_strike() {
    let mut market = bare();
    // Axel Vogt's slice, which Gatheral and Jacquier (2014) give as one with g < 0 at k near 0.8.
    let vogt = |expiry| SurfaceSlice {
        expiry,
        rate: I256::ZERO,
        a: signed(-0.0410),
        b: signed(0.1331),
        rho: signed(0.3060),
        m: signed(0.3586),
        s: signed(0.4153),
        forward: wad(1_400.0),
    };
    let slices = market.expiries.map(vogt).to_vec();
    let (0, SurfaceError::Arbitrage(Arbitrage::Butterfly { strike, density })) = fault(&market, &slices)
    else {
        panic!("another fault")
    };
    // The lowest of the strikes and midpoints at which the formula is negative, too.
    let lowest = (0..41)
        .map(|half| 1_800.0 + 50.0 * f64::from(half))
        .find(|strike| vogt_density(strike / 1_400.0) < 0.0);
    let found = strike as f64 / 1e6;
    assert_eq!(lowest, Some(found));
    assert!((density as f64 / 2_f64.powi(40) - vogt_density(found / 1_400.0)).abs() < 1e-7);
    let (expiry, density) = (market.expiries[0], units(density, 40));
    let strike = U256::from(strike) * U256::from(1_000_000_000_000_u64);
    refuses_slices(&mut market, ISurface::ButterflyArbitrage { expiry, strike, density }, slices);
}

#[test]
fn a_calendar_spread_for_less_than_nothing_is_refused() {
    let mut market = bare();
    let [earlier, later] = market.expiries;
    let slices = vec![slice(earlier, START, 1.2, SPOT), slice(later, START, 0.5, SPOT)];
    let (1, SurfaceError::Arbitrage(Arbitrage::Calendar { by })) = fault(&market, &slices) else {
        panic!("another fault")
    };
    let shortfall = units(by, 36).into_raw();
    assert!(shortfall > U256::ZERO);
    refuses_slices(&mut market, ISurface::CalendarArbitrage { earlier, later, shortfall }, slices);

    // Far above at the money, but flat: a wing of the earlier crosses it somewhere.
    let flat = SurfaceSlice { a: signed(0.5), b: I256::ZERO, ..slice(later, START, 0.8, SPOT) };
    let slices = vec![slice(earlier, START, 0.8, SPOT), flat];
    let (1, SurfaceError::Arbitrage(Arbitrage::Wing { by })) = fault(&market, &slices) else {
        panic!("another fault")
    };
    let shortfall = units(by, 36).into_raw();
    refuses_slices(&mut market, ISurface::WingArbitrage { earlier, later, shortfall }, slices);
}

#[test]
fn a_step_beyond_the_cap_is_refused_with_its_strike_and_both_vols() {
    let mut market = Market::open();
    let expiry = market.expiries[0];
    let seconds = (expiry - START) as u32;
    let vol = |vol: f64| stored(&slice(expiry, START, vol, SPOT), START).vol(1_800_000_000, seconds);
    let slices = market.slices(0.805);
    let [from, to] = [vol(0.8), vol(0.805)].map(|vol| units(vol, 47).into_raw());
    // At 1,800 the smile is 1.152 times the vol at the money.
    assert!((f64::from(to - from) / 1e18 - 0.005 * 1.152).abs() < 1e-5, "{from} {to}");
    let error = ISurface::StepAboveLimit { expiry, strike: wad(1_800.0), from, to, limit: wad(0.005) };
    refuses_slices(&mut market, error, slices);
    let slices = market.slices(0.8043);
    market.stage.publish(slices).expect("a step within the cap");
}

#[test]
fn a_surface_that_passes_is_stored_and_told() {
    let mut market = bare();
    let [near, far] = market.expiries;
    let none = market.surface(ISurface::slicesCall { expiries: vec![near] });
    assert!(none.iter().all(|word| word.is_zero()));
    let slices = vec![
        SurfaceSlice { rate: signed(0.05), ..slice(near, START, 0.8, SPOT) },
        SurfaceSlice { rate: signed(-0.01), m: signed(0.1), ..slice(far, START, 0.8, SPOT) },
    ];
    let receipt = market.stage.publish(slices.clone()).expect("a surface");
    let feed = market.stage.surface;
    let [told] = events::<ISurface::SurfacePublished>(&receipt.logs, feed).try_into().expect("one event");
    assert_eq!((told.nonce, told.timestamp, told.submitter), (1, START, market.stage.actors.keeper));
    let sets = events::<ISurface::SliceSet>(&receipt.logs, feed);
    let told = sets.into_iter().map(|set| {
        let ISurface::SliceSet { expiry, rate, a, b, rho, m, s, forward } = set;
        SurfaceSlice { expiry, rate, a, b, rho, m, s, forward }
    });
    assert_eq!(told.collect::<Vec<_>>(), slices);
    assert_eq!(
        (market.surface(ISurface::nonceCall {}), market.surface(ISurface::timestampCall {})),
        (1, START)
    );

    let words = market.surface(ISurface::slicesCall { expiries: vec![far, near, far + DAY] });
    assert_eq!(words.len(), 7);
    assert_eq!(words[0].0, stored(&slices[1], START).pack());
    assert_eq!(words[2].0, stored(&slices[0], START).pack());
    let rate = |rate: f64| I256::try_from((rate * 2_f64.powi(30)).round() as i64).expect("a rate").into_raw();
    assert_eq!(U256::from_be_bytes(words[1].0), rate(-0.01));
    assert_eq!(U256::from_be_bytes(words[3].0), rate(0.05));
    assert!(words[4].is_zero() && words[5].is_zero());
    assert!(words[6].is_zero(), "a first surface has moved from none");
    for slice in &slices {
        let shown = market.surface(ISurface::sliceCall { expiry: slice.expiry });
        assert_eq!(shown.updatedAt, START);
        let off = |x: I256, y: I256| f64::from((x - y).unsigned_abs()) / 1e18;
        let one = shown.slice_;
        assert!(
            off(one.rate, slice.rate) < 1e-9 && off(one.rho, slice.rho) < 3e-7 && off(one.m, slice.m) < 4e-9
        );
        assert!(off(one.a, slice.a) < 2e-11 && off(one.b, slice.b) < 2e-11 && off(one.s, slice.s) < 2e-11);
        assert_eq!((one.expiry, one.forward), (slice.expiry, slice.forward));
    }
    market.trade(&[(market.call(2_800), 1.0)]).expect("a trade on it");
}

#[test]
fn an_expiry_that_is_listed_later_joins_and_one_that_has_passed_leaves() {
    let mut market = Market::open();
    let (near, new) = (market.expiries[0], expiry(14));
    market.list(new, 1_800.0, 100.0, 21).expect("a listed expiry");
    market.publish();
    let id = crate::market::series(new, 2_800, false);
    market.trade(&[(id, 1.0)]).expect("a trade in the new expiry");
    // A new expiry's first slice is what its step counts against at once, not only an interval later.
    let update = next(&mut market, 0.81);
    let failure = publish(&mut market, update).expect_err("a step of a vol point");
    assert!(failure.to_string().starts_with("StepAboveLimit"), "{failure}");

    market.move_to(near - HOUR, SPOT);
    let round = market.stage.last_round().expect("a round");
    market.move_to(near + HOUR, SPOT);
    market
        .stage
        .vault(market.trader, IVault::settleCall { expiry: near, roundId: round })
        .expect("a settlement");
    // Its place goes to the thirteenth expiry that there ever was.
    for days in 40..50 {
        market.list(expiry(days), 1_800.0, 100.0, 21).expect("a listed expiry");
    }
    market.publish();
    let gone = market.surface(ISurface::slicesCall { expiries: vec![near] });
    assert!(gone[..2].iter().all(|word| word.is_zero()), "{gone:?}");
    for days in [14, 30, 40, 49] {
        let shown = market.surface(ISurface::sliceCall { expiry: expiry(days) });
        assert_eq!(shown.updatedAt, near + HOUR, "{days} days");
    }
    market.nav();
}

/// Pushes vols up as far as the feed lets it, an update every `every` seconds for `hours`. The vol at the money at the end.
fn pushed(every: u64, hours: u64) -> f64 {
    let mut market = Market::open();
    let mut vol = 0.8;
    for time in (every..=hours * HOUR).step_by(every as usize) {
        market.stage.chain.world.warp(START + time);
        for step in [0.004_3, 0.002, 0.001, 0.000_5, 0.0] {
            let update = next(&mut market, vol + step);
            let bases = market.surface(ISurface::baselinesCall {
                timestamp_: START + time,
                expiries: market.expiries.to_vec(),
            });
            for base in bases.as_chunks::<2>().0 {
                let made = u64::from(Slice::unpack(&base[0].0).updated_at);
                assert!(made == START || made + HOUR / 2 <= START + time, "{made} {time}");
            }
            if publish(&mut market, update).is_ok() {
                vol += step;
                break;
            }
            assert!(step > 0.0, "the same surface again is always taken");
        }
    }
    vol
}

#[test]
fn a_burst_of_updates_goes_no_further_than_one() {
    // One step at the wing is 0.005 / 1.152 at the money.
    let one = 0.005 / 1.152;
    for every in [60, 300, 420] {
        let burst = pushed(every, 0) - 0.8;
        assert_eq!(burst, 0.0);
        let moved = pushed(every, 2) - 0.8;
        assert!(moved <= 5.0 * one, "every {every} s: {moved}");
        assert!(moved >= 2.0 * one * 0.9, "every {every} s it stands still: {moved}");
    }
    let slow = pushed(HOUR, 4) - 0.8;
    assert!(slow >= 4.0 * one * 0.9 && slow <= 4.0 * one, "{slow}");
}

#[test]
fn vols_of_nothing_of_a_basis_point_and_of_a_thousand_per_cent() {
    let all =
        |market: &Market, vol: f64| market.expiries.map(|expiry| slice(expiry, START, vol, SPOT)).to_vec();
    let none = |one| SurfaceSlice { a: I256::ZERO, b: I256::ZERO, ..one };
    // Alone it is what the vault asks for a risk without vol; beside another of nothing it is an arbitrage of nothing.
    let mut market = Market::unlisted(default_profile());
    let far = market.expiries[1];
    market.list(far, 1_800.0, 100.0, 21).expect("a listed expiry");
    market.stage.publish(vec![none(slice(far, START, 0.8, SPOT))]).expect("a vol of nothing");
    let [at, deep] =
        [2_800, 1_800].map(|strike| market.quote(&[(market.call(strike), 1.0)]).expect("a quote").value);
    assert_eq!((at, deep), (I256::ONE, I256::from_raw(crate::market::usdc(1_000.000_001))));
    let mut market = bare();
    let [earlier, later] = market.expiries;
    let slices = all(&market, 0.8).into_iter().map(none).collect();
    let error = ISurface::CalendarArbitrage { earlier, later, shortfall: U256::ZERO };
    refuses_slices(&mut market, error, slices);
    // A thousand per cent leave the bounds of a slice, in its wings and, above that, on its grid.
    for (vol, fault) in [(10.0, SliceFault::Wing), (100.0, SliceFault::Range)] {
        let slices = all(&market, vol);
        refuses_slices(&mut market, ISurface::SliceInvalid { expiry: earlier, fault }, slices);
    }
    market.stage.publish(all(&market, 0.0001)).expect("a basis point");
    let quote = market.quote(&[(market.call(2_800), 1.0)]).expect("a quote");
    // At the money 0.4 of vol, price and root of time; the rest is what the vault asks for its risk.
    let value = f64::from(quote.value.into_raw()) / 1e6;
    assert!((0.02..0.04).contains(&value) && quote.premium > quote.value, "{quote:?}");
    market.trade(&[(market.call(2_800), 1.0)]).expect("a trade");
}
