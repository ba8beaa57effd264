//! The vault and its surface feed: how it is named, and what a vault does with one that fails.

use std::collections::HashMap;

use alloy_sol_types::{SolCall, SolValue};
use demo::stage::{artifacts, name_satellite};
use host::alloy_primitives::{Address, Bytes, B256, I256, U256};
use host::{Answer, Mock};
use interfaces::erc4626::IERC4626;
use interfaces::surface::ISurface;
use interfaces::vault::IVault;

use crate::market::{events, signed, usdc, Market, DAY, SPOT, START};
use crate::redeem::{process, request, SHARE};
use crate::surface::{next, submit};

const SURFACE: IVault::Satellite = IVault::Satellite::Surface;

fn feed_of(market: &mut Market) -> (Address, Address, U256) {
    let answer = market.stage.ask(IVault::satelliteCall { which: SURFACE }).expect("a feed");
    (answer.contract_, answer.proposed, answer.acceptFrom)
}

#[test]
fn a_feed_waits_two_days_once_there_are_shares() {
    let mut market = Market::open();
    let (owner, old, new) = (market.stage.actors.owner, market.stage.surface, Address::with_last_byte(7));
    assert_eq!(feed_of(&mut market), (old, Address::ZERO, U256::ZERO));
    let now = U256::from(START);
    let none = IVault::SatelliteNotDue { acceptFrom: U256::ZERO, timestamp: now };
    let accept = |market: &mut Market| {
        market.stage.vault(market.trader, IVault::acceptSatelliteCall { which: SURFACE })
    };
    market.refuses(none, accept);

    let due = START + 2 * DAY;
    let (_, receipt) = market.receipt(owner, name_satellite(SURFACE, new));
    let vault = market.stage.vault;
    let [told] = events::<IVault::SatelliteProposed>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((told.contract_, told.acceptFrom), (new, U256::from(due)));
    assert_eq!(feed_of(&mut market), (old, new, U256::from(due)));
    market.stage.chain.world.warp(due - 1);
    let error = IVault::SatelliteNotDue { acceptFrom: U256::from(due), timestamp: U256::from(due - 1) };
    market.refuses(error, accept);
    market.stage.chain.world.warp(due);
    let (_, receipt) = market.receipt(market.trader, IVault::acceptSatelliteCall { which: SURFACE });
    let [told] = events::<IVault::SatelliteSet>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((told.which, told.contract_), (SURFACE, new));
    assert_eq!(feed_of(&mut market), (new, Address::ZERO, U256::ZERO));
}

/// Puts a contract in the feed's place that answers `slices` with `data`.
pub(crate) fn answering(market: &mut Market, data: Vec<u8>, revert: bool) {
    let answer = Answer { gas: 100, data: Bytes::from(data), revert };
    let answers = HashMap::from([(ISurface::slicesCall::SELECTOR.to_vec(), answer)]);
    market.stage.chain.world.set_mock(market.stage.surface, Mock { answers, otherwise: None });
}

#[test]
fn a_feed_that_fails_stops_what_needs_a_mark_and_nothing_else() {
    let mut market = Market::open();
    let (call, lp, feed) = (market.call(2_800), market.lp, market.stage.surface);
    market.trade(&[(call, 2.0)]).expect("a trade");
    let expiries = market.expiries.to_vec();
    let good = market.surface(ISurface::slicesCall { expiries }).abi_encode();
    let cash = market.nav().cash;

    let word = |index: usize, to: B256| {
        let mut data = good.clone();
        data[32 * index..32 * (index + 1)].copy_from_slice(to.as_slice());
        data
    };
    let invalid = B256::with_last_byte(1);
    let mut future = good.clone();
    future[64 + 28..64 + 32].copy_from_slice(&(START as u32 + 1).to_be_bytes());
    // The near one alone, as good an answer to another question.
    let mut fewer = [&good[..4 * 32], &good[6 * 32..]].concat();
    fewer[63] = 3;
    let bad = [
        (vec![], false),
        (fewer, false),
        (good.clone(), true),
        (good[..good.len() - 32].to_vec(), false),
        (word(0, B256::with_last_byte(64)), false),
        (word(1, B256::with_last_byte(2)), false),
        (word(2, invalid), false),
        (word(3, B256::repeat_byte(0x7f)), false),
        (word(3, B256::from(U256::from(1_u64 << 31))), false),
        (future, false),
    ];
    for (data, revert) in bad {
        answering(&mut market, data, revert);
        market.refuses(IVault::SurfaceFailed { feed }, |market| market.trade(&[(call, 1.0)]));
        market.refuses(IVault::SurfaceFailed { feed }, |market| market.deposit(1.0));
        market.refuses(IVault::SurfaceFailed { feed }, |market| market.stage.ask(IVault::navCall {}));
        let limit = market.stage.ask(IERC4626::maxDepositCall { receiver: lp }).expect("a limit");
        assert_eq!(limit, U256::ZERO);
        let total = market.stage.ask(IERC4626::totalAssetsCall {}).expect("assets");
        assert_eq!(total, cash);
    }
    // A longer answer is cut at the length of a good one.
    answering(&mut market, [good.as_slice(), &[1; 100_000]].concat(), false);
    market.trade(&[(call, 1.0)]).expect("a trade");
    // No slice at all is no failure: the expiry has none yet.
    answering(&mut market, word(2, B256::ZERO), false);
    let near = crate::market::series(market.expiries[0], 2_800, false);
    let missing = IVault::SurfaceMissing { expiry: market.expiries[0] };
    market.refuses(missing, |market| market.trade(&[(near, 1.0)]));
    market.trade(&[(call, 1.0)]).expect("a trade in the other");
}

