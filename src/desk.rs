//! What the hedging desk may do: the contract that says when the book is hedged, by whom and at what price (`abi/IHedgeDesk.sol`).
//!
//! The vault keeps custody. It alone moves cash and hedges, measures what came back, and holds every price inside the slippage cap of the
//! profile, whatever the desk says; in one transaction, rewards are at most what that cap leaves of what was hedged. So a desk that errs or is
//! hostile costs the vault no more than twice the cap on what is traded, and can hedge no further than what is held and what cash is free.
//!
//! The delta of recent trades is kept for it, because what a trader made young is nobody's to be paid for.

use alloc::vec::Vec;

use ::book::{Reader, Writer};
use alloy_primitives::{Address, Bytes, B256, I256, U256};
use alloy_sol_types::SolCall;
use interfaces::desk::IHedgeFiller::onHedgeFillCall;
use interfaces::vault::IVault::{
    DeskNotDue, DeskProposed, DeskSet, FillerFailed, HedgeLeg, Hedged, InsufficientLiquidity, OnlyDesk,
    RewardAboveCap, RewardPaid, SlippageAboveCap,
};
use inventory::hedge::{Span, Young, SEASONING};
use stylus_sdk::call::RawCall;
use stylus_sdk::prelude::*;

use crate::amounts::{int, to_i128, to_u128, uint, MILLION};
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::hedging::worst_price;
use crate::liquidity::positive;
use crate::lock;
use crate::state::{small, Session, Vault};

impl Vault {
    fn require_desk(&self) -> Result<()> {
        let (caller, desk) = (self.vm().msg_sender(), self.desk.current());
        ensure(caller == desk, || OnlyDesk { caller, desk })
    }

    /// Counts a trade that changes the book's cash delta by `delta`, out of a state whose band reached to `outer` [micro-USD].
    pub(crate) fn note_trade(&mut self, session: &Session, delta: i128, outer: u128) -> Result<()> {
        let now = session.now32()?;
        let size = self.units(session, delta)?;
        let size = size.checked_add(size.signum()).or_overflow()?;
        let place = Young::place(now, SEASONING);
        let span = unpacked(&self.young.get(place).unwrap_or_default());
        let span = packed(&Young::add(&span, now, size, outer, SEASONING));
        self.young.setter(place).or_overflow()?.set(span);
        Ok(())
    }

    /// What rewards may still be in this transaction: what the slippage cap leaves of what was hedged.
    fn grant(&self, session: &Session, size: u128) -> Result<()> {
        let value = self.cash_of(session, size)?;
        let more = maths::mul_div_down(value, session.profile.maxSlippage.into(), MILLION).or_overflow()?;
        lock::set_grant(lock::grant().checked_add(more).or_overflow()?);
        Ok(())
    }

    /// Swaps with `filler` at a price inside the slippage cap: its side comes from its allowance, the vault's goes to `receiver`, and goes first
    /// when there is `data` for it.
    fn swap_with(
        &mut self,
        session: &Session,
        filler: Address,
        receiver: Address,
        size: i128,
        cash: u128,
        data: &[u8],
    ) -> Result<u128> {
        let (buying, units, vm) = (size > 0, self.token_units(size)?, self.vm().clone());
        let worst = worst_price(session, buying, U256::ZERO)?;
        let limit = self.cash_at(units, worst, buying)?;
        let within = units > 0 && if buying { cash <= limit } else { cash >= limit };
        let price = self.price_of(cash, units)?;
        ensure(within, || SlippageAboveCap { price: uint(price), worst: uint(worst) })?;
        if buying {
            self.need_free(cash)?;
        }
        let (needed, available) =
            if buying { (cash, positive(&self.free_cash()?)) } else { (units, small(self.hedge.get())) };
        ensure(needed <= available, || InsufficientLiquidity {
            needed: uint(needed),
            available: uint(available),
        })?;
        self.book_hedge(buying, units, cash)?;

        let (asset, underlying) = (self.asset_token(), self.underlying_token());
        let ((gives, given), (takes, taken)) =
            if buying { ((asset, cash), (underlying, units)) } else { ((underlying, units), (asset, cash)) };
        if data.is_empty() {
            takes.pull(&vm, filler, taken)?;
            gives.push(&vm, receiver, given)?;
        } else {
            gives.push(&vm, receiver, given)?;
            self.call_back(receiver, size, cash, data)?;
            takes.pull(&vm, filler, taken)?;
        }
        let (size, position) = (self.wad_units(units)?, int(self.hedge_size()?));
        let size = i128::try_from(size).or_overflow()?;
        let size = int(if buying { size } else { size.checked_neg().or_overflow()? });
        emit(
            &vm,
            &Hedged {
                caller: filler,
                venue: receiver,
                size,
                price: uint(price),
                position,
                target: I256::ZERO,
            },
        );
        Ok(units)
    }

