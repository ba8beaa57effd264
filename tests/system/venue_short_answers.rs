//! The short venue before an Aave that answers by rote: tokens of few decimals, a price of nothing, an oracle that is gone.

use std::collections::HashMap;

use alloy_sol_types::{sol, SolCall as _, SolValue as _};
use demo::stage::positions::{FLOOR, HAIRCUT};
use demo::stage::{artifacts, Failure, POOL_FEE};
use host::alloy_primitives::aliases::U24;
use host::alloy_primitives::{Address, Bytes, FixedBytes, B256, I256, U256};
use host::{Answer, Mock};
use interfaces::erc20::IERC20;
use interfaces::external::{IAaveAddresses, IAaveOracle, IAavePool, IToken};
use interfaces::position::IPositionVenue::{self, State};

use crate::broker_bounds::dollars;
use crate::market::{signed, usdc, wad, SPOT};
use crate::venue_short::Short;

sol! {
    interface Decimals {
        function decimals() external view returns (uint8);
    }
}

/// What Aave says of an account: collateral and debt [8 decimals], and a health of its own.
struct Rote {
    collateral: f64,
    debt: f64,
    health: f64,
}

fn mock(answers: &[(&[u8], Vec<u8>)], otherwise: bool) -> Mock {
    let answer = |data: Vec<u8>| Answer { gas: 1_000, data: Bytes::from(data), revert: false };
    let answers = answers.iter().map(|(selector, data)| (selector.to_vec(), answer(data.clone())));
    Mock { answers: answers.collect(), otherwise: otherwise.then(|| answer(true.abi_encode())) }
}

/// A venue for a token of 8 decimals, of which it owes 250 units and a half, on an Aave that says so; the rest of the account is `rote`.
fn by_rote(short: &mut Short, rote: &Rote) -> Address {
    let (stage, desk) = (&mut short.market.stage, short.desk);
    let [token, owed, lent, pool, registry, oracle, router] =
        ["token", "owed", "lent", "aave", "registry", "oracle", "router"]
            .map(|name| stage.chain.world.account(name));
    let eights = |usd: f64| U256::from((usd * 1e8) as u128);
    let account = [
        eights(rote.collateral),
        eights(rote.debt),
        eights(10_000.0),
        U256::from(7_800),
        U256::from(7_500),
        wad(rote.health),
    ];
    let mut reserve = [Address::ZERO; 15];
    (reserve[8], reserve[10]) = (lent, owed);
    let world = &mut stage.chain.world;
    world.set_mock(token, mock(&[(&Decimals::decimalsCall::SELECTOR, U256::from(8).abi_encode())], true));
    let balance =
        |units: u64| mock(&[(&IERC20::balanceOfCall::SELECTOR, U256::from(units).abi_encode())], false);
    world.set_mock(owed, balance(25_050_000_000));
    world.set_mock(lent, balance(800_000_000_000));
    let answers: [(&[u8], Vec<u8>); 3] = [
        (&IAavePool::ADDRESSES_PROVIDERCall::SELECTOR, registry.abi_encode()),
        (&IAavePool::getReserveDataCall::SELECTOR, reserve.abi_encode()),
        (&IAavePool::getUserAccountDataCall::SELECTOR, account.abi_encode()),
    ];
    world.set_mock(pool, mock(&answers, true));
    let registered: [(&[u8], Vec<u8>); 1] =
        [(&IAaveAddresses::getPriceOracleCall::SELECTOR, oracle.abi_encode())];
    world.set_mock(registry, mock(&registered, false));
    world.set_mock(oracle, mock(&[], true));
    world.set_mock(router, mock(&[], true));
    let owner = stage.actors.owner;
    let cash = IToken::transferCall { to: lent, value: usdc(800_000.0) };
    stage.chain.send(desk, stage.usdc, cash).expect("what Aave could pay out");
    let arguments =
        (desk, short.receiver, stage.usdc, token, router, U24::from(POOL_FEE), pool, FLOOR, HAIRCUT);
    let wasm = artifacts::wasm("aave_short").expect("the venue's WASM");
    let deployed = stage.chain.world.deploy_wasm(owner, &wasm, Some(&arguments.abi_encode_params()));
    deployed.expect("the venue")
}

fn adjust(short: &mut Short, venue: Address, size: I256, price: f64, margin: f64) -> Result<B256, Failure> {
    let (price, margin) = (wad(price), dollars(margin));
    let call = IPositionVenue::adjustCall { size, price, limitPrice: price, margin };
    short.market.stage.chain.send(short.desk, venue, call)
}

