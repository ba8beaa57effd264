//! What nobody gains.

use alloy_primitives::{Address, B256, I256, U256};
use interfaces::desk::IHedgeDesk;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault::{self, Leg, Quote};

use super::{Verdict, holds, shares};
use crate::fuzz::Fuzz;
use crate::numbers::{LOT, int, mul_div_up, signed, small};
use crate::step::Step;

/// What rounding may take from a premium [micro-USD].
const GRAIN: i128 = 4;

/// I-04. At fixed marks no trade takes from the vault: NAV at mid less the charge J never falls by one, so a trader's gain at mid is at most what they
/// lower J by, which is what the protocol pays for.
pub(super) fn no_free_wei(_: &mut Fuzz, step: &Step) -> Verdict {
    let trades = ["buy", "sell", "combo", "trade_in_round", "margin_write", "margin_close"];
    if !step.by(&trades) || !step.ok() {
        return Ok(false);
    }
    let (Some(before), Some(after)) = (&step.deep_before, &step.deep_after) else { return Ok(false) };
    let worth = |nav: &IVault::Nav| signed(nav.mid) - small(nav.riskReserve) as i128;
    let (stood, stands) = (worth(&before.nav), worth(&after.nav));
    holds(stands >= stood - GRAIN, || format!("NAV less J of {stood} became {stands}"))?;
    Ok(true)
}

impl Fuzz {
    /// The quote of one leg.
    fn quoted(&mut self, id: U256, lots: i64) -> Option<Quote> {
        let size = int(i128::from(lots) * LOT as i128);
        self.ask(IVault::quoteCall { legs: vec![Leg { series: id, size }] })
    }

    /// Buys at any price, outside any handler.
    fn place(&mut self, who: Address, id: U256, lots: i64) -> Option<I256> {
        let legs = vec![crate::handlers::leg(id, lots)];
        let call = IVault::tradeCall { legs, maxPremium: I256::MAX, receiver: who, deadline: U256::MAX };
        let vault = self.stage.vault;
        self.aside(who, vault, &call).ok()
    }

    /// In a trial: a live call, with price and surface up to date.
    fn with_call<T>(&mut self, trial: impl FnOnce(&mut Self, U256) -> Option<T>) -> Option<T> {
        self.try_out(|fuzz| {
            if !fuzz.is_fresh() {
                fuzz.refresh(fuzz.ghost.price);
            }
            let id = fuzz.live_series()? & !U256::ONE;
            trial(fuzz, id)
        })
    }
}

/// I-15. When somebody has bought of a series, the vault bids and asks no less for it than before.
pub(super) fn skew_sign(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let [lots, more] = [fuzz.dice.range(1, 100) as i64, fuzz.dice.range(1, 200) as i64];
    let who = fuzz.cast.people[1];
    let seen = fuzz.with_call(|fuzz, id| {
        let before = [fuzz.quoted(id, lots)?.premium, fuzz.quoted(id, -lots)?.premium];
        fuzz.place(who, id, more)?;
        fuzz.interfere();
        let after = [fuzz.quoted(id, lots)?.premium, fuzz.quoted(id, -lots)?.premium];
        Some((before, after))
    });
    let Some(([ask, bid], [asked, bids])) = seen else { return Ok(false) };
    let grain = int(GRAIN);
    holds(asked + grain >= ask && bids <= bid + grain, || {
        format!("{ask} and {bid} became {asked} and {bids} when {more} lots were bought")
    })?;
    Ok(true)
}

/// I-16. Nobody buys below what they sell at, and a trade in parts is never cheaper than the whole.
pub(super) fn bid_le_ask(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let [first, second] = [fuzz.dice.range(1, 200) as i64, fuzz.dice.range(1, 200) as i64];
    let who = fuzz.cast.people[1];
    let seen = fuzz.with_call(|fuzz, id| {
        let (ask, bid) = (fuzz.quoted(id, first)?, fuzz.quoted(id, -first)?);
        let whole = fuzz.quoted(id, first + second)?.premium;
        let paid = fuzz.place(who, id, first)?;
        fuzz.interfere();
        Some((ask, bid, whole, paid, fuzz.quoted(id, second)?.premium))
    });
    let Some((ask, bid, whole, paid, rest)) = seen else { return Ok(false) };
    holds(ask.premium + bid.premium >= I256::ZERO, || format!("{} and {}", ask.premium, bid.premium))?;
    holds(!ask.spread.is_zero() && !bid.spread.is_zero(), || "no spread".into())?;
    holds(paid == ask.premium, || format!("{paid} was paid, {} was told", ask.premium))?;
    holds(paid + rest + int(GRAIN) >= whole, || format!("{paid} and {rest} for {whole}"))?;
    Ok(true)
}

