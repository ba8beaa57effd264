//! The files that publishers pass on: an update, and signatures of it.

use alloy_primitives::{Address, B256, Bytes, I256, U256};
use alloy_signer::{Signature, SignerSync};
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result, ensure};
use interfaces::eip712::{digest, domain_separator};
use interfaces::surface::ISurface::{SurfaceSlice, SurfaceUpdate};
use options::{Published, Slice};
use serde::{Deserialize, Serialize};

/// An update and the feed it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Update {
    /// Of the feed's chain.
    pub chain_id: u64,
    /// The surface feed.
    pub feed: Address,
    /// When it was made [unix seconds]
    pub timestamp: u64,
    /// Above the last one's.
    pub nonce: u64,
    /// By expiry.
    pub slices: Vec<SliceNumbers>,
}

/// A slice in the numbers of the ABI: 18 decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are those of `ISurface.SurfaceSlice`")]
pub struct SliceNumbers {
    pub expiry: u64,
    pub rate: I256,
    pub a: I256,
    pub b: I256,
    pub rho: I256,
    pub m: I256,
    pub s: I256,
    pub forward: U256,
}

impl SliceNumbers {
    /// Of a stored slice and its rate [Q30].
    #[must_use]
    pub fn of(expiry: u64, slice: &Slice, rate: i32) -> Self {
        let one = Published::of(slice, rate);
        let wide = |number: i128| I256::try_from(number).unwrap_or_default();
        let [rate, a, b, rho, m, s] = [one.rate, one.a, one.b, one.rho, one.m, one.s].map(wide);
        Self { expiry, rate, a, b, rho, m, s, forward: U256::from(one.forward) }
    }

    /// The slice and its rate [Q30 / year] as the feed stores them, none when a number has no place on the grid.
    #[must_use]
    pub fn stored(&self, updated_at: u32) -> Option<(Slice, i32)> {
        let narrow = |number: I256| i128::try_from(number).ok();
        let numbers = Published {
            rate: narrow(self.rate)?,
            a: narrow(self.a)?,
            b: narrow(self.b)?,
            rho: narrow(self.rho)?,
            m: narrow(self.m)?,
            s: narrow(self.s)?,
            forward: u128::try_from(self.forward).ok()?,
        };
        numbers.stored(updated_at).ok()
    }
}

/// One publisher's signature of an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// What was signed.
    pub digest: B256,
    /// Who signed.
    pub signer: Address,
    /// r, s and v: 65 bytes.
    pub signature: Bytes,
}

impl Update {
    /// As the feed takes it.
    #[must_use]
    pub fn message(&self) -> SurfaceUpdate {
        let slice = |one: &SliceNumbers| {
            let SliceNumbers { expiry, rate, a, b, rho, m, s, forward } = *one;
            SurfaceSlice { expiry, rate, a, b, rho, m, s, forward }
        };
        let slices = self.slices.iter().map(slice).collect();
        SurfaceUpdate { timestamp: self.timestamp, nonce: self.nonce, slices }
    }

    /// What its publishers sign.
    #[must_use]
    pub fn digest(&self) -> B256 {
        digest(domain_separator(self.chain_id, self.feed), &self.message())
    }

    /// Signs it.
    ///
    /// # Errors
    /// A key that cannot sign.
    pub fn sign(&self, key: &PrivateKeySigner) -> Result<Signed> {
        let digest = self.digest();
        let signature = key.sign_hash_sync(&digest)?;
        Ok(Signed { digest, signer: key.address(), signature: signature.as_bytes().into() })
    }

    /// Puts signatures in the order that the feed asks for, each signer once.
    ///
    /// # Errors
    /// A signature of something else, or by somebody else than it says.
    pub fn combine(&self, signatures: &[Signed]) -> Result<Vec<Signed>> {
        let digest = self.digest();
        for (index, signed) in signatures.iter().enumerate() {
            ensure!(
                signed.digest == digest,
                "signature {index} is of {}, the update is {digest}",
                signed.digest
            );
            let signature = Signature::from_raw(&signed.signature)
                .with_context(|| format!("signature {index} is none"))?;
            let signer = signature.recover_address_from_prehash(&digest)?;
            ensure!(
                signer == signed.signer,
                "signature {index} is by {signer}, not by {} as it says",
                signed.signer
            );
        }
        let mut combined = signatures.to_vec();
        combined.sort_by_key(|signed| signed.signer);
        combined.dedup_by_key(|signed| signed.signer);
        Ok(combined)
    }
}
