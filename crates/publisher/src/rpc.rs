//! A node behind JSON-RPC.

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

/// A connection to a node.
#[derive(Debug)]
pub struct Rpc {
    provider: DynProvider,
    runtime: Runtime,
}

impl Rpc {
    /// Connects; transactions are sent by `key`.
    ///
    /// # Errors
    /// A malformed URL.
    pub fn connect(url: &str, key: Option<PrivateKeySigner>) -> Result<Self> {
        let url = url.parse().with_context(|| format!("{url} is no URL"))?;
        let runtime = Runtime::new()?;
        let _inside = runtime.enter();
        let provider = match key {
            Some(key) => ProviderBuilder::new().wallet(key).connect_http(url).erased(),
            None => ProviderBuilder::new().connect_http(url).erased(),
        };
        drop(_inside);
        Ok(Self { provider, runtime })
    }

    /// Id of the node's chain.
    ///
    /// # Errors
    /// No answer.
    pub fn chain_id(&self) -> Result<u64> {
        Ok(self.runtime.block_on(self.provider.get_chain_id())?)
    }

    /// Sends an update with its signatures and waits until it is mined.
    ///
    /// # Errors
    /// A refusal by the feed or the node.
    pub fn submit(&self, update: &Update, signatures: &[Signed]) -> Result<B256> {
        let chain = self.chain_id()?;
        ensure!(
            chain == update.chain_id,
            "the update is for chain {}, the node is on {chain}",
            update.chain_id
        );
        let tx = TransactionRequest::default().to(update.feed).input(submission(update, signatures).into());
        let receipt = self.runtime.block_on(async {
            let sent = self.provider.send_transaction(tx).await.context("the node refuses it")?;
            sent.get_receipt().await.context("it was not mined")
        })?;
        ensure!(receipt.status(), "{} reverted", receipt.transaction_hash);
        Ok(receipt.transaction_hash)
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
