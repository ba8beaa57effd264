//! The lens before vaults that lie, and while a vault is locked.

use std::collections::HashMap;

use alloy_sol_types::{SolCall, SolError as _, SolInterface as _};
use book::{Request, MAX_EXPIRIES};
use demo::stage::Failure;
use host::alloy_primitives::{Address, Bytes, B256, U256};
use host::{Answer, CallError, Mock};
use interfaces::erc4626::IERC4626;
use interfaces::lens::ILens::{self, ILensErrors};
use interfaces::settings::Settings;
use interfaces::vault::IVault;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::hedge::due;
use crate::hostile::{armed, Hostile};
use crate::market::{signed, wad, Market, SPOT};
use crate::redeem::{request, SHARE};

/// A market with a book, a hedge that is due and a redemption that waits.
fn stocked() -> Market {
    let mut market = Market::open();
    market.trade(&[(market.call(2_800), 9.0), (market.put(2_600), 2.0)]).expect("a trade");
    let lp = market.lp;
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    market
}

/// What the vault answers to everything that the lens asks, by selector: a refusal to quotes, as any price but the vault's own is none.
fn honest(market: &mut Market) -> HashMap<Vec<u8>, Answer> {
    let answer = |data: Vec<u8>| Answer { gas: 1_000, data: Bytes::from(data), revert: false };
    let refusal = market.quote(&[(market.call(2_850), 1.0)]).expect_err("no such strike").data();
    let stage = &mut market.stage;
    let words = stage.ask(IVault::wordsCall {}).expect("words");
    let nav = stage.ask(IVault::navCall {}).expect("a NAV");
    let range = stage.ask(IERC4626::epochsCall {}).expect("epochs");
    let epoch = stage.ask(IERC4626::epochCall { requestId: U256::ONE }).expect("an epoch");
    HashMap::from([
        (IVault::wordsCall::SELECTOR.to_vec(), answer(IVault::wordsCall::abi_encode_returns(&words))),
        (IVault::navCall::SELECTOR.to_vec(), answer(IVault::navCall::abi_encode_returns(&nav))),
        (IVault::quoteCall::SELECTOR.to_vec(), Answer { revert: true, ..answer(refusal.to_vec()) }),
        (IERC4626::epochsCall::SELECTOR.to_vec(), answer(IERC4626::epochsCall::abi_encode_returns(&range))),
        (IERC4626::epochCall::SELECTOR.to_vec(), answer(IERC4626::epochCall::abi_encode_returns(&epoch))),
    ])
}

/// Every view of the lens that takes a vault, and the question that it asks last.
fn views(market: &mut Market, vault: Address) -> Vec<(Vec<u8>, Result<(), Failure>)> {
    let (series, expiry, size) = (market.call(2_800), market.expiries[1], wad(1.0));
    let stage = &mut market.stage;
    let mut seen = Vec::new();
    macro_rules! look {
        ($asked:expr, $call:expr) => {
            seen.push(($asked.to_vec(), stage.look($call).map(|_| ())))
        };
    }
    let words = IVault::wordsCall::SELECTOR;
    look!(words, ILens::bookCall { vault });
    look!(words, ILens::greeksCall { vault });
    look!(words, ILens::greeksByExpiryCall { vault });
    look!(words, ILens::seriesGreeksCall { vault, series });
    look!(words, ILens::stressCall { vault, dSpot: signed(-0.2), dVol: signed(0.1) });
    look!(words, ILens::worstCaseCall { vault });
    look!(IVault::navCall::SELECTOR, ILens::navBreakdownCall { vault });
    look!(words, ILens::nextHedgeCall { vault });
    look!(IVault::quoteCall::SELECTOR, ILens::chainCall { vault, expiry, size });
    look!(IVault::quoteCall::SELECTOR, ILens::collateralValueCall { vault, series, amount: size });
    look!(IERC4626::epochCall::SELECTOR, ILens::queueCall { vault });
    seen
}

#[test]
fn an_answer_cut_short_or_not_given_is_the_vaults_failure() {
    let mut market = stocked();
    let answers = honest(&mut market);
    let liar = market.stage.chain.world.account("liar");
    let failed = ILens::VaultFailed { vault: liar }.abi_encode();
    market.stage.chain.world.set_mock(liar, Mock { answers: answers.clone(), otherwise: None });
    for (asked, seen) in views(&mut market, liar) {
        seen.unwrap_or_else(|failure| panic!("{asked:?}: {failure}"));
    }
    for selector in answers.keys() {
        let data = answers[selector].data.clone();
        let silent = Answer { gas: 1_000, data: Bytes::new(), revert: true };
        let short = Answer { data: data.slice(..data.len() - 32), revert: false, ..silent };
        let wide = Answer { data: vec![0xff; data.len()].into(), revert: false, ..silent };
        for bad in [silent, short, wide] {
            let mut answers = answers.clone();
            answers.insert(selector.clone(), bad);
            market.stage.chain.world.set_mock(liar, Mock { answers, otherwise: None });
            for (asked, seen) in views(&mut market, liar) {
                if asked == *selector {
                    assert_eq!(seen.expect_err("a failure").data(), failed, "{asked:?}");
                }
            }
        }
    }
}

/// The vault's words, with a change.
fn spoilt(words: &[B256], change: impl FnOnce(&mut Request)) -> Bytes {
    let plain: Vec<[u8; 32]> = words.iter().map(|word| word.0).collect();
    let mut request = Request::decode(&plain).expect("a request");
    change(&mut request);
    let words = request.encode().into_iter().map(B256::from).collect();
    IVault::wordsCall::abi_encode_returns(&words).into()
}

