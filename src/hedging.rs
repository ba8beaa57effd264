//! The skew trigger and the hedge: anyone may bring net delta back while it is outside the band.
//!
//! target = -(book delta); the hedges held stand against it. The band comes from gamma, cost and risk aversion (Whalley-Wilmott). A hedge
//! goes through allow-listed venues, at a price no worse than the slippage cap round the feed's, and counts for what the vault's own
//! balances say it did.

use alloc::vec::Vec;

use alloy_primitives::{Address, FixedBytes, I256, U256};
use interfaces::vault::IVault::{
    DeadlinePassed, Hedge, HedgeLeg, HedgeNotNeeded, HedgeTooLarge, HedgeWrongWay, Hedged, InsufficientCash,
    InsufficientLiquidity, NoLegs, SlippageAboveCap, TooManyLegs, VenueFailed, VenueNotAllowed,
    VenueUnderfilled,
};
use interfaces::venue::IHedgeVenue;
use inventory::Band;
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;

use crate::amounts::{int, to_i128, uint, MILLION, WAD, WAD_PER_MICRO, WAD_PER_PRICE};
use crate::error::{calldata, emit, ensure, fail, OrOverflow, Result, Revert};
use crate::liquidity::positive;
use crate::lock;
use crate::risk::Position;
use crate::state::{decrease, increase, small, word64, Session, Vault};

/// Most legs of one hedge.
const MAX_LEGS: usize = 4;

/// The state of the hedge, in cash at the feed's price [micro-USD].
struct Skew {
    target: i128,
    reachable: i128,
    position: i128,
    band: Band,
    due: i128,
}

impl Skew {
    /// How far the hedge is from the target that can be reached.
    fn deviation(&self) -> i128 {
        self.reachable.saturating_sub(self.position)
    }
}

impl Vault {
    fn skew(&self, session: &Session) -> Result<Skew> {
        let Position { delta, band, .. } = self.mark(session)?;
        let position = i128::try_from(self.hedge_value(session.price.spot)?).or_overflow()?;
        let target = delta.checked_neg().or_overflow()?;
        let most = position.checked_add(self.liquid(&session.pool)?.max(0)).or_overflow()?;
        let reachable = target.clamp(0, most);
        let due = inventory::hedge_due(reachable.checked_sub(position).or_overflow()?, &band);
        Ok(Skew { target, reachable, position, band, due })
    }

    /// Units of the underlying, 18 decimals, of a cash amount at the feed's price.
    pub(crate) fn units(&self, session: &Session, cash: i128) -> Result<i128> {
        let spot = u128::from(session.price.spot).checked_mul(WAD_PER_PRICE).or_overflow()?;
        let wad = cash.unsigned_abs().checked_mul(WAD_PER_MICRO).or_overflow()?;
        let size = i128::try_from(maths::mul_div_down(wad, WAD, spot).or_overflow()?).or_overflow()?;
        if cash < 0 {
            size.checked_neg().or_overflow()
        } else {
            Ok(size)
        }
    }

    /// Token units of a size with 18 decimals, towards zero.
    pub(crate) fn token_units(&self, size: i128) -> Result<u128> {
        let grain = WAD.checked_div(self.hedge_unit()?).or_overflow()?;
        size.unsigned_abs().checked_div(grain).or_overflow()
    }

    fn require_venue(&self, venue: Address, now: u64) -> Result<()> {
        let allowed_from = word64(self.venues.get(venue));
        ensure(allowed_from != 0 && now >= allowed_from, || VenueNotAllowed {
            venue,
            allowedFrom: uint(allowed_from.into()),
        })
    }

    /// Checks a plan against what is due: same way, and no further than the far edge of the band.
    fn check_plan(&self, session: &Session, skew: &Skew, legs: &[HedgeLeg]) -> Result<()> {
        ensure(!legs.is_empty(), || NoLegs {})?;
        ensure(legs.len() <= MAX_LEGS, || TooManyLegs {
            legs: uint(u128::try_from(legs.len()).unwrap_or(u128::MAX)),
            limit: uint(4),
        })?;
        let deviation = self.units(session, skew.deviation())?;
        let band = self.units(session, i128::try_from(skew.band.outer).or_overflow()?)?;
        ensure(skew.due != 0, || HedgeNotNeeded { deviation: int(deviation), band: int(band).into_raw() })?;
        let inner = self.units(session, i128::try_from(skew.band.inner).or_overflow()?)?;
        let most = deviation.unsigned_abs().checked_add(inner.unsigned_abs()).or_overflow()?;
        let mut total = 0_u128;
        for leg in legs {
            let size = to_i128(leg.size).or_overflow()?;
            ensure(size != 0 && (size > 0) == (deviation > 0), || HedgeWrongWay {
                size: leg.size,
                due: int(deviation),
            })?;
            total = total.checked_add(size.unsigned_abs()).or_overflow()?;
            ensure(total <= most, || HedgeTooLarge { size: leg.size, due: int(deviation) })?;
        }
        Ok(())
    }

