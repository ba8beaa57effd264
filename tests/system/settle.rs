//! Settlement and claims.

use demo::stage::PriceFeed;
use host::alloy_primitives::aliases::U80;
use host::alloy_primitives::{Address, I256, U256};

use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault;

use crate::market::{events, series, usdc, wad, Market, HOUR, SPOT};

/// A market with positions in its first expiry, gone past it: the rounds before and after the expiry, and the price at it.
fn expired(price: f64) -> (Market, [U80; 2]) {
    let mut market = Market::open();
    let expiry = market.expiries[0];
    let (call, put) = (series(expiry, 2_500, false), series(expiry, 2_400, true));
    market.trade(&[(call, 4.0), (put, 1.0)]).expect("a trade");
    let before = market.past(expiry, [price, price * 1.3]);
    let after = market.stage.last_round().expect("a round");
    (market, [before, after])
}

fn settle(market: &mut Market, round: U80) -> Result<U256, demo::stage::Failure> {
    let anyone = market.stage.actors.arbitrageur;
    market.stage.vault(anyone, IVault::settleCall { expiry: market.expiries[0], roundId: round })
}

fn claim(market: &mut Market, ids: Vec<U256>, receiver: Address) -> Result<U256, demo::stage::Failure> {
    market.stage.vault(market.trader, IVault::claimCall { series: ids, receiver })
}

#[test]
fn a_round_after_the_expiry_settles_nothing_even_if_another_follows() {
    let (mut market, [round, after]) = expired(2_700.0);
    let (at, expiry) = (market.now(), market.expiries[0]);
    market.stage.chain.world.warp(at + HOUR);
    market.stage.push_price(2_700.0).expect("a round");
    let [updated, next] = [at, at + HOUR].map(U256::from);
    let error =
        IVault::RoundNotStraddling { roundId: after, updatedAt: updated, nextUpdatedAt: next, expiry };
    market.refuses(error, |market| settle(market, after));
    let price = settle(&mut market, round).expect("settled");
    assert_eq!(market.stage.ask(IVault::settlementPriceCall { expiry }).expect("a price"), price);
}

#[test]
fn the_last_round_before_the_expiry_pays_the_holders() {
    let (mut market, [round, _]) = expired(2_700.0);
    let (vault, expiry) = (market.stage.vault, market.expiries[0]);
    let anyone = market.stage.actors.arbitrageur;
    let (price, receipt) = market.receipt(anyone, IVault::settleCall { expiry, roundId: round });
    assert_eq!(price, wad(2_700.0));
    let [settled] = events::<IVault::Settled>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!(
        (settled.expiry, settled.price, settled.roundId, settled.owed),
        (expiry, price, round, usdc(800.0))
    );
    assert_eq!(market.nav().owed, usdc(800.0));

    let (call, put) = (series(expiry, 2_500, false), series(expiry, 2_400, true));
    let receiver = market.stage.chain.world.account("somebody");
    let (payoff, receipt) =
        market.receipt(market.trader, IVault::claimCall { series: vec![call, put], receiver });
    assert_eq!((payoff, market.usdc_of(receiver), market.nav().owed), (usdc(800.0), usdc(800.0), U256::ZERO));
    let claimed = events::<IVault::Claimed>(&receipt.logs, vault);
    let told: Vec<_> = claimed.iter().map(|one| (one.series, one.size, one.payoff)).collect();
    assert_eq!(told, [(call, wad(4.0), usdc(800.0)), (put, wad(1.0), U256::ZERO)]);
    assert_eq!(claim(&mut market, vec![call, put], receiver).expect("an empty claim"), U256::ZERO);
    assert_eq!(market.book().len(), 1);
}

#[test]
fn puts_pay_below_their_strike() {
    let (mut market, [round, _]) = expired(2_350.0);
    settle(&mut market, round).expect("a settlement");
    let put = series(market.expiries[0], 2_400, true);
    let trader = market.trader;
    assert_eq!(claim(&mut market, vec![put], trader).expect("a claim"), usdc(50.0));
}

