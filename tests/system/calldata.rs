//! Calldata that is no call of the ABI: refused, and nothing changed.

use alloy_sol_types::{SolCall as _, SolError as _};
use host::alloy_primitives::{Bytes, I256, U256};
use host::{CallError, Tx};
use interfaces::surface::ISurface;
use interfaces::vault::IVault;

use crate::drills_programs::programs;
use crate::market::{legs_of, Market};
use crate::surface::next;

/// Sends raw calldata and asserts that it is refused without data.
fn malformed(market: &mut Market, data: Vec<u8>, what: &str) {
    let (trader, vault) = (market.trader, market.stage.vault);
    let before = market.digests();
    match market.stage.chain.world.call(trader, vault, data) {
        Err(CallError::Revert { data, .. }) => assert!(data.is_empty(), "{what}: {data}"),
        other => panic!("{what}: {other:?}"),
    }
    assert_eq!(market.digests(), before, "{what}");
}

fn a_trade(market: &Market) -> Vec<u8> {
    let legs = legs_of(&[(market.call(2_800), 1.0), (market.call(3_000), 1.0)]);
    let receiver = market.trader;
    IVault::tradeCall { legs, maxPremium: I256::MAX, receiver, deadline: U256::MAX }.abi_encode()
}

#[test]
fn every_cut_of_a_trade_is_refused() {
    let mut market = Market::open();
    let whole = a_trade(&market);
    for length in 0..whole.len() {
        malformed(&mut market, whole[..length].to_vec(), &format!("{length} bytes"));
    }
    let (trader, vault) = (market.trader, market.stage.vault);
    market.stage.chain.world.call(trader, vault, whole).expect("the whole trade");
}

#[test]
fn words_out_of_range_are_refused() {
    let mut market = Market::open();
    let whole = a_trade(&market);
    // Words after the selector: offset of the legs, limit, receiver, deadline, number of legs.
    for (word, byte, what) in [
        (0, 0, "an offset over 32 bits"),
        (0, 30, "an offset past the end"),
        (2, 11, "an address over 160 bits"),
        (4, 0, "a length over 32 bits"),
        (4, 28, "a length past the end"),
    ] {
        let mut data = whole.clone();
        data[4 + 32 * word + byte] = 0xff;
        malformed(&mut market, data, what);
    }
    let mut approved =
        interfaces::erc6909::IERC6909::setOperatorCall { spender: market.lp, approved: true }.abi_encode();
    approved[67] = 2;
    malformed(&mut market, approved, "a bool of two");
    let mut expiry = IVault::settlementPriceCall { expiry: 1 }.abi_encode();
    expiry[4] = 1;
    malformed(&mut market, expiry, "a uint64 over 64 bits");
    let mut weights = IVault::setDepthCall { expiry: 1, weights: [25; 8].into() }.abi_encode();
    weights[4 + 32 + 8] = 1;
    malformed(&mut market, weights, "a bytes8 of nine bytes");
    let mut role = IVault::roleCall { which: IVault::Role::Owner }.abi_encode();
    role[35] = 4;
    malformed(&mut market, role, "a role that there is not");
    malformed(&mut market, vec![0xde, 0xad, 0xbe, 0xef], "an unknown selector");
}

#[test]
fn ether_is_refused() {
    let mut market = Market::open();
    let (from, to) = (market.trader, Some(market.stage.vault));
    let before = market.digests();
    let data = IVault::pausedCall {}.abi_encode().into();
    let tx = Tx { from, to, value: U256::ONE, data, gas_limit: 1_000_000 };
    assert!(matches!(market.stage.chain.world.call_with(tx), Err(CallError::Revert { .. })));
    assert_eq!(market.digests(), before);
}

