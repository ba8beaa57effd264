//! Where the hedge is traded.

use alloy_primitives::{Address, Bytes};
use async_trait::async_trait;

use crate::chain::{Chain, Fault, Head};

/// Sizes to be priced.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who trades.
    pub vault: Address,
    /// USDC.
    pub asset: Address,
    /// What is bought or sold.
    pub underlying: Address,
    /// 18-decimal units in a token unit of the underlying.
    pub grain: u128,
    /// Whether the vault buys.
    pub buying: bool,
    /// Sizes with 18 decimals, ascending.
    pub sizes: Vec<u128>,
    /// The worst price that the vault takes [18 decimals]
    pub worst: u128,
}

/// What a size would trade at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// [18 decimals]
    pub size: u128,
    /// USDC paid or received [micro-USD], or the refusal.
    pub cash: Result<u128, Bytes>,
}

/// A place that trades against the vault at once. It is asked for sizes, and a plan names it by its address.
#[async_trait]
pub trait Venue: Send + Sync {
    /// What people call it.
    fn name(&self) -> &str;
    /// Its adapter.
    fn address(&self) -> Address;
    /// What each size alone would trade at in a block, in the order asked.
    async fn quotes(&self, chain: &dyn Chain, at: &Head, ask: &Ask) -> Result<Vec<Quote>, Fault>;
}
