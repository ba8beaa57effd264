//! What the keeper does to a vault.

use alloy_primitives::aliases::U80;
use alloy_primitives::{Address, B256, Bytes, I256, U256};
use alloy_sol_types::SolCall;
use interfaces::desk::IHedgeDesk;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault;
use interfaces::words::{int, uint};
use inventory::hedge::Reward;

/// A transaction to the vault, or to its hedging desk.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Hedges through these legs.
    Hedge(Plan),
    /// Takes the other side of a hedge in the desk's auction.
    Fill(Fill),
    /// Starts the clock of a hedge that is due.
    Poke {
        /// What it should bring later, above what is wanted [micro-USD]
        surplus: i128,
        /// After how long [s]
        wait: u32,
    },
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
    /// The feed's price that it is made at [18 decimals]
    pub spot: u128,
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

/// The other side of a hedge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// What is due, signed [1e-18 of the underlying]
    pub due: i128,
    /// What is filled of it; positive sells to the vault.
    pub size: i128,
    /// What is received for it, or paid [micro-USD]
    pub cash: u128,
    /// What the auction gives against the feed's price [micro-USD]
    pub discount: i128,
    /// What it costs to trade it back at the venues, against the feed's price [micro-USD]
    pub cost: i128,
}

impl Fill {
    /// What is left of the auction's terms after trading back [micro-USD].
    #[must_use]
    pub fn edge(&self) -> i128 {
        self.discount.saturating_sub(self.cost)
    }
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
    /// What it brings: a hedge's reward as it was tried out, a fill's edge [micro-USD]
    pub reward: i128,
    /// The reward's parts, as they are computed here.
    pub parts: Option<Reward>,
    /// Most that the operator gives for it; below zero, what must be left [micro-USD]
    pub max_loss: i128,
}

impl Action {
    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Hedge(_) => "hedge",
            Self::Fill(_) => "fill",
            Self::Poke { .. } => "poke",
            Self::Settle { .. } => "settle",
            Self::Process { .. } => "process",
        }
    }

    /// Whether it is for the desk, not for the vault.
    #[must_use]
    pub fn is_for_desk(&self) -> bool {
        matches!(self, Self::Hedge(_) | Self::Fill(_) | Self::Poke { .. })
    }

    /// Its calldata: a hedge's good until `deadline` [unix seconds], what it brings for `payee`.
    #[must_use]
    pub fn calldata(&self, deadline: u64, payee: Address) -> Bytes {
        match self {
            Self::Hedge(plan) => {
                let legs = plan.legs.iter().map(Leg::message).collect();
                let (spot, deadline) = (uint(plan.spot), U256::from(deadline));
                let plan = IHedgeDesk::Plan { legs, spot, deadline, payee };
                IHedgeDesk::rebalanceCall { plan }.abi_encode().into()
            }
            Self::Fill(fill) => {
                let (size, limit) = (int(fill.size), uint(fill.cash));
                IHedgeDesk::fillHedgeCall { size, limit, receiver: payee, data: B256::ZERO }
                    .abi_encode()
                    .into()
            }
            Self::Poke { .. } => IHedgeDesk::pokeCall {}.abi_encode().into(),
            Self::Settle { expiry, round } => {
                IVault::settleCall { expiry: *expiry, roundId: *round }.abi_encode().into()
            }
            Self::Process { .. } => IERC4626::processEpochCall {}.abi_encode().into(),
        }
    }
}

impl Leg {
    fn message(&self) -> IHedgeDesk::Leg {
        let size: I256 = int(self.size);
        IHedgeDesk::Leg { venue: self.venue, size, limitPrice: uint(self.limit) }
    }
}

impl Proposal {
    /// What the operator keeps, or gives [micro-USD].
    #[must_use]
    pub fn profit(&self) -> i128 {
        self.reward.saturating_sub(self.gas_cost)
    }
}