#[test]
fn words_of_a_book_that_no_vault_has_are_the_vaults_failure() {
    let mut market = stocked();
    let answers = honest(&mut market);
    let liar = market.stage.chain.world.account("liar");
    let failed = ILens::VaultFailed { vault: liar }.abi_encode();
    let words = market.stage.ask(IVault::wordsCall {}).expect("words");
    type Change = fn(&mut Request);
    let changes: [(&str, Change); 7] = [
        ("a lot of nothing", |request| {
            let mut settings = Settings::unpack(&request.settings);
            settings.profile.lot = 0;
            request.settings = settings.pack();
        }),
        ("more expiries than a vault has", |request| {
            while request.stored.len() <= MAX_EXPIRIES {
                request.stored.push(request.stored[1].clone());
            }
        }),
        ("strikes that are one", |request| request.stored[1].header.grid.step = 0),
        ("strikes from nothing", |request| request.stored[0].header.grid.base = 0),
        ("a forward of nothing", |request| request.stored[1].slice.as_mut().expect("a slice").forward = 0),
        ("a smile of negative variance", |request| {
            request.stored[0].slice.as_mut().expect("a slice").a = -(1 << 36)
        }),
        ("a slice of the next second", |request| {
            request.stored[1].slice.as_mut().expect("a slice").updated_at = request.now + 1;
        }),
    ];
    let mut look = |data: Bytes| {
        let mut answers = answers.clone();
        answers.insert(IVault::wordsCall::SELECTOR.to_vec(), Answer { gas: 1_000, data, revert: false });
        market.stage.chain.world.set_mock(liar, Mock { answers, otherwise: None });
        views(&mut market, liar)
    };
    for (asked, seen) in look(spoilt(&words, |_| {})) {
        seen.unwrap_or_else(|failure| panic!("{asked:?}: {failure}"));
    }
    for (name, change) in changes {
        for (asked, seen) in look(spoilt(&words, change)) {
            if asked == IVault::wordsCall::SELECTOR {
                assert_eq!(seen.expect_err(name).data(), failed, "{name}");
            }
        }
    }
}

#[test]
fn a_megabyte_of_an_answer_costs_no_more_than_the_memory_of_a_good_one() {
    let mut market = stocked();
    let liar = market.stage.chain.world.account("liar");
    let flood = Answer { gas: 1_000, data: vec![1; 1 << 20].into(), revert: false };
    for revert in [false, true] {
        let otherwise = Some(Answer { revert, ..flood.clone() });
        market.stage.chain.world.set_mock(liar, Mock { answers: HashMap::new(), otherwise });
        for (asked, seen) in views(&mut market, liar) {
            let failure = seen.expect_err("no vault answers so");
            ILensErrors::abi_decode(&failure.data()).expect("an error of the lens");
            let Failure(CallError::Revert { gas_used, .. }) = failure else { panic!("{asked:?}: {failure}") };
            assert!(gas_used < 100_000, "{asked:?}: {gas_used}");
        }
    }
}

/// Whatever a vault says, the lens answers or says why not: it never traps.
#[test]
fn no_lie_makes_the_lens_fail_without_a_reason() {
    let mut market = stocked();
    let answers = honest(&mut market);
    let liar = market.stage.chain.world.account("liar");
    let selectors: Vec<_> = answers.keys().cloned().collect();
    let lie = (0..selectors.len(), any::<prop::sample::Index>(), any::<[u8; 32]>(), 0..4_u8);
    let mut runner = TestRunner::new(Config::with_cases(400));
    let market = std::cell::RefCell::new(market);
    let outcome = runner.run(&lie, |(which, place, word, kind)| {
        let mut answers = answers.clone();
        let answer = answers.get_mut(&selectors[which]).expect("an answer");
        let mut data = answer.data.to_vec();
        let at = 32 * place.index(data.len() / 32);
        match kind {
            0 => data[at..at + 32].copy_from_slice(&word),
            1 => data[at..at + 32].copy_from_slice(B256::ZERO.as_slice()),
            2 => data[at + usize::from(word[0] % 32)] ^= 1 << (word[1] % 8),
            _ => data[at + 31] = word[0],
        }
        answer.data = data.into();
        let market = &mut *market.borrow_mut();
        market.stage.chain.world.set_mock(liar, Mock { answers, otherwise: None });
        for (asked, seen) in views(market, liar) {
            if let Err(failure) = seen {
                let named = ILensErrors::abi_decode(&failure.data());
                prop_assert!(named.is_ok(), "{asked:?}: {failure}");
            }
        }
        Ok(())
    });
    outcome.expect("a reason for every failure");
}

#[test]
fn nothing_is_read_from_a_vault_in_the_middle_of_a_call() {
    let (mut market, venue) = armed();
    let (vault, lens, series) = (market.stage.vault, market.stage.lens, market.call(2_800));
    let attack = ILens::collateralValueCall { vault, series, amount: wad(1.0) }.abi_encode().into();
    let keeper = market.stage.actors.keeper;
    market.stage.chain.send(keeper, venue, Hostile::armCall { target: lens, attack }).expect("a trap");
    let size = due(&mut market).size;
    market.rebalance_within(venue, size, SPOT * 1.001).expect("the hedge itself");
    assert!(market.stage.chain.view(venue, Hostile::triedCall {}).expect("a flag"));
    assert!(!market.stage.chain.view(venue, Hostile::succeededCall {}).expect("a flag"));
    let answer = market.stage.chain.view(venue, Hostile::answerCall {}).expect("an answer");
    // The SDK's guard refuses before the vault's own lock can say so, and without data.
    assert_eq!(answer, ILens::VaultFailed { vault }.abi_encode());
}
