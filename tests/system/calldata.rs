//! Calldata that is no call of the ABI: refused, and nothing changed.

use alloy_sol_types::SolCall as _;
use host::alloy_primitives::{I256, U256};
use host::CallError;
use interfaces::vault::IVault;

use crate::market::{legs_of, Market};

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
    let tx = host::Tx { from, to, value: U256::ONE, data, gas_limit: 1_000_000 };
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
