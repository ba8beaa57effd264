//! A node behind JSON-RPC.

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_provider::Provider;
use alloy_rpc_types_eth::TransactionRequest;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, ensure};
use client::{Client, Outgoing};
use interfaces::surface::ISurface;

use crate::feed::Reader;
use crate::message::{Signed, Update};

/// How long a transaction may take to be mined.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection to a node.
#[derive(Debug)]
pub struct Rpc {
    client: Client,
}

impl Rpc {
    /// Connects; transactions are sent by `key`.
    ///
    /// # Errors
    /// A malformed URL, or one of https in a build without TLS.
    pub fn connect(url: &str, key: Option<PrivateKeySigner>) -> Result<Self> {
        Ok(Self { client: Client::connect(url, key)? })
    }

    /// Id of the node's chain.
    ///
    /// # Errors
    /// No answer.
    pub fn chain_id(&self) -> Result<u64> {
        Ok(self.client.chain_id()?)
    }

    /// Sends an update with its signatures and waits until it is mined, two minutes at most.
    ///
    /// # Errors
    /// A refusal by the feed or the node, or no receipt in time. An answer that fails meanwhile is asked for again.
    pub fn submit(&self, update: &Update, signatures: &[Signed]) -> Result<B256> {
        let chain = self.chain_id()?;
        ensure!(
            chain == update.chain_id,
            "the update is for chain {}, the node is on {chain}",
            update.chain_id
        );
        let sender = self.client.sender().context("there is no key to send with")?;
        // The node's count, not one kept here: a refused submission must leave no gap.
        let nonce = self.client.mined_nonce(sender)?;
        let data = submission(update, signatures);
        let signed = self.client.sign(nonce, Outgoing { to: Some(update.feed), value: U256::ZERO, data })?;
        self.client.send(&signed)?;
        self.client.wait(signed.hash, PATIENCE)?;
        Ok(signed.hash)
    }
}

impl Reader for Rpc {
    fn read(&mut self, to: Address, data: Bytes) -> Result<Bytes> {
        let tx = TransactionRequest::default().to(to).input(data.into());
        Ok(self.client.ask(async { self.client.provider().call(tx).await })?)
    }
}

/// Calldata of `publish`.
#[must_use]
pub fn submission(update: &Update, signatures: &[Signed]) -> Bytes {
    let signatures = signatures.iter().map(|signed| signed.signature.clone()).collect();
    ISurface::publishCall { update: update.message(), signatures }.abi_encode().into()
}
