//! Blocks and the transactions in them.

use alloy_consensus::proofs::{calculate_receipt_root, calculate_transaction_root};
use alloy_consensus::transaction::{Recovered, TxHashRef};
use alloy_consensus::{
    EMPTY_OMMER_ROOT_HASH, Eip658Value, Header, Receipt, ReceiptEnvelope, ReceiptWithBloom, Transaction as _,
    TxEnvelope, TxType,
};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B64, B256, Bloom, BloomInput, Bytes, U256};
use alloy_rlp::Encodable as _;
use alloy_rpc_types_eth::{Log, Transaction, TransactionReceipt};
use host::{Executed, Mark, SEQUENCER, World};

/// Gas limit that every header shows, as on Arbitrum: blocks are bounded by `BLOCK_GAS`.
pub(crate) const HEADER_GAS_LIMIT: u64 = 1 << 50;

/// A mined transaction.
pub(crate) struct Mined {
    pub(crate) tx: Recovered<TxEnvelope>,
    pub(crate) receipt: TransactionReceipt,
    pub(crate) l1_block: u64,
}

/// A block.
pub(crate) struct Block {
    pub(crate) header: Header,
    pub(crate) hash: B256,
    pub(crate) transactions: Vec<Mined>,
    /// The state that it found.
    pub(crate) before: Mark,
}

/// A transaction that ran, before its block has a hash.
pub(crate) struct Ran {
    pub(crate) tx: Recovered<TxEnvelope>,
    pub(crate) outcome: Executed,
}

impl Block {
    /// Seals a block: its header's roots of transactions and receipts are real; no trie of the state is kept, so the state's root is zero.
    pub(crate) fn seal(
        parent: Option<&Self>,
        timestamp: u64,
        base_fee: u64,
        before: Mark,
        ran: Vec<Ran>,
    ) -> Self {
        let transactions: Vec<&TxEnvelope> = ran.iter().map(|ran| ran.tx.inner()).collect();
        let mut gas_used = 0;
        let receipts: Vec<ReceiptEnvelope> = ran
            .iter()
            .map(|ran| {
                gas_used += ran.outcome.receipt.gas_used;
                consensus_receipt(ran, gas_used)
            })
            .collect();
        let bloom = receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | *receipt.logs_bloom());
        let header = Header {
            parent_hash: parent.map_or(B256::ZERO, |parent| parent.hash),
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: SEQUENCER,
            transactions_root: calculate_transaction_root(&transactions),
            receipts_root: calculate_receipt_root(&receipts),
            logs_bloom: bloom,
            difficulty: U256::ONE,
            number: parent.map_or(0, |parent| parent.header.number + 1),
            gas_limit: HEADER_GAS_LIMIT,
            gas_used,
            timestamp,
            extra_data: Bytes::from_static(&[0; 32]),
            mix_hash: mix_hash(World::l1_block(timestamp)),
            nonce: B64::ZERO,
            base_fee_per_gas: Some(base_fee),
            ..Header::default()
        };
        let hash = header.hash_slow();
        let mut block = Self { header, hash, transactions: Vec::new(), before };
        block.enter(ran, receipts);
        block
    }

    fn enter(&mut self, ran: Vec<Ran>, receipts: Vec<ReceiptEnvelope>) {
        let mut log_index = 0;
        let price = self.price();
        for (index, (ran, receipt)) in ran.into_iter().zip(receipts).enumerate() {
            let index = index as u64;
            let inner = receipt.map_logs(|inner| {
                log_index += 1;
                Log {
                    inner,
                    block_hash: Some(self.hash),
                    block_number: Some(self.header.number),
                    block_timestamp: Some(self.header.timestamp),
                    transaction_hash: Some(*ran.tx.tx_hash()),
                    transaction_index: Some(index),
                    log_index: Some(log_index - 1),
                    removed: false,
                }
            });
            let from = ran.tx.signer();
            let receipt = TransactionReceipt {
                inner,
                transaction_hash: *ran.tx.tx_hash(),
                transaction_index: Some(index),
                block_hash: Some(self.hash),
                block_number: Some(self.header.number),
                gas_used: ran.outcome.receipt.gas_used,
                effective_gas_price: price,
                blob_gas_used: None,
                blob_gas_price: None,
                from,
                to: ran.tx.to(),
                contract_address: ran.tx.to().is_none().then(|| from.create(ran.tx.nonce())),
            };
            let l1_block = World::l1_block(self.header.timestamp);
            self.transactions.push(Mined { tx: ran.tx, receipt, l1_block });
        }
    }

    /// What its transactions pay: tips are not taken [wei per gas].
    fn price(&self) -> u128 {
        self.header.base_fee_per_gas.unwrap_or_default().into()
    }

    /// A transaction of the block as RPC shows it.
    pub(crate) fn transaction(&self, index: usize) -> Option<Transaction> {
        let mined = self.transactions.get(index)?;
        Some(Transaction {
            inner: mined.tx.clone(),
            block_hash: Some(self.hash),
            block_number: Some(self.header.number),
            transaction_index: Some(index as u64),
            effective_gas_price: Some(self.price()),
            block_timestamp: Some(self.header.timestamp),
        })
    }

    /// Its length in RLP, less the list's own heads [bytes].
    pub(crate) fn size(&self) -> usize {
        let transactions = self.transactions.iter().map(|mined| mined.tx.inner().encode_2718_len());
        transactions.fold(self.header.length(), |sum, length| sum + length)
    }

    /// Logs of all its transactions.
    pub(crate) fn logs(&self) -> impl Iterator<Item = &Log> {
        self.transactions.iter().flat_map(|mined| mined.receipt.inner.logs())
    }
}

fn consensus_receipt(ran: &Ran, cumulative_gas_used: u64) -> ReceiptEnvelope {
    let logs: Vec<alloy_primitives::Log> = ran
        .outcome
        .receipt
        .logs
        .iter()
        .map(|log| alloy_primitives::Log::new_unchecked(log.address, log.topics.clone(), log.data.clone()))
        .collect();
    let mut logs_bloom = Bloom::ZERO;
    for log in &logs {
        logs_bloom.accrue(BloomInput::Raw(log.address.as_slice()));
        for topic in log.topics() {
            logs_bloom.accrue(BloomInput::Raw(topic.as_slice()));
        }
    }
    let status = Eip658Value::Eip658(ran.outcome.failure.is_none());
    let receipt = ReceiptWithBloom { receipt: Receipt { status, cumulative_gas_used, logs }, logs_bloom };
    match ran.tx.tx_type() {
        TxType::Legacy => ReceiptEnvelope::Legacy(receipt),
        TxType::Eip2930 => ReceiptEnvelope::Eip2930(receipt),
        TxType::Eip1559 => ReceiptEnvelope::Eip1559(receipt),
        TxType::Eip4844 => ReceiptEnvelope::Eip4844(receipt),
        TxType::Eip7702 => ReceiptEnvelope::Eip7702(receipt),
    }
}

/// Arbitrum's use of the field: count of sends, L1 block, version of ArbOS.
fn mix_hash(l1_block: u64) -> B256 {
    let mut word = [0; 32];
    word[8..16].copy_from_slice(&l1_block.to_be_bytes());
    word[16..24].copy_from_slice(&60_u64.to_be_bytes());
    B256::from(word)
}
