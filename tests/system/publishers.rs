//! Who signs a surface: signatures that count, those that do not, and how publishers change.

use alloy_signer::{Signature, SignerSync};
use alloy_signer_local::PrivateKeySigner;
use demo::stage::{artifacts, default_limits, default_profile, key, Config, Stage};
use host::alloy_primitives::{Address, Bytes, B256, U256};
use interfaces::eip712::{digest, domain_separator};
use interfaces::surface::ISurface::{self, SignatureFault, SurfaceUpdate};
use interfaces::vault::IVault;

use crate::market::{events, Market, DAY, SPOT, START};
use crate::surface::{next, submit};

/// The order of secp256k1.
const ORDER: U256 = U256::from_limbs([
    0xbfd2_5e8c_d036_4141,
    0xbaae_dce6_af48_a03b,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
]);

fn signature(key: &PrivateKeySigner, digest: &B256) -> Signature {
    key.sign_hash_sync(digest).expect("a local key signs")
}

fn bytes(signature: &Signature) -> Bytes {
    Bytes::from(signature.as_bytes())
}

/// An update at the market's vols and what all publishers sign for it.
fn signed(market: &mut Market) -> (SurfaceUpdate, Vec<Signature>) {
    let update = next(market, 0.8);
    let digest = market.stage.digest(&update);
    let signatures = market.stage.publishers.iter().map(|key| signature(key, &digest)).collect();
    (update, signatures)
}

#[test]
fn too_few_signatures_or_none() {
    let mut market = Market::open();
    let (update, signatures) = signed(&mut market);
    for count in [0, 1] {
        let few = signatures.iter().take(count).map(bytes).collect();
        let error = ISurface::TooFewSignatures { signatures: U256::from(count), threshold: U256::from(2) };
        let update = update.clone();
        market.refuses(error, |market| submit(market, update, few));
    }
    let all = signatures.iter().map(bytes).collect();
    submit(&mut market, update, all).expect("more than enough");
}

#[test]
fn signatures_that_nobody_could_have_made() {
    let mut market = Market::open();
    let (update, signatures) = signed(&mut market);
    let [first, second, _] = [0, 1, 2].map(|index| signatures[index]);
    let whole = bytes(&second).to_vec();
    let with = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        edit(&mut bytes);
        Bytes::from(bytes)
    };
    let twin = Signature::new(second.r(), ORDER - second.s(), !second.v());
    let cases = [
        (SignatureFault::Length, Bytes::new()),
        (SignatureFault::Length, with(&|bytes| bytes.truncate(64))),
        (SignatureFault::Length, with(&|bytes| bytes.push(0))),
        (SignatureFault::V, with(&|bytes| bytes[64] -= 27)),
        (SignatureFault::V, with(&|bytes| bytes[64] = 29)),
        (SignatureFault::HighS, bytes(&twin)),
        (SignatureFault::HighS, with(&|bytes| bytes[32..64].fill(0xff))),
        (SignatureFault::Recovery, with(&|bytes| bytes[..32].fill(0))),
        (SignatureFault::Recovery, with(&|bytes| bytes[32..64].fill(0))),
        (SignatureFault::Recovery, with(&|bytes| bytes[..32].fill(0xff))),
    ];
    for (fault, bad) in cases {
        let (index, given) = (U256::ONE, vec![bytes(&first), bad]);
        let update = update.clone();
        market.refuses(ISurface::SignatureInvalid { index, fault }, |market| submit(market, update, given));
    }
}

#[test]
fn s_may_be_half_the_order_and_no_more() {
    let mut market = Market::bare(default_profile(), default_limits());
    for expiry in market.expiries {
        market.list(expiry, 1_800.0, 100.0, 21).expect("a listed expiry");
    }
    let update = next(&mut market, 0.8);
    let digest = market.stage.digest(&update);
    let half = ORDER >> 1;
    let with = |s| Signature::new(r_of_the_generator(), s, false);
    let signer = with(half).recover_address_from_prehash(&digest).expect("somebody's signature");
    let owner = market.stage.actors.owner;
    set(&mut market, owner, &[signer], 1).expect("at once before there are shares");
    let (index, fault) = (U256::ZERO, SignatureFault::HighS);
    let high = vec![bytes(&with(half + U256::ONE))];
    let again = update.clone();
    market.refuses(ISurface::SignatureInvalid { index, fault }, |market| submit(market, again, high));
    submit(&mut market, update, vec![bytes(&with(half))]).expect("the largest s that is not high");
}

/// The abscissa of the generator of secp256k1: r of a signature whose nonce is 1.
fn r_of_the_generator() -> U256 {
    U256::from_limbs([
        0x59f2_815b_16f8_1798,
        0x029b_fcdb_2dce_28d9,
        0x55a0_6295_ce87_0b07,
        0x79be_667e_f9dc_bbac,
    ])
}

