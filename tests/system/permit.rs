//! Allowances by signature: ERC-2612.

use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolError as _, SolValue};
use demo::stage::Failure;
use host::alloy_primitives::{keccak256, Address, Bytes, Signature, B256, U256};
use interfaces::eip712::domain_separator;
use interfaces::erc20::IERC20;

use crate::market::{events, Market, START};

/// Chain id of Arbitrum One, which the host stands for.
const CHAIN: u64 = 42_161;

fn owner() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).expect("a key")
}

pub(crate) fn signer() -> Address {
    owner().address()
}

/// What the owner signs: words of its own, so that the test does not follow the contract's.
fn digest(separator: B256, spender: Address, value: U256, nonce: u64, deadline: U256) -> B256 {
    let kind =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    let words = (kind, owner().address(), spender, value, U256::from(nonce), deadline).abi_encode();
    keccak256([&[0x19, 0x01], separator.as_slice(), keccak256(words).as_slice()].concat())
}

fn sign(market: &Market, nonce: u64, value: U256, deadline: U256) -> Signature {
    let separator = domain_separator(CHAIN, market.stage.vault);
    owner().sign_hash_sync(&digest(separator, market.trader, value, nonce, deadline)).expect("a signature")
}

fn permit(market: &Market, signature: &Signature, value: U256, deadline: U256) -> IERC20::permitCall {
    IERC20::permitCall {
        owner: owner().address(),
        spender: market.trader,
        value,
        deadline,
        v: 27 + u8::from(signature.v()),
        r: signature.r().into(),
        s: signature.s().into(),
    }
}

/// A permit that whoever likes may bring.
pub(crate) fn valid(market: &Market, value: U256) -> IERC20::permitCall {
    permit(market, &sign(market, 0, value, U256::MAX), value, U256::MAX)
}

fn send(call: IERC20::permitCall) -> impl FnOnce(&mut Market) -> Result<IERC20::permitReturn, Failure> {
    move |market| market.stage.vault(market.lp, call)
}

#[test]
fn a_permit_sets_the_allowance_once() {
    let mut market = Market::open();
    let (vault, trader, lp) = (market.stage.vault, market.trader, market.lp);
    let separator = market.stage.ask(IERC20::DOMAIN_SEPARATORCall {}).expect("a domain");
    assert_eq!(separator, domain_separator(CHAIN, vault));
    let (value, deadline) = (U256::from(12_345), U256::from(START));
    let call = permit(&market, &sign(&market, 0, value, deadline), value, deadline);
    let (_, receipt) = market.receipt(lp, call.clone());
    let [approval] = events::<IERC20::Approval>(&receipt.logs, vault).try_into().expect("one event");
    let from = owner().address();
    assert_eq!((approval.owner, approval.spender, approval.value), (from, trader, value));
    let allowance = IERC20::allowanceCall { owner: from, spender: trader };
    assert_eq!(market.stage.ask(allowance).expect("an allowance"), value);
    assert_eq!(market.stage.ask(IERC20::noncesCall { owner: from }).expect("a nonce"), U256::ONE);

    let again = market.stage.vault(lp, call).err().expect("a replay");
    assert_eq!(again.name(), "ERC2612InvalidSigner");
    let call = permit(&market, &sign(&market, 1, U256::ZERO, deadline), U256::ZERO, deadline);
    market.stage.vault(lp, call).expect("the next");
}

