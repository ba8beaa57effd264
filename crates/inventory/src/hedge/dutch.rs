//! The standing auction: the price at which anyone may take the other side of a hedge, with nothing posted.
//!
//! The first units are offered at the oracle's price and a premium for the vault. The price moves with the time since a hedge
//! is due, and faster for a larger excess x:
//!
//! ```text
//! marginal discount d(x) = -premium + (premium + end) min(1, (t / span) (1 + x / scale))
//! end = min(slip(t), spread floor of a unit of delta)
//! ```
//!
//! A fill that takes an excess from x to y is discounted by F(x) - F(y), F being the integral of d. So a fill in parts at one
//! moment is discounted what the whole is, less up to a micro-USD a part; the units that are dearest for the vault to leave
//! come first; and what is left keeps the price that it had. Only seasoned excess moves the price: what young trades made is
//! offered at the premium.

use super::rules::floor_rate;
use super::slip::slip;
use super::{Rules, at_rate, at_rate_up, usd};
use crate::Profile;

/// The auction at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dutch {
    /// What the first units pay over the oracle's price [1e-6].
    premium: u32,
    /// What the last discount is [1e-6].
    end: u32,
    /// Time gone, at most `span`.
    elapsed: u32,
    span: u32,
    /// Excess that doubles the speed [micro-USD].
    scale: u128,
}

impl Dutch {
    /// The auction of a hedge that has been due for `waited`.
    #[must_use]
    pub fn new(rules: &Rules, profile: &Profile, waited: u32) -> Self {
        let span = rules.auction_span.max(1);
        Self {
            premium: rules.auction_premium,
            end: slip(rules, waited).min(floor_rate(profile)),
            elapsed: waited.min(span),
            span,
            scale: usd(rules.auction_scale).max(1),
        }
    }

    /// What a fill of `size` gets below the oracle's price when the vault sells, above it when the vault buys [micro-USD];
    /// negative is what it pays on top. `seasoned` is the excess that counts ([`Young::seasoned`](super::Young::seasoned)).
    ///
    /// Never more than `end` of the seasoned size, rounded down: so always within slip(t). `None` beyond 128 bits, which takes
    /// a size above 2^80 micro-USD.
    #[must_use]
    pub fn discount(&self, size: u128, seasoned: u128) -> Option<i128> {
        let old = size.min(seasoned);
        let young = i128::try_from(at_rate_up(size.checked_sub(old)?, self.premium)?).ok()?;
        let most = i128::try_from(at_rate(old, self.end)?).ok()?;
        let left = seasoned.checked_sub(old)?;
        let discount = self.integral(seasoned)?.checked_sub(self.integral(left)?)?;
        discount.min(most).checked_sub(young)
    }

    /// Cash of a fill of `size` at a discount: what the vault pays when it buys, gets when it sells [micro-USD]. `None` below zero,
    /// or beyond 128 bits.
    #[must_use]
    pub fn cash(buying: bool, size: u128, discount: i128) -> Option<u128> {
        let size = i128::try_from(size).ok()?;
        let cash = if buying { size.checked_add(discount) } else { size.checked_sub(discount) };
        u128::try_from(cash?).ok()
    }

    /// F(x), rounded down. Monotone in the time gone, because each of its roundings is.
    fn integral(&self, x: u128) -> Option<i128> {
        let total = u128::from(self.premium).checked_add(self.end.into())?;
        let moved = i128::try_from(self.moved(x)?.checked_mul(total)?).ok()?;
        moved.checked_sub_unsigned(x.checked_mul(self.premium.into())?)?.checked_div_euclid(1_000_000)
    }

    /// The integral of min(1, (n / T) (1 + x / s)), rounded down, for a time n gone of T: n x (2 s + x) / (2 s T), and once the
    /// integrand has reached 1, which it does at x = s (T - n) / n, x - s (T - n)^2 / (2 n T).
    fn moved(&self, x: u128) -> Option<u128> {
        let (gone, span) = (u128::from(self.elapsed), u128::from(self.span));
        let left = span.saturating_sub(gone);
        let double = self.scale.checked_mul(2)?;
        if x.checked_mul(gone)? < self.scale.checked_mul(left)? {
            let divisor = double.checked_mul(span)?;
            return maths::mul_div_down(x.checked_mul(gone)?, double.checked_add(x)?, divisor);
        }
        if left == 0 {
            return Some(x);
        }
        let lag =
            maths::mul_div_up(self.scale, left.checked_mul(left)?, gone.checked_mul(span)?.checked_mul(2)?)?;
        x.checked_sub(lag)
    }
}