#[test]
fn a_feed_that_has_not_published_leaves_nothing_that_is_owed_out() {
    let mut market = Market::open();
    let (trader, lp, owner, [near, far]) =
        (market.trader, market.lp, market.stage.actors.owner, market.expiries);
    let (settled, call) = (crate::market::series(near, 2_500, false), market.call(2_800));
    market.trade(&[(settled, 2.0), (call, 10.0)]).expect("a trade");
    let round = market.past(near, [2_700.0; 2]);
    market.stage.vault(trader, IVault::settleCall { expiry: near, roundId: round }).expect("a settlement");
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    let cash = market.nav().cash;

    let wasm = artifacts::wasm("surface_feed").expect("the feed's WASM");
    let vault = market.stage.vault;
    let feed = market.stage.chain.world.deploy_wasm(owner, &wasm, Some(&vault.abi_encode())).expect("a feed");
    let publishers_ = market.surface(ISurface::publishersCall {});
    let name = ISurface::setPublishersCall { publishers_, threshold_: 2 };
    market.stage.chain.send(owner, feed, name).expect("its publishers");
    market.stage.vault(owner, name_satellite(SURFACE, feed)).expect("a proposal");
    let due = market.now() + 2 * DAY;
    market.stage.chain.world.warp(due);
    market.stage.push_price(2_700.0).expect("a round");
    market.stage.chain.send(owner, feed, ISurface::acceptPublishersCall {}).expect("accepted");
    market.stage.vault(trader, IVault::acceptSatelliteCall { which: SURFACE }).expect("accepted");

    let missing = || IVault::SurfaceMissing { expiry: far };
    market.refuses(missing(), |market| market.trade(&[(call, -1.0)]));
    market.refuses(missing(), |market| market.deposit(1.0));
    market.refuses(missing(), process);
    market.refuses(missing(), |market| market.stage.ask(IVault::navCall {}));
    let claim = IVault::claimCall { series: vec![settled], receiver: trader };
    assert_eq!(market.stage.vault(trader, claim).expect("a claim"), usdc(400.0));
    // What must not fail says what it says while a feed fails.
    let limit = market.stage.ask(IERC4626::maxDepositCall { receiver: lp }).expect("a limit");
    assert_eq!(limit, U256::ZERO);
    let total = market.stage.ask(IERC4626::totalAssetsCall {}).expect("assets");
    assert_eq!(total, cash - usdc(400.0));

    market.stage.surface = feed;
    market.publish();
    market.trade(&[(call, -1.0)]).expect("a trade");
    market.deposit(1.0).expect("a deposit");
    process(&mut market).expect("processed");
}

#[test]
fn settled_claims_need_no_feed() {
    let mut market = Market::open();
    let (trader, expiry) = (market.trader, market.expiries[0]);
    let id = crate::market::series(expiry, 2_500, false);
    market.trade(&[(id, 2.0)]).expect("a trade");
    market.move_to(expiry - 60, SPOT);
    let round = market.stage.last_round().expect("a round");
    market.move_to(expiry + 60, SPOT);
    answering(&mut market, vec![], true);
    market.stage.vault(trader, IVault::settleCall { expiry, roundId: round }).expect("a settlement");
    let claim = IVault::claimCall { series: vec![id], receiver: trader };
    assert_eq!(market.stage.vault(trader, claim).expect("a claim"), usdc(600.0));
}

