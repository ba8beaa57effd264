//! The exchange: every call to it, and the keys of its store.
//!
//! The store is read directly, not through the exchange's reader: readers, routers and handlers are replaced, the store and its keys are not.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall as _;
use interfaces::contract::callee::Callee;
use interfaces::contract::token::Token;
use interfaces::contract::{calldata, OrOverflow as _, Result};
use interfaces::external::{IPerpRoles, IPerpRouter, IPerpStore};
use interfaces::words::{to_u128, uint};
use stylus_sdk::prelude::*;

use crate::PerpVenue;

/// Gas of a callback: it reads two contracts and clears two slots.
const CALLBACK_GAS: u64 = 200_000;
const MARKET_INCREASE: u64 = 2;
const MARKET_DECREASE: u64 = 4;
/// Profits are turned into the collateral's token where the exchange can.
const SWAP_TO_COLLATERAL: u64 = 1;

/// An order to be placed.
pub(crate) struct Ticket {
    pub(crate) increase: bool,
    pub(crate) long: bool,
    /// Dollars, 30 decimals.
    pub(crate) usd: u128,
    /// USDC: sent with an increase, freed with a decrease.
    pub(crate) collateral: u128,
    /// In the exchange's decimals.
    pub(crate) acceptable: u128,
}

impl PerpVenue {
    /// USDC that lies here.
    pub(crate) fn idle(&self) -> Result<u128> {
        Token(self.asset.get()).balance(self.vm(), self.vm().contract_address())
    }

    /// Key of a word: the hash of its ABI encoding.
    pub(crate) fn name(&self, text: &str) -> B256 {
        let mut data = Vec::with_capacity(96);
        put(&mut data, 32);
        put(&mut data, u64::try_from(text.len()).unwrap_or(u64::MAX));
        data.extend_from_slice(text.as_bytes());
        data.resize(96, 0);
        self.vm().native_keccak256(&data)
    }

    /// Key of these words.
    pub(crate) fn key(&self, words: &[B256]) -> B256 {
        let data: Vec<u8> = words.iter().flat_map(|word| word.0).collect();
        self.vm().native_keccak256(&data)
    }

    /// Key of a field of an order or a position.
    fn field(&self, of: B256, text: &str) -> B256 {
        self.key(&[of, self.name(text)])
    }

    /// A number of the store.
    pub(crate) fn number(&self, key: B256) -> Result<u128> {
        let data = calldata(&IPerpStore::getUintCall { key });
        to_u128(self.ask(&data)?).or_overflow()
    }

    /// A number among the fields of an order or a position.
    pub(crate) fn number_of(&self, of: B256, text: &str) -> Result<u128> {
        self.number(self.field(of, text))
    }

    /// A number with a sign, as its word.
    pub(crate) fn signed_of(&self, of: B256, text: &str) -> Result<U256> {
        self.ask(&calldata(&IPerpStore::getIntCall { key: self.field(of, text) }))
    }

    /// A flag.
    pub(crate) fn flag_of(&self, of: B256, text: &str) -> Result<bool> {
        Ok(!self.ask(&calldata(&IPerpStore::getBoolCall { key: self.field(of, text) }))?.is_zero())
    }

    /// Whether the exchange knows an order.
    pub(crate) fn is_open(&self, key: B256) -> Result<bool> {
        let data = IPerpStore::containsBytes32Call { setKey: self.name("ORDER_LIST"), value: key };
        Ok(!self.ask(&calldata(&data))?.is_zero())
    }

    fn ask(&self, data: &[u8]) -> Result<U256> {
        Callee(self.store.get()).read(self.vm(), data, 0)
    }

    /// Whether the exchange names an account a controller.
    pub(crate) fn is_controller(&self, account: Address) -> Result<bool> {
        let data = calldata(&IPerpRoles::hasRoleCall { account, role: self.name("CONTROLLER") });
        Ok(!Callee(self.roles.get()).read(self.vm(), &data, 0)?.is_zero())
    }

