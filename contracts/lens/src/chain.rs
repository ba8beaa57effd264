//! What options would trade at: premiums by the code that the vault runs, and whether the vault would, by its own word.

use alloc::vec::Vec;

use alloy_primitives::{FixedBytes, U256};
use book::{Order, Place};
use interfaces::lens::ILens::{ExpiryNotListed, OptionQuote, StrikeQuotes};
use interfaces::words::{int, to_u128, uint};
use inventory::Quote;
use options::{Kind, Series};

use crate::amounts::micro;
use crate::error::{fail, OrOverflow, Result};
use crate::vault::{Marked, Vault};

/// What is the same for every quote of a chain.
struct Desk<'a> {
    vault: &'a Vault<'a>,
    marked: Marked,
    /// [micro-USD]
    hedge: i128,
    /// [1e-18]
    size: i128,
    /// The same in lots, if they are whole.
    lots: Option<i32>,
}

/// Quotes of `size` [1e-18] of each series of an expiry.
pub(crate) fn quotes(vault: &Vault<'_>, expiry: u64, size: U256) -> Result<Vec<StrikeQuotes>> {
    let marked = vault.marked()?;
    let size = to_u128(size).and_then(|size| i128::try_from(size).ok()).or_overflow()?;
    let lots = whole_lots(size, marked.state.rules.lot);
    let hedge = marked.state.request.hedge.value;
    let desk = Desk { vault, marked, hedge, size, lots };
    let mut live = desk.marked.mark.expiries.iter().map(|one| &one.stored);
    let Some(stored) = live.find(|stored| u64::from(stored.header.expiry) == expiry) else {
        return fail(ExpiryNotListed { expiry });
    };
    let (index, header) = (stored.index, stored.header);
    let one = |strike: u8| {
        let price = header.grid.strike(strike).or_overflow()?;
        let place = Place { index, strike };
        let option = |kind| desk.option(place, Series { expiry: header.expiry, strike: price, kind });
        Ok(StrikeQuotes { strike: micro(price)?, call: option(Kind::Call)?, put: option(Kind::Put)? })
    };
    (0..header.grid.count).map(one).collect()
}

fn whole_lots(size: i128, lot: u64) -> Option<i32> {
    let whole = size.checked_rem(lot.into())? == 0;
    i32::try_from(size.checked_div(lot.into())?).ok().filter(|_| whole)
}

impl Desk<'_> {
    fn option(&self, place: Place, series: Series) -> Result<OptionQuote> {
        let (ask, ask_refusal) = self.side(place, series, 1)?;
        let (bid, bid_refusal) = self.side(place, series, -1)?;
        let premium = |quote: Option<Quote>| quote.map_or(0, |quote| quote.premium);
        Ok(OptionQuote {
            value: int(ask.map_or(0, |quote| quote.value)),
            bid: int(premium(bid).saturating_neg()),
            ask: int(premium(ask)),
            bidRefusal: bid_refusal,
            askRefusal: ask_refusal,
        })
    }

    /// One side: what it costs if it can be priced, and why the vault refuses it if it does. A vault whose word differs from its own code's
    /// has failed.
    fn side(&self, place: Place, series: Series, sign: i128) -> Result<(Option<Quote>, FixedBytes<4>)> {
        let told = self.vault.quote(uint(series.id()), self.size.saturating_mul(sign))?;
        let priced = self.price(place, series.kind, i32::try_from(sign).or_overflow()?);
        match told {
            Ok(premium) => {
                let same = priced.filter(|quote| quote.premium == premium);
                Ok((Some(self.vault.good(same)?), FixedBytes::ZERO))
            }
            Err(reason) => Ok((priced, reason)),
        }
    }

    fn price(&self, place: Place, kind: Kind, sign: i32) -> Option<Quote> {
        let lots = self.lots?.checked_mul(sign).filter(|lots| *lots != 0)?;
        let mut mark = self.marked.mark.clone();
        let priced = book::price(
            &self.marked.state.rules.profile,
            &mut mark,
            &[Order { place, kind, lots }],
            self.hedge,
        );
        priced.ok().map(|priced| priced.quote)
    }
}

/// What the vault would pay for the whole lots in `amount` [micro-USD].
pub(crate) fn collateral_value(vault: &Vault<'_>, series: U256, amount: U256) -> Result<U256> {
    let lot = i128::from(vault.state()?.rules.lot);
    let Some(amount) = to_u128(amount).and_then(|amount| i128::try_from(amount).ok()) else {
        return Ok(U256::ZERO);
    };
    let size = amount.checked_sub(amount.checked_rem(lot).or_overflow()?).or_overflow()?;
    let paid = vault.quote(series, size.saturating_neg())?.map_or(0, i128::saturating_neg);
    Ok(uint(u128::try_from(paid).unwrap_or_default()))
}
