//! What an LP might try: nobody gains by when it comes and goes.

use demo::stage::default_profile;
use host::alloy_primitives::{Address, I256, U256};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::vault::IVault;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::market::{series, usdc, wide_limits, Market, DAY, HOUR, SPOT, START};
use crate::redeem::{lps, process, redeem_all, request, shares_of};

/// A market in which redemptions wait for nothing: whatever gains nothing here gains nothing with a delay.
fn hasty() -> Market {
    Market::with(IVault::Profile { redeemDelay: 0, ..default_profile() })
}

/// An account with USDC and no shares.
fn somebody(market: &mut Market, usd: f64) -> Address {
    market.stage.funded("somebody", usd).expect("an account")
}

fn deposit(market: &mut Market, from: Address, assets: U256) -> U256 {
    market.stage.vault(from, IERC4626::depositCall { assets, receiver: from }).expect("a deposit")
}

/// Takes all shares out.
fn leave(market: &mut Market, who: Address) -> U256 {
    let shares = shares_of(market, who);
    request(market, who, shares).expect("a request");
    process(market).expect("processed");
    redeem_all(market, who)
}

#[test]
fn the_first_depositor_cannot_take_from_the_second() {
    for (first, gift) in [(1_u64, 1_000_000_000_000_u64), (1_000_000, 999_999_999_999), (7, 13), (10_000, 10)]
    {
        let mut market = Market::bare(IVault::Profile { redeemDelay: 0, ..default_profile() }, wide_limits());
        let (victim, attacker) = (market.lp, somebody(&mut market, 3_000_000.0));
        let start = market.usdc_of(attacker);
        deposit(&mut market, attacker, U256::from(first));
        let (usdc_token, vault) = (market.stage.usdc, market.stage.vault);
        let transfer = IToken::transferCall { to: vault, value: U256::from(gift) };
        market.stage.chain.send(attacker, usdc_token, transfer).expect("a gift");
        let assets = usdc(1_234.567_89);
        let shares = deposit(&mut market, victim, assets);
        let worth = market.stage.ask(IERC4626::convertToAssetsCall { shares }).expect("assets");
        assert!(worth >= assets - assets / U256::from(1_000_000) - U256::ONE, "{worth}");
        leave(&mut market, attacker);
        assert!(market.usdc_of(attacker) < start);
        let back = leave(&mut market, victim);
        assert!(back >= assets - assets / U256::from(1_000_000) - U256::ONE, "{back}");
    }
}

#[test]
fn capital_for_one_trade_earns_nothing_of_its_spread() {
    let mut market = hasty();
    let somebody = somebody(&mut market, 1_000_000.0);
    let start = market.usdc_of(somebody);
    deposit(&mut market, somebody, start);
    market.trade(&[(market.call(2_800), 18.0)]).expect("a trade");
    assert!(leave(&mut market, somebody) <= start);
}

#[test]
fn a_deposit_before_a_settlement_earns_nothing_by_it() {
    let mut market = hasty();
    let near = market.expiries[0];
    market.trade(&[(series(near, 2_700, false), 18.0), (series(near, 3_000, false), 9.0)]).expect("a trade");
    market.move_to(near - 1, SPOT);
    let somebody = somebody(&mut market, 1_000_000.0);
    let start = market.usdc_of(somebody);
    deposit(&mut market, somebody, start);
    let round = market.stage.last_round().expect("a round");
    market.move_to(near + 1, SPOT);
    market.stage.vault(somebody, IVault::settleCall { expiry: near, roundId: round }).expect("a settlement");
    assert!(leave(&mut market, somebody) <= start);
}

#[test]
fn capital_round_the_processing_of_an_epoch_earns_nothing() {
    let mut market = hasty();
    market.trade(&[(market.call(2_800), 18.0)]).expect("a trade");
    let [leaver] = lps(&mut market, [500_000.0]);
    let shares = shares_of(&mut market, leaver);
    request(&mut market, leaver, shares).expect("a request");
    let somebody = somebody(&mut market, 1_000_000.0);
    let start = market.usdc_of(somebody);
    deposit(&mut market, somebody, start);
    process(&mut market).expect("processed");
    assert!(leave(&mut market, somebody) <= start);
}

#[test]
fn whoever_has_asked_bears_what_comes() {
    let mut market = Market::open();
    let [lp] = lps(&mut market, [500_000.0]);
    market.trade(&[(market.call(2_800), 18.0), (market.call(2_500), 18.0)]).expect("a trade");
    let shares = shares_of(&mut market, lp);
    request(&mut market, lp, shares).expect("a request");
    let before = market.stage.ask(IERC4626::convertToAssetsCall { shares }).expect("assets");
    market.stage.chain.world.warp(START + DAY);
    let locked = IERC4626::cancelRedeemRequestCall { requestId: U256::ONE, controller: lp };
    let failure = market.stage.vault(lp, locked).err().map(|failure| failure.name());
    assert_eq!(failure.as_deref(), Some("RedemptionLocked"));
    market.move_to(START + 2 * DAY, SPOT * 1.15);
    let (nav, supply) = (market.nav(), market.stage.ask(IERC20::totalSupplyCall {}).expect("a supply"));
    process(&mut market).expect("processed");
    let paid = redeem_all(&mut market, lp);
    let fair = nav.low.into_raw() * shares / supply;
    assert!(paid < before && paid <= fair && fair - paid <= U256::from(2), "{before} {paid} {fair}");
}