    /// Value of token units at the feed's price, rounded down [micro-USD].
    pub(crate) fn cash_of(&self, session: &Session, units: u128) -> Result<u128> {
        let spot = u128::from(session.price.spot).checked_mul(WAD_PER_PRICE).or_overflow()?;
        self.cash_at(units, spot, true)
    }

    /// Trades a leg, says so, and returns the cash that it took or gave.
    pub(crate) fn hedge_leg(&mut self, session: &Session, leg: &HedgeLeg, target: I256) -> Result<u128> {
        let cash = self.hedge_through(session, leg)?;
        let price = self.price_of(cash, self.token_units(to_i128(leg.size).or_overflow()?)?)?;
        let (caller, position) = (self.vm().msg_sender(), int(self.hedge_size()?));
        let (venue, size) = (leg.venue, leg.size);
        emit(self.vm(), &Hedged { caller, venue, size, price: uint(price), position, target });
        Ok(cash)
    }

    /// Trades `size` (18 decimals) through a venue and books what the balances say: the cash that it took or gave.
    fn hedge_through(&mut self, session: &Session, leg: &HedgeLeg) -> Result<u128> {
        self.require_venue(leg.venue, session.now)?;
        let size = to_i128(leg.size).or_overflow()?;
        let buying = size > 0;
        let units = self.token_units(size)?;
        let worst = worst_price(session, buying, leg.limitPrice)?;
        let cash_limit = self.cash_at(units, worst, buying)?;

        let (filled, cash) = self.swap(leg.venue, buying, units, cash_limit)?;
        ensure(filled == units, || VenueUnderfilled { size: leg.size, filled: uint_to_int(filled) })?;
        let price = self.price_of(cash, filled)?;
        let within = if buying { cash <= cash_limit } else { cash >= cash_limit };
        ensure(within, || SlippageAboveCap { price: uint(price), worst: uint(worst) })?;

        self.book_hedge(buying, filled, cash)?;
        Ok(cash)
    }

    /// Cash for token units at a price with 18 decimals, rounded against the caller: the cap is down to buy, up to sell.
    pub(crate) fn cash_at(&self, units: u128, price: u128, buying: bool) -> Result<u128> {
        let scale = self.hedge_unit()?.checked_mul(WAD_PER_MICRO).or_overflow()?;
        let cash = if buying { maths::mul_div_down } else { maths::mul_div_up };
        cash(units, price, scale).or_overflow()
    }

    /// Price with 18 decimals that `cash` for `units` comes to.
    pub(crate) fn price_of(&self, cash: u128, units: u128) -> Result<u128> {
        let scale = self.hedge_unit()?.checked_mul(WAD_PER_MICRO).or_overflow()?;
        Ok(maths::mul_div_down(cash, scale, units.max(1)).unwrap_or(u128::MAX))
    }

    pub(crate) fn book_hedge(&mut self, buying: bool, filled: u128, cash: u128) -> Result<()> {
        if buying {
            increase(&mut self.hedge, filled)?;
            self.debit_cash(cash)
        } else {
            decrease(&mut self.hedge, filled)?;
            self.credit_cash(cash)
        }
    }

    /// Sends the input to the venue, calls it, and measures both balances: (underlying, USDC) that changed hands.
    fn swap(&mut self, venue: Address, buying: bool, units: u128, cash_limit: u128) -> Result<(u128, u128)> {
        let vm = self.vm().clone();
        let vault = vm.contract_address();
        let (asset, underlying) = (self.asset_token(), self.underlying_token());
        if buying {
            self.need_free(cash_limit)?;
            let free = positive(&self.free_cash()?);
            ensure(cash_limit <= free, || InsufficientLiquidity {
                needed: uint(cash_limit),
                available: uint(free),
            })?;
        } else {
            let held = small(self.hedge.get());
            ensure(units <= held, || InsufficientLiquidity { needed: uint(units), available: uint(held) })?;
        }
        let cash_before = asset.balance(&vm, vault)?;
        let held_before = underlying.balance(&vm, vault)?;
        let (input, amount) = if buying { (asset, cash_limit) } else { (underlying, units) };
        input.push(&vm, venue, amount)?;

        let size = if buying { uint_to_int(units) } else { uint_to_int(units).wrapping_neg() };
        let data = calldata(&IHedgeVenue::hedgeCall { size, cashLimit: uint(cash_limit) });
        // SAFETY: the storage cache is flushed first and the lock keeps the venue out of the vault's storage.
        let answer =
            unsafe { RawCall::new(&vm).limit_return_data(0, 4).flush_storage_cache().call(venue, &data) };
        if let Err(data) = answer {
            let reason = data.first_chunk::<4>().copied().unwrap_or_default();
            return fail(VenueFailed { venue, reason: FixedBytes(reason) });
        }
        let cash_after = asset.balance(&vm, vault)?;
        let held_after = underlying.balance(&vm, vault)?;
        if buying {
            Ok((held_after.saturating_sub(held_before), cash_before.saturating_sub(cash_after)))
        } else {
            Ok((held_before.saturating_sub(held_after), cash_after.saturating_sub(cash_before)))
        }
    }

