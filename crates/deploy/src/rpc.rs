//! A node behind JSON-RPC: reads, and transactions one at a time, each waited for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_provider::Provider;
use alloy_rpc_types_eth::{BlockNumberOrTag, TransactionReceipt, TransactionRequest};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, ensure};
use client::{Client, Fault, Outgoing, Signed};

use crate::record::Pending;

/// How long a transaction may take to be mined, and one that the node does not know to turn up.
const PATIENCE: Duration = Duration::from_secs(180);

/// A connection, and who sends.
#[derive(Debug)]
pub struct Rpc {
    client: Client,
    /// Transactions sent.
    pub sent: u64,
}

impl Rpc {
    /// Connects to a node that must be on this chain; transactions are sent by `key`.
    ///
    /// # Errors
    /// A malformed URL, one of https in a build without TLS, no answer, or another chain.
    pub fn connect(url: &str, chain_id: u64, key: Option<PrivateKeySigner>) -> Result<Self> {
        let client = Client::connect(url, key)?;
        let found = client.chain_id()?;
        ensure!(found == chain_id, "the node is on chain {found}, the config says {chain_id}");
        Ok(Self { client, sent: 0 })
    }

    /// Whose key it is.
    ///
    /// # Errors
    /// When there is none.
    pub fn sender(&self) -> Result<Address> {
        self.client.sender().context("there is no key to send with: EQUIPOISE_DEPLOY_KEY or --key-file")
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
        tx.from = self.client.sender();
        let asked = self.client.ask(async { self.client.provider().call(tx).await });
        let output = asked.with_context(|| format!("{} of {to}", C::SIGNATURE))?;
        C::abi_decode_returns(&output).with_context(|| format!("{} of {to} answered {output}", C::SIGNATURE))
    }

    /// Code of an account.
    ///
    /// # Errors
    /// No answer.
    pub fn code(&self, account: Address) -> Result<Bytes> {
        Ok(self.client.ask(async { self.client.provider().get_code_at(account).await })?)
    }

    /// A storage slot.
    ///
    /// # Errors
    /// No answer.
    pub fn slot(&self, account: Address, slot: u64) -> Result<U256> {
        let slot = U256::from(slot);
        Ok(self.client.ask(async { self.client.provider().get_storage_at(account, slot).await })?)
    }

    /// Wei of an account.
    ///
    /// # Errors
    /// No answer.
    pub fn balance(&self, account: Address) -> Result<U256> {
        Ok(self.client.ask(async { self.client.provider().get_balance(account).await })?)
    }

    /// Time of the last block [unix seconds].
    ///
    /// # Errors
    /// No answer.
    pub fn now(&self) -> Result<u64> {
        let latest = BlockNumberOrTag::Latest;
        let block = self.client.ask(async { self.client.provider().get_block_by_number(latest).await })?;
        Ok(block.context("the node has no block")?.header.timestamp)
    }

    /// Sends a call and waits for it.
    ///
    /// # Errors
    /// A refusal, a transaction that reverted, or no receipt in time.
    pub fn tell<C: SolCall>(&mut self, to: Address, value: U256, call: C) -> Result<TransactionReceipt> {
        let tx = Outgoing { to: Some(to), value, data: call.abi_encode().into() };
        let told = || format!("{} of {to}", C::SIGNATURE);
        let signed = self.sign(tx).with_context(told)?;
        self.send(&signed).with_context(told)?;
        self.wait(signed.hash).with_context(told)
    }

    /// Signs a transaction.
    ///
    /// # Errors
    /// No key, or the node's refusal to estimate it.
    pub(crate) fn sign(&self, tx: Outgoing) -> Result<Signed> {
        // The node's count, not one kept here: a refused transaction must leave no gap.
        let nonce = self.client.next_nonce(self.sender()?)?;
        self.client.sign(nonce, tx)
    }

    /// Sends a transaction.
    ///
    /// # Errors
    /// The node's refusal.
    pub(crate) fn send(&mut self, signed: &Signed) -> Result<(), Fault> {
        self.client.send(signed)?;
        self.sent = self.sent.saturating_add(1);
        Ok(())
    }

    /// Waits for a transaction.
    ///
    /// # Errors
    /// One that reverted, or no receipt in time.
    pub(crate) fn wait(&self, hash: B256) -> Result<TransactionReceipt> {
        self.client.wait(hash, PATIENCE)
    }

    /// What became of a transaction of an earlier run: its receipt, or none if it did nothing and never will.
    ///
    /// # Errors
    /// No answer, no receipt in time, or a transaction that the node does not know and that may still arrive.
    pub(crate) fn resolve(&self, pending: &Pending) -> Result<Option<TransactionReceipt>> {
        let hash = pending.hash;
        // Asked first: if it was used by then, and there is no receipt after that, another transaction used it.
        let used = self.client.mined_nonce(pending.sender)? > pending.nonce;
        if let Some(receipt) = self.client.receipt(hash)? {
            return Ok(receipt.status().then_some(receipt));
        }
        if used {
            return Ok(None);
        }
        if self.client.knows(hash)? {
            return self.wait(hash).map(Some);
        }
        let left = PATIENCE.as_secs().saturating_sub(clock().saturating_sub(pending.since));
        ensure!(left == 0, "the node does not know {hash}, which may be on its way: run again in {left} s");
        Ok(None)
    }
}

/// The machine's clock [unix seconds].
pub(crate) fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
