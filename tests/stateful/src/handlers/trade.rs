//! Traders.

use alloy_primitives::aliases::U80;
use alloy_primitives::{Address, I256, U256};
use interfaces::vault::IVault::{self, Leg};

use crate::fuzz::Fuzz;
use crate::ghost::{parts, series};
use crate::numbers::{LOT, int, signed};

/// Most lots of a leg.
const MOST: u64 = 1_800;

/// A leg of a trade.
#[must_use]
pub fn leg(id: U256, lots: i64) -> Leg {
    Leg { series: id, size: int(i128::from(lots) * LOT as i128) }
}

impl Fuzz {
    /// A live series, round the money more often than not.
    pub fn live_series(&mut self) -> Option<U256> {
        let now = self.now();
        let live: Vec<u64> = self.ghost.listed.keys().copied().filter(|expiry| *expiry > now).collect();
        if live.is_empty() {
            return None;
        }
        let expiry = self.dice.pick(&live);
        let grid = *self.ghost.listed.get(&expiry)?;
        let middle = ((self.ghost.price - grid.base as f64) / grid.step as f64).clamp(0.0, 63.0) as u64;
        let index = if self.dice.percent(70) {
            (middle + self.dice.below(5)).saturating_sub(2)
        } else {
            self.dice.below(grid.count.into())
        };
        let strike = grid.strike(index.min(u64::from(grid.count) - 1));
        Some(series(expiry, strike, self.dice.percent(self.terms.puts)))
    }

    /// How many lots: few, some or as many as may be.
    pub fn lots(&mut self) -> i64 {
        let most = match self.dice.below(10) {
            0..=2 => 5,
            3..=8 => 300,
            _ => MOST,
        };
        self.dice.range(1, most) as i64
    }

    /// Somebody with a live position, and a part of it in whole lots.
    fn live_position(&mut self) -> Option<(Address, U256, i64)> {
        let now = self.now();
        let live = self.ghost.held.iter().filter(|((_, id), size)| parts(*id).0 > now && **size >= LOT);
        let live: Vec<(Address, U256, u128)> = live.map(|((who, id), size)| (*who, *id, *size)).collect();
        if live.is_empty() {
            return None;
        }
        let (who, id, size) = self.dice.pick(&live);
        let lots = self.dice.part((size / LOT).min(MOST.into()));
        Some((who, id, lots as i64))
    }

    /// Trades at any price, and notes what that did.
    pub fn trade(
        &mut self,
        handler: &'static str,
        who: Address,
        legs: Vec<Leg>,
        receiver: Address,
    ) -> Option<I256> {
        let vault = self.stage.vault;
        let moved = legs.clone();
        let call = IVault::tradeCall { legs, maxPremium: I256::MAX, receiver, deadline: U256::MAX };
        let premium = self.act(handler, who, vault, &call)?;
        self.traded(who, receiver, &moved);
        Some(premium)
    }

    fn traded(&mut self, who: Address, receiver: Address, legs: &[Leg]) {
        for leg in legs {
            let size = signed(leg.size);
            if size > 0 {
                self.ghost.move_options(Address::ZERO, receiver, leg.series, size.unsigned_abs());
            } else {
                self.ghost.move_options(who, Address::ZERO, leg.series, size.unsigned_abs());
            }
        }
    }
}

pub(super) fn buy(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let (id, lots, who) = (fuzz.live_series()?, fuzz.lots(), fuzz.somebody());
    let receiver = fuzz.mostly(who);
    fuzz.trade("buy", who, vec![leg(id, lots)], receiver);
    Some(())
}

pub(super) fn sell(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let (who, id, lots) = fuzz.live_position()?;
    fuzz.trade("sell", who, vec![leg(id, -lots)], who);
    Some(())
}

pub(super) fn combo(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let mut legs: Vec<Leg> = Vec::new();
    let mut who = fuzz.somebody();
    if fuzz.dice.percent(50)
        && let Some((holder, id, lots)) = fuzz.live_position()
    {
        who = holder;
        legs.push(leg(id, -lots));
    }
    for _ in 0..fuzz.dice.range(1, 3) {
        let (id, lots) = (fuzz.live_series()?, fuzz.lots().min(300));
        // The call of the same strike, so that the hedge need not be short.
        let id = if fuzz.dice.percent(70) { id & !U256::ONE } else { id };
        if legs.iter().all(|leg| leg.series != id) {
            legs.push(leg(id, lots));
        }
    }
    fuzz.trade("combo", who, legs, who);
    Some(())
}

pub(super) fn in_round(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let (id, lots, who) = (fuzz.live_series()? & !U256::ONE, fuzz.lots().min(300), fuzz.somebody());
    let round = fuzz.ghost.rounds.last()?.0 - u128::from(fuzz.dice.percent(8));
    let legs = vec![leg(id, lots)];
    let call = IVault::tradeInRoundCall {
        roundId: U80::from(round),
        legs: legs.clone(),
        maxPremium: I256::MAX,
        receiver: who,
        deadline: U256::MAX,
    };
    let vault = fuzz.stage.vault;
    if fuzz.act("trade_in_round", who, vault, &call).is_some() {
        fuzz.traded(who, who, &legs);
    }
    Some(())
}
