//! What a mock trades with: a stock of two tokens, priced by the feed and a slip.

use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::SolCall;
use interfaces::external::{IAggregator, IToken};
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageI256};

use super::refuse;

const MILLION: u64 = 1_000_000;

alloy_sol_types::sol! {
    /// The slip of a mock.
    interface IDesk {
        /// Millionths of the feed's price that the customer pays more or receives less; negative is in the customer's favour.
        function setSlip(int256 slip) external;
    }
}

/// See [`IDesk`].
#[storage]
pub struct Desk {
    asset: StorageAddress,
    underlying: StorageAddress,
    feed: StorageAddress,
    slip: StorageI256,
}

impl Desk {
    pub(super) fn open(&mut self, asset: Address, underlying: Address, feed: Address) {
        self.asset.set(asset);
        self.underlying.set(underlying);
        self.feed.set(feed);
    }

    pub(super) fn set_slip(&mut self, slip: I256) {
        self.slip.set(slip);
    }

    pub(super) fn asset(&self) -> Address {
        self.asset.get()
    }

    pub(super) fn underlying(&self) -> Address {
        self.underlying.get()
    }

    /// What `units` of the underlying cost or bring, rounded against the customer.
    pub(super) fn cash(&self, units: U256, buying: bool) -> Result<U256, Vec<u8>> {
        let round = self.ask(self.feed.get(), &IAggregator::latestRoundDataCall {})?;
        let decimals = self.ask(self.underlying.get(), &IToken::decimalsCall {})?;
        let slip = if buying { self.slip.get() } else { -self.slip.get() };
        let factor = (I256::try_from(MILLION).unwrap_or_default() + slip).into_raw();
        // 8 decimals of price and 6 of the factor against the 6 of USDC.
        let scale = U256::from(10).pow(U256::from(decimals + 8));
        let product = units * round.answer.into_raw() * factor;
        Ok(if buying { product.div_ceil(scale) } else { product / scale })
    }

    /// Sends out of the stock.
    pub(super) fn pay(&self, token: Address, to: Address, value: U256) -> Result<(), Vec<u8>> {
        self.act(token, &IToken::transferCall { to, value }.abi_encode())
    }

    /// Takes into the stock what `from` allows.
    pub(super) fn take(&self, token: Address, from: Address, value: U256) -> Result<(), Vec<u8>> {
        let to = self.vm().contract_address();
        self.act(token, &IToken::transferFromCall { from, to, value }.abi_encode())
    }

    fn ask<T: SolCall>(&self, to: Address, call: &T) -> Result<T::Return, Vec<u8>> {
        // SAFETY: a static call cannot change storage.
        let data = unsafe { RawCall::new_static(self.vm()).call(to, &call.abi_encode()) }?;
        T::abi_decode_returns(&data).or_else(|_| refuse("bad answer"))
    }

    fn act(&self, token: Address, data: &[u8]) -> Result<(), Vec<u8>> {
        // SAFETY: nothing of this contract's storage is held across the call.
        unsafe { RawCall::new(self.vm()).flush_storage_cache().call(token, data) }.map(|_| ())
    }
}
