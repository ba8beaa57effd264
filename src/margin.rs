//! Accounts that write options. The margin contract (`abi/IMargin.sol`) holds their cash and sees to their margin; the vault trades with
//! them at its quote, keeps what all of them have written beside its book, and counts on no more than they cover.
//!
//! The book is net of what accounts have written: holders of options are owed what the accounts owe besides. When an expiry settles, the
//! holders' part becomes claims, and the accounts' part a receivable until the margin contract pays it in.

use alloc::vec::Vec;

use ::book::{Header, Stored, MAX_EXPIRIES};
use alloy_primitives::{Address, I256, U256, U64};
use interfaces::vault::IVault::{
    Leg, MarginInUse, OnlyMargin, PaidAboveUncovered, PayoffReceived, SolvencyTooLow, UncoveredPaid,
    UncoveredSet,
};
use options::Kind;
use stylus_sdk::prelude::*;

use crate::amounts::{int, to_u128, uint};
use crate::book::Book;
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::lock;
use crate::satellite::MARGIN;
use crate::state::{word64, Session, Vault};
use crate::trading::For;

/// What accounts have written in live expiries: lots that the vault is long.
#[storage]
pub struct Margin {
    written: Book,
}

impl Margin {
    /// Adds `lots` that accounts write; fewer than none close. `header` is the book's.
    pub(crate) fn add(&mut self, place: ::book::Place, kind: Kind, lots: i32, header: &Header) -> Result<()> {
        if self.written.word(place.index).is_zero() {
            self.written.set_header(place.index, &Header { put_lots: 0, put_index_sum: 0, ..*header })?;
        }
        self.written.add(place, kind, lots)
    }

    /// What is written in a live expiry, without a slice.
    pub(crate) fn written(&self, index: usize) -> Option<Stored> {
        (!self.written.word(index).is_zero()).then(|| self.written.stored(index))
    }

    /// Forgets what was written in an expiry.
    pub(crate) fn clear(&mut self, index: usize) -> Result<()> {
        self.written.clear(index)
    }
}

impl Vault {
    /// What accounts owe for settled series [micro-USD].
    pub(crate) fn receivable(&self) -> u64 {
        word64(self.receivable.get())
    }

    /// What accounts could fail to pay at most [micro-USD].
    pub(crate) fn uncovered(&self) -> u64 {
        word64(self.uncovered.get())
    }

    /// Accounts owe `amount` more.
    pub(crate) fn book_receivable(&mut self, amount: u128) -> Result<()> {
        let sum = self.receivable().checked_add(u64::try_from(amount).or_overflow()?).or_overflow()?;
        self.receivable.set(U64::from_limbs([sum]));
        Ok(())
    }

    /// What is written in the expiries of `live`, with their slices.
    pub(crate) fn written_book(&self, live: &[Stored]) -> Vec<Stored> {
        let written = live.iter().filter_map(|live| {
            let Stored { header, lots, .. } = self.margin.written(live.index)?;
            Some(Stored { header, lots, ..live.clone() })
        });
        written.collect()
    }

    fn require_margin(&self) -> Result<()> {
        let (caller, margin) = (self.vm().msg_sender(), self.satellite(&MARGIN));
        ensure(caller == margin, || OnlyMargin { caller, margin })
    }

    /// No account of the margin contract in force has anything open, or is counted as uncovered.
    pub(crate) fn require_unused(&self) -> Result<()> {
        let open = (0..MAX_EXPIRIES).filter(|index| !self.margin.written.word(*index).is_zero()).count();
        let receivable = self.receivable();
        ensure(open == 0 && receivable == 0 && self.uncovered() == 0, || MarginInUse {
            expiries: uint(u128::try_from(open).unwrap_or_default()),
            receivable: uint(receivable.into()),
        })
    }

    /// NAV bears the worst loss, what accounts leave uncovered and the buffer.
    fn require_solvent(&self, session: &Session) -> Result<()> {
        let (position, marked) = self.mark_asked(session)?;
        let nav = self.nav_parts(session, &position)?.mid;
        let (loss, uncovered) = (self.worst_loss(&marked)?, self.uncovered());
        let borne = inventory::check_solvency(nav, loss, uncovered.into(), session.limits.solvencyBuffer);
        let missing = borne.err().unwrap_or_default();
        ensure(missing == 0, || SolvencyTooLow {
            nav: int(nav),
            worstLoss: uint(loss),
            missing: uint(missing),
        })
    }
}

