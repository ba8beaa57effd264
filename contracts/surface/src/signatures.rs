//! Who signed an update.

use alloy_primitives::{Address, Bytes, B256, U256};
use interfaces::contract::{ensure, fail, Result};
use interfaces::eip712::{digest, domain_separator};
use interfaces::surface::ISurface::{
    NoPublishers, NotPublisher, SignatureFault, SignatureInvalid, SignersNotAscending, SurfaceUpdate,
    TooFewSignatures,
};
use interfaces::words::uint;
use stylus_sdk::call::RawCall;
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;

use crate::SurfaceFeed;

/// The precompile that recovers a signer.
const ECRECOVER: Address = Address::with_last_byte(1);
/// Half the order of secp256k1, rounded down: a signature has a twin with s above it.
const HALF_ORDER: U256 = U256::from_limbs([
    0xdfe9_2f46_681b_20a0,
    0x5d57_6e73_57a4_501d,
    0xffff_ffff_ffff_ffff,
    0x7fff_ffff_ffff_ffff,
]);

impl SurfaceFeed {
    /// Refuses an update that fewer than the threshold of publishers signed, or anybody else as well.
    pub(crate) fn check_signatures(&self, update: &SurfaceUpdate, signatures: &[Bytes]) -> Result<()> {
        let threshold = self.threshold();
        ensure(threshold > 0, || NoPublishers {})?;
        let count = signatures.len();
        ensure(count >= threshold.into(), || TooFewSignatures {
            signatures: size(count),
            threshold: uint(threshold.into()),
        })?;
        let vm = self.vm();
        let digest = digest(domain_separator(vm.chain_id(), vm.contract_address()), update);
        let mut publishers = self.publishers.each();
        let mut previous = Address::ZERO;
        for (at, signature) in signatures.iter().enumerate() {
            let index = size(at);
            let signer = match signer(vm, digest, signature) {
                Ok(signer) => signer,
                Err(fault) => return fail(SignatureInvalid { index, fault }),
            };
            ensure(signer > previous, || SignersNotAscending { index, previous, signer })?;
            // Both ascend, so one walk over the publishers finds all signers.
            ensure(publishers.any(|publisher| publisher == signer), || NotPublisher { index, signer })?;
            previous = signer;
        }
        Ok(())
    }
}

/// Who made a signature of `digest`: r, s and v, 65 bytes.
fn signer(vm: &VM, digest: B256, signature: &[u8]) -> Result<Address, SignatureFault> {
    let Ok(signature) = <&[u8; 65]>::try_from(signature) else { return Err(SignatureFault::Length) };
    let [.., v] = *signature;
    let (numbers, _) = signature.as_chunks::<32>();
    let [_, s] = numbers else { return Err(SignatureFault::Length) };
    if v != 27 && v != 28 {
        return Err(SignatureFault::V);
    }
    if U256::from_be_bytes(*s) > HALF_ORDER {
        return Err(SignatureFault::HighS);
    }
    let (recovery, input) = (B256::with_last_byte(v), numbers.as_flattened());
    let input = [digest.as_slice(), recovery.as_slice(), input].concat();
    // SAFETY: a precompile, called statically, changes no storage.
    let answer = unsafe { RawCall::new_static(vm).limit_return_data(0, 32).call(ECRECOVER, &input) };
    let word = answer.ok().and_then(|answer| answer.first_chunk::<32>().copied());
    let signer = word.map(|word| Address::from_word(B256::from(word)));
    signer.filter(|signer| !signer.is_zero()).ok_or(SignatureFault::Recovery)
}

/// A length as a word.
pub(crate) fn size(length: usize) -> U256 {
    uint(u128::try_from(length).unwrap_or(u128::MAX))
}
