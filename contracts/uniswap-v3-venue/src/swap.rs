//! The two swaps, and what surrounds them: exact approval before, nothing of the vault's left after. What others sent here of the underlying
//! stays: the vault counts what comes back, and a gift must not make it more or less than the hedge.

use alloy_primitives::{Address, FixedBytes, U160, U256};
use interfaces::contract::{calldata, ensure, fail, Result};
use interfaces::external::{ISwapRouter, IToken};
use interfaces::venue::IHedgeVenue::{InputMissing, SwapFailed, TransferFailed};
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;

use crate::UniswapV3Venue;

impl UniswapV3Venue {
    /// Buys exactly `amount` of the underlying for at most `cash_limit`.
    pub(crate) fn buy(&self, amount: U256, cash_limit: U256) -> Result<U256> {
        let (input, output) = (self.asset.get(), self.underlying.get());
        self.approve(input, cash_limit)?;
        let params = ISwapRouter::ExactOutputSingleParams {
            tokenIn: input,
            tokenOut: output,
            fee: self.pool_fee.get(),
            recipient: self.vm().contract_address(),
            deadline: U256::from_limbs([self.vm().block_timestamp(), 0, 0, 0]),
            amountOut: amount,
            amountInMaximum: cash_limit,
            sqrtPriceLimitX96: U160::ZERO,
        };
        let paid = self.swap(&calldata(&ISwapRouter::exactOutputSingleCall { params }))?;
        self.set_allowance(input, U256::ZERO)?;
        self.give(output, amount)?;
        Ok(paid)
    }

    /// Sells exactly `amount` of the underlying for at least `cash_limit`.
    pub(crate) fn sell(&self, amount: U256, cash_limit: U256) -> Result<U256> {
        let (input, output) = (self.underlying.get(), self.asset.get());
        let gift = self.approve(input, amount)?;
        let params = ISwapRouter::ExactInputSingleParams {
            tokenIn: input,
            tokenOut: output,
            fee: self.pool_fee.get(),
            recipient: self.vm().contract_address(),
            deadline: U256::from_limbs([self.vm().block_timestamp(), 0, 0, 0]),
            amountIn: amount,
            amountOutMinimum: cash_limit,
            sqrtPriceLimitX96: U160::ZERO,
        };
        let paid = self.swap(&calldata(&ISwapRouter::exactInputSingleCall { params }))?;
        let left = self.balance(input)?;
        self.give(input, left.saturating_sub(gift))?;
        Ok(paid)
    }

    /// Sends all USDC back to the vault.
    pub(crate) fn return_cash(&self) -> Result<()> {
        let asset = self.asset.get();
        self.give(asset, self.balance(asset)?)
    }

    /// Sends to the vault.
    fn give(&self, token: Address, value: U256) -> Result<()> {
        if value.is_zero() {
            return Ok(());
        }
        let transfer = IToken::transferCall { to: self.vault.get(), value };
        self.act(token, &calldata(&transfer))
    }

    /// Approves the router for what the vault has sent, if it has; what is held beside it.
    fn approve(&self, token: Address, amount: U256) -> Result<U256> {
        let held = self.balance(token)?;
        ensure(held >= amount, || InputMissing { expected: amount, held })?;
        self.set_allowance(token, amount)?;
        Ok(held.saturating_sub(amount))
    }

    fn set_allowance(&self, token: Address, value: U256) -> Result<()> {
        self.act(token, &calldata(&IToken::approveCall { spender: self.router.get(), value }))
    }

    fn balance(&self, token: Address) -> Result<U256> {
        let data = calldata(&IToken::balanceOfCall { account: self.vm().contract_address() });
        // SAFETY: a static call cannot change storage.
        let answer = unsafe { RawCall::new_static(self.vm()).limit_return_data(0, 32).call(token, &data) };
        answer.ok().as_deref().and_then(word).map_or_else(|| fail(TransferFailed { token }), Ok)
    }

    /// Calls a token and accepts `true`, or no answer from a contract that has code.
    fn act(&self, token: Address, data: &[u8]) -> Result<()> {
        // SAFETY: this contract writes no storage after its construction.
        let answer = unsafe { RawCall::new(self.vm()).limit_return_data(0, 32).call(token, data) };
        let accepted = match answer {
            Ok(data) if data.is_empty() => self.vm().code_size(token) > 0,
            Ok(data) => word(&data) == Some(U256::ONE),
            Err(_) => false,
        };
        ensure(accepted, || TransferFailed { token })
    }

    fn swap(&self, data: &[u8]) -> Result<U256> {
        // SAFETY: this contract writes no storage after its construction.
        let answer =
            unsafe { RawCall::new(self.vm()).limit_return_data(0, 32).call(self.router.get(), data) };
        let reason = match answer {
            Ok(data) => match word(&data) {
                Some(cash) => return Ok(cash),
                None => [0; 4],
            },
            Err(data) => data.first_chunk::<4>().copied().unwrap_or_default(),
        };
        fail(SwapFailed { reason: FixedBytes(reason) })
    }
}

fn word(data: &[u8]) -> Option<U256> {
    data.first_chunk::<32>().map(|bytes| U256::from_be_bytes(*bytes))
}
