//! The EIP-712 digest that publishers of a surface sign.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

use crate::surface::ISurface::{SurfaceSlice, SurfaceUpdate};

/// Name in the domain: the share's, so that one domain serves all that the vault has signed.
pub const NAME: &str = "Equipoise vault share";
/// Version in the domain.
pub const VERSION: &str = "1";

/// The type of the domain.
pub const DOMAIN: &str = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const SLICE: &str =
    "SurfaceSlice(uint64 expiry,int256 rate,int256 a,int256 b,int256 rho,int256 m,int256 s,uint256 forward)";
const UPDATE: &str = "SurfaceUpdate(uint64 timestamp,uint64 nonce,SurfaceSlice[] slices)";

/// Domain separator of the contract at `contract`, a vault or its feed, on chain `chain_id`.
#[must_use]
pub fn domain_separator(chain_id: u64, contract: Address) -> B256 {
    let (name, version) = (keccak256(NAME), keccak256(VERSION));
    keccak256((keccak256(DOMAIN), name, version, U256::from(chain_id), contract).abi_encode())
}

/// What publishers sign for `update`.
#[must_use]
pub fn digest(separator: B256, update: &SurfaceUpdate) -> B256 {
    let kind = keccak256([UPDATE, SLICE].concat());
    let slice_kind = keccak256(SLICE);
    let slices: Vec<u8> = update.slices.iter().flat_map(|slice| hash(slice_kind, slice).0).collect();
    let hash = keccak256((kind, update.timestamp, update.nonce, keccak256(slices)).abi_encode());
    keccak256([b"\x19\x01", separator.as_slice(), hash.as_slice()].concat())
}

/// A slice has static fields alone: its ABI words are its EIP-712 words.
fn hash(kind: B256, slice: &SurfaceSlice) -> B256 {
    keccak256([kind.as_slice(), &slice.abi_encode()].concat())
}
