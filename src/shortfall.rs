//! Shortfall: what becomes of the series when they are worth more than the vault has.
//!
//! While NAV at mid is below zero anyone may record it, once, at a price that has held for a round. From then on nobody trades with the
//! vault: every live series is settled at its model value at that instant, and shares what is left in proportion to it. Settled claims and
//! processed redemptions come first and are paid in full; shares get nothing. What accounts pay in afterwards is shared as well: claims of what
//! was live wait until all accounts have, which anyone can have them do at once (`IMargin.settleAccount`), or for a week.
//!
//! Why at model value: an option with time left is worth more than its payoff today, and a ratio of payoffs still to come could not be
//! fixed without knowing them. Why in kind: what is left is cash and hedges, and each claim takes its part of both. So a claim needs no
//! price, no venue and no sale, no later price moves value from one claim to another, and early and late are alike to the unit.

use alloc::vec::Vec;

use ::book::{add_lots, slots, Header, Stored, MAX_EXPIRIES};
use alloy_primitives::{B256, U64};
use interfaces::vault::IVault::{InShortfall, ShortfallRecorded, Solvent};
use options::{Kind, Series, Slice};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageArray, StorageB256, StorageU64};

use crate::amounts::{int, uint, MILLION, WAD_PER_PRICE};
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::liquidity::positive;
use crate::settlement::Ratio;
use crate::state::{at, increase, put, small, wide, word64, Row, Vault};

/// Numbers of a shortfall: the value of all live series, what of it was claimed [micro-USD], and the cash [USDC] and the hedges [token
/// units] that they share.
const TOTAL: usize = 0;
const CLAIMED: usize = 1;
const CASH: usize = 2;
const HEDGE: usize = 3;

/// How long claims wait for accounts to pay in what they owe [s].
const PAY_IN: u64 = 7 * 86_400;

/// Words of a frozen expiry.
const FROZEN: usize = 3;

/// What a value is computed for, for the sake of its precision [lots].
const LOTS: i32 = 1_000_000;

/// The recorded instant.
#[storage]
pub struct Shortfall {
    /// Zero while there is none // [s]
    since: StorageU64,
    /// [1e-8 USD]
    spot: StorageU64,
    numbers: Row,
    /// Header, slice and rate of each live expiry.
    frozen: StorageArray<StorageB256, 36>,
}

impl Vault {
    /// Whether a shortfall is recorded, and since when.
    pub(crate) fn require_no_shortfall(&self) -> Result<()> {
        let since = word64(self.shortfall.since.get());
        ensure(since == 0, || InShortfall { since: uint(since.into()) })
    }

    /// Records that liabilities exceed assets.
    pub(crate) fn record(&mut self) -> Result<()> {
        self.require_closed()?;
        let session = self.session()?;
        let stored = self.stored(&session)?;
        let position = self.mark(&session)?;
        self.require_open(&session, &position)?;
        let nav = self.nav_parts(&session, &position)?;
        ensure(nav.mid < 0, || Solvent { nav: int(nav.mid) })?;

        self.empty_pool()?;
        self.raise_cash(nav.owed)?;
        let written = self.written_book(&stored);
        let due = if written.is_empty() {
            0
        } else {
            positive(&self.value(&session, written, session.price.spot, session.now32()?)?)
        };
        self.book_receivable(due)?;
        let cash = positive(&self.free_cash()?);
        let hedge = small(self.hedge.get());
        let total = positive(&position.value.saturating_neg()).checked_add(due).or_overflow()?;
        let shortfall = &mut self.shortfall;
        shortfall.since.set(U64::from_limbs([session.now]));
        shortfall.spot.set(U64::from_limbs([session.price.spot]));
        put(&mut shortfall.numbers, TOTAL, total)?;
        put(&mut shortfall.numbers, CASH, cash)?;
        put(&mut shortfall.numbers, HEDGE, hedge)?;
        for (place, Stored { index, header, slice, rate, .. }) in stored.into_iter().enumerate() {
            self.freeze(place, 0, header.pack())?;
            self.freeze(place, 1, slice.map_or([0; 32], |slice| slice.pack()))?;
            self.freeze(place, 2, int(rate.into()).into_raw().to_be_bytes())?;
            self.clear(index)?;
        }
        increase(&mut self.claims_owed, cash)?;
        self.hedge.set(wide(0));
        self.store_paused(true);

        let spot = u128::from(session.price.spot).checked_mul(WAD_PER_PRICE).or_overflow()?;
        let (claims, cash, hedge) = (uint(total), uint(cash), uint(hedge));
        emit(self.vm(), &ShortfallRecorded { claims, cash, hedge, spot: uint(spot) });
        Ok(())
    }

