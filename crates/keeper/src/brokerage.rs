//! The vault's broker in one block: its venues, what they hold, and what the broker's own rules would do with it.
//!
//! Margins and what lies over are reckoned as `contracts/broker` reckons them, so that nothing is sent that it would refuse.

use alloy_primitives::{Address, B256, Bytes};
use book::{signed_value_at, size_at, value_at};
use maths::{mul_div_down, mul_div_up};

use crate::chain::Fault;

pub(crate) const MILLION: u128 = 1_000_000;
/// A margin may be off by one part in this.
const TOLERANCE: u128 = 10;
/// A position, and what lies at a venue, is nothing below this [micro-USD].
const DUST: u128 = 25_000_000;

/// The broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Brokerage {
    /// Its address.
    pub address: Address,
    /// Widest distance of a limit from the vault's price [1e-6], and what counted last; none if its storage does not say.
    pub ledger: Result<Ledger, Fault>,
    /// Its venues, with the quarantined.
    pub seats: Vec<Seat>,
}

/// What the broker keeps to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Widest distance of a limit from the vault's price [1e-6]
    pub slip: u32,
    /// What the positions counted for at the last checkpoint [micro-USD]
    pub equity: i128,
    /// Its time, zero before the first [unix seconds]
    pub time: u64,
}

/// A venue that holds a position for the vault.
#[derive(Clone, Debug, PartialEq)]
pub struct Seat {
    /// What people call it.
    pub name: String,
    /// Its adapter.
    pub venue: Address,
    /// From when it may be used, zero for never: it is quarantined [unix seconds]
    pub allowed_from: u64,
    /// Whether what it holds counts: it is neither in its first notice nor quarantined.
    pub counts: bool,
    /// Most that its position may be worth [micro-USD]
    pub cap: u128,
    /// Margin that a position takes [1e-6]
    pub margin: u32,
    /// After how long anyone may cancel an order; zero for a venue that trades at once [s]
    pub timeout: u64,
    /// What it holds, or why it does not say.
    pub holding: Result<Holding, Fault>,
    /// What of the hedge that is due it would trade, if any of it.
    pub trial: Option<Trial>,
}

/// What a venue holds at the feed's price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Positive when long [1e-18]
    pub size: i128,
    /// What closing it would bring, with all USDC there [micro-USD]
    pub equity: i128,
    /// What could be withdrawn now [micro-USD]
    pub withdrawable: u128,
    /// What the order in flight would still add [1e-18]
    pub pending: i128,
    /// When it was placed, zero without one [unix seconds]
    pub since: u64,
    /// Its key.
    pub order: B256,
    /// USDC that lies at the adapter [micro-USD]
    pub idle: u128,
    /// Ether that lies there, for the exchange's keepers [wei]
    pub purse: u128,
}

/// A trade that was tried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// [1e-18]
    pub size: i128,
    /// What came of it.
    pub outcome: Result<Tried, Bytes>,
}

/// How a venue trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// At once, at this price or better and hardly better [18 decimals]
    At(u128),
    /// Later, by an order: what it will do is not known.
    Later,
}

/// What bounds a trade.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// [1e-8 USD]
    pub spot: u64,
    /// Free cash [micro-USD]
    pub free: i128,
    /// 18-decimal units in a token unit.
    pub grain: u128,
    /// The least hedge [micro-USD]
    pub least: u128,
}

impl Seat {
    /// Whether it takes new positions.
    #[must_use]
    pub fn is_open(&self, now: u64) -> bool {
        self.allowed_from != 0 && self.allowed_from <= now
    }

