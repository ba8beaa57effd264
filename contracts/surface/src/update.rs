//! An update: what is checked of it, and how it replaces the surface.

use alloc::vec::Vec;

use alloy_primitives::{aliases::U32, Bytes, B256, U64};
use book::Header;
use interfaces::contract::{emit, ensure, fail, Result};
use interfaces::surface::ISurface::{
    ButterflyArbitrage, CalendarArbitrage, ExpiryNotLive, NonceNotAbove, SliceFault, SliceInvalid,
    SliceMissing, SliceSet, SlicesNotAscending, StepAboveLimit, SurfacePublished, SurfaceSlice,
    SurfaceUpdate, UpdateBeforeLast, UpdateFromFuture, UpdateTooOld, WingArbitrage,
};
use interfaces::words::{int, to_i128, to_u128, uint};
use options::{check_rate, wad, Arbitrage, Entry, History, Published, SliceError, SurfaceError};
use stylus_sdk::prelude::*;

use crate::vault::Terms;
use crate::SurfaceFeed;

/// 18-decimal units in a micro-USD and in a millionth.
const PER_MICRO: u128 = 1_000_000_000_000;
const MILLION: u128 = 1_000_000;
/// Bits of variances and slopes, of densities and of vols.
const VARIANCE: u32 = 36;
const DENSITY: u32 = 40;
const VOL: u32 = 47;

/// A slice that is to be stored, with what it was checked against.
struct Fresh {
    entry: Entry,
    /// [Q30 / year]
    rate: i32,
    /// The rate that its step counts against, its own where it has none before [Q30 / year]
    before: i32,
}

impl SurfaceFeed {
    /// Checks an update and replaces the surface by it.
    pub(crate) fn replace(&mut self, update: &SurfaceUpdate, signatures: &[Bytes]) -> Result<()> {
        let now = self.vm().block_timestamp();
        let timestamp = self.check_moment(update, now)?;
        self.check_signatures(update, signatures)?;
        let terms = self.terms()?;
        let too_old = now.saturating_sub(update.timestamp) > terms.max_age.into();
        ensure(!too_old, || UpdateTooOld {
            timestamp: update.timestamp,
            now_: uint(now.into()),
            maxAge: uint(terms.max_age.into()),
        })?;
        let history = self.slices.history().turned(timestamp, terms.interval);
        let live: Vec<&Header> =
            terms.headers.iter().filter(|header| u64::from(header.expiry) > now).collect();
        check_expiries(&update.slices, &live)?;
        let fresh = self.fresh(update, &live, &history, timestamp)?;
        let moved = check_surface(&fresh, &live, terms.vol_step)?;

        self.store(update, &terms, (&history, moved), &live, &fresh);
        let submitter = self.vm().msg_sender();
        let (nonce, timestamp) = (update.nonce, update.timestamp);
        emit(self.vm(), &SurfacePublished { nonce, timestamp, submitter });
        for slice in &update.slices {
            let SurfaceSlice { expiry, rate, a, b, rho, m, s, forward } = slice.clone();
            emit(self.vm(), &SliceSet { expiry, rate, a, b, rho, m, s, forward });
        }
        Ok(())
    }

    /// For each expiry the slice and the rate that the step of an update made at `timestamp` counts against.
    pub(crate) fn bases(&self, timestamp: u64, expiries: &[u64]) -> Result<Vec<B256>> {
        let time = u32::try_from(timestamp).unwrap_or(u32::MAX);
        let history = self.slices.history().turned(time, self.interval()?);
        Ok(self.slices.words(&self.rates, history.base, expiries))
    }

    /// Refuses an update out of its turn: its nonce above the last, its time neither to come nor before the last. Its time.
    fn check_moment(&self, update: &SurfaceUpdate, now: u64) -> Result<u32> {
        let SurfaceUpdate { timestamp, nonce, .. } = *update;
        let (last_nonce, last) = (self.nonce(), self.timestamp());
        ensure(nonce > last_nonce, || NonceNotAbove { nonce, last: last_nonce })?;
        let future = UpdateFromFuture { timestamp, now_: uint(now.into()) };
        let Some(time) = u32::try_from(timestamp).ok().filter(|_| timestamp <= now) else {
            return fail(future);
        };
        ensure(timestamp >= last, || UpdateBeforeLast { timestamp, last })?;
        Ok(time)
    }

    /// The slices on their grid, each with what its step counts against.
    fn fresh(
        &self,
        update: &SurfaceUpdate,
        live: &[&Header],
        history: &History,
        timestamp: u32,
    ) -> Result<Vec<Fresh>> {
        let one = |(slice, header): (&SurfaceSlice, &&Header)| {
            let expiry = slice.expiry;
            let Some((stored, rate)) = published(slice).and_then(|slice| slice.stored(timestamp).ok()) else {
                return fail(SliceInvalid { expiry, fault: SliceFault::Range });
            };
            let to_expiry = |time: u32| header.expiry.saturating_sub(time);
            let base = self.slices.get(history.base, expiry);
            let before = base.map_or(rate, |(_, place)| self.rates.get(history.base, place));
            let last = base.map(|(slice, _)| (slice, to_expiry(slice.updated_at)));
            let entry = Entry { slice: stored, seconds: to_expiry(timestamp), grid: header.grid, last };
            Ok(Fresh { entry, rate, before })
        };
        update.slices.iter().zip(live).map(one).collect()
    }

