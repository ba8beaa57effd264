//! Hedges through a venue, settlement, and what happens when the venue or the token calls back.

use alloy_primitives::{Address, FixedBytes, I256, U256};
use alloy_sol_types::SolCall;
use bridge::mocks::{IDesk, IHook, IMockVenue, Mode};
use interfaces::desk::IHedgeDesk;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault;
use interfaces::venue::IHedgeVenue;
use native_tests::{HOUR, Market, signed, usdc};

/// A market whose book calls for a hedge.
fn skewed() -> Market {
    let mut market = Market::open();
    for strike in [2_500, 2_600, 2_700, 2_800] {
        market.trade(&[(market.call(strike), 18.0)]).expect("a trade");
    }
    assert!(!market.need().due.is_zero());
    market
}

fn behave(market: &mut Market, mode: Mode) {
    let (owner, venue) = (market.keeper, market.venue);
    market.chain.send(owner, venue, IMockVenue::setModeCall { mode: mode as u8 }).expect("a mode");
}

#[test]
fn a_hedge_through_either_venue_moves_balances_and_says_so() {
    for name in ["mock", "Uniswap"] {
        let mut market = skewed();
        let (vault, venue) = (market.vault, if name == "mock" { market.venue } else { market.uniswap });
        let (size, cash) = (market.need().due, market.cash(vault));
        assert_eq!(market.rebalance(venue, size), Ok(size), "{name}");
        assert_eq!(market.balance(market.underlying, vault), size.into_raw());
        let [hedged] = market.chain.events_of::<IVault::Hedged>(vault).try_into().expect("one event");
        assert_eq!((hedged.venue, hedged.size, hedged.position), (venue, size, size));
        let paid = (cash - market.cash(vault)) * U256::from(10).pow(U256::from(30));
        assert!(hedged.price.abs_diff(paid / size.into_raw()) <= U256::from(1), "{name}: {}", hedged.price);
        assert!(market.need().due.is_zero());
        let outside = market.rebalance(venue, signed(0.1)).expect_err("nothing to hedge");
        let _ = bridge::revert::<IHedgeDesk::HedgeNotDue>(&outside);
    }
}

#[test]
fn a_venue_that_fails_cheats_or_panics_changes_nothing() {
    let mut market = skewed();
    let (venue, size) = (market.venue, market.need().due);
    for (mode, filled) in
        [(Mode::Steal, I256::ZERO), (Mode::Underfill, size / I256::try_from(2).expect("two"))]
    {
        behave(&mut market, mode);
        let error = IVault::VenueUnderfilled { size, filled };
        market.refuses(error, |market| market.rebalance(venue, size));
    }
    for (mode, reason) in
        [(Mode::Revert, FixedBytes([0x08, 0xc3, 0x79, 0xa0])), (Mode::Panic, FixedBytes::ZERO)]
    {
        behave(&mut market, mode);
        let error = IVault::VenueFailed { venue, reason };
        market.refuses(error, |market| market.rebalance(venue, size));
    }
    behave(&mut market, Mode::Deaf);
    let slip = IDesk::setSlipCall { slip: I256::try_from(20_000).expect("2 %") };
    market.chain.send(market.keeper, venue, slip).expect("a slip");
    market.changes_nothing(|market| market.rebalance(venue, size));
}

#[test]
fn the_second_leg_that_fails_undoes_the_first() {
    let mut market = skewed();
    let (good, bad, size) = (market.uniswap, market.venue, market.need().due);
    behave(&mut market, Mode::Revert);
    let half = size / I256::try_from(2).expect("two");
    let plan = market.plan(&[(good, half), (bad, half)]);
    let reason = FixedBytes([0x08, 0xc3, 0x79, 0xa0]);
    market.refuses(IVault::VenueFailed { venue: bad, reason }, |market| {
        market.chain.send(market.keeper, market.desk, IHedgeDesk::rebalanceCall { plan })
    });
}

#[test]
fn uniswap_answers_only_to_its_vault() {
    let mut market = skewed();
    let (stranger, venue) = (market.trader, market.uniswap);
    let call = IHedgeVenue::hedgeCall { size: signed(1.0), cashLimit: usdc(3_000.0) };
    let data = market.changes_nothing(|market| market.chain.send(stranger, venue, call));
    assert_eq!(bridge::revert::<IHedgeVenue::OnlyVault>(&data), IHedgeVenue::OnlyVault { caller: stranger });
}

/// Calls that a hostile contract makes in the middle of a call to the vault.
fn attacks(market: &Market) -> Vec<Vec<u8>> {
    let thief = market.keeper;
    vec![
        IERC4626::depositCall { assets: usdc(1.0), receiver: thief }.abi_encode(),
        IVault::payRewardCall { payee: thief, amount: U256::ZERO }.abi_encode(),
        market.trade_call(native_tests::legs_of(&[(market.call(2_800), 1.0)])).abi_encode(),
        IVault::navCall {}.abi_encode(),
    ]
}

/// Sets the hook, lets `act` run into it and asserts that the vault's own lock refused it.
fn besiege(market: &mut Market, hostile: Address, data: Vec<u8>, act: impl FnOnce(&mut Market)) {
    let target = market.vault;
    market
        .chain
        .send(market.keeper, hostile, IHook::setHookCall { target, data: data.into() })
        .expect("a hook");
    act(market);
    let answer = market.chain.view(hostile, IHook::hookAnswerCall {}).expect("an answer");
    assert_eq!(answer.status, U256::from(2), "the door was open");
    assert_eq!(bridge::revert::<IVault::ReentrantCall>(&answer.data), IVault::ReentrantCall {});
}

#[test]
fn the_vaults_own_lock_refuses_a_venue_and_a_token_that_call_back() {
    let attacks = attacks(&Market::open());
    for attack in attacks {
        let mut market = skewed();
        market.chain.set_sdk_guard(false);
        let (venue, token, size) = (market.venue, market.usdc, market.need().due);
        besiege(&mut market, venue, attack.clone(), |market| {
            market.rebalance(venue, size).expect("the hedge itself");
        });
        besiege(&mut market, token, attack, |market| {
            market.deposit(100.0).expect("the deposit itself");
        });
    }
}

#[test]
fn an_expiry_settles_at_the_feeds_round_and_pays_its_holders() {
    let mut market = Market::open();
    let (expiry, trader) = (market.expiries[0], market.trader);
    let [inside, outside] = [2_800, 3_200].map(|strike| native_tests::series(expiry, strike, false));
    market.trade(&[(inside, 4.0), (outside, 2.0)]).expect("a trade");
    market.chain.warp(expiry - HOUR);
    market.push_price(3_000.0);
    let round = market.last_round();
    market.chain.warp(expiry + 1);
    market.push_price(3_100.0);
    market.send(market.keeper, IVault::settleCall { expiry, roundId: round }).expect("a settlement");

    let cash = market.cash(trader);
    for (series, payout) in [(inside, 800.0), (outside, 0.0)] {
        let paid = market
            .send(trader, IVault::claimCall { series: vec![series], receiver: trader })
            .expect("a claim");
        assert_eq!(paid, usdc(payout));
    }
    assert_eq!(market.cash(trader) - cash, usdc(800.0));
    assert_eq!(market.held(inside), U256::ZERO);
    let again = IVault::claimCall { series: vec![inside, outside], receiver: trader };
    assert_eq!(market.send(trader, again), Ok(U256::ZERO));
}
