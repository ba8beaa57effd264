//! What must hold after a hedge. The contract measures, calls [`Hedge::verify`], and undoes everything on an error; the keeper
//! calls the same function with what it expects.

use super::slip::slip;
use super::{Reward, Rules, Trigger, Work, at_rate};
use crate::Profile;

/// A hedge of what was due, with every number measured, none taken from the plan or the venue.
#[derive(Clone, Copy, Debug)]
pub struct Hedge<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The market's profile.
    pub profile: &'a Profile,
    /// What was due before.
    pub trigger: Trigger,
    /// What changed hands at the oracle's price [micro-USD]: positive was bought.
    pub size: i128,
    /// What the hedge cost and did; its `size` is that of [`Hedge::size`], whatever it says.
    pub work: Work,
    /// What is left in the budget [micro-USD].
    pub budget: u128,
    /// The vault before.
    pub before: Measured,
    /// The vault after, reward paid.
    pub after: Measured,
    /// Reward that was paid [micro-USD].
    pub paid: u128,
}

/// The vault at one moment of a fixed market state [micro-USD].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// NAV at mid.
    pub nav: i128,
    /// J.
    pub risk: u128,
}

/// A post-condition that does not hold [micro-USD].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// Nothing was due.
    NotDue {
        /// How far the hedges are from the target that can be reached
        deviation: i128,
        /// How far they may be
        edge: u128,
    },
    /// The hedge went the other way, or nowhere.
    WrongWay {
        /// The hedge
        size: i128,
        /// What was due
        due: i128,
    },
    /// The hedge was smaller than the least and than what was due.
    TooSmall {
        /// The hedge
        size: u128,
        /// The least
        least: u128,
    },
    /// The deviation did not fall.
    NotReduced {
        /// Before
        before: i128,
        /// After
        after: i128,
    },
    /// The hedge went past the target and beyond the inner edge on its other side.
    CrossedFarEdge {
        /// Deviation after
        after: i128,
        /// That edge
        edge: u128,
    },
    /// The price was worse than slip(t).
    BeyondSlip {
        /// What the hedge paid beyond the oracle's price
        cost: i128,
        /// What it may
        most: u128,
    },
    /// The reward was more than the hedge earned.
    RewardTooHigh {
        /// What was paid
        paid: u128,
        /// What it may be
        most: u128,
    },
    /// J rose.
    RiskRose {
        /// Before
        before: u128,
        /// After
        after: u128,
    },
    /// NAV at mid less J fell by more than the reward and the cost.
    ValueLost {
        /// By how much
        lost: i128,
        /// By how much it may fall
        most: u128,
    },
    /// A number beyond the domain of the charge.
    Domain,
}

impl Hedge<'_> {
    /// Checks the hedge:
    ///
    /// 1. one was due, it went that way and was not dust;
    /// 2. |deviation| fell, and past the target no further than the inner edge;
    /// 3. the price was within slip(t) of the oracle's;
    /// 4. the reward was at most what [`Work::reward`] says;
    /// 5. J did not rise, and NAV at mid - J fell by no more than reward and cost, each within its cap.
    ///
    /// # Errors
    /// The first of these that does not hold, with its numbers.
    pub fn verify(&self) -> Result<Reward, Breach> {
        self.check_size()?;
        let size = self.size.unsigned_abs();
        let most = at_rate(size, slip(self.rules, self.work.waited)).ok_or(Breach::Domain)?;
        let cost = u128::try_from(self.work.cost).unwrap_or(0);
        if cost > most {
            return Err(Breach::BeyondSlip { cost: self.work.cost, most });
        }
        let work = Work { size, ..self.work };
        let reward =
            work.reward(self.rules, self.profile, &self.trigger, self.budget).ok_or(Breach::Domain)?;
        if self.paid > reward.total() {
            return Err(Breach::RewardTooHigh { paid: self.paid, most: reward.total() });
        }
        self.check_value(cost)?;
        Ok(reward)
    }

    fn check_size(&self) -> Result<(), Breach> {
        let Trigger { deviation, edge, inner, due, .. } = self.trigger;
        if due == 0 {
            return Err(Breach::NotDue { deviation, edge });
        }
        if self.size.signum() != due.signum() {
            return Err(Breach::WrongWay { size: self.size, due });
        }
        let (size, least) = (self.size.unsigned_abs(), self.trigger.least(self.rules));
        if size < least {
            return Err(Breach::TooSmall { size, least });
        }
        let after = deviation.saturating_sub(self.size);
        if after.unsigned_abs() >= deviation.unsigned_abs() {
            return Err(Breach::NotReduced { before: deviation, after });
        }
        if after.signum() == deviation.signum().saturating_neg() && after.unsigned_abs() > inner {
            return Err(Breach::CrossedFarEdge { after, edge: inner });
        }
        Ok(())
    }

    fn check_value(&self, cost: u128) -> Result<(), Breach> {
        let (before, after) = (self.before, self.after);
        if after.risk > before.risk {
            return Err(Breach::RiskRose { before: before.risk, after: after.risk });
        }
        let net = |vault: Measured| vault.nav.checked_sub_unsigned(vault.risk).ok_or(Breach::Domain);
        let lost = net(before)?.checked_sub(net(after)?).ok_or(Breach::Domain)?;
        let most = cost.saturating_add(self.paid);
        match u128::try_from(lost) {
            Ok(fall) if fall > most => Err(Breach::ValueLost { lost, most }),
            _ => Ok(()),
        }
    }
}
