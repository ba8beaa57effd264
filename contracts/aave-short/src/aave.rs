//! Aave V3 and Uniswap V3: every call that leaves this contract.
//!
//! What is approved is taken in the same call, or the approval is withdrawn.

use alloy_primitives::{Address, U160, U256};
use interfaces::contract::callee::{nth, Callee};
use interfaces::contract::token::Token;
use interfaces::contract::{calldata, OrOverflow as _, Result};
use interfaces::external::{IAaveAddresses, IAaveOracle, IAavePool, ISwapRouter};
use interfaces::words::{to_u128, uint};
use stylus_sdk::prelude::*;

use crate::AaveShort;

/// Aave's name for debt at the variable rate.
const VARIABLE: U256 = U256::from_limbs([2, 0, 0, 0]);
/// Words of Aave's reserve data that hold the addresses of its tokens.
const LENT_WORD: usize = 8;
const OWED_WORD: usize = 10;

/// What Aave says of this account, in its base currency, 8 decimals.
pub(crate) struct Account {
    pub(crate) collateral: u128,
    pub(crate) debt: u128,
    pub(crate) borrowable: u128,
    /// Part of the collateral that the debt may reach before a liquidation [1e-4].
    pub(crate) threshold: u128,
    /// Collateral at the threshold by debt, 18 decimals; the largest number without debt.
    pub(crate) health: U256,
}

impl AaveShort {
    /// Asks Aave for its registry and for the tokens that count loan and debt. They are proxies at addresses that stay.
    pub(crate) fn find_tokens(&mut self) -> Result<()> {
        let pool = Callee(self.pool.get());
        let addresses = pool.read_address(self.vm(), &calldata(&IAavePool::ADDRESSES_PROVIDERCall {}), 0)?;
        let (asset, underlying) = (self.asset.get(), self.underlying.get());
        let lent = calldata(&IAavePool::getReserveDataCall { asset });
        let lent = pool.read_address(self.vm(), &lent, LENT_WORD)?;
        let owed = calldata(&IAavePool::getReserveDataCall { asset: underlying });
        let owed = pool.read_address(self.vm(), &owed, OWED_WORD)?;
        self.addresses.set(addresses);
        self.lent.set(lent);
        self.owed.set(owed);
        Ok(())
    }

    /// USDC that Aave counts as ours.
    pub(crate) fn lent(&self) -> Result<u128> {
        self.balance(self.lent.get())
    }

    /// Token units of the underlying that we owe.
    pub(crate) fn owed(&self) -> Result<u128> {
        self.balance(self.owed.get())
    }

    /// USDC that lies here.
    pub(crate) fn idle(&self) -> Result<u128> {
        self.balance(self.asset.get())
    }

    /// USDC that Aave could pay out at all.
    pub(crate) fn liquid(&self) -> Result<u128> {
        Token(self.asset.get()).balance(self.vm(), self.lent.get())
    }

    fn balance(&self, token: Address) -> Result<u128> {
        Token(token).balance(self.vm(), self.vm().contract_address())
    }

    /// The account.
    pub(crate) fn account(&self) -> Result<Account> {
        let pool = Callee(self.pool.get());
        let data = calldata(&IAavePool::getUserAccountDataCall { user: self.vm().contract_address() });
        let answer = pool.read_all(self.vm(), &data, 6);
        let number = |at| nth(&answer, at).and_then(to_u128);
        let account = (number(0), number(1), number(2), number(3), nth(&answer, 5));
        match account {
            (Some(collateral), Some(debt), Some(borrowable), Some(threshold), Some(health)) => {
                Ok(Account { collateral, debt, borrowable, threshold, health })
            }
            _ => pool.answered_badly(&data),
        }
    }

    /// Aave's price of the underlying, in its base currency.
    pub(crate) fn aave_price(&self) -> Result<u128> {
        let registry = Callee(self.addresses.get());
        let oracle = calldata(&IAaveAddresses::getPriceOracleCall {});
        let oracle = Callee(registry.read_address(self.vm(), &oracle, 0)?);
        let price = calldata(&IAaveOracle::getAssetPriceCall { asset: self.underlying.get() });
        match to_u128(oracle.read(self.vm(), &price, 0)?) {
            Some(number) if number > 0 => Ok(number),
            _ => oracle.answered_badly(&price),
        }
    }

