//! Where the vault stands, by its own words and the code that it runs.

use alloy_primitives::{U128, U256};
use book::{signed_value_at, size_at, value_at, Mark, Position, Request, Spots};
use interfaces::desk::IHedgeDesk::{HedgeDue, Need};
use interfaces::settings::Settings;
use interfaces::words::{int, uint, WAD_PER_PRICE};
use inventory::hedge::{slip, Budget, Clock, Dutch, Hedge, Measured, Rules, Stand, Trigger, Work};
use inventory::{band, Band, Coefficients, Profile};
use stylus_sdk::prelude::*;

use crate::error::{breach, emit, Fault, OrOverflow, Result};
use crate::HedgeDesk;

type Looked<T> = core::result::Result<T, Fault>;

/// What a hedge did [micro-USD].
pub(crate) struct Done {
    /// What changed hands at the feed's price; positive was bought.
    pub(crate) size: i128,
    /// What it cost beyond that.
    pub(crate) cost: i128,
}

/// The vault at this moment.
pub(crate) struct Market {
    pub(crate) rules: Rules,
    pub(crate) profile: Profile,
    /// [unix seconds]
    pub(crate) now: u32,
    /// [1e-8 USD]
    pub(crate) spot: u64,
    /// Hedges held [micro-USD]
    pub(crate) held: i128,
    pub(crate) band: Band,
    pub(crate) clock: Clock,
    pub(crate) trigger: Trigger,
    /// How long what is due has been due [s]
    pub(crate) waited: u32,
    /// What of it counts for a discount or a reward [micro-USD]
    pub(crate) seasoned: u128,
    pub(crate) budget: Budget,
    /// What it leaves for rewards now [micro-USD]
    pub(crate) funds: u128,
    position: Position,
}

impl HedgeDesk {
    /// Looks at the vault.
    pub(crate) fn market(&self) -> Looked<Market> {
        let mut request = self.told()?;
        if request.spot == 0 {
            return Err(Fault::NoPrice);
        }
        let settings = Settings::unpack(&request.settings).rules();
        let (profile, rules) = (settings.profile, self.stored_rules());
        let fault = |_| Fault::Vault(self.vault.get());
        let spots = Spots::here(settings.lot, request.spot).map_err(fault)?;
        let stored = core::mem::take(&mut request.stored);
        let mark = Mark::new(stored.into_iter(), spots, request.now).map_err(fault)?;
        let position = mark.position().map_err(fault)?;
        let band = band(&profile, position.gamma).or_overflow()?;

        let (clock, trigger) = self.trigger(&request, &position, &band, &rules)?;
        let waited = clock.waited_for(&trigger, &rules, request.now);
        // What nobody has waited for has neither discount nor reward, whatever its age.
        let seasoned = if waited == 0 {
            0
        } else {
            let spot = u128::from(request.spot) / 100;
            self.young()?.seasoned(&trigger, request.now, spot, rules.seasoning)
        };
        let budget = match small(self.budget.get()) {
            0 => Budget::full(&rules, request.now),
            word => Budget::unpack(word),
        };
        let Request { now, spot, hedge, .. } = request;
        let (held, funds) = (hedge.value, budget.available(&rules, now));
        Ok(Market {
            rules,
            profile,
            now,
            spot,
            held,
            band,
            clock,
            trigger,
            waited,
            seasoned,
            budget,
            funds,
            position,
        })
    }

    /// The clock as this look leaves it, and what is due by it.
    fn trigger(
        &self,
        request: &Request,
        position: &Position,
        band: &Band,
        rules: &Rules,
    ) -> Looked<(Clock, Trigger)> {
        let (held, reach, ordered) =
            (request.hedge.value, request.reach().or_overflow()?, self.ordered(request)?);
        let stand = Stand { book: position.delta, held, orders: ordered.as_slice(), reach };
        let clock = Clock::unpack(small(self.clock.get()));
        let seen = stand.trigger(band, &clock, rules, request.now);
        let clock = clock.observe(request.now, seen.deviation, band, rules);
        Ok((clock, stand.trigger(band, &clock, rules, request.now)))
    }

