//! A node behind JSON-RPC: reads, and transactions one at a time, each waited for.

use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_provider::{DynProvider, Provider, ProviderBuilder};
use alloy_rpc_types_eth::{TransactionReceipt, TransactionRequest};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, bail, ensure};
use tokio::runtime::Runtime;

/// How long a transaction may take to be mined, and how often that is asked.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(100);

/// A connection, and who sends.
#[derive(Debug)]
pub struct Rpc {
    provider: DynProvider,
    sender: Option<Address>,
    runtime: Runtime,
    /// Transactions sent.
    pub sent: u64,
}

impl Rpc {
    /// Connects to a node that must be on this chain; transactions are sent by `key`.
    ///
    /// # Errors
    /// A malformed URL, no answer, or another chain.
    pub fn connect(url: &str, chain_id: u64, key: Option<PrivateKeySigner>) -> Result<Self> {
        let parsed = url.parse().with_context(|| format!("{url} is no URL"))?;
        let sender = key.as_ref().map(PrivateKeySigner::address);
        let runtime = Runtime::new()?;
        let provider = runtime.block_on(async {
            match key {
                Some(key) => ProviderBuilder::new().wallet(key).connect_http(parsed).erased(),
                None => ProviderBuilder::new().connect_http(parsed).erased(),
            }
        });
        let rpc = Self { provider, sender, runtime, sent: 0 };
        let found = rpc.runtime.block_on(async { rpc.provider.get_chain_id().await })?;
        ensure!(found == chain_id, "the node is on chain {found}, the config says {chain_id}");
        Ok(rpc)
    }

    /// Whose key it is.
    ///
    /// # Errors
    /// When there is none.
    pub fn sender(&self) -> Result<Address> {
        self.sender.context("there is no key to send with: EQUIPOISE_DEPLOY_KEY or --key-file")
    }

    /// Reads.
    ///
    /// # Errors
    /// A refusal, or an answer of another type.
    pub fn view<C: SolCall>(&self, to: Address, call: C) -> Result<C::Return> {
        self.view_with(to, U256::ZERO, call)
    }

    /// Reads as if wei were sent.
    ///
    /// # Errors
    /// As [`Rpc::view`].
    pub fn view_with<C: SolCall>(&self, to: Address, value: U256, call: C) -> Result<C::Return> {
        let mut tx = TransactionRequest::default().to(to).value(value).input(call.abi_encode().into());
        tx.from = self.sender;
        let asked = self.runtime.block_on(async { self.provider.call(tx).await });
        let output = asked.with_context(|| format!("{} of {to}", C::SIGNATURE))?;
        C::abi_decode_returns(&output).with_context(|| format!("{} of {to} answered {output}", C::SIGNATURE))
    }

    /// Code of an account.
    ///
    /// # Errors
    /// No answer.
    pub fn code(&self, account: Address) -> Result<Bytes> {
        Ok(self.runtime.block_on(async { self.provider.get_code_at(account).await })?)
    }

    /// A storage slot.
    ///
    /// # Errors
    /// No answer.
    pub fn slot(&self, account: Address, slot: u64) -> Result<U256> {
        let slot = U256::from(slot);
        Ok(self.runtime.block_on(async { self.provider.get_storage_at(account, slot).await })?)
    }

    /// Wei of an account.
    ///
    /// # Errors
    /// No answer.
    pub fn balance(&self, account: Address) -> Result<U256> {
        Ok(self.runtime.block_on(async { self.provider.get_balance(account).await })?)
    }

    /// Time of the last block [unix seconds].
    ///
    /// # Errors
    /// No answer.
    pub fn now(&self) -> Result<u64> {
        let block = self.runtime.block_on(async {
            self.provider.get_block_by_number(alloy_rpc_types_eth::BlockNumberOrTag::Latest).await
        })?;
        Ok(block.context("the node has no block")?.header.timestamp)
    }

    /// Sends a call and waits for it.
    ///
    /// # Errors
    /// The refusal, or no receipt in time.
    pub fn tell<C: SolCall>(&mut self, to: Address, value: U256, call: C) -> Result<TransactionReceipt> {
        let data = call.abi_encode().into();
        self.send(Some(to), value, data).with_context(|| format!("{} of {to}", C::SIGNATURE))
    }

    /// Creates a contract.
    ///
    /// # Errors
    /// As [`Rpc::tell`].
    pub fn create(&mut self, init_code: Bytes) -> Result<Address> {
        let receipt = self.send(None, U256::ZERO, init_code)?;
        receipt.contract_address.context("no contract was created")
    }

    fn send(&mut self, to: Option<Address>, value: U256, data: Bytes) -> Result<TransactionReceipt> {
        let sender = self.sender()?;
        // The node's count, not one kept here: a refused transaction must leave no gap.
        let nonce =
            self.runtime.block_on(async { self.provider.get_transaction_count(sender).pending().await })?;
        let tx = TransactionRequest::default().from(sender).nonce(nonce).value(value).input(data.into());
        let tx = match to {
            Some(to) => tx.to(to),
            None => tx.create(),
        };
        let sent = self.runtime.block_on(async { self.provider.send_transaction(tx).await });
        let hash: B256 = *sent.context("the node refuses it")?.tx_hash();
        self.sent += 1;
        let start = Instant::now();
        loop {
            let asked = async { self.provider.get_transaction_receipt(hash).await };
            if let Some(receipt) = self.runtime.block_on(asked)? {
                ensure!(receipt.status(), "{hash} reverted");
                return Ok(receipt);
            }
            if start.elapsed() > PATIENCE {
                bail!("{hash} was not mined in {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(POLL);
        }
    }
}
