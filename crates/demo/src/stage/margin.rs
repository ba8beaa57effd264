//! The margin accounts of the stage.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue};
use anyhow::Result;
use interfaces::external::IToken;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use super::{Chain, Failure, Stage, artifacts, name_satellite};

/// The most that an account, and that all, may leave uncovered [USDC].
pub const UNCOVERED_LIMITS: [u64; 2] = [50_000_000_000, 200_000_000_000];

/// Deploys the margin accounts of a vault.
pub(super) fn deploy(chain: &mut Chain, owner: Address, vault: Address) -> Result<Address> {
    let [account, all] = UNCOVERED_LIMITS;
    let arguments = (vault, account, all).abi_encode_params();
    Ok(chain.world.deploy_wasm(owner, &artifacts::wasm("margin")?, Some(&arguments))?)
}

impl Stage {
    /// Names the margin accounts.
    pub(super) fn open_margin(&mut self) -> Result<(), Failure> {
        let call = name_satellite(IVault::Satellite::Margin, self.margin);
        self.chain.send(self.actors.owner, self.vault, call)?;
        Ok(())
    }

    /// A transaction to the margin accounts.
    ///
    /// # Errors
    /// Their refusal.
    pub fn margin<C: SolCall>(&mut self, from: Address, call: C) -> Result<C::Return, Failure> {
        self.chain.send(from, self.margin, call)
    }

    /// A view of the margin accounts.
    ///
    /// # Errors
    /// Their refusal.
    pub fn margin_view<C: SolCall>(&mut self, call: C) -> Result<C::Return, Failure> {
        self.chain.view(self.margin, call)
    }

    /// Somebody with `usd` in a margin account of their own, and as much besides.
    ///
    /// # Errors
    /// When a token call or the deposit fails.
    pub fn writer(&mut self, name: &str, usd: f64) -> Result<Address> {
        let account = self.funded(name, 2.0 * usd)?;
        let approve = IToken::approveCall { spender: self.margin, value: U256::MAX };
        self.chain.send(account, self.usdc, approve)?;
        let amount = U256::from((usd * 1e6) as u128);
        self.margin(account, IMargin::depositCall { amount, account })?;
        Ok(account)
    }
}
