//! Where the hedge stands: what the desk says, and the same computed here by the rules that it runs.
//!
//! Two things the desk keeps to itself, the clock and the budget's word. For how long a hedge has been due, whether the greatest wait is over
//! and what is left of the budget are taken as it says them; all else follows, and is compared to the unit.

use alloy_primitives::{Address, U256};
use book::{size_at, value_at};
use interfaces::desk::IHedgeDesk::Need;
use interfaces::words::{int, to_u64, to_u128, uint};
use inventory::hedge::{
    Clock, Dutch, Order, Reward, Rules, Stand, Timer, Trigger, Work, Young, slip, worst_price,
};
use inventory::{Band, Profile};

use crate::mark::{State, Worth};

/// What the desk said in a block.
#[derive(Clone, Debug)]
pub struct Told {
    /// The desk.
    pub address: Address,
    /// The state of the hedge.
    pub need: Need,
    /// Its rules.
    pub rules: Rules,
    /// Delta of the vault's recent trades.
    pub young: Young,
    /// Orders under way at the broker's venues, as one.
    pub ordered: Option<Order>,
}

/// The hedge, computed here [micro-USD at the feed's price].
#[derive(Clone, Copy, Debug)]
pub struct Stance {
    /// The desk's rules.
    pub rules: Rules,
    /// What prices risk.
    pub profile: Profile,
    /// What is due, and from what it follows.
    pub trigger: Trigger,
    /// For how long [s]
    pub waited: u32,
    /// What of it counts for a discount or a reward.
    pub seasoned: u128,
    /// What rewards may still be paid.
    pub budget: u128,
    /// [unix seconds]
    pub now: u32,
    /// [1e-8 USD]
    spot: u64,
    young: Young,
}

impl Stance {
    /// The hedge of a book that was marked; none beyond the kernels' domain.
    #[must_use]
    pub fn new(state: &State, worth: &Worth, told: &Told) -> Option<Self> {
        let request = &state.request;
        let (now, spot, rules) = (request.now, request.spot, told.rules);
        let stand = Stand {
            book: worth.delta,
            held: request.hedge.value,
            orders: told.ordered.as_slice(),
            reach: request.reach()?,
        };
        let at = |clock: &Clock| stand.trigger(&worth.band, clock, &rules, now);
        let mut trigger = at(&Clock::default());
        // An edge that is not the band's is that of a wait that is over.
        if edge(spot, trigger.edge) != Some(told.need.outer) {
            trigger = at(&overdue());
        }
        let since = to_u64(told.need.since).filter(|since| *since != 0 && trigger.due != 0);
        let waited = since.map_or(0, |since| u64::from(now).saturating_sub(since));
        let waited = u32::try_from(waited).ok()?;
        let budget = to_u128(told.need.budget)?;
        let profile = state.rules.profile;
        let seasoned = 0;
        let stance = Self { rules, profile, trigger, waited, seasoned, budget, now, spot, young: told.young };
        Some(Self { seasoned: stance.counted(), ..stance })
    }

    /// What nobody has waited for does not count, whatever its age.
    fn counted(&self) -> u128 {
        let spot = u128::from(self.spot) / 100;
        let seasoned = || self.young.seasoned(&self.trigger, self.now, spot, self.rules.seasoning);
        if self.waited == 0 { 0 } else { seasoned() }
    }

    /// The same hedge after it has waited for `wait` seconds, if nothing else changes.
    #[must_use]
    pub fn after(&self, wait: u32) -> Self {
        let now = self.now.saturating_add(wait.saturating_sub(self.waited));
        let later = Self { waited: wait.max(self.waited), now, ..*self };
        Self { seasoned: later.counted(), ..later }
    }

    /// Whether nobody has looked since it became due, so its clock does not run.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        self.trigger.due != 0 && self.waited == 0
    }

    /// Whether the vault buys.
    #[must_use]
    pub fn buying(&self) -> bool {
        self.trigger.due > 0
    }

    /// What is due [1e-18 of the underlying], towards zero.
    #[must_use]
    pub fn due(&self) -> i128 {
        size_at(self.spot, self.trigger.due).unwrap_or_default()
    }

    /// |deviation| in outer bands.
    #[must_use]
    pub fn urgency(&self) -> f64 {
        self.trigger.deviation.unsigned_abs() as f64 / self.trigger.edge.max(1) as f64
    }

    /// The price cap now [1e-6].
    #[must_use]
    pub fn slip(&self) -> u32 {
        slip(&self.rules, self.waited)
    }

    /// The worst price that is taken now [18 decimals]: within slip(t), and no wider than the vault's own cap.
    #[must_use]
    pub fn worst(&self, spot: u128, max_slippage: u32) -> Option<u128> {
        worst_price(spot, self.buying(), self.slip().min(max_slippage))
    }

    /// What a size is worth [micro-USD], as the desk rounds it: what the vault buys down, what it sells up.
    #[must_use]
    pub fn value(&self, size: u128) -> Option<u128> {
        value_at(self.spot, size, !self.buying())
    }

    /// What the auction gives the filler of a value against the feed's price [micro-USD].
    #[must_use]
    pub fn discount(&self, value: u128) -> Option<i128> {
        Dutch::new(&self.rules, &self.profile, self.waited).discount(value, self.seasoned)
    }

    /// What the filler of a value receives, or pays [micro-USD].
    #[must_use]
    pub fn cash(&self, value: u128) -> Option<u128> {
        Dutch::cash(self.buying(), value, self.discount(value)?)
    }

    /// The reward of a hedge of this value at this cost, with gas worth `gas` [micro-USD].
    #[must_use]
    pub fn reward(&self, value: u128, cost: i128, gas: u128) -> Option<Reward> {
        let work = Work { size: value, cost, seasoned: self.seasoned, waited: self.waited, gas };
        work.reward(&self.rules, &self.profile, &self.trigger, self.budget)
    }

    /// The state of the hedge in the desk's own words.
    #[must_use]
    pub fn need(&self) -> Option<Need> {
        let Trigger { deviation, inner, edge, due, target, position, .. } = self.trigger;
        let unit = |cash: i128| size_at(self.spot, cash).map(int);
        let width = |cash: u128| self::edge(self.spot, cash);
        let size = size_at(self.spot, due)?;
        let cash = self.cash(self.value(size.unsigned_abs())?)?;
        let since = if due == 0 { 0 } else { u64::from(self.now).saturating_sub(self.waited.into()) };
        Some(Need {
            position: unit(position)?,
            target: unit(target)?,
            deviation: unit(deviation)?,
            inner: width(inner)?,
            outer: width(edge)?,
            due: int(size),
            seasoned: width(self.seasoned)?,
            since: U256::from(since),
            slip: U256::from(self.slip()),
            cash: uint(cash),
            budget: uint(self.budget),
        })
    }

    /// The band's half-widths [1e-18 of the underlying].
    #[must_use]
    pub fn widths(&self) -> Band {
        let width = |cash: u128| {
            let size = i128::try_from(cash).ok().and_then(|cash| size_at(self.spot, cash));
            size.map_or(u128::MAX, i128::unsigned_abs)
        };
        Band { inner: width(self.trigger.inner), outer: width(self.trigger.edge) }
    }
}

/// A clock whose greatest wait is over.
fn overdue() -> Clock {
    Clock { rest: Timer { since: 1, back: 0 }, ..Clock::default() }
}

/// A width in units, as a word.
fn edge(spot: u64, cash: u128) -> Option<U256> {
    size_at(spot, i128::try_from(cash).ok()?).map(|units| int(units).into_raw())
}
