//! What a transaction must be before it may wait, in geth's order and words.

use alloy_consensus::transaction::{Recovered, SignerRecoverable, TxHashRef};
use alloy_consensus::{Transaction as _, TxEnvelope, TxType, Typed2718};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, Bytes, TxHash, U256};
use host::{Terms, Tx};

use super::{Chain, Event};
use crate::rpc::RpcError;

/// Longest transaction [bytes].
const SIZE_LIMIT: usize = 131_072;
/// Longest init code [bytes].
const INIT_CODE_LIMIT: usize = 49_152;

impl Chain {
    /// Takes a signed transaction.
    ///
    /// # Errors
    /// Whatever makes it undecodable or unacceptable.
    pub(crate) fn submit_raw(&mut self, raw: &Bytes) -> Result<TxHash, RpcError> {
        if raw.len() > SIZE_LIMIT {
            let size = raw.len();
            return Err(RpcError::refused(format!(
                "oversized data: transaction size {size}, limit {SIZE_LIMIT}"
            )));
        }
        let mut rest = raw.as_ref();
        let tx = TxEnvelope::decode_2718(&mut rest)
            .map_err(|error| RpcError::invalid_params(format!("undecodable transaction: {error}")))?;
        if !rest.is_empty() {
            return Err(RpcError::invalid_params(format!("{} bytes after the transaction", rest.len())));
        }
        let tx =
            tx.try_into_recovered().map_err(|error| RpcError::refused(format!("invalid sender: {error}")))?;
        self.submit(tx)
    }

    /// Takes a transaction whose sender is known, and mines it if that is the mode.
    ///
    /// # Errors
    /// Whatever makes it unacceptable.
    pub(crate) fn submit(&mut self, tx: Recovered<TxEnvelope>) -> Result<TxHash, RpcError> {
        let hash = *tx.tx_hash();
        if self.position(hash).is_some() {
            return Err(RpcError::refused("already known"));
        }
        self.check(&tx).map_err(RpcError::refused)?;
        self.pool.add(tx.clone())?;
        self.publish(Event::Pending(Box::new(tx)));
        if self.automine {
            self.mine_ready()?;
        }
        Ok(hash)
    }

    /// Why a transaction cannot be accepted.
    pub(crate) fn check(&mut self, tx: &Recovered<TxEnvelope>) -> Result<(), String> {
        let sender = tx.signer();
        self.check_form(tx)?;
        let fees = (tx.max_priority_fee_per_gas().unwrap_or_default(), tx.max_fee_per_gas());
        let (tip, max) = fees;
        if tip > max {
            return Err(format!(
                "max priority fee per gas higher than max fee per gas: address {sender}, maxPriorityFeePerGas: {tip}, maxFeePerGas: {max}"
            ));
        }
        let base = u128::from(self.world.base_fee());
        if max < base {
            return Err(format!(
                "max fee per gas less than block base fee: address {sender}, maxFeePerGas: {max}, baseFee: {base}"
            ));
        }
        let next = self.world.nonce(sender);
        if tx.nonce() < next {
            return Err(format!("nonce too low: address {sender}, tx: {} state: {next}", tx.nonce()));
        }
        if tx.nonce() == u64::MAX {
            return Err(format!("nonce has max value: address {sender}, nonce: {}", u64::MAX));
        }
        self.check_funds(tx)
    }

    /// What does not depend on the state.
    fn check_form(&self, tx: &Recovered<TxEnvelope>) -> Result<(), String> {
        if !matches!(tx.tx_type(), TxType::Legacy | TxType::Eip2930 | TxType::Eip1559) {
            return Err(format!("transaction type not supported: {}", tx.ty()));
        }
        let (have, want) = (tx.chain_id(), self.world.chain_id());
        if have.is_some_and(|have| have != want) {
            return Err(format!(
                "invalid chain id for signer: have {} want {want}",
                have.unwrap_or_default()
            ));
        }
        let size = tx.inner().encode_2718_len();
        if size > SIZE_LIMIT {
            return Err(format!("oversized data: transaction size {size}, limit {SIZE_LIMIT}"));
        }
        if tx.to().is_none() && tx.input().len() > INIT_CODE_LIMIT {
            return Err(format!(
                "max initcode size exceeded: code size {}, limit {INIT_CODE_LIMIT}",
                tx.input().len()
            ));
        }
        let (asked, terms) = call_of(tx);
        let least = self.world.intrinsic_gas(&asked, &terms);
        if tx.gas_limit() < least {
            return Err(format!("intrinsic gas too low: gas {}, minimum needed {least}", tx.gas_limit()));
        }
        Ok(())
    }

    fn check_funds(&mut self, tx: &Recovered<TxEnvelope>) -> Result<(), String> {
        let sender = tx.signer();
        let have = self.world.balance(sender);
        let want = U256::from(tx.gas_limit())
            .saturating_mul(U256::from(tx.max_fee_per_gas()))
            .saturating_add(tx.value());
        if have < want {
            return Err(format!(
                "insufficient funds for gas * price + value: address {sender} have {have} want {want}"
            ));
        }
        Ok(())
    }

    /// Mines what is ready until nothing is.
    ///
    /// # Errors
    /// When a block could not be made.
    pub(crate) fn mine_ready(&mut self) -> Result<(), RpcError> {
        while self.is_ready() {
            self.mine()?;
        }
        Ok(())
    }

    fn is_ready(&mut self) -> bool {
        let world = &mut self.world;
        self.pool.next(|sender| world.nonce(sender)).is_some()
    }
}

/// A signed transaction as the host takes it.
pub(crate) fn call_of(tx: &Recovered<TxEnvelope>) -> (Tx, Terms) {
    let access_list = tx.access_list().into_iter().flat_map(|list| list.0.iter());
    let terms = Terms {
        nonce: Some(tx.nonce()),
        access_list: access_list.map(|item| (item.address, item.storage_keys.clone())).collect(),
    };
    let call = Tx {
        from: tx.signer(),
        to: tx.to().map(|to: Address| to),
        value: tx.value(),
        data: tx.input().clone(),
        // The chain holds back what is above its own limit and gives it back.
        gas_limit: tx.gas_limit().min(host::TX_GAS),
    };
    (call, terms)
}
