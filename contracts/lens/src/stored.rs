//! The stored book in readable form.

use alloc::vec::Vec;

use book::Stored;
use interfaces::lens::ILens::{self, ExpiryBook};
use interfaces::words::int;
use options::Slice;

use crate::amounts::{micro, scaled, WAD};
use crate::error::{OrOverflow, Result};
use crate::vault::State;

/// Bits of the stored grid of a slice.
const VARIANCE: u32 = 36;
const RHO: u32 = 22;
const SHIFT: u32 = 28;
const RATE: u32 = 30;

/// The book of a vault.
pub(crate) fn view(State { rules, request }: &State) -> Result<Vec<ExpiryBook>> {
    let size = |lots: i128| lots.checked_mul(rules.lot.into()).or_overflow().map(int);
    let one = |stored: &Stored| {
        let Stored { header, slice, .. } = stored;
        Ok(ExpiryBook {
            expiry: header.expiry.into(),
            base: micro(header.grid.base)?,
            step: micro(header.grid.step)?,
            slice: slice
                .as_ref()
                .map_or_else(|| Ok(ILens::Slice::default()), |slice| slice_view(slice, stored.rate))?,
            netSizes: stored.each_lots().map(|lots| size(lots.into())).collect::<Result<_>>()?,
            putSize: size(header.put_lots.into())?,
            putIndexSum: size(header.put_index_sum.into())?,
        })
    };
    request.stored.iter().map(one).collect()
}

fn slice_view(slice: &Slice, rate: i32) -> Result<ILens::Slice> {
    let wad = |number: i64, bits| scaled(number.into(), WAD.into(), bits);
    Ok(ILens::Slice {
        updatedAt: slice.updated_at.into(),
        rate: wad(rate.into(), RATE)?,
        a: wad(slice.a, VARIANCE)?,
        b: wad(slice.b, VARIANCE)?,
        rho: wad(slice.rho.into(), RHO)?,
        m: wad(slice.m.into(), SHIFT)?,
        s: wad(slice.s, VARIANCE)?,
        forward: micro(slice.forward)?,
    })
}
