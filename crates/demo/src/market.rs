//! What the replay needs of a market: the boundary between the simulation and the vault.
//!
//! USDC amounts are whole micro-USD and sizes whole lots, so that what is conserved is compared exactly; greeks and prices are floats,
//! for decisions and pictures only.

use std::fmt;

/// Call or put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The right to buy.
    Call,
    /// The right to sell.
    Put,
}

/// One series of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// Unix seconds.
    pub expiry: u64,
    /// Micro-USD.
    pub strike: u64,
    /// Call or put.
    pub kind: Kind,
}

impl Series {
    /// Strike in USD.
    #[must_use]
    pub fn strike_usd(&self) -> f64 {
        self.strike as f64 / 1e6
    }
}

/// Strikes base, base + step, ..., in micro-USD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Lowest strike.
    pub base: u64,
    /// Distance.
    pub step: u64,
    /// How many, at most 64.
    pub count: u8,
}

impl Grid {
    /// The strike at an index.
    #[must_use]
    pub fn strike(&self, index: u8) -> u64 {
        self.base + u64::from(index) * self.step
    }

    /// The strike nearest to a number of USD.
    #[must_use]
    pub fn nearest(&self, strike: f64) -> u64 {
        let index = (strike * 1e6 - self.base as f64) / self.step as f64;
        self.strike(index.round().clamp(0.0, f64::from(self.count - 1)) as u8)
    }
}

impl From<Grid> for options::StrikeGrid {
    fn from(Grid { base, step, count }: Grid) -> Self {
        Self { base, step, count }
    }
}

/// A quote in micro-USD: positive premiums are paid by the trader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// value + charge + spread
    pub premium: i128,
    /// Model value.
    pub value: i128,
    /// Change of the risk charge J.
    pub charge: i128,
    /// Floor, fee and rounding.
    pub spread: i128,
}

/// Greeks of the vault's options book.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Greeks {
    /// USD.
    pub value: f64,
    /// Units of the underlying.
    pub delta: f64,
    /// Of delta to spot.
    pub gamma: f64,
    /// USD per 1.00 of vol.
    pub vega: f64,
    /// USD a year.
    pub theta: f64,
}

/// NAV and its parts in micro-USD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nav {
    /// All USDC of the ledger.
    pub cash: i128,
    /// Settled claims and processed redemptions.
    pub owed: i128,
    /// Hedges at the feed's price.
    pub hedge: i128,
    /// Options book at mid, negative when short.
    pub book: i128,
    /// cash - owed + hedge + book
    pub mid: i128,
    /// mid less J.
    pub low: i128,
}

/// The state of the hedge, in units of the underlying.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hedge {
    /// Whether one is due.
    pub needed: bool,
    /// Held.
    pub position: f64,
    /// -(book delta).
    pub target: f64,
    /// Target within what the venue and free cash allow.
    pub reachable: f64,
    /// Half-width a hedge returns to.
    pub inner: f64,
    /// Half-width that calls for a hedge.
    pub outer: f64,
    /// Due now.
    pub size: f64,
}

impl Hedge {
    /// Net delta against what can be reached.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        self.position - self.reachable
    }

    /// Whether the target is out of the venue's reach.
    #[must_use]
    pub fn at_limit(&self) -> bool {
        (self.target - self.reachable).abs() > 1e-9 + self.outer * 1e-9
    }
}

/// A hedge that was filled, as the vault's event says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill {
    /// Units of the underlying, positive bought.
    pub size: f64,
    /// USD each, fee and slippage included.
    pub price: f64,
}

/// A live expiry as the vault stores it, in lots as the vault holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiryBook {
    /// Unix seconds.
    pub expiry: u64,
    /// Strikes.
    pub grid: Grid,
    /// Calls and puts together, by strike.
    pub net: Vec<i64>,
    /// Sum of the puts.
    pub puts: i64,
    /// Sum of strike index times puts.
    pub put_index_sum: i64,
}

/// Tokens: what was minted, and what all known holders have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// USDC minted, micro-USD.
    pub usdc_minted: u128,
    /// USDC of all holders.
    pub usdc_held: u128,
    /// WETH minted, wei.
    pub weth_minted: u128,
    /// WETH of all holders.
    pub weth_held: u128,
    /// USDC of the vault alone.
    pub usdc_vault: u128,
}

