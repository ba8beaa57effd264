//! A market on the native chain, and what the tests say about it.
//!
//! The vault and the Uniswap venue are the deployed contracts' own sources; tokens, feeds, router and the other venue are mocks. The surface
//! feed is one too: what publishers sign is tested on the host.

use alloy_primitives::aliases::{U24, U80};
use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use bridge::mocks::{
    IMockFeed, IMockSurface, IMockToken, MockFeed, MockRouter, MockSurface, MockToken, MockVenue,
};
use bridge::{Chain, Contract, account};
use interfaces::desk::IHedgeDesk::{self, Leg, Need, Plan};
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::external::IToken;
use interfaces::vault::IVault;
use stylus_sdk::ArbResult;
use stylus_sdk::host::VM;

mod terms;

use terms::{limits, profile, slice};

/// 2025-01-01 00:00 UTC, where every chain starts.
pub const START: u64 = 1_735_689_600;
/// A day [s].
pub const DAY: u64 = 86_400;
/// An hour [s].
pub const HOUR: u64 = 3_600;
/// Price of the underlying at the start [USD].
pub const SPOT: f64 = 2_800.0;
/// Fee of the router's pool, in millionths.
const POOL_FEE: u16 = 500;
/// What the desk pays gas for as if ether cost [USD].
const ETHER: u64 = 2_000;

/// The vault behind its own entry point.
pub struct Vault;

impl Contract for Vault {
    fn enter(input: Vec<u8>, vm: VM) -> ArbResult {
        equipoise_vault::entrypoint(input, vm)
    }
}

/// The risk engine behind its own entry point.
pub struct Engine;

impl Contract for Engine {
    fn enter(input: Vec<u8>, vm: VM) -> ArbResult {
        risk_engine::main(input, vm)
    }
}

/// The hedging desk behind its own entry point.
pub struct Desk;

impl Contract for Desk {
    fn enter(input: Vec<u8>, vm: VM) -> ArbResult {
        hedge_desk::main(input, vm)
    }
}

/// The Uniswap venue behind its own entry point.
pub struct UniswapVenue;

impl Contract for UniswapVenue {
    fn enter(input: Vec<u8>, vm: VM) -> ArbResult {
        uniswap_v3_venue::main(input, vm)
    }
}

/// What a call answers, or its revert data.
pub type Outcome<T> = Result<T, Vec<u8>>;

/// 18 decimals.
#[must_use]
pub fn wad(number: f64) -> U256 {
    U256::from((number * 1e9).round() as u128) * U256::from(1_000_000_000_u64)
}

/// 18 decimals with a sign.
#[must_use]
pub fn signed(number: f64) -> I256 {
    let magnitude = I256::from_raw(wad(number.abs()));
    if number < 0.0 { -magnitude } else { magnitude }
}

/// 6 decimals.
#[must_use]
pub fn usdc(number: f64) -> U256 {
    U256::from((number * 1e6).round() as u128)
}

/// An expiry `days` after the start, at 08:00 UTC.
#[must_use]
pub fn expiry(days: u64) -> u64 {
    START + days * DAY + 8 * HOUR
}

/// Id of a series.
#[must_use]
pub fn series(expiry: u64, strike: u64, put: bool) -> U256 {
    U256::from(u128::from(expiry) << 56 | u128::from(strike * 1_000_000) << 8 | u128::from(put))
}

/// Legs of a trade.
#[must_use]
pub fn legs_of(legs: &[(U256, f64)]) -> Vec<IVault::Leg> {
    legs.iter().map(|(series, size)| IVault::Leg { series: *series, size: signed(*size) }).collect()
}

/// A market with one LP, a trader, and two expiries of 21 strikes from 1,800 to 3,800.
pub struct Market {
    /// The chain it stands on.
    pub chain: Chain,
    /// The vault.
    pub vault: Address,
    /// USDC.
    pub usdc: Address,
    /// The underlying.
    pub underlying: Address,
    /// The price feed.
    pub feed: Address,
    /// The mock surface feed.
    pub surface: Address,
    /// The hedging desk.
    pub desk: Address,
    /// The mock venue.
    pub venue: Address,
    /// The Uniswap venue.
    pub uniswap: Address,
    /// The router that it swaps through.
    pub router: Address,
    /// Who deposits.
    pub lp: Address,
    /// Who trades.
    pub trader: Address,
    /// Who hedges, and does what anyone may do.
    pub keeper: Address,
    /// The expiries: a week and a month ahead.
    pub expiries: [u64; 2],
}

impl Market {
    /// A market that the LP opens with a million.
    #[must_use]
    pub fn open() -> Self {
        Self::with_deposit(1_000_000.0)
    }

