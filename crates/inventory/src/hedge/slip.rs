//! The price cap of a hedge round the oracle's price, wider the longer a hedge has been due.

use super::{MILLION, Rules};

/// slip(t) [1e-6]: `slip_base` at once, then in a straight line to `slip_max` after `slip_span`. Rounded down.
#[must_use]
pub fn slip(rules: &Rules, waited: u32) -> u32 {
    let more = rules.slip_max.saturating_sub(rules.slip_base);
    rules.slip_base.saturating_add(ramped(more, waited, rules.slip_span))
}

/// The worst price that a hedge may pay or take, in the unit of `spot`: rounded down to buy, up to sell.
///
/// `None` when it exceeds 128 bits, or for a cap of more than the whole price.
#[must_use]
pub fn worst_price(spot: u128, buying: bool, slip: u32) -> Option<u128> {
    if buying {
        maths::mul_div_down(spot, MILLION.checked_add(slip.into())?, MILLION)
    } else {
        maths::mul_div_up(spot, MILLION.checked_sub(slip.into())?, MILLION)
    }
}

/// `whole` x `elapsed` / `span`, rounded down; all of it from `span` on.
pub(crate) fn ramped(whole: u32, elapsed: u32, span: u32) -> u32 {
    if elapsed >= span {
        return whole;
    }
    // A 64-bit product of two words, over a span that is not 0; the quotient is below `whole`.
    let part = u64::from(whole).wrapping_mul(elapsed.into()).checked_div(span.into());
    part.and_then(|part| u32::try_from(part).ok()).unwrap_or(0)
}
