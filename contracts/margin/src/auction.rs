//! Liquidation: an account whose equity is below its maintenance margin goes to a Dutch auction, part by part, until it has its initial
//! margin again or nothing is left.
//!
//! The vault pays for an account to be taken only where its equity is negative, and never more than is recorded as uncovered.
//!
//! A clock does not outlive its reason: an auction that began long ago says nothing of an account that was well since. It goes on while the account
//! is short: with equity until its price is nothing, without for as long again as its price falls. Then nobody bids, and whoever finds the account
//! short starts anew.

use alloc::vec::Vec;

use alloy_primitives::{Address, I256, U256};
use interfaces::margin::IMargin::{
    AuctionLapsed, AuctionRunning, AuctionStarted, NoAuction, NotLiquidatable, OwnAccount, PartOutOfRange,
    PriceAboveLimit, Taken, UncoveredAboveLimit, WrittenSet,
};
use interfaces::vault::IVault;
use interfaces::words::{int, to_u128, uint};
use inventory::{liquidation_part, Auction};
use maths::{mul_div_down, mul_div_up};
use stylus_sdk::prelude::*;

use crate::account::{Account, Leg};
use crate::cover::{require_initial, Cause};
use crate::error::{emit, ensure, OrOverflow, Result, Unmarked};
use crate::health::{Health, Market};
use crate::Margin;

/// One in millionths.
const MILLION: u128 = 1_000_000;
/// What the vault pays at most beyond making up for missing equity: a part of the initial margin [1e-6].
const RESERVE: u128 = 100_000;

/// What is asked for a whole account now, and how much of it may be taken.
pub(crate) struct Lot {
    /// [micro-USD]
    pub(crate) price: i128,
    /// [1e-6]
    pub(crate) part: u32,
}

/// A bid for a part of an account.
struct Bid {
    account: Address,
    bidder: Address,
    /// [1e-6]
    part: u128,
    /// [micro-USD]
    price: i128,
}

impl Margin {
    /// How long ago the auction of an account began [s].
    fn elapsed(&self, account: &Account) -> u32 {
        let elapsed = self.vm().block_timestamp().saturating_sub(account.since);
        u32::try_from(elapsed).unwrap_or(u32::MAX)
    }

    /// Whether the auction of an account goes on. None goes on where none began.
    pub(crate) fn in_auction(&self, account: &Account, health: &Health) -> bool {
        let Auction { solvent, insolvent, .. } = Auction::DEFAULT;
        let most =
            if health.equity < 0 { solvent.saturating_add(insolvent).saturating_mul(2) } else { solvent };
        account.since != 0 && health.is_short() && self.elapsed(account) <= most
    }

    /// What an account in auction goes for.
    pub(crate) fn lot(&self, account: &Account, health: &Health) -> Result<Lot> {
        let elapsed = self.elapsed(account);
        let reserve = mul_div_up(health.initial, RESERVE, MILLION).or_overflow()?;
        let price = Auction::DEFAULT.price(health.equity, reserve, elapsed).or_overflow()?;
        let part = liquidation_part(health.equity, health.initial, price).or_overflow()?;
        Ok(Lot { price, part })
    }

    /// Puts an account up for auction.
    pub(crate) fn start(&mut self, owner: Address) -> Result<()> {
        let mut account = self.account(owner);
        let health = self.mark(owner, &account).or_else(Unmarked::refuse)?;
        ensure(!self.in_auction(&account, &health), || AuctionRunning {
            account: owner,
            since: uint(account.since.into()),
        })?;
        let Health { equity, maintenance, .. } = health;
        let (equity, least) = (int(equity), uint(maintenance));
        ensure(health.is_short(), || NotLiquidatable { account: owner, equity, maintenance: least })?;

        account.since = self.vm().block_timestamp();
        emit(self.vm(), &AuctionStarted { account: owner, equity, maintenance: least });
        self.conclude(owner, account, &health, Cause::Market)
    }