    /// A market that the LP opens with `usd`.
    #[must_use]
    pub fn with_deposit(usd: f64) -> Self {
        let mut market = Self::deploy();
        market.govern();
        market.fund();
        market.deposit(usd).expect("a deposit");
        for expiry in market.expiries {
            let call = IVault::listExpiryCall { expiry, base: wad(1_800.0), step: wad(100.0), count: 21 };
            market.send(account("curator"), call).expect("a listed expiry");
        }
        market.publish(SPOT);
        market
    }

    fn deploy() -> Self {
        let (mut chain, owner) = (Chain::new(), account("owner"));
        let mut token = |decimals: u8| chain.deploy::<MockToken>(owner, &U256::from(decimals).abi_encode());
        let (usdc, underlying) = (token(6).expect("USDC"), token(18).expect("the underlying"));
        let mut feed = || chain.deploy::<MockFeed>(owner, &[]).expect("a feed");
        let (feed, sequencer) = (feed(), feed());
        let up = U256::from(START - 7 * DAY);
        let call = IMockFeed::pushCall { answer: I256::ZERO, startedAt: up, updatedAt: up };
        chain.send(owner, sequencer, call).expect("a sequencer that is up");

        let engine = chain.deploy::<Engine>(owner, &[]).expect("the risk engine");
        let arguments = (usdc, underlying, feed, sequencer, engine, owner).abi_encode_params();
        let vault = chain.deploy::<Vault>(owner, &arguments).expect("the vault");
        let arguments = (vault, U256::from(ETHER)).abi_encode_params();
        let desk = chain.deploy::<Desk>(owner, &arguments).expect("the desk");
        let surface = chain.deploy::<MockSurface>(owner, &[]).expect("the surface feed");
        let arguments = (vault, usdc, underlying, feed).abi_encode_params();
        let venue = chain.deploy::<MockVenue>(owner, &arguments).expect("the mock venue");
        let fee = U24::from(POOL_FEE);
        let arguments = (usdc, underlying, feed, fee).abi_encode_params();
        let router = chain.deploy::<MockRouter>(owner, &arguments).expect("the router");
        let arguments = (vault, usdc, underlying, router, fee).abi_encode_params();
        let uniswap = chain.deploy::<UniswapVenue>(owner, &arguments).expect("the Uniswap venue");

        let [lp, trader, keeper] = ["lp", "trader", "keeper"].map(account);
        let expiries = [expiry(7), expiry(30)];
        let mut market = Self {
            chain,
            vault,
            usdc,
            underlying,
            feed,
            surface,
            desk,
            venue,
            uniswap,
            router,
            lp,
            trader,
            keeper,
            expiries,
        };
        market.push_price(SPOT);
        market
    }

    /// Profile, roles, surface feed and venues; the Uniswap venue is the default one.
    fn govern(&mut self) {
        let owner = account("owner");
        self.send(owner, IVault::setProfileCall { profile_: profile(), limits_: limits() })
            .expect("a profile");
        for (which, name) in [(IVault::Role::Curator, "curator"), (IVault::Role::Guardian, "guardian")] {
            self.send(owner, IVault::setRoleCall { which, account: account(name) }).expect("a role");
        }
        for (which, contract_) in
            [(IVault::Satellite::Surface, self.surface), (IVault::Satellite::Desk, self.desk)]
        {
            self.send(owner, IVault::setSatelliteCall { which, contract_ }).expect("a satellite");
        }
        for venue in [self.venue, self.uniswap] {
            self.send(owner, IVault::allowVenueCall { venue }).expect("a venue");
        }
    }

    /// Cash for people, stock for the venue and the router.
    fn fund(&mut self) {
        for (to, usd) in [(self.lp, 2e6), (self.trader, 1e6), (self.venue, 1e9), (self.router, 1e9)] {
            self.chain.send(to, self.usdc, IMockToken::mintCall { to, value: usdc(usd) }).expect("USDC");
        }
        for to in [self.lp, self.trader] {
            self.approve(to, U256::MAX);
        }
        for to in [self.venue, self.router] {
            let call = IMockToken::mintCall { to, value: wad(100_000.0) };
            self.chain.send(to, self.underlying, call).expect("stock");
        }
    }

    /// Lets the vault take `value` of an account's USDC.
    pub fn approve(&mut self, account: Address, value: U256) {
        let call = IToken::approveCall { spender: self.vault, value };
        assert!(self.chain.send(account, self.usdc, call).expect("an approval"));
    }

    /// A transaction to the vault.
    ///
    /// # Errors
    /// The vault's revert data.
    pub fn send<C: SolCall>(&mut self, from: Address, call: C) -> Outcome<C::Return> {
        self.chain.send(from, self.vault, call)
    }

    /// A view of the vault.
    ///
    /// # Errors
    /// The vault's revert data.
    pub fn ask<C: SolCall>(&self, call: C) -> Outcome<C::Return> {
        self.chain.view(self.vault, call)
    }

