//! The stored book in readable form.

use alloc::vec::Vec;

use book::Stored;
use interfaces::lens::ILens::{self, ExpiryBook};
use interfaces::words::{int, uint};
use options::{Published, Slice};

use crate::amounts::micro;
use crate::error::{OrOverflow, Result};
use crate::vault::State;

/// The book of a vault.
pub(crate) fn view(State { rules, request }: &State) -> Result<Vec<ExpiryBook>> {
    let size = |lots: i128| lots.checked_mul(rules.lot.into()).or_overflow().map(int);
    let one = |stored: &Stored| {
        let Stored { header, slice, rate, .. } = stored;
        Ok(ExpiryBook {
            expiry: header.expiry.into(),
            base: micro(header.grid.base)?,
            step: micro(header.grid.step)?,
            slice: slice.as_ref().map_or_else(ILens::Slice::default, |slice| slice_view(slice, *rate)),
            netSizes: stored.each_lots().map(|lots| size(lots.into())).collect::<Result<_>>()?,
            putSize: size(header.put_lots.into())?,
            putIndexSum: size(header.put_index_sum.into())?,
        })
    };
    request.stored.iter().map(one).collect()
}

fn slice_view(slice: &Slice, rate: i32) -> ILens::Slice {
    let one = Published::of(slice, rate);
    let [rate, a, b, rho, m, s] = [one.rate, one.a, one.b, one.rho, one.m, one.s].map(int);
    ILens::Slice { updatedAt: slice.updated_at.into(), rate, a, b, rho, m, s, forward: uint(one.forward) }
}