/// What one account does at one moment: deposits, trades, donates, leaves with part of its shares.
#[derive(Clone, Copy, Debug)]
enum Act {
    Deposit(u64),
    Mint(u64),
    Trade(u64, bool, i64),
    Give(u64),
    Leave(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        prop_oneof![1..=10_u64, 1..=400_000_000_000_u64].prop_map(Act::Deposit),
        prop_oneof![1..=10_u64, 1..=400_000_000_000_000_000_u64].prop_map(Act::Mint),
        (0..21_u64, prop::bool::weighted(0.2), prop_oneof![1..=1_800_i64, -1_800..=-1_i64])
            .prop_map(|(strike, put, lots)| Act::Trade(1_800 + 100 * strike, put, lots)),
        (1..=1_000_000_u64).prop_map(Act::Give),
        (1..=1_000_u64).prop_map(Act::Leave),
    ]
}

/// The account's options: what it holds, for the way back.
fn trade(market: &mut Market, held: &mut std::collections::BTreeMap<U256, i64>, id: U256, lots: i64) -> bool {
    let lots = lots.max(-held.get(&id).copied().unwrap_or_default());
    let placed = lots != 0 && {
        let size = I256::try_from(i128::from(lots) * 10_000_000_000_000_000).expect("a size");
        let legs = vec![IVault::Leg { series: id, size }];
        let receiver = market.trader;
        let call = IVault::tradeCall { legs, maxPremium: I256::MAX, receiver, deadline: U256::MAX };
        market.stage.vault(receiver, call).is_ok()
    };
    if placed {
        *held.entry(id).or_default() += lots;
    }
    placed
}

#[test]
fn no_sequence_of_deposits_trades_gifts_and_redemptions_gains() {
    let mut market = hasty();
    let trader = market.trader;
    market.trader = market.lp;
    market.trade(&[(market.call(2_500), 12.0), (market.call(2_900), 18.0)]).expect("other people's trades");
    market.trader = trader;
    market.move_to(START + 5 * HOUR, 2_815.5);
    let (start, base) = (market.usdc_of(trader), market.stage.chain.world.snapshot());
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 300, failure_persistence: None, ..Config::default() },
        TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]),
    );
    let (market, done) = (std::cell::RefCell::new(market), std::cell::Cell::new(0_u32));
    let outcome = runner.run(&prop::collection::vec(act(), 1..=8), |acts| {
        let market = &mut *market.borrow_mut();
        market.stage.chain.world.restore(&base);
        let mut held = std::collections::BTreeMap::new();
        for act in acts {
            let placed = match act {
                Act::Deposit(assets) => {
                    let call = IERC4626::depositCall { assets: U256::from(assets), receiver: trader };
                    market.stage.vault(trader, call).is_ok()
                }
                Act::Mint(shares) => {
                    let call = IERC4626::mintCall { shares: U256::from(shares), receiver: trader };
                    market.stage.vault(trader, call).is_ok()
                }
                Act::Trade(strike, put, lots) => {
                    let id = series(market.expiries[1], strike, put);
                    trade(market, &mut held, id, lots)
                }
                Act::Give(value) => {
                    let (token, to) = (market.stage.usdc, market.stage.vault);
                    let call = IToken::transferCall { to, value: U256::from(value) };
                    market.stage.chain.send(trader, token, call).is_ok()
                }
                Act::Leave(part) => {
                    let shares = shares_of(market, trader) * U256::from(part) / U256::from(1_000);
                    let asked = request(market, trader, shares).is_ok();
                    if asked {
                        prop_assert!(process(market).is_ok(), "an epoch was not processed");
                        redeem_all(market, trader);
                    }
                    asked
                }
            };
            done.set(done.get() + u32::from(placed));
        }
        let mut rest: Vec<(U256, i64)> = held.clone().into_iter().filter(|(_, lots)| *lots > 0).collect();
        rest.sort_by_key(|(series, _)| !series.bit(0));
        for (id, mut lots) in rest {
            while lots > 0 {
                let part = lots.min(1_800);
                prop_assert!(trade(market, &mut held, id, -part), "a sale back was refused");
                lots -= part;
            }
        }
        if shares_of(market, trader) > U256::ZERO {
            leave(market, trader);
        }
        let end = market.usdc_of(trader);
        prop_assert!(end <= start, "{start} became {end}");
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    println!("{} acts done", done.get());
    assert!(done.get() > 600, "too few acts were done to say anything: {}", done.get());
}
