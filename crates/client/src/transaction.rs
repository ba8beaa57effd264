//! Transactions: signed, so that their hash is known before they are sent, then sent, then waited for.

use std::time::{Duration, Instant};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_provider::Provider;
use alloy_rpc_types_eth::{TransactionReceipt, TransactionRequest};
use alloy_signer::SignerSync;
use anyhow::{Context, Result, bail, ensure};

use crate::{Client, Fault};

/// How long the first and the later looks for a receipt are apart.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_secs(1);
/// How often a transaction is sent while no answer comes.
const TIMES: u32 = 3;

/// What a transaction does.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Whom it calls; none where it creates.
    pub to: Option<Address>,
    /// [wei]
    pub value: U256,
    /// Calldata, or init code.
    pub data: Bytes,
}

/// A signed transaction.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Its hash.
    pub hash: B256,
    /// Its nonce.
    pub nonce: u64,
    raw: Bytes,
}

impl Client {
    /// An account's next nonce by what is mined.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn mined_nonce(&self, account: Address) -> Result<u64, Fault> {
        self.ask(async { self.provider().get_transaction_count(account).await })
    }

    /// An account's next nonce after what waits to be mined.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn next_nonce(&self, account: Address) -> Result<u64, Fault> {
        self.ask(async { self.provider().get_transaction_count(account).pending().await })
    }

    /// Signs a transaction with the gas and the fees that the node estimates.
    ///
    /// # Errors
    /// No key, or the node's refusal to estimate: a transaction that would revert is refused here.
    pub fn sign(&self, nonce: u64, tx: Outgoing) -> Result<Signed> {
        let key = self.key.as_ref().context("there is no key to sign with")?;
        let Outgoing { to, value, data } = tx;
        let request = TransactionRequest::default().from(key.address()).value(value);
        let request = request.input(data.clone().into());
        let request = match to {
            Some(to) => request.to(to),
            None => request.create(),
        };
        let gas_limit = self.ask(async { self.provider().estimate_gas(request).await })?;
        let fees = self.ask(async { self.provider().estimate_eip1559_fees().await })?;
        let tx = TxEip1559 {
            chain_id: self.chain_id()?,
            nonce,
            gas_limit,
            max_fee_per_gas: fees.max_fee_per_gas,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
            to: to.map_or(TxKind::Create, TxKind::Call),
            value,
            input: data,
            ..TxEip1559::default()
        };
        let signature = key.sign_hash_sync(&tx.signature_hash()).context("the key does not sign")?;
        let envelope: TxEnvelope = tx.into_signed(signature).into();
        let raw: Bytes = envelope.encoded_2718().into();
        Ok(Signed { hash: keccak256(&raw), nonce, raw })
    }

    /// Sends a transaction, some times more where no answer comes: the same one cannot be mined twice. Where none comes at all it may have
    /// arrived, which is what [`Client::wait`] is for.
    ///
    /// # Errors
    /// The node's refusal.
    pub fn send(&self, signed: &Signed) -> Result<(), Fault> {
        let mut pause = FIRST_PAUSE;
        for time in 1..=TIMES {
            let sent = async { self.provider().send_raw_transaction(&signed.raw).await.map(|_| ()) };
            match self.ask(sent) {
                Ok(()) => break,
                // What is refused after a lost answer may be there already.
                Err(Fault::Refused(words)) if time == 1 && !words.contains("already known") => {
                    return Err(Fault::Refused(words));
                }
                Err(Fault::Refused(_)) => break,
                Err(Fault::Lost { .. }) => std::thread::sleep(pause),
            }
            pause = pause.saturating_mul(2).min(PAUSE);
        }
        Ok(())
    }

    /// The receipt of a transaction, once it is mined.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn receipt(&self, hash: B256) -> Result<Option<TransactionReceipt>, Fault> {
        self.ask(async { self.provider().get_transaction_receipt(hash).await })
    }

    /// Whether the node has a transaction, mined or not.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn knows(&self, hash: B256) -> Result<bool, Fault> {
        Ok(self.ask(async { self.provider().get_transaction_by_hash(hash).await })?.is_some())
    }

    /// Waits until a transaction is mined. What was sent is not given up for an answer that fails: it is asked again, and the last failure is
    /// told when the patience is over.
    ///
    /// # Errors
    /// A transaction that reverted, or no receipt in time.
    pub fn wait(&self, hash: B256, patience: Duration) -> Result<TransactionReceipt> {
        let (start, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            let asked = self.receipt(hash);
            let late = start.elapsed() >= patience;
            match asked {
                Ok(Some(receipt)) => {
                    ensure!(receipt.status(), "{hash} reverted");
                    return Ok(receipt);
                }
                Ok(None) if late => bail!("{hash} was not mined in {} s", patience.as_secs()),
                Err(fault) if late => {
                    return Err(fault)
                        .with_context(|| format!("{hash} was sent; whether it is mined is not known"));
                }
                _ => std::thread::sleep(pause),
            }
            pause = pause.saturating_mul(2).min(PAUSE);
        }
    }
}
