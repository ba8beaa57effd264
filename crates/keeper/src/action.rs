//! What the keeper does to a vault.

use alloy_primitives::aliases::U80;
use alloy_primitives::{Address, B256, Bytes, I256, U256};
use alloy_sol_types::SolCall;
use interfaces::broker::IBroker;
use interfaces::desk::IHedgeDesk;
use interfaces::erc4626::IERC4626;
use interfaces::position::IPositionVenue;
use interfaces::vault::IVault;
use interfaces::words::{int, uint};
use inventory::hedge::Reward;

/// A transaction to the vault, or to what works for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Hedges through these legs.
    Hedge(Plan),
    /// Takes the other side of a hedge in the desk's auction.
    Fill(Fill),
    /// Hedges with a position at a venue of the broker's.
    Position(Position),
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
    /// Cancels an order that has had its time.
    Cancel(Order),
    /// Puts the margin of a position right.
    Tend {
        /// What people call the venue.
        name: String,
        /// Its adapter.
        venue: Address,
        /// What the position gets; below zero, what is freed of it [micro-USD]
        margin: i128,
        /// Ether for the exchange's keepers [wei]
        ether: u128,
        /// By an order.
        later: bool,
    },
    /// Brings back what lies over at a venue.
    Collect {
        /// What people call the venue.
        name: String,
        /// Its adapter.
        venue: Address,
        /// [micro-USD]
        amount: u128,
    },
    /// Makes a checkpoint of what the positions count for.
    Checkpoint {
        /// What may be short from now on, if the vault does not know yet [USD]
        short: Option<u32>,
        /// Age of the last one, if that is the reason [s]
        age: Option<u64>,
    },
}

/// A contract that a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The vault.
    Vault,
    /// Its hedging desk.
    Desk,
    /// Its broker.
    Broker,
    /// An adapter.
    Venue(Address),
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

/// A hedge with a position.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// It, as a plan of one leg.
    pub plan: Plan,
    /// By an order: its cost is reckoned, not known.
    pub later: bool,
    /// The position grows, or is opened.
    pub grows: bool,
    /// Ether for the exchange's keepers [wei]
    pub ether: u128,
}

/// An order at a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What people call the venue.
    pub name: String,
    /// Its adapter.
    pub venue: Address,
    /// The order's.
    pub key: B256,
    /// Since when anyone may cancel it [unix seconds]
    pub from: u64,
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
    /// What the ether that goes with it costs [micro-USD]
    pub ether_cost: i128,
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
            Self::Position(_) => "position",
            Self::Poke { .. } => "poke",
            Self::Settle { .. } => "settle",
            Self::Process { .. } => "process",
            Self::Cancel(_) => "cancel",
            Self::Tend { .. } => "tend",
            Self::Collect { .. } => "collect",
            Self::Checkpoint { .. } => "checkpoint",
        }
    }

    /// What it is for.
    #[must_use]
    pub fn target(&self) -> Target {
        match self {
            Self::Hedge(_) | Self::Position(_) | Self::Fill(_) | Self::Poke { .. } => Target::Desk,
            Self::Settle { .. } | Self::Process { .. } => Target::Vault,
            Self::Cancel(order) => Target::Venue(order.venue),
            Self::Tend { .. } | Self::Collect { .. } | Self::Checkpoint { .. } => Target::Broker,
        }
    }

    /// Whether it is good until a deadline only.
    #[must_use]
    pub fn has_deadline(&self) -> bool {
        matches!(self, Self::Hedge(_) | Self::Position(_))
    }

    /// Ether that goes with it [wei]
    #[must_use]
    pub fn ether(&self) -> u128 {
        match self {
            Self::Position(position) => position.ether,
            Self::Tend { ether, .. } => *ether,
            _ => 0,
        }
    }

    /// Its calldata: a hedge's good until `deadline` [unix seconds], what it brings for `payee`.
    #[must_use]
    pub fn calldata(&self, deadline: u64, payee: Address) -> Bytes {
        match self {
            Self::Hedge(plan) => {
                IHedgeDesk::rebalanceCall { plan: plan.message(deadline, payee) }.abi_encode().into()
            }
            Self::Position(position) => {
                let mut plan = position.plan.message(deadline, payee);
                if position.later {
                    // An order has the widest limit that there is by then.
                    plan.legs.iter_mut().for_each(|leg| leg.limitPrice = U256::ZERO);
                }
                IHedgeDesk::rebalancePositionCall { plan }.abi_encode().into()
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
            Self::Cancel(order) => IPositionVenue::cancelCall { key: order.key }.abi_encode().into(),
            Self::Tend { venue, .. } => IBroker::tendCall { venue: *venue }.abi_encode().into(),
            Self::Collect { venue, .. } => IBroker::collectCall { venue: *venue }.abi_encode().into(),
            Self::Checkpoint { .. } => IBroker::checkpointCall {}.abi_encode().into(),
        }
    }
}

impl Plan {
    /// As the desk takes it.
    fn message(&self, deadline: u64, payee: Address) -> IHedgeDesk::Plan {
        let legs = self.legs.iter().map(Leg::message).collect();
        IHedgeDesk::Plan { legs, spot: uint(self.spot), deadline: U256::from(deadline), payee }
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
        self.reward.saturating_sub(self.gas_cost).saturating_sub(self.ether_cost)
    }
}
