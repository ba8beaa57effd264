//! The risk engine asked directly, in the vault's own words: its answers are those of `crates/book`, and words that are no request are refused.

use alloy_sol_types::{SolCall, SolError as _, SolInterface as _};
use book::{Order, Place, Request};
use demo::stage::Failure;
use host::alloy_primitives::{B256, I256, U256};
use host::Tx;
use interfaces::engine::IRiskEngine;
use interfaces::settings::Settings;
use interfaces::vault::IVault::{self, IVaultErrors};
use options::Kind;

use crate::hedge::skewed;
use crate::market::{wad, Market};

/// What the vault of a market tells its engine.
fn told(market: &mut Market) -> Request {
    let words = market.stage.ask(IVault::wordsCall {}).expect("words");
    let plain: Vec<[u8; 32]> = words.iter().map(|word| word.0).collect();
    Request::decode(&plain).expect("a request")
}

/// The same with a trade of calls of one strike at the later expiry.
fn with_order(market: &mut Market, lots: i32) -> Request {
    let mut request = told(market);
    let index = request.stored.iter().find(|stored| u64::from(stored.header.expiry) == market.expiries[1]);
    let index = index.expect("the later expiry").index;
    request.orders = vec![Order { place: Place { index, strike: 11 }, kind: Kind::Call, lots }];
    request
}

fn words(request: &Request) -> Vec<B256> {
    request.encode().into_iter().map(B256::from).collect()
}

fn ask<C: SolCall>(market: &mut Market, call: C) -> Result<C::Return, Failure> {
    market.stage.chain.view(market.stage.engine, call)
}

fn number(number: impl TryInto<I256, Error: std::fmt::Debug>) -> I256 {
    number.try_into().expect("a number")
}

#[test]
fn marks_margins_and_losses_are_those_of_the_book() {
    let mut market = skewed();
    let request = told(&mut market);
    let rules = Settings::unpack(&request.settings).rules();
    let marked = book::mark(&rules, request.clone()).expect("a mark");
    let said = ask(&mut market, IRiskEngine::markCall { request: words(&request) }).expect("a mark");
    assert_eq!((said.value, said.delta), (number(marked.value), number(marked.delta)));
    assert_eq!((said.risk, said.needed), (U256::from(marked.risk), U256::from(marked.needed)));
    assert_eq!((said.inner, said.outer), (U256::from(marked.band.inner), U256::from(marked.band.outer)));
    assert!(said.value.is_negative() && said.risk > U256::ZERO && said.needed > U256::ZERO);

    let loss = book::worst_loss(&rules, request.clone()).expect("a loss");
    let said = ask(&mut market, IRiskEngine::worstLossCall { request: words(&request) }).expect("a loss");
    assert!(said == U256::from(loss) && loss > 0);

    let margined = book::margin(&rules, request.clone()).expect("a margin");
    let said = ask(&mut market, IRiskEngine::marginCall { request: words(&request) }).expect("a margin");
    assert_eq!(said.value, number(margined.value));
    assert_eq!(
        [said.initial, said.maintenance, said.uncovered],
        [margined.initial, margined.maintenance, margined.uncovered].map(U256::from)
    );
    assert!(said.initial > said.maintenance && said.maintenance > U256::ZERO);
}

#[test]
fn an_offer_is_the_books_in_the_order_of_the_interface() {
    let mut market = skewed();
    for lots in [250, -100] {
        let request = with_order(&mut market, lots);
        let rules = Settings::unpack(&request.settings).rules();
        let offer = book::offer(&rules, &request).expect("an offer");
        let said = ask(&mut market, IRiskEngine::offerCall { request: words(&request) }).expect("an offer");
        let quote = offer.quote;
        let mut numbers = vec![number(quote.premium), number(quote.value), number(quote.charge)];
        numbers.push(number(quote.spread));
        numbers.extend(offer.net.map(number));
        numbers.extend(offer.young.halves().map(number));
        numbers.extend(offer.legs.as_flattened().iter().map(|part| number(*part)));
        assert_eq!(said, numbers, "{lots}");
        assert_eq!(said.len(), 10);
    }
}

#[test]
fn a_trade_beyond_a_limit_is_refused_in_the_vaults_words() {
    let mut market = skewed();
    let request = with_order(&mut market, 1_000_000);
    let failure =
        ask(&mut market, IRiskEngine::offerCall { request: words(&request) }).expect_err("too much");
    IVaultErrors::abi_decode(&failure.data()).expect("an error of the vault");
}

#[test]
fn words_that_are_no_request_are_refused_by_their_number() {
    let mut market = skewed();
    let all = words(&told(&mut market));
    for count in [0, 1, 7, all.len() - 1] {
        let request = all[..count].to_vec();
        let error = IRiskEngine::RequestInvalid { words: U256::from(count) }.abi_encode();
        for failure in [
            ask(&mut market, IRiskEngine::markCall { request: request.clone() }).err(),
            ask(&mut market, IRiskEngine::offerCall { request: request.clone() }).err(),
            ask(&mut market, IRiskEngine::worstLossCall { request: request.clone() }).err(),
            ask(&mut market, IRiskEngine::marginCall { request }).err(),
        ] {
            let failure = failure.expect("a refusal");
            assert_eq!(failure.data(), error, "{count}: {failure}");
        }
    }
}

#[test]
fn it_takes_no_ether() {
    let mut market = skewed();
    let (from, to) = (market.stage.actors.keeper, Some(market.stage.engine));
    let data: Vec<u8> = IRiskEngine::markCall { request: words(&told(&mut market)) }.abi_encode();
    market.stage.chain.world.set_balance(from, wad(1.0));
    for (value, good) in [(0_u64, true), (1, false)] {
        let tx = Tx { from, to, value: U256::from(value), data: data.clone().into(), gas_limit: 20_000_000 };
        let done = market.stage.chain.world.call_with(tx);
        assert_eq!(done.is_ok(), good, "{value}");
    }
}
