//! A stage with a listed market, and what the tests say about it.

use std::fmt::Debug;

use alloy_sol_types::{SolCall, SolError};
pub(crate) use demo::stage::wide_limits;
use demo::stage::{default_profile, Config, Failure, PriceFeed, Stage};
use host::alloy_primitives::aliases::U80;
use host::alloy_primitives::{Address, B256, I256, U256};
use host::Log;
use interfaces::desk::IHedgeDesk;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::lens::ILens;
use interfaces::surface::ISurface::SurfaceSlice;
use interfaces::vault::IVault;

pub(crate) const START: u64 = 1_651_363_200; // 2022-05-01 00:00 UTC
pub(crate) const DAY: u64 = 86_400;
pub(crate) const HOUR: u64 = 3_600;
pub(crate) const SPOT: f64 = 2_800.0;

/// 18 decimals.
pub(crate) fn wad(number: f64) -> U256 {
    U256::from((number * 1e9).round() as u128) * U256::from(1_000_000_000_u64)
}

/// 18 decimals with a sign.
pub(crate) fn signed(number: f64) -> I256 {
    let magnitude = I256::from_raw(wad(number.abs()));
    if number < 0.0 {
        -magnitude
    } else {
        magnitude
    }
}

/// 18 decimals of a positive number, to eight digits: a variance near expiry is small.
fn digits(number: f64) -> I256 {
    let unit = 10_f64.powi(number.log10().floor() as i32 - 7);
    I256::try_from(((number / unit).round() * unit * 1e18).round() as i128).expect("a small number")
}

/// 6 decimals.
pub(crate) fn usdc(number: f64) -> U256 {
    U256::from((number * 1e6).round() as u128)
}

/// An expiry `days` after the start, at 08:00 UTC.
pub(crate) fn expiry(days: u64) -> u64 {
    START + days * DAY + 28_800
}

/// Id of a series.
pub(crate) fn series(expiry: u64, strike: u64, put: bool) -> U256 {
    U256::from(u128::from(expiry) << 56 | u128::from(strike * 1_000_000) << 8 | u128::from(put))
}

/// A slice at about `vol` for an expiry. Its vol at a strike is the same at every time.
pub(crate) fn slice(expiry: u64, now: u64, vol: f64, spot: f64) -> SurfaceSlice {
    let years = (expiry - now) as f64 / 31_536_000.0;
    SurfaceSlice {
        expiry,
        rate: I256::ZERO,
        a: digits(vol * vol * years * 0.8),
        b: digits(vol * vol * years),
        rho: signed(-0.1),
        m: I256::ZERO,
        s: signed(0.2),
        forward: wad(spot),
    }
}

/// A market with one LP of a million, a trader, and two expiries of 21 strikes from 1,800 to 3,800.
pub(crate) struct Market {
    pub(crate) stage: Stage,
    pub(crate) lp: Address,
    pub(crate) trader: Address,
    pub(crate) expiries: [u64; 2],
}

impl Market {
    pub(crate) fn open() -> Self {
        Self::with(default_profile())
    }

    pub(crate) fn with(profile: IVault::Profile) -> Self {
        Self::limited(profile, wide_limits())
    }

    pub(crate) fn limited(profile: IVault::Profile, limits: IVault::Limits) -> Self {
        let mut market = Self::bare(profile, limits);
        market.deposit(1_000_000.0).expect("a deposit");
        for expiry in market.expiries {
            market.list(expiry, 1_800.0, 100.0, 21).expect("a listed expiry");
        }
        market.publish();
        market
    }

    /// Before any expiry is listed.
    pub(crate) fn unlisted(profile: IVault::Profile) -> Self {
        let mut market = Self::bare(profile, wide_limits());
        market.deposit(1_000_000.0).expect("a deposit");
        market
    }

    /// Before any expiry is listed and anything deposited.
    pub(crate) fn bare(profile: IVault::Profile, limits: IVault::Limits) -> Self {
        let config = Config { start: START, price: SPOT, profile, limits };
        let mut stage = Stage::deploy(&config).expect("the stage is set");
        let lp = stage.funded("lp", 2_000_000.0).expect("an LP with cash");
        let trader = stage.funded("trader", 1_000_000.0).expect("a trader with cash");
        Self { stage, lp, trader, expiries: [expiry(7), expiry(30)] }
    }