    /// Has the series that were live share what an account pays in.
    pub(crate) fn share_out(&mut self, cash: u128) -> Result<()> {
        if word64(self.shortfall.since.get()) == 0 {
            return Ok(());
        }
        increase(&mut self.claims_owed, cash)?;
        let shared = at(&self.shortfall.numbers, CASH).checked_add(cash).or_overflow()?;
        put(&mut self.shortfall.numbers, CASH, shared)
    }

    fn freeze(&mut self, place: usize, part: usize, word: [u8; 32]) -> Result<()> {
        let at = place.saturating_mul(FROZEN).saturating_add(part);
        self.shortfall.frozen.setter(at).or_overflow()?.set(B256::from(word));
        Ok(())
    }

    /// A book of one series as it was at the instant, short of [`LOTS`]; none for a series that was not live.
    fn frozen(&self, series: &Series) -> Option<Stored> {
        let word = |at| self.shortfall.frozen.get(at).map(|word| word.0);
        let at = (0..MAX_EXPIRIES).map(|place| place.saturating_mul(FROZEN));
        let at = { at }.find(|at| {
            word(*at).is_some_and(|word| Header::unpack(&word).expiry == series.expiry && word != [0; 32])
        })?;
        let mut header = Header::unpack(&word(at)?);
        let strike = header.grid.index_of(series.strike)?;
        let lots = LOTS.checked_neg()?;
        (header.put_lots, header.put_index_sum) = (0, 0);
        if matches!(series.kind, Kind::Put) {
            header.add_puts(strike, lots).ok()?;
        }
        let mut words = vec![[0; 32]; slots(&header).into()];
        add_lots(words.get_mut(usize::from(strike / 8))?, strike, lots).ok()?;
        let slice = word(at.saturating_add(1)).filter(|word| *word != [0; 32]);
        let slice = slice.map(|word| Slice::unpack(&word));
        let [.., a, b, c, d] = word(at.saturating_add(2))?;
        let rate = i32::from_be_bytes([a, b, c, d]);
        Some(Stored { index: 0, header, slice, rate, lots: words, depth: None })
    }

    /// Value of `size` of a series at the instant [micro-USD], rounded as `ratio` does. None for a series that was not live.
    pub(crate) fn frozen_value(&self, series: &Series, size: u128, ratio: Ratio) -> Result<Option<u128>> {
        let Some(stored) = self.frozen(series) else { return Ok(None) };
        let (spot, since) = (word64(self.shortfall.spot.get()), word64(self.shortfall.since.get()));
        let session = self.unpriced();
        let value = self.value(&session, vec![stored], spot, u32::try_from(since).or_overflow()?)?;
        let sizes = u128::from(session.profile.lot).checked_mul(MILLION).or_overflow()?;
        ratio(positive(&value.saturating_neg()), size, sizes).or_overflow().map(Some)
    }

    /// Counts `size` of a series that was live as claimed: its cash and its hedges. None for any other series.
    pub(crate) fn claim_frozen(&mut self, series: &Series, size: u128) -> Result<Option<(u128, u128)>> {
        let value = self.frozen_value(series, size, maths::mul_div_down)?;
        let Some(value) = value else { return Ok(None) };
        let since = word64(self.shortfall.since.get());
        let shared = self.receivable() == 0 || self.now() >= since.saturating_add(PAY_IN);
        ensure(shared, || InShortfall { since: uint(since.into()) })?;
        let numbers = &mut self.shortfall.numbers;
        let (total, before) = (at(numbers, TOTAL), at(numbers, CLAIMED));
        let after = before.saturating_add(value).min(total);
        put(numbers, CLAIMED, after)?;
        let part = |of| {
            let up_to = |claimed| maths::mul_div_down(at(&self.shortfall.numbers, of), claimed, total);
            up_to(after)?.checked_sub(up_to(before)?)
        };
        Ok(Some((part(CASH).or_overflow()?, part(HEDGE).or_overflow()?)))
    }
}
