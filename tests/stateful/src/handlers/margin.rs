//! Who writes options, and who takes over from whom cannot stand behind them.

use alloy_primitives::{Address, I256, U256};
use interfaces::margin::IMargin::{self, Written};

use crate::fuzz::Fuzz;
use crate::ghost::parts;
use crate::numbers::{LOT, int, signed, small};

impl Fuzz {
    /// A view of the margin accounts.
    pub fn margin_view<C: alloy_sol_types::SolCall>(&mut self, call: C) -> Option<C::Return> {
        self.stage.margin_view(call).ok()
    }

    fn writer(&mut self) -> Address {
        self.dice.pick(&self.cast.writers)
    }

    fn change_margin(&mut self, account: Address, by: i128) {
        let cash = self.ghost.margin.entry(account).or_default();
        *cash = cash.saturating_add_signed(by);
    }

    /// Takes an account over from the views: a bid moves parts of it.
    fn look_at(&mut self, account: Address) {
        let cash = self.margin_view(IMargin::accountOfCall { account }).map(|of| small(of.cash));
        let book = self.margin_view(IMargin::bookOfCall { account });
        let (Some(cash), Some(book)) = (cash, book) else { return };
        self.ghost.margin.insert(account, cash);
        self.ghost.written.retain(|(who, _), _| *who != account);
        for leg in book {
            self.ghost.written.insert((account, leg.series), signed(leg.size).unsigned_abs());
        }
    }

    /// Has an account pay for its options that have expired, as it must before it does anything else. Whether nothing is due any more.
    fn clear_due(&mut self, account: Address) -> bool {
        let now = self.now();
        let own = self.ghost.written.keys().filter(|(who, _)| *who == account);
        let due: std::collections::BTreeSet<u64> =
            own.map(|(_, id)| parts(*id).0).filter(|expiry| *expiry <= now).collect();
        let (margin, anyone) = (self.stage.margin, self.cast.stranger);
        due.into_iter().all(|expiry| {
            let Ok(done) = self.aside(anyone, margin, &IMargin::settleAccountCall { account, expiry }) else {
                return false;
            };
            self.ghost.written.retain(|(who, id), _| *who != account || parts(*id).0 != expiry);
            self.change_margin(account, -(small(done.paid) as i128));
            true
        })
    }

    /// What an account has beyond its initial margin [USDC].
    fn free_margin(&mut self, account: Address) -> u128 {
        let health = self.margin_view(IMargin::healthCall { account });
        health.map_or(0, |health| (signed(health.equity) - small(health.initial) as i128).max(0) as u128)
    }

    fn write_legs(&mut self, handler: &'static str, account: Address, id: U256, lots: i64) {
        let size = i128::from(lots) * LOT as i128;
        let call = IMargin::writeCall {
            account,
            legs: vec![Written { series: id, size: int(size) }],
            minPremium: -I256::MAX,
            deadline: U256::MAX,
        };
        let margin = self.stage.margin;
        if let Some(premium) = self.act(handler, account, margin, &call) {
            self.ghost.write(account, id, size);
            self.change_margin(account, signed(premium));
        }
    }
}

pub(super) fn deposit(fuzz: &mut Fuzz) -> Option<()> {
    let who = fuzz.writer();
    let account = if fuzz.dice.percent(80) { who } else { fuzz.writer() };
    let amount = fuzz.dice.range(1, 20_000_000_000);
    let (margin, call) = (fuzz.stage.margin, IMargin::depositCall { amount: U256::from(amount), account });
    if fuzz.act("margin_deposit", who, margin, &call).is_some() {
        fuzz.change_margin(account, amount.into());
    }
    Some(())
}

pub(super) fn withdraw(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let account = fuzz.writer();
    let cash = fuzz.ghost.margin.get(&account).copied().unwrap_or_default();
    // What the margin leaves, to the last dollar more often than not.
    let free = fuzz.margin_view(IMargin::healthCall { account }).map_or(cash / 2, |health| {
        (signed(health.equity) - small(health.initial) as i128).clamp(0, cash as i128) as u128
    });
    let amount = match fuzz.dice.below(10) {
        0 => free + 1_000_000,
        1..=5 => free.saturating_sub(10_000),
        _ => fuzz.dice.part(free),
    };
    if amount == 0 {
        return None;
    }
    let call = IMargin::withdrawCall { amount: U256::from(amount), account, receiver: account };
    let margin = fuzz.stage.margin;
    if fuzz.act("margin_withdraw", account, margin, &call).is_some() {
        fuzz.change_margin(account, -(amount as i128));
    }
    Some(())
}

