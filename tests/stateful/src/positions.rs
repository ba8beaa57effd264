//! Where the broker may hold positions: Aave's own contracts, and a test double of a perpetuals exchange, which does whatever its keepers tell it.

use alloy_primitives::{Address, B256, U256};
use anyhow::Result;
use demo::stage::positions::{PERP_MARGIN, SHORT_MARGIN};
use demo::stage::{Aave, Exchange, PerpExchange, Stage};
use interfaces::position::IPositionVenue;

use crate::fuzz::Fuzz;
use crate::numbers::wad;
use crate::opening::SPOT;

/// What the positions at both venues may be worth without counting for anything [micro-USD].
pub const DUST: u128 = 2 * 25_000_000;

/// The broker's venues, and what is behind them.
#[derive(Clone, Copy, Debug)]
pub struct Positions {
    /// Short on Aave, at once.
    pub short: Address,
    /// Either way on the exchange, by order.
    pub perp: Address,
    /// The exchange.
    pub exchange: PerpExchange,
    /// What holds the USDC that is lent on Aave.
    pub lent: Address,
}

impl Positions {
    /// Deploys them, and names the venues at the broker.
    ///
    /// # Errors
    /// Whatever a call on the way fails with.
    pub fn open(stage: &mut Stage) -> Result<Self> {
        let (owner, broker) = (stage.actors.owner, stage.broker);
        let tokens = [stage.usdc, stage.underlying, stage.feed];
        let aave = Aave::deploy(&mut stage.chain, owner, tokens, SPOT)?;
        let short = stage.short_on(&aave, [broker, broker])?;
        let exchange = PerpExchange::deploy(&mut stage.chain, owner, [stage.usdc, stage.underlying])?;
        let perp = stage.perpetual_on(&exchange, [broker, broker])?;
        for (venue, margin) in [short, perp].into_iter().zip([SHORT_MARGIN, PERP_MARGIN]) {
            stage.seat(venue, margin)?;
        }
        for who in [stage.actors.keeper, stage.chain.world.account("stranger")] {
            stage.chain.world.set_balance(who, U256::from(10_u128.pow(20)));
        }
        Ok(Self { short, perp, exchange, lent: aave.lent })
    }

    /// All contracts that may hold USDC or remember anything of the protocol's.
    #[must_use]
    pub fn contracts(&self) -> Vec<Address> {
        let own = [self.short, self.perp, self.lent, self.exchange.exchange];
        own.into_iter().chain(self.exchange.parts).collect()
    }
}

impl Fuzz {
    /// Where positions may be, in markets that have such.
    #[must_use]
    pub fn positions(&self) -> Option<Positions> {
        self.cast.positions
    }

    /// A position's size.
    pub fn size_at(&mut self, venue: Address) -> Option<i128> {
        let call = IPositionVenue::worthCall { price: wad(self.ghost.price) };
        let state = self.stage.chain.view(venue, call).ok()?;
        Some(crate::numbers::signed(state.size))
    }

    /// The exchange's keepers do something with the last order, or with the position.
    pub fn exchange_acts(&mut self) {
        let Some(Positions { perp, exchange, .. }) = self.positions() else { return };
        let (keeper, market, token) = (self.stage.actors.owner, exchange.perpetual, self.stage.usdc);
        let price = self.ghost.price * self.dice.real(0.996, 1.004);
        // 30 decimals less the token's.
        let price = wad(price) / U256::from(1_000_000);
        let key = self.ghost.orders.last().copied().unwrap_or(B256::ZERO);
        let (percent, done) = (U256::from(self.dice.below(101)), self.dice.percent(50));
        let exchange = exchange.exchange;
        match self.dice.below(20) {
            0..=11 => drop(self.aside(keeper, exchange, &Exchange::executeCall { key, price })),
            12..=14 => {
                let call = Exchange::executePartCall { key, price, percent, done };
                drop(self.aside(keeper, exchange, &call));
            }
            15 | 16 => drop(self.aside(keeper, exchange, &Exchange::cancelAsKeeperCall { key })),
            17 | 18 => drop(self.aside(keeper, exchange, &Exchange::freezeCall { key })),
            _ => {
                let size = self.size_at(perp).unwrap_or_default();
                let worth = size.unsigned_abs() as f64 / 1e18 * self.ghost.price;
                let usd = wad(worth * self.dice.real(0.1, 0.9)) * U256::from(1_000_000_000_000_u64);
                let is_long = size > 0;
                let call =
                    Exchange::deleverageCall { account: perp, market, token, isLong: is_long, usd, price };
                drop(self.aside(keeper, exchange, &call));
            }
        }
    }
}
