//! Every bad input is refused with its typed error, with the numbers, and changes nothing.

use host::alloy_primitives::{Address, I256, U256};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault::{self, Role};

use demo::stage::{default_limits, default_profile, name_satellite, PriceFeed};

use crate::hedge::due;
use crate::market::{expiry, series, signed, usdc, wad, Market, DAY, HOUR, SPOT, START};

#[test]
fn legs_that_name_nothing_or_too_much() {
    let mut market = Market::open();
    let (good, now) = (market.call(2_800), U256::from(market.now()));
    let strikes = [0, 28_000, (1 << 40) / 1_000_000].map(|strike| market.call(strike));
    let beyond = U256::from(10).pow(U256::from(36)) << 8 | U256::from(market.expiries[1]) << 56;
    let others = [U256::MAX, market.call(2_850), series(expiry(8), 2_800, false), good | U256::from(2)];
    for unknown in strikes.into_iter().chain(others).chain([beyond]) {
        market.refuses(IVault::UnknownSeries { series: unknown }, |market| market.trade(&[(unknown, 1.0)]));
    }
    let old = series(START - DAY + 28_800, 2_800, false);
    market
        .refuses(IVault::SeriesExpired { series: old, timestamp: now }, |market| market.trade(&[(old, 1.0)]));
    market.refuses(IVault::NoLegs {}, |market| market.trade(&[]));
    let nine: Vec<_> = (0..9).map(|index| (market.call(2_000 + 100 * index), 0.1)).collect();
    let error = IVault::TooManyLegs { legs: U256::from(9), limit: U256::from(8) };
    market.refuses(error, |market| market.trade(&nine));
    market
        .refuses(IVault::DuplicateLeg { series: good }, |market| market.trade(&[(good, 1.0), (good, -1.0)]));
}

#[test]
fn sizes_out_of_range() {
    let mut market = Market::open();
    let good = market.call(2_800);
    market.refuses(IVault::ZeroSize { series: good }, |market| market.trade(&[(good, 0.0)]));
    let error = IVault::SizeNotWholeLots { size: signed(0.015), lot: wad(0.01) };
    market.refuses(error, |market| market.trade(&[(good, 0.015)]));
    let quote = |size| IVault::quoteCall { legs: vec![IVault::Leg { series: good, size }] };
    for size in [I256::ONE, I256::MINUS_ONE, I256::from_raw(wad(0.01)) - I256::ONE] {
        let error = IVault::SizeNotWholeLots { size, lot: wad(0.01) };
        market.refuses(error, |market| market.stage.ask(quote(size)));
    }
    for size in [18.01, -18.01] {
        let error = IVault::SizeAboveLimit { size: wad(18.01), limit: wad(18.0) };
        market.refuses(error, |market| market.trade(&[(good, size)]));
    }
    for size in [I256::MIN, I256::MAX, I256::ONE << 127] {
        let error = IVault::SizeAboveLimit { size: size.unsigned_abs(), limit: wad(18.0) };
        market.refuses(error, |market| market.stage.ask(quote(size)));
    }
}

#[test]
fn premiums_and_deadlines_missed() {
    let mut market = Market::open();
    let (good, now) = (market.call(2_800), market.now());
    let premium = market.quote(&[(good, 1.0)]).expect("a quote").premium;
    for limit in [premium - I256::ONE, I256::MIN] {
        let error = IVault::PremiumAboveLimit { premium, limit };
        market.refuses(error, |market| market.trade_with(&[(good, 1.0)], limit, U256::MAX));
    }
    let (deadline, timestamp) = (U256::from(now - 1), U256::from(now));
    for deadline in [deadline, U256::ZERO] {
        let error = IVault::DeadlinePassed { deadline, timestamp };
        market.refuses(error, |market| market.trade_with(&[(good, 1.0)], I256::MAX, deadline));
    }
    assert_eq!(
        market.trade_with(&[(good, 1.0)], premium, timestamp).expect("a trade at its limits"),
        premium
    );
}

