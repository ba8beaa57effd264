//! A node behind JSON-RPC.

use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256, Bytes};
use alloy_provider::{DynProvider, Provider, ProviderBuilder};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, ensure};
use interfaces::surface::ISurface;
use tokio::runtime::Runtime;

use crate::feed::Reader;
use crate::message::{Signed, Update};

/// How long a transaction may take to be mined, and how often that is asked.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);

/// A connection to a node.
#[derive(Debug)]
pub struct Rpc {
    provider: DynProvider,
    /// Who sends transactions.
    sender: Option<Address>,
    runtime: Runtime,
}

impl Rpc {
    /// Connects; transactions are sent by `key`.
    ///
    /// # Errors
    /// A malformed URL.
    pub fn connect(url: &str, key: Option<PrivateKeySigner>) -> Result<Self> {
        let url = url.parse().with_context(|| format!("{url} is no URL"))?;
        let sender = key.as_ref().map(PrivateKeySigner::address);
        let runtime = Runtime::new()?;
        let _inside = runtime.enter();
        let provider = match key {
            Some(key) => ProviderBuilder::new().wallet(key).connect_http(url).erased(),
            None => ProviderBuilder::new().connect_http(url).erased(),
        };
        drop(_inside);
        Ok(Self { provider, sender, runtime })
    }

    /// Id of the node's chain.
    ///
    /// # Errors
    /// No answer.
    pub fn chain_id(&self) -> Result<u64> {
        Ok(self.runtime.block_on(self.provider.get_chain_id())?)
    }

    /// Sends an update with its signatures and waits until it is mined, two minutes at most.
    ///
    /// # Errors
    /// A refusal by the feed or the node, or no receipt in time.
    pub fn submit(&self, update: &Update, signatures: &[Signed]) -> Result<B256> {
        let chain = self.chain_id()?;
        ensure!(
            chain == update.chain_id,
            "the update is for chain {}, the node is on {chain}",
            update.chain_id
        );
        let sender = self.sender.context("there is no key to send with")?;
        // The node's count, not one kept here: a refused submission must leave no gap.
        let nonce = self.runtime.block_on(async { self.provider.get_transaction_count(sender).await })?;
        let tx = TransactionRequest::default().from(sender).nonce(nonce).to(update.feed);
        let tx = tx.input(submission(update, signatures).into());
        let sent = self.runtime.block_on(async { self.provider.send_transaction(tx).await });
        let hash = *sent.context("the node refuses it")?.tx_hash();
        let start = Instant::now();
        loop {
            let receipt =
                self.runtime.block_on(async { self.provider.get_transaction_receipt(hash).await })?;
            if let Some(receipt) = receipt {
                ensure!(receipt.status(), "{hash} reverted");
                return Ok(hash);
            }
            ensure!(start.elapsed() < PATIENCE, "{hash} was not mined");
            std::thread::sleep(POLL);
        }
    }
}

impl Reader for Rpc {
    fn read(&mut self, to: Address, data: Bytes) -> Result<Bytes> {
        let tx = TransactionRequest::default().to(to).input(data.into());
        Ok(self.runtime.block_on(async { self.provider.call(tx).await })?)
    }
}

/// Calldata of `publish`.
#[must_use]
pub fn submission(update: &Update, signatures: &[Signed]) -> Bytes {
    let signatures = signatures.iter().map(|signed| signed.signature.clone()).collect();
    ISurface::publishCall { update: update.message(), signatures }.abi_encode().into()
}