    /// Lends all USDC that lies here.
    pub(crate) fn lend(&self) -> Result<()> {
        let amount = self.idle()?;
        if amount == 0 {
            return Ok(());
        }
        let (asset, amount) = (self.asset.get(), uint(amount));
        Token(asset).approve(self.vm(), self.pool.get(), amount)?;
        let account = self.vm().contract_address();
        self.act(&calldata(&IAavePool::supplyCall { asset, amount, onBehalfOf: account, referralCode: 0 }))
    }

    /// Takes `amount` USDC out of the collateral.
    pub(crate) fn draw(&self, amount: u128) -> Result<()> {
        if amount == 0 {
            return Ok(());
        }
        let (asset, to) = (self.asset.get(), self.vm().contract_address());
        self.act(&calldata(&IAavePool::withdrawCall { asset, amount: uint(amount), to }))
    }

    /// Borrows `units` of the underlying.
    pub(crate) fn borrow(&self, units: u128) -> Result<()> {
        self.act(&calldata(&IAavePool::borrowCall {
            asset: self.underlying.get(),
            amount: uint(units),
            interestRateMode: VARIABLE,
            referralCode: 0,
            onBehalfOf: self.vm().contract_address(),
        }))
    }

    /// Repays `units` of the underlying, which lie here and are owed.
    pub(crate) fn repay(&self, units: u128) -> Result<()> {
        let (asset, amount) = (self.underlying.get(), uint(units));
        Token(asset).approve(self.vm(), self.pool.get(), amount)?;
        let account = self.vm().contract_address();
        self.act(&calldata(&IAavePool::repayCall {
            asset,
            amount,
            interestRateMode: VARIABLE,
            onBehalfOf: account,
        }))
    }

    fn act(&self, data: &[u8]) -> Result<()> {
        Callee(self.pool.get()).call(self.vm(), U256::ZERO, data)?;
        Ok(())
    }

    /// Sells exactly `units` of the underlying for at least `least` USDC.
    pub(crate) fn sell_units(&self, units: u128, least: u128) -> Result<u128> {
        let underlying = self.underlying.get();
        Token(underlying).approve(self.vm(), self.router.get(), uint(units))?;
        let before = self.idle()?;
        self.swap(&calldata(&ISwapRouter::exactInputSingleCall {
            params: ISwapRouter::ExactInputSingleParams {
                tokenIn: underlying,
                tokenOut: self.asset.get(),
                fee: self.pool_fee.get(),
                recipient: self.vm().contract_address(),
                deadline: self.now(),
                amountIn: uint(units),
                amountOutMinimum: uint(least),
                sqrtPriceLimitX96: U160::ZERO,
            },
        }))?;
        self.idle()?.checked_sub(before).or_overflow()
    }

    /// Buys exactly `units` of the underlying for at most `most` USDC.
    pub(crate) fn buy_units(&self, units: u128, most: u128) -> Result<u128> {
        let asset = Token(self.asset.get());
        asset.approve(self.vm(), self.router.get(), uint(most))?;
        let before = self.idle()?;
        self.swap(&calldata(&ISwapRouter::exactOutputSingleCall {
            params: ISwapRouter::ExactOutputSingleParams {
                tokenIn: asset.0,
                tokenOut: self.underlying.get(),
                fee: self.pool_fee.get(),
                recipient: self.vm().contract_address(),
                deadline: self.now(),
                amountOut: uint(units),
                amountInMaximum: uint(most),
                sqrtPriceLimitX96: U160::ZERO,
            },
        }))?;
        asset.approve(self.vm(), self.router.get(), U256::ZERO)?;
        before.checked_sub(self.idle()?).or_overflow()
    }

    fn swap(&self, data: &[u8]) -> Result<U256> {
        Callee(self.router.get()).call(self.vm(), U256::ZERO, data)
    }

    fn now(&self) -> U256 {
        U256::from_limbs([self.vm().block_timestamp(), 0, 0, 0])
    }
}