    fn call_back(&self, receiver: Address, size: i128, cash: u128, bytes: &[u8]) -> Result<()> {
        let mut data = onHedgeFillCall::SELECTOR.to_vec();
        let length = u128::try_from(bytes.len()).or_overflow()?;
        for word in [int(size).into_raw(), uint(cash), uint(96), uint(length)] {
            data.extend_from_slice(&word.to_be_bytes::<32>());
        }
        data.extend_from_slice(bytes);
        let call = RawCall::new(self.vm()).limit_return_data(0, 0).flush_storage_cache();
        // SAFETY: the storage cache is flushed first and the lock keeps the filler out of the vault's storage.
        let called = unsafe { call.call(receiver, &data) }.is_ok() && self.vm().code_size(receiver) > 0;
        ensure(called, || FillerFailed { filler: receiver })
    }
}

/// A span in a word: what raised the book's delta and the band's edge, what lowered it and when.
fn packed(span: &Span) -> B256 {
    let mut word = B256::ZERO;
    let (high, low) = span.pack();
    let mut fields = Writer(word.as_mut_slice());
    fields.put(&high.to_be_bytes());
    fields.put(&low.to_be_bytes());
    word
}

fn unpacked(word: &B256) -> Span {
    let mut fields = Reader(word.as_slice());
    let mut half = || u128::from(fields.u64()) << 64 | u128::from(fields.u64());
    let high = half();
    Span::unpack((high, half()))
}

/// The desk and what it may do. `abi/IVault.sol` is the manual.
#[public]
pub trait Desk {
    /// The desk, the one that is proposed, and from when that may be accepted.
    #[selector(name = "desk")]
    fn desk_view(&self) -> ((Address, Address), U256);
    /// Names the desk.
    fn set_desk(&mut self, desk: Address) -> Result<()>;
    /// Puts the proposed desk in force.
    fn accept_desk(&mut self) -> Result<()>;
    /// Delta of recent trades.
    fn young_trades(&self) -> Vec<B256>;
    /// Hedges through a venue: cash paid or received. The desk.
    fn hedge(&mut self, leg: HedgeLeg) -> Result<U256>;
    /// Swaps with whoever takes the other side of a hedge. The desk.
    fn exchange(
        &mut self,
        filler: Address,
        receiver: Address,
        size: I256,
        cash: U256,
        data: Bytes,
    ) -> Result<()>;
    /// Pays for a hedge of this transaction. The desk.
    fn pay_reward(&mut self, payee: Address, amount: U256) -> Result<()>;
}

#[public]
impl Desk for Vault {
    #[selector(name = "desk")]
    fn desk_view(&self) -> ((Address, Address), U256) {
        self.desk.told()
    }

    fn set_desk(&mut self, desk: Address) -> Result<()> {
        lock::take()?;
        let (due, now) = (self.due_if_owner(desk)?, self.now());

        if self.desk.propose(desk, due, now) {
            emit(self.vm(), &DeskSet { desk });
        } else {
            emit(self.vm(), &DeskProposed { desk, acceptFrom: uint(due.into()) });
        }
        lock::release();
        Ok(())
    }

    fn accept_desk(&mut self) -> Result<()> {
        lock::take()?;
        let now = self.now();
        let not_due = |from| DeskNotDue { acceptFrom: from, timestamp: uint(now.into()) };
        let desk = self.desk.accept(now).map_err(not_due)?;

        emit(self.vm(), &DeskSet { desk });
        lock::release();
        Ok(())
    }

    fn young_trades(&self) -> Vec<B256> {
        (0..inventory::hedge::SPANS).map(|place| self.young.get(place).unwrap_or_default()).collect()
    }

    fn hedge(&mut self, leg: HedgeLeg) -> Result<U256> {
        lock::take()?;
        self.require_desk()?;
        let session = self.session()?;
        let venue = if leg.venue.is_zero() { self.default_venue.get() } else { leg.venue };
        let units = self.token_units(to_i128(leg.size).or_overflow()?)?;

        let cash = self.hedge_leg(&session, &HedgeLeg { venue, ..leg }, I256::ZERO)?;
        self.grant(&session, units)?;
        lock::release();
        Ok(uint(cash))
    }

    fn exchange(
        &mut self,
        filler: Address,
        receiver: Address,
        size: I256,
        cash: U256,
        data: Bytes,
    ) -> Result<()> {
        lock::take()?;
        self.require_desk()?;
        let session = self.session()?;
        let (size, cash) = (to_i128(size).or_overflow()?, to_u128(cash).or_overflow()?);

        let units = self.swap_with(&session, filler, receiver, size, cash, &data)?;
        self.grant(&session, units)?;
        lock::release();
        Ok(())
    }

    fn pay_reward(&mut self, payee: Address, amount: U256) -> Result<()> {
        lock::take()?;
        self.require_desk()?;
        let (reward, granted) = (to_u128(amount).or_overflow()?, lock::grant());
        self.need_free(reward)?;
        let most = granted.min(positive(&self.free_cash()?));
        ensure(reward <= most, || RewardAboveCap { reward: amount, most: uint(most) })?;

        lock::set_grant(granted.saturating_sub(reward));
        self.debit_cash(reward)?;
        emit(self.vm(), &RewardPaid { payee, amount });
        let vm = self.vm().clone();
        self.asset_token().push(&vm, payee, reward)?;
        lock::release();
        Ok(())
    }
}
