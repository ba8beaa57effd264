//! The broker of the stage: it has no venue until somebody names one.

use alloy_primitives::Address;
use alloy_sol_types::{SolCall, SolValue};
use anyhow::Result;

use super::{Chain, Failure, Stage, artifacts};

/// Widest distance of a limit from the vault's price [1e-6].
pub const BROKER_SLIP: u32 = 10_000;

/// Deploys the broker of a vault.
pub(super) fn deploy(chain: &mut Chain, owner: Address, vault: Address) -> Result<Address> {
    let arguments = (vault, BROKER_SLIP).abi_encode_params();
    Ok(chain.world.deploy_wasm(owner, &artifacts::wasm("broker")?, Some(&arguments))?)
}

impl Stage {
    /// A transaction to the broker.
    ///
    /// # Errors
    /// The broker's refusal.
    pub fn broker<C: SolCall>(&mut self, from: Address, call: C) -> Result<C::Return, Failure> {
        self.chain.send(from, self.broker, call)
    }

    /// A view of the broker.
    ///
    /// # Errors
    /// The broker's refusal.
    pub fn broker_view<C: SolCall>(&mut self, call: C) -> Result<C::Return, Failure> {
        self.chain.view(self.broker, call)
    }
}