/// The margin contract's side. `abi/IVault.sol` is the manual.
#[public]
pub trait Writing {
    /// What accounts owe, and what they could fail to pay.
    fn accounts(&self) -> (U256, U256);
    /// What options of settled series pay.
    fn payoff(&self, legs: Vec<Leg>) -> Result<U256>;
    /// Trades for a margin account.
    fn write_for(
        &mut self,
        account: Address,
        legs: Vec<Leg>,
        max_premium: I256,
        deadline: U256,
    ) -> Result<I256>;
    /// Says what accounts could fail to pay at most.
    fn cover_accounts(&mut self, uncovered: U256, borne: bool) -> Result<()>;
    /// Takes what accounts pay for settled series.
    fn receive_payoff(&mut self, due: U256, paid: U256) -> Result<()>;
    /// Pays for somebody to take an account without equity.
    fn pay_uncovered(&mut self, amount: U256) -> Result<()>;
}

#[public]
impl Writing for Vault {
    fn accounts(&self) -> (U256, U256) {
        (uint(self.receivable().into()), uint(self.uncovered().into()))
    }

    fn payoff(&self, legs: Vec<Leg>) -> Result<U256> {
        let mut sum = 0_u128;
        for leg in legs {
            let size = to_u128(leg.size.unsigned_abs()).or_overflow()?;
            sum = sum.checked_add(self.payoff_up(leg.series, size)?).or_overflow()?;
        }
        Ok(uint(sum))
    }

    fn write_for(
        &mut self,
        account: Address,
        legs: Vec<Leg>,
        max_premium: I256,
        deadline: U256,
    ) -> Result<I256> {
        lock::take()?;
        self.require_margin()?;
        self.require_unpaused()?;
        let session = self.session()?;
        let premium = self.trade_at(&session, &legs, max_premium, For::Account(account), deadline)?;
        lock::release();
        Ok(premium)
    }

    fn cover_accounts(&mut self, uncovered: U256, borne: bool) -> Result<()> {
        lock::take()?;
        self.require_margin()?;
        let sum = to_u128(uncovered).and_then(|sum| u64::try_from(sum).ok()).or_overflow()?;

        self.uncovered.set(U64::from_limbs([sum]));
        if borne {
            self.require_solvent(&self.session()?)?;
        }
        emit(self.vm(), &UncoveredSet { uncovered });
        lock::release();
        Ok(())
    }

    fn receive_payoff(&mut self, due: U256, paid: U256) -> Result<()> {
        lock::take()?;
        self.require_margin()?;
        let (owes, pays) = (to_u128(due).or_overflow()?, to_u128(paid).or_overflow()?);
        // The sum was rounded down, what each account owes is rounded up.
        let left = u128::from(self.receivable()).saturating_sub(owes);

        self.receivable.set(U64::from_limbs([u64::try_from(left).or_overflow()?]));
        self.credit_cash(pays)?;
        self.share_out(pays)?;
        let vm = self.vm().clone();
        emit(&vm, &PayoffReceived { due, paid });
        self.asset_token().pull(&vm, vm.msg_sender(), pays)?;
        lock::release();
        Ok(())
    }

    fn pay_uncovered(&mut self, amount: U256) -> Result<()> {
        lock::take()?;
        self.require_margin()?;
        let (pays, limit) = (to_u128(amount).or_overflow()?, self.uncovered());
        ensure(pays <= limit.into(), || PaidAboveUncovered { amount, uncovered: uint(limit.into()) })?;
        self.raise_cash(self.owed()?.checked_add(pays).or_overflow()?)?;

        self.debit_cash(pays)?;
        let vm = self.vm().clone();
        emit(&vm, &UncoveredPaid { amount });
        self.asset_token().push(&vm, vm.msg_sender(), pays)?;
        lock::release();
        Ok(())
    }
}
