//! A stage with a listed market, and what the tests say about it.

use demo::stage::{Config, Stage, default_profile};
use host::alloy_primitives::{Address, I256, U256};
use interfaces::vault::IVault;

pub(crate) const START: u64 = 1_651_363_200; // 2022-05-01 00:00 UTC
pub(crate) const DAY: u64 = 86_400;
pub(crate) const SPOT: f64 = 2_800.0;
pub(crate) const WAD: u128 = 1_000_000_000_000_000_000;

/// 18 decimals.
pub(crate) fn wad(number: f64) -> U256 {
    U256::from((number * 1e9).round() as u128) * U256::from(1_000_000_000_u64)
}

pub(crate) fn signed(number: f64) -> I256 {
    let magnitude = I256::from_raw(wad(number.abs()));
    if number < 0.0 { -magnitude } else { magnitude }
}

pub(crate) fn usdc(number: f64) -> U256 {
    U256::from((number * 1e6).round() as u128)
}

/// An expiry `days` after the start, at 08:00 UTC.
pub(crate) fn expiry(days: u64) -> u64 {
    START + days * DAY + 28_800
}

/// A flat slice at `vol` for an expiry.
pub(crate) fn slice(expiry: u64, now: u64, vol: f64, spot: f64) -> IVault::SurfaceSlice {
    let years = (expiry - now) as f64 / 31_536_000.0;
    IVault::SurfaceSlice {
        expiry,
        rate: I256::ZERO,
        a: signed(vol * vol * years * 0.8),
        b: signed(vol * vol * years),
        rho: signed(-0.1),
        m: I256::ZERO,
        s: signed(0.2),
        forward: wad(spot),
    }
}

/// A market with one LP of a million, two traders and two expiries of 21 strikes.
pub(crate) struct Market {
    pub(crate) stage: Stage,
    pub(crate) lp: Address,
    pub(crate) trader: Address,
    pub(crate) expiries: [u64; 2],
}

impl Market {
    pub(crate) fn open() -> Self {
        let config = Config { start: START, price: SPOT, profile: default_profile() };
        let mut stage = Stage::deploy(&config).expect("the stage is set");
        let lp = stage.funded("lp", 2_000_000.0).expect("an LP with cash");
        let trader = stage.funded("trader", 1_000_000.0).expect("a trader with cash");
        stage
            .vault(lp, interfaces::erc4626::IERC4626::depositCall { assets: usdc(1_000_000.0), receiver: lp })
            .expect("a deposit");
        let expiries = [expiry(7), expiry(30)];
        let curator = stage.actors.curator;
        for expiry in expiries {
            let call = IVault::listExpiryCall { expiry, base: wad(1_800.0), step: wad(100.0), count: 21 };
            stage.vault(curator, call).expect("a listed expiry");
        }
        let mut market = Self { stage, lp, trader, expiries };
        market.publish(SPOT);
        market
    }

    pub(crate) fn publish(&mut self, spot: f64) {
        let now = self.stage.chain.world.timestamp();
        let live = self.expiries.into_iter().filter(|expiry| *expiry > now);
        let slices = live.map(|expiry| slice(expiry, now, 0.8, spot)).collect();
        let publisher = self.stage.actors.publisher;
        self.stage.vault(publisher, IVault::setSurfaceCall { slices }).expect("a surface");
    }

    pub(crate) fn series(&self, expiry: u64, strike: u64, put: bool) -> U256 {
        U256::from(u128::from(expiry) << 56 | u128::from(strike * 1_000_000) << 8 | u128::from(put))
    }

    pub(crate) fn quote(&mut self, series: U256, size: f64) -> IVault::Quote {
        let legs = vec![IVault::Leg { series, size: signed(size) }];
        self.stage.ask(IVault::quoteCall { legs }).expect("a quote")
    }

    pub(crate) fn trade(&mut self, series: U256, size: f64) -> Result<I256, demo::stage::Failure> {
        let legs = vec![IVault::Leg { series, size: signed(size) }];
        let call =
            IVault::tradeCall { legs, maxPremium: I256::MAX, receiver: self.trader, deadline: U256::MAX };
        self.stage.vault(self.trader, call)
    }
}