    /// Sends `fee` and collateral to the exchange and places the order. Three calls of one transaction: nobody comes between.
    pub(crate) fn create(&self, ticket: &Ticket, fee: U256) -> Result<B256> {
        let (router, vault) = (Callee(self.router.get()), self.vault.get());
        let vm = self.vm();
        router.call(vm, fee, &calldata(&IPerpRouter::sendWntCall { receiver: vault, amount: fee }))?;
        if ticket.increase && ticket.collateral > 0 {
            let (token, amount) = (self.asset.get(), uint(ticket.collateral));
            Token(token).approve(vm, self.spender.get(), amount)?;
            let send = IPerpRouter::sendTokensCall { token, receiver: vault, amount };
            router.call(vm, U256::ZERO, &calldata(&send))?;
        }
        router.call(vm, U256::ZERO, &self.order_data(ticket, fee)).map(B256::from)
    }

    /// Calldata of `createOrder`: a struct of two structs and numbers, with two empty arrays at its end.
    fn order_data(&self, ticket: &Ticket, fee: U256) -> Vec<u8> {
        let mut data = IPerpRouter::createOrderCall::SELECTOR.to_vec();
        let own = self.vm().contract_address();
        put(&mut data, 0x20);
        // The struct's head: offset of the addresses, eight numbers, six flags, offset of the list.
        put(&mut data, 0x200);
        put_wide(&mut data, uint(ticket.usd));
        put_wide(&mut data, uint(ticket.collateral));
        put(&mut data, 0);
        put_wide(&mut data, uint(ticket.acceptable));
        put_wide(&mut data, fee);
        for number in [CALLBACK_GAS, 0, 0] {
            put(&mut data, number);
        }
        put(&mut data, if ticket.increase { MARKET_INCREASE } else { MARKET_DECREASE });
        for number in [SWAP_TO_COLLATERAL, ticket.long.into(), 0, 0, 0, 0x300] {
            put(&mut data, number);
        }
        // Receiver, receiver of a cancellation, callback, front end, market, token, and no path.
        for account in [own, own, own, Address::ZERO, self.market.get(), self.asset.get()] {
            data.extend_from_slice(account.into_word().as_slice());
        }
        for number in [0xe0, 0, 0] {
            put(&mut data, number);
        }
        data
    }

    /// Asks the exchange to cancel an order.
    pub(crate) fn cancel_order(&self, key: B256) -> Result<()> {
        let data = calldata(&IPerpRouter::cancelOrderCall { key });
        Callee(self.router.get()).call(self.vm(), U256::ZERO, &data)?;
        Ok(())
    }

    /// Claims in both tokens of the market: funding, or what was kept for price impact at a time.
    pub(crate) fn claim_both(&self, time_key: Option<U256>) -> Result<()> {
        let (market, underlying, asset) = (self.market.get(), self.underlying.get(), self.asset.get());
        let mut pairs =
            vec![[market.into_word(), market.into_word()], [underlying.into_word(), asset.into_word()]];
        let method = match time_key {
            Some(key) => {
                pairs.push([B256::from(key); 2]);
                IPerpRouter::claimCollateralCall::SELECTOR
            }
            None => IPerpRouter::claimFundingFeesCall::SELECTOR,
        };
        // Offsets of the arrays of two, the receiver, and the arrays.
        let mut data = method.to_vec();
        let mut offset = if time_key.is_some() { 0x80 } else { 0x60 };
        for _ in &pairs {
            put(&mut data, offset);
            offset = offset.saturating_add(0x60);
        }
        data.extend_from_slice(self.vm().contract_address().into_word().as_slice());
        for pair in pairs {
            put(&mut data, 2);
            for word in pair {
                data.extend_from_slice(word.as_slice());
            }
        }
        Callee(self.router.get()).call(self.vm(), U256::ZERO, &data)?;
        Ok(())
    }
}

fn put(data: &mut Vec<u8>, number: u64) {
    put_wide(data, U256::from_limbs([number, 0, 0, 0]));
}

fn put_wide(data: &mut Vec<u8>, number: U256) {
    data.extend_from_slice(&number.to_be_bytes::<32>());
}