/// I-17. Who knows a price inside the feed's deviation and a surface a step away pays at least what that knowledge is worth: value and spread of a
/// trade are no less than its value there.
pub(super) fn no_snipe(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let deviation = f64::from(fuzz.terms.profile.deviation) / 1e6;
    let by = fuzz.dice.real(-0.999, 0.999) * deviation;
    // The vol at the farthest strike moves by 1.2 times the level, and the step allows 5e-3.
    let step = fuzz.dice.real(-0.004, 0.004);
    let lots = fuzz.dice.range(1, 300) as i64 * if fuzz.dice.percent(50) { 1 } else { -1 };
    let seen = fuzz.with_call(|fuzz, id| {
        let now = fuzz.quoted(id, lots)?;
        fuzz.interfere();
        let price = fuzz.ghost.price * (1.0 + by);
        fuzz.push_price(price);
        if fuzz.dice.percent(50) {
            let _ = fuzz.publish(fuzz.ghost.vol + step);
        }
        Some((now, fuzz.quoted(id, lots)?))
    });
    let Some((now, then)) = seen else { return Ok(false) };
    let paid = now.value + I256::try_from(now.spread).unwrap_or_default();
    holds(paid + int(GRAIN) >= then.value, || {
        format!("{paid} bought what is worth {} after {by}", then.value)
    })?;
    Ok(true)
}

/// I-18. Whoever trades, deposits, and fills or rebalances the hedges that this makes due, at one state of the market, and closes all of it, ends with no
/// more than they began with; shares count at what they are redeemed at. A hedge that was due before is none of theirs, so it is filled first.
pub(super) fn no_profitable_round_trip(fuzz: &mut Fuzz, _: &Step) -> Verdict {
    let who = fuzz.stage.actors.arbitrageur;
    let steps = fuzz.dice.range(2, 10);
    let seen = fuzz.try_out(|fuzz| {
        if !fuzz.is_fresh() {
            fuzz.refresh(fuzz.ghost.price);
        }
        fill_due(fuzz, who)?;
        let start = wealth(fuzz, who)?;
        let mut held: Vec<(U256, i64)> = Vec::new();
        for _ in 0..steps {
            one_step(fuzz, who, &mut held);
        }
        fuzz.interfere();
        // Puts first: they lean on the calls for a hedge that is not short.
        held.sort_by_key(|(id, _)| !id.bit(0));
        for (id, lots) in held {
            let mut left = lots;
            while left > 0 {
                let part = left.min(1_800);
                fuzz.place(who, id, -part)?;
                left -= part;
            }
        }
        Some((start, wealth(fuzz, who)?))
    });
    let Some((start, end)) = seen else { return Ok(false) };
    holds(end <= start + GRAIN, || format!("{start} became {end}"))?;
    Ok(true)
}

fn fill_due(fuzz: &mut Fuzz, who: Address) -> Option<()> {
    let due = fuzz.stage.need().ok()?.due;
    if due.is_zero() {
        return Some(());
    }
    let limit = if due.is_positive() { U256::ZERO } else { U256::MAX };
    let call = IHedgeDesk::fillHedgeCall { size: due, limit, receiver: who, data: B256::ZERO };
    let desk = fuzz.stage.desk;
    fuzz.aside(who, desk, &call).ok().map(|_| ())
}

/// Hedges what is due with a short on Aave, for the reward.
fn short_due(fuzz: &mut Fuzz, payee: Address) -> Option<()> {
    let venue = fuzz.positions()?.short;
    let (size, spot) = (fuzz.stage.need().ok()?.due, fuzz.ask(IVault::spotCall {})?.price);
    let legs = vec![IHedgeDesk::Leg { venue, size, limitPrice: U256::ZERO }];
    let plan = IHedgeDesk::Plan { legs, spot, deadline: U256::MAX, payee };
    let desk = fuzz.stage.desk;
    fuzz.aside(payee, desk, &IHedgeDesk::rebalancePositionCall { plan }).ok().map(|_| ())
}

fn one_step(fuzz: &mut Fuzz, who: Address, held: &mut Vec<(U256, i64)>) {
    match fuzz.dice.below(8) {
        0..=3 => {
            let (Some(id), lots) = (fuzz.live_series(), fuzz.lots()) else { return };
            if fuzz.place(who, id, lots).is_some() {
                held.push((id, lots));
            }
        }
        4 | 5 => {
            let Some(at) = (!held.is_empty()).then(|| fuzz.dice.below(held.len() as u64) as usize) else {
                return;
            };
            let (id, lots) = held[at];
            let part = fuzz.dice.part(lots.min(1_800) as u128) as i64;
            if part > 0 && fuzz.place(who, id, -part).is_some() {
                held[at].1 -= part;
            }
        }
        6 => {
            let assets = U256::from(fuzz.dice.range(1, 100_000_000_000));
            let vault = fuzz.stage.vault;
            let _ = fuzz.aside(who, vault, &IERC4626::depositCall { assets, receiver: who });
        }
        _ => {
            let _ = short_due(fuzz, who).or_else(|| fill_due(fuzz, who));
        }
    }
}

/// USDC, the underlying at the feed's price and shares at what they are redeemed at [micro-USD].
fn wealth(fuzz: &mut Fuzz, who: Address) -> Option<i128> {
    let spot = small(fuzz.ask(IVault::spotCall {})?.price);
    let (cash, units) = (fuzz.usdc_of(who), fuzz.units_of(who));
    let deep = fuzz.deep("")?;
    let held = shares::shares_of(fuzz, who);
    let shares = shares::worth(held, deep.supply, shares::redeemed_at(&deep));
    let per_micro = 10_u128.pow(18) * 10_u128.pow(12);
    // The whole purse of the underlying is large: only what changed is rounded.
    let worth = if units > 0 { mul_div_up(units, spot, per_micro) } else { 0 };
    Some((cash + worth + shares) as i128)
}