    /// The LP deposits.
    ///
    /// # Errors
    /// The vault's revert data.
    pub fn deposit(&mut self, usd: f64) -> Outcome<U256> {
        self.send(self.lp, IERC4626::depositCall { assets: usdc(usd), receiver: self.lp })
    }

    /// The trader trades at any price.
    ///
    /// # Errors
    /// The vault's revert data.
    pub fn trade(&mut self, legs: &[(U256, f64)]) -> Outcome<I256> {
        self.send(self.trader, self.trade_call(legs_of(legs)))
    }

    /// The call of [`Market::trade`].
    #[must_use]
    pub fn trade_call(&self, legs: Vec<IVault::Leg>) -> IVault::tradeCall {
        IVault::tradeCall { legs, maxPremium: I256::MAX, receiver: self.trader, deadline: U256::MAX }
    }

    /// A plan at the feed's price, at no limit but the desk's.
    #[must_use]
    pub fn plan(&self, legs: &[(Address, I256)]) -> Plan {
        let legs =
            legs.iter().map(|(venue, size)| Leg { venue: *venue, size: *size, limitPrice: U256::ZERO });
        let spot = self.ask(IVault::spotCall {}).expect("a price").price;
        Plan { legs: legs.collect(), spot, deadline: U256::MAX, payee: self.keeper }
    }

    /// The keeper hedges `size` through a venue.
    ///
    /// # Errors
    /// The desk's revert data.
    pub fn rebalance(&mut self, venue: Address, size: I256) -> Outcome<I256> {
        let plan = self.plan(&[(venue, size)]);
        self.chain.send(self.keeper, self.desk, IHedgeDesk::rebalanceCall { plan }).map(|done| done.size)
    }

    /// The state of the hedge.
    #[must_use]
    pub fn need(&self) -> Need {
        self.chain.view(self.desk, IHedgeDesk::hedgeNeededCall {}).expect("the state of the hedge")
    }

    /// NAV and its parts.
    #[must_use]
    pub fn nav(&self) -> IVault::Nav {
        self.ask(IVault::navCall {}).expect("a NAV")
    }

    /// Balance of a token.
    #[must_use]
    pub fn balance(&self, token: Address, account: Address) -> U256 {
        self.chain.view(token, IToken::balanceOfCall { account }).expect("a balance")
    }

    /// USDC of an account.
    #[must_use]
    pub fn cash(&self, account: Address) -> U256 {
        self.balance(self.usdc, account)
    }

    /// What the trader holds of a series.
    #[must_use]
    pub fn held(&self, id: U256) -> U256 {
        self.ask(IERC6909::balanceOfCall { owner: self.trader, id }).expect("a position")
    }

    /// Series of the month's expiry.
    #[must_use]
    pub fn call(&self, strike: u64) -> U256 {
        series(self.expiries[1], strike, false)
    }

    /// Opens a round of the feed now.
    pub fn push_price(&mut self, price: f64) {
        let answer = I256::try_from((price * 1e8).round() as i128).expect("a price");
        let now = U256::from(self.chain.now());
        let call = IMockFeed::pushCall { answer, startedAt: now, updatedAt: now };
        self.chain.send(account("owner"), self.feed, call).expect("a round");
    }

    /// Id of the feed's last round.
    #[must_use]
    pub fn last_round(&self) -> U80 {
        let call = interfaces::external::IAggregator::latestRoundDataCall {};
        self.chain.view(self.feed, call).expect("a round").roundId
    }

    /// Sets a surface for all live expiries round `spot`.
    pub fn publish(&mut self, spot: f64) {
        let now = self.chain.now();
        for expiry in self.expiries.into_iter().filter(|expiry| *expiry > now) {
            let call = IMockSurface::setCall { expiry, slice: slice(expiry, now, spot) };
            self.chain.send(account("owner"), self.surface, call).expect("a surface");
        }
    }

    /// Goes to `time` with feed and surface at `price`.
    pub fn move_to(&mut self, time: u64, price: f64) {
        self.chain.warp(time);
        self.push_price(price);
        self.publish(price);
    }

    /// Asserts that `act` fails with exactly `error` and changes no slot and no log of any contract.
    #[track_caller]
    pub fn refuses<T, E: SolError>(&mut self, error: E, act: impl FnOnce(&mut Self) -> Outcome<T>) {
        let data = self.changes_nothing(act);
        let told = alloy_primitives::hex::encode(&data);
        assert_eq!(data, error.abi_encode(), "expected {}, got 0x{told}", E::SIGNATURE);
    }

    /// Asserts that `act` fails and changes no slot and no log of any contract. Its revert data.
    #[track_caller]
    pub fn changes_nothing<T>(&mut self, act: impl FnOnce(&mut Self) -> Outcome<T>) -> Vec<u8> {
        let before = self.chain.state();
        let data = act(self).err().expect("a refusal");
        assert!(self.chain.state() == before, "a refused call changed something");
        data
    }
}