#[test]
fn a_token_of_eight_decimals_is_traded_in_its_own_units() {
    let mut short = Short::open();
    let venue = by_rote(&mut short, &Rote { collateral: 800_000.0, debt: 501_000.0, health: 1.25 });
    let call = IPositionVenue::worthCall { price: wad(2_000.0) };
    let State { size, equity, .. } = short.market.stage.chain.view(venue, call).expect("a state");
    assert_eq!((size, equity), (signed(-250.5), dollars(800_000.0 - 501_000.0 * 1.002)));
    let unit = U256::from(10_000_000_000_u64);
    let (size, error) = (I256::MINUS_ONE, |size| IPositionVenue::SizeNotWhole { size, unit });
    short.refuses(error(size), |short| adjust(short, venue, size, 2_000.0, 0.0));
    let size = signed(-0.000_000_015);
    short.refuses(error(size), |short| adjust(short, venue, size, 2_000.0, 0.0));
    // More than is owed is refused in sizes, not in units.
    let error = IPositionVenue::SizeOutOfRange { size: signed(251.0), least: I256::MIN, most: signed(250.5) };
    short.refuses(error, |short| adjust(short, venue, signed(251.0), 2_000.0, 0.0));
}

#[test]
fn health_is_aaves_word_where_the_market_is_no_dearer_than_its_oracle() {
    let mut short = Short::open();
    // At 2,000 USD the debt is what Aave says; its health is better than collateral and threshold alone would have it.
    let venue = by_rote(&mut short, &Rote { collateral: 780_000.0, debt: 501_000.0, health: 1.3 });
    for price in [1_900.0, 2_000.0] {
        adjust(&mut short, venue, signed(-1.0), price, 0.0).expect("at Aave's word");
    }
    let health = wad(780_000.0 * 0.78) * wad(1.0) / wad(250.5 * 2_001.0);
    short.refuses(IPositionVenue::HealthTooLow { health, floor: U256::from(FLOOR) }, |short| {
        adjust(short, venue, signed(-1.0), 2_001.0, 0.0)
    });
}

#[test]
fn a_price_of_nothing_is_no_answer_of_aaves_oracle() {
    let mut short = Short::holding(10.0);
    let pool = short.aave.pool;
    let registry =
        short.market.stage.chain.view(pool, IAavePool::ADDRESSES_PROVIDERCall {}).expect("a registry");
    let callee =
        short.market.stage.chain.view(registry, IAaveAddresses::getPriceOracleCall {}).expect("an oracle");
    short.market.push_answer(0);
    let method = FixedBytes(IAaveOracle::getAssetPriceCall::SELECTOR);
    short.refuses(IPositionVenue::BadAnswer { callee, method }, |short| {
        short.adjust_exactly(signed(-0.1), SPOT, SPOT * 0.99, 0.0)
    });
}

#[test]
fn what_lies_here_buys_back_while_aaves_oracle_is_gone() {
    let mut short = Short::holding(10.0);
    short
        .market
        .stage
        .chain
        .world
        .set_mock(short.aave.fallback, Mock { answers: HashMap::new(), otherwise: None });
    let method = FixedBytes(IAavePool::getUserAccountDataCall::SELECTOR);
    let error = IPositionVenue::BadAnswer { callee: short.aave.pool, method };
    short.refuses(error, |short| short.adjust(5.0, SPOT * 1.01, 0.0));
    short.give(5.0 * SPOT * 1.01);
    short.adjust_exactly(signed(5.0), SPOT, SPOT * 1.01, 0.0).expect("from what lies here");
    let call = IPositionVenue::worthCall { price: wad(SPOT) };
    let worth = short.market.stage.chain.view(short.venue, call).expect("a mark needs no oracle");
    assert_eq!(worth.size, signed(-5.0));
}

#[test]
fn it_has_no_orders_to_wait_for_and_serves_whom_it_was_made_for() {
    let mut short = Short::open();
    let (venue, desk, receiver) = (short.venue, short.desk, short.receiver);
    let chain = &mut short.market.stage.chain;
    assert_eq!(chain.view(venue, IPositionVenue::deskCall {}).expect("a desk"), desk);
    assert_eq!(chain.view(venue, IPositionVenue::receiverCall {}).expect("a receiver"), receiver);
    assert_eq!(chain.view(venue, IPositionVenue::timeoutCall {}).expect("a time"), U256::ZERO);
}