#[test]
fn permits_that_are_late_forged_or_malleable() {
    let mut market = Market::open();
    let (value, from) = (U256::from(5), owner().address());
    let past = U256::from(START - 1);
    let call = permit(&market, &sign(&market, 0, value, past), value, past);
    market.refuses(IERC20::ERC2612ExpiredSignature { deadline: past }, send(call));

    let good = permit(&market, &sign(&market, 0, value, U256::MAX), value, U256::MAX);
    let nobody = || IERC20::ERC2612InvalidSigner { signer: Address::ZERO, owner: from };
    let order: U256 =
        "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".parse().expect("n");
    let mirrored = IERC20::permitCall {
        v: 55 - good.v,
        s: (order - U256::from_be_bytes(good.s.0)).into(),
        ..good.clone()
    };
    let bad = [
        mirrored,
        IERC20::permitCall { v: good.v - 27, ..good.clone() },
        IERC20::permitCall { r: B256::ZERO, ..good.clone() },
        IERC20::permitCall { s: B256::ZERO, ..good.clone() },
        IERC20::permitCall { owner: Address::ZERO, r: B256::ZERO, ..good.clone() },
    ];
    for call in bad {
        let owner = call.owner;
        market.refuses(IERC20::ERC2612InvalidSigner { owner, ..nobody() }, send(call));
    }
    let other_value = IERC20::permitCall { value: value + U256::ONE, ..good.clone() };
    let before = market.digests();
    let failure = market.stage.vault(market.lp, other_value).err().expect("another value");
    assert_eq!((failure.name().as_str(), market.digests()), ("ERC2612InvalidSigner", before));

    let elsewhere = digest(domain_separator(1, market.stage.vault), market.trader, value, 0, U256::MAX);
    let signature = owner().sign_hash_sync(&elsewhere).expect("a signature");
    let call = permit(&market, &signature, value, U256::MAX);
    let failure = market.stage.vault(market.lp, call).err().expect("another chain");
    assert_eq!(failure.name(), "ERC2612InvalidSigner");
    let zero = IERC20::permitCall { spender: Address::ZERO, ..good };
    let failure = market.stage.vault(market.lp, zero).err().expect("nobody to allow");
    assert_eq!(failure.name(), "ERC2612InvalidSigner");
}

#[test]
fn permits_of_another_turn_of_another_chain_and_of_contracts() {
    let mut market = Market::open();
    let (value, from) = (U256::from(5), owner().address());
    let refused = |market: &mut Market, call: IERC20::permitCall| {
        let before = market.digests();
        let failure = market.stage.vault(market.lp, call).err().expect("a refusal");
        let error = IERC20::ERC2612InvalidSigner::abi_decode(&failure.data()).expect("its error");
        assert_eq!(market.digests(), before);
        (error.owner, error.signer)
    };
    for nonce in [1, 2, u64::MAX] {
        let call = permit(&market, &sign(&market, nonce, value, U256::MAX), value, U256::MAX);
        let (owner, signer) = refused(&mut market, call);
        assert!(owner == from && signer != from, "nonce {nonce}: {signer}");
    }
    // Before a fork and after it.
    let (good, separator) = (valid(&market, value), IERC20::DOMAIN_SEPARATORCall {});
    let chain = market.stage.chain.world.chain_id();
    market.stage.chain.world.set_chain_id(chain + 1);
    let told = market.stage.ask(separator).expect("a domain");
    assert_eq!(told, domain_separator(chain + 1, market.stage.vault));
    let (owner, signer) = refused(&mut market, good.clone());
    assert!(owner == from && signer != from, "{signer}");
    market.stage.chain.world.set_chain_id(chain);

    // A contract has no key: it is not asked either, whatever it would do.
    let wallet = market.stage.feed;
    market.stage.chain.world.set_code(wallet, Bytes::from_static(&[0x5f, 0x5f, 0xfd]));
    market.stage.chain.world.set_tracing(true);
    let (owner, signer) = refused(&mut market, IERC20::permitCall { owner: wallet, ..good.clone() });
    let trace = market.stage.chain.world.take_trace().expect("a trace");
    market.stage.chain.world.set_tracing(false);
    assert!(
        owner == wallet && signer != wallet && trace.calls.iter().all(|call| call.to != wallet),
        "{trace:?}"
    );
    market.stage.vault(market.lp, good).map(|_| ()).expect("the same on its chain");
}
