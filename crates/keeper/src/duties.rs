//! What a keeper does, and what it may cost: the tables of its settings.

use alloy_primitives::Address;
use serde::Deserialize;

/// What may be paid for gas.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fees {
    /// Most for a unit of gas [gwei]
    pub max_gwei: f64,
    /// Tip for a unit [gwei]
    pub tip_gwei: f64,
    /// What a replacement pays more [percent]
    pub bump: u32,
    /// How long a transaction may wait before it is replaced [s]
    pub patience: f64,
}

/// How hedges are done.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hedge {
    /// Whether they are.
    pub on: bool,
    /// Most that the operator gives for one, after gas and reward; below zero, the least that must be left [USD]
    pub max_loss: f64,
    /// Whether the clock of a hedge that does not pay yet is started, if waiting will make it pay.
    pub poke: bool,
    /// Who is paid the rewards, the keeper's own account if none is given.
    pub payee: Option<Address>,
    /// Outer bands of deviation from which a hedge is urgent.
    pub urgent_at: f64,
    /// Most that is given for an urgent one [USD]
    pub urgent_max_loss: f64,
    /// How far a price may move against a plan before it is mined [basis points]
    pub tolerance: u32,
    /// How long a plan may wait to be mined [s]
    pub deadline: u64,
    /// Sizes at which venues are asked.
    pub samples: u32,
}

/// How positions are taken.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Position {
    /// Whether they are.
    pub on: bool,
    /// Most that the operator gives for one, after gas and reward; below zero, the least that must be left [USD]
    pub max_loss: f64,
    /// Most that is given for an order, with its fee [USD]
    pub order_max_loss: f64,
    /// What an order is given for the exchange's keepers [ether]
    pub order_fee: f64,
    /// What an order is reckoned to cost the vault [basis points]
    pub order_cost: u32,
    /// How far a price may move against a position before it is mined [basis points]
    pub tolerance: u32,
    /// By how much a position that grows must be cheaper than spot, and one that becomes smaller may be dearer [basis points]
    pub carry: f64,
}

/// How positions are looked after.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Upkeep {
    /// Whether they are.
    pub on: bool,
    /// Most that the operator gives for a transaction [USD]
    pub max_loss: f64,
    /// Least that is worth collecting [USD]
    pub min_collect: f64,
    /// After how long there is another checkpoint [s]
    pub checkpoint_after: u64,
    /// Length of a turn, of which an account has one in eight; zero for no turns [s]
    pub turn: u64,
}

/// How hedges are filled.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fill {
    /// Whether they are.
    pub on: bool,
    /// What must be left after gas when what was filled is traded back at the venues [USD]
    pub min_profit: f64,
}

/// A duty with a price.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Duty {
    /// Whether it is done.
    pub on: bool,
    /// Most that the operator gives for it [USD]
    pub max_loss: f64,
}

/// How redemptions are processed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Process {
    /// Whether they are.
    pub on: bool,
    /// Most that the operator gives for it [USD]
    pub max_loss: f64,
    /// Least payout that is worth a transaction [USD]
    pub min_payout: f64,
    /// After how long one that pays less is processed all the same: it holds up those behind it [s]
    pub dust_after: u64,
}

impl Default for Fees {
    fn default() -> Self {
        Self { max_gwei: 5.0, tip_gwei: 0.0, bump: 15, patience: 15.0 }
    }
}

impl Default for Hedge {
    fn default() -> Self {
        Self {
            on: true,
            max_loss: 1.0,
            poke: true,
            payee: None,
            urgent_at: 24.0,
            urgent_max_loss: 20.0,
            tolerance: 10,
            deadline: 60,
            samples: 24,
        }
    }
}

impl Default for Position {
    fn default() -> Self {
        Self {
            on: true,
            max_loss: 1.0,
            order_max_loss: 10.0,
            order_fee: 0.002,
            order_cost: 15,
            tolerance: 2,
            carry: 10.0,
        }
    }
}

impl Default for Upkeep {
    fn default() -> Self {
        Self { on: true, max_loss: 5.0, min_collect: 25.0, checkpoint_after: 86_400, turn: 8 }
    }
}

impl Default for Fill {
    fn default() -> Self {
        Self { on: false, min_profit: 1.0 }
    }
}

impl Default for Duty {
    fn default() -> Self {
        Self { on: true, max_loss: 5.0 }
    }
}

impl Default for Process {
    fn default() -> Self {
        Self { on: true, max_loss: 5.0, min_payout: 1.0, dust_after: 21_600 }
    }
}