#[test]
fn prices_that_cannot_be_trusted() {
    let mut market = Market::open();
    let good = market.call(2_800);
    for answer in [0, -1, i64::MIN] {
        market.push_answer(answer);
        let error = IVault::PriceNotPositive { answer: I256::try_from(answer).expect("an answer") };
        market.refuses(error, |market| market.trade(&[(good, 1.0)]));
    }
    // Among them a feed that has come to answer in 18 decimals.
    let limit = U256::from(1_u64 << 50);
    let over = [limit + U256::ONE, wad(SPOT), U256::ONE << 127, I256::MAX.into_raw()];
    for answer in over.map(I256::from_raw) {
        let (owner, feed) = (market.stage.actors.owner, market.stage.feed);
        market.stage.chain.send(owner, feed, PriceFeed::pushCall { answer }).expect("a round");
        market.refuses(IVault::PriceAboveRange { answer, limit }, |market| market.trade(&[(good, 1.0)]));
    }

    market.stage.push_price(SPOT).expect("a round");
    let pushed = market.now();
    market.stage.chain.world.warp(pushed + 2 * HOUR);
    market.stage.ask(IVault::spotCall {}).expect("a price as old as may be");
    market.stage.chain.world.warp(pushed + 2 * HOUR + 1);
    let (updated, timestamp) = (U256::from(pushed), U256::from(pushed + 2 * HOUR + 1));
    let error = IVault::PriceStale { updatedAt: updated, timestamp, maxAge: U256::from(2 * HOUR) };
    market.refuses(error, |market| market.trade(&[(good, 1.0)]));
}

#[test]
fn rounds_from_the_future() {
    let mut market = Market::open();
    let (good, now) = (market.call(2_800), market.now());
    let (owner, feed) = (market.stage.actors.owner, market.stage.feed);
    let (answer, at) = (I256::try_from(280_000_000_000_i64).expect("an answer"), U256::from(now + 60));
    let push = PriceFeed::pushAtCall { answer, updatedAt: at };
    market.stage.chain.send(owner, feed, push).expect("a round");
    let error = IVault::PriceFromFuture { updatedAt: at, timestamp: U256::from(now) };
    market.refuses(error, |market| market.trade(&[(good, 1.0)]));
}

#[test]
fn a_sequencer_that_is_down_or_just_back() {
    let mut market = Market::open();
    let (good, now) = (market.call(2_800), market.now());
    let (owner, feed) = (market.stage.actors.owner, market.stage.sequencer);
    let set = |market: &mut Market, answer: i64, since: u64| {
        let answer = I256::try_from(answer).expect("an answer");
        let call = demo::stage::SequencerFeed::setCall { answer, startedAt: U256::from(since) };
        market.stage.chain.send(owner, feed, call).expect("a status");
    };
    set(&mut market, 1, now - 60);
    let error = IVault::SequencerDown { since: U256::from(now - 60) };
    market.refuses(error, |market| market.trade(&[(good, 1.0)]));
    set(&mut market, 0, now - 60);
    let (up, open) = (U256::from(now - 60), U256::from(now - 60 + HOUR));
    let error = IVault::SequencerGracePeriod { upSince: up, openFrom: open };
    market.refuses(error, |market| market.trade(&[(good, 1.0)]));
}

#[test]
fn surfaces_that_are_missing_or_old() {
    let mut market = Market::open();
    market.list(expiry(14), 1_800.0, 100.0, 21).expect("a listed expiry");
    let bare = series(expiry(14), 2_800, false);
    market.refuses(IVault::SurfaceMissing { expiry: expiry(14) }, |market| market.trade(&[(bare, 1.0)]));
    let (good, published) = (market.call(2_800), market.now());
    market.stage.chain.world.warp(published + 6 * HOUR);
    market.stage.push_price(SPOT).expect("a round");
    let (expiry, updated) = (market.expiries[1], U256::from(published));
    let error = IVault::SurfaceStale { expiry, updatedAt: updated, maxAge: U256::from(6 * HOUR) };
    market.refuses(error, |market| market.trade(&[(good, 1.0)]));
}