    /// Whether it trades by orders.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.timeout > 0
    }

    /// Margin that a position of `size` takes [micro-USD]; none beyond 128 bits.
    #[must_use]
    pub fn margin_of(&self, size: i128, spot: u64) -> Option<u128> {
        mul_div_up(value_at(spot, size.unsigned_abs(), true)?, self.margin.into(), MILLION)
    }

    /// What of `due` it can trade now: towards nothing what it holds, and away from nothing as far as its cap and cash for its margin reach
    /// [1e-18, whole units of `grain`]. A venue that trades at once lends what is sold, so it goes short alone; one that takes orders goes either way.
    /// What it holds is nothing where it is worth less than the least hedge: ether of an order that was cancelled, say.
    #[must_use]
    pub fn reach(&self, due: i128, room: &Room) -> i128 {
        let Room { spot, free, grain, least } = *room;
        let Ok(holding) = &self.holding else { return 0 };
        let value = value_at(spot, holding.size.unsigned_abs(), true).unwrap_or(u128::MAX);
        let against = value >= least && (holding.size > 0) != (due > 0);
        let most = match (against, due < 0 || self.is_slow()) {
            (true, _) => holding.size.unsigned_abs(),
            (false, true) => self.growth(holding, spot, free).unwrap_or_default(),
            (false, false) => 0,
        };
        crate::numbers::signed(due.unsigned_abs().min(most) / grain.max(1) * grain, due)
    }

    /// How much larger its position may become [1e-18].
    fn growth(&self, holding: &Holding, spot: u64, free: i128) -> Option<u128> {
        let carried = u128::try_from(holding.equity.checked_add(free.max(0))?).unwrap_or_default();
        let carried = mul_div_down(carried, MILLION, u128::from(self.margin).max(1))?;
        let value = i128::try_from(self.cap.min(carried)).ok()?;
        Some(size_at(spot, value)?.unsigned_abs().saturating_sub(holding.size.unsigned_abs()))
    }

    /// What tending would bring to the position, or free of it (negative) [micro-USD]; none while its margin is within a tenth of what it should be.
    #[must_use]
    pub fn untended(&self, spot: u64) -> Option<i128> {
        let holding = self.holding.as_ref().ok().filter(|holding| holding.size != 0)?;
        let wanted = self.margin_of(holding.size, spot)?;
        let missing = i128::try_from(wanted).ok()?.checked_sub(holding.equity)?;
        let short = missing.checked_add_unsigned(holding.withdrawable)?;
        let margin = if missing > 0 {
            let lies = i128::try_from(holding.idle).ok()?.checked_add(missing)?;
            short.min(lies).max(0)
        } else {
            short.min(0)
        };
        let off = margin.unsigned_abs() > wanted / TOLERANCE && (self.counts || margin < 0);
        off.then_some(margin)
    }

    /// What a collection would bring back: all but the margin of the position [micro-USD].
    #[must_use]
    pub fn collectable(&self, spot: u64) -> Option<u128> {
        let holding = self.holding.as_ref().ok()?;
        let wanted = i128::try_from(self.margin_of(holding.size, spot)?).ok()?;
        let over = holding.equity.checked_sub(wanted)?;
        let empty = holding.size == 0 && holding.since == 0;
        let over = if empty { holding.withdrawable } else { u128::try_from(over).unwrap_or_default() };
        Some(over.min(holding.withdrawable))
    }

    /// The least of it that is worth a transaction: a tenth of the margin while there is a position [micro-USD].
    #[must_use]
    pub fn least_collected(&self, spot: u64, least: u128) -> u128 {
        let size = self.holding.as_ref().map_or(0, |holding| holding.size);
        least.max(self.margin_of(size, spot).unwrap_or_default() / TOLERANCE)
    }

    /// From when anyone may cancel its order; none without one [unix seconds]
    #[must_use]
    pub fn cancellable_from(&self) -> Option<u64> {
        let holding = self.holding.as_ref().ok().filter(|holding| holding.since != 0)?;
        Some(holding.since.saturating_add(self.timeout))
    }
}

impl Brokerage {
    /// What all usable venues together may be short [whole USD], and the most margin that a position takes [1e-6, in steps of 1e-4]: what a checkpoint
    /// tells the vault.
    #[must_use]
    pub fn short_terms(&self, now: u64) -> (u32, u32) {
        let open = || self.seats.iter().filter(|seat| seat.is_open(now));
        let short = open().fold(0_u128, |sum, seat| sum.saturating_add(seat.cap / MILLION));
        let margin = open().map(|seat| seat.margin).max().unwrap_or_default();
        (u32::try_from(short).unwrap_or(u32::MAX), margin.div_ceil(100).saturating_mul(100))
    }

    /// Whether anything is held or under way at a venue that counts.
    #[must_use]
    pub fn holds(&self, spot: u64) -> bool {
        let holds = |holding: &Holding| {
            let value = signed_value_at(spot, holding.size, true).unwrap_or(i128::MAX).unsigned_abs();
            holding.since != 0 || holding.equity.unsigned_abs().max(value) >= DUST
        };
        let counted = self.seats.iter().filter(|seat| seat.counts);
        counted.filter_map(|seat| seat.holding.as_ref().ok()).any(holds)
    }

    /// A venue by its adapter.
    #[must_use]
    pub fn seat(&self, venue: Address) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.venue == venue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPOT: u64 = 280_000_000_000;
    const UNIT: i128 = 1_000_000_000_000_000_000;

    fn seat(size: i128, equity: i128, withdrawable: u128) -> Seat {
        let holding = Holding { size: size * UNIT, equity: equity * 1_000_000, ..Holding::default() };
        Seat {
            name: "aave".into(),
            venue: Address::ZERO,
            allowed_from: 1,
            counts: true,
            cap: 400_000_000_000,
            margin: 700_000,
            timeout: 0,
            holding: Ok(Holding { withdrawable: withdrawable * 1_000_000, ..holding }),
            trial: None,
        }
    }

