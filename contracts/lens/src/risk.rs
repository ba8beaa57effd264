//! What the book with its hedges can lose, and what NAV is made of.

use alloy_primitives::I256;
use book::Loss;
use interfaces::lens::ILens::{NavBreakdown, StressOutOfRange, WorstCase};
use interfaces::words::{int, to_i128, uint};
use inventory::{Coefficients, Exposure};

use crate::amounts::scaled;
use crate::error::{fail, OrOverflow, Result};
use crate::vault::{Marked, Nav, Vault};

/// Millionths are this many 1e-18.
const WAD_PER_MILLIONTH: i128 = 1_000_000_000_000;
/// Bits below a lot of a slope.
const SLOPE: u32 = 32;
/// Factors of spot and of vol that scenarios take [1e-6].
const SPOTS: core::ops::RangeInclusive<i32> = -950_000..=3_000_000;
const VOLS: core::ops::RangeInclusive<i32> = -750_000..=3_000_000;

/// P&L of one scenario.
pub(crate) fn stress(vault: &Vault<'_>, d_spot: I256, d_vol: I256) -> Result<I256> {
    let moves = (millionths(d_spot, &SPOTS), millionths(d_vol, &VOLS));
    let (Some(spot), Some(vol)) = moves else {
        return fail(StressOutOfRange { dSpot: d_spot, dVol: d_vol });
    };
    let Marked { state, mark } = vault.marked()?;
    book::stress(&mark, &state.request.hedge, spot, vol).or_overflow().map(int)
}

fn millionths(fraction: I256, range: &core::ops::RangeInclusive<i32>) -> Option<i32> {
    let millionths = to_i128(fraction)?.checked_div_euclid(WAD_PER_MILLIONTH)?;
    i32::try_from(millionths).ok().filter(|by| range.contains(by))
}

/// The worst that can happen to the book.
pub(crate) fn worst_case(vault: &Vault<'_>) -> Result<WorstCase> {
    let Marked { state, mark } = vault.marked()?;
    let Loss { worst, grid, settlement, slope } =
        book::worst_case(&mark, &state.request.hedge).or_overflow()?;
    Ok(WorstCase {
        loss: uint(worst),
        grid: grid.map(|row| row.map(int)),
        settlement: uint(settlement),
        slope: scaled(slope, state.rules.lot.into(), SLOPE)?,
    })
}

/// NAV as the vault says it, with its risk reserve by what is at risk.
pub(crate) fn nav_breakdown(vault: &Vault<'_>) -> Result<NavBreakdown> {
    let (marked, nav) = (vault.marked()?, vault.nav()?);
    let Nav {
        cash,
        owed,
        hedge,
        book,
        risk_reserve,
        unvested,
        pool,
        pool_liquid,
        receivable,
        broker,
        mid,
        low,
    } = nav;
    let position = marked.mark.position().or_overflow()?;
    let whole = position.exposure(marked.state.request.hedge.value).or_overflow()?;
    let coefficients = Coefficients::new(&marked.state.rules.profile);
    let charge = |part: Exposure<'_>| coefficients.risk(&part).or_overflow().map(uint);
    let at_hand = cash.checked_add(pool_liquid).or_overflow()?;
    let free = i128::try_from(at_hand).or_overflow()?.checked_sub_unsigned(owed).or_overflow()?;
    Ok(NavBreakdown {
        cash: uint(cash),
        owed: uint(owed),
        free: int(free),
        hedge: uint(hedge),
        book: int(book),
        riskReserve: uint(risk_reserve),
        riskDelta: charge(Exposure { delta: whole.delta, ..Exposure::default() })?,
        riskGamma: charge(Exposure { gamma: whole.gamma, ..Exposure::default() })?,
        riskVega: charge(Exposure { delta: 0, gamma: 0, ..whole })?,
        unvested: uint(unvested),
        pool: uint(pool),
        poolLiquid: uint(pool_liquid),
        receivable: uint(receivable),
        broker: int(broker),
        mid: int(mid),
        low: int(low),
    })
}