#[test]
fn settlement_happens_once_with_the_right_round_and_not_before() {
    let mut market = Market::open();
    let (expiry, now) = (market.expiries[0], U256::from(market.now()));
    let round = market.stage.last_round().expect("a round");
    market.refuses(IVault::NotExpired { expiry, timestamp: now }, |market| settle(market, round));

    let (mut market, [before, after]) = expired(2_700.0);
    let id = series(expiry, 2_500, false);
    market.refuses(IVault::NotSettled { series: id }, |market| claim(market, vec![id], market.trader));
    market.refuses(IVault::SettlementPending { expiry }, |market| market.deposit(1.0));
    let lp = market.lp;
    assert_eq!(market.stage.ask(IERC4626::maxDepositCall { receiver: lp }).expect("a limit"), U256::ZERO);
    let early = before - U80::ONE;
    let error = IVault::RoundNotStraddling {
        roundId: early,
        updatedAt: U256::from(crate::market::START),
        nextUpdatedAt: U256::from(expiry - HOUR),
        expiry,
    };
    market.refuses(error, |market| settle(market, early));
    let error = IVault::RoundNotStraddling {
        roundId: after,
        updatedAt: U256::from(expiry + HOUR),
        nextUpdatedAt: U256::ZERO,
        expiry,
    };
    market.refuses(error, |market| settle(market, after));
    settle(&mut market, before).expect("a settlement");
    market.refuses(IVault::AlreadySettled { expiry }, |market| settle(market, before));
    market.stage.push_price(2_700.0 * 1.3).expect("a second round after the jump");
    market.deposit(1.0).expect("a deposit after the settlement");
}

#[test]
fn the_proof_holds_over_a_change_of_phase() {
    for phases in [1, 2] {
        let mut market = Market::open();
        let (expiry, owner, feed) = (market.expiries[0], market.stage.actors.owner, market.stage.feed);
        market.trade(&[(series(expiry, 2_500, false), 4.0)]).expect("a trade");
        market.move_to(expiry - HOUR, 2_700.0);
        let last = market.stage.last_round().expect("a round");
        for _ in 0..phases {
            market.stage.chain.send(owner, feed, PriceFeed::nextPhaseCall {}).expect("a phase");
        }
        market.stage.chain.world.warp(expiry + HOUR);
        let early = IVault::RoundNotStraddling {
            roundId: last,
            updatedAt: U256::from(expiry - HOUR),
            nextUpdatedAt: U256::ZERO,
            expiry,
        };
        market.refuses(early, |market| settle(market, last));
        market.stage.push_price(3_500.0).expect("the first round of the phase");
        if phases == 1 {
            let first = market.stage.last_round().expect("a round");
            assert_eq!(first >> 64, (last >> 64) + U80::ONE);
            assert_eq!(settle(&mut market, last).expect("a settlement"), wad(2_700.0));
        } else {
            assert!(
                settle(&mut market, last).is_err(),
                "a phase between them without a round proves nothing"
            );
        }
    }
}

#[test]
fn the_payoff_is_the_same_however_late() {
    let paid = [0, 30 * 24].map(|late| {
        let (mut market, [round, _]) = expired(2_700.0);
        for hour in 0..late {
            let time = market.now() + HOUR;
            market.stage.chain.world.warp(time);
            market.stage.push_price(2_700.0 + f64::from(hour)).expect("a round");
        }
        let price = settle(&mut market, round).expect("a settlement");
        let (id, trader) = (series(market.expiries[0], 2_500, false), market.trader);
        (price, claim(&mut market, vec![id], trader).expect("a claim"))
    });
    assert_eq!(paid[0], paid[1]);
}