    /// Moves a part of an account in auction into the bidder's: the price of it.
    pub(crate) fn take(&mut self, owner: Address, part: U256, max_price: I256) -> Result<i128> {
        let bidder = self.vm().msg_sender();
        ensure(bidder != owner, || OwnAccount { account: owner })?;
        let mut seller = self.account(owner);
        let none = || NoAuction { account: owner };
        ensure(seller.since != 0, none)?;
        let market = self.market().or_else(Unmarked::refuse)?;
        let health = self.mark_at(&market, owner, &seller).or_else(Unmarked::refuse)?;
        ensure(!health.is_initial(), || AuctionLapsed {
            account: owner,
            equity: int(health.equity),
            initial: uint(health.initial),
        })?;
        ensure(self.in_auction(&seller, &health), none)?;
        let lot = self.lot(&seller, &health)?;
        let most = uint(lot.part.into());
        ensure(!part.is_zero() && part <= most, || PartOutOfRange { part, limit: most })?;
        let part = to_u128(part).or_overflow()?;
        let price = share(lot.price, part)?;
        ensure(int(price) <= max_price, || PriceAboveLimit { price: int(price), limit: max_price })?;

        // What the vault pays is bounded by what is uncovered now, not when the account was last marked.
        let recorded = self.total();
        self.note(owner, &mut seller, &health)?;
        self.tell_total(recorded, Cause::Market)?;
        self.fill(&Bid { account: owner, bidder, part, price }, &market, seller)?;
        Ok(price)
    }

    fn fill(&mut self, bid: &Bid, market: &Market, mut seller: Account) -> Result<()> {
        let mut buyer = self.account(bid.bidder);
        let (before, own) = (self.total(), buyer.uncovered);
        self.hand_over(bid, market.lot, &mut seller, &mut buyer)?;
        buyer.pay(bid.price)?;
        if bid.price < 0 {
            self.tell(&IVault::payUncoveredCall { amount: uint(bid.price.unsigned_abs()) })?;
        } else {
            seller.pay(bid.price.saturating_neg())?;
        }
        let Bid { account, bidder, part, price } = *bid;
        emit(self.vm(), &Taken { account, bidder, part: uint(part), price: int(price) });

        let left = self.mark_at(market, account, &seller).or_else(Unmarked::refuse)?;
        let taken = self.mark_at(market, bidder, &buyer).or_else(Unmarked::refuse)?;
        require_initial(bidder, &taken)?;
        self.note(account, &mut seller, &left)?;
        self.note(bidder, &mut buyer, &taken)?;
        self.require_limits(bidder, &buyer, [own, before])?;
        let (uncovered, limit) = (self.total(), before);
        ensure(uncovered <= limit, || UncoveredAboveLimit {
            account: Address::ZERO,
            uncovered: uint(uncovered.into()),
            limit: uint(limit.into()),
        })?;
        if seller.legs.is_empty() {
            seller.since = 0;
        }
        self.save(account, &seller)?;
        self.save(bidder, &buyer)?;
        self.tell_total(before, Cause::Market)
    }

    /// Moves a part of cash, rounded down, and of each series, rounded up to whole lots.
    fn hand_over(&self, bid: &Bid, lot: u64, seller: &mut Account, buyer: &mut Account) -> Result<()> {
        let cash = mul_div_down(seller.cash.into(), bid.part, MILLION).or_overflow()?;
        let cash = i128::try_from(cash).or_overflow()?;
        seller.pay(cash)?;
        buyer.pay(cash.saturating_neg())?;
        let legs: Vec<Leg> = seller.legs.clone();
        for Leg { series, size } in legs {
            let lots = size.checked_div(lot.into()).or_overflow()?;
            let lots = mul_div_up(lots, bid.part, MILLION).or_overflow()?;
            let size = int(i128::try_from(lots.checked_mul(lot.into()).or_overflow()?).or_overflow()?);
            let series = uint(series);
            let left = seller.change(series, size.wrapping_neg())?;
            let held = buyer.change(series, size)?;
            for (account, written) in [(bid.account, left), (bid.bidder, held)] {
                emit(self.vm(), &WrittenSet { account, series, written: uint(written) });
            }
        }
        Ok(())
    }
}

/// A part of a price, rounded against the bidder.
fn share(price: i128, part: u128) -> Result<i128> {
    let whole = price.unsigned_abs();
    if price < 0 {
        let paid = mul_div_down(whole, part, MILLION).or_overflow()?;
        return i128::try_from(paid).or_overflow()?.checked_neg().or_overflow();
    }
    i128::try_from(mul_div_up(whole, part, MILLION).or_overflow()?).or_overflow()
}