    pub(crate) fn deposit(&mut self, usd: f64) -> Result<U256, Failure> {
        let call = IERC4626::depositCall { assets: usdc(usd), receiver: self.lp };
        self.stage.vault(self.lp, call)
    }

    pub(crate) fn list(&mut self, expiry: u64, base: f64, step: f64, count: u8) -> Result<(), Failure> {
        let call = IVault::listExpiryCall { expiry, base: wad(base), step: wad(step), count };
        self.stage.vault(self.stage.actors.curator, call).map(|_| ())
    }

    /// A slice at about `vol` for each live expiry, round the first price: no vol moves with the price.
    pub(crate) fn slices(&mut self, vol: f64) -> Vec<SurfaceSlice> {
        let now = self.now();
        let headers = self.stage.ask(IVault::headersCall {}).expect("headers");
        let expiries = headers.iter().map(|word| u64::from(book::Header::unpack(&word.0).expiry));
        let mut live: Vec<u64> = expiries.filter(|expiry| *expiry > now).collect();
        live.sort_unstable();
        live.into_iter().map(|expiry| slice(expiry, now, vol, SPOT)).collect()
    }

    /// Publishes a surface for all live expiries.
    pub(crate) fn publish(&mut self) {
        let slices = self.slices(0.8);
        self.stage.publish(slices).expect("a surface");
    }

    /// A view of the surface feed.
    pub(crate) fn surface<C: SolCall>(&mut self, call: C) -> C::Return {
        self.stage.chain.view(self.stage.surface, call).expect("the feed answers")
    }

    /// Goes to `time` with feed and pool at `price`, and a surface of that time.
    pub(crate) fn move_to(&mut self, time: u64, price: f64) {
        self.stage.chain.world.warp(time);
        self.stage.push_price(price).expect("a round");
        self.stage.arbitrage(price).expect("a pool at the price");
        self.publish();
    }

    /// Goes past `expiry`, at one price an hour before it and at another an hour behind it: the round that settles it.
    pub(crate) fn past(&mut self, expiry: u64, [before, behind]: [f64; 2]) -> U80 {
        self.move_to(expiry - HOUR, before);
        let round = self.stage.last_round().expect("a round");
        self.stage.chain.world.warp(expiry + HOUR);
        self.stage.push_price(behind).expect("a round");
        self.publish();
        round
    }

    pub(crate) fn now(&self) -> u64 {
        self.stage.chain.world.timestamp()
    }

    pub(crate) fn call(&self, strike: u64) -> U256 {
        series(self.expiries[1], strike, false)
    }

    pub(crate) fn put(&self, strike: u64) -> U256 {
        series(self.expiries[1], strike, true)
    }

    pub(crate) fn quote(&mut self, legs: &[(U256, f64)]) -> Result<IVault::Quote, Failure> {
        self.stage.ask(IVault::quoteCall { legs: legs_of(legs) })
    }

    pub(crate) fn trade(&mut self, legs: &[(U256, f64)]) -> Result<I256, Failure> {
        self.trade_with(legs, I256::MAX, U256::MAX)
    }

    pub(crate) fn trade_with(
        &mut self,
        legs: &[(U256, f64)],
        max_premium: I256,
        deadline: U256,
    ) -> Result<I256, Failure> {
        let (legs, receiver) = (legs_of(legs), self.trader);
        let call = IVault::tradeCall { legs, maxPremium: max_premium, receiver, deadline };
        self.stage.vault(receiver, call)
    }

    /// Hedges `size` through a venue, at no limit but the desk's.
    pub(crate) fn rebalance(&mut self, venue: Address, size: I256) -> Result<I256, Failure> {
        self.rebalance_within(venue, size, 0.0)
    }

    /// The same with a limit: a venue that takes all that it may takes that.
    pub(crate) fn rebalance_within(
        &mut self,
        venue: Address,
        size: I256,
        limit: f64,
    ) -> Result<I256, Failure> {
        let mut plan = self.stage.plan(venue, size)?;
        plan.legs[0].limitPrice = wad(limit);
        let done = self.stage.hedge(self.stage.actors.keeper, IHedgeDesk::rebalanceCall { plan })?;
        Ok(done.size)
    }

