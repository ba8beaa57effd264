//! Hedges by position, and what becomes of them.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use demo::stage::positions::FEE;
use interfaces::broker::IBroker;
use interfaces::desk::IHedgeDesk::{self, Leg};
use interfaces::position::IPositionVenue;

use crate::fuzz::Fuzz;
use crate::numbers::{int, signed, small};
use crate::positions::Positions;
use crate::step::Told;

impl Fuzz {
    /// One of the broker's venues, and the ether that an order there takes.
    fn venue(&mut self) -> Option<(Address, u64)> {
        let Positions { short, perp, .. } = self.positions()?;
        Some(if self.dice.percent(60) { (short, 0) } else { (perp, FEE) })
    }

    /// Whether a call would succeed; now and then it is made though it would not.
    fn worth_trying<C: SolCall>(&mut self, from: Address, to: Address, call: &C, ether: u64) -> bool {
        let succeeds = self.try_out(|fuzz| {
            fuzz.ether = ether;
            fuzz.aside(from, to, call).is_ok()
        });
        succeeds || self.dice.percent(1)
    }

    /// Notes the orders that the broker placed.
    fn placed(&mut self) {
        let Some(step) = &self.step else { return };
        let traded = step.sent.events::<IBroker::Traded>(self.stage.broker);
        self.ghost.orders.extend(traded.iter().map(|traded| traded.key).filter(|key| !key.is_zero()));
    }

    /// A call to the broker that somebody makes, if it would do something.
    fn broker_call<C: SolCall>(&mut self, handler: &'static str, call: &C, ether: u64) -> Option<()> {
        self.get_fresh();
        let (broker, anyone) = (self.stage.broker, self.cast.stranger);
        if !self.worth_trying(anyone, broker, call, ether) {
            return None;
        }
        self.ether = ether;
        self.act(handler, anyone, broker, call);
        self.placed();
        Some(())
    }
}

pub(super) fn hedge(fuzz: &mut Fuzz) -> Option<()> {
    let (venue, ether) = fuzz.venue()?;
    fuzz.get_fresh();
    let due = signed(fuzz.stage.need().ok()?.due);
    if due == 0 && !fuzz.dice.percent(2) {
        return None;
    }
    // A position does not go through zero in one trade.
    let held = fuzz.size_at(venue)?;
    let opposite = held != 0 && (held > 0) != (due > 0);
    let size = if opposite { due.signum() * due.abs().min(held.abs()) } else { due };
    if !opposite && due > 0 && ether == 0 && !fuzz.dice.percent(5) {
        return None;
    }
    let off = fuzz.dice.real(-0.0008, 0.0008);
    fuzz.arbitrage(off);
    let plan = fuzz.plan(vec![Leg { venue, size: int(size), limitPrice: U256::ZERO }])?;
    let call = IHedgeDesk::rebalancePositionCall { plan };
    let (keeper, desk) = (fuzz.stage.actors.keeper, fuzz.stage.desk);
    let before = fuzz.usdc_of(keeper);
    fuzz.ether = ether;
    if let Some(done) = fuzz.act("hedge_by_position", keeper, desk, &call) {
        let now = fuzz.now();
        fuzz.ghost.rewards.push((now, small(done.reward)));
        fuzz.placed();
        fuzz.tell(Told::Hedge { payee: keeper, before });
    }
    Some(())
}

pub(super) fn cancel(fuzz: &mut Fuzz) -> Option<()> {
    let (perp, key) = (fuzz.positions()?.perp, *fuzz.ghost.orders.last()?);
    let anyone = fuzz.cast.stranger;
    let call = IPositionVenue::cancelCall { key };
    if !fuzz.worth_trying(anyone, perp, &call, 0) {
        return None;
    }
    fuzz.act("cancel_order", anyone, perp, &call);
    Some(())
}

pub(super) fn tend(fuzz: &mut Fuzz) -> Option<()> {
    let (venue, ether) = fuzz.venue()?;
    fuzz.broker_call("tend", &IBroker::tendCall { venue }, ether)
}

pub(super) fn collect(fuzz: &mut Fuzz) -> Option<()> {
    let (venue, _) = fuzz.venue()?;
    fuzz.broker_call("collect", &IBroker::collectCall { venue }, 0)
}

pub(super) fn checkpoint(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.positions()?;
    fuzz.broker_call("checkpoint", &IBroker::checkpointCall {}, 0)
}

pub(super) fn quarantine(fuzz: &mut Fuzz) -> Option<()> {
    let (venue, _) = fuzz.venue()?;
    let broker = fuzz.stage.broker;
    if !fuzz.dice.percent(30) {
        return None;
    }
    let guardian = fuzz.stage.actors.guardian;
    fuzz.act("quarantine", guardian, broker, &IBroker::quarantineCall { venue });
    Some(())
}
