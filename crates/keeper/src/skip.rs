//! Why nothing is done: each reason with its numbers.

use alloy_primitives::Address;
use interfaces::desk::IHedgeDesk::Need;

use crate::chain::Fault;
use crate::collect::Purse;
use crate::numbers::{decimal, float, small_usd, usd};

/// The hedge as it is computed here, and as the desk says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// From the vault's words.
    pub ours: Option<Need>,
    /// What the desk says.
    pub theirs: Need,
}

/// A reason to do nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Skip {
    /// The chain does not answer, or not with one voice.
    #[error("{0}")]
    Chain(#[from] Fault),
    /// The vault's words are none.
    #[error("the vault's words cannot be read: {0}")]
    Unreadable(String),
    /// There is no price that passes the vault's checks.
    #[error("no price: {0}")]
    NoPrice(String),
    /// The desk does not say how the hedge stands.
    #[error("the desk does not answer: {0}")]
    DeskRefuses(String),
    /// The hedge as it is computed here is not the desk's.
    #[error("the desk says {:?}, the vault's words come to {:?}", .0.theirs, .0.ours)]
    MarkDiffers(Box<Differing>),
    /// The reward that was tried out is none that the rules give.
    #[error("the desk would pay {} USD, its rules come to between {} and {} USD", usd(*.told), usd(*.least), usd(*.most))]
    RewardDiffers {
        /// [micro-USD]
        told: i128,
        /// [micro-USD]
        least: i128,
        /// [micro-USD]
        most: i128,
    },
    /// No hedge is due.
    #[error("|deviation| {} is inside the band of {}", decimal(float(.deviation.abs()), 4), decimal(float(*.outer), 4))]
    InsideBand {
        /// [1e-18]
        deviation: i128,
        /// [1e-18]
        outer: i128,
    },
    /// Less than a token unit is due, or what is at hand buys none.
    #[error("{} can be traded of {} due", decimal(float(*.size), 6), decimal(float(*.due), 6))]
    Dust {
        /// [1e-18]
        size: i128,
        /// [1e-18]
        due: i128,
    },
    /// No venue trades.
    #[error("no venue trades: {0}")]
    NoVenue(String),
    /// The vault has no broker, or that no venue.
    #[error("the broker has no venue")]
    NoPositions,
    /// The broker does not answer.
    #[error("the broker does not answer: {0}")]
    BrokerRefuses(String),
    /// No venue of the broker's trades.
    #[error("no venue takes it: {0}")]
    NoSeat(String),
    /// A venue of the broker's does not say what it holds.
    #[error("not known: {0}")]
    SeatIll(String),
    /// A hedge over spot venues is as good.
    #[error("spot costs {spot:.2} bp, a position {position:.2} bp")]
    SpotCheaper {
        /// [basis points]
        position: f64,
        /// [basis points]
        spot: f64,
    },
    /// It is hedged with a position instead.
    #[error("a position does it, or for less")]
    PositionCheaper,
    /// No order has had its time.
    #[error("no order has had its time; the next may be cancelled at {until:?}")]
    NoOrderLate {
        /// [unix seconds]
        until: Option<u64>,
    },
    /// The venue has an order to execute first.
    #[error("{name}: an order is in flight since {since}")]
    OrderInFlight {
        /// The venue
        name: String,
        /// [unix seconds]
        since: u64,
    },
    /// All margins are within a tenth of what they should be.
    #[error("every margin is within a tenth of what it should be")]
    MarginsRight,
    /// The vault has too little free cash.
    #[error("{name}: free cash is {} USD, {} USD needed", usd(*.free), usd(*.needed))]
    CashShort {
        /// The venue
        name: String,
        /// [micro-USD]
        free: i128,
        /// [micro-USD]
        needed: i128,
    },
    /// Too little to collect.
    #[error("{} USD lie over", usd(i128::try_from(*.amount).unwrap_or(i128::MAX)))]
    NothingLiesOver {
        /// [micro-USD]
        amount: u128,
    },
    /// There is no position, and no order.
    #[error("nothing is held")]
    NothingHeld,
    /// The last checkpoint is young.
    #[error("the next checkpoint is due at {until}")]
    CheckpointFresh {
        /// [unix seconds]
        until: u64,
    },
    /// Other keepers are about to do it.
    #[error("our turn is at {from}")]
    NotOurTurn {
        /// [unix seconds]
        from: u64,
    },
    /// A fill that was traded back at the venues would leave too little.
    #[error("the auction gives {} USD against the feed's price, trading back costs {} USD, {} USD must be left", usd(*.discount), usd(*.cost), usd(*.least))]
    EdgeTooSmall {
        /// What the auction gives [micro-USD]
        discount: i128,
        /// What trading back costs [micro-USD]
        cost: i128,
        /// [micro-USD]
        least: i128,
    },
    /// The account has too little to fill with, or the vault may not take it.
    #[error("of {token} the account has {} and vault and desk may take {}: {need} needed", .purse.have, .purse.allowed)]
    PurseShort {
        /// The token
        token: Address,
        /// Balance and allowance
        purse: Purse,
        /// [token units]
        need: u128,
    },
    /// It costs the operator more than it may, or leaves less than it must.
    #[error("gas costs {} USD, the reward is {} USD, {} USD may be lost", small_usd(*.cost), small_usd(*.reward), small_usd(*.max_loss))]
    LossAboveLimit {
        /// [micro-USD]
        cost: i128,
        /// [micro-USD]
        reward: i128,
        /// [micro-USD]
        max_loss: i128,
    },
    /// The chain asks for more than the cap on fees.
    #[error("a fee of {fee} wei is above the cap of {cap}")]
    FeeAboveCap {
        /// [wei]
        fee: u128,
        /// [wei]
        cap: u128,
    },
    /// So much time has passed since the head was read that the deadline could pass before it is mined.
    #[error("it took {took} ms to come to it, {limit} ms allowed: half of the deadline")]
    TooSlow {
        /// [ms]
        took: u128,
        /// [ms]
        limit: u128,
    },
    /// Tried out, the transaction is refused.
    #[error("it would be refused: {0}")]
    WouldRevert(String),
    /// Every listed expiry is to come or settled.
    #[error("nothing has expired; the next is at {next:?}")]
    NothingExpired {
        /// [unix seconds]
        next: Option<u32>,
    },
    /// The feed has no round after the expiry yet.
    #[error("expiry {expiry} waits for a round after it; the feed's last is of {last}")]
    NoRoundYet {
        /// [unix seconds]
        expiry: u64,
        /// [unix seconds]
        last: u64,
    },
    /// The feed has no round before the expiry.
    #[error("the feed has no round at or before expiry {expiry}")]
    NoRound {
        /// [unix seconds]
        expiry: u64,
    },
    /// Nobody waits for a redemption.
    #[error("no redemption waits")]
    QueueEmpty,
    /// The oldest epoch is too young.
    #[error("epoch {id} is ready at {ready_at}")]
    EpochNotReady {
        /// Of the epoch
        id: u64,
        /// [unix seconds]
        ready_at: u64,
    },
    /// The payout is not worth a transaction.
    #[error("a payout of {} USD is below {} USD", usd(*.assets), usd(*.least))]
    PayoutTooSmall {
        /// [micro-USD]
        assets: i128,
        /// [micro-USD]
        least: i128,
    },
    /// A transaction waits to be mined.
    #[error("nonce {nonce} waits to be mined for {waited} s, {patience} allowed")]
    InFlight {
        /// Its nonce
        nonce: u64,
        /// [s]
        waited: u64,
        /// [s]
        patience: u64,
    },
    /// Another action goes first: one transaction at a time.
    #[error("{0} goes first")]
    Behind(&'static str),
    /// There is no key to sign with.
    #[error("there is no key to sign with")]
    NoKey,
    /// The account cannot pay.
    #[error("the account has {have} wei, gas may take {need}")]
    Poor {
        /// [wei]
        have: u128,
        /// [wei]
        need: u128,
    },
    /// The nodes know a later state than the one decided on.
    #[error("nonce {0} is used: the state that was decided on is past")]
    NonceUsed(u64),
    /// No node takes the transaction.
    #[error("not sent: {0}")]
    NotSent(Fault),
    /// The strategy is off.
    #[error("switched off")]
    Off,
}

impl Skip {
    /// A short name, for metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Chain(fault) => fault.code(),
            Self::Unreadable(_) => "unreadable",
            Self::NoPrice(_) => "no_price",
            Self::DeskRefuses(_) => "desk_refuses",
            Self::MarkDiffers(_) => "mark_differs",
            Self::RewardDiffers { .. } => "reward_differs",
            Self::EdgeTooSmall { .. } => "edge_too_small",
            Self::PurseShort { .. } => "purse_short",
            Self::InsideBand { .. } => "inside_band",
            Self::Dust { .. } => "dust",
            Self::NoVenue(_) => "no_venue",
            Self::NoPositions => "no_positions",
            Self::BrokerRefuses(_) => "broker_refuses",
            Self::NoSeat(_) => "no_seat",
            Self::SeatIll(_) => "seat_ill",
            Self::SpotCheaper { .. } => "spot_cheaper",
            Self::PositionCheaper => "position_cheaper",
            Self::NoOrderLate { .. } => "no_order_late",
            Self::OrderInFlight { .. } => "order_in_flight",
            Self::MarginsRight => "margins_right",
            Self::CashShort { .. } => "cash_short",
            Self::NothingLiesOver { .. } => "nothing_lies_over",
            Self::NothingHeld => "nothing_held",
            Self::CheckpointFresh { .. } => "checkpoint_fresh",
            Self::NotOurTurn { .. } => "not_our_turn",
            Self::LossAboveLimit { .. } => "loss_above_limit",
            Self::FeeAboveCap { .. } => "fee_above_cap",
            Self::TooSlow { .. } => "too_slow",
            Self::WouldRevert(_) => "would_revert",
            Self::NothingExpired { .. } => "nothing_expired",
            Self::NoRoundYet { .. } => "no_round_yet",
            Self::NoRound { .. } => "no_round",
            Self::QueueEmpty => "queue_empty",
            Self::EpochNotReady { .. } => "epoch_not_ready",
            Self::PayoutTooSmall { .. } => "payout_too_small",
            Self::InFlight { .. } => "in_flight",
            Self::Behind(_) => "behind",
            Self::NoKey => "no_key",
            Self::Poor { .. } => "poor",
            Self::NonceUsed(_) => "nonce_used",
            Self::NotSent(_) => "not_sent",
            Self::Off => "off",
        }
    }

    /// Whether it is what happens when all is well: logged quietly.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        matches!(
            self,
            Self::InsideBand { .. }
                | Self::NothingExpired { .. }
                | Self::QueueEmpty
                | Self::EpochNotReady { .. }
                | Self::EdgeTooSmall { .. }
                | Self::NoPositions
                | Self::SpotCheaper { .. }
                | Self::PositionCheaper
                | Self::NoOrderLate { .. }
                | Self::OrderInFlight { .. }
                | Self::MarginsRight
                | Self::NothingLiesOver { .. }
                | Self::NothingHeld
                | Self::CheckpointFresh { .. }
                | Self::NotOurTurn { .. }
                | Self::Behind(_)
                | Self::Off
        )
    }
}
