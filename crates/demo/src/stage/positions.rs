//! Hedges by position on the stage: adapters of Aave and of the perpetuals exchange, on one set of terms.

use alloy_primitives::{Address, U256, aliases::U24};
use alloy_sol_types::SolValue;
use anyhow::Result;
use interfaces::broker::IBroker;

use super::{Aave, Failure, POOL_FEE, PerpExchange, Stage, artifacts};

/// Most that a venue's position may be worth [USD].
pub const CAP: u32 = 400_000;
/// Margin that a short on Aave takes [1e-6]: Aave lends 78 % of the collateral, which is margin and proceeds, and its adapter keeps a health of [`FLOOR`].
pub const SHORT_MARGIN: u32 = 700_000;
/// Margin that a position at the exchange takes [1e-6].
pub const PERP_MARGIN: u32 = 400_000;
/// Least health factor on Aave [18 decimals].
pub const FLOOR: u64 = 1_250_000_000_000_000_000;
/// What closing is reckoned to cost [1e-6].
pub const HAIRCUT: u32 = 2_000;
/// Seconds after which anyone may cancel an order.
pub const TIMEOUT: u32 = 1_800;
/// Ether of an order, of which the exchange keeps a half [wei].
pub const FEE: u64 = 2_000_000_000_000_000;
/// The most ether that an order is given [wei].
pub const MAX_FEE: u64 = 5_000_000_000_000_000;

impl Stage {
    /// An adapter of shorts on Aave that serves `desk` and pays `receiver`.
    ///
    /// # Errors
    /// A missing artefact or a failing constructor.
    pub fn short_on(&mut self, aave: &Aave, [desk, receiver]: [Address; 2]) -> Result<Address> {
        let (router, fee) = (self.uniswap.router, U24::from(POOL_FEE));
        let arguments = (desk, receiver, self.usdc, self.underlying, router, fee, aave.pool, FLOOR, HAIRCUT);
        self.adapter("aave_short", &arguments.abi_encode_params())
    }

    /// An adapter of the exchange that serves `desk` and pays `receiver`.
    ///
    /// # Errors
    /// A missing artefact or a failing constructor.
    pub fn perpetual_on(&mut self, made: &PerpExchange, [desk, receiver]: [Address; 2]) -> Result<Address> {
        let [roles, store, vault, spender, underlying] = made.parts;
        let addresses =
            (desk, receiver, self.usdc, underlying, made.perpetual, made.exchange, spender, vault, store);
        let rest = (roles, TIMEOUT, HAIRCUT, U256::from(MAX_FEE)).abi_encode_params();
        self.adapter("perp_venue", &[addresses.abi_encode_params(), rest].concat())
    }

    /// Has the broker hold positions of up to [`CAP`] through an adapter, before anything is deposited.
    ///
    /// # Errors
    /// The broker's refusal.
    pub fn seat(&mut self, venue: Address, margin: u32) -> Result<(), Failure> {
        let call = IBroker::setVenueCall { venue, cap: CAP, margin };
        self.broker(self.actors.owner, call).map(|_| ())
    }

    /// Deploys an adapter, cached.
    fn adapter(&mut self, name: &str, arguments: &[u8]) -> Result<Address> {
        let (world, owner) = (&mut self.chain.world, self.actors.owner);
        let adapter = world.deploy_wasm(owner, &artifacts::wasm(name)?, Some(arguments))?;
        world.set_cached(adapter, true);
        Ok(adapter)
    }
}