    fn store(
        &mut self,
        update: &SurfaceUpdate,
        terms: &Terms,
        (history, moved): (&History, u32),
        live: &[&Header],
        fresh: &[Fresh],
    ) {
        let kept = |expiry: u32| terms.headers.iter().any(|header| header.expiry == expiry);
        for (header, Fresh { entry, rate, .. }) in live.iter().zip(fresh) {
            let made = (&entry.slice, *rate);
            self.slices.put(&mut self.rates, history.current, header.expiry, made, kept);
        }
        self.slices.record(history, moved);
        self.nonce.set(U64::from_limbs([update.nonce]));
        self.timestamp.set(U32::from_limbs([update.timestamp]));
    }
}

/// Refuses slices out of order, of expiries that are not live, and a surface without one that is.
fn check_expiries(slices: &[SurfaceSlice], live: &[&Header]) -> Result<()> {
    let mut previous = 0;
    for slice in slices {
        let expiry = slice.expiry;
        ensure(expiry > previous, || SlicesNotAscending { previous, expiry })?;
        let listed = live.iter().any(|header| u64::from(header.expiry) == expiry);
        ensure(listed, || ExpiryNotLive { expiry })?;
        previous = expiry;
    }
    let expiries = live.iter().map(|header| u64::from(header.expiry));
    let missing = expiries.into_iter().find(|expiry| !slices.iter().any(|slice| slice.expiry == *expiry));
    missing.map_or(Ok(()), |expiry| fail(SliceMissing { expiry }))
}

/// Checks each slice and its rate, and each against the one before: the largest move of a vol, or of a forward by its rate, rounded up [1e-6].
fn check_surface(fresh: &[Fresh], live: &[&Header], vol_step: u32) -> Result<u32> {
    let most = u128::from(vol_step).unbounded_shl(VOL).checked_div(MILLION).unwrap_or_default();
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    let (mut earlier, mut moved): (Option<(&Entry, u64)>, u64) = (None, 0);
    for (Fresh { entry, rate, before }, header) in fresh.iter().zip(live) {
        let expiry = u64::from(header.expiry);
        let checked = entry.check(earlier.map(|(entry, _)| entry), most);
        match checked.and_then(|by| Ok(by.max(check_rate(*before, *rate, entry.seconds, most)?))) {
            Ok(by) => moved = moved.max(by),
            Err(error) => return refuse(error, earlier.map_or(0, |(_, expiry)| expiry), expiry, vol_step),
        }
        earlier = Some((entry, expiry));
    }
    let moved = u128::from(moved).saturating_mul(MILLION).div_ceil(1 << VOL);
    Ok(u32::try_from(moved).unwrap_or(u32::MAX))
}

/// Says what is wrong with the slice of `expiry`.
fn refuse<T>(error: SurfaceError, earlier: u64, expiry: u64, vol_step: u32) -> Result<T> {
    let micro = |strike: u64| uint(u128::from(strike).saturating_mul(PER_MICRO));
    let number = |units, bits| uint(wad(units, bits).unsigned_abs());
    match error {
        SurfaceError::Order => fail(SlicesNotAscending { previous: earlier, expiry }),
        SurfaceError::Slice(error) => fail(SliceInvalid { expiry, fault: fault(error) }),
        SurfaceError::Step(step) => fail(StepAboveLimit {
            expiry,
            strike: micro(step.strike),
            from: number(step.from, VOL),
            to: number(step.to, VOL),
            limit: uint(u128::from(vol_step).saturating_mul(PER_MICRO)),
        }),
        SurfaceError::Arbitrage(Arbitrage::Butterfly { strike, density }) => {
            fail(ButterflyArbitrage { expiry, strike: micro(strike), density: int(wad(density, DENSITY)) })
        }
        SurfaceError::Arbitrage(Arbitrage::Wing { by }) => {
            fail(WingArbitrage { earlier, later: expiry, shortfall: number(by, VARIANCE) })
        }
        SurfaceError::Arbitrage(Arbitrage::Calendar { by }) => {
            fail(CalendarArbitrage { earlier, later: expiry, shortfall: number(by, VARIANCE) })
        }
    }
}

fn fault(error: SliceError) -> SliceFault {
    match error {
        SliceError::Range => SliceFault::Range,
        SliceError::Rho => SliceFault::Rho,
        SliceError::Sigma => SliceFault::Sigma,
        SliceError::NegativeVariance => SliceFault::NegativeVariance,
        SliceError::Wing => SliceFault::Wing,
    }
}

/// The slice's numbers, none when one of them is wider than 128 bits.
fn published(slice: &SurfaceSlice) -> Option<Published> {
    Some(Published {
        rate: to_i128(slice.rate)?,
        a: to_i128(slice.a)?,
        b: to_i128(slice.b)?,
        rho: to_i128(slice.rho)?,
        m: to_i128(slice.m)?,
        s: to_i128(slice.s)?,
        forward: to_u128(slice.forward)?,
    })
}
