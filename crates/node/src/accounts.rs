//! Accounts that the node signs for.

use std::collections::HashSet;

use alloy_consensus::transaction::Recovered;
use alloy_consensus::{SignableTransaction, TxEnvelope, TypedTransaction};
use alloy_primitives::{Address, B256, Signature, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::coins_bip39::English;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner};

/// Prefunded accounts with their keys, and accounts that may send without one.
pub(crate) struct Wallets {
    signers: Vec<PrivateKeySigner>,
    impersonated: HashSet<Address>,
    /// Whether everybody may send without a key.
    pub(crate) impersonate_all: bool,
}

impl Wallets {
    /// The first accounts of a mnemonic, at the standard path.
    pub(crate) fn new(mnemonic: &str, count: u32) -> anyhow::Result<Self> {
        let signers = (0..count)
            .map(|index| Ok(MnemonicBuilder::<English>::default().phrase(mnemonic).index(index)?.build()?))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { signers, impersonated: HashSet::new(), impersonate_all: false })
    }

    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.signers.iter().map(PrivateKeySigner::address).collect()
    }

    /// Addresses with their private keys.
    pub(crate) fn keys(&self) -> Vec<(Address, B256)> {
        self.signers.iter().map(|signer| (signer.address(), signer.to_bytes())).collect()
    }

    pub(crate) fn signer(&self, address: Address) -> Option<&PrivateKeySigner> {
        self.signers.iter().find(|signer| signer.address() == address)
    }

    pub(crate) fn impersonate(&mut self, address: Address, start: bool) {
        if start {
            self.impersonated.insert(address);
        } else {
            self.impersonated.remove(&address);
        }
    }

    /// Signs a transaction of an account that the node may send for; none if it may not.
    pub(crate) fn sign(&self, from: Address, tx: TypedTransaction) -> Option<Recovered<TxEnvelope>> {
        let signed = match self.signer(from) {
            Some(signer) => {
                let signature = signer.sign_hash_sync(&tx.signature_hash()).ok()?;
                tx.into_envelope(signature)
            }
            None if self.impersonate_all || self.impersonated.contains(&from) => unsigned(from, tx),
            None => return None,
        };
        Some(Recovered::new_unchecked(signed, from))
    }
}

/// A transaction without a key has a signature that nobody can make, the sender in it, so that its hash is its own.
fn unsigned(from: Address, tx: TypedTransaction) -> TxEnvelope {
    let word = U256::from_be_bytes(keccak256(from).0) >> 1;
    tx.into_envelope(Signature::new(word, U256::ONE, false))
}
