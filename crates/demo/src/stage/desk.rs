//! The hedging desk of the stage.

use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::{SolCall, SolValue};
use anyhow::Result;
use interfaces::desk::IHedgeDesk::{self, Leg, Need, Plan};
use interfaces::vault::IVault;

use super::{Chain, Failure, Stage, artifacts};

/// What the desk pays gas for as if ether cost [USD].
const ETHER: u32 = 2_000;

/// Deploys the desk of a vault.
pub(super) fn deploy(chain: &mut Chain, owner: Address, vault: Address) -> Result<Address> {
    let arguments = (vault, ETHER).abi_encode_params();
    Ok(chain.world.deploy_wasm(owner, &artifacts::wasm("hedge_desk")?, Some(&arguments))?)
}

impl Stage {
    /// A transaction to the desk.
    ///
    /// # Errors
    /// The desk's refusal.
    pub fn hedge<C: SolCall>(&mut self, from: Address, call: C) -> Result<C::Return, Failure> {
        self.chain.send(from, self.desk, call)
    }

    /// The state of the hedge.
    ///
    /// # Errors
    /// The desk's refusal.
    pub fn need(&mut self) -> Result<Need, Failure> {
        self.chain.view(self.desk, IHedgeDesk::hedgeNeededCall {})
    }

    /// A plan of one leg through `venue`, at the feed's price, for the keeper.
    ///
    /// # Errors
    /// When the vault has no price.
    pub fn plan(&mut self, venue: Address, size: I256) -> Result<Plan, Failure> {
        let spot = self.ask(IVault::spotCall {})?.price;
        let legs = vec![Leg { venue, size, limitPrice: U256::ZERO }];
        Ok(Plan { legs, spot, deadline: U256::MAX, payee: self.actors.keeper })
    }

    /// A plan for all that is due, through the stage's venue.
    ///
    /// # Errors
    /// As [`Stage::need`] and [`Stage::plan`].
    pub fn plan_of_due(&mut self) -> Result<Plan, Failure> {
        let size = self.need()?.due;
        self.plan(self.venue, size)
    }
}