#[test]
fn noise_changes_nothing() {
    let mut market = Market::open();
    let (trader, vault) = (market.trader, market.stage.vault);
    let calls = [IVault::tradeCall::SELECTOR, IVault::hedgeCall::SELECTOR, IVault::claimCall::SELECTOR];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let before = market.digests();
    for round in 0..600 {
        let mut data = calls[round % 3].to_vec();
        for _ in 0..next() % 12 {
            let mut word = [0_u8; 32];
            // Small numbers pass for offsets and lengths more often than noise does.
            let noise = if next() % 2 == 0 { next() % 5 * 32 } else { next() };
            word[24..].copy_from_slice(&noise.to_be_bytes());
            data.extend(word);
        }
        let answer = market.stage.chain.world.call(trader, vault, data.clone());
        let claimed_nothing = round % 3 == 2 && answer.is_ok();
        assert!(claimed_nothing || matches!(answer, Err(CallError::Revert { .. })), "{data:?}: {answer:?}");
        assert_eq!(market.digests(), before, "{data:?}");
    }
}

/// A publication whose `count` signatures are all the tail of `bytes` behind them.
fn shared(market: &mut Market, count: usize, bytes: &[u8]) -> Vec<u8> {
    let update = next(market, 0.8);
    let plain = ISurface::publishCall { update, signatures: Vec::new() }.abi_encode();
    // Without signatures their number, zero, stands last.
    let mut data = plain[..plain.len() - 32].to_vec();
    let words = std::iter::once(count).chain((0..count).map(|_| 32 * count)).chain([bytes.len()]);
    data.extend(words.flat_map(|number| U256::from(number).to_be_bytes::<32>()));
    data.extend(bytes);
    data
}

#[test]
fn a_tail_that_many_share_is_read_as_often_and_paid_for_by_its_sender() {
    let mut market = Market::open();
    let update = next(&mut market, 0.8);
    let first = market.stage.sign(&update)[0].clone();
    let (trader, feed) = (market.trader, market.stage.surface);
    let signer = market.stage.publishers[0].address();
    let before = market.digests();
    let twice = shared(&mut market, 2, &first);
    let failure = market.stage.chain.world.call(trader, feed, twice).expect_err("the same twice");
    let error = ISurface::SignersNotAscending { index: U256::ONE, previous: signer, signer };
    assert_eq!(failure.revert_data().expect("a refusal")[..], error.abi_encode());
    for (count, length) in [(100, 1_000), (1_000, 65), (1_000, 10_000), (4_000, 120_000)] {
        let data = shared(&mut market, count, &vec![7; length]);
        let gas_limit = 20_000_000;
        let tx = Tx { from: trader, to: Some(feed), value: U256::ZERO, data: data.into(), gas_limit };
        let failure = market.stage.chain.world.call_with(tx).expect_err("no signatures");
        // What memory holds is refused by the first signature, what it does not ends with the gas.
        let refused =
            failure.revert_data().is_some_and(|data| data.starts_with(&ISurface::SignatureInvalid::SELECTOR));
        assert_eq!(refused, count * length < 1_000_000, "{count} times {length} bytes: {failure}");
        assert_eq!(market.digests(), before, "{count} times {length} bytes");
    }
    market.publish();
}

#[test]
fn ether_that_is_forced_on_contracts_changes_nothing_that_they_do() {
    let outcome = |forced: bool| {
        let mut market = crate::hedge::skewed();
        let all = programs(&market);
        let stage = &mut market.stage;
        let (from, value) = (stage.actors.owner, U256::from(1_000_000_000));
        for heir in all.into_iter().filter(|_| forced) {
            // Made with ether, and gone in its making.
            let data = Bytes::from([&[0x73][..], heir.as_slice(), &[0xff]].concat());
            let world = &mut stage.chain.world;
            world.set_balance(from, value + U256::from(u64::MAX));
            world
                .call_with(Tx { from, to: None, value, data, gas_limit: 1_000_000 })
                .expect("ether by force");
            assert_eq!(world.balance(heir), value, "{heir}");
        }
        let venue = market.stage.venue;
        let premium = market.trade(&[(market.call(2_800), -1.0)]).expect("a trade");
        let shares = market.deposit(1_000.0).expect("a deposit");
        let due = crate::hedge::due(&mut market).size;
        market.rebalance(venue, due).expect("a hedge");
        market.publish();
        (premium, shares, due, market.nav(), market.usdc_of(market.trader))
    };
    assert_eq!(outcome(true), outcome(false));
}