#[test]
fn signers_out_of_order_twice_or_unknown() {
    let mut market = Market::open();
    let (update, signatures) = signed(&mut market);
    let addresses: Vec<Address> = market.stage.publishers.iter().map(PrivateKeySigner::address).collect();
    for (first, second) in [(1, 0), (0, 0), (2, 1), (2, 0)] {
        let (previous, signer) = (addresses[first], addresses[second]);
        let error = ISurface::SignersNotAscending { index: U256::ONE, previous, signer };
        let given = [first, second].map(|index| bytes(&signatures[index])).to_vec();
        let update = update.clone();
        market.refuses(error, |market| submit(market, update, given));
    }
    let stranger = key("stranger");
    let mut signers = [
        (addresses[0], signatures[0]),
        (addresses[1], signatures[1]),
        (stranger.address(), signature(&stranger, &market.stage.digest(&update))),
    ];
    signers.sort_by_key(|(address, _)| *address);
    let index = signers.iter().position(|(address, _)| *address == stranger.address()).expect("there");
    let error = ISurface::NotPublisher { index: U256::from(index), signer: stranger.address() };
    let given = signers.iter().map(|(_, signature)| bytes(signature)).collect();
    market.refuses(error, |market| submit(market, update, given));
}

#[test]
fn signatures_of_another_message_chain_or_contract() {
    let mut market = Market::open();
    let (update, _) = signed(&mut market);
    let (chain, feed, vault) =
        (market.stage.chain.world.chain_id(), market.stage.surface, market.stage.vault);
    let mut other = update.clone();
    other.slices[1].rate += host::alloy_primitives::I256::ONE;
    let digests = [
        digest(domain_separator(chain, feed), &other),
        digest(domain_separator(chain, feed), &SurfaceUpdate { nonce: update.nonce + 1, ..update.clone() }),
        digest(domain_separator(chain + 1, feed), &update),
        digest(domain_separator(chain, vault), &update),
        digest(domain_separator(chain, Address::ZERO), &update),
    ];
    let right = market.stage.digest(&update);
    for wrong in digests {
        let made: Vec<_> = market.stage.publishers.iter().take(2).map(|key| signature(key, &wrong)).collect();
        let signer = made[0].recover_address_from_prehash(&right).expect("some address");
        let given = made.iter().map(bytes).collect();
        let update = update.clone();
        market.refuses(ISurface::NotPublisher { index: U256::ZERO, signer }, |market| {
            submit(market, update, given)
        });
    }
    // On a fork with another id, what was signed before it is worth nothing.
    let given: Vec<_> =
        market.stage.publishers.iter().take(2).map(|key| bytes(&signature(key, &right))).collect();
    market.stage.chain.world.set_chain_id(chain + 1);
    let failure = submit(&mut market, update.clone(), given.clone()).expect_err("another chain");
    assert!(failure.to_string().starts_with("NotPublisher"), "{failure}");
    market.stage.chain.world.set_chain_id(chain);
    submit(&mut market, update.clone(), given.clone()).expect("this chain");
    let nonce = update.nonce;
    market.refuses(ISurface::NonceNotAbove { nonce, last: nonce }, |market| submit(market, update, given));
}

fn set(
    market: &mut Market,
    from: Address,
    publishers: &[Address],
    threshold: u8,
) -> Result<(), demo::stage::Failure> {
    let call = ISurface::setPublishersCall { publishers_: publishers.to_vec(), threshold_: threshold };
    let feed = market.stage.surface;
    market.stage.chain.send(from, feed, call).map(|_| ())
}

#[test]
fn publishers_that_cannot_be() {
    let mut market = Market::open();
    let (owner, caller) = (market.stage.actors.owner, market.trader);
    let ascending: Vec<Address> = (1..=17).map(Address::with_last_byte).collect();
    let two = ascending[..2].to_vec();
    market.refuses(ISurface::OnlyOwner { caller, owner }, |market| set(market, caller, &two, 1));
    let error = ISurface::TooManyPublishers { publishers: U256::from(17), limit: U256::from(16) };
    market.refuses(error, |market| set(market, owner, &ascending, 2));
    for (previous, publisher) in
        [(2, 1), (1, 1), (0, 0)].map(|(x, y)| (Address::with_last_byte(x), Address::with_last_byte(y)))
    {
        let given = if previous.is_zero() { vec![publisher] } else { vec![previous, publisher] };
        let error = ISurface::PublishersNotAscending { previous, publisher };
        market.refuses(error, |market| set(market, owner, &given, 1));
    }
    for (given, threshold) in [(&two[..], 0), (&two[..], 3), (&[][..], 0), (&[][..], 1)] {
        let error = ISurface::ThresholdInvalid { threshold, publishers: U256::from(given.len()) };
        market.refuses(error, |market| set(market, owner, given, threshold));
    }
    let error = ISurface::PublishersNotDue { acceptFrom: U256::ZERO, timestamp: U256::from(START) };
    market.refuses(error, accept);
}

fn accept(market: &mut Market) -> Result<(), demo::stage::Failure> {
    let (trader, feed) = (market.trader, market.stage.surface);
    market.stage.chain.send(trader, feed, ISurface::acceptPublishersCall {}).map(|_| ())
}

fn in_force(market: &mut Market) -> (Vec<Address>, u8) {
    (market.surface(ISurface::publishersCall {}), market.surface(ISurface::thresholdCall {}))
}