/// A typed error of the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Name of the Solidity error.
    pub name: String,
    /// Its arguments.
    pub detail: String,
}

/// Why a call did nothing.
#[derive(Debug)]
pub enum Failure {
    /// The vault refused with a typed error.
    Refused(Refusal),
    /// Anything else: empty revert data, a trap, a bug of the host or the demo.
    Broken(anyhow::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "{}({})", refusal.name, refusal.detail),
            Self::Broken(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

/// What a call gives.
pub type Outcome<T> = Result<T, Failure>;

/// A vault with its feed, pool, tokens and people. Traders and LPs are numbered from 0.
pub trait Market {
    /// Trader accounts.
    fn traders(&self) -> usize;
    /// LP accounts.
    fn lps(&self) -> usize;
    /// Options in a lot.
    fn lot(&self) -> f64;
    /// Largest size of a leg, in lots.
    fn max_lots(&self) -> i64;
    /// The vault's fee, a fraction of spot per option.
    fn fee(&self) -> f64;
    /// Largest step of a published vol in one update.
    fn vol_step(&self) -> f64;
    /// The feed's deviation threshold, a fraction.
    fn deviation(&self) -> f64;
    /// The feed's heartbeat in seconds.
    fn heartbeat(&self) -> u64;

    /// Moves the clock.
    fn warp(&mut self, time: u64) -> Outcome<()>;
    /// Updates the feed now; the id of the round.
    fn push_price(&mut self, price: f64) -> Outcome<u128>;
    /// Trades the pool to a price.
    fn arbitrage(&mut self, price: f64) -> Outcome<()>;
    /// Lists an expiry.
    fn list_expiry(&mut self, expiry: u64, grid: Grid) -> Outcome<()>;
    /// Publishes the slices of all live expiries, by expiry.
    fn publish(&mut self, slices: &[(u64, options::Slice)]) -> Outcome<()>;

    /// Quotes one leg: positive lots are bought.
    fn quote(&mut self, series: Series, lots: i64) -> Outcome<Quote>;
    /// Trades one leg at a premium of at most `limit` [micro-USD]; what was paid.
    fn trade(&mut self, trader: usize, series: Series, lots: i64, limit: i128) -> Outcome<i128>;
    /// Fixes the price of an expiry by a round.
    fn settle(&mut self, expiry: u64, round: u128) -> Outcome<f64>;
    /// Claims a trader's settled series; what was paid.
    fn claim(&mut self, trader: usize, series: &[Series]) -> Outcome<i128>;
    /// Lots of a series that exist as tokens.
    fn supply(&mut self, series: Series) -> Outcome<i64>;

    /// Greeks of the book.
    fn greeks(&mut self) -> Outcome<Greeks>;
    /// NAV.
    fn nav(&mut self) -> Outcome<Nav>;
    /// The live book.
    fn book(&mut self) -> Outcome<Vec<ExpiryBook>>;
    /// State of the hedge.
    fn hedge(&mut self) -> Outcome<Hedge>;
    /// Hedges what is due.
    fn rebalance(&mut self, size: f64) -> Outcome<()>;
    /// Hedges filled since the last call, by anyone, from the vault's events.
    fn fills(&mut self) -> Outcome<Vec<Fill>>;

    /// Deposits USDC for an LP; the shares.
    fn deposit(&mut self, lp: usize, assets: i128) -> Outcome<u128>;
    /// Asks to redeem shares.
    fn request_redeem(&mut self, lp: usize, shares: u128) -> Outcome<()>;
    /// Processes the oldest epoch of redemptions; shares and assets.
    fn process(&mut self) -> Outcome<(u128, i128)>;
    /// Takes all that was processed; the assets.
    fn redeem(&mut self, lp: usize) -> Outcome<i128>;
    /// Shares of an LP that wait to be processed.
    fn pending(&mut self, lp: usize) -> Outcome<u128>;
    /// Shares of an LP.
    fn shares(&mut self, lp: usize) -> Outcome<u128>;
    /// All shares.
    fn share_supply(&mut self) -> Outcome<u128>;
    /// Tokens of all holders.
    fn tokens(&mut self) -> Outcome<Tokens>;
}
