//! The publishers of the stage and the feed that they sign for.

use alloy_primitives::{Bytes, I256, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use host::Receipt;
use interfaces::eip712::{digest, domain_separator};
use interfaces::surface::ISurface::{self, SurfaceSlice, SurfaceUpdate};
use interfaces::vault::IVault;
use options::{Published, Slice};

use super::{Failure, Stage, name_satellite};

/// Publishers, and how many of them must sign.
const PUBLISHERS: u8 = 3;
/// Signatures that an update needs.
pub const THRESHOLD: u8 = 2;

/// A key that is known by its name, for tests and the demo alone.
///
/// # Panics
/// When the hash of the name is no key, which happens to none of 2^127 names.
#[must_use]
pub fn key(name: &str) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256(name))
        .unwrap_or_else(|error| panic!("{name} makes no key: {error}"))
}

/// The publishers' keys, by address.
pub(super) fn keys() -> Vec<PrivateKeySigner> {
    let mut keys: Vec<_> = (0..PUBLISHERS).map(|index| key(&format!("publisher {index}"))).collect();
    keys.sort_by_key(PrivateKeySigner::address);
    keys
}

impl Stage {
    /// Names the publishers and the feed.
    pub(super) fn open_surface(&mut self) -> Result<(), Failure> {
        let owner = self.actors.owner;
        let publishers_ = self.publishers.iter().map(PrivateKeySigner::address).collect();
        let call = ISurface::setPublishersCall { publishers_, threshold_: THRESHOLD };
        self.chain.send(owner, self.surface, call)?;
        self.chain.send(owner, self.vault, name_satellite(IVault::Satellite::Surface, self.surface))?;
        Ok(())
    }

    /// An update with these slices, made now, next after the last.
    ///
    /// # Errors
    /// When the feed does not answer.
    pub fn update(&mut self, slices: Vec<SurfaceSlice>) -> Result<SurfaceUpdate, Failure> {
        let last = self.chain.view(self.surface, ISurface::nonceCall {})?;
        Ok(SurfaceUpdate { timestamp: self.chain.world.timestamp(), nonce: last + 1, slices })
    }

    /// What the publishers sign for `update`.
    #[must_use]
    pub fn digest(&self, update: &SurfaceUpdate) -> alloy_primitives::B256 {
        digest(domain_separator(self.chain.world.chain_id(), self.surface), update)
    }

    /// Signatures of `update` by the first of the publishers, as many as are needed.
    ///
    /// # Panics
    /// When a key cannot sign.
    #[must_use]
    pub fn sign(&self, update: &SurfaceUpdate) -> Vec<Bytes> {
        let digest = self.digest(update);
        let signers = self.publishers.iter().take(THRESHOLD.into());
        signers
            .map(|key| match key.sign_hash_sync(&digest) {
                Ok(signature) => Bytes::from(signature.as_bytes()),
                Err(error) => panic!("a local key signs: {error}"),
            })
            .collect()
    }

    /// Signs and submits a surface, as anyone may.
    ///
    /// # Errors
    /// The feed's refusal.
    pub fn publish(&mut self, slices: Vec<SurfaceSlice>) -> Result<Receipt, Failure> {
        let update = self.update(slices)?;
        let signatures = self.sign(&update);
        let call = ISurface::publishCall { update, signatures };
        let (_, receipt) = self.chain.send_for_receipt(self.actors.keeper, self.surface, call)?;
        Ok(receipt)
    }
}

/// A stored slice and its rate [Q30] as the ABI has it.
#[must_use]
pub fn surface_slice(expiry: u64, slice: &Slice, rate: i32) -> SurfaceSlice {
    let one = Published::of(slice, rate);
    let wide = |number: i128| I256::try_from(number).unwrap_or_default();
    SurfaceSlice {
        expiry,
        rate: wide(one.rate),
        a: wide(one.a),
        b: wide(one.b),
        rho: wide(one.rho),
        m: wide(one.m),
        s: wide(one.s),
        forward: U256::from(one.forward),
    }
}