    #[test]
    fn a_margin_within_a_tenth_of_what_it_should_be_is_left_alone() {
        // 10 units are 28,000 USD, and take 19,600.
        assert_eq!(seat(-10, 19_600, 0).untended(SPOT), None);
        assert_eq!(seat(-10, 17_641, 0).untended(SPOT), None);
        assert_eq!(seat(-10, 17_639, 0).untended(SPOT), Some(1_961_000_000));
        // What is over and can be withdrawn is collected, and no order made for it.
        assert_eq!(seat(-10, 30_000, 10_400).untended(SPOT), None);
        assert_eq!(seat(-10, 30_000, 0).untended(SPOT), Some(-10_400_000_000));
        assert_eq!(seat(0, 30_000, 0).untended(SPOT), None);
        // A quarantined one gets nothing, and gives.
        let quarantined = |equity| Seat { allowed_from: 0, counts: false, ..seat(-10, equity, 0) };
        assert_eq!(quarantined(10_000).untended(SPOT), None);
        assert!(quarantined(30_000).untended(SPOT).is_some());
    }

    #[test]
    fn what_lies_over_is_all_but_the_margin() {
        assert_eq!(seat(-10, 21_600, 5_000).collectable(SPOT), Some(2_000_000_000));
        assert_eq!(seat(-10, 21_600, 500).collectable(SPOT), Some(500_000_000));
        assert_eq!(seat(-10, 10_000, 500).collectable(SPOT), Some(0));
        assert_eq!(seat(0, 7_000, 7_000).collectable(SPOT), Some(7_000_000_000));
        assert_eq!(seat(-10, 0, 0).least_collected(SPOT, 1_000_000), 1_960_000_000);
        assert_eq!(seat(0, 0, 0).least_collected(SPOT, 1_000_000), 1_000_000);
    }

    #[test]
    fn a_seat_grows_up_to_its_cap_and_to_cash_and_back_to_nothing_and_long_by_orders_alone() {
        let free = 1_000_000_000_000;
        let reach = |seat: &Seat, due: i128, free| {
            let room = Room { spot: SPOT, free, grain: 1, least: 250_000_000 };
            seat.reach(due * UNIT, &room) / UNIT
        };
        assert_eq!(reach(&seat(0, 0, 0), -60, free), -60);
        // 400,000 USD are 142 units; 7,000 USD carry 10,000, which are 3.
        assert_eq!(reach(&seat(0, 0, 0), -200, free), -142);
        assert_eq!(reach(&seat(-100, 196_000, 0), -200, free), -42);
        assert_eq!(reach(&seat(0, 0, 0), -60, 7_000_000_000), -3);
        assert_eq!(reach(&seat(0, 0, 0), -60, -1), 0);
        assert_eq!(reach(&seat(-10, 19_600, 0), 60, free), 10);
        assert_eq!(reach(&seat(10, 19_600, 0), -60, free), -10);
        assert_eq!(reach(&seat(0, 0, 0), 60, free), 0);
        let slow = |size, equity| Seat { timeout: 1_800, ..seat(size, equity, 0) };
        assert_eq!(reach(&slow(0, 0), 60, free), 60);
        assert_eq!(reach(&slow(100, 196_000), 200, free), 42);
        assert_eq!(reach(&slow(0, 0), 60, 7_000_000_000), 3);
        assert_eq!(reach(&slow(-10, 19_600), 60, free), 10);
        // A thousandth of a unit that lies about is no position to be closed first.
        let mut wrapped = seat(0, 0, 0);
        wrapped.holding = Ok(Holding { size: UNIT / 1_000, ..Holding::default() });
        assert_eq!(reach(&wrapped, -60, free), -60);
    }

    #[test]
    fn the_vault_is_told_the_caps_of_the_venues_that_are_open() {
        let other = Seat { allowed_from: 50, margin: 400_001, cap: 5_000_000, ..seat(0, 0, 0) };
        let ledger = Ledger { slip: 1, equity: 0, time: 0 };
        let broker =
            Brokerage { address: Address::ZERO, ledger: Ok(ledger), seats: vec![seat(0, 0, 0), other] };
        assert_eq!(broker.short_terms(49), (400_000, 700_000));
        assert_eq!(broker.short_terms(50), (400_005, 700_000));
        let one = Brokerage { seats: broker.seats[1..].to_vec(), ..broker };
        assert_eq!(one.short_terms(50), (5, 400_100));
        assert!(!one.holds(SPOT));
    }
}
