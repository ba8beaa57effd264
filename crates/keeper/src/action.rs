//! What the keeper does to a vault.

use alloy_primitives::aliases::U80;
use alloy_primitives::{Address, Bytes, I256, U256};
use alloy_sol_types::SolCall;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault;
use interfaces::words::{int, uint};

/// A transaction to the vault.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Hedges through these legs.
    Hedge(Plan),
    /// Settles an expiry by a round.
    Settle {
        /// [unix seconds]
        expiry: u64,
        /// The round that straddles it.
        round: U80,
    },
    /// Processes the oldest epoch that waits.
    Process {
        /// Shares that it would burn [18 decimals]
        shares: U256,
        /// What they would be paid [USDC]
        assets: U256,
    },
}

/// A hedge over venues.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is due, signed [1e-18 of the underlying]
    pub due: i128,
    /// What is traded of it.
    pub size: i128,
    /// How.
    pub legs: Vec<Leg>,
    /// What the legs cost the vault against the feed's price [micro-USD]
    pub cost: i128,
    /// |deviation| in outer bands.
    pub urgency: f64,
}

/// A hedge through one venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// What people call the venue.
    pub name: String,
    /// Its adapter.
    pub venue: Address,
    /// Signed [1e-18]
    pub size: i128,
    /// Against the feed's price [micro-USD]
    pub cost: i128,
    /// The worst price that is taken [18 decimals]
    pub limit: u128,
}

/// An action with what it costs the operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// What is done.
    pub action: Action,
    /// Gas that it takes.
    pub gas: u64,
    /// What that costs [micro-USD]
    pub gas_cost: i128,
    /// What the vault pays for it: nothing yet [micro-USD]
    pub reward: i128,
    /// Most that the operator gives for it [micro-USD]
    pub max_loss: i128,
}

impl Action {
    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Hedge(_) => "hedge",
            Self::Settle { .. } => "settle",
            Self::Process { .. } => "process",
        }
    }

    /// Its calldata, a hedge's good until `deadline` [unix seconds].
    #[must_use]
    pub fn calldata(&self, deadline: u64) -> Bytes {
        match self {
            Self::Hedge(plan) => {
                let legs = plan.legs.iter().map(Leg::message).collect();
                IVault::rebalanceCall { legs, deadline: U256::from(deadline) }.abi_encode().into()
            }
            Self::Settle { expiry, round } => {
                IVault::settleCall { expiry: *expiry, roundId: *round }.abi_encode().into()
            }
            Self::Process { .. } => IERC4626::processEpochCall {}.abi_encode().into(),
        }
    }
}

impl Leg {
    fn message(&self) -> IVault::HedgeLeg {
        let size: I256 = int(self.size);
        IVault::HedgeLeg { venue: self.venue, size, limitPrice: uint(self.limit) }
    }
}

impl Proposal {
    /// What the operator keeps, or gives [micro-USD].
    #[must_use]
    pub fn profit(&self) -> i128 {
        self.reward.saturating_sub(self.gas_cost)
    }
}
