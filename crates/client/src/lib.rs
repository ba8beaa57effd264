//! One node behind JSON-RPC, as a program sees it that acts once and waits: questions with a limit on their time, and transactions that are
//! waited for. A URL may carry a secret, so nothing here shows more of one than [`place`] does.
//!
//! ```
//! assert_eq!(client::place("https://arb.example.com:8443/v2/KEY"), "arb.example.com:8443");
//! ```
//!
//! # What this crate does not do
//! It keeps nothing and replaces no transaction. It trusts its node: the keeper, which asks several, has endpoints of its own.
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod fault;
mod transaction;

use std::fmt;
use std::time::Duration;

use alloy_primitives::Address;
use alloy_provider::transport::TransportError;
use alloy_provider::{DynProvider, Provider, ProviderBuilder};
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;

pub use fault::{Fault, place};
pub use transaction::{Outgoing, Signed};

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A connection to a node, and who sends.
pub struct Client {
    provider: DynProvider,
    place: String,
    key: Option<PrivateKeySigner>,
    runtime: Runtime,
}

impl fmt::Debug for Client {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Client").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Client {
    /// Connects; transactions are signed by `key`.
    ///
    /// # Errors
    /// A malformed URL, or one of https in a build without TLS.
    pub fn connect(url: &str, key: Option<PrivateKeySigner>) -> Result<Self> {
        let place = place(url);
        let tls = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
        ensure!(
            cfg!(feature = "tls") || !tls,
            "{place} wants TLS: build with --features tls, or run the script with EQUIPOISE_FEATURES=tls"
        );
        #[cfg(feature = "tls")]
        // Only the first does anything.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = url.parse().with_context(|| format!("the endpoint at {place} has no URL"))?;
        let runtime = Runtime::new()?;
        let inside = runtime.enter();
        let provider = ProviderBuilder::new().disable_recommended_fillers().connect_http(url).erased();
        drop(inside);
        Ok(Self { provider, place, key, runtime })
    }

    /// What is asked, by [`Client::ask`].
    #[must_use]
    pub fn provider(&self) -> &DynProvider {
        &self.provider
    }

    /// Whose key it is, if there is one.
    #[must_use]
    pub fn sender(&self) -> Option<Address> {
        self.key.as_ref().map(PrivateKeySigner::address)
    }

    /// Waits for an answer.
    ///
    /// # Errors
    /// A refusal, or no answer in time.
    pub fn ask<T>(&self, answer: impl IntoFuture<Output = Result<T, TransportError>>) -> Result<T, Fault> {
        match self.runtime.block_on(async { tokio::time::timeout(LIMIT, answer.into_future()).await }) {
            Ok(answer) => answer.map_err(|error| Fault::of(&self.place, &error)),
            Err(_) => Err(Fault::lost(&self.place, format!("no answer in {} s", LIMIT.as_secs()))),
        }
    }

    /// Id of the node's chain.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn chain_id(&self) -> Result<u64, Fault> {
        self.ask(async { self.provider.get_chain_id().await })
    }
}