    /// Makes sure that `amount` of USDC is there, from the pool and, short of that, by selling hedges through the default venue. It needs a
    /// price only for these.
    pub(crate) fn raise_cash(&mut self, amount: u128) -> Result<()> {
        let mut available = small(self.cash.get());
        if available >= amount {
            return Ok(());
        }
        self.need_cash(i128::try_from(amount.saturating_sub(available)).or_overflow()?)?;
        available = small(self.cash.get());
        if available >= amount {
            return Ok(());
        }
        let short = InsufficientCash { needed: uint(amount), available: uint(available) };
        let session = self.priced()?;
        let missing = amount.checked_sub(available).or_overflow()?;
        let worst = worst_price(&session, false, U256::ZERO)?;
        let scale = self.hedge_unit()?.checked_mul(WAD_PER_MICRO).or_overflow()?;
        let units = maths::mul_div_up(missing, scale, worst).or_overflow()?;
        ensure(units <= small(self.hedge.get()), || short)?;
        let venue = self.default_venue.get();
        self.require_venue(venue, session.now)?;
        let (filled, cash) = self.swap(venue, false, units, missing)?;
        let price = self.price_of(cash, filled)?;
        ensure(filled == units && cash >= missing, || SlippageAboveCap {
            price: uint(price),
            worst: uint(worst),
        })?;
        self.book_hedge(false, filled, cash)?;
        let position = self.hedge_size()?;
        let caller = self.vm().msg_sender();
        let size = uint_to_int(self.wad_units(filled)?).wrapping_neg();
        emit(
            self.vm(),
            &Hedged { caller, venue, size, price: uint(price), position: int(position), target: int(0) },
        );
        Ok(())
    }

    /// Hedges held, 18 decimals.
    pub(crate) fn hedge_size(&self) -> Result<i128> {
        i128::try_from(self.wad_units(small(self.hedge.get()))?).or_overflow()
    }

    pub(crate) fn wad_units(&self, units: u128) -> Result<u128> {
        units.checked_mul(WAD.checked_div(self.hedge_unit()?).or_overflow()?).or_overflow()
    }
}

/// The worst price that a hedge may pay or take [18 decimals]: the caller's limit inside the slippage cap round the feed's price.
pub(crate) fn worst_price(session: &Session, buying: bool, limit: U256) -> Result<u128> {
    let spot = u128::from(session.price.spot).checked_mul(WAD_PER_PRICE).or_overflow()?;
    let slip = u128::from(session.profile.maxSlippage);
    let factor = if buying { MILLION.checked_add(slip) } else { MILLION.checked_sub(slip) };
    let cap = maths::mul_div_down(spot, factor.or_overflow()?, MILLION).or_overflow()?;
    let limit = crate::amounts::to_u128(limit).unwrap_or(u128::MAX);
    Ok(match (limit, buying) {
        (0, _) => cap,
        (_, true) => cap.min(limit),
        (_, false) => cap.max(limit),
    })
}

fn uint_to_int(number: u128) -> I256 {
    int(i128::try_from(number).unwrap_or(i128::MAX))
}

/// Hedging. `abi/IVault.sol` is the manual.
#[public]
pub trait Hedging {
    /// Whether a hedge is due, and which.
    fn hedge_needed(&self) -> Result<Hedge>;
    /// Hedges through the legs of a plan.
    fn rebalance(&mut self, legs: Vec<HedgeLeg>, deadline: U256) -> Result<I256>;
}

#[public]
impl Hedging for Vault {
    fn hedge_needed(&self) -> Result<Hedge> {
        lock::check()?;
        let session = self.session()?;
        let skew = self.skew(&session)?;
        let units = |cash| self.units(&session, cash).map(int);
        let half_width = |cash| Ok::<U256, Revert>(units(i128::try_from(cash).or_overflow()?)?.into_raw());
        Ok(Hedge {
            needed: skew.due != 0,
            position: int(self.hedge_size()?),
            target: units(skew.target)?,
            reachable: units(skew.reachable)?,
            inner: half_width(skew.band.inner)?,
            outer: half_width(skew.band.outer)?,
            size: units(skew.due)?,
        })
    }

    fn rebalance(&mut self, legs: Vec<HedgeLeg>, deadline: U256) -> Result<I256> {
        lock::take()?;
        let timestamp = uint(self.now().into());
        ensure(timestamp <= deadline, || DeadlinePassed { deadline, timestamp })?;
        let session = self.session()?;
        let skew = self.skew(&session)?;
        self.check_plan(&session, &skew, &legs)?;
        let target = int(self.units(&session, skew.target)?);

        let start = self.hedge_size()?;
        for leg in &legs {
            self.hedge_leg(&session, leg, target)?;
        }
        let filled = self.hedge_size()?.checked_sub(start).or_overflow()?;
        lock::release();
        Ok(int(filled))
    }
}