pub(super) fn write(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let (now, account) = (fuzz.now(), fuzz.writer());
    if !fuzz.clear_due(account) && !fuzz.dice.percent(5) {
        return None;
    }
    // An option takes a margin of about its underlying: more than there is for, now and then.
    let each = (fuzz.ghost.price * 11_000.0) as u128;
    let affordable = if fuzz.dice.percent(10) { 600 } else { fuzz.free_margin(account) / each };
    if affordable == 0 {
        return None;
    }
    // Mostly what the vault is short of: it must be able to hedge what is left.
    let short: Vec<(U256, u128)> = fuzz
        .ghost
        .series()
        .into_iter()
        .map(|id| (id, fuzz.ghost.net(id)))
        .filter(|(id, net)| parts(*id).0 > now && *net < -(LOT as i128))
        .map(|(id, net)| (id, net.unsigned_abs() / LOT))
        .collect();
    let (id, lots) = if short.is_empty() || fuzz.dice.percent(10) {
        (fuzz.live_series()? | U256::ZERO, 5)
    } else {
        let (id, most) = fuzz.dice.pick(&short);
        (id, fuzz.dice.part(most.min(600).min(affordable)) as i64)
    };
    fuzz.write_legs("margin_write", account, id, lots);
    Some(())
}

pub(super) fn close(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let now = fuzz.now();
    let written: Vec<(Address, U256, u128)> = fuzz
        .ghost
        .written
        .iter()
        .filter(|((_, id), _)| parts(*id).0 > now)
        .map(|((who, id), size)| (*who, *id, size / LOT))
        .collect();
    let (account, id, most) = if written.is_empty() { return None } else { fuzz.dice.pick(&written) };
    if !fuzz.clear_due(account) && !fuzz.dice.percent(5) {
        return None;
    }
    let lots = fuzz.dice.part(most.min(1_800)) as i64;
    fuzz.write_legs("margin_close", account, id, -lots);
    Some(())
}

pub(super) fn settle(fuzz: &mut Fuzz) -> Option<()> {
    let settled: Vec<(Address, u64)> = fuzz
        .ghost
        .written
        .keys()
        .map(|(who, id)| (*who, parts(*id).0))
        .filter(|(_, expiry)| fuzz.ghost.settled.contains_key(expiry))
        .collect();
    let (account, expiry) = if settled.is_empty() { return None } else { fuzz.dice.pick(&settled) };
    let (margin, anyone) = (fuzz.stage.margin, fuzz.cast.stranger);
    let call = IMargin::settleAccountCall { account, expiry };
    if let Some(done) = fuzz.act("margin_settle", anyone, margin, &call) {
        fuzz.ghost.written.retain(|(who, id), _| *who != account || parts(*id).0 != expiry);
        fuzz.change_margin(account, -(small(done.paid) as i128));
    }
    Some(())
}

pub(super) fn set_operator(fuzz: &mut Fuzz) -> Option<()> {
    let (owner, operator, approved) = (fuzz.writer(), fuzz.somebody(), fuzz.dice.percent(50));
    let (margin, call) = (fuzz.stage.margin, IMargin::setOperatorCall { operator, approved });
    fuzz.act("margin_operator", owner, margin, &call);
    Some(())
}

pub(super) fn liquidate(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let account = fuzz.writer();
    let health = fuzz.margin_view(IMargin::healthCall { account })?;
    let running = fuzz.margin_view(IMargin::auctionOfCall { account }).is_some();
    let short = health.equity < I256::try_from(health.maintenance).unwrap_or(I256::MAX);
    if (!short || running) && fuzz.dice.below(300) > 0 {
        return None;
    }
    let (margin, anyone) = (fuzz.stage.margin, fuzz.cast.stranger);
    fuzz.act("liquidate", anyone, margin, &IMargin::liquidateCall { account });
    Some(())
}

pub(super) fn bid(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let writers = fuzz.cast.writers.clone();
    let open = writers.iter().find_map(|account| {
        let since = fuzz.margin_view(IMargin::accountOfCall { account: *account })?.auctionSince;
        (!since.is_zero()).then_some(*account)
    });
    let account = open?;
    let bidder = *writers.iter().rev().find(|who| **who != account)?;
    if !fuzz.clear_due(account) || !fuzz.clear_due(bidder) {
        return None;
    }
    let asked = fuzz.margin_view(IMargin::auctionOfCall { account })?;
    if asked.part.is_zero() && !fuzz.dice.percent(5) {
        return None;
    }
    let part = U256::from(fuzz.dice.part(small(asked.part)));
    let call = IMargin::bidCall { account, part, maxPrice: I256::MAX };
    let margin = fuzz.stage.margin;
    if fuzz.act("bid", bidder, margin, &call).is_some() {
        fuzz.look_at(account);
        fuzz.look_at(bidder);
    }
    Some(())
}

pub(super) fn refresh(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let account = fuzz.writer();
    let (margin, anyone) = (fuzz.stage.margin, fuzz.cast.stranger);
    fuzz.act("refresh", anyone, margin, &IMargin::refreshCall { account });
    Some(())
}