#[test]
fn what_tightens_is_instant_and_what_loosens_waits_two_days() {
    let mut market = Market::open();
    let owner = market.stage.actors.owner;
    let all: Vec<Address> = market.stage.publishers.iter().map(PrivateKeySigner::address).collect();
    let feed = market.stage.surface;
    // A lower threshold is proposed and changes nothing yet.
    let call = ISurface::setPublishersCall { publishers_: all.clone(), threshold_: 1 };
    let (_, receipt) = market.stage.chain.send_for_receipt(owner, feed, call).expect("a proposal");
    let due = START + 2 * DAY;
    let [told] = events::<ISurface::PublishersProposed>(&receipt.logs, feed).try_into().expect("one event");
    assert_eq!((told.publishers, told.threshold, told.acceptFrom), (all.clone(), 1, due));
    assert_eq!(in_force(&mut market), (all.clone(), 2));
    assert_eq!(market.surface(ISurface::proposedPublishersCall {}), all);
    let proposal = market.surface(ISurface::proposalCall {});
    assert_eq!((proposal.threshold_, proposal.acceptFrom), (1, due));
    market.stage.chain.world.warp(due - 1);
    let error = ISurface::PublishersNotDue { acceptFrom: U256::from(due), timestamp: U256::from(due - 1) };
    market.refuses(error, accept);

    // One publisher fewer is in force at once, and takes the proposal back: it was measured against those before.
    let fewer = [all[0], all[2]];
    let call = ISurface::setPublishersCall { publishers_: fewer.to_vec(), threshold_: 2 };
    let (_, receipt) = market.stage.chain.send_for_receipt(owner, feed, call).expect("a tightening");
    let [told] = events::<ISurface::PublishersSet>(&receipt.logs, feed).try_into().expect("one event");
    assert_eq!((told.publishers, told.threshold), (fewer.to_vec(), 2));
    assert_eq!(in_force(&mut market), (fewer.to_vec(), 2));
    market.stage.chain.world.warp(due);
    let error = ISurface::PublishersNotDue { acceptFrom: U256::ZERO, timestamp: U256::from(due) };
    market.refuses(error, accept);

    // The one that left signs nothing more. It comes back after two days, by anyone's hand.
    market.stage.push_price(SPOT).expect("a round");
    let (update, signatures) = signed(&mut market);
    let given = [0, 1].map(|index| bytes(&signatures[index])).to_vec();
    let error = ISurface::NotPublisher { index: U256::ONE, signer: all[1] };
    market.refuses(error, |market| submit(market, update, given));
    set(&mut market, owner, &all, 2).expect("a proposal");
    assert_eq!(in_force(&mut market), (fewer.to_vec(), 2));
    market.stage.chain.world.warp(due + 2 * DAY);
    accept(&mut market).expect("due");
    assert_eq!(in_force(&mut market), (all.clone(), 2));
    assert!(market.surface(ISurface::proposedPublishersCall {}).is_empty());
    market.publish();
}

#[test]
fn before_there_are_shares_publishers_are_set_at_once_and_without_any_nothing_is_taken() {
    let config = Config { start: START, price: SPOT, profile: default_profile(), limits: default_limits() };
    let mut stage = Stage::deploy(&config).expect("the stage is set");
    let owner = stage.actors.owner;
    let loose = ISurface::setPublishersCall { publishers_: vec![Address::with_last_byte(9)], threshold_: 1 };
    stage.chain.send(owner, stage.surface, loose).expect("at once");
    assert_eq!(stage.chain.view(stage.surface, ISurface::thresholdCall {}).expect("a threshold"), 1);

    let vault = host::alloy_primitives::Bytes::from(alloy_sol_types::SolValue::abi_encode(&stage.vault));
    let wasm = artifacts::wasm("surface_feed").expect("the feed's WASM");
    let fresh = stage.chain.world.deploy_wasm(owner, &wasm, Some(&vault)).expect("a feed");
    let update = SurfaceUpdate { timestamp: START, nonce: 1, slices: vec![] };
    let call = ISurface::publishCall { update, signatures: vec![] };
    let failure = stage.chain.send(owner, fresh, call).err().expect("no publishers");
    assert_eq!(
        failure.surface_error(),
        Some(ISurface::ISurfaceErrors::NoPublishers(ISurface::NoPublishers {}))
    );
    assert_eq!(stage.chain.view(fresh, ISurface::vaultCall {}).expect("its vault"), stage.vault);

    // Ownership is the vault's.
    let heir = stage.chain.world.account("heir");
    stage
        .vault(owner, IVault::setRoleCall { which: IVault::Role::PendingOwner, account: heir })
        .expect("an offer");
    stage.vault(heir, IVault::acceptOwnershipCall {}).expect("a new owner");
    let call = ISurface::setPublishersCall { publishers_: vec![heir], threshold_: 1 };
    let failure = stage.chain.send(owner, fresh, call.clone()).err().expect("no owner any more");
    assert!(failure.to_string().starts_with("OnlyOwner"), "{failure}");
    stage.chain.send(heir, fresh, call).expect("the new owner's");
}