    /// Pushes a round of any answer.
    pub(crate) fn push_answer(&mut self, answer: i64) {
        let (owner, feed) = (self.stage.actors.owner, self.stage.feed);
        let call = PriceFeed::pushCall { answer: I256::try_from(answer).expect("an answer") };
        self.stage.chain.send(owner, feed, call).expect("a round");
    }

    /// Finds the price between two of them [1e-8 USD] at which `amount` is nothing, to the unit, and pushes it. The amount has one sign at either
    /// end.
    pub(crate) fn push_where_nothing(
        &mut self,
        [mut low, mut high]: [i64; 2],
        amount: impl Fn(&mut Self) -> i128,
    ) {
        let base = self.stage.chain.world.snapshot();
        let mut at = |price| {
            self.stage.chain.world.restore(&base);
            self.push_answer(price);
            amount(self)
        };
        let (below, above) = (at(low), at(high));
        assert!(below.signum() * above.signum() < 0, "{below} at {low} and {above} at {high}");
        let price = loop {
            let middle = low.midpoint(high);
            assert!(low < middle, "from one unit to the next, past nothing");
            match at(middle) {
                0 => break middle,
                found if found.signum() == below.signum() => low = middle,
                _ => high = middle,
            }
        };
        self.stage.chain.world.restore(&base);
        self.push_answer(price);
    }

    pub(crate) fn usdc_of(&mut self, account: Address) -> U256 {
        self.stage.chain.token_balance(self.stage.usdc, account).expect("a balance")
    }

    pub(crate) fn nav(&mut self) -> IVault::Nav {
        self.stage.ask(IVault::navCall {}).expect("a NAV")
    }

    pub(crate) fn book(&mut self) -> Vec<ILens::ExpiryBook> {
        self.stage.look(ILens::bookCall { vault: self.stage.vault }).expect("a book")
    }

    pub(crate) fn greeks(&mut self) -> ILens::Greeks {
        self.stage.look(ILens::greeksCall { vault: self.stage.vault }).expect("greeks")
    }

    pub(crate) fn share_price(&mut self) -> f64 {
        let supply = self.stage.ask(IERC20::totalSupplyCall {}).expect("a supply");
        f64::from(self.nav().mid.into_raw()) / f64::from(supply)
    }

    /// Digests of the vault, the desk, the surface feed, the margin accounts and the tokens.
    pub(crate) fn digests(&mut self) -> [B256; 6] {
        let stage = &mut self.stage;
        let accounts = [stage.vault, stage.desk, stage.surface, stage.margin, stage.usdc, stage.underlying];
        accounts.map(|account| stage.chain.world.digest(account))
    }

    /// Asserts that `act` is refused with exactly `error` and changes nothing.
    #[track_caller]
    pub(crate) fn refuses<T>(
        &mut self,
        error: impl SolError + Debug,
        act: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) {
        let before = self.digests();
        let failure = act(self).err().expect("a refusal");
        assert_eq!(failure.data(), error.abi_encode(), "{failure}, not {error:?}");
        assert_eq!(self.digests(), before, "a refused call changed something");
    }

    /// A transaction of the trader's to the vault, for its logs and gas.
    pub(crate) fn receipt<C: SolCall>(&mut self, from: Address, call: C) -> (C::Return, host::Receipt) {
        let vault = self.stage.vault;
        self.stage.chain.send_for_receipt(from, vault, call).expect("a receipt")
    }
}

pub(crate) fn legs_of(legs: &[(U256, f64)]) -> Vec<IVault::Leg> {
    legs.iter().map(|(series, size)| IVault::Leg { series: *series, size: signed(*size) }).collect()
}

/// The events of a type that an account wrote, in order.
pub(crate) fn events<E: alloy_sol_types::SolEvent>(logs: &[Log], address: Address) -> Vec<E> {
    let own = logs.iter().filter(|log| log.address == address);
    own.filter_map(|log| E::decode_raw_log(log.topics.iter().copied(), &log.data).ok()).collect()
}