#[test]
fn claims_are_paid_while_paused_and_without_a_price() {
    let (mut market, [round, _]) = expired(2_700.0);
    settle(&mut market, round).expect("a settlement");
    let guardian = market.stage.actors.guardian;
    market.stage.vault(guardian, IVault::pauseCall {}).expect("a pause");
    let late = market.now() + 100 * HOUR;
    market.stage.chain.world.warp(late);
    let (id, trader) = (series(market.expiries[0], 2_500, false), market.trader);
    assert_eq!(claim(&mut market, vec![id], trader).expect("a claim"), usdc(800.0));
}

#[test]
fn an_expired_series_trades_no_more() {
    let (mut market, _) = expired(SPOT);
    let (id, now) = (series(market.expiries[0], 2_500, false), U256::from(market.now()));
    market.refuses(IVault::SeriesExpired { series: id, timestamp: now }, |market| {
        market.trade_with(&[(id, -1.0)], I256::MAX, U256::MAX)
    });
}

#[test]
fn a_series_trades_to_its_last_second_and_settles_from_its_first() {
    let mut market = Market::open();
    let expiry = market.expiries[0];
    let id = series(expiry, 2_500, false);
    market.move_to(expiry - HOUR, 2_700.0);
    let round = market.stage.last_round().expect("a round");
    market.stage.chain.world.warp(expiry - 1);
    let premium = market.trade(&[(id, 1.0)]).expect("a trade a second before");
    assert!(premium >= I256::from_raw(usdc(200.0)), "{premium}");
    let timestamp = U256::from(expiry - 1);
    market.refuses(IVault::NotExpired { expiry, timestamp }, |market| settle(market, round));
    for now in [expiry, expiry + 1] {
        market.stage.chain.world.warp(now);
        market.refuses(IVault::SeriesExpired { series: id, timestamp: U256::from(now) }, |market| {
            market.trade(&[(id, 1.0)])
        });
    }
    let next_updated = U256::ZERO;
    let early = IVault::RoundNotStraddling {
        roundId: round,
        updatedAt: U256::from(expiry - HOUR),
        nextUpdatedAt: next_updated,
        expiry,
    };
    market.refuses(early, |market| settle(market, round));
    market.stage.push_price(2_800.0).expect("a round after it");
    for to_come in [1, 2, 1_000] {
        let id = market.stage.last_round().expect("a round") + U80::from(to_come);
        let error = IVault::RoundNotStraddling {
            roundId: id,
            updatedAt: U256::ZERO,
            nextUpdatedAt: U256::ZERO,
            expiry,
        };
        market.refuses(error, |market| settle(market, id));
    }
    assert_eq!(settle(&mut market, round).expect("a settlement"), wad(2_700.0));
    let timestamp = U256::from(expiry + 1);
    market.refuses(IVault::SeriesExpired { series: id, timestamp }, |market| market.trade(&[(id, -1.0)]));
    let unlisted = expiry + 86_400;
    market.stage.chain.world.warp(unlisted);
    market.refuses(IVault::ExpiryNotListed { expiry: unlisted }, |market| {
        let anyone = market.stage.actors.arbitrageur;
        market.stage.vault(anyone, IVault::settleCall { expiry: unlisted, roundId: round })
    });
}

#[test]
fn a_claim_of_nothing_pays_nothing_and_one_series_twice_pays_once() {
    let (mut market, [round, _]) = expired(2_700.0);
    settle(&mut market, round).expect("a settlement");
    let (call, trader) = (series(market.expiries[0], 2_500, false), market.trader);
    assert_eq!(claim(&mut market, vec![], trader).expect("nothing"), U256::ZERO);
    let unknown = call | U256::from(2);
    market.refuses(IVault::UnknownSeries { series: unknown }, |market| {
        claim(market, vec![call, unknown], trader)
    });
    let live = market.call(2_800);
    market.refuses(IVault::NotSettled { series: live }, |market| claim(market, vec![call, live], trader));
    let before = market.usdc_of(trader);
    assert_eq!(claim(&mut market, vec![call; 3], trader).expect("a claim"), usdc(800.0));
    assert_eq!(market.usdc_of(trader) - before, usdc(800.0));
    assert_eq!(market.nav().owed, U256::ZERO);
}
