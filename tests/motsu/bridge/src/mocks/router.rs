//! The router that the Uniswap venue swaps through: it trades out of its own stock at the feed's price and a slip.

use alloy_primitives::aliases::{U24, U160};
use alloy_primitives::{Address, Bytes, I256, U256};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::StorageUint;

use super::desk::Desk;
use super::hook::Hook;
use super::refuse;

/// See the module. It has one pool, of the fee it is given.
#[storage]
#[entrypoint]
pub struct MockRouter {
    pool_fee: StorageUint<24, 1>,
    desk: Desk,
    hook: Hook,
}

/// The fields of either swap: input, output, fee, recipient, deadline, exact amount, limit, price limit.
type Swap = (Address, Address, U24, Address, U256, U256, U256, U160);

#[public]
impl MockRouter {
    /// Fixes the tokens, the feed and the pool's fee.
    #[constructor]
    pub fn constructor(&mut self, asset: Address, underlying: Address, feed: Address, pool_fee: U24) {
        self.desk.open(asset, underlying, feed);
        self.pool_fee.set(pool_fee);
    }

    /// See `IDesk`.
    pub fn set_slip(&mut self, slip: I256) {
        self.desk.set_slip(slip);
    }

    /// See `IHook`.
    pub fn set_hook(&mut self, target: Address, data: Bytes) {
        self.hook.set(target, &data);
    }

    /// See `IHook`.
    pub fn hook_answer(&self) -> (U256, Bytes) {
        self.hook.answer()
    }

    /// Sells exactly `amount` of the underlying for at least `limit`.
    pub fn exact_input_single(&mut self, swap: Swap) -> Result<U256, Vec<u8>> {
        let (_, _, _, _, _, amount, limit, _) = swap;
        let cash = self.open(&swap, false)?;
        if cash < limit {
            return refuse("Too little received");
        }
        self.settle(&swap, amount, cash)?;
        Ok(cash)
    }

    /// Buys exactly `amount` of the underlying for at most `limit`.
    pub fn exact_output_single(&mut self, swap: Swap) -> Result<U256, Vec<u8>> {
        let (_, _, _, _, _, amount, limit, _) = swap;
        let cash = self.open(&swap, true)?;
        if cash > limit {
            return refuse("Too much requested");
        }
        self.settle(&swap, cash, amount)?;
        Ok(cash)
    }
}

impl MockRouter {
    /// Checks what the real router checks, calls the hook and prices the swap.
    fn open(&mut self, swap: &Swap, buying: bool) -> Result<U256, Vec<u8>> {
        let (input, output, fee, _, deadline, amount, _, price_limit) = *swap;
        let vm = self.vm().clone();
        if U256::from(vm.block_timestamp()) > deadline {
            return refuse("Transaction too old");
        }
        let (asset, underlying) = (self.desk.asset(), self.desk.underlying());
        let pair = if buying { (asset, underlying) } else { (underlying, asset) };
        if (input, output) != pair || fee != self.pool_fee.get() || !price_limit.is_zero() {
            return refuse("no such pool");
        }
        self.hook.fire(&vm);
        self.desk.cash(amount, buying)
    }

    fn settle(&self, swap: &Swap, paid: U256, bought: U256) -> Result<(), Vec<u8>> {
        let (input, output, _, recipient, ..) = *swap;
        self.desk.pay(output, recipient, bought)?;
        self.desk.take(input, self.vm().msg_sender(), paid)
    }
}
