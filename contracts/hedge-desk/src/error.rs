//! How the desk fails: with one of the errors of `abi/IHedgeDesk.sol`.

use interfaces::contract::Revert;
pub(crate) use interfaces::contract::{emit, ensure, fail, Result};
use interfaces::desk::IHedgeDesk::{
    ArithmeticOverflow, FarEdgeCrossed, HedgeNotDue, HedgeNotReduced, HedgeTooSmall, HedgeWrongWay, NoPrice,
    RewardAboveCap, RiskRose, SlipAboveCap, ValueLost, VaultFailed,
};
use interfaces::words::{int, uint};
use inventory::hedge::Breach;

use alloy_primitives::Address;

/// Why there is no view of the market.
pub(crate) enum Fault {
    /// The vault did not answer, or not with a book that can be marked.
    Vault(Address),
    /// The vault has no price.
    NoPrice,
    /// A number left its width.
    Overflow,
}

impl From<Fault> for Revert {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Vault(vault) => VaultFailed { vault }.into(),
            Fault::NoPrice => NoPrice {}.into(),
            Fault::Overflow => ArithmeticOverflow {}.into(),
        }
    }
}

/// Checked arithmetic ends in `ArithmeticOverflow`, never in a wrapped number.
pub(crate) trait OrOverflow<T> {
    /// The value, or the fault when there is none.
    fn or_overflow(self) -> core::result::Result<T, Fault>;
}

impl<T> OrOverflow<T> for Option<T> {
    #[inline]
    fn or_overflow(self) -> core::result::Result<T, Fault> {
        self.ok_or(Fault::Overflow)
    }
}

impl<T> OrOverflow<T> for core::result::Result<T, core::num::TryFromIntError> {
    #[inline]
    fn or_overflow(self) -> core::result::Result<T, Fault> {
        self.map_err(|_| Fault::Overflow)
    }
}

/// A post-condition that does not hold.
pub(crate) fn breach(breach: Breach) -> Revert {
    match breach {
        Breach::NotDue { deviation, edge } => {
            HedgeNotDue { deviation: int(deviation), edge: uint(edge) }.into()
        }
        Breach::WrongWay { size, due } => HedgeWrongWay { size: int(size), due: int(due) }.into(),
        Breach::TooSmall { size, least } => HedgeTooSmall { size: uint(size), least: uint(least) }.into(),
        Breach::NotReduced { before, after } => {
            HedgeNotReduced { before: int(before), after_: int(after) }.into()
        }
        Breach::CrossedFarEdge { after, edge } => {
            FarEdgeCrossed { after_: int(after), edge: uint(edge) }.into()
        }
        Breach::BeyondSlip { cost, most } => SlipAboveCap { cost: int(cost), most: uint(most) }.into(),
        Breach::RewardTooHigh { paid, most } => {
            RewardAboveCap { reward: uint(paid), most: uint(most) }.into()
        }
        Breach::RiskRose { before, after } => RiskRose { before: uint(before), after_: uint(after) }.into(),
        Breach::ValueLost { lost, most } => ValueLost { lost: int(lost), most: uint(most) }.into(),
        Breach::Domain => ArithmeticOverflow {}.into(),
    }
}