#[test]
fn callers_without_the_role() {
    let mut market = Market::open();
    let (caller, venue) = (market.trader, market.stage.venue);
    let denied = |role| IVault::NotAuthorised { caller, role };
    market.refuses(denied(Role::Curator), |market| {
        let call =
            IVault::listExpiryCall { expiry: expiry(14), base: wad(1_000.0), step: wad(100.0), count: 10 };
        market.stage.vault(caller, call)
    });
    market.refuses(denied(Role::Curator), |market| {
        let call = IVault::setDepthCall { expiry: expiry(30), weights: [25; 8].into() };
        market.stage.vault(caller, call)
    });
    market.refuses(denied(Role::Owner), |market| {
        market.stage.vault(caller, name_satellite(IVault::Satellite::Desk, venue))
    });
    market
        .refuses(denied(Role::Owner), |market| market.stage.vault(caller, IVault::allowVenueCall { venue }));
    market.refuses(denied(Role::Guardian), |market| {
        market.stage.vault(caller, IVault::removeVenueCall { venue })
    });
    market.refuses(denied(Role::Guardian), |market| market.stage.vault(caller, IVault::pauseCall {}));
    market.refuses(denied(Role::Owner), |market| market.stage.vault(caller, IVault::unpauseCall {}));
    market.refuses(denied(Role::PendingOwner), |market| {
        market.stage.vault(caller, IVault::acceptOwnershipCall {})
    });
    market.refuses(denied(Role::Owner), |market| {
        market.stage.vault(caller, IVault::setRoleCall { which: Role::Curator, account: caller })
    });
}

#[test]
fn a_pause_stops_new_risk_and_no_exit() {
    let mut market = Market::open();
    let (good, lp) = (market.call(2_800), market.lp);
    market.trade(&[(good, 2.0)]).expect("a trade");
    let guardian = market.stage.actors.guardian;
    market.stage.vault(guardian, IVault::pauseCall {}).expect("a pause");
    market.refuses(IVault::EnforcedPause {}, |market| market.trade(&[(good, 1.0)]));
    market.refuses(IVault::EnforcedPause {}, |market| market.deposit(1_000.0));
    market.trade(&[(good, -1.0)]).expect("a sale while paused");
    let shares = U256::from(1_000_000_000_000_u64);
    let request = IERC4626::requestRedeemCall { shares, controller: lp, owner: lp };
    market.stage.vault(lp, request).expect("a request while paused");
    market.move_to(START + 2 * DAY, SPOT);
    market.stage.vault(lp, IERC4626::processEpochCall {}).expect("processing while paused");
    let redeem = IERC4626::redeemCall { shares, receiver: lp, controller: lp };
    market.stage.vault(lp, redeem).expect("a redemption while paused");
    market.refuses(IVault::NotAuthorised { caller: guardian, role: Role::Owner }, |market| {
        market.stage.vault(guardian, IVault::unpauseCall {})
    });
}

#[test]
fn trades_that_the_vault_could_not_hedge_or_pay() {
    let mut market = Market::open();
    let put = market.put(3_000);
    let before = market.digests();
    let failure = market.trade(&[(put, 1.0)]).expect_err("a put that needs a short hedge");
    let Some(IVault::IVaultErrors::HedgeCapacityExceeded(error)) = failure.vault_error() else {
        panic!("{failure}")
    };
    assert!(error.needed < I256::ZERO && error.available == I256::ZERO, "{error:?}");
    assert_eq!(market.digests(), before);

    // A wide reserve move asks for more cash than the worst case takes of NAV.
    let profile = IVault::Profile { hedgeReserve: 450_000, ..default_profile() };
    let mut market = Market::with(profile);
    let call = market.call(2_800);
    let refused = (0..60).find_map(|_| {
        let refused = market.trade(&[(call, 18.0)]).err();
        let (venue, size) = (market.stage.venue, due(&mut market).size);
        if refused.is_none() && !size.is_zero() {
            market.rebalance(venue, size).expect("a hedge");
            market.stage.arbitrage(SPOT).expect("a pool at the price");
        }
        refused
    });
    let refused = refused.expect("cash that runs out");
    let Some(IVault::IVaultErrors::InsufficientLiquidity(error)) = refused.vault_error() else {
        panic!("{refused}")
    };
    assert!(error.needed > error.available, "{error:?}");
}

