//! Greeks in units of the ABI.

use alloc::vec::Vec;

use alloy_primitives::U256;
use book::{Mark, Place, WORD};
use interfaces::lens::ILens::{ExpiryGreeks, Greeks, UnknownSeries};
use interfaces::words::{int, to_u128};
use options::{Series, Totals, COARSE};

use crate::amounts::{scaled, WAD};
use crate::error::{OrOverflow, Result};
use crate::vault::Marked;

/// 1e-8 USD in a USD.
const PRICE: i128 = 100_000_000;
/// Lots are multiples of this many 1e-18, and ten of a product with spot are 1e-18 USD.
const LOT_GRAIN: u64 = 1_000_000_000;

/// Greeks of the book.
pub(crate) fn whole(Marked { state, mark }: &Marked) -> Result<Greeks> {
    of(&mark.totals(), state.rules.lot, state.request.spot)
}

/// Greeks of sums over lots of `lot` [1e-18] at `spot` [1e-8 USD].
fn of(totals: &Totals, lot: u64, spot: u64) -> Result<Greeks> {
    let dollars =
        u128::from(lot / LOT_GRAIN).checked_mul(spot.into()).or_overflow()?.checked_mul(10).or_overflow()?;
    let money = |sum: i128, bits| scaled(sum, dollars, bits);
    let gamma = maths::mul_shift_floor(totals.gamma, lot.into(), COARSE).or_overflow()?;
    let gamma = gamma.checked_mul(PRICE).or_overflow()?.checked_div(spot.into()).or_overflow()?;
    Ok(Greeks {
        value: money(totals.value, WORD)?,
        delta: scaled(totals.delta, lot.into(), WORD)?,
        gamma: int(gamma),
        vega: money(totals.vega, WORD)?,
        theta: money(totals.theta, COARSE)?,
        vanna: scaled(totals.vanna, lot.into(), COARSE)?,
        volga: money(totals.volga, COARSE)?,
    })
}

/// Greeks of each expiry's part of the book.
pub(crate) fn by_expiry(Marked { state, mark }: &Marked) -> Result<Vec<ExpiryGreeks>> {
    let (lot, spot) = (state.rules.lot, state.request.spot);
    let expiries = mark.expiries.iter();
    let one = expiries.map(|one| {
        Ok(ExpiryGreeks { expiry: one.stored.header.expiry.into(), greeks: of(&one.sums, lot, spot)? })
    });
    one.collect()
}

/// Greeks of one option.
pub(crate) fn of_series(Marked { state, mark }: &Marked, id: U256) -> Result<Greeks> {
    let series = to_u128(id).and_then(Series::from_id);
    let listed = series.and_then(|series| Some((place(mark, &series)?, series.kind)));
    let (place, kind) = listed.ok_or(UnknownSeries { series: id })?;
    let quoted = mark.expiry(place).and_then(|expiry| expiry.strike(place.strike, kind)).or_overflow()?;
    let mut one = Totals::default();
    one.add(1, &quoted);
    of(&one, WAD, state.request.spot)
}

/// Where a series is listed.
pub(crate) fn place(mark: &Mark, series: &Series) -> Option<Place> {
    let mut live = mark.expiries.iter().map(|expiry| &expiry.stored);
    let stored = live.find(|stored| stored.header.expiry == series.expiry)?;
    Some(Place { index: stored.index, strike: stored.header.grid.index_of(series.strike)? })
}