#[test]
fn a_feed_says_when_its_vault_fails() {
    let mut market = Market::open();
    let owner = market.stage.actors.owner;
    let wasm = artifacts::wasm("surface_feed").expect("the feed's WASM");
    let vault = Address::with_last_byte(9);
    let feed = market.stage.chain.world.deploy_wasm(owner, &wasm, Some(&vault.abi_encode())).expect("a feed");
    let baselines = ISurface::baselinesCall { timestamp_: START, expiries: vec![] };
    let publishers = ISurface::setPublishersCall { publishers_: vec![owner], threshold_: 1 };
    let failed = ISurface::ISurfaceErrors::VaultFailed(ISurface::VaultFailed { vault });
    let failure = market.stage.chain.send(owner, feed, publishers).err().expect("no vault there");
    assert_eq!(failure.surface_error(), Some(failed.clone()));
    let failure = market.stage.chain.view(feed, baselines).expect_err("no vault there");
    assert_eq!(failure.surface_error(), Some(failed));
}

/// Puts a contract in the vault's place that answers the feed as the vault does, but for its headers.
fn telling(market: &mut Market) -> impl Fn(&mut Market, Vec<u8>) + use<> {
    let profile = market.stage.ask(IVault::profileCall {}).expect("a profile").abi_encode();
    let limits = market.stage.ask(IVault::limitsCall {}).expect("limits").abi_encode();
    move |market, headers| {
        let answer = |data: &[u8]| Answer { gas: 100, data: Bytes::copy_from_slice(data), revert: false };
        let answers = HashMap::from([
            (IVault::profileCall::SELECTOR.to_vec(), answer(&profile)),
            (IVault::limitsCall::SELECTOR.to_vec(), answer(&limits)),
            (IVault::headersCall::SELECTOR.to_vec(), answer(&headers)),
        ]);
        market.stage.chain.world.set_mock(market.stage.vault, Mock { answers, otherwise: None });
    }
}

#[test]
fn headers_that_are_no_array_of_words_are_a_failure_of_the_vault() {
    let mut market = Market::open();
    let vault = market.stage.vault;
    let update = next(&mut market, 0.8);
    let signatures = market.stage.sign(&update);
    let good = market.stage.ask(IVault::headersCall {}).expect("headers").abi_encode();
    let byte = |at: usize, to: u8| {
        let mut data = good.clone();
        data[at] = to;
        data
    };
    let bad = [
        vec![],
        good[..63].to_vec(),
        good[..good.len() - 32].to_vec(),
        good[..good.len() - 1].to_vec(),
        [&good[..], &[0]].concat(),
        byte(31, 64),
        byte(30, 1),
        byte(0, 1),
        byte(63, 1),
        byte(63, 3),
        byte(32, 1),
    ];
    let tell = telling(&mut market);
    for headers in bad {
        tell(&mut market, headers);
        let (update, signatures) = (update.clone(), signatures.clone());
        market.refuses(ISurface::VaultFailed { vault }, |market| submit(market, update, signatures));
    }
    tell(&mut market, good.clone());
    submit(&mut market, update, signatures).expect("as the vault itself answers");
}

#[test]
fn a_rate_that_changes_is_told_from_the_next_update_on() {
    let mut market = Market::open();
    let [near, far] = market.expiries;
    for rates in [[0.05, -0.01], [0.05, 0.02], [0.0, 0.02]] {
        let mut slices = market.slices(0.8);
        for (slice, rate) in slices.iter_mut().zip(rates) {
            slice.rate = signed(rate);
        }
        market.stage.publish(slices).expect("a surface");
        let words = market.surface(ISurface::slicesCall { expiries: vec![near, far] });
        let q30 = |rate: f64| I256::try_from((rate * 2_f64.powi(30)).round() as i64).expect("a rate");
        let told = [words[1], words[3]].map(|word| I256::from_raw(word.into()));
        assert_eq!(told, rates.map(q30));
    }
}

#[test]
fn headers_are_the_book_as_stored() {
    let mut market = Market::open();
    market.trade(&[(market.call(2_500), 10.0), (market.put(2_000), 1.5)]).expect("a trade");
    let words = market.stage.ask(IVault::headersCall {}).expect("headers");
    let headers: Vec<book::Header> = words.iter().map(|word| book::Header::unpack(&word.0)).collect();
    let expiries: Vec<u64> = headers.iter().map(|header| header.expiry.into()).collect();
    assert_eq!(expiries, market.expiries);
    let month = headers[1];
    assert_eq!((month.grid.base, month.grid.step, month.grid.count), (1_800_000_000, 100_000_000, 21));
    assert_eq!((month.put_lots, month.put_index_sum), (-150, -300));
}