#[test]
fn a_trade_after_which_the_worst_case_takes_too_much_of_nav() {
    let mut market = Market::open();
    let calls: Vec<_> = (0..8).map(|index| (market.call(2_600 + 100 * index), 18.0)).collect();
    let refused = (0..9).find_map(|_| market.trade(&calls).err()).expect("a loss too great");
    let Some(IVault::IVaultErrors::SolvencyTooLow(error)) = refused.vault_error() else {
        panic!("{refused}")
    };
    let (nav, kept) = (error.nav.into_raw(), error.nav.into_raw() / U256::from(10));
    let missing = error.worstLoss + kept - nav;
    assert!(missing.abs_diff(error.missing) <= U256::ONE, "{error:?}");
    market.trade(&[(market.call(2_600), -18.0)]).expect("less risk is always welcome");
}

#[test]
fn listings_and_profiles_out_of_range() {
    let mut market = Market::open();
    let (near, far) = (U256::from(START + HOUR), U256::from(START + 2 * 365 * DAY));
    market.refuses(IVault::ExpiryNotOnGrid { expiry: expiry(5) + 1 }, |market| {
        market.list(expiry(5) + 1, 1_000.0, 100.0, 10)
    });
    let late = expiry(731);
    let error = IVault::ExpiryOutOfRange { expiry: late, earliest: near, latest: far };
    market.refuses(error, |market| market.list(late, 1_000.0, 100.0, 10));
    let listed = market.expiries[0];
    market.refuses(IVault::ExpiryAlreadyListed { expiry: listed }, |market| {
        market.list(listed, 1_000.0, 100.0, 10)
    });
    for (base, step, count) in [(1_000.0, 100.0, 65), (1_000.0, 100.0, 0), (0.0, 100.0, 5), (1_000.0, 0.0, 5)]
    {
        let error = IVault::GridInvalid { base: wad(base), step: wad(step), count };
        market.refuses(error, |market| market.list(expiry(5), base, step, count));
    }
    let profile = default_profile();
    let shares = market.stage.ask(IERC20::totalSupplyCall {}).expect("shares");
    let owner = market.stage.actors.owner;
    market.refuses(IVault::ProfileLocked { shares }, |market| {
        market.stage.vault(owner, IVault::setProfileCall { profile_: profile, limits_: default_limits() })
    });
}

#[test]
fn addresses_of_zero_and_deposits_of_nothing() {
    let mut market = Market::open();
    let owner = market.stage.actors.owner;
    market.refuses(IVault::ZeroAddress {}, |market| {
        market.stage.vault(owner, IVault::allowVenueCall { venue: Address::ZERO })
    });
    market.refuses(IVault::ZeroAddress {}, |market| {
        market.stage.vault(owner, name_satellite(IVault::Satellite::Surface, Address::ZERO))
    });
    let error = IERC4626::DepositTooSmall { assets: U256::ZERO };
    market.refuses(error, |market| market.deposit(0.0));
    let (receiver, assets) = (market.lp, usdc(1e13));
    let max = market.stage.ask(IERC4626::maxDepositCall { receiver }).expect("a limit");
    let error = IERC4626::ERC4626ExceededMaxDeposit { receiver, assets, max };
    market.refuses(error, |market| market.deposit(1e13));
}

