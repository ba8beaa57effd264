//! What an account is worth and what it must have: its own book, in the place of the vault's, before the vault's risk engine.

use alloc::vec::Vec;

use alloy_primitives::Address;
use book::{add_lots, Place, Request, Stored};
use interfaces::margin::IMargin::{SettlementDue, SurfaceStale};
use interfaces::settings::Settings;
use interfaces::words::uint;
use options::{Kind, Series, STRIKES_PER_SLOT};
use stylus_sdk::prelude::*;

use crate::account::{Account, Leg};
use crate::error::{Revert, Unmarked};
use crate::vault::Margined;
use crate::Margin;

/// More gas than a mark takes at the greatest sizes.
const MARK_GAS: u64 = 1_000_000;

/// An account, marked [micro-USD].
#[derive(Clone, Copy, Default)]
pub(crate) struct Health {
    /// Cash and value of the book.
    pub(crate) equity: i128,
    pub(crate) initial: u128,
    pub(crate) maintenance: u128,
    pub(crate) uncovered: u128,
}

impl Health {
    /// What equity lacks of the initial margin; negative where there is more.
    pub(crate) fn shortage(&self) -> i128 {
        i128::try_from(self.initial).unwrap_or(i128::MAX).saturating_sub(self.equity)
    }

    /// Whether the account may open and take out.
    pub(crate) fn is_initial(&self) -> bool {
        self.shortage() <= 0
    }

    /// Whether the account may be liquidated.
    pub(crate) fn is_short(&self) -> bool {
        i128::try_from(self.maintenance).is_ok_and(|least| self.equity < least)
    }
}

/// The market as the vault tells it now.
pub(crate) struct Market {
    told: Request,
    /// Size of a lot [1e-18]
    pub(crate) lot: u64,
    /// [s]
    max_age: u32,
}

impl Market {
    /// What the engine is asked about an account: its short options as negative lots, its cash, no hedge.
    fn request(&self, owner: Address, account: &Account) -> Result<Request, Unmarked> {
        let mut stored: Vec<Stored> = Vec::new();
        for leg in &account.legs {
            let due = || Unmarked::Due(SettlementDue { account: owner, expiry: leg.expiry() });
            let series = Series::from_id(leg.series).ok_or_else(due)?;
            let at = match stored.iter().position(|one| one.header.expiry == series.expiry) {
                Some(at) => at,
                None => {
                    stored.push(self.empty(&series).ok_or_else(due)??);
                    stored.len().saturating_sub(1)
                }
            };
            let written = stored.get_mut(at).and_then(|one| write(one, &series, leg, self.lot));
            written.ok_or_else(due)?;
        }
        let mut request = Request::of_book(self.told.settings, self.told.spot, self.told.now, stored);
        request.free = account.cash.into();
        Ok(request)
    }

    /// The expiry of a series with nothing written in it; none for one that has passed.
    fn empty(&self, series: &Series) -> Option<Result<Stored, Unmarked>> {
        let live = self.told.stored.iter().find(|one| one.header.expiry == series.expiry)?;
        if live.header.expiry <= self.told.now {
            return None;
        }
        let updated = live.slice.map_or(0, |slice| slice.updated_at);
        let stale = self.told.now.saturating_sub(updated) >= self.max_age;
        if stale {
            let (updated_at, max) = (uint(updated.into()), uint(self.max_age.into()));
            let expiry = series.expiry.into();
            return Some(Err(Unmarked::Stale(SurfaceStale { expiry, updatedAt: updated_at, maxAge: max })));
        }
        let mut empty = live.clone();
        (empty.header.put_lots, empty.header.put_index_sum) = (0, 0);
        empty.lots.fill([0; 32]);
        empty.depth = None;
        Some(Ok(empty))
    }
}

/// Puts what a leg has written into the book of its expiry. None for a strike that is not on the grid.
fn write(stored: &mut Stored, series: &Series, leg: &Leg, lot: u64) -> Option<()> {
    let strike = stored.header.grid.index_of(series.strike)?;
    let lots = i32::try_from(leg.size.checked_div(lot.into())?).ok()?.checked_neg()?;
    let place = Place { index: stored.index, strike };
    add_lots(stored.lots.get_mut(usize::from(place.strike / STRIKES_PER_SLOT))?, strike, lots).ok()?;
    match series.kind {
        Kind::Call => Some(()),
        Kind::Put => stored.header.add_puts(strike, lots).ok(),
    }
}

impl Margin {
    /// The market now.
    pub(crate) fn market(&self) -> Result<Market, Unmarked> {
        let told = self.told()?;
        let profile = Settings::unpack(&told.settings).profile;
        if profile.lot == 0 {
            return Err(Unmarked::failed(self.vault.get()));
        }
        Ok(Market { told, lot: profile.lot, max_age: profile.maxSurfaceAge })
    }

    /// Marks an account at a market.
    pub(crate) fn mark_at(
        &self,
        market: &Market,
        owner: Address,
        account: &Account,
    ) -> Result<Health, Unmarked> {
        if account.legs.is_empty() {
            return Ok(Health { equity: account.cash.into(), ..Health::default() });
        }
        let Margined { value, initial, maintenance, uncovered } =
            self.margined(&market.request(owner, account)?)?;
        let equity = i128::from(account.cash).saturating_add(value);
        Ok(Health { equity, initial, maintenance, uncovered })
    }

    /// Marks an account now. One that has written nothing needs no market.
    pub(crate) fn mark(&self, owner: Address, account: &Account) -> Result<Health, Unmarked> {
        if account.legs.is_empty() {
            return Ok(Health { equity: account.cash.into(), ..Health::default() });
        }
        self.mark_at(&self.market()?, owner, account)
    }

    /// Marks an account if it can be, for what waits for no price.
    pub(crate) fn mark_if_any(&self, owner: Address, account: &Account) -> Result<Option<Health>, Revert> {
        let left = self.vm().evm_gas_left();
        match self.mark(owner, account) {
            Ok(health) => Ok(Some(health)),
            // With less than a mark may take nobody knows whether it can be made.
            Err(unmarked) if left < MARK_GAS => unmarked.refuse(),
            Err(_) => Ok(None),
        }
    }
}
