//! Shares of what is not enough for all: pro rata, to the unit, in whatever order they are taken.

use maths::{mul_div_down, mul_div_up};

/// Claims that share what remains.
///
/// The n-th to take gets the difference of two roundings of running totals, so that what is paid sums to what remains, every payment is within a unit
/// of its exact part, and neither the order nor a split of a claim changes what anyone gets by more than a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Haircut {
    /// What there is to share [micro-USD]
    pub remaining: u128,
    /// All claims, as valued at one recorded instant [micro-USD]
    pub total: u128,
    /// Claims that were paid already, at that value [micro-USD]
    pub taken: u128,
}

impl Haircut {
    /// Pays a claim and counts it as taken; in full where there is enough for all.
    ///
    /// `None` and no change for a claim beyond what is left of the total.
    #[must_use]
    pub fn pay(&mut self, claim: u128) -> Option<u128> {
        let taken = self.taken.checked_add(claim).filter(|taken| *taken <= self.total)?;
        let paid = self.up_to(taken)?.checked_sub(self.up_to(self.taken)?)?;
        self.taken = taken;
        Some(paid)
    }

    /// What all claims up to a running total are paid.
    fn up_to(&self, taken: u128) -> Option<u128> {
        if self.remaining >= self.total {
            return Some(taken);
        }
        mul_div_down(taken, self.remaining, self.total)
    }
}

/// The part of an epoch's redemptions that is processed: all requests at one price, as far as cash goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Shares requested in the epoch.
    pub requested: u128,
    /// Shares processed.
    pub shares: u128,
    /// Assets paid for them.
    pub assets: u128,
}

impl Fill {
    /// Of `requested` shares that are worth `value` at the epoch's price, with `available` assets.
    ///
    /// Assets are rounded down and the shares that they cost up: the price per share is never above value / requested. All is processed where there is
    /// enough; nothing is where what is available buys no share.
    ///
    /// `None` where a product leaves 128 bits after division.
    #[must_use]
    pub fn new(requested: u128, value: u128, available: u128) -> Option<Self> {
        if value <= available {
            return Some(Self { requested, shares: requested, assets: value });
        }
        let shares = mul_div_up(requested, available, value)?;
        Some(Self { requested, shares, assets: if shares == 0 { 0 } else { available } })
    }

    /// What one request of the epoch is paid, and how many of its shares that takes; the rest waits for the next epoch.
    ///
    /// Each is its part of the whole, assets rounded down and shares up, so that what requests take never exceeds the epoch's assets nor leaves more
    /// shares waiting than it left. `None` for more than was requested in all.
    #[must_use]
    pub fn part(&self, request: u128) -> Option<(u128, u128)> {
        if request > self.requested || self.requested == 0 {
            return None;
        }
        let assets = mul_div_down(self.assets, request, self.requested)?;
        Some((assets, mul_div_up(self.shares, request, self.requested)?))
    }
}

/// What the vault has, split between those whose money it is, the claims of live and settling series, and the shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waterfall {
    /// Margin and pending deposits, settled claims and processed redemptions, as far as assets go [micro-USD]
    pub segregated: u128,
    /// How live and settling series share: in full, or what is left.
    pub series: Haircut,
    /// What is left for the shares [micro-USD]
    pub shares: u128,
}

impl Waterfall {
    /// Of `assets`: first what is `segregated`, then the `claims` of all series at one recorded instant, then the shares, which bear every loss down to
    /// nothing before a claim bears any.
    #[must_use]
    pub fn new(assets: u128, segregated: u128, claims: u128) -> Self {
        let kept = segregated.min(assets);
        let left = assets.saturating_sub(kept);
        let remaining = claims.min(left);
        Self {
            segregated: kept,
            series: Haircut { remaining, total: claims, taken: 0 },
            shares: left.saturating_sub(remaining),
        }
    }
}

/// Spread income that is not the shares' yet: it vests in a straight line to an expiry, so that nobody buys shares for what is to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vesting {
    /// Not vested at `since` [micro-USD]
    pub locked: u128,
    /// [unix seconds]
    pub since: u32,
    /// When all is vested [unix seconds]
    pub until: u32,
}

impl Vesting {
    /// What is not vested at `now`, rounded up; all of it before `since`, nothing from `until` on.
    #[must_use]
    pub fn unvested(&self, now: u32) -> u128 {
        if now >= self.until {
            return 0;
        }
        let (left, whole) =
            (self.until.saturating_sub(now.max(self.since)), self.until.saturating_sub(self.since));
        mul_div_up(self.locked, left.into(), whole.into()).unwrap_or(self.locked)
    }

    /// With `income` that vests from `now` on, beside what has not vested yet. `None` where a sum leaves 128 bits.
    #[must_use]
    pub fn with(&self, income: u128, now: u32) -> Option<Self> {
        let now = now.max(self.since);
        Some(Self { locked: self.unvested(now).checked_add(income)?, since: now, until: self.until })
    }
}