#[test]
fn the_least_and_the_greatest_price_are_prices() {
    let mut market = Market::open();
    let call = market.call(2_800);
    for (answer, wide) in
        [(1, U256::from(10_u64.pow(10))), (1 << 50, U256::from(1_u64 << 50) * U256::from(10_u64.pow(10)))]
    {
        market.push_answer(answer);
        assert_eq!(market.stage.ask(IVault::spotCall {}).expect("a price").price, wide);
        let error = IVault::SpotJumped { from: wad(SPOT), to: wide, limit: U256::from(200_000) };
        market.refuses(error, |market| market.deposit(1.0));
        if answer == 1 {
            assert_eq!(market.trade(&[(call, 18.0)]).expect("all but nothing"), I256::ONE);
        } else {
            let before = market.digests();
            let failure = market.trade(&[(call, 1.0)]).expect_err("a hedge of millions");
            let Some(IVault::IVaultErrors::InsufficientLiquidity(error)) = failure.vault_error() else {
                panic!("{failure}")
            };
            assert!(error.needed > error.available, "{error:?}");
            assert_eq!(market.digests(), before);
        }
        market.push_answer(280_000_000_000);
    }
}

#[test]
fn grids_far_from_every_price_or_of_no_strikes() {
    let mut market = Market::open();
    market.list(expiry(14), 28_000.0, 1_000.0, 10).expect("ten times the price");
    market.publish();
    let [call, put] = [false, true].map(|put| series(expiry(14), 28_000, put));
    let quote = market.quote(&[(call, 1.0)]).expect("a quote");
    assert_eq!((quote.value, quote.riskCharge), (I256::ONE, I256::ZERO));
    assert_eq!(quote.premium, quote.value + I256::from_raw(quote.spread));
    let needs = market.quote(&[(put, 1.0)]).expect_err("a short hedge");
    assert_eq!(needs.name(), "HedgeCapacityExceeded");

    let (curator, huge) = (market.stage.actors.curator, U256::from(10).pow(U256::from(48)));
    let beyond = U256::from(1_u64 << 48) * U256::from(10_u64.pow(12));
    for (base, step) in [
        (huge, wad(100.0)),
        (wad(100.0), huge),
        (U256::MAX, U256::MAX),
        (U256::ONE, U256::ONE),
        (wad(1_000.0) + U256::ONE, wad(100.0)),
        (beyond - wad(100.0), wad(100.0)),
    ] {
        let call = IVault::listExpiryCall { expiry: expiry(5), base, step, count: 10 };
        let error = IVault::GridInvalid { base, step, count: 10 };
        market.refuses(error, |market| market.stage.vault(curator, call));
    }
}

#[test]
fn expiries_now_before_and_within_the_hour() {
    let mut market = Market::open();
    let day = expiry(2);
    market.stage.chain.world.warp(day);
    let (near, far) = (U256::from(day + HOUR), U256::from(day + 2 * 365 * DAY));
    for expiry in [day, day - DAY, 28_800] {
        let error = IVault::ExpiryOutOfRange { expiry, earliest: near, latest: far };
        market.refuses(error, |market| market.list(expiry, 1_000.0, 100.0, 10));
    }
    for expiry in [day + 1, day - 1] {
        market.refuses(IVault::ExpiryNotOnGrid { expiry }, |market| market.list(expiry, 1_000.0, 100.0, 10));
    }
    for expiry in [1 << 32, u64::MAX] {
        market.refuses(IVault::ArithmeticOverflow {}, |market| market.list(expiry, 1_000.0, 100.0, 10));
    }
    let next = day + DAY;
    market.stage.chain.world.warp(next - HOUR + 1);
    let (earliest, latest) = (U256::from(next + 1), U256::from(next + 1 - HOUR + 2 * 365 * DAY));
    market.refuses(IVault::ExpiryOutOfRange { expiry: next, earliest, latest }, |market| {
        market.list(next, 1_000.0, 100.0, 10)
    });
}
