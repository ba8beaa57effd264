//! One node behind JSON-RPC, with a limit on its time.

use std::time::Duration;

use alloy_eips::BlockId;
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256, Bytes};
use alloy_provider::{DynProvider, Provider, ProviderBuilder};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_rpc_types_eth::state::{AccountOverride, StateOverride};
use anyhow::{Context, Result, ensure};
use client::place;

use crate::chain::{Account, Call, Fault, Head, Receipt};

/// Error of a provider's transport.
type Error = alloy_provider::transport::TransportError;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// Its host and port: a URL may carry a secret.
    pub(crate) name: String,
    provider: DynProvider,
    limit: Duration,
}

impl Endpoint {
    /// A node at a URL.
    pub(crate) fn new(url: &str, limit: Duration) -> Result<Self> {
        let name = place(url);
        ensure!(
            cfg!(feature = "tls") || !url.starts_with("https"),
            "{name} wants TLS: build the keeper with --features tls"
        );
        #[cfg(feature = "tls")]
        // Only the first does anything.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = url.parse().with_context(|| format!("the endpoint at {name} has no URL"))?;
        let provider = ProviderBuilder::new().disable_recommended_fillers().connect_http(url).erased();
        Ok(Self { name, provider, limit })
    }

    async fn within<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Fault> {
        match tokio::time::timeout(self.limit, answer).await {
            Ok(answer) => answer.map_err(|error| fault(&error)),
            Err(_) => Err(Fault::Timeout { after: self.limit }),
        }
    }

    pub(crate) async fn chain_id(&self) -> Result<u64, Fault> {
        self.within(async { self.provider.get_chain_id().await }).await
    }

    /// A block's header.
    pub(crate) async fn header(&self, number: BlockNumberOrTag) -> Result<Head, Fault> {
        let block = self.within(async { self.provider.get_block_by_number(number).await }).await?;
        let header = block.ok_or_else(|| Fault::Garbage(format!("no block {number}")))?.header;
        let base_fee = u128::from(header.inner.base_fee_per_gas.unwrap_or_default());
        Ok(Head {
            number: header.inner.number,
            hash: header.hash,
            timestamp: header.inner.timestamp,
            base_fee,
        })
    }

    pub(crate) async fn call(&self, at: &Head, call: &Call) -> Result<Bytes, Fault> {
        let code = call.code.clone().map(|code| {
            let account = AccountOverride { code: Some(code), ..AccountOverride::default() };
            StateOverride::from_iter([(call.to, account)])
        });
        let request = self.provider.call(request(call, at)).block(BlockId::hash(at.hash)).overrides_opt(code);
        self.within(async { request.await }).await
    }

    pub(crate) async fn gas(&self, at: &Head, call: &Call) -> Result<u64, Fault> {
        let estimate = self.provider.estimate_gas(request(call, at)).block(BlockId::hash(at.hash));
        self.within(async { estimate.await }).await
    }

    /// The account in a block; what waits is counted apart.
    pub(crate) async fn account(&self, at: &Head, who: Address) -> Result<Account, Fault> {
        let block = BlockId::hash(at.hash);
        let nonce =
            self.within(async { self.provider.get_transaction_count(who).block_id(block).await }).await?;
        let balance = self.within(async { self.provider.get_balance(who).block_id(block).await }).await?;
        Ok(Account { nonce, pending: nonce, balance })
    }

    pub(crate) async fn pending(&self, who: Address) -> Result<u64, Fault> {
        self.within(async { self.provider.get_transaction_count(who).pending().await }).await
    }

    pub(crate) async fn send(&self, raw: &Bytes) -> Result<(), Fault> {
        match self.within(async { self.provider.send_raw_transaction(raw).await.map(|_| ()) }).await {
            Err(Fault::Refused { message, .. }) if message.contains("already known") => Ok(()),
            sent => sent,
        }
    }

    pub(crate) async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Fault> {
        let receipt = self.within(async { self.provider.get_transaction_receipt(hash).await }).await?;
        Ok(receipt.map(|receipt| Receipt {
            success: receipt.status(),
            block: receipt.block_number.unwrap_or_default(),
            gas: receipt.gas_used,
            price: receipt.effective_gas_price,
            logs: receipt.logs().iter().map(|log| log.inner.clone()).collect(),
        }))
    }
}

fn request(call: &Call, at: &Head) -> TransactionRequest {
    let request = TransactionRequest::default().from(call.from).to(call.to).input(call.data.clone().into());
    let request = if call.value.is_zero() { request } else { request.value(call.value) };
    match call.gas {
        Some(gas) => request.gas_limit(gas).max_fee_per_gas(at.base_fee).max_priority_fee_per_gas(0),
        None => request,
    }
}

/// What a transport's error says of the node. Words only: a URL in them may carry a secret.
fn fault(error: &Error) -> Fault {
    if let Some(payload) = error.as_error_resp() {
        if let Some(data) = payload.as_revert_data() {
            return Fault::Reverted(data);
        }
        let message = payload.message.to_string();
        // A revert without data.
        return if payload.code == 3 {
            Fault::Reverted(Bytes::new())
        } else {
            Fault::Refused { code: payload.code, message }
        };
    }
    match error {
        Error::DeserError { err, .. } => Fault::Garbage(err.to_string()),
        Error::NullResp => Fault::Garbage("nothing".into()),
        error => match error.as_transport_err().and_then(|error| error.as_http_error()) {
            Some(http) => Fault::Unreachable(format!("HTTP status {}", http.status)),
            None => Fault::Unreachable("no connection".into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_without_tls_is_refused_at_the_start() {
        let made = Endpoint::new("https://arb.example.com/KEY", Duration::from_secs(1));
        assert_eq!(made.is_ok(), cfg!(feature = "tls"));
        assert!(
            made.map_or_else(|error| error.to_string(), |endpoint| endpoint.name).contains("arb.example.com")
        );
    }
}
