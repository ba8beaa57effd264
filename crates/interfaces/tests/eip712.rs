//! The digest of a surface, against the one that alloy derives from the Solidity types.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::{Eip712Domain, SolStruct};
use interfaces::eip712::{NAME, VERSION, digest, domain_separator};
use interfaces::surface::ISurface::{SurfaceSlice, SurfaceUpdate};

fn update(slices: usize) -> SurfaceUpdate {
    let slice = |index: usize| SurfaceSlice {
        expiry: u64::try_from(index).unwrap(),
        rate: I256::MINUS_ONE,
        a: I256::MIN,
        b: I256::MAX,
        rho: I256::ONE,
        m: I256::ZERO,
        s: I256::try_from(index).unwrap(),
        forward: U256::MAX,
    };
    SurfaceUpdate { timestamp: u64::MAX, nonce: 7, slices: (0..slices).map(slice).collect() }
}

fn derived(chain_id: u64, contract: Address, update: &SurfaceUpdate) -> B256 {
    let domain = Eip712Domain::new(
        Some(NAME.into()),
        Some(VERSION.into()),
        Some(U256::from(chain_id)),
        Some(contract),
        None,
    );
    update.eip712_signing_hash(&domain)
}

#[test]
fn the_digest_is_the_one_of_the_types() {
    for (chain_id, contract) in
        [(42_161, Address::repeat_byte(0xab)), (0, Address::ZERO), (u64::MAX, Address::ZERO)]
    {
        for slices in [0, 1, 12] {
            let update = update(slices);
            assert_eq!(
                digest(domain_separator(chain_id, contract), &update),
                derived(chain_id, contract, &update)
            );
        }
    }
}

#[test]
fn every_part_changes_the_digest() {
    let (one, contract) = (update(2), Address::repeat_byte(1));
    let mut others = vec![one.clone(); 4];
    others[0].timestamp = 0;
    others[1].nonce = 8;
    others[2].slices.swap(0, 1);
    others[3].slices[1].a = I256::ZERO;
    let separator = domain_separator(1, contract);
    let mut digests: Vec<_> = others.iter().map(|other| digest(separator, other)).collect();
    digests.push(digest(domain_separator(2, contract), &one));
    digests.push(digest(domain_separator(1, Address::ZERO), &one));
    assert!(digests.iter().all(|other| *other != digest(separator, &one)));
}