    /// What is due now, and on which terms.
    pub(crate) fn need(&self) -> Result<Need> {
        let market = self.market()?;
        let Trigger { deviation, inner, edge, due, target, position, .. } = market.trigger;
        let units = |cash: i128| market.units(cash).map(int);
        let width = |cash: u128| Ok::<U256, Fault>(units(i128::try_from(cash).or_overflow()?)?.into_raw());
        // What a fill of the size that is told comes to, to the unit.
        let (buying, size) = (due > 0, market.units(due)?);
        let value = market.value(size.unsigned_abs(), !buying)?;
        let cash = market.terms(buying, value, market.discount(value)?)?;
        let waited = u64::from(market.now).saturating_sub(market.waited.into());
        Ok(Need {
            position: units(position)?,
            target: units(target)?,
            deviation: units(deviation)?,
            inner: width(inner)?,
            outer: width(edge)?,
            due: int(size),
            seasoned: width(market.seasoned)?,
            since: uint(if due == 0 { 0 } else { waited.into() }),
            slip: uint(slip(&market.rules, market.waited).into()),
            cash: uint(cash),
            budget: uint(market.funds),
        })
    }

    /// Looks, and starts the clock of what is due.
    pub(crate) fn look_and_note(&mut self) -> Result<()> {
        let market = self.market()?;
        self.note(&market, market.trigger.deviation);
        Ok(())
    }

    /// Stores the clock of a vault whose deviation is now `deviation`.
    pub(crate) fn note(&mut self, market: &Market, deviation: i128) {
        let before = Clock::unpack(small(self.clock.get()));
        let Market { clock, band, rules, now, .. } = market;
        let clock = clock.observe(*now, deviation, band, rules);
        if before.band.since == 0 && clock.band.since != 0 {
            emit(self.vm(), &HedgeDue { deviation: int(deviation), outer: uint(band.outer) });
        }
        if clock != before {
            self.clock.set(wide(clock.pack()));
        }
    }

    pub(crate) fn store_budget(&mut self, budget: &Budget) {
        self.budget.set(wide(budget.pack()));
    }
}

impl Market {
    /// J with hedges worth `held` [micro-USD].
    fn risk(&self, held: i128) -> Looked<u128> {
        self.position.risk(&Coefficients::new(&self.profile), held).map_err(|_| Fault::Overflow)
    }

    /// The feed's price with 18 decimals.
    pub(crate) fn price(&self) -> U256 {
        uint(u128::from(self.spot).saturating_mul(WAD_PER_PRICE))
    }

    /// Value of units of the underlying, 18 decimals, rounded down or up [micro-USD].
    pub(crate) fn value(&self, size: u128, up: bool) -> Looked<u128> {
        value_at(self.spot, size, up).or_overflow()
    }

    /// What a hedge of units of the underlying counts for: no more than it is worth when it was bought, no less when it was sold [micro-USD].
    pub(crate) fn counted(&self, units: i128) -> Looked<i128> {
        signed_value_at(self.spot, units, units < 0).or_overflow()
    }

    /// Units of the underlying, 18 decimals, of a value, towards zero.
    pub(crate) fn units(&self, cash: i128) -> Looked<i128> {
        size_at(self.spot, cash).or_overflow()
    }

    /// What a fill of this value gets below or above the feed's price.
    pub(crate) fn discount(&self, value: u128) -> Looked<i128> {
        Dutch::new(&self.rules, &self.profile, self.waited).discount(value, self.seasoned).or_overflow()
    }

    /// Cash of a fill: what the vault pays when it buys, gets when it sells.
    pub(crate) fn terms(&self, buying: bool, value: u128, discount: i128) -> Looked<u128> {
        Dutch::cash(buying, value, discount).or_overflow()
    }

    /// A hedge, as rewards are reckoned from it; `gas` is what its gas is worth [micro-USD].
    pub(crate) fn work(&self, done: &Done, gas: u128) -> Work {
        let (seasoned, waited) = (self.seasoned, self.waited);
        Work { size: done.size.unsigned_abs(), cost: done.cost, seasoned, waited, gas }
    }

    /// Checks the post-conditions of a hedge that was paid `paid`, `gas` of it for gas [micro-USD].
    pub(crate) fn verify(&self, done: &Done, gas: u128, paid: u128) -> Result<()> {
        let held = self.held.checked_add(done.size).or_overflow()?;
        let spent = done.cost.checked_add_unsigned(paid).or_overflow()?;
        let hedge = Hedge {
            rules: &self.rules,
            profile: &self.profile,
            trigger: self.trigger,
            size: done.size,
            work: self.work(done, gas),
            budget: self.funds,
            before: Measured { nav: 0, risk: self.risk(self.held)? },
            after: Measured { nav: spent.saturating_neg(), risk: self.risk(held)? },
            paid,
        };
        hedge.verify().map(|_| ()).map_err(breach)
    }
}

fn small(word: U128) -> u128 {
    let [low, high] = *word.as_limbs();
    u128::from(high) << 64 | u128::from(low)
}

fn wide(number: u128) -> U128 {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = number.to_be_bytes();
    let high = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    U128::from_limbs([u64::from_be_bytes([i, j, k, l, m, n, o, p]), high])
}
