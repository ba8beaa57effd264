//! Uniswap V3 on the stage: the real factory, pool, router and position manager, one pool of USDC and the underlying.

use alloy_primitives::aliases::{I24, U24, U160};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolValue;
use anyhow::{Result, ensure};
use interfaces::external::{ISwapRouter, IToken};

use super::Chain;
use super::contracts::{Pool, PositionManager};

/// Fee of the pool, in millionths.
pub const POOL_FEE: u32 = 500;
/// Widest ticks that the pool's spacing of 10 allows.
const FULL_RANGE: i32 = 887_270;

/// The deployed exchange.
#[derive(Clone, Copy, Debug)]
pub struct Uniswap {
    /// The pool of USDC and the underlying.
    pub pool: Address,
    /// The swap router.
    pub router: Address,
    usdc: Address,
    underlying: Address,
}

impl Uniswap {
    /// Deploys the exchange and seeds the pool over the full range with `usd` of each side from `provider`, who has them.
    ///
    /// # Errors
    /// Whatever a call on the way fails with.
    pub fn deploy(
        chain: &mut Chain,
        provider: Address,
        usdc: Address,
        underlying: Address,
        price: f64,
        usd: f64,
    ) -> Result<Self> {
        let factory = chain.create(provider, "UniswapV3Factory", &[])?;
        let router = chain.create(provider, "SwapRouter", &(factory, underlying).abi_encode_params())?;
        let manager = (factory, underlying, Address::ZERO).abi_encode_params();
        let manager = chain.create(provider, "NonfungiblePositionManager", &manager)?;
        let mut this = Self { pool: Address::ZERO, router, usdc, underlying };
        let (token0, token1) = this.order();
        let fee = U24::from(POOL_FEE);
        let create = PositionManager::createAndInitializePoolIfNecessaryCall {
            token0,
            token1,
            fee,
            sqrtPriceX96: this.sqrt_price(price),
        };
        this.pool = chain.send(provider, manager, create)?;
        for token in [usdc, underlying] {
            chain.send(provider, token, IToken::approveCall { spender: manager, value: U256::MAX })?;
        }
        let (cash, units) = (U256::from((usd * 1e6) as u128), U256::from((usd / price * 1e18) as u128));
        let (amount0, amount1) = if token0 == usdc { (cash, units) } else { (units, cash) };
        let params = PositionManager::MintParams {
            token0,
            token1,
            fee,
            tickLower: I24::try_from(-FULL_RANGE)?,
            tickUpper: I24::try_from(FULL_RANGE)?,
            amount0Desired: amount0,
            amount1Desired: amount1,
            amount0Min: U256::ZERO,
            amount1Min: U256::ZERO,
            recipient: provider,
            deadline: U256::MAX,
        };
        chain.send(provider, manager, PositionManager::mintCall { params })?;
        Ok(this)
    }

    /// Price of the pool [USD].
    ///
    /// # Errors
    /// When the pool cannot be read.
    pub fn price(&self, chain: &mut Chain) -> Result<f64> {
        let root = f64::from(chain.view(self.pool, Pool::slot0Call {})?.sqrtPriceX96) / 2_f64.powi(96);
        let ratio = root * root;
        Ok(if self.order().0 == self.usdc { 1e12 / ratio } else { ratio * 1e12 })
    }

    /// Trades with `trader`'s tokens until the pool stands at `price`.
    ///
    /// # Errors
    /// When the swap fails or does not arrive there.
    pub fn arbitrage(&self, chain: &mut Chain, trader: Address, price: f64) -> Result<()> {
        let now = chain.view(self.pool, Pool::slot0Call {})?.sqrtPriceX96;
        let goal = self.sqrt_price(price);
        if now == goal {
            return Ok(());
        }
        let (token0, token1) = self.order();
        let (token_in, token_out) = if goal < now { (token0, token1) } else { (token1, token0) };
        let params = ISwapRouter::ExactInputSingleParams {
            tokenIn: token_in,
            tokenOut: token_out,
            fee: U24::from(POOL_FEE),
            recipient: trader,
            deadline: U256::MAX,
            amountIn: chain.token_balance(token_in, trader)?,
            amountOutMinimum: U256::ZERO,
            sqrtPriceLimitX96: goal,
        };
        chain.send(trader, self.router, ISwapRouter::exactInputSingleCall { params })?;
        let arrived = self.price(chain)?;
        ensure!((arrived / price - 1.0).abs() < 1e-4, "the pool stands at {arrived}, not at {price}");
        Ok(())
    }

    fn order(&self) -> (Address, Address) {
        if self.usdc < self.underlying { (self.usdc, self.underlying) } else { (self.underlying, self.usdc) }
    }

    /// sqrt(token1 per token0) 2^96 in token units: 6 decimals against 18.
    fn sqrt_price(&self, price: f64) -> U160 {
        let ratio = if self.order().0 == self.usdc { 1e12 / price } else { price / 1e12 };
        U160::from((ratio.sqrt() * 2_f64.powi(96)) as u128)
    }
}
