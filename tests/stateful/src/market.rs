//! The world that the protocol reads: prices, the Uniswap pool, surfaces, time.

use alloy_primitives::{Address, I256, U256};
use anyhow::{Result, anyhow};
use demo::stage::{PriceFeed, THRESHOLD};
use interfaces::external::{ISwapRouter, IToken};
use interfaces::surface::ISurface::{self, SurfaceSlice, SurfaceUpdate};

use crate::fuzz::Fuzz;
use crate::numbers::{small, wad};
use crate::opening::SPOT;
use crate::step::Sent;

/// 18 decimals of a positive number, to eight digits: a variance near expiry is small.
fn digits(number: f64) -> I256 {
    let unit = 10_f64.powi(number.log10().floor() as i32 - 7);
    I256::try_from(((number / unit).round() * unit * 1e18).round() as i128).unwrap_or_default()
}

/// A slice of which the vol at a strike is `vol` times a number of the strike, at every time.
fn slice(expiry: u64, now: u64, vol: f64) -> SurfaceSlice {
    let variance = vol * vol * (expiry - now) as f64 / 31_536_000.0;
    SurfaceSlice {
        expiry,
        rate: I256::ZERO,
        a: digits(variance * 0.8),
        b: digits(variance),
        rho: crate::numbers::int(-100_000_000_000_000_000),
        m: I256::ZERO,
        s: crate::numbers::int(200_000_000_000_000_000),
        forward: wad(SPOT),
    }
}

impl Fuzz {
    /// Opens a round of the feed now.
    pub fn push_price(&mut self, price: f64) {
        let answer = I256::try_from((price * 1e8).round() as i128).unwrap_or_default();
        let (owner, feed) = (self.stage.actors.owner, self.stage.feed);
        if self.aside(owner, feed, &PriceFeed::pushCall { answer }).is_ok() {
            let next = self.ghost.rounds.last().map_or(1, |(id, _)| id + 1);
            let now = self.now();
            self.ghost.rounds.push((next, now));
            self.ghost.price = (price * 1e8).round() / 1e8;
        }
    }

    /// Trades the Uniswap pool to the feed's price, as arbitrage does; `off` is how far from it it stays.
    pub fn arbitrage(&mut self, off: f64) {
        let goal = self.ghost.price * (1.0 + off);
        if (self.ghost.pool_price / goal - 1.0).abs() < 1e-6 {
            return;
        }
        let (cash, units) = (self.stage.usdc, self.stage.underlying);
        let upwards = goal > self.ghost.pool_price;
        let (token_in, token_out) = if upwards { (cash, units) } else { (units, cash) };
        let ratio = if cash < units { 1e12 / goal } else { goal / 1e12 };
        let trader = self.stage.actors.arbitrageur;
        let purse = self.purses.balance(&mut self.stage.chain.world, token_in, trader);
        let params = ISwapRouter::ExactInputSingleParams {
            tokenIn: token_in,
            tokenOut: token_out,
            fee: alloy_primitives::aliases::U24::from(500),
            recipient: trader,
            deadline: U256::MAX,
            amountIn: purse / U256::from(2),
            amountOutMinimum: U256::ZERO,
            sqrtPriceLimitX96: alloy_primitives::U160::from((ratio.sqrt() * 2_f64.powi(96)) as u128),
        };
        let router = self.stage.uniswap.router;
        if self.aside(trader, router, &ISwapRouter::exactInputSingleCall { params }).is_ok() {
            self.ghost.pool_price = goal;
        }
    }

    /// The call that publishes a surface at a level for all live expiries, and its time.
    pub fn publication(&mut self, vol: f64) -> Option<ISurface::publishCall> {
        let now = self.now();
        let live: Vec<u64> = self.ghost.listed.keys().copied().filter(|expiry| *expiry > now).collect();
        if live.is_empty() {
            return None;
        }
        let slices = live.into_iter().map(|expiry| slice(expiry, now, vol)).collect();
        let nonce = self.ghost.clocks[0] as u64 + 1;
        let update = SurfaceUpdate { timestamp: now, nonce, slices };
        let signatures = self.stage.sign(&update);
        debug_assert_eq!(signatures.len(), usize::from(THRESHOLD));
        Some(ISurface::publishCall { update, signatures })
    }

    /// Notes a surface that was taken.
    pub fn published(&mut self, vol: f64) {
        let now = self.now();
        self.ghost.surfaces.push((now, vol));
        self.ghost.vol = vol;
        self.ghost.clocks[0] += 1;
        self.ghost.clocks[1] = now.into();
    }

    /// Publishes a surface at a level.
    ///
    /// # Errors
    /// The feed's refusal.
    pub fn publish(&mut self, vol: f64) -> Result<()> {
        let Some(call) = self.publication(vol) else { return Ok(()) };
        let (keeper, surface) = (self.stage.actors.keeper, self.stage.surface);
        self.aside(keeper, surface, &call).map_err(|sent: Sent| anyhow!("{}", sent.name()))?;
        self.published(vol);
        Ok(())
    }

    /// Brings the price up to date, and a surface that is not young; none of it counts as a handler's call.
    pub fn refresh(&mut self, price: f64) {
        self.push_price(price);
        let now = self.now();
        if self.ghost.surfaces.last().is_none_or(|(time, _)| time + 3 * 3_600 < now) {
            let _ = self.publish(self.ghost.vol);
        }
    }

    /// Whether price and surface are young enough for a trade.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let now = self.now();
        let young = |time: Option<u64>, age: u64| time.is_some_and(|time| now < time + age);
        let round = self.ghost.rounds.last().map(|(_, time)| *time);
        young(round, 6_000) && young(self.ghost.surfaces.last().map(|(time, _)| *time), 3 * 3_600)
    }

    /// USDC of somebody.
    pub fn usdc_of(&mut self, who: Address) -> u128 {
        small(self.purses.balance(&mut self.stage.chain.world, self.stage.usdc, who))
    }

    /// The underlying of somebody.
    pub fn units_of(&mut self, who: Address) -> u128 {
        small(self.purses.balance(&mut self.stage.chain.world, self.stage.underlying, who))
    }

    /// Gives tokens away.
    pub fn give(&mut self, from: Address, token: Address, to: Address, amount: u128) -> bool {
        self.aside(from, token, &IToken::transferCall { to, value: U256::from(amount) }).is_ok()
    }
}
